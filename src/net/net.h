#ifndef UNROLL_NET_NET_H
#define UNROLL_NET_NET_H
#include <unroll/net.h>

#include "base/parallel.h"
#include "cell/cell.h"
#include "net/attention.h"
#include "net/dense.h"
#include "net/encoder.h"
#include "net/stack.h"

/* What a parameter is, for initialisation. */
enum unroll_parameter_kind {
    UNROLL_P_INPUT, UNROLL_P_RECURRENT, UNROLL_P_BIAS, UNROLL_P_SLOPE,
    UNROLL_P_GAIN, UNROLL_P_SHIFT, UNROLL_P_MEAN, UNROLL_P_VARIANCE,
    UNROLL_P_EMBEDDING, UNROLL_P_OUTPUT, UNROLL_P_OUTPUT_BIAS
};

/** A line on the i-th initialisation, for help; NULL at the end. */
const char *unroll_init_summary(size_t i);
/** What the attention of unroll_attention_name(i) computes, NULL for none. */
const char *unroll_attention_summary(size_t i);

/** Gram and Schmidt on the rows of q [count][n], in place. A row that lies among those before it becomes 0.
 *  @param length  NULL, or takes [count] what was left of each row before it was brought to length 1 */
void unroll_orthonormalise(size_t count, size_t n, double *q, double *length);

/** A growing list of a network's tensors and their place in the flat array. */
typedef struct unroll_parameters {
    unroll_parameter *list;
    struct unroll_parameter_use {
        enum unroll_parameter_kind kind;
        const unroll_cell *cell;     /**< of the layer it belongs to, or NULL */
        size_t first, trained;       /**< the part [first, first+trained) of its elements that learns */
    } *use;
    size_t count, room, size, trainable;
} unroll_parameters;

/** Add a tensor; *index tells its place. Shapes as in unroll_parameter. */
unroll_status unroll_parameters_add(unroll_parameters *p, const char *prefix, const char *name,
                                    size_t layer, size_t rows, size_t cols,
                                    enum unroll_parameter_kind kind, const unroll_cell *cell,
                                    size_t *index);
void unroll_parameters_free(unroll_parameters *p);

struct unroll_net {
    unroll_net_spec spec;
    const unroll_kernels *kernels;
    unroll_parameters parameters;
    size_t learned;                  /**< of the weights, before the running statistics */
    unroll_real *weights;
    size_t embedding;                /**< parameter index, where spec.embedding */
    unroll_encoder encoder;          /**< where spec.source */
    unroll_stack stack;
    unroll_attention attention;      /**< its kind NULL: none */
    unroll_dense decoder;
};

/** The same net without dropout, scheduled sampling and label smoothing; everything else is shared with `net`. */
static inline unroll_net unroll_net_plain(const unroll_net *net)
{
    unroll_net plain = *net;
    plain.spec.dropout = plain.spec.scheduled_sampling = plain.spec.label_smoothing = 0;
    return plain;
}

struct unroll_work {
    const unroll_net *net;
    size_t T, B, threads;
    bool training;
    bool kept;                       /**< states between segments alone are kept for the way back */
    unroll_real *block;
    unroll_encoder_run encoder;
    unroll_attention_run attention;
    unroll_stack_run run;
    size_t readout_steps;            /**< steps whose logits are in memory at a time */
    size_t logits_from;              /**< the first of them, as the run counts */
    unroll_real *logits;             /**< [readout_steps][B][output_pitch] */
    double *loss;                    /**< [T][B] */
    uint8_t *correct;                /**< [T][B] */
    unroll_real *scratch;            /**< [threads][outer_scratch] */
    unroll_hook hook;
    unroll_hook source_hook;         /**< the same in an encoder that reads one way */
    /* of the batch in work */
    const unroll_batch *batch;
    double total_weight;
    double smoothing;                /**< of its targets */
    unroll_real *grad;
    unroll_real *tied;               /**< a tied embedding's gradient as input, until it is added */
    bool bad;                        /**< a loss was not finite, */
    size_t bad_layer, bad_step;      /**< … and the first state that was not */
    uint32_t *sampled;               /**< [T][B] decoder inputs, some of them its own guesses; or NULL */
    uint32_t *guess;                 /**< [T][B] the largest outputs of the first pass */
};

