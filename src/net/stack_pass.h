#ifndef UNROLL_NET_STACK_PASS_H
#define UNROLL_NET_STACK_PASS_H
#include "net/stack.h"

/* A stack forward through the steps of a run, and back. */

/** All layers forward, from run->input or what is in at[0].x. */
void unroll_stack_forward(const unroll_stack *s, unroll_stack_run *run, const unroll_parameter *list,
                          const unroll_real *weights, size_t r0, size_t r1);

/** All layers back. d[0] has dL/dy of the top layer in the slots of the run's steps; slot 0 need not be
 *  set. Leaves the gradients of all pre-activations in z.
 *  @param want_dx  take dL/dx of the stack's input into run->dx */
void unroll_stack_backward(const unroll_stack *s, unroll_stack_run *run, bool want_dx, size_t r0,
                           size_t r1);

/** A band's arrays for one step backward, [rows][pitch] each; those of c are NULL where the cell has none. */
typedef struct unroll_step_back {
    unroll_real *dh;       /**< dL/dh_t, complete; becomes 0 at padding */
    unroll_real *dh0;      /**< dL/dh_{t−1} by way of step t is added to it */
    unroll_real *dc;       /**< dL/dc_t by way of step t + 1 */
    unroll_real *dc0;      /**< takes dL/dc_{t−1} */
    unroll_real *dc_total; /**< NULL, or takes dL/dc_t complete */
    unroll_real *spare;    /**< scratch memory */
} unroll_step_back;

/** One step of one layer back: its z becomes the gradients of the pre-activations. */
void unroll_stack_step_back(const unroll_stack *s, const unroll_stack_run *run, size_t l, size_t t,
                            size_t r0, size_t r1, const unroll_step_back *back);
/** dL/dx of layer l for steps that have gone back.
 *  @param to  takes [at.t1 − at.t0][B][input_pitch] */
void unroll_stack_input_back(const unroll_stack *s, const unroll_stack_run *run, size_t l,
                             unroll_span at, unroll_real *to, size_t r0, size_t r1);
#endif
