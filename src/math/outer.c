#include <string.h>
#include "math/isa_table.h"
#include "math/tile.h"

/* The tall product A^T·B by blocks, as Goto and van de Geijn (2008): a block of B is packed into panels, a block
 * of A into strips of TILE_ROWS columns that stay in L2, and one panel at a time stays in L1 while all
 * strips pass it. OUTER_DEPTH rows are summed from zero, then added to C: fewer roundings meet large sums. */

static const unroll_real zeros[WIDTH];

/* x[depth][count] into ceil(count/size) pieces of [depth][size], OUTER_DEPTH + 1 rows apart so that they do not
 * all meet in the same lines of L1; columns past count are zero. Row by row, a few rows ahead asked for:
 * rows are so far apart that the processor does not see what comes. */
static inline __attribute__((always_inline)) void pack_pieces(size_t depth, size_t count,
                                                              size_t size, const unroll_real *x,
                                                              size_t pitch, unroll_real *pieces)
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

/* The columns of all of `right`, which fit into the scratch, by all of A. */
static void pass(const unroll_outer *o, const unroll_outer_right right[UNROLL_OUTER_RIGHTS],
                 unroll_real *sum)
{
    unroll_real *strips = o->scratch, *first = strips + (OUTER_DEPTH + 1) * OUTER_M;
    for (size_t r = 0; r < o->rows; r += OUTER_DEPTH) {
        const size_t depth = least(o->rows - r, OUTER_DEPTH);
        unroll_real *panels = first;
        for (size_t i = 0; i < UNROLL_OUTER_RIGHTS && right[i].N > 0; i++) {
            pack_pieces(depth, right[i].N, WIDTH, right[i].B + r * right[i].b_pitch,
                        right[i].b_pitch, panels);
            panels += right[i].columns * (OUTER_DEPTH + 1);
        }
        for (size_t m0 = 0; m0 < o->M; m0 += OUTER_M) {
            const size_t M = least(o->M - m0, OUTER_M);
            const unroll_real *A = o->A + r * o->a_pitch + m0, *panel = first;
            pack_pieces(depth, M, TILE_ROWS, A, o->a_pitch, strips);
            if (sum)
                UNROLL_K(column_sum)(depth, M, A, o->a_pitch, sum + m0);
            for (size_t i = 0; i < UNROLL_OUTER_RIGHTS; i++)
                for (size_t n = 0; n < right[i].N; n += WIDTH, panel += WIDTH * (OUTER_DEPTH + 1))
                    for (size_t m = 0; m < M; m += TILE_ROWS)
                        add_tile(depth, strips + m * (OUTER_DEPTH + 1), panel,
                                 least(M - m, TILE_ROWS), least(right[i].N - n, WIDTH),
                                 right[i].C + (m0 + m) * right[i].c_pitch + n, right[i].c_pitch);
        }
    }
}

void UNROLL_K(outer)(const unroll_outer *o)
{
    unroll_outer_right right[UNROLL_OUTER_RIGHTS];
    unroll_real *sum = o->sum;
    size_t columns = 0;
    for (size_t i = 0; i < UNROLL_OUTER_RIGHTS; i++) {
        right[i] = o->right[i];
        columns += right[i].columns = (right[i].N + WIDTH - 1) / WIDTH * WIDTH;
    }
    if (columns <= OUTER_N) {
        pass(o, right, sum);
        return;
    }
    for (size_t i = 0; i < UNROLL_OUTER_RIGHTS; i++)
        for (size_t n = 0; n < o->right[i].N; n += OUTER_N, sum = NULL) {
            const unroll_outer_right *all = &o->right[i];
            const size_t N = least(all->N - n, OUTER_N);
            pass(o,
                 (unroll_outer_right[UNROLL_OUTER_RIGHTS]){
                     {.B = all->B + n,
                      .b_pitch = all->b_pitch,
                      .N = N,
                      .C = all->C + n,
                      .c_pitch = all->c_pitch,
                      .columns = (N + WIDTH - 1) / WIDTH * WIDTH}},
                 sum);
        }
}
