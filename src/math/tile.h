#ifndef UNROLL_MATH_TILE_H
#define UNROLL_MATH_TILE_H
#include "math/vec.h"

/* C[M][P·WIDTH] = from + A[M][K] · P panels, all M·P·2 sums in registers, k ascending: one chain of
 * (fused) multiply-adds for each element, whatever M and P are. M and P are constants where it is inlined.
 * A's element (i, k) is at i·a_row + k·a_step. */
static inline __attribute__((always_inline)) void
tile(size_t M, size_t P, size_t K, const unroll_real *A, size_t a_row, size_t a_step,
     const unroll_real *panel, size_t panel_pitch, const unroll_real *from, size_t from_pitch,
     unroll_real *C, size_t c_pitch)
{
    vec acc[TILE_ROWS * 2];
    for (size_t i = 0; i < M; i++)
        for (size_t v = 0; v < 2 * P; v++)
            acc[i * 2 * P + v] = vec_load(from + i * from_pitch + v * LANES);
    for (size_t k = 0; k < K; k++) {
        vec w[TILE_ROWS];
#pragma GCC unroll 16
        for (size_t v = 0; v < 2 * P; v++)
            w[v] = vec_load(panel + v / 2 * panel_pitch + k * WIDTH + v % 2 * LANES);
#pragma GCC unroll 16
        for (size_t i = 0; i < M; i++) {
            const vec a = vec_all(A[i * a_row + k * a_step]);
#pragma GCC unroll 16
            for (size_t v = 0; v < 2 * P; v++)
                acc[i * 2 * P + v] += a * w[v];
        }
    }
    for (size_t i = 0; i < M; i++)
        for (size_t v = 0; v < 2 * P; v++)
            vec_store(C + i * c_pitch + v * LANES, acc[i * 2 * P + v]);
}
#endif
