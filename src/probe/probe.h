#ifndef UNROLL_PROBE_PROBE_H
#define UNROLL_PROBE_PROBE_H
#include <stdint.h>
#include <unroll/net.h>

/* Gradient magnitude against time-step distance.
 *
 *   δ_{t→s} = dL_t/dh_s, s <= t: the loss of step t alone, of one sample, in nats (or squared
 *   error), not divided by batch or window; the total derivative with respect to layer l's output
 *   at step s, through the recurrence and through the layers above. For an LSTM also dL_t/dc_s,
 *   through h_s too.
 *
 * What travels is linear in what was put in, so each row of each layer carries its own power of
 * two and a curve goes on far below the smallest float: a row whose largest magnitude falls under
 * 2^-20 is multiplied by 2^40, and the factor is kept. */

/** What enters row r at step t on the way back. */
enum unroll_inject {
    UNROLL_INJECT_NONE,
    UNROLL_INJECT_ADD,      /**< the loss of this step joins what travels: accumulated gradients */
    UNROLL_INJECT_RESTART   /**< all that travels is dropped, then as ADD: a new chain */
};

enum unroll_probe_state { UNROLL_PROBE_H, UNROLL_PROBE_C, UNROLL_PROBE_STATES };

/** What a probe saw at one step of one layer, for a band of rows: true gradients are
 *  dh·2^exponent, dc·2^exponent. dc is NULL where the cell has no c. Called from several
 *  threads, for different rows. */
typedef void unroll_probe_visit(void *arg, size_t layer, size_t t, size_t row0, size_t rows,
                                size_t pitch, const unroll_real *dh, const unroll_real *dc,
                                const int *exponent);

typedef struct unroll_probe {
    const unroll_batch *batch;
    /** [T][B] enum unroll_inject; NULL: the loss of the last step alone. */
    const uint8_t *inject;
    bool unscaled;             /**< for tests: let floats underflow as they will */
    /** Recurrent batch normalisation: differentiate through each step's statistics, as training does, instead of
     *  holding them. A row then acts on the losses of all: δ is of their sum, and chains must begin at the
     *  same steps in all rows. */
    bool through;
    /** [T][layers][2][B] norms |δ| by step, layer, state and row, in double: subnormal below
     *  1e-308, 0 only where all is zero; or NULL */
    double *norm;
    unroll_probe_visit *visit; /**< or NULL */
    void *arg;
} unroll_probe;

/** Forward over the batch from the zero state (or the carried one, where batch->carry), without
 *  dropout, then the chosen losses backward. Weights and training state are not touched; the
 *  work is overwritten.
 *  @param work  one for training, at least as large as the batch
 *  @return UNROLL_EMEMORY; UNROLL_ENUMERIC where a loss or a gradient is not finite */
unroll_status unroll_probe_run(const unroll_net *net, unroll_work *work, const unroll_probe *probe);

/** Steps of a row up to its last that has a target of weight > 0 and is no padding; 0: none has. */
size_t unroll_probe_length(const unroll_batch *batch, size_t row);

/** [T][B] of `inject`: the loss of each row's last step that has a target of weight > 0, alone. */
void unroll_inject_last(const unroll_batch *batch, uint8_t *inject);
/** The losses of all steps that have one: accumulated gradients. */
void unroll_inject_all(const unroll_batch *batch, uint8_t *inject);
/** The comb: a chain begins at every `spacing`-th step, shifted from row to row so that all
 *  steps have their turn. Each chain is a single loss, for the price of one way back. */
void unroll_inject_comb(const unroll_batch *batch, size_t spacing, uint8_t *inject);
/** Stacked rows: every `positions` rows in turn, which hold the same sequence, begin a chain each, evenly
 *  spread from step distances − 1, the first that reaches over all distances, to the last. For horizons
 *  longer than what training sees, of a few sequences. */
void unroll_inject_stacked(const unroll_batch *batch, size_t positions, size_t distances, uint8_t *inject);

static inline size_t unroll_probe_at(const unroll_net_spec *spec, size_t B, size_t t, size_t layer,
                                     enum unroll_probe_state state, size_t row)
{
    return ((t * spec->layers + layer) * UNROLL_PROBE_STATES + state) * B + row;
}
#endif
