#ifndef UNROLL_NET_NET_H
#define UNROLL_NET_NET_H
#include <unroll/net.h>

#include "base/parallel.h"
#include "net/attention_score.h"
#include "net/dense.h"
#include "net/parameters.h"
#include "net/stack.h"

/* What a network and its workspace consist of. Each part has a file above this one: embed.h the input,
 * encoder.h, attention.h, and readout.h the output layer. net_build.c makes a network, work.h a workspace,
 * and propagate.h takes a batch through. The words that these files share are explained in stack.h. */

/** Attention of the decoder over the encoder's outputs; the letters are those of attention.c. */
typedef struct unroll_attention {
    const unroll_attention_kind *kind; /**< NULL: the network has none */
    unroll_dense key, query;           /**< where the kind makes them with a matrix */
    unroll_dense from_context,
        from_h;     /**< the columns of W that multiply c_t, and those that multiply h_t */
    size_t vector;  /**< parameter index of v, for an additive kind */
    unroll_real *v; /**< [H] its copy */
} unroll_attention;

/** Its arrays. H and E are the pitches of the decoder's and the encoder's outputs; d… are gradients. */
typedef struct unroll_attention_run {
    size_t a_pitch;             /**< of S weights */
    unroll_real *key;           /**< [S][B][H], where the kind makes keys */
    unroll_real *query;         /**< [T][B][H], where it makes queries */
    unroll_real *a;             /**< [B][T][a_pitch] weights */
    unroll_real *context;       /**< [T][B][E] */
    unroll_real *output;        /**< [T][B][H] h̃, which the output layer reads */
    unroll_real *z;             /**< [T][B][H] before the tanh, where a training needs it */
    unroll_real *dz;            /**< [T][B][H] its gradient */
    unroll_real *dcontext;      /**< [T][B][E] */
    unroll_real *dkey, *dquery; /**< as key and query */
    unroll_real *dv;            /**< [B][H] each row's part */
    unroll_real *panels;        /**< [threads][panel_size] one row's keys or outputs, packed for a
                                          product */
    unroll_real *da;            /**< [threads][T][a_pitch] of one row */
    size_t panel_size;
} unroll_attention_run;

/** What reads the source: an embedding where the network has one, and a stack of layers. The last state of
 *  each layer becomes the first state of the decoder's. An encoder that reads both ways has two stacks for
 *  each layer. */
typedef struct unroll_encoder {
    size_t embedding; /**< parameter index, where the network has embeddings */
    size_t stacks;
    unroll_stack *stack; /**< [1] with all layers; both ways: [layers][2] with one each, forward
                                      and reverse */
    unroll_dense *bridge; /**< both ways: [layers][states], to the decoder's first states; else NULL */
    size_t outputs, pitch; /**< of a step of the top layer; both ways: of both directions side by
                                      side */
} unroll_encoder;

/** Its arrays over a source. */
typedef struct unroll_encoder_run {
    size_t S;              /**< steps that they have */
    unroll_stack_run *run; /**< [stacks] */
    unroll_real *output;   /**< [S][B][pitch] of the top layer */
    unroll_real *doutput;  /**< [S][B][pitch] its gradient, which attention writes */
    /* Where the encoder reads both ways: */
    uint32_t *reversed; /**< [S][B] the source from its end, so that a row's padding comes first */
    uint8_t *reversed_mode; /**< [S][B] its modes */
    unroll_real *joined;  /**< [layers][S][B][pitch] outputs of each layer, both directions side by
                                      side */
    unroll_real *last;    /**< [layers][states][B][pitch] last states, likewise */
    unroll_real *dlast;   /**< [B][pitch] the gradient of one of them */
    unroll_real *dstates; /**< [stacks][states][B][stack's pitch] gradients of all, direction by
                                      direction */
} unroll_encoder_run;

struct unroll_net {
    unroll_net_spec spec;
    char *cell; /**< spec.cell, with the values of all its keys */
    const unroll_kernels *kernels;
    unroll_parameters parameters;
    size_t learned;         /**< length of the weights before the running statistics */
    unroll_real *weights;   /**< [parameters.size] */
    size_t packs;           /**< how often they were packed */
    size_t embedding;       /**< parameter index, where spec.embedding is set */
    unroll_encoder encoder; /**< where spec.source is set */
    unroll_stack stack;     /**< the language model's, or the decoder's */
    unroll_attention attention;
    unroll_dense decoder; /**< the output layer */
};

/** The same net without dropout, scheduled sampling and label smoothing; everything else is shared with
 *  `net`. */
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
    bool kept;          /**< only the states between segments are kept; the rest is recomputed */
    unroll_real *block; /**< the memory of all arrays */
    unroll_encoder_run encoder;
    unroll_attention_run attention;
    unroll_stack_run run; /**< of the network's stack */
    size_t readout_steps; /**< steps whose logits are in memory at a time */
    size_t logits_from;   /**< which step of the run is the first of them */
    unroll_real *logits;  /**< [readout_steps][B][output_pitch] */
    double *loss;         /**< [T][B] in nats, or squared error */
    uint8_t *correct;     /**< [T][B] */
    unroll_real *scratch; /**< [threads][outer_scratch] */
    unroll_hook hook;
    /* Of the batch in work: */
    const unroll_batch *batch;
    double total_weight; /**< sum of the weights of its targets */
    double smoothing;    /**< label smoothing of its targets */
    unroll_real *grad;
    unroll_real *tied;          /**< gradient of a tied embedding as the input, until it is added to
                                          grad */
    bool bad;                   /**< was a loss not finite? */
    size_t bad_layer, bad_step; /**< then the first state that was not */
    uint32_t *sampled; /**< [T][B] inputs with the network's own guesses among them, or NULL */
    uint32_t *guess;   /**< [T][B] the most likely outputs of the first pass */
};

/** The rows that fall to a thread. Where statistics join the rows, all of them fall to the first. */
static inline void unroll_work_band(const unroll_work *w, size_t thread, size_t *r0, size_t *r1)
{
    unroll_share(w->B, 1, unroll_stack_joins_rows(&w->net->stack) ? 1 : w->threads, thread, r0, r1);
}

/** [T][B][pitch] outputs of the stack's top layer. */
static inline const unroll_real *unroll_decoder_output(const unroll_work *w)
{
    return w->run.at[w->net->stack.layers - 1].y;
}

/** [T][B][pitch] what the output layer reads. */
static inline const unroll_real *unroll_readout_input(const unroll_work *w)
{
    return w->net->attention.kind ? w->attention.output : unroll_decoder_output(w);
}

/** Does it hold the activations of a whole window, which a probe needs? */
static inline bool unroll_work_holds(const unroll_work *w)
{
    return w->training && !w->kept;
}

/** A thread's part in the gradient of the weights. */
static inline unroll_gradient_part unroll_work_part(const unroll_work *w, size_t thread)
{
    const unroll_kernels *k = w->net->kernels;
    return (unroll_gradient_part){
        .kernels = k,
        .list = w->net->parameters.list,
        .grad = w->grad,
        .scratch = w->scratch + thread * k->outer_scratch,
        .thread = thread,
        .threads = w->threads,
    };
}

/** A target's weight in the loss. */
static inline unroll_real unroll_batch_weight(const unroll_batch *b, size_t i)
{
    return b->weight ? b->weight[i] : 1;
}
#endif
