#include <string.h>
#include "math/isa_table.h"
#include "math/tile.h"

/* Panels outside, row tiles inside: a block of one panel stays in L1 while all rows pass it, and the rows are
 * taken in chunks whose A stays in L2 while all panels pass them. A deep A is cut in slices, and
 * chunks are larger where the panels are long, so that there are rows enough for what reading panels costs. */
enum {
    BLOCK_DEPTH = 256, /* 16 KB of a panel in AVX2 */
    SLICE = 8 * BLOCK_DEPTH,
    CHUNK = 98304 / sizeof(unroll_real),
    LONG = 1 << 21, /* elements of the panels */
    FEW = 3 /* so few rows take several panels at once, else too few sums hide the latency of one */
};

typedef void tile_fn(size_t K, const unroll_real *A, size_t a_pitch, const tile_place *at);

/* clang-format off */
#define TILE(M, P)                                                                       \
    static void tile_##M##x##P(size_t K, const unroll_real *A, size_t a_pitch,           \
                               const tile_place *at)                                     \
    {                                                                                    \
        tile(M, P, K, false, A, a_pitch, 1, at);                                                \
    }
TILE(1, 1) TILE(2, 1) TILE(3, 1) TILE(4, 1) TILE(5, 1) TILE(6, 1)
#if TILE_ROWS == 12
TILE(7, 1) TILE(8, 1) TILE(9, 1) TILE(10, 1) TILE(11, 1) TILE(12, 1)
#endif
TILE(1, 4) TILE(2, 2) TILE(3, 2)

static tile_fn *const tiles[TILE_ROWS + 1] = {
    NULL, tile_1x1, tile_2x1, tile_3x1, tile_4x1, tile_5x1, tile_6x1,
#if TILE_ROWS == 12
    tile_7x1, tile_8x1, tile_9x1, tile_10x1, tile_11x1, tile_12x1,
#endif
};
/* clang-format on */
static tile_fn *const wide_tiles[FEW + 1] = {NULL, tile_1x4, tile_2x2, tile_3x2};
static const size_t wide_panels[FEW + 1] = {0, 4, 2, 2};

static const unroll_real zeros[WIDTH];

/* The tile whose first element is C, in column j, for rows k.. of the panels `stride` columns apart. */
static tile_place place(const unroll_product *p, unroll_real *C, size_t j, size_t k, size_t stride)
{
    tile_place at = {.panel = p->panels + j * p->depth + k * WIDTH,
                     .C = C,
                     .panel_step = stride * p->depth,
                     .c_step = stride,
                     .c_pitch = p->c_pitch};
    if (p->start == UNROLL_FROM_ZERO && k == 0) {
        at.from = zeros;
    } else if (p->start == UNROLL_FROM_BIAS && k == 0) {
        at.from = p->bias + j;
        at.from_step = stride;
    } else {
        at.from = C;
        at.from_step = stride;
        at.from_pitch = p->c_pitch;
    }
    return at;
}

/* One panel's columns of one group, in tiles of nearly equal height (25 rows: 5 of 5, not 4 of 6 and 1). */
static void rows_by_panel(const unroll_product *p, size_t j, size_t k, size_t depth, size_t g)
{
    const unroll_real *A = p->A + g * p->a_group + k;
    unroll_real *C = p->C + g * p->c_group + j;
    size_t left = (p->rows + TILE_ROWS - 1) / TILE_ROWS;
    for (size_t i = 0; left > 0; left--) {
        const size_t rows = (p->rows - i + left - 1) / left;
        const tile_place at = place(p, C + i * p->c_pitch, j, k, 0);
        tiles[rows](depth, A + i * p->a_pitch, p->a_pitch, &at);
        i += rows;
    }
}

/* Columns first.. of a chunk, rows k0.. of the panels. */
static void chunk_by_panels(const unroll_product *p, size_t first, size_t k0, size_t k1)
{
    const size_t blocks = k1 - k0 > BLOCK_DEPTH ? (k1 - k0 + BLOCK_DEPTH - 1) / BLOCK_DEPTH : 1;
    for (size_t j = first; j < p->N; j += WIDTH)
        for (size_t k = k0, left = blocks; left > 0; left--) {
            const size_t depth = (k1 - k + left - 1) / left;
            for (size_t g = 0; g < p->groups; g++)
                rows_by_panel(p, j, k, depth, g);
            k += depth;
        }
}

/* 1…FEW rows are bound by reading the panels. Each of the tile's panels begins a stream that the next tile
 * goes on with, so that the processor's prefetchers keep up. */
