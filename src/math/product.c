#include "math/set.h"
#include "math/tile.h"

typedef void tile_fn(size_t K, const unroll_real *A, size_t a_pitch, const unroll_real *panel,
                     const unroll_real *from, size_t from_pitch, unroll_real *C, size_t c_pitch);

#define TILE(M)                                                                          \
    static void tile_##M(size_t K, const unroll_real *A, size_t a_pitch,                 \
                         const unroll_real *panel, const unroll_real *from,              \
                         size_t from_pitch, unroll_real *C, size_t c_pitch)              \
    {                                                                                    \
        tile(M, 1, K, A, a_pitch, 1, panel, 0, from, from_pitch, C, c_pitch);            \
    }
TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6)
#if defined(UNROLL_SET_AVX512) || defined(UNROLL_SET_NEON)
TILE(7) TILE(8) TILE(9) TILE(10) TILE(11) TILE(12)
#endif

static tile_fn *const tiles[TILE_ROWS + 1] = {
    0, tile_1, tile_2, tile_3, tile_4, tile_5, tile_6,
#if defined(UNROLL_SET_AVX512) || defined(UNROLL_SET_NEON)
    tile_7, tile_8, tile_9, tile_10, tile_11, tile_12,
#endif
};

static const unroll_real zeros[WIDTH];

void UNROLL_K(product)(const unroll_product *p)
{
    for (size_t j = 0; j < p->N; j += WIDTH) {
        const unroll_real *panel = p->panels + j * p->depth;
        for (size_t g = 0; g < p->groups; g++) {
            const size_t count = (p->rows + TILE_ROWS - 1) / TILE_ROWS;
            for (size_t b = 0, i = 0; b < count; b++) {
                const size_t rows = (p->rows - i + (count - b) - 1) / (count - b);
                unroll_real *C = p->C + g * p->c_group + i * p->c_pitch + j;
                const unroll_real *from = C;
                size_t from_pitch = p->c_pitch;
                if (p->start != UNROLL_FROM_SELF) {
                    from = p->start == UNROLL_FROM_BIAS ? p->bias + j : zeros;
                    from_pitch = 0;
                }
                tiles[rows](p->K, p->A + g * p->a_group + i * p->a_pitch, p->a_pitch, panel,
                            from, from_pitch, C, p->c_pitch);
                i += rows;
            }
        }
    }
}

void UNROLL_K(pack)(size_t K, size_t N, const unroll_real *W, size_t pitch,
                    unroll_real *panels, size_t depth)
{
    for (size_t j = 0; j < N; j += WIDTH, panels += WIDTH * depth) {
        const size_t width = N - j < WIDTH ? N - j : WIDTH;
        for (size_t k = 0; k < K; k++)
            for (size_t i = 0; i < WIDTH; i++)
                panels[k * WIDTH + i] = i < width ? W[k * pitch + j + i] : 0;
    }
}

void UNROLL_K(pack_transposed)(size_t N, size_t K, const unroll_real *W, size_t pitch,
                               unroll_real *panels, size_t depth)
{
    for (size_t j = 0; j < N; j += WIDTH, panels += WIDTH * depth) {
        const size_t width = N - j < WIDTH ? N - j : WIDTH;
        for (size_t k = 0; k < K; k++)
            for (size_t i = 0; i < WIDTH; i++)
                panels[k * WIDTH + i] = i < width ? W[(j + i) * pitch + k] : 0;
    }
}
