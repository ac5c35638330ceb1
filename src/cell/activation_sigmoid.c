#include "cell/cell.h"
#include "math/vec.h"

/* forward   h = 1 / (1 + exp(−z))
 * backward  dz = dh · h (1 − h)      at most dh/4: a quarter a step, whatever the weights;
 *                                    from what forward kept in place of z (math/kept.h) */
static void forward(size_t n, unroll_real *z, const unroll_real *slope, unroll_real *h)
{
    (void)slope;
    for (size_t i = 0; i < n; i += LANES) {
        vec kept;
        vec_store(h + i, vec_keep_sigmoid(vec_load(z + i), &kept));
        vec_store(z + i, kept);
    }
}

static void backward(size_t n, unroll_real *z, const unroll_real *h, const unroll_real *dh,
                     const unroll_real *slope, unroll_real *dslope)
{
    (void)h, (void)slope, (void)dslope;
    for (size_t i = 0; i < n; i += LANES)
        vec_store(z + i, vec_load(dh + i) * vec_kept_sigmoid_slope(vec_load(z + i)));
}

const unroll_activation UNROLL_K(activation_sigmoid) = {
    .name = "sigmoid",
    .summary = "logistic sigmoid; slope at most 1/4",
    .gain = 0.25,
    .forward = forward,
    .backward = backward,
};
