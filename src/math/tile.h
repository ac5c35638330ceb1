#ifndef UNROLL_MATH_TILE_H
#define UNROLL_MATH_TILE_H
#include <stdbool.h>
#include "math/vec.h"

/* Before a loop whose every round must stand by itself, so that what it indexes can live in registers. */
#ifdef __clang__
#define FULLY _Pragma("clang loop unroll(full)")
#define BY_FOUR _Pragma("clang loop unroll_count(4)")
#else
#define FULLY _Pragma("GCC unroll 24")
#define BY_FOUR _Pragma("GCC unroll 4")
#endif

/* A tile's panels, what its sums begin with, and its results. Panel number v of the tile is at v·panel_step,
 * its columns at v·from_step and v·c_step. */
typedef struct tile_place {
    const unroll_real *panel, *from;
    unroll_real *C;
    size_t panel_step, from_step, c_step;
    size_t from_pitch, c_pitch;
} tile_place;

/* clang-format off */
/* C[M][P panels] = from + A[M][K] · panels, all its M·P·2 vectors in registers, k ascending: one chain of
 * (fused) multiply-adds an element, whatever M and P are. A's element (i, k) is at i·a_row + k·a_step.
 * M and P are constants where it is inlined, M·P <= TILE_ROWS; so is `add`, for C += that sum. */
static inline __attribute__((always_inline)) void tile(size_t M, size_t P, size_t K, bool add,
                                                       const unroll_real *A, size_t a_row,
                                                       size_t a_step, const tile_place *at)
{
    const tile_place to = *at;
    vec sum[TILE_ROWS * 2], w[TILE_ROWS * 2];
    FULLY
    for (size_t i = 0; i < M; i++)
        FULLY
        for (size_t v = 0; v < 2 * P; v++)
            sum[i * 2 * P + v] = vec_load(to.from + i * to.from_pitch + v / 2 * to.from_step +
                                          v % 2 * LANES);
    BY_FOUR
    for (size_t k = 0; k < K; k++) {
        FULLY
        for (size_t v = 0; v < 2 * P; v++)
            w[v] = vec_load(to.panel + v / 2 * to.panel_step + k * WIDTH + v % 2 * LANES);
        FULLY
        for (size_t i = 0; i < M; i++) {
            const vec a = vec_all(A[i * a_row + k * a_step]);
            FULLY
            for (size_t v = 0; v < 2 * P; v++)
                sum[i * 2 * P + v] += a * w[v];
        }
    }
    FULLY
    for (size_t i = 0; i < M; i++)
        FULLY
        for (size_t v = 0; v < 2 * P; v++) {
            unroll_real *c = to.C + i * to.c_pitch + v / 2 * to.c_step + v % 2 * LANES;
            vec_store(c, add ? vec_load(c) + sum[i * 2 * P + v] : sum[i * 2 * P + v]);
        }
}
/* clang-format on */
#endif
