#ifndef UNROLL_PROBE_GRADIENT_FLOW_H
#define UNROLL_PROBE_GRADIENT_FLOW_H
#include <stdint.h>
#include <unroll/probe.h>

/* How the gradient δ of chosen losses (unroll/probe.h) flows back through time. What travels is linear in
 * what was put in, so each row of each layer carries its own power of two and a curve goes on far below the
 * smallest float: a row whose largest magnitude falls under 2^-20 is multiplied by 2^40, and the factor is
 * kept.
 * Source: Hochreiter et al. (2001), Gradient flow in recurrent nets. */

/** What is seen at one step of one layer, for a band of rows: true gradients are dh·2^exponent,
 *  dc·2^exponent. */
typedef struct unroll_flow_step {
    size_t layer, t;
    size_t row0, rows; /**< rows row0 … row0 + rows − 1 of the batch */
    size_t pitch;
    const unroll_real *dh, *dc; /**< [rows][pitch]; dc is NULL where the cell has no c */
    const int *exponent;        /**< [rows] */
} unroll_flow_step;

/** Called from several threads, for different rows. */
typedef void unroll_gradient_flow_visit(void *arg, const unroll_flow_step *step);

typedef struct unroll_gradient_flow {
    const unroll_batch *batch;
    /** [T][B] enum unroll_inject; NULL: the loss of the last step alone. */
    const uint8_t *inject;
    bool unscaled; /**< for tests: let floats underflow as they will */
    /** Recurrent batch normalisation: differentiate through each step's statistics, as training does,
     *  instead of holding them. A row then acts on the losses of all: δ is of their sum, and chains must
     *  begin at the same steps in all rows. */
    bool through;
    /** [T][layers][2][B] norms |δ| by step, layer, state and row, in double: subnormal below
     *  1e-308, 0 only where all is zero; or NULL */
    double *norm;
    unroll_gradient_flow_visit *visit; /**< or NULL */
    void *arg;
} unroll_gradient_flow;

/** Forward over the batch from the zero state (or the carried one, where batch->carry), without
 *  dropout, then the chosen losses backward. Weights and training state are not touched; the
 *  work is overwritten.
 *  @param work  one for training, at least as large as the batch
 *  @return UNROLL_EMEMORY; UNROLL_ENUMERIC where a loss or a gradient is not finite */
unroll_status unroll_gradient_flow_run(const unroll_net *net, unroll_work *work,
                                       const unroll_gradient_flow *flow);

/** Where `norm` has a step, layer, state and row. */
static inline size_t unroll_gradient_flow_at(const unroll_net_spec *spec, size_t B, size_t t,
                                             size_t layer, enum unroll_state state, size_t row)
{
    return ((t * spec->layers + layer) * UNROLL_STATES + state) * B + row;
}
#endif
