#include "probe/spectrum.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "math/kernels.h"
#include "probe/measures.h"

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
        const unroll_product p = {.groups = 1,
                                  .rows = n,
                                  .N = pitch,
                                  .K = n,
                                  .A = M,
                                  .a_pitch = pitch,
                                  .panels = panels,
                                  .depth = n,
                                  .C = square,
                                  .c_pitch = pitch,
                                  .start = UNROLL_FROM_ZERO};
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

unroll_status unroll_measure_radius(size_t n, const float *W, double *radius)
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
