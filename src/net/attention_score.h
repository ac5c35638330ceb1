#ifndef UNROLL_NET_ATTENTION_SCORE_H
#define UNROLL_NET_ATTENTION_SCORE_H
#include <unroll/net.h>

#include "math/kernels.h"

/* The kinds of attention: how well a step of the decoder, the query, and one of the encoder, the key, fit each other. */

/** One row of a batch, or one source with several continuations: T queries, S keys, both of K columns
 *  in use. */
typedef struct unroll_attention_score {
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
} unroll_attention_score;

/** How a step of the decoder and one of the encoder fit each other. */
typedef struct unroll_attention_kind {
    const char *name;
    const char *summary;         /**< one line with the source, for help */
    const char *key;             /**< tensor that makes keys of the encoder's outputs; NULL: they are */
    const char *query;           /**< tensor that makes queries of h; NULL: they are */
    bool additive;               /**< with a bias of the keys, and a vector v */
    void (*forward)(const unroll_attention_score *);
    void (*backward)(const unroll_attention_score *);
} unroll_attention_kind;

/** The kind of that name, NULL where there is none. */
const unroll_attention_kind *unroll_attention_find(const char *name);
/** What the attention of unroll_attention_name(i) computes, NULL for none. */
const char *unroll_attention_summary(size_t i);
#endif
