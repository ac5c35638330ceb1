#include "cell/cell.h"
#include "math/vec.h"

/* forward   h = tanh(z)
 * backward  dz = dh · (1 − h²) */
static void forward(size_t n, const unroll_real *z, const unroll_real *slope, unroll_real *h)
{
    (void)slope;
    for (size_t i = 0; i < n; i += LANES)
        vec_store(h + i, vec_tanh(vec_load(z + i)));
}

static void backward(size_t n, unroll_real *z, const unroll_real *h, const unroll_real *dh,
                     const unroll_real *slope, unroll_real *dslope)
{
    (void)slope, (void)dslope;
    for (size_t i = 0; i < n; i += LANES) {
        const vec y = vec_load(h + i);
        vec_store(z + i, vec_load(dh + i) * (vec_all(1) - y * y));
    }
}

const unroll_activation UNROLL_K(activation_tanh) = {
    .name = "tanh",
    .summary = "tanh z; saturates at -1 and 1 (Elman 1990)",
    .gain = 1,
    .forward = forward,
    .backward = backward,
};
