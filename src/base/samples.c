#include "base/samples.h"

#include <math.h>
#include <stdlib.h>

#include "base/rng.h"

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void unroll_sort_ascending(double *x, size_t n)
{
    if (n > 1)
        qsort(x, n, sizeof *x, ascending);
}

/* ---- Student's t ---- */

/* P(|t| < x) for whole degrees of freedom, as a finite sum in theta = atan(x / sqrt(n)). */
static double within(size_t n, double x)
{
    const double theta = atan2(x, sqrt((double)n)), c = cos(theta), s = sin(theta);
    double term = n % 2 ? c : 1, sum = n == 1 ? 0 : term;
    for (size_t k = n % 2 ? 3 : 2; k + 2 <= n; k += 2) {
        term *= c * c * (double)(k - 1) / (double)k;
        sum += term;
    }
    return n % 2 ? 2 / M_PI * (theta + s * sum) : s * sum;
}

double unroll_student_t(size_t freedom, double share)
{
    double low = 0, high = 1;
    while (within(freedom, high) < share && high < 1e12)
        high *= 2;
    for (int i = 0; i < 200 && low < high; i++) {
        const double middle = low + (high - low) / 2;
        if (middle <= low || middle >= high)
            break;
        if (within(freedom, middle) < share)
            low = middle;
        else
            high = middle;
    }
    return high;
}

/* ---- bootstrap ---- */

enum {
    RESAMPLES = 999,
    TAIL = 25,  /* the 25th from either end of 999 leaves 2.5% out */
    STRETCH = 3 /* a side is at most so many times as long as Student's */
};

/* A running mean, and the sum of squares about it (Welford 1962). */
typedef struct moments {
    double mean, squares;
} moments;

static void add(moments *m, size_t before, double x)
{
    const double d = x - m->mean;
    m->mean += d / (double)(before + 1);
    m->squares += d * (x - m->mean);
}

static double standard_error(const moments *m, size_t n)
{
    return sqrt(m->squares / (double)(n - 1) / (double)n);
}

/* How far a resample's mean is from the sample's, in its own standard errors: infinitely far
 * where it repeats one value, of which the sum of squares is exactly 0. */
static double studentised(const double *value, size_t n, double mean, unroll_rng *rng)
{
    moments m = {0};
    for (size_t i = 0; i < n; i++)
        add(&m, i, value[unroll_rng_below(rng, n)]);
    const double off = m.mean - mean;
    return m.squares > 0 ? off / standard_error(&m, n)
           : off > 0     ? INFINITY
           : off < 0     ? -INFINITY
                         : 0;
}

static double held(double x, double low, double high)
{
    return fmax(low, fmin(x, high));
}

unroll_interval unroll_mean_interval(const double *value, size_t count, uint64_t seed)
{
    moments all = {0};
    double t[RESAMPLES];
    unroll_rng rng;
    for (size_t i = 0; i < count; i++)
        add(&all, i, value[i]);
    if (count < UNROLL_INTERVAL_FROM || !isfinite(all.squares)) /* finite only where all values are */
        return (unroll_interval){NAN, NAN};
    unroll_rng_seed(&rng, seed, UNROLL_STREAM_BOOTSTRAP);
    for (size_t i = 0; i < RESAMPLES; i++)
        t[i] = studentised(value, count, all.mean, &rng);
    unroll_sort_ascending(t, RESAMPLES);
    const double error = standard_error(&all, count);
    const double usual = unroll_student_t(count - 1, 0.95);
    /* Where resamples lie far above, the population's mean may lie as far below, and the other
     * way about. */
    const double below = held(t[RESAMPLES - TAIL], usual, STRETCH * usual);
    const double above = held(-t[TAIL - 1], usual, STRETCH * usual);
    return (unroll_interval){all.mean - below * error, all.mean + above * error};
}
