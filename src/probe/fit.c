#include <float.h>
#include <math.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/rng.h"
#include "probe/curve.h"

enum {
    POINTS = 3, /* fewer distances than this are not fitted */
    RESAMPLES = 1000
};

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

/* The slope is linear in the logarithms, and log gmean is their mean: so the slope of a
 * resample is the mean of its samples' slopes. */
static void bootstrap(const double *slope, size_t n, uint64_t seed, double *means, unroll_fit *fit)
{
    unroll_rng rng;
    unroll_rng_seed(&rng, seed, UNROLL_STREAM_PROBE);
    for (size_t i = 0; i < RESAMPLES; i++) {
        means[i] = 0;
        for (size_t k = 0; k < n; k++)
            means[i] += slope[unroll_rng_below(&rng, n)] / (double)n;
    }
    unroll_sort_ascending(means, RESAMPLES);
    fit->low = means[RESAMPLES * 25 / 1000];
    fit->high = means[RESAMPLES * 975 / 1000 - 1];
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
    double *one = y + c->distances, *slope = one + c->distances, *means = slope + c->samples;
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
    for (size_t i = 0; i < c->samples; i++) {
        const double *norm = unroll_curve_sample(c, i, layer, state);
        for (size_t k = out->first; k <= out->last; k++)
            one[k] = log10(norm[k]);
        slope[i] = slope_of(one, out->first, out->last, NULL);
    }
    if (c->samples > 1)
        bootstrap(slope, c->samples, seed, means, out);
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
    double *y = unroll_alloc(2 * c->distances + c->samples + RESAMPLES, sizeof *y);
    if (!y)
        return UNROLL_EMEMORY;
    const unroll_status status = unroll_curve_gmean(c, layer, state, y);
    if (status == UNROLL_OK)
        fit_line(c, layer, state, seed, y, out);
    unroll_free(y);
    return status;
}
