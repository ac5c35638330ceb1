#ifndef UNROLL_PROBE_WEIGHTS_H
#define UNROLL_PROBE_WEIGHTS_H
#include <unroll/probe.h>

struct unroll_weight_curve {
    size_t layers, distances, samples;
    double *norm;  /* [layers][distances] */
    double *ratio; /* [layers][distances] */
};
#endif
