#ifndef UNROLL_PROBE_HISTOGRAM_H
#define UNROLL_PROBE_HISTOGRAM_H
#include <unroll/probe.h>

struct unroll_histograms {
    unroll_histogram *at;
    size_t count, parameters;
    size_t *index;  /* [parameters] of the net's list */
    int16_t *table; /* [2048] lowest bin of each binary exponent */
    double *edge;   /* [2048] where the next bin begins */
    bool has_c;
};

/** The bin of a value above 0; table and edge give it where the value is a normal number. */
size_t unroll_histogram_bin(double value);
#endif
