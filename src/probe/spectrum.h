#ifndef UNROLL_PROBE_SPECTRUM_H
#define UNROLL_PROBE_SPECTRUM_H
#include <stddef.h>
#include <unroll/status.h>

/** Spectral radius (largest |eigenvalue|) of W [n][n], by Gelfand's formula: W is squared again
 *  and again, the Frobenius norm divided out each time and its logarithm kept, until log‖W^2k‖ −
 *  log‖W^k‖ over k stands still. This needs no eigenvectors and meets complex pairs, where power
 *  iteration would turn round for ever.
 *  @param radius  NaN where W is not finite
 *  @return UNROLL_EMEMORY
 *  Source: Gelfand (1941); accurate to about 1e-5, 1e-3 where eigenvalues are defective. */
unroll_status unroll_spectral_radius(size_t n, const float *W, double *radius);

/** Spectral norm (largest singular value) of W [rows][cols], by power iteration on W^T W in
 *  doubles. */
unroll_status unroll_spectral_norm(size_t rows, size_t cols, const float *W, double *norm);
#endif
