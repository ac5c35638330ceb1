#ifndef UNROLL_NET_EMBED_H
#define UNROLL_NET_EMBED_H
#include "net/net.h"

/** Layer 0's dense input for rows [r0,r1) of the run's steps, where it has one. */
void unroll_embed_input(const unroll_net *net, unroll_work *w, size_t r0, size_t r1);

/** x[steps][B][pitch] of rows: their tokens' rows of table [][n]. */
void unroll_embed(const unroll_real *table, size_t n, const unroll_band *rows, const uint32_t *id,
                  unroll_real *x, size_t pitch);
/** Dropout on what the layers of an encoder–decoder read from its embedding, or on the gradient of it:
 *  x [steps][B][input_pitch], in place. */
void unroll_embed_drop(const unroll_net *net, const unroll_stack *s, const unroll_stack_run *run,
                       unroll_real *x, size_t r0, size_t r1);
/** This part's columns of grad[][n] += dx, by the tokens of `count` positions; grad is that of the table, or an array
 *  of its own. */
void unroll_embed_weights(const unroll_gradient_part *part, size_t n, size_t count, const uint32_t *id,
                          const unroll_real *dx, size_t pitch, unroll_real *grad);
#endif
