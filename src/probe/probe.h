#ifndef UNROLL_PROBE_PROBE_H
#define UNROLL_PROBE_PROBE_H
#include <unroll/probe.h>

struct unroll_probe {
    const unroll_net *net; /* the caller's; of an encoder–decoder the next */
    unroll_net *plain;     /* NULL, or what shares all with the caller's but dropout and the like */
    unroll_work *work;     /* for training, as large as the probe */
    unroll_real *grad;     /* [unroll_net_size()] where a whole gradient is taken */
};

/** Does the batch go with the probe's net and fit its room? @return UNROLL_EUSAGE */
unroll_status unroll_probe_check(const unroll_probe *probe, const unroll_batch *batch);
/** The same for what is measured of single networks alone.
 *  @param what  is measured, for the message */
unroll_status unroll_probe_check_single(const unroll_probe *probe, const unroll_batch *batch,
                                        const char *what);
#endif
