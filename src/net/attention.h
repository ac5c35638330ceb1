#ifndef UNROLL_NET_ATTENTION_H
#define UNROLL_NET_ATTENTION_H
#include "net/net.h"

/** Register the parameters of attention. They come after those of the stacks, and before the output
 *  layer's. */
unroll_status unroll_attention_new(unroll_net *net, const unroll_attention_kind *kind);
void unroll_attention_free(unroll_attention *a);
/** Bring the packed copies up to date. */
void unroll_attention_pack(const unroll_net *net);
/** Count (base NULL) or place the arrays of w->attention, for sources of up to S steps.
 *  @return bytes after the last, SIZE_MAX on overflow */
size_t unroll_attention_place(unroll_work *w, size_t S, char *base, size_t at);

/** Contexts and outputs of rows [r0,r1), after encoder and decoder went forward.
 *  @param thread  whose scratch memory is used */
void unroll_attention_forward(const unroll_net *net, unroll_work *w, size_t thread, size_t r0,
                              size_t r1);
/** The way back: dL/doutput, in the slots of the steps of the decoder's d[0], becomes dL/dh; the gradient
 *  of the encoder's outputs goes to the encoder's doutput. */
void unroll_attention_backward(const unroll_net *net, unroll_work *w, size_t thread, size_t r0,
                               size_t r1);
/** Add this thread's part of the weight gradients to w->grad. */
void unroll_attention_weights(const unroll_net *net, unroll_work *w, size_t thread);

/** Make the keys of a source that the workspace `source`, of one row, has read. */
void unroll_attention_read(const unroll_net *net, unroll_work *source);
/** Outputs of one step of `rows` rows in the workspace `step`, all of which attend to that source. */
void unroll_attention_step(const unroll_net *net, const unroll_work *source, unroll_work *step,
                           size_t rows);
#endif
