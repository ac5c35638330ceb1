#ifndef UNROLL_NET_PROPAGATE_H
#define UNROLL_NET_PROPAGATE_H
#include "net/net.h"

/** Begin with a batch: check it, set what the workspace needs to know of it, and make the states zero
 *  unless it carries.
 *  @return UNROLL_EBUG where it does not fit the workspace, or has a token that the net does not have */
unroll_status unroll_net_begin(const unroll_net *net, const unroll_batch *batch, unroll_work *work);

/** Add one batch's sums to those of the batches before it. */
void unroll_result_add(unroll_result *sum, const unroll_result *one);
/** Take a band forward through the run's steps, up to what the output layer reads.
 *  @param thread  whose scratch memory is used */
void unroll_net_forward(const unroll_net *net, unroll_work *w, size_t thread, size_t r0, size_t r1);
#endif
