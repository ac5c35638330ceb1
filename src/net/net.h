#ifndef UNROLL_NET_NET_H
#define UNROLL_NET_NET_H
#include <unroll/net.h>

#include "base/parallel.h"
#include "net/attention_score.h"
#include "net/dense.h"
#include "net/parameters.h"
#include "net/stack.h"

/* What a network and its workspace consist of. The files above this one are about a part each: embed.h, readout.h,
 * attention.h, encoder.h. net_build.c makes a network, work.h a workspace, and propagate.h takes a batch through. */

typedef struct unroll_attention {
    const unroll_attention_kind *kind;   /**< NULL: none */
    unroll_dense key, query;
    unroll_dense from_context, from_h; /**< the two parts of combine.weight */
    size_t vector;                   /**< parameter index of v */
    unroll_real *v;                  /**< [padded K] */
} unroll_attention;

/** Its arrays; H and E are padded widths of the decoder's and the encoder's outputs. */
typedef struct unroll_attention_run {
    size_t a_pitch;                  /**< S padded */
    unroll_real *key, *query;        /**< [S][B][H], [T][B][H] where they are made */
    unroll_real *a;                  /**< [B][T][a_pitch] weights */
    unroll_real *context;            /**< [T][B][E] */
    unroll_real *output;             /**< [T][B][H] what the readout sees */
    unroll_real *dz, *dcontext;      /**< [T][B][H] before tanh, [T][B][E] */
    unroll_real *dkey, *dquery, *dv; /**< as key and query; [B][H] */
    unroll_real *panels;             /**< [threads][panel_size] */
    unroll_real *da;                 /**< [threads][T][a_pitch] */
    size_t panel_size;
} unroll_attention_run;

/** What reads the source: an embedding where there is one, and a stack of layers, whose last state is the decoder's
 *  first, layer by layer. One that reads both ways is two stacks a layer, see bidirectional.h. */
typedef struct unroll_encoder {
    size_t embedding;            /**< parameter index, where spec.embedding */
    size_t stacks;
    unroll_stack *stack;         /**< one of all layers; or [layers][2] of one each, forward and reverse */
    unroll_dense *bridge;        /**< [layers][states], both ways alone; else NULL */
    size_t outputs, pitch;       /**< of a step of the top layer, both directions side by side */
} unroll_encoder;

/** Its arrays over a source. */
typedef struct unroll_encoder_run {
    size_t S;
    unroll_stack_run *run;       /**< [stacks] */
    unroll_real *output;         /**< [S][B][pitch] the top layer's */
    unroll_real *doutput;        /**< [S][B][pitch] its gradient, for attention to write */
    /* both ways alone */
    uint32_t *reversed;          /**< [S][B] the source from its end, padding first */
    uint8_t *reversed_mode;
    unroll_real *joined;         /**< [layers][S][B][pitch] each layer's output */
    unroll_real *last, *dlast;   /**< [layers][states][B][pitch] last states; of one, its gradient */
    unroll_real *dstates;        /**< [stacks][states][B][stack's pitch] */
} unroll_encoder_run;

struct unroll_net {
    unroll_net_spec spec;
    char *cell;                      /**< spec.cell, with the values of all its keys */
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

/** A thread's part in the gradient of the weights. */
static inline unroll_gradient_part unroll_work_part(const unroll_work *w, size_t thread)
{
    const unroll_kernels *k = w->net->kernels;
    return (unroll_gradient_part){
        .kernels = k, .list = w->net->parameters.list, .grad = w->grad,
        .scratch = w->scratch + thread * k->outer_scratch, .thread = thread, .threads = w->threads,
    };
}

/** A target's weight in the loss. */
static inline unroll_real unroll_batch_weight(const unroll_batch *b, size_t i)
{
    return b->weight ? b->weight[i] : 1;
}
#endif
