#include "cell/cell.h"
#include "math/vec.h"

/* forward   h = 1 / (1 + exp(−z))
 * backward  dz = dh · h (1 − h)      at most dh/4: a quarter a step, whatever the weights */
static void forward(size_t n, const unroll_real *z, const unroll_real *slope, unroll_real *h)
{
    (void)slope;
    for (size_t i = 0; i < n; i += LANES)
        vec_store(h + i, vec_sigmoid(vec_load(z + i)));
}

static void backward(size_t n, unroll_real *z, const unroll_real *h, const unroll_real *dh,
                     const unroll_real *slope, unroll_real *dslope)
{
    (void)slope, (void)dslope;
    for (size_t i = 0; i < n; i += LANES) {
        const vec y = vec_load(h + i);
        vec_store(z + i, vec_load(dh + i) * y * (vec_all(1) - y));
    }
}

const unroll_activation UNROLL_K(activation_sigmoid) = {
    .name = "sigmoid",
    .summary = "logistic sigmoid; slope at most 1/4",
    .gain = 0.25,
    .forward = forward,
    .backward = backward,
};
