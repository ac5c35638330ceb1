#ifndef UNROLL_NET_STACK_H
#define UNROLL_NET_STACK_H
#include <unroll/net.h>

#include "cell/cell.h"

/* A stack of recurrent layers over a window: a language model's body, or an encoder, or a decoder. Here is what it
 * consists of; stack_build.h makes it, stack_place.h the arrays of a run, stack_pass.h computes and stack_weights.h
 * takes the gradients of its weights.
 * Every function that computes takes a band of rows [r0,r1); bands never meet. Weight gradients are
 * taken afterwards from all rows at once, each thread a share of the columns, so that no sum depends on
 * the number of threads. */

typedef struct unroll_stack_layer {
    unroll_layer layer;          /**< what its cell sees */
    size_t w_ih, w_hh, b_ih, b_hh, slope; /**< parameter indices */
    size_t input_pitch;
    unroll_real *x_forward;      /**< panels of W_ih^T; NULL for one-hot tokens */
    unroll_real *x_backward;
    unroll_real *h_forward, *h_backward;
    unroll_real *bias_ih, *bias_hh, *slope_copy; /**< padded by gate */
    size_t w_skip;               /**< parameter index, above the first layer of a stack that skips */
    unroll_real *skip_forward, *skip_backward; /**< as x_forward, of the stack's input */
    size_t gain[UNROLL_NORM_PARTS], shift;             /**< parameter indices, of what is normalised */
    size_t mean[UNROLL_NORM_PARTS], variance[UNROLL_NORM_PARTS];
    unroll_real *gain_copy[UNROLL_NORM_PARTS], *shift_copy;
    unroll_real *running;        /**< [slots] rows of statistics, padded by gate */
} unroll_stack_layer;

typedef struct unroll_stack {
    const unroll_kernels *kernels;
    const unroll_cell *cell;
    size_t layers, inputs, hidden, pitch, input_pitch;
    bool tokens;                 /**< layer 0 takes token ids: a row gather */
    const unroll_norm *norm;     /**< or NULL */
    size_t slots;                /**< rows of running statistics; the last is for all later steps */
    size_t statistics;           /**< reals of such a row: mean and variance of each part in its order */
    double dropout;
    bool skip_input;             /**< all layers see the stack's input */
    double omega;                /**< weight of Ω, see omega.h; 0: none */
    bool residual;               /**< y = h + input from the second layer on (He et al. 2016) */
    unroll_stack_layer *at;      /**< [layers] */
    unroll_real *packed;
} unroll_stack;

/** One layer's arrays over a window. */
typedef struct unroll_layer_run {
    unroll_real *x;              /**< [T][B][input_pitch] padded or dropped-out input; NULL: h of below */
    unroll_real *z;              /**< [T][B][blocks·pitch] */
    unroll_real *h, *c;          /**< [T+1][B][pitch]; slot 0 is the carried state */
    unroll_real *e;              /**< [T][B][pitch] dΩ/dWh is the sum of dz (x) e; or NULL */
    unroll_real *n;              /**< [T][B][norm_blocks·pitch], or NULL */
    unroll_real *statistics;     /**< [T] rows, where they are measured */
    unroll_real *y;              /**< [T][B][pitch] what the layer above sees: h, or h + input */
    unroll_real *kept_h, *kept_c; /**< [segments][B][pitch] states before each segment, where they are kept */
} unroll_layer_run;

/** Where batch normalisation takes mean and variance from. */
enum unroll_statistics {
    UNROLL_STATISTICS_GIVEN,   /**< running ones: evaluation */
    UNROLL_STATISTICS_HELD,    /**< this batch's, constants on the way back: rows have gradients of their own */
    UNROLL_STATISTICS_LEARNED  /**< this batch's, through which gradients go: training */
};

typedef struct unroll_stack_run {
    size_t T, B;                 /**< as allocated; rows of one step are B apart */
    size_t segment;              /**< steps whose sums are taken at a time, see unroll_stack_earlier() */
    size_t window;               /**< steps of a whole window; more than T where states are kept */
    unroll_layer_run *at;        /**< [layers] */
    unroll_real *d[2];           /**< [T+1][B][pitch] dL/dh, slot t+1 for step t */
    unroll_real *dx;             /**< [T][B][input_pitch] dL/dx of layer 0, or NULL */
    unroll_real *omega_spare;    /**< [3][B][pitch], where there is Ω */
    double *omega;               /**< [B] Ω of each row */
    double *omega_layer, *omega_steps; /**< [B] of the layer in work: its sum, and its number of steps */
    unroll_real *dy;             /**< [T][B][pitch] dL/dy while its layer goes backward; residual alone */
    unroll_real *dc[2], *dc_total, *spare; /**< [B][pitch] */
    unroll_real *border;         /**< [B][pitch] dL/dh of the last step before a segment, by way of it */
    enum unroll_statistics use;
    unroll_real *dfirst;         /**< NULL, or takes dL/dh_0 and dL/dc_0: [layers][states][B][pitch] */
    unroll_real *between;        /**< what they are both between segments, where states are kept */
    const unroll_real *dlast;    /**< NULL, or what comes to h_T and c_T from outside, laid out likewise */
    size_t age;                  /**< steps since the states were zero, at most the stack's slots */
    size_t first_age;            /**< … at the first step of this batch */
    bool dropping;               /**< dropout acts in this pass */
    uint64_t dropout_key;
    const unroll_hook *hook;
    const uint32_t *input;       /**< [steps][B] tokens of this batch */
    const uint8_t *mode;
    size_t steps;                /**< in work, <= T */
    size_t first;                /**< their first one's place in the batch: `input` and `mode` begin with it */
} unroll_stack_run;

/** Steps [t0,t1) of a run. */
typedef struct unroll_span {
    size_t t0, t1;
} unroll_span;

/** Walk the run's segments from the last, starting with {steps, steps}. All sums over time are taken in this
 *  order, so that recomputation gives the same bits. @return false: there is none left */
static inline bool unroll_stack_earlier(const unroll_stack_run *run, unroll_span *at)
{
    at->t1 = at->t0;
    at->t0 = at->t1 ? (at->t1 - 1) / run->segment * run->segment : 0;
    return at->t1 > 0;
}

/** The layer's dense input of this window, [steps][B][input_pitch]; NULL for tokens. */
static inline const unroll_real *unroll_stack_input(const unroll_stack_run *run, size_t l)
{
    return l == 0 || run->dropping ? run->at[l].x : run->at[l - 1].y;
}

/** Where a term's products are, and their gradients: in n where they are normalised, else in z. *row is
 *  the pitch. */
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

/** The same of an input term: one that is summed before it is normalised lies with the state's. */
static inline unroll_real *unroll_stack_input_part(const unroll_stack *s, const unroll_stack_run *run,
                                                   size_t l, const unroll_term *term, size_t *row)
{
    const bool sum = s->at[l].layer.norm_sum;
    return unroll_stack_part(s, run, l, sum ? UNROLL_NORM_H : UNROLL_NORM_X, term, row);
}

/** Does a step of one row depend on the others? Then all rows are one band. */
static inline bool unroll_stack_joins_rows(const unroll_stack *s)
{
    return s->norm && !s->norm->units;
}

/** Do a layer's gates stand side by side, with no padding between? Then they are one piece. */
static inline bool unroll_stack_gates_join(const unroll_stack *s)
{
    return s->hidden == s->pitch;
}

/** A step was taken. */
static inline void unroll_stack_aged(const unroll_stack *s, unroll_stack_run *run)
{
    run->age += run->age < s->slots;
}
#endif
