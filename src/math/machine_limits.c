#include "math/isa_table.h"
#include "math/tile.h"

/* clang-format off */
/* Multiply-adds on registers alone: what a core could do at most. Enough independent sums to cover the latency
 * of one; `volatile` keeps the factors from being known.
 * @return floating-point operations done */
double UNROLL_K(peak)(size_t rounds, unroll_real *sink)
{
    enum { SUMS = 12 };
    const volatile unroll_real factors[2] = {(unroll_real)0.999, (unroll_real)1e-3};
    const vec a = vec_all(factors[0]), b = vec_all(factors[1]);
    vec s[SUMS];
    FULLY for (size_t i = 0; i < SUMS; i++)
        s[i] = vec_all((unroll_real)i);
    for (size_t r = 0; r < rounds; r++)
        FULLY for (size_t i = 0; i < SUMS; i++)
            s[i] = s[i] * a + b;
    vec total = s[0];
    FULLY for (size_t i = 1; i < SUMS; i++)
        total += s[i];
    *sink = total[0];
    return 2.0 * (double)rounds * SUMS * LANES;
}

/* Reads n reals (a multiple of 8 vectors) and nothing else: what memory of that size delivers at most. */
unroll_real UNROLL_K(read)(size_t n, const unroll_real *x)
{
    enum { SUMS = 8 };
    vec s[SUMS];
    FULLY for (size_t i = 0; i < SUMS; i++)
        s[i] = vec_all(0);
    for (size_t k = 0; k + SUMS * LANES <= n; k += SUMS * LANES)
        FULLY for (size_t i = 0; i < SUMS; i++)
            s[i] += vec_load(x + k + i * LANES);
    vec total = s[0];
    FULLY for (size_t i = 1; i < SUMS; i++)
        total += s[i];
    return total[0];
}
/* clang-format on */
