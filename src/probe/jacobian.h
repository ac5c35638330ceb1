#ifndef UNROLL_PROBE_JACOBIAN_H
#define UNROLL_PROBE_JACOBIAN_H
#include <unroll/probe.h>

struct unroll_jacobian {
    size_t distances, samples;
    size_t size;       /* J_k is [size][size] */
    bool exact;        /* all its rows were followed */
    double *frobenius; /* [distances] */
    double *spectral;  /* [distances] */
};
#endif
