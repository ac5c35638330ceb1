#ifndef UNROLL_NET_EMBED_H
#define UNROLL_NET_EMBED_H
#include "net/net.h"

/* The input of a stack: vectors of tokens, or real features. */

/** Set the dense input of a network's stack, for rows [r0,r1) of the run's steps. A stack that reads
 *  tokens has none. */
void unroll_embed_input(const unroll_net *net, unroll_work *w, size_t r0, size_t r1);

/** Copy each token's vector.
 *  @param table  [][n] vectors of all tokens
 *  @param id     [steps][B]
 *  @param x      takes [steps][B][pitch], of the band's rows */
void unroll_embed(const unroll_real *table, size_t n, const unroll_band *rows, const uint32_t *id,
                  unroll_real *x, size_t pitch);
/** Dropout on the vectors that an encoder–decoder's stack reads, or on their gradients; other networks
 *  have none there.
 *  @param x  [steps][B][input_pitch], changed in place */
void unroll_embed_drop(const unroll_net *net, const unroll_stack *s, const unroll_stack_run *run,
                       unroll_real *x, size_t r0, size_t r1);
/** Add the gradients of `count` positions to their tokens' vectors, for this part's columns.
 *  @param n     length of a vector
 *  @param id    [count]
 *  @param dx    [count][pitch]
 *  @param grad  [][n] takes the sums: the table's place in part->grad, or an array of its own */
void unroll_embed_weights(const unroll_gradient_part *part, size_t n, size_t count,
                          const uint32_t *id, const unroll_real *dx, size_t pitch, unroll_real *grad);
#endif