/** The rows that fall to a thread; all to the first where a normalisation joins them. */
static inline void unroll_work_band(const unroll_work *w, size_t thread, size_t *r0, size_t *r1)
{
    unroll_share(w->B, 1, unroll_stack_joins_rows(&w->net->stack) ? 1 : w->threads, thread, r0, r1);
}

/** [T][B][pitch] of the decoder's top layer. */
static inline const unroll_real *unroll_decoder_output(const unroll_work *w)
{
    return w->run.at[w->net->stack.layers - 1].y;
}

/** Is the whole window in memory, as a probe needs it? */
static inline bool unroll_work_holds(const unroll_work *w)
{
    return w->training && !w->kept;
}

/** Count (base NULL) or place a·b·c elements of `size` bytes, *to taking a pointer to them or, where there
 *  are none, NULL. @return bytes after the last, SIZE_MAX where they overflow; it sticks */
size_t unroll_place(void *to, size_t size, size_t a, size_t b, size_t c, char *base, size_t at);

/** Layer 0's dense input for rows [r0,r1) of the run's steps, where it has one. */
void unroll_net_fill_input(const unroll_net *net, unroll_work *w, size_t r0, size_t r1);

/** x[steps][B][pitch] of rows: their tokens' rows of table [][n]. */
void unroll_embed(const unroll_real *table, size_t n, const unroll_band *rows, const uint32_t *id,
                  unroll_real *x, size_t pitch);
/** Dropout on what the layers of an encoder–decoder read from its embedding, or on the gradient of it:
 *  x [steps][B][input_pitch], in place. */
void unroll_embed_drop(const unroll_net *net, const unroll_stack *s, const unroll_stack_run *run,
                       unroll_real *x, size_t r0, size_t r1);
/** This thread's share of grad[][n] += dx, by the tokens of `count` positions. */
void unroll_embed_weights(const unroll_kernels *k, size_t n, size_t count, const uint32_t *id,
                          const unroll_real *dx, size_t pitch, unroll_real *grad, size_t thread,
                          size_t threads);

/** unroll_work_new_pairs() without its checks. encoder: whether it reads the source itself, or steps
 *  attend to what another work has read. */
unroll_status unroll_work_create(const unroll_net *net, bool encoder, size_t S, size_t T, size_t B,
                                 bool training, size_t threads, unroll_work **out);

/** After unroll_net_begin(): scheduled sampling's first pass, and the inputs of the second. */
void unroll_sample_inputs(const unroll_net *net, unroll_work *w, void (*band_forward)(void *, size_t));

/** Options that an encoder–decoder, or a network without encoder, cannot have. */
unroll_status unroll_pairs_check(const unroll_net_spec *spec, const unroll_norm *norm);

/* readout.c: logits, losses and their gradient for steps [t0,t1) of the run and rows [r0,r1). */
void unroll_readout_logits(const unroll_net *net, unroll_work *w, size_t t0, size_t t1, size_t r0,
                           size_t r1);
void unroll_readout_loss(const unroll_net *net, unroll_work *w, size_t t0, size_t t1, size_t r0,
                         size_t r1);
void unroll_readout_backward(const unroll_net *net, unroll_work *w, size_t t0, size_t t1, size_t r0,
                             size_t r1);
/** This thread's share of dW and db for steps [t0,t1), added to w->grad. */
void unroll_readout_weights(const unroll_net *net, unroll_work *w, size_t t0, size_t t1,
                            size_t thread);

/** Check a batch against net and work, remember it, and reset the states where it does not carry. */
unroll_status unroll_net_begin(const unroll_net *net, const unroll_batch *batch, unroll_work *work);

/** Squared error of one row; leaves scale·dL/dy in y, zero from n to pitch. */
double unroll_squared_error(size_t n, size_t pitch, unroll_real *y, const unroll_real *v,
                            unroll_real scale);

/** Reals in a work's logits chunk: larger vocabularies take several passes over time. */
size_t unroll_readout_steps(const unroll_net *net, size_t T, size_t B);

static inline unroll_real unroll_batch_weight(const unroll_batch *b, size_t i)
{
    return b->weight ? b->weight[i] : 1;
}
#endif
