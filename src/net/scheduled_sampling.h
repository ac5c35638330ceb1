#ifndef UNROLL_NET_SCHEDULED_SAMPLING_H
#define UNROLL_NET_SCHEDULED_SAMPLING_H
#include "net/net.h"

/** The first pass of scheduled sampling, which sets the inputs of the second. Comes after unroll_net_begin().
 *  @param band_forward  takes w and the number of a thread, and runs that thread's band forward */
void unroll_sample_inputs(const unroll_net *net, unroll_work *w,
                          void (*band_forward)(void *, size_t));
#endif
