#ifndef UNROLL_PROBE_RESULTS_H
#define UNROLL_PROBE_RESULTS_H
#include <unroll/probe.h>

/* What was measured, in doubles whatever the precision that it was measured in. */

struct unroll_diagnosis {
    size_t layers, count, distances;
    unroll_saturation *share; /* [count] */
    double *slope_square;     /* [layers] */
    double *bound;            /* [layers] */
    double *mean_field;       /* [layers] */
    double *keep;             /* [layers][distances], or NULL */
    const char *kept_by;      /* "forget gates" */
    const char *no_theory;    /* or NULL */
};

struct unroll_jacobian {
    size_t distances, samples;
    size_t size;       /* J_k is [size][size] */
    bool exact;        /* all its rows were followed */
    double *frobenius; /* [distances] */
    double *spectral;  /* [distances] */
};

struct unroll_lyapunov {
    size_t count;          /* exponents */
    size_t samples, steps; /* of the batch, and the steps of the shortest that were averaged */
    size_t starts;         /* in each sample */
    double *nats;          /* [count] */
    double *deviation;     /* [count] */
    double *error;         /* [count] */
};

struct unroll_weight_curve {
    size_t layers, distances, samples;
    double *norm;  /* [layers][distances] */
    double *ratio; /* [layers][distances] */
};
#endif
