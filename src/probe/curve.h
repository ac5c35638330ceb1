#ifndef UNROLL_PROBE_CURVE_H
#define UNROLL_PROBE_CURVE_H
#include <unroll/probe.h>

struct unroll_curve {
    size_t layers, distances;
    bool has_c;
    enum unroll_curve_losses losses;
    size_t copies;
    bool through; /* as in unroll_gradient_flow */
    size_t samples, room;
    double *norm; /* [room][layers][2][distances] */
};

/** Has the curve this layer and state? @return UNROLL_EUSAGE */
unroll_status unroll_curve_check(const unroll_curve *curve, size_t layer, enum unroll_state state);

/** Forget the samples; the next ones are measured at the same distances. */
static inline void unroll_curve_clear(unroll_curve *curve)
{
    curve->samples = 0;
}
#endif
