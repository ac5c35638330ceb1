#ifndef UNROLL_NET_PROPAGATE_H
#define UNROLL_NET_PROPAGATE_H
#include "net/net.h"

/** Check a batch against net and work, remember it, and reset the states where it does not carry. */
unroll_status unroll_net_begin(const unroll_net *net, const unroll_batch *batch, unroll_work *work);

#endif
