#include "cell/cell.h"
#include "math/vec.h"

/* One learned slope a_i for each unit i, at first 0.25.
 *   forward   h = z where z > 0, else a · z
 *   backward  dz = dh where z > 0, else a · dh      da = 0 where z > 0, else dh · z */
static void forward(size_t n, unroll_real *z, const unroll_real *slope, unroll_real *h)
{
    for (size_t i = 0; i < n; i += LANES) {
        const vec x = vec_load(z + i);
        vec_store(h + i, vec_select_positive(x, x, vec_load(slope + i) * x));
    }
}

static void backward(size_t n, unroll_real *z, const unroll_real *h, const unroll_real *dh,
                     const unroll_real *slope, unroll_real *dslope)
{
    (void)h;
    for (size_t i = 0; i < n; i += LANES) {
        const vec x = vec_load(z + i), d = vec_load(dh + i);
        vec_store(dslope + i, vec_select_positive(x, vec_all(0), d * x));
        vec_store(z + i, vec_select_positive(x, d, vec_load(slope + i) * d));
    }
}

const unroll_activation UNROLL_K(activation_prelu) = {
    .name = "prelu",
    .summary = "z, or a learned slope times z below zero, one a unit (He et al. 2015)",
    .slopes = true,
    .corner = true,
    .gain = 1,
    .forward = forward,
    .backward = backward,
};
