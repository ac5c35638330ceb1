#include <string.h>
#include "math/set.h"

/* y = f(x): whole vectors, and the tail through a buffer, so that a value's bits do not depend on its place. */
#define ELEMENTWISE(name)                                                                \
    void UNROLL_K(name)(size_t n, const unroll_real *x, unroll_real *y)                  \
    {                                                                                    \
        size_t i = 0;                                                                    \
        for (; i + LANES <= n; i += LANES)                                               \
            vec_store(y + i, vec_##name(vec_load(x + i)));                               \
        if (i < n) {                                                                     \
            unroll_real tail[LANES] = {0};                                               \
            memcpy(tail, x + i, (n - i) * sizeof *x);                                    \
            vec_store(tail, vec_##name(vec_load(tail)));                                 \
            memcpy(y + i, tail, (n - i) * sizeof *y);                                    \
        }                                                                                \
    }
ELEMENTWISE(exp)
ELEMENTWISE(tanh)
ELEMENTWISE(sigmoid)

void UNROLL_K(add)(size_t n, const unroll_real *a, const unroll_real *b, unroll_real *y)
{
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        vec_store(y + i, vec_load(a + i) + vec_load(b + i));
    for (; i < n; i++)
        y[i] = a[i] + b[i];
}

void UNROLL_K(column_sum)(size_t rows, size_t N, const unroll_real *A, size_t pitch,
                          unroll_real *out)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t n = 0; n < N; n++)
            out[n] += A[r * pitch + n];
}

double UNROLL_K(sum_squares)(size_t n, const unroll_real *x)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sum;
}

double UNROLL_K(softmax)(size_t V, size_t pitch, unroll_real *logits, uint32_t target,
                         unroll_real scale, uint32_t *best)
{
    size_t top = 0;
    for (size_t i = 1; i < V; i++)
        if (logits[i] > logits[top])
            top = i;
    *best = (uint32_t)top;
    const unroll_real max = logits[top];
    const double shifted = (double)logits[target] - (double)max;
    double sum = 0;
    for (size_t i = 0; i < V; i++) {
        const vec e = vec_exp(vec_all(logits[i] - max));
        logits[i] = e[0];
        sum += (double)logits[i];
    }
    const unroll_real factor = (unroll_real)((double)scale / sum);
    for (size_t i = 0; i < V; i++)
        logits[i] *= factor;
    logits[target] -= scale;
    memset(logits + V, 0, (pitch - V) * sizeof *logits);
    if (scale == 0)
        memset(logits, 0, V * sizeof *logits);
    return log(sum) - shifted;
}
