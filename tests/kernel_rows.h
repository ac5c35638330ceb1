#ifndef TESTS_KERNEL_ROWS_H
#define TESTS_KERNEL_ROWS_H
#include "base/rng.h"
#include "math/kernels.h"

/* The rows of the table of kernels, and arrays to run them on. */

/** Fails the calling test. ck_assert_msg() notes file and line in a pipe each time it holds: too slow for millions
 *  of elements. */
#define expect(condition, ...)         \
    do {                               \
        if (!(condition))              \
            ck_abort_msg(__VA_ARGS__); \
    } while (0)

extern unroll_rng rng; /**< what reals() draws from; make_suite() seeds it */

/** Row i of the table, or NULL where this machine cannot run it: each test runs once for every row. */
const unroll_kernels *kernel_row(int i);
int kernel_rows(void); /**< how many */

/** Exactly `count` values in [-1,1), so that a sanitizer sees a step too far; unroll_free(). */
unroll_real *reals(size_t count);
unroll_real *copy(const unroll_real *x, size_t count);
/** The next multiple of `step`. */
size_t round_up(size_t n, size_t step);

/** The bound on the error of a sum of `terms` products of reals, in any order, with values below 1: n·u times the
 *  sum of magnitudes. */
double bound(size_t terms, double magnitude);
#endif
