#include "cell/cell.h"
#include "math/vec.h"

/* forward   h = max(z, 0)
 * backward  dz = dh where h > 0, else 0 (0 at the kink, as PyTorch) */
static void forward(size_t n, unroll_real *z, const unroll_real *slope, unroll_real *h)
{
    (void)slope;
    for (size_t i = 0; i < n; i += LANES) {
        const vec x = vec_load(z + i);
        /* x < 0 ? 0 : x lets a NaN through, so that the guard can see it */
        vec_store(h + i, vec_select_positive(-x, vec_all(0), x));
    }
}

static void backward(size_t n, unroll_real *z, const unroll_real *h, const unroll_real *dh,
                     const unroll_real *slope, unroll_real *dslope)
{
    (void)slope, (void)dslope;
    for (size_t i = 0; i < n; i += LANES)
        vec_store(z + i, vec_select_positive(vec_load(h + i), vec_load(dh + i), vec_all(0)));
}

const unroll_activation UNROLL_K(activation_relu) = {
    .name = "relu",
    .summary = "max(z, 0) (Nair and Hinton 2010; recurrent: Le et al. 2015)",
    .corner = true,
    .dies = true,
    .gain = 1,
    .forward = forward,
    .backward = backward,
};
