#include "math/radius.h"

#include <math.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"

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

unroll_status unroll_radius(const unroll_kernels *k, size_t n, const unroll_real *W, double *radius)
{
    const size_t pitch = (n + k->width - 1) / k->width * k->width;
    size_t count;
    if (!unroll_mul(n, pitch, &count))
        return unroll_fail(UNROLL_EMEMORY, "a matrix of %zu rows is too large", n);
    unroll_real *M = unroll_alloc(count, sizeof *M), *square = unroll_alloc(count, sizeof *M);
    unroll_real *panels = unroll_alloc(count, sizeof *M);
    const unroll_status status = M && square && panels ? UNROLL_OK : UNROLL_EMEMORY;
    if (!status) {
        for (size_t i = 0; i < n; i++)
            memcpy(M + i * pitch, W + i * n, n * sizeof *M);
        *radius = gelfand(k, n, pitch, M, square, panels);
    }
    unroll_free(panels);
    unroll_free(square);
    unroll_free(M);
    return status;
}
