#include <string.h>
#include "math/isa_table.h"

/* y = f(x): whole vectors, and the tail through a buffer, so that a value's bits do not depend on its place. */
#define ELEMENTWISE(name)                                               \
    void UNROLL_K(name)(size_t n, const unroll_real *x, unroll_real *y) \
    {                                                                   \
        size_t i = 0;                                                   \
        for (; i + LANES <= n; i += LANES)                              \
            vec_store(y + i, vec_##name(vec_load(x + i)));              \
        if (i < n) {                                                    \
            unroll_real tail[LANES] = {0};                              \
            memcpy(tail, x + i, (n - i) * sizeof *x);                   \
            vec_store(tail, vec_##name(vec_load(tail)));                \
            memcpy(y + i, tail, (n - i) * sizeof *y);                   \
        }                                                               \
    }
ELEMENTWISE(exp)
ELEMENTWISE(tanh)
ELEMENTWISE(sigmoid)

/* dy · sech²(x) */
static inline vec through_tanh(vec x, vec dy)
{
    vec slope;
    vec_tanh_slope(x, &slope);
    return dy * slope;
}

void UNROLL_K(tanh_back)(size_t n, const unroll_real *x, const unroll_real *dy, unroll_real *dx)
{
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        vec_store(dx + i, through_tanh(vec_load(x + i), vec_load(dy + i)));
    if (i < n) {
        unroll_real tail[2 * LANES] = {0};
        memcpy(tail, x + i, (n - i) * sizeof *x);
        memcpy(tail + LANES, dy + i, (n - i) * sizeof *dy);
        vec_store(tail, through_tanh(vec_load(tail), vec_load(tail + LANES)));
        memcpy(dx + i, tail, (n - i) * sizeof *dx);
    }
}

void UNROLL_K(add)(size_t n, const unroll_real *a, const unroll_real *b, unroll_real *y)
{
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        vec_store(y + i, vec_load(a + i) + vec_load(b + i));
    for (; i < n; i++)
        y[i] = a[i] + b[i];
}

/* Eight rows are summed before they meet the large sums in `out`. */
void UNROLL_K(column_sum)(size_t rows, size_t N, const unroll_real *A, size_t pitch, unroll_real *out)
{
    enum { ROWS = 8 };
    for (size_t r = 0; r < rows; r += ROWS, A += ROWS * pitch) {
        const size_t count = rows - r < ROWS ? rows - r : ROWS;
        size_t n = 0;
        for (; n + LANES <= N; n += LANES) {
            vec sum = vec_load(A + n);
            for (size_t i = 1; i < count; i++)
                sum += vec_load(A + i * pitch + n);
            vec_store(out + n, vec_load(out + n) + sum);
        }
        for (; n < N; n++) {
            unroll_real sum = A[n];
            for (size_t i = 1; i < count; i++)
                sum += A[i * pitch + n];
            out[n] += sum;
        }
    }
}

/* The first n <= LANES of a vector, 0 behind them. */
static inline vec load_head(const unroll_real *p, size_t n)
{
    if (n == LANES)
        return vec_load(p);
    unroll_real head[LANES] = {0};
    memcpy(head, p, n * sizeof *p);
    return vec_load(head);
}

/* Where products and sums contract, a tail of scalars might round otherwise: so it goes through vectors as well. */
void UNROLL_K(column_dot)(size_t rows, size_t N, const unroll_real *A, size_t a_pitch,
                          const unroll_real *B, size_t b_pitch, unroll_real *out)
{
    enum { ROWS = 8 };
    for (size_t r = 0; r < rows; r += ROWS, A += ROWS * a_pitch, B += ROWS * b_pitch) {
        const size_t count = rows - r < ROWS ? rows - r : ROWS;
        for (size_t n = 0; n < N; n += LANES) {
            const size_t some = N - n < LANES ? N - n : LANES;
            vec sum = {0};
            for (size_t i = 0; i < count; i++)
                sum += load_head(A + i * a_pitch + n, some) * load_head(B + i * b_pitch + n, some);
            sum += load_head(out + n, some);
            unroll_real head[LANES];
            vec_store(some == LANES ? out + n : head, sum);
            if (some < LANES)
                memcpy(out + n, head, some * sizeof *out);
        }
    }
}

/* Squares of floats are exact in double, and the sums are the same sixteen in every set: so are the bits. */
double UNROLL_K(sum_squares)(size_t n, const unroll_real *x)
{
    enum { SUMS = 16 };
    double sum[SUMS] = {0}, total = 0;
    size_t i = 0;
    for (; i + SUMS <= n; i += SUMS)
        for (size_t s = 0; s < SUMS; s++)
            sum[s] += (double)x[i + s] * (double)x[i + s];
    for (; i < n; i++)
        sum[i % SUMS] += (double)x[i] * (double)x[i];
    for (size_t s = 0; s < SUMS; s++)
        total += sum[s];
    return total;
}

/* The largest of x[0..n), n a multiple of LANES, and the first place where it is. NaN is never the largest. */
static unroll_real largest(size_t n, const unroll_real *x, size_t *where)
{
    vec top = vec_all((unroll_real)-INFINITY);
    vec_int place = {0};
    for (size_t i = 0; i < n; i += LANES) {
        const vec v = vec_load(x + i);
        const vec_int above = v > top;
        top = vec_select(above, v, top);
        place = (above & (vec_index)(i / LANES)) | (~above & place);
    }
    *where = 0;
    unroll_real max = (unroll_real)-INFINITY;
    for (size_t lane = 0; lane < LANES; lane++) {
        const size_t at = (size_t)place[lane] * LANES + lane;
        if (top[lane] > max || (top[lane] == max && at < *where)) {
            max = top[lane];
            *where = at;
        }
    }
    return max;
}

/* The target's term is left out of the sum, so that nothing is lost of the others where it is nearly all:
 *   p_k − 1 = −Σ_{j≠k} e_j / Σ e_j      −ln p_k = ln(1 + Σ_{j≠k} e_j) where e_k = 1 is the largest */
double UNROLL_K(softmax)(size_t V, size_t pitch, unroll_real *logits, uint32_t target,
                         unroll_real scale, uint32_t *best)
{
    for (size_t i = V; i < pitch; i++)
        logits[i] = (unroll_real)-INFINITY; /* has no part in what follows, and ends as 0 */
    size_t top;
    const unroll_real max = largest(pitch, logits, &top);
    const double below = (double)max - (double)logits[target];
    const unroll_real own = vec_exp(vec_all(logits[target] - max))[0];
    *best = (uint32_t)top;

    logits[target] = (unroll_real)-INFINITY;
    vec sums = {0};
    for (size_t i = 0; i < pitch; i += LANES) {
        const vec e = vec_exp(vec_load(logits + i) - max);
        sums += e;
        vec_store(logits + i, e);
    }
    double others = 0;
    for (size_t lane = 0; lane < LANES; lane++)
        others += (double)sums[lane];
    const double sum = others + (double)own;

    if (scale == 0) {
        memset(logits, 0, pitch * sizeof *logits);
    } else {
        const unroll_real factor = (unroll_real)((double)scale / sum);
        for (size_t i = 0; i < pitch; i += LANES)
            vec_store(logits + i, vec_load(logits + i) * factor);
        logits[target] = (unroll_real)(-(double)scale * others / sum);
    }
    return below == 0 ? log1p(others) : log(sum) + below;
}
