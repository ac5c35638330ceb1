#ifndef UNROLL_NET_BIDIRECTIONAL_H
#define UNROLL_NET_BIDIRECTIONAL_H
#include "net/net.h"
#include "net/stack_build.h"

/* An encoder that reads both ways. What each function does is said of its namesake in encoder.h. */

unroll_status unroll_bidirectional_new(unroll_net *net, const unroll_stack_spec *spec);
size_t unroll_bidirectional_place(unroll_work *w, char *base, size_t at);
void unroll_bidirectional_begin(unroll_work *w);
void unroll_bidirectional_forward(const unroll_net *net, unroll_work *w, size_t r0, size_t r1);
void unroll_bidirectional_backward(const unroll_net *net, unroll_work *w, size_t r0, size_t r1);
/** From the gradients of the decoder's first states of layer l, run.dfirst, to those of the last states of
 *  both its stacks, their runs' dlast. */
void unroll_bidirectional_bridge_back(const unroll_net *net, unroll_work *w, size_t l, size_t r0,
                                      size_t r1);
#endif
