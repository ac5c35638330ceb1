#ifndef UNROLL_NET_ATTENTION_H
#define UNROLL_NET_ATTENTION_H
#include "net/dense.h"

struct unroll_net;
struct unroll_work;

/** One row of a batch, or one source with several continuations: T queries, S keys, both of K columns
 *  in use. */
typedef struct unroll_score {
    const unroll_kernels *kernels;
    size_t T, S, K;
    const unroll_real *q, *k;    /**< [T][q_pitch], [S][k_pitch] */
    size_t q_pitch, k_pitch;
    const unroll_real *v;        /**< [K padded], additive alone */
    unroll_real *a;              /**< [T][a_pitch] takes the scores; backward: has their gradients */
    size_t a_pitch;
    unroll_real *dq, *dk, *dv;   /**< backward: added to; laid out as q, k, v */
    unroll_real *panels;         /**< [a_pitch · padded K] */
    unroll_real *scratch;        /**< [kernels->outer_scratch], backward */
} unroll_score;

/** How a step of the decoder and one of the encoder fit each other. */
typedef struct unroll_score_kind {
    const char *name;
    const char *summary;         /**< one line with the source, for help */
    const char *key;             /**< tensor that makes keys of the encoder's outputs; NULL: they are */
    const char *query;           /**< tensor that makes queries of h; NULL: they are */
    bool additive;               /**< with a bias of the keys, and a vector v */
    void (*forward)(const unroll_score *);
    void (*backward)(const unroll_score *);
} unroll_score_kind;

typedef struct unroll_attention {
    const unroll_score_kind *kind;   /**< NULL: none */
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

/** The kind of that name, NULL where there is none. */
const unroll_score_kind *unroll_score_find(const char *name);

unroll_status unroll_attention_new(struct unroll_net *net);
void unroll_attention_free(unroll_attention *a);
void unroll_attention_pack(const struct unroll_net *net);
size_t unroll_attention_place(const struct unroll_net *net, unroll_attention_run *run, size_t S,
                              size_t T, size_t B, bool training, size_t threads, char *base,
                              size_t at);

/** After both stacks went forward, for rows [r0,r1) by thread `thread`. */
void unroll_attention_forward(const struct unroll_net *net, struct unroll_work *w, size_t thread,
                              size_t r0, size_t r1);
/** dL/doutput in slots 1… of the decoder's d[0] becomes dL/dh; the encoder's doutput is set. */
void unroll_attention_backward(const struct unroll_net *net, struct unroll_work *w, size_t thread,
                               size_t r0, size_t r1);
/** This thread's share of the weight gradients, added to w->grad. */
void unroll_attention_weights(const struct unroll_net *net, struct unroll_work *w, size_t thread);

/** Keys of the source that `source` (batch 1) has read. */
void unroll_attention_read(const struct unroll_net *net, struct unroll_work *source);
/** One step of `rows` rows in `step`, all attending to that source. */
void unroll_attention_step(const struct unroll_net *net, const struct unroll_work *source,
                           struct unroll_work *step, size_t rows);
#endif
