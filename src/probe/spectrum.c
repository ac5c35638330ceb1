#include "probe/spectrum.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "math/radius.h"
#include "probe/measures.h"

static bool all_finite(size_t count, const float *W)
{
    for (size_t i = 0; i < count; i++)
        if (!isfinite(W[i]))
            return false;
    return true;
}

/* ---- radius ---- */

unroll_status unroll_measure_radius(size_t n, const float *W, double *radius)
{
    const unroll_kernels *k = unroll_kernels_get();
    size_t count;
    *radius = NAN;
    if (!k)
        return UNROLL_EUSAGE;
    if (!unroll_mul(n, n, &count))
        return unroll_fail(UNROLL_EMEMORY, "a matrix of %zu rows is too large", n);
    if (!all_finite(count, W))
        return UNROLL_OK;
    unroll_real *wide = unroll_alloc(count, sizeof *wide);
    if (!wide)
        return UNROLL_EMEMORY;
    for (size_t i = 0; i < count; i++)
        wide[i] = W[i];
    const unroll_status status = unroll_radius(k, n, wide, radius);
    unroll_free(wide);
    return status;
}

/* ---- norm ---- */

static double length_of(size_t n, const double *x)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sqrt(sum);
}

double unroll_power_turn(size_t rows, size_t cols, const double *M, double *left, double *right)
{
    memset(right, 0, cols * sizeof *right);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < cols; j++)
            right[j] += left[i] * M[i * cols + j];
    for (size_t i = 0; i < rows; i++) {
        double sum = 0;
        for (size_t j = 0; j < cols; j++)
            sum += M[i * cols + j] * right[j];
        left[i] = sum;
    }
    const double length = length_of(rows, left);
    for (size_t i = 0; length > 0 && i < rows; i++)
        left[i] /= length;
    return length;
}

double unroll_power_iteration(size_t rows, size_t cols, const double *M, double tolerance,
                              double *left, double *right)
{
    enum { TURNS = 1000 };
    double before = -1, sigma = 0;
    for (int i = 0; i < TURNS && fabs(sigma - before) > tolerance * sigma; i++) {
        before = sigma;
        sigma = sqrt(unroll_power_turn(rows, cols, M, left, right));
    }
    return sigma;
}

unroll_status unroll_spectral_norm(size_t rows, size_t cols, const float *W, double *norm)
{
    double *M = unroll_alloc(rows * cols, sizeof *M); /* W^T */
    double *v = unroll_alloc(cols, sizeof *v), *u = unroll_alloc(rows, sizeof *u);
    const unroll_status status = M && v && u ? UNROLL_OK : UNROLL_EMEMORY;
    *norm = NAN;
    if (!status && all_finite(rows * cols, W)) {
        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < cols; j++)
                M[j * rows + i] = W[i * cols + j];
        for (size_t j = 0; j < cols; j++)
            v[j] = 1 + 0.1 * (double)(j % 7); /* no symmetry that could hide the direction */
        *norm = unroll_power_iteration(cols, rows, M, 5e-10, v, u);
    }
    unroll_free(u);
    unroll_free(v);
    unroll_free(M);
    return status;
}
