/* RMSprop, Tieleman and Hinton (2012); eps stands outside the root, as in PyTorch.
 *   g <- g + lambda w
 *   v <- rho v + (1 - rho) g^2
 *   w <- w - lr g / (sqrt(v) + eps) */
#include "train/optimizer_row.h"

static void update(const unroll_update *u, size_t n, unroll_real *restrict w,
                   const unroll_real *restrict g, unroll_real *const *slot)
{
    const unroll_real lr = (unroll_real)u->lr, lambda = (unroll_real)u->weight_decay;
    const unroll_real rho = (unroll_real)u->rho, rest = (unroll_real)(1 - u->rho);
    const unroll_real eps = (unroll_real)u->epsilon;
    unroll_real *restrict v = slot[0];
    UNROLL_EACH_PARAMETER(i, n, {
        const unroll_real gi = g[i] + lambda * w[i];
        v[i] = rho * v[i] + rest * gi * gi;
        w[i] -= lr * gi / (unroll_root(v[i]) + eps);
    });
}

const unroll_optimizer_row unroll_optimizer_rmsprop = {
    .name = "rmsprop",
    .summary = "RMSprop (Tieleman and Hinton 2012)",
    .epsilon = 1e-8,
    .slot = {"optimizer.square"},
    .update = update,
};
