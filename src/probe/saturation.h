#ifndef UNROLL_PROBE_SATURATION_H
#define UNROLL_PROBE_SATURATION_H
#include <unroll/net.h>

/** Where the values of a layer lie. */
typedef struct unroll_saturation {
    size_t layer;
    char name[4];         /**< "h", or the letter of a gate or candidate, as its cell names it */
    double low, high;     /**< gates: shares below 0.1 and above 0.9; others: NAN, |x| > 0.9 */
    double dead;          /**< units that are 0 at every step of every sample, of an activation that can be; else NAN */
} unroll_saturation;

/** What a forward pass tells about the ways back, beside the curve: of each row's steps up to its last loss. */
typedef struct unroll_diagnosis {
    size_t layers, count, distances;
    unroll_saturation *share; /**< [count] */
    /** [layers] mean φ'² over units, steps and samples. NAN where the layer is normalised or its cell says that it does
     *  not apply, as are the next two. */
    double *slope_square;
    /** [layers] γ·σ_max(W_hh), Pascanu et al. (2013): below 1 every gradient shrinks by it at
     *  least. NAN for slopes that are learned, too. */
    double *bound;
    /** [layers] √(‖W_hh‖_F²/H · mean φ'²): the rate of a random matrix */
    double *mean_field;
    /** [layers][distances] the product alone of what the cell keeps its state by, ∏ f_s for the LSTM and ∏ z_s for the
     *  GRU, along the chain from the row's last loss: mean over units, geometric mean over samples. NULL where a cell
     *  has nothing of the kind */
    double *keep;
    const char *kept_by;      /**< "forget gates" */
    /** A sentence on why `bound` and `mean_field` are not for this cell, where it has one to say; or NULL */
    const char *no_theory;
} unroll_diagnosis;

/** @param work  for training, as large as the batch
 *  @return UNROLL_EMEMORY; freed by unroll_diagnosis_free() */
unroll_status unroll_diagnose(const unroll_net *net, unroll_work *work, const unroll_batch *batch,
                              size_t distances, unroll_diagnosis *out);
void unroll_diagnosis_free(unroll_diagnosis *d);
#endif
