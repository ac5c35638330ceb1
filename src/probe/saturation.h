#ifndef UNROLL_PROBE_SATURATION_H
#define UNROLL_PROBE_SATURATION_H
#include <unroll/probe.h>

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
#endif
