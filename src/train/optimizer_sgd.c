/* Stochastic gradient descent.
 *   g <- g + lambda w
 *   w <- w - lr g */
#include "train/optimizer_row.h"

static void update(const unroll_update *u, size_t n, unroll_real *restrict w,
                   const unroll_real *restrict g, unroll_real *const *slot)
{
    const unroll_real lr = (unroll_real)u->lr, lambda = (unroll_real)u->weight_decay;
    (void)slot;
    UNROLL_EACH_PARAMETER(i, n, {
        const unroll_real gi = g[i] + lambda * w[i];
        w[i] -= lr * gi;
    });
}

const unroll_optimizer_row unroll_optimizer_sgd = {
    .name = "sgd",
    .summary = "plain gradient descent (Robbins and Monro 1951)",
    .epsilon = 1e-8,
    .update = update,
};
