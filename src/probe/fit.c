#include <float.h>
#include <math.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/samples.h"
#include "probe/curve.h"

enum { POINTS = 3 }; /* fewer distances than this are not fitted */

/* Least squares of y[first … last] on the distance. */
static double slope_of(const double *y, size_t first, size_t last, double *r2)
{
    const double n = (double)(last - first + 1), x_mean = (double)(first + last) / 2;
    double y_mean = 0, xx = 0, xy = 0, yy = 0;
    for (size_t k = first; k <= last; k++)
        y_mean += y[k] / n;
    for (size_t k = first; k <= last; k++) {
        const double x = (double)k - x_mean, d = y[k] - y_mean;
        xx += x * x;
        xy += x * d;
        yy += d * d;
    }
    if (r2)
        *r2 = yy > 0 ? xy * xy / (xx * yy) : 1;
    return xy / xx;
}

static size_t horizon(const double *gmean, size_t distances)
{
    const double threshold = gmean[UNROLL_FIT_FROM] * 1e-3;
    for (size_t k = UNROLL_FIT_FROM + 1; k < distances; k++)
        if (gmean[k] <= threshold)
            return k;
    return SIZE_MAX;
}

/* @param y  [distances] geometric means; its logarithms take their place */
static void fit_line(const unroll_curve *c, size_t layer, enum unroll_state state, uint64_t seed,
                     double *y, unroll_fit *out)
{
    double *one = y + c->distances, *slope = one + c->distances;
    size_t end = UNROLL_FIT_FROM;
    while (end < c->distances && y[end] >= DBL_MIN)
        end++;
    if (end > UNROLL_FIT_FROM)
        out->horizon = horizon(y, c->distances);
    if (end < UNROLL_FIT_FROM + POINTS)
        return;
    out->first = UNROLL_FIT_FROM;
    out->last = end - 1;
    for (size_t k = out->first; k <= out->last; k++)
        y[k] = log10(y[k]);
    out->slope = slope_of(y, out->first, out->last, &out->r2);
    out->rho = pow(10, out->slope);
    out->half_life = out->slope < 0 ? -log10(2) / out->slope : INFINITY;
    /* A slope is linear in the logarithms, and log gmean is their mean: so it is the mean of the
     * samples' slopes. A sample that is 0 somewhere makes gmean 0 there, which ended the fit before. */
    for (size_t i = 0; i < c->samples; i++) {
        const double *norm = unroll_curve_sample(c, i, layer, state);
        for (size_t k = out->first; k <= out->last; k++)
            one[k] = log10(norm[k]);
        slope[i] = slope_of(one, out->first, out->last, NULL);
    }
    const unroll_interval interval = unroll_mean_interval(slope, c->samples, seed);
    out->low = interval.low;
    out->high = interval.high;
}

unroll_status unroll_fit_curve(const unroll_curve *c, size_t layer, enum unroll_state state,
                               uint64_t seed, unroll_fit *out)
{
    UNROLL_TRY(unroll_curve_check(c, layer, state));
    *out = (unroll_fit){.slope = NAN,
                        .low = NAN,
                        .high = NAN,
                        .rho = NAN,
                        .half_life = NAN,
                        .r2 = NAN,
                        .horizon = SIZE_MAX};
    if (c->samples == 0 || c->distances < UNROLL_FIT_FROM + 2)
        return UNROLL_OK;
    double *y = unroll_alloc(2 * c->distances + c->samples, sizeof *y);
    if (!y)
        return UNROLL_EMEMORY;
    const unroll_status status = unroll_curve_gmean(c, layer, state, y);
    if (status == UNROLL_OK)
        fit_line(c, layer, state, seed, y, out);
    unroll_free(y);
    return status;
}
