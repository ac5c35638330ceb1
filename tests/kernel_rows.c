#include "kernel_rows.h"

#include <check.h>
#include <string.h>

#include "base/memory.h"

unroll_rng rng;

const unroll_kernels *kernel_row(int i)
{
    const unroll_kernels *k = unroll_kernels_table[i];
    return k->supported() ? k : NULL;
}

int kernel_rows(void)
{
    int n = 0;
    while (unroll_kernels_table[n])
        n++;
    return n;
}

unroll_real *reals(size_t count)
{
    unroll_real *x = unroll_alloc(count, sizeof *x);
    ck_assert_ptr_nonnull(x);
    for (size_t i = 0; i < count; i++)
        x[i] = (unroll_real)(2 * unroll_rng_uniform(&rng) - 1);
    return x;
}

unroll_real *copy(const unroll_real *x, size_t count)
{
    unroll_real *y = unroll_alloc(count, sizeof *y);
    ck_assert_ptr_nonnull(y);
    memcpy(y, x, count * sizeof *x);
    return y;
}

size_t round_up(size_t n, size_t step)
{
    return (n + step - 1) / step * step;
}

double bound(size_t terms, double magnitude)
{
    return (sizeof(unroll_real) == sizeof(float) ? 0x1p-24 : 0x1p-53) * ((double)terms + 2) *
           (magnitude + 1);
}
