#ifndef UNROLL_SCORE_STATISTICS_H
#define UNROLL_SCORE_STATISTICS_H
#include <stdbool.h>
#include <stddef.h>

#include "base/samples.h"

/** A mean of what several runs gave. */
typedef struct unroll_mean {
    size_t n;                 /**< finite values */
    double mean;              /**< NaN where there is none */
    unroll_interval interval; /**< 95%, of the mean: unroll_mean_interval() */
    double low, high;         /**< the smallest and the largest value */
} unroll_mean;

/** Values that are not finite are left out: whoever shows the mean says how many, count − n.
 *  @param value  [count]; the finite ones move to the front */
unroll_mean unroll_mean_of(double *value, size_t count);

/** Times until something happens, of which some are censored: until then it had not happened,
 *  and nobody looked on. */
typedef struct unroll_survival {
    size_t n, happened; /**< all runs, and those in which it happened at the horizon or before */
    double horizon;     /**< τ */
    double mean; /**< restricted mean E[min(time, τ)]: the area below the Kaplan–Meier curve up to τ */
    unroll_interval interval; /**< 95%, of the restricted mean; NaN where n < UNROLL_INTERVAL_FROM */
    double median; /**< when the Kaplan–Meier curve is at 1/2 or below; INFINITY: not within τ */
} unroll_survival;

/** For updates until a task is solved, which a run that used up its updates has not "solved at
 *  the last one":
 *
 *      time[k]     = solved ? steps_to_solve : diverged ? INFINITY : steps;
 *      happened[k] = solved;
 *
 *  A run that diverged will never solve, so its time is INFINITY, not the step where it broke
 *  off. Means can only be compared at one τ, up to which every group was watched:
 *  unroll_survival_horizon() of each, and the least of them. A restricted mean with unsolved
 *  runs in it is a lower bound of the mean, so show `happened` of `n` beside it; where nothing
 *  happened it is τ with an interval of no width, which says nothing of how long it would have
 *  taken.
 *  @param time  [count] positive; INFINITY where it happens never
 *  @param room  [count] scratch
 *  @return all NaN where count is 0
 *  Source: Kaplan and Meier (1958); Royston and Parmar (2013). The interval is that of the mean
 *  of the jackknife pseudo-values, which are min(time, τ) where nobody looked away before τ:
 *  Andersen, Hansen and Klein (2004). */
unroll_survival unroll_survival_of(const double *time, const bool *happened, size_t count,
                                   double horizon, double *room);

/** The longest τ to which a group's curve is known: its last time, where that is censored and
 *  finite; else INFINITY. INFINITY of all groups: take the largest time at which it happened, or
 *  what was the most that they had. */
double unroll_survival_horizon(const double *time, const bool *happened, size_t count);
#endif
