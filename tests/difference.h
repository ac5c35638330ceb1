#ifndef TESTS_DIFFERENCE_H
#define TESTS_DIFFERENCE_H
#include <math.h>
#include <stddef.h>

/** |a − b| / |b| of two vectors of n; |a| where b is 0. */
static inline double relative_difference(const double *a, const double *b, size_t n)
{
    double d = 0, size = 0;
    for (size_t i = 0; i < n; i++) {
        d += (a[i] - b[i]) * (a[i] - b[i]);
        size += b[i] * b[i];
    }
    return size > 0 ? sqrt(d / size) : sqrt(d);
}
#endif
