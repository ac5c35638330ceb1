#ifndef UNROLL_NET_STACK_H
#define UNROLL_NET_STACK_H
#include <unroll/net.h>

#include "cell/cell.h"

/* A stack of recurrent layers: a language model's body, an encoder or a decoder. Here is what it consists
 * of. stack_build.h makes it, stack_place.h places the arrays of a run, stack_pass.h computes, and
 * stack_weights.h takes the gradients of its weights.
 *
 * Words that the files of this folder share:
 *   window   the T consecutive steps that are unrolled, and gone back through, at once
 *   row      one of the B sequences of a batch
 *   band     the rows [r0,r1) that one thread takes through a window; a function that computes takes a band
 *   pitch    the distance between two rows of an array, in reals: their columns, padded to whole panels
 *   slot     the place of a step in an array of T + 1: slot 0 is for what comes before the window, slot t + 1
 *            for step t
 *   segment  the steps whose contributions to a sum over time are added up together
 *
 * Bands never touch each other's rows. The gradients of the weights are taken afterwards from all rows,
 * and each thread takes some of the columns, so that no sum depends on the number of threads. */

/** A layer's weights in the order in which the products read them. Indices are into the list of
 *  parameters. */
typedef struct unroll_stack_layer {
    unroll_layer layer;            /**< what its cell sees */
    size_t w_ih, w_hh, b_ih, b_hh; /**< indices */
    size_t diagonal,
        slope; /**< likewise: where the cell has diagonal terms, the activation learns one */
    size_t input_pitch;
    unroll_real *x_forward;  /**< panels of W_ih^T, see math/kernels.h; NULL for one-hot tokens */
    unroll_real *x_backward; /**< panels of W_ih; likewise */
    unroll_real *h_forward, *h_backward;         /**< the same of W_hh */
    unroll_real *bias_ih, *bias_hh, *slope_copy; /**< each gate padded to the pitch */
    unroll_real *diagonal_copy;                  /**< each term padded to the pitch */
    size_t w_skip; /**< index of W_skip: from the second layer on, where the stack skips its
                                      input */
    unroll_real *skip_forward, *skip_backward; /**< panels of W_skip^T and W_skip, for dense input */
    size_t gain[UNROLL_NORM_PARTS], shift;     /**< indices, of what is normalised */
    size_t mean[UNROLL_NORM_PARTS], variance[UNROLL_NORM_PARTS];
    unroll_real *gain_copy[UNROLL_NORM_PARTS], *shift_copy; /**< each gate padded to the pitch */
    unroll_real *running; /**< [running_rows][statistics], each gate padded to the pitch */
} unroll_stack_layer;

typedef struct unroll_stack {
    const unroll_kernels *kernels;
    const unroll_cell *cell;
    size_t layers, inputs, hidden;
    size_t pitch, input_pitch; /**< of hidden and of inputs */
    bool tokens; /**< layer 0 reads token ids, so that its product is a row of the weights */
    const unroll_norm *norm; /**< or NULL */
    size_t running_rows;     /**< running statistics of so many steps; the last row is for all later
                                      steps */
    size_t statistics; /**< reals of such a row: mean and variance of each part in its order */
    double dropout;
    bool skip_input;        /**< every layer reads the stack's input; Graves (2013) */
    double omega;           /**< weight of the regulariser Ω, see omega.h; 0: none */
    bool residual;          /**< y = h + input from the second layer on; He et al. (2016) */
    unroll_stack_layer *at; /**< [layers] */
    unroll_real *packed;    /**< the memory of all copies */
} unroll_stack;

/** One layer's arrays over a window; NULL where the layer has no use for one. */
typedef struct unroll_layer_run {
    unroll_real *x; /**< [T][B][input_pitch] the input, where it is not the y of the layer
                                      below as it is */
    unroll_real *z; /**< [T][B][blocks·pitch] what the cell keeps of a step, then its gradient */
    unroll_real *h, *c; /**< [T+1][B][pitch] states; slot 0 holds those that the window begins
                                      with */
    unroll_real *e;     /**< [T][B][pitch] right factors of Ω's gradient: dΩ/dWh = Σ dz ⊗ e */
    unroll_real *n;     /**< [T][B][norm_blocks·pitch] what the normalisation keeps */
    unroll_real *statistics; /**< [T or 1][statistics] as measured in this batch */
    unroll_real *y;          /**< [T][B][pitch] what the layer above reads: h, or h + input */
    unroll_real *kept_h,
        *kept_c; /**< [segments][B][pitch] states before each segment, for recomputation */
} unroll_layer_run;

/** Where batch normalisation takes mean and variance from. */
enum unroll_statistics {
    UNROLL_STATISTICS_GIVEN, /**< the running ones, for evaluation */
    UNROLL_STATISTICS_HELD, /**< this batch's, as constants on the way back: each row has a gradient of
                                    its own */
    UNROLL_STATISTICS_LEARNED /**< this batch's, which gradients go through, for training */
};

/** A stack's arrays over a window, and what it needs to know of the batch in work. Arrays that go back
 *  from layer to layer are shared by all layers. */
