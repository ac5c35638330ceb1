#include "score/statistics.h"

#include <math.h>

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

unroll_mean unroll_mean_of(const double *value, size_t count)
{
    unroll_mean m = {.mean = NAN, .half = NAN, .low = INFINITY, .high = -INFINITY};
    double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++)
        if (isfinite(value[i])) {
            m.n++;
            sum += value[i];
            m.low = fmin(m.low, value[i]);
            m.high = fmax(m.high, value[i]);
        }
    if (m.n == 0)
        return m;
    m.mean = sum / (double)m.n;
    for (size_t i = 0; i < count; i++)
        if (isfinite(value[i]))
            squares += (value[i] - m.mean) * (value[i] - m.mean);
    if (m.n > 1)
        m.half = unroll_student_t(m.n - 1, 0.95) * sqrt(squares / (double)(m.n - 1) / (double)m.n);
    return m;
}
