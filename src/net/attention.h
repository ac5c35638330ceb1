#ifndef UNROLL_NET_ATTENTION_H
#define UNROLL_NET_ATTENTION_H
#include "net/net.h"

/** Register its parameters: after the stacks, before the output layer. */
unroll_status unroll_attention_new(unroll_net *net, const unroll_attention_kind *kind);
void unroll_attention_free(unroll_attention *a);
void unroll_attention_pack(const unroll_net *net);
/** Count (base NULL) or place the arrays of w->attention, for sources of up to S steps.
 *  @return bytes after the last, SIZE_MAX on overflow */
size_t unroll_attention_place(unroll_work *w, size_t S, char *base, size_t at);

/** After both stacks went forward, for rows [r0,r1) by thread `thread`. */
void unroll_attention_forward(const unroll_net *net, unroll_work *w, size_t thread,
                              size_t r0, size_t r1);
/** dL/doutput in slots 1… of the decoder's d[0] becomes dL/dh; the encoder's doutput is set. */
void unroll_attention_backward(const unroll_net *net, unroll_work *w, size_t thread,
                               size_t r0, size_t r1);
/** This thread's share of the weight gradients, added to w->grad. */
void unroll_attention_weights(const unroll_net *net, unroll_work *w, size_t thread);

/** Keys of the source that `source` (batch 1) has read. */
void unroll_attention_read(const unroll_net *net, unroll_work *source);
/** One step of `rows` rows in `step`, all attending to that source. */
void unroll_attention_step(const unroll_net *net, const unroll_work *source,
                           unroll_work *step, size_t rows);
#endif
