#ifndef UNROLL_PROBE_SOURCE_FLOW_H
#define UNROLL_PROBE_SOURCE_FLOW_H
#include "net/net.h"
#include "probe/stack_flow.h"

/* The way back through the encoder, after the decoder's: through the states that the decoder began with, and
 * through the encoder's outputs where attention read them. */

typedef struct unroll_source_flow {
    const unroll_net *net;
    unroll_work *work;
    double *word_norm;  /**< as in unroll_gradient_flow; or NULL */
    int *exponent;      /**< the memory of the following */
    int *x_exponent[2]; /**< [S][B] of dL/dx of a layer's stacks, by their own steps */
    int *y_exponent;    /**< [S][B] of dL/dy in the work's doutput, where the encoder reads both
                                      ways */
    int *first;         /**< [B] of the states of a layer, where its way back begins */
    double *dx;         /**< [threads][2][inputs] of one word in both directions */
} unroll_source_flow;

/** Take memory. unroll_source_flow_free() is called in any case. */
unroll_status unroll_source_flow_new(unroll_source_flow *source, const unroll_net *net,
                                     unroll_work *work, double *word_norm);
void unroll_source_flow_free(unroll_source_flow *source);

/** Take a band back through all source steps. The work's doutput has the gradients of the encoder's outputs
 *  where there is attention.
 *  @param flow    what travels, as it left the decoder's first step; the memory is used on
 *  @param norm    as source_norm in unroll_gradient_flow; or NULL */
void unroll_source_flow_run(const unroll_source_flow *source, const unroll_stack_flow *flow,
                            double *norm, size_t thread, size_t r0, size_t r1);
#endif
