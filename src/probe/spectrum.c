#include "probe/spectrum.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "math/kernels.h"

static bool all_finite(size_t count, const float *W)
{
    for (size_t i = 0; i < count; i++)
        if (!isfinite(W[i]))
            return false;
    return true;
}

/* ---- radius ---- */

enum { SQUARINGS = 24 }; /* W^(2^24): what has not settled by then is equal in modulus */

/* Divide by the Frobenius norm; returns its logarithm, −INFINITY for zero. */
static double normalise(const unroll_kernels *k, size_t count, unroll_real *M)
{
    const double norm = sqrt(k->sum_squares(count, M));
    if (norm > 0)
        for (size_t i = 0; i < count; i++)
            M[i] = (unroll_real)(M[i] / norm);
    return log(norm);
}

/* M [n][pitch], padding zero, is overwritten. */
static double gelfand(const unroll_kernels *k, size_t n, size_t pitch, unroll_real *M,
                      unroll_real *square, unroll_real *panels)
{
    /* M = W^p / exp(log_norm), so ‖W^p‖ = exp(log_norm). */
    double log_norm = normalise(k, n * pitch, M), before = INFINITY, power = 1;
    for (int i = 0; i < SQUARINGS && isfinite(log_norm); i++) {
        k->pack(n, pitch, M, pitch, panels, n);
        const unroll_product p = {.groups = 1, .rows = n, .N = pitch, .K = n, .A = M,
                                  .a_pitch = pitch, .panels = panels, .depth = n, .C = square,
                                  .c_pitch = pitch, .start = UNROLL_FROM_ZERO};
        k->product(&p);
        const double gain = normalise(k, n * pitch, square); /* log ‖W^2p‖ − 2 log ‖W^p‖ */
        const double estimate = (log_norm + gain) / power;
        memcpy(M, square, n * pitch * sizeof *M);
        log_norm = 2 * log_norm + gain;
        power *= 2;
        if (fabs(estimate - before) < 1e-6)
            return exp(estimate);
        before = estimate;
    }
    return isfinite(log_norm) ? exp(log_norm / power) : 0;
}

unroll_status unroll_spectral_radius(size_t n, const float *W, double *radius)
{
    const unroll_kernels *k = unroll_kernels_get();
    *radius = NAN;
    if (!k)
        return UNROLL_EUSAGE;
    const size_t pitch = (n + k->width - 1) / k->width * k->width;
    size_t count;
    if (!unroll_mul(n, pitch, &count))
        return unroll_fail(UNROLL_EMEMORY, "a matrix of %zu rows is too large", n);
    unroll_real *M = unroll_alloc(count, sizeof *M), *square = unroll_alloc(count, sizeof *M);
    unroll_real *panels = unroll_alloc(count, sizeof *M);
    const unroll_status status = M && square && panels ? UNROLL_OK : UNROLL_EMEMORY;
    if (!status && all_finite(n * n, W)) {
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++)
                M[i * pitch + j] = W[i * n + j];
        *radius = gelfand(k, n, pitch, M, square, panels);
    }
    unroll_free(panels);
    unroll_free(square);
    unroll_free(M);
    return status;
}

/* ---- norm ---- */

/* v ← W^T W v, then to length 1; returns the length before: σ² where v has settled. */
static double iterate(size_t rows, size_t cols, const float *W, double *v, double *next)
{
    double squares = 0;
    memset(next, 0, cols * sizeof *next);
    for (size_t i = 0; i < rows; i++) {
        double u = 0;
        for (size_t j = 0; j < cols; j++)
            u += W[i * cols + j] * v[j];
        for (size_t j = 0; j < cols; j++)
            next[j] += W[i * cols + j] * u;
    }
    for (size_t j = 0; j < cols; j++)
        squares += next[j] * next[j];
    const double length = sqrt(squares);
    for (size_t j = 0; j < cols; j++)
        v[j] = length > 0 ? next[j] / length : 0;
    return length;
}

unroll_status unroll_spectral_norm(size_t rows, size_t cols, const float *W, double *norm)
{
    double *v = unroll_alloc(cols, sizeof *v), *next = unroll_alloc(cols, sizeof *next);
    const unroll_status status = v && next ? UNROLL_OK : UNROLL_EMEMORY;
    *norm = NAN;
    if (!status && all_finite(rows * cols, W)) {
        double before = -1, now = 0;
        for (size_t j = 0; j < cols; j++)
            v[j] = 1 + 0.1 * (double)(j % 7); /* no symmetry that could hide the direction */
        for (int i = 0; i < 1000 && fabs(now - before) > 1e-9 * now; i++) {
            before = now;
            now = iterate(rows, cols, W, v, next);
        }
        *norm = sqrt(now);
    }
    unroll_free(next);
    unroll_free(v);
    return status;
}
