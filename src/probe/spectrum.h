#ifndef UNROLL_PROBE_SPECTRUM_H
#define UNROLL_PROBE_SPECTRUM_H
#include <stddef.h>
#include <unroll/status.h>

/** Spectral radius of W [n][n], in doubles; see math/radius.h.
 *  @param radius  NaN where W is not finite
 *  @return UNROLL_EMEMORY; UNROLL_EUSAGE where the kernels that the environment asks for are not there */
unroll_status unroll_spectral_radius(size_t n, const float *W, double *radius);

/** Spectral norm (largest singular value σ_max) of W [rows][cols], by power iteration on W^T W in
 *  doubles.
 *  @param norm  NaN where W is not finite
 *  @return UNROLL_EMEMORY */
unroll_status unroll_spectral_norm(size_t rows, size_t cols, const float *W, double *norm);

/** One turn of power iteration on M M^T: right ← M^T left, left ← M right, brought to length 1.
 *  @param M      [rows][cols]
 *  @param left   [rows]; @param right  [cols] is overwritten
 *  @return |M right|. Where left had length 1 this approaches σ_max², and |right| approaches σ_max */
double unroll_power_turn(size_t rows, size_t cols, const double *M, double *left, double *right);

/** σ_max of M [rows][cols]: turns until the estimate moves by no more than `tolerance` of itself, at most
 *  1000.
 *  @param left  [rows] where it starts: not orthogonal to the first left singular vector, which it becomes
 *  @param right [cols] is overwritten
 *  @return NaN where M is not finite
 *  Source: Golub and Van Loan (2013), section 7.3.1. */
double unroll_power_iteration(size_t rows, size_t cols, const double *M, double tolerance,
                              double *left, double *right);
#endif