typedef struct unroll_stack_run {
    size_t T, B;          /**< steps and rows that the arrays have */
    size_t segment;       /**< steps of a segment, see unroll_stack_earlier() */
    size_t window;        /**< steps of a whole window; more than T where it is recomputed segment
                                      by segment */
    unroll_layer_run *at; /**< [layers] */
    unroll_real *d[2];    /**< [T+1][B][pitch] dL/dh of the layer in work, and of the one below; by
                                      slots */
    unroll_real *dx;      /**< [T][B][input_pitch] dL/dx of the stack's dense input, or NULL */
    unroll_real *omega_spare; /**< [3][B][pitch] scratch memory, where there is Ω */
    double *omega;            /**< [B] Ω of each row */
    double *omega_layer,
        *omega_steps;   /**< [B] of the layer in work: its sum, and its number of steps */
    unroll_real *dy;    /**< [T][B][pitch] dL/dy while its layer goes backward, where layers are
                                      residual */
    unroll_real *dc[2]; /**< [B][pitch] dL/dc of the step in work and of the one before, in turns */
    unroll_real *dc_total; /**< [B][pitch] dL/dc complete, for a hook */
    unroll_real *spare;    /**< [B][pitch] scratch memory */
    unroll_real *border;   /**< [B][pitch] dL/dh_{t−1} by way of a segment's first step t */
    enum unroll_statistics use;
    unroll_real *dfirst;      /**< NULL, or takes dL/dh_0 and dL/dc_0: [layers][states][B][pitch] */
    const unroll_real *dlast; /**< NULL, or dL/dh_T and dL/dc_T by way of what comes after; laid out
                                      likewise */
    unroll_real *between;     /**< takes the part of dfirst and dlast between segments that are
                                      recomputed */
    size_t age;               /**< steps since the states were zero, counted up to the stack's
                                      running_rows */
    size_t first_age;         /**< what it was before the first step of this batch */
    bool dropping;            /**< does dropout act in this pass? */
    uint64_t dropout_key;
    const unroll_hook *hook; /**< or NULL */
    const uint32_t *input;   /**< [steps][B] token ids, or NULL */
    const uint8_t *mode;     /**< [steps][B] enum unroll_mode, or NULL */
    size_t steps;            /**< how many steps are in work, <= T */
    size_t first;            /**< which step of the batch is the first of them: `input` and `mode`
                                      begin there */
} unroll_stack_run;

/** Steps [t0,t1) of a run. */
typedef struct unroll_span {
    size_t t0, t1;
} unroll_span;

/** Go to the segment before `at`, which begins as {steps, steps}. All sums over time are taken in this
 *  order, from the last segment to the first, so that recomputation gives the same bits.
 *  @return false where there is none left */
static inline bool unroll_stack_earlier(const unroll_stack_run *run, unroll_span *at)
{
    at->t1 = at->t0;
    at->t0 = at->t1 ? (at->t1 - 1) / run->segment * run->segment : 0;
    return at->t1 > 0;
}

/** A layer's dense input, [steps][B][input_pitch]; NULL for tokens. */
static inline const unroll_real *unroll_stack_input(const unroll_stack_run *run, size_t l)
{
    return l == 0 || run->dropping ? run->at[l].x : run->at[l - 1].y;
}

/** Where the products of a cell's term are, and later their gradients: in n where they are normalised,
 *  else in z.
 *  @param row  takes the pitch of that array */
static inline unroll_real *unroll_stack_part(const unroll_stack *s, const unroll_stack_run *run,
                                             size_t l, enum unroll_norm_part part,
                                             const unroll_term *term, size_t *row)
{
    const unroll_layer *layer = &s->at[l].layer;
    const unroll_norm_place *place = &layer->place[part];
    *row = (place->gain ? layer->norm_blocks : layer->blocks) * s->pitch;
    return place->gain ? run->at[l].n + (place->at + term->gate) * s->pitch
                       : run->at[l].z + term->block * s->pitch;
}

/** unroll_stack_part() of a term of the input. Products of input and state that are summed before they are
 *  normalised are in one place. */
static inline unroll_real *unroll_stack_input_part(const unroll_stack *s, const unroll_stack_run *run,
                                                   size_t l, const unroll_term *term, size_t *row)
{
    const bool sum = s->at[l].layer.norm_sum;
    return unroll_stack_part(s, run, l, sum ? UNROLL_NORM_H : UNROLL_NORM_X, term, row);
}

/** Do the rows of a step depend on each other, because statistics are taken over them? Then all are one
 *  band. */
static inline bool unroll_stack_joins_rows(const unroll_stack *s)
{
    return s->norm && !s->norm->units;
}

/** Do a layer's gates lie side by side without padding between them, so that several can be taken as one? */
static inline bool unroll_stack_gates_join(const unroll_stack *s)
{
    return s->hidden == s->pitch;
}

/** Count one step more since the states were zero. */
static inline void unroll_stack_count_step(const unroll_stack *s, unroll_stack_run *run)
{
    run->age += run->age < s->running_rows;
}
#endif
