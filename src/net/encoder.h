#ifndef UNROLL_NET_ENCODER_H
#define UNROLL_NET_ENCODER_H
#include "net/net.h"
#include "net/stack_build.h"

/* The encoder, which reads the source of a batch before the decoder begins. */

/** Register the parameters and make the stacks.
 *  @param spec  as the decoder's */
unroll_status unroll_encoder_new(unroll_net *net, const unroll_stack_spec *spec);
void unroll_encoder_free(const unroll_net *net);
/** Bring this thread's share of the packed copies up to date. */
void unroll_encoder_pack(const unroll_net *net, size_t thread, size_t threads);

/** Count (base NULL) or place the arrays of w->encoder, for sources of up to S steps.
 *  @return bytes after the last, SIZE_MAX on overflow */
size_t unroll_encoder_place(unroll_work *w, size_t S, char *base, size_t at);

/** @return UNROLL_EBUG for a source that is too long, or that has a token which the net does not have */
unroll_status unroll_encoder_check(const unroll_net *net, const unroll_work *w,
                                   const unroll_batch *batch);
/** Prepare the encoder for w->batch. Dropout and statistics are as in the decoder's run, which is set
 *  before. */
void unroll_encoder_begin(unroll_work *w);
/** Read the source, and set the decoder's first states. */
void unroll_encoder_forward(const unroll_net *net, unroll_work *w, size_t r0, size_t r1);
/** The way back, after the decoder's: the gradient of its first states, run.dfirst, is that of the
 *  encoder's last. With attention, doutput has the gradient of the encoder's outputs. */
void unroll_encoder_backward(const unroll_net *net, unroll_work *w, size_t r0, size_t r1);
/** Add this thread's part of the weight gradients to w->grad. */
void unroll_encoder_weights(const unroll_net *net, unroll_work *w, size_t thread);
#endif
