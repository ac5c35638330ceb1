#ifndef UNROLL_NET_WORK_H
#define UNROLL_NET_WORK_H
#include "net/net.h"

/** unroll_work_new() for options that are checked, but for steps and rows.
 *  @param encoder  whether it reads the source itself; else its steps attend to what another workspace has
 *                  read */
unroll_status unroll_work_create(const unroll_net *net, const unroll_work_options *options,
                                 bool encoder, unroll_work **out);
#endif
