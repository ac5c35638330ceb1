#ifndef UNROLL_NET_STACK_BUILD_H
#define UNROLL_NET_STACK_BUILD_H
#include "net/parameters.h"
#include "net/stack.h"

/* What makes a stack: its parameters, its sizes, and the packed copies of its weights. */

/** What a stack is made of; fields as in unroll_net_spec. */
typedef struct unroll_stack_spec {
    const unroll_cell *cell;
    const double *option; /**< [UNROLL_SPEC_KEYS] values of the cell's own keys */
    const unroll_activation *activation;
    const unroll_norm *norm; /**< or NULL */
    size_t norm_steps;
    size_t layers, inputs, hidden;
    bool tokens; /**< it reads token ids, of which there are `inputs` */
    double dropout, omega;
    bool residual, skip_input;
} unroll_stack_spec;

/** Register the parameters, and take memory for their packed copies.
 *  @param prefix  of the parameters' names: "rnn.", "encoder.rnn." and so on */
unroll_status unroll_stack_new(unroll_stack *s, unroll_parameters *p, const char *prefix,
                               const unroll_stack_spec *spec);
void unroll_stack_free(unroll_stack *s);

/** Bring this thread's share of the packed copies up to date. */
void unroll_stack_pack(const unroll_stack *s, const unroll_parameter *list,
                       const unroll_real *weights, size_t thread, size_t threads);
#endif
