/* Momentum, without dampening.
 *   g <- g + lambda w
 *   b <- mu b + g
 *   Polyak (1964)                              w <- w - lr b
 *   Nesterov (1983), as Sutskever et al. (2013) w <- w - lr (g + mu b) */
#include "train/optimizer_row.h"

static void update_momentum(const unroll_update *u, size_t n, unroll_real *restrict w,
                            const unroll_real *restrict g, unroll_real *const *slot)
{
    const unroll_real lr = (unroll_real)u->lr, lambda = (unroll_real)u->weight_decay;
    const unroll_real mu = (unroll_real)u->momentum;
    unroll_real *restrict b = slot[0];
    UNROLL_EACH_PARAMETER(i, n, {
        const unroll_real gi = g[i] + lambda * w[i];
        b[i] = mu * b[i] + gi;
        w[i] -= lr * b[i];
    });
}

static void update_nesterov(const unroll_update *u, size_t n, unroll_real *restrict w,
                            const unroll_real *restrict g, unroll_real *const *slot)
{
    const unroll_real lr = (unroll_real)u->lr, lambda = (unroll_real)u->weight_decay;
    const unroll_real mu = (unroll_real)u->momentum;
    unroll_real *restrict b = slot[0];
    UNROLL_EACH_PARAMETER(i, n, {
        const unroll_real gi = g[i] + lambda * w[i];
        b[i] = mu * b[i] + gi;
        w[i] -= lr * (gi + mu * b[i]);
    });
}

const unroll_optimizer_row unroll_optimizer_momentum = {
    .name = "momentum",
    .summary = "heavy ball (Polyak 1964)",
    .epsilon = 1e-8,
    .slot = {"optimizer.momentum"},
    .update = update_momentum,
};

const unroll_optimizer_row unroll_optimizer_nesterov = {
    .name = "nesterov",
    .summary = "Nesterov's momentum (Sutskever et al. 2013)",
    .epsilon = 1e-8,
    .slot = {"optimizer.momentum"},
    .update = update_nesterov,
};
