#ifndef UNROLL_PROBE_STACK_FLOW_H
#define UNROLL_PROBE_STACK_FLOW_H
#include <unroll/probe.h>

#include "net/stack.h"

/* The way back through one stack, step by step through all its layers, not layer by layer as training does:
 * so a chain can begin anywhere. What travels is linear in what was put in, so each row of each layer
 * carries its own power of two and a curve goes on far below the smallest float: a row whose largest
 * magnitude falls under 2^-20 is multiplied by 2^40, and the factor is kept. No weight gradients are
 * taken. */

/** What is seen at one step of one layer, for a band of rows: true gradients are dh·2^exponent,
 *  dc·2^exponent. */
typedef struct unroll_flow_step {
    size_t layer, t;
    size_t row0, rows; /**< rows row0 … row0 + rows − 1 of the batch */
    size_t pitch;
    const unroll_real *dh, *dc; /**< [rows][pitch]; dc is NULL where the cell has no c */
    const int *exponent;        /**< [rows] */
    bool source;                /**< t is a step of the encoder */
} unroll_flow_step;

/** Called from several threads, for different rows. */
typedef void unroll_flow_visit(void *arg, const unroll_flow_step *step);

/** What travels back; a true value is the one here times its row's power of two. */
typedef struct unroll_stack_flow {
    const unroll_stack *stack;
    const unroll_stack_run *run; /**< after its way forward */
    bool unscaled, through;      /**< as in unroll_gradient_flow */
    bool source;                 /**< for visit */
    double *norm;                /**< as in unroll_gradient_flow; or NULL */
    unroll_flow_visit *visit;    /**< or NULL */
    void *arg;
    bool *bad; /**< [B] becomes true where a gradient is not finite */
    /** NULL, or [steps][B] takes the powers of two of what run->dx takes, the gradient of the stack's dense
     *  input; where it reads tokens, those of the pre-activations' gradients of layer 0. */
    int *dx_exponent;
    unroll_real *dh[2], *dc[2];    /**< [layers][B][pitch]; dc is NULL where the cell has no c */
    int *exponent;                 /**< [layers][B] */
    unroll_real *dc_total, *spare; /**< [B][pitch] */
    unroll_real *dx;               /**< [B][pitch] of a layer's input, from the second layer on */
    unroll_real *dy;               /**< [B][pitch] dL/dy of this step's layer; residual alone */
    int *dy_exponent;              /**< [B] */
    unroll_real *block;            /**< the memory of the arrays of reals */
} unroll_stack_flow;

/** Take memory for a stack of this shape. Nothing travels yet; the caller sets what is before dh.
 *  unroll_stack_flow_free() is called in any case. */
unroll_status unroll_stack_flow_new(unroll_stack_flow *flow, const unroll_stack *stack, size_t B);
void unroll_stack_flow_free(unroll_stack_flow *flow);

/** Before each step, from the last: nothing is put in. */
void unroll_stack_flow_begin(unroll_stack_flow *flow, size_t r0, size_t r1);
/** Drop what travels in row r. */
void unroll_stack_flow_restart(unroll_stack_flow *flow, size_t r);
/** Put dL/dy·2^exponent into row r of the top layer, once per step. @param dy  [pitch]; is spoilt */
void unroll_stack_flow_put(unroll_stack_flow *flow, size_t r, unroll_real *dy, int exponent);
/** Step t: what travels is then the gradient of the states before it. */
void unroll_stack_flow_step(unroll_stack_flow *flow, size_t t, size_t r0, size_t r1);

/** Add x·2^exponent to (dh, dc)·2^own, a row of n (dc may be NULL); x is spoilt. Both come to the larger
 *  power of two: what is lost at the smaller one was nothing beside the other. */
void unroll_scaled_add(const unroll_kernels *kernels, size_t n, unroll_real *dh, unroll_real *dc,
                       int *own, unroll_real *x, int exponent);

/** Where `norm` has a step, layer, state and row. */
static inline size_t unroll_flow_at(size_t layers, size_t B, size_t t, size_t layer,
                                    enum unroll_state state, size_t row)
{
    return ((t * layers + layer) * UNROLL_STATES + state) * B + row;
}
#endif
