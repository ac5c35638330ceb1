#ifndef UNROLL_PROBE_SATURATION_H
#define UNROLL_PROBE_SATURATION_H
#include <unroll/net.h>

/** Where the values of a layer lie. */
typedef struct unroll_saturation {
    size_t layer;
    char name[4];         /**< "h"; a gate "i", "f", "o", "r", "z"; a candidate "g", "n" */
    double low, high;     /**< gates: shares below 0.1 and above 0.9; others: NAN, |x| > 0.9 */
    double dead;          /**< ReLU units that are 0 at every step of every sample; else NAN */
} unroll_saturation;

enum { UNROLL_SATURATION_NAMES = 5 };

/** What a forward pass tells about the ways back, beside the curve: of each row's steps up to its last loss. */
typedef struct unroll_diagnosis {
    size_t layers, count, distances;
    unroll_saturation *share; /**< [count] */
    /** [layers] mean φ'² over units, steps and samples. NAN for gated or normalised cells, as are
     *  the next two. */
    double *slope_square;
    /** [layers] γ·σ_max(W_hh), Pascanu et al. (2013): below 1 every gradient shrinks by it at
     *  least. NAN for slopes that are learned, too. */
    double *bound;
    /** [layers] √(‖W_hh‖_F²/H · mean φ'²): the rate of a random matrix */
    double *mean_field;
    /** [layers][distances] ∏ f_s alone (GRU: ∏ z_s) of the chain from the row's last loss: mean over
     *  units, geometric mean over samples. NULL for an rnn */
    double *keep;
} unroll_diagnosis;

/** @param work  for training, as large as the batch
 *  @return UNROLL_EMEMORY; freed by unroll_diagnosis_free() */
unroll_status unroll_diagnose(const unroll_net *net, unroll_work *work, const unroll_batch *batch,
                              size_t distances, unroll_diagnosis *out);
void unroll_diagnosis_free(unroll_diagnosis *d);
#endif
