#ifndef UNROLL_SCORE_STATISTICS_H
#define UNROLL_SCORE_STATISTICS_H
#include <stddef.h>

/** The t for which a Student t variable of `freedom` degrees lies within ±t with probability
 *  `share`.
 *  @param freedom  at least 1
 *  @param share    in (0,1), 0.95 for the usual interval Source: Abramowitz and Stegun (1972),
 *  26.7.3 and 26.7.4, inverted by bisection. */
double unroll_student_t(size_t freedom, double share);

/** A mean and half the width of its 95% interval. */
typedef struct unroll_mean {
    size_t n;         /**< finite values */
    double mean;      /**< NaN where there is none */
    double half;      /**< mean ± half; NaN where n < 2 */
    double low, high; /**< the smallest and the largest value */
} unroll_mean;

/** Values that are not finite are left out. */
unroll_mean unroll_mean_of(const double *value, size_t count);
#endif
