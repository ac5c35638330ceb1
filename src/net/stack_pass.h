#ifndef UNROLL_NET_STACK_PASS_H
#define UNROLL_NET_STACK_PASS_H
#include "net/stack.h"

void unroll_stack_forward(const unroll_stack *s, unroll_stack_run *run,
                          const unroll_parameter *list, const unroll_real *weights, size_t r0,
                          size_t r1);

/** dL/dy of the top layer is in slots 1… of d[0] (slot 0 zeroed by this call). Leaves the gradients of all
 *  pre-activations in z, and dL/dx of layer 0 in run->dx where `want_dx`. */
void unroll_stack_backward(const unroll_stack *s, unroll_stack_run *run, bool want_dx, size_t r0,
                           size_t r1);

/** A band's arrays for one step backward, [rows][pitch] each; those of c are NULL where there is none. */
typedef struct unroll_step_back {
    unroll_real *dh;             /**< dL/dh_t, complete; zeroed at padding */
    unroll_real *dh0;            /**< takes dL/dh_{t-1}, added */
    unroll_real *dc, *dc0;       /**< dL/dc_t as carried; takes dL/dc_{t-1} */
    unroll_real *dc_total;       /**< NULL, or takes dL/dc_t complete */
    unroll_real *spare;
} unroll_step_back;

/** One step of one layer backward: its z becomes the pre-activations' gradients. */
void unroll_stack_step_back(const unroll_stack *s, const unroll_stack_run *run, size_t l, size_t t,
                            size_t r0, size_t r1, const unroll_step_back *back);
/** dL/dx of layer l for steps `at`, after these steps went backward, into to [t1−t0][B][input_pitch]. */
void unroll_stack_input_back(const unroll_stack *s, const unroll_stack_run *run, size_t l,
                             unroll_span at, unroll_real *to, size_t r0, size_t r1);
#endif
