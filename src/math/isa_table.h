#ifndef UNROLL_MATH_ISA_TABLE_H
#define UNROLL_MATH_ISA_TABLE_H
#include "math/kernels.h"
#include "math/vec.h"

/* What the files of one instruction set's object share. */

enum {
    OUTER_DEPTH = 256, /* rows summed in registers before they go to C */
    /* Columns of A packed at a time: 144 KB, for the L2 cache; and of B: twice as many cost 4% at H = 512. */
    OUTER_M = 576 / sizeof(unroll_real),
    OUTER_N = 2048 / sizeof(unroll_real),
    OUTER_SCRATCH = (OUTER_DEPTH + 1) * (OUTER_M + OUTER_N)
};

bool UNROLL_K(supported)(void); /* in kernels.c, compiled for any processor */

void UNROLL_K(product)(const unroll_product *p);
void UNROLL_K(pack)(size_t K, size_t N, const unroll_real *W, size_t pitch, unroll_real *panels,
                    size_t depth);
void UNROLL_K(pack_transposed)(size_t N, size_t K, const unroll_real *W, size_t pitch,
                               unroll_real *panels, size_t depth);
void UNROLL_K(outer)(const unroll_outer *o);
void UNROLL_K(add)(size_t n, const unroll_real *a, const unroll_real *b, unroll_real *y);
void UNROLL_K(column_sum)(size_t rows, size_t N, const unroll_real *A, size_t pitch,
                          unroll_real *out);
void UNROLL_K(column_dot)(size_t rows, size_t N, const unroll_real *A, size_t a_pitch,
                          const unroll_real *B, size_t b_pitch, unroll_real *out);
double UNROLL_K(peak)(size_t rounds, unroll_real *sink);
unroll_real UNROLL_K(read)(size_t n, const unroll_real *x);
double UNROLL_K(sum_squares)(size_t n, const unroll_real *x);
unroll_softmax_fn UNROLL_K(softmax);
void UNROLL_K(additive)(const unroll_additive *p);
void UNROLL_K(additive_back)(const unroll_additive *p);
void UNROLL_K(exp)(size_t n, const unroll_real *x, unroll_real *y);
void UNROLL_K(tanh)(size_t n, const unroll_real *x, unroll_real *y);
void UNROLL_K(tanh_back)(size_t n, const unroll_real *x, const unroll_real *dy, unroll_real *dx);
void UNROLL_K(sigmoid)(size_t n, const unroll_real *x, unroll_real *y);
#endif
