#include <string.h>
#include "math/set.h"
#include "math/tile.h"

/* The tall product A^T·B by blocks, as Goto and van de Geijn (2008): a block of B is packed into panels, a block
 * of A into strips of TILE_ROWS columns that stay in L2, and one panel at a time stays in L1 while all
 * strips pass it. OUTER_DEPTH rows are summed from zero, then added to C: fewer roundings meet large sums. */

static const unroll_real zeros[WIDTH];

/* x[depth][count] into ceil(count/size) pieces of [depth][size], OUTER_DEPTH + 1 rows apart so that they do not
 * all meet in the same lines of L1; columns past count are zero. Row by row, a few rows ahead asked for:
 * rows are so far apart that the processor does not see what comes. */
static inline __attribute__((always_inline)) void
pack_pieces(size_t depth, size_t count, size_t size, const unroll_real *x, size_t pitch,
            unroll_real *pieces)
{
    enum { AHEAD = 8, LINE = 64 / sizeof *x };
    const size_t full = count / size * size;
    for (size_t k = 0; k < depth; k++, x += pitch, pieces += size) {
        unroll_real *to = pieces;
        if (k + AHEAD < depth)
            for (size_t i = 0; i < count; i += LINE)
                __builtin_prefetch(x + AHEAD * pitch + i);
        for (size_t i = 0; i < full; i += size, to += (OUTER_DEPTH + 1) * size)
            memcpy(to, x + i, size * sizeof *x);
        if (full < count) {
            memset(to, 0, size * sizeof *x);
            memcpy(to, x + full, (count - full) * sizeof *x);
        }
    }
}

/* C[rows][columns] += strip^T · panel */
static void add_tile(size_t depth, const unroll_real *strip, const unroll_real *panel, size_t rows,
                     size_t columns, unroll_real *C, size_t c_pitch)
{
    if (rows == TILE_ROWS && columns == WIDTH) {
        for (size_t i = 0; i < TILE_ROWS; i++)
            __builtin_prefetch(C + i * c_pitch, 1);
        const tile_place at = {.panel = panel, .from = zeros, .C = C, .c_pitch = c_pitch};
        tile(TILE_ROWS, 1, depth, true, strip, 1, TILE_ROWS, &at);
        return;
    }
    unroll_real sum[TILE_ROWS * WIDTH];
    const tile_place at = {.panel = panel, .from = zeros, .C = sum, .c_pitch = WIDTH};
    tile(TILE_ROWS, 1, depth, false, strip, 1, TILE_ROWS, &at);
    for (size_t i = 0; i < rows; i++)
        for (size_t n = 0; n < columns; n++)
            C[i * c_pitch + n] += sum[i * WIDTH + n];
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

void UNROLL_K(outer)(const unroll_outer *o)
{
    unroll_real *strips = o->scratch, *panels = strips + (OUTER_DEPTH + 1) * OUTER_M;
    for (size_t n0 = 0; n0 < o->N; n0 += OUTER_N) {
        const size_t N = least(o->N - n0, OUTER_N);
        for (size_t r = 0; r < o->rows; r += OUTER_DEPTH) {
            const size_t depth = least(o->rows - r, OUTER_DEPTH);
            pack_pieces(depth, N, WIDTH, o->B + r * o->b_pitch + n0, o->b_pitch, panels);
            for (size_t m0 = 0; m0 < o->M; m0 += OUTER_M) {
                const size_t M = least(o->M - m0, OUTER_M);
                pack_pieces(depth, M, TILE_ROWS, o->A + r * o->a_pitch + m0, o->a_pitch, strips);
                for (size_t n = 0; n < N; n += WIDTH)
                    for (size_t m = 0; m < M; m += TILE_ROWS)
                        add_tile(depth, strips + m * (OUTER_DEPTH + 1),
                                 panels + n * (OUTER_DEPTH + 1),
                                 least(M - m, TILE_ROWS), least(N - n, WIDTH),
                                 o->C + (m0 + m) * o->c_pitch + n0 + n, o->c_pitch);
            }
        }
    }
}
