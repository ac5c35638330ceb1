#ifndef UNROLL_NET_ATTENTION_SCORE_H
#define UNROLL_NET_ATTENTION_SCORE_H
#include <unroll/net.h>

#include "math/kernels.h"

/* The kinds of attention: how well a step of the decoder, the query, and one of the encoder, the key, fit
 * each other. */

/** T queries and S keys of K columns each: those of one row of a batch, or the continuations of one
 *  source. */
typedef struct unroll_attention_score {
    const unroll_kernels *kernels;
    size_t T, S, K;
    const unroll_real *q, *k; /**< [T][q_pitch], [S][k_pitch] */
    size_t q_pitch, k_pitch;
    const unroll_real *v; /**< [K, padded] for an additive kind */
    unroll_real *a; /**< [T][a_pitch] takes the scores; on the way back it has their gradients */
    size_t a_pitch;
    unroll_real *dq, *dk,
        *dv; /**< on the way back, laid out as q, k and v: gradients are added to them */
    unroll_real *panels;  /**< [a_pitch · (K, padded)] scratch memory for packed keys */
    unroll_real *scratch; /**< [kernels->outer_scratch] on the way back */
} unroll_attention_score;

/** A kind of attention: one row of the table in attention_score.c. */
typedef struct unroll_attention_kind {
    const char *name;
    const char *summary; /**< one line with the source, for help */
    const char *key;     /**< name of the matrix that makes keys of the encoder's outputs; NULL:
                                      these are the keys */
    const char *query;   /**< name of the matrix that makes queries of the states h; NULL: these
                                      are the queries */
    bool additive;       /**< there is a bias of the keys, and a vector v */
    void (*forward)(const unroll_attention_score *);
    void (*backward)(const unroll_attention_score *);
} unroll_attention_kind;

/** The kind of that name, NULL where there is none. */
const unroll_attention_kind *unroll_attention_find(const char *name);
/** What the attention of unroll_attention_name(i) computes, NULL for none. */
const char *unroll_attention_summary(size_t i);
#endif
