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

/** log10 of where a bin begins; it is half a decade wide. */
static inline double unroll_bin_low(size_t bin)
{
    return UNROLL_BINS_LOW + (double)bin / 2;
}
#endif
