#ifndef UNROLL_NET_WORK_H
#define UNROLL_NET_WORK_H
#include "net/net.h"

/** unroll_work_new_pairs() without its checks. encoder: whether it reads the source itself, or steps
 *  attend to what another work has read. */
unroll_status unroll_work_create(const unroll_net *net, bool encoder, size_t S, size_t T, size_t B,
                                 bool training, size_t threads, unroll_work **out);

#endif
