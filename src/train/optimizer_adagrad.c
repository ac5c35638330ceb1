/* AdaGrad, Duchi et al. (2011).
 *   g <- g + lambda w
 *   s <- s + g^2
 *   w <- w - lr g / (sqrt(s) + eps) */
#include "train/optimizer_row.h"

static void update(const unroll_update *u, size_t n, unroll_real *restrict w,
                   const unroll_real *restrict g, unroll_real *const *slot)
{
    const unroll_real lr = (unroll_real)u->lr, lambda = (unroll_real)u->weight_decay;
    const unroll_real eps = (unroll_real)u->epsilon;
    unroll_real *restrict s = slot[0];
    UNROLL_EACH_PARAMETER(i, n, {
        const unroll_real gi = g[i] + lambda * w[i];
        s[i] += gi * gi;
        w[i] -= lr * gi / (unroll_root(s[i]) + eps);
    });
}

const unroll_optimizer_row unroll_optimizer_adagrad = {
    .name = "adagrad",
    .summary = "AdaGrad (Duchi et al. 2011)",
    .epsilon = 1e-10,
    .slot = {"optimizer.sum"},
    .update = update,
};
