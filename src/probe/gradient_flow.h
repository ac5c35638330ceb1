#ifndef UNROLL_PROBE_GRADIENT_FLOW_H
#define UNROLL_PROBE_GRADIENT_FLOW_H
#include <stdint.h>
#include <unroll/probe.h>

#include "probe/stack_flow.h"

/* How the gradient δ of chosen losses (unroll/probe.h) flows back through time: through the network's
 * stack, and with an encoder on through its states and through attention.
 * Source: Hochreiter et al. (2001), Gradient flow in recurrent nets. */

typedef struct unroll_gradient_flow {
    const unroll_batch *batch;
    /** [T][B] enum unroll_inject; NULL: the loss of the last step alone. With an encoder, a chain that
     *  begins is the first of its row. */
    const uint8_t *inject;
    bool unscaled; /**< for tests: let floats underflow as they will */
    /** Recurrent batch normalisation: differentiate through each step's statistics, as training does,
     *  instead of holding them. A row then acts on the losses of all: δ is of their sum, and chains must
     *  begin at the same steps in all rows. */
    bool through;
    /** [T][layers][2][B] norms |δ| by step, layer, state and row, in double: subnormal below
     *  1e-308, 0 only where all is zero; or NULL */
    double *norm;
    /** [S][layers][2][B] the same of an encoder that reads one way; or NULL */
    double *source_norm;
    /** [S][B] norms of dL/dx of the encoder's input by step and row; or NULL */
    double *word_norm;
    unroll_flow_visit *visit; /**< or NULL; not of an encoder that reads both ways */
    void *arg;
} unroll_gradient_flow;

/** Forward over the batch from the zero state (or the carried one, where batch->carry), without
 *  dropout, then the chosen losses backward. Weights and training state are not touched; the
 *  work is overwritten.
 *  @param work  one for training, at least as large as the batch
 *  @return UNROLL_EBUG where the workspace or the losses are not what is said above; UNROLL_EMEMORY;
 *          UNROLL_ENUMERIC where a loss or a gradient is not finite */
unroll_status unroll_gradient_flow_run(const unroll_net *net, unroll_work *work,
                                       const unroll_gradient_flow *flow);

/** Where `norm` has a step, layer, state and row. */
static inline size_t unroll_gradient_flow_at(const unroll_net_spec *spec, size_t B, size_t t,
                                             size_t layer, enum unroll_state state, size_t row)
{
    return unroll_flow_at(spec->layers, B, t, layer, state, row);
}
#endif
