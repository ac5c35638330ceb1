#ifndef UNROLL_MATH_RADIUS_H
#define UNROLL_MATH_RADIUS_H
#include <unroll/status.h>

#include "math/kernels.h"

/** Spectral radius (largest |eigenvalue|) of W [n][n], finite, by Gelfand's formula: W is squared again and again, the
 *  Frobenius norm divided out each time and its logarithm kept, until log‖W^2k‖ − log‖W^k‖ over k stands still. This
 *  needs no eigenvectors and meets complex pairs, where power iteration would turn round for ever.
 *  @param kernels  whose products are taken: the order of their sums decides the last bits of the result
 *  @param radius   0 where powers of W vanish
 *  @return UNROLL_EMEMORY
 *  Source: Gelfand (1941); accurate to about 1e-5, 1e-3 where eigenvalues are defective. */
unroll_status unroll_radius(const unroll_kernels *kernels, size_t n, const unroll_real *W,
                            double *radius);
#endif
