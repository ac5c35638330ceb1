#ifndef UNROLL_PROBE_LYAPUNOV_H
#define UNROLL_PROBE_LYAPUNOV_H
#include <unroll/probe.h>

struct unroll_lyapunov {
    size_t count;          /* exponents */
    size_t samples, steps; /* of the batch, and the steps of the shortest that were averaged */
    double *nats;          /* [count] */
    double *deviation;     /* [count] */
};
#endif
