#ifndef UNROLL_PROBE_FIT_H
#define UNROLL_PROBE_FIT_H
#include "probe/curve.h"

enum {
    UNROLL_FIT_FROM = 5,  /**< first distance that is fitted: an LSTM's h falls at once at 1 */
    UNROLL_FIT_POINTS = 3 /**< fewer distances than this are not fitted */
};

/** How a curve falls: least squares of log10 of the geometric mean on the distance, from
 *  UNROLL_FIT_FROM to where it ends or meets its floor, the smallest normal double. */
typedef struct unroll_fit {
    size_t first, last;      /**< distances that were fitted */
    double slope;            /**< decades a step; NAN, like the rest, where there was too little */
    double low, high;        /**< of slope: 95%, by bootstrap over samples; NAN for one */
    double rho;              /**< 10^slope: the factor a step */
    double half_life;        /**< steps; INFINITY where the curve does not fall */
    double r2;
    size_t horizon;          /**< first distance where the curve is 1/1000 of its value at
                                  UNROLL_FIT_FROM; SIZE_MAX: beyond the last */
} unroll_fit;

/** @param seed  of the bootstrap
 *  @return UNROLL_EMEMORY */
unroll_status unroll_fit_curve(const unroll_curve *curve, size_t layer,
                               enum unroll_state state,
                               uint64_t seed, unroll_fit *out);
#endif
