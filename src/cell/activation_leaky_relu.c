#include "cell/cell.h"
#include "math/vec.h"

/* The slope below zero: PyTorch's default. */
static const unroll_real leak = (unroll_real)0.01;

/* forward   h = z where z > 0, else leak · z
 * backward  dz = dh where z > 0, else leak · dh */
static void forward(size_t n, unroll_real *z, const unroll_real *slope, unroll_real *h)
{
    (void)slope;
    for (size_t i = 0; i < n; i += LANES) {
        const vec x = vec_load(z + i);
        vec_store(h + i, vec_select_positive(x, x, vec_all(leak) * x));
    }
}

static void backward(size_t n, unroll_real *z, const unroll_real *h, const unroll_real *dh,
                     const unroll_real *slope, unroll_real *dslope)
{
    (void)h, (void)slope, (void)dslope;
    for (size_t i = 0; i < n; i += LANES) {
        const vec d = vec_load(dh + i);
        vec_store(z + i, vec_select_positive(vec_load(z + i), d, vec_all(leak) * d));
    }
}

const unroll_activation UNROLL_K(activation_leaky_relu) = {
    .name = "leaky-relu",
    .summary = "z, or 0.01 z below zero (Maas et al. 2013)",
    .corner = true,
    .gain = 1,
    .forward = forward,
    .backward = backward,
};
