#ifndef UNROLL_NET_ENCODER_H
#define UNROLL_NET_ENCODER_H
#include "net/net.h"
#include "net/stack_build.h"

unroll_status unroll_encoder_new(unroll_net *net, const unroll_stack_spec *spec);
void unroll_encoder_free(const unroll_net *net);
void unroll_encoder_pack(const unroll_net *net, size_t thread, size_t threads);

/** Count (base NULL) or place the arrays of w->encoder, for sources of up to S steps.
 *  @return bytes after the last, SIZE_MAX on overflow */
size_t unroll_encoder_place(unroll_work *w, size_t S, char *base, size_t at);

/** Check a batch's source against net and work. */
unroll_status unroll_encoder_check(const unroll_net *net, const unroll_work *w,
                                   const unroll_batch *batch);
/** Take over a batch's source, and what the decoder's run says of dropout. */
void unroll_encoder_begin(unroll_work *w);
/** Read the source, and set the decoder's first states. */
void unroll_encoder_forward(const unroll_net *net, unroll_work *w, size_t r0, size_t r1);
/** After the decoder went backward: its run's dfirst goes on here. Without attention doutput is 0. */
void unroll_encoder_backward(const unroll_net *net, unroll_work *w, size_t r0,
                             size_t r1);
/** This thread's share of the weight gradients, added to w->grad. */
void unroll_encoder_weights(const unroll_net *net, unroll_work *w, size_t thread);
#endif