static void few_rows(const unroll_product *p)
{
    const size_t streams = wide_panels[p->rows], stride = p->N / WIDTH / streams * WIDTH;
    for (size_t j = 0; j < stride; j += WIDTH) {
        const tile_place at = place(p, p->C + j, j, 0, stride);
        wide_tiles[p->rows](p->K, p->A, p->a_pitch, &at);
    }
    chunk_by_panels(p, stride * streams, 0, p->K);
}

/* Rows of each group in parts that fit. */
static void by_rows(const unroll_product *p, size_t fit, size_t k0, size_t k1)
{
    unroll_product part = *p;
    part.groups = 1;
    for (size_t g = 0; g < p->groups; g++)
        for (size_t r = 0, left = (p->rows + fit - 1) / fit; left > 0; left--) {
            part.rows = (p->rows - r + left - 1) / left;
            part.A = p->A + g * p->a_group + r * p->a_pitch;
            part.C = p->C + g * p->c_group + r * p->c_pitch;
            chunk_by_panels(&part, 0, k0, k1);
            r += part.rows;
        }
}

/* As many whole groups at a time as fit. */
static void by_groups(const unroll_product *p, size_t fit, size_t k0, size_t k1)
{
    unroll_product part = *p;
    const size_t step = fit / p->rows;
    for (size_t g = 0; g < p->groups; g += step) {
        part.groups = p->groups - g < step ? p->groups - g : step;
        part.A = p->A + g * p->a_group;
        part.C = p->C + g * p->c_group;
        chunk_by_panels(&part, 0, k0, k1);
    }
}

void UNROLL_K(product)(const unroll_product *given)
{
    unroll_product p = *given;
    if (p.rows == 0 || p.groups == 0)
        return;
    /* single rows at one distance, and groups that follow each other, are rows of one group */
    if (p.rows == 1 && p.groups > 1) {
        p.rows = p.groups;
        p.groups = 1;
        p.a_pitch = p.a_group;
        p.c_pitch = p.c_group;
    } else if (p.a_group == p.rows * p.a_pitch && p.c_group == p.rows * p.c_pitch) {
        p.rows *= p.groups;
        p.groups = 1;
    }
    if (p.groups == 1 && p.rows <= FEW) {
        few_rows(&p);
        return;
    }
    const size_t slices = p.K > SLICE ? (p.K + SLICE - 1) / SLICE : 1;
    const size_t chunk = p.N * p.K > LONG ? 2 * CHUNK : CHUNK;
    for (size_t k = 0, left = slices; left > 0; left--) {
        const size_t depth = (p.K - k + left - 1) / left, fit = chunk / (depth + 1) + TILE_ROWS;
        if (p.rows > fit)
            by_rows(&p, fit, k, k + depth);
        else
            by_groups(&p, fit, k, k + depth);
        k += depth;
    }
}

/* A panel with fewer than WIDTH columns: zeros behind them. */
static void clear_columns(size_t K, size_t width, unroll_real *panel)
{
    if (width < WIDTH)
        for (size_t k = 0; k < K; k++)
            memset(panel + k * WIDTH + width, 0, (WIDTH - width) * sizeof *panel);
}

void UNROLL_K(pack)(size_t K, size_t N, const unroll_real *W, size_t pitch, unroll_real *panels,
                    size_t depth)
{
    const size_t full = N / WIDTH * WIDTH, rest = N - full;
    for (size_t k = 0; k < K; k++)
        for (size_t j = 0; j < full; j += WIDTH)
            memcpy(panels + j * depth + k * WIDTH, W + k * pitch + j, WIDTH * sizeof *W);
    if (rest > 0) {
        unroll_real *last = panels + full * depth;
        for (size_t k = 0; k < K; k++)
            memcpy(last + k * WIDTH, W + k * pitch + full, rest * sizeof *W);
        clear_columns(K, rest, last);
    }
}

void UNROLL_K(pack_transposed)(size_t N, size_t K, const unroll_real *W, size_t pitch,
                               unroll_real *panels, size_t depth)
{
    enum { LINE = 16 }; /* so much of each row at a time that all of it stays in L1 */
    for (size_t j = 0; j < N; j += WIDTH, panels += WIDTH * depth) {
        const size_t width = N - j < WIDTH ? N - j : WIDTH;
        for (size_t k0 = 0; k0 < K; k0 += LINE) {
            const size_t end = K - k0 < LINE ? K : k0 + LINE;
            for (size_t i = 0; i < width; i++)
                for (size_t k = k0; k < end; k++)
                    panels[k * WIDTH + i] = W[(j + i) * pitch + k];
        }
        clear_columns(K, width, panels);
    }
}
