#ifndef UNROLL_NET_SCHEDULED_SAMPLING_H
#define UNROLL_NET_SCHEDULED_SAMPLING_H
#include "net/net.h"

/** After unroll_net_begin(): scheduled sampling's first pass, and the inputs of the second. */
void unroll_sample_inputs(const unroll_net *net, unroll_work *w, void (*band_forward)(void *, size_t));

#endif
