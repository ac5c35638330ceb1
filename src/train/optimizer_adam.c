/* Adam, Kingma and Ba (2015), and AdamW, Loshchilov and Hutter (2019), after k updates:
 *   Adam    g <- g + lambda w           AdamW   w <- w - lr lambda w
 *   m <- m + (1 - beta1)(g - m)
 *   v <- beta2 v + (1 - beta2) g^2
 *   w <- w - lr / (1 - beta1^k) m / (sqrt(v) / sqrt(1 - beta2^k) + eps) */
#include "train/optimizer_row.h"

/* 1 - beta^k, without the digits that the difference loses where beta^k is near 1. */
static double one_less_power(double beta, double k)
{
    return beta > 0 ? -expm1(k * log(beta)) : 1;
}

static void adam(const unroll_update *u, double coupled, double decoupled, size_t n,
                 unroll_real *restrict w, const unroll_real *restrict g, unroll_real *restrict m,
                 unroll_real *restrict v)
{
    const double k = (double)u->count;
    const unroll_real lambda = (unroll_real)coupled;
    const unroll_real keep = (unroll_real)(1 - u->lr * decoupled);
    const unroll_real rest1 = (unroll_real)(1 - u->beta1);
    const unroll_real beta2 = (unroll_real)u->beta2, rest2 = (unroll_real)(1 - u->beta2);
    const unroll_real eps = (unroll_real)u->epsilon;
    const unroll_real step = (unroll_real)(u->lr / one_less_power(u->beta1, k));
    const unroll_real correct = (unroll_real)(1 / sqrt(one_less_power(u->beta2, k)));
    UNROLL_EACH_PARAMETER(i, n, {
        const unroll_real wi = w[i] * keep;
        const unroll_real gi = g[i] + lambda * wi;
        m[i] += rest1 * (gi - m[i]);
        v[i] = beta2 * v[i] + rest2 * gi * gi;
        w[i] = wi - step * m[i] / (unroll_root(v[i]) * correct + eps);
    });
}

static void update_adam(const unroll_update *u, size_t n, unroll_real *restrict w,
                        const unroll_real *restrict g, unroll_real *const *slot)
{
    adam(u, u->weight_decay, 0, n, w, g, slot[0], slot[1]);
}

static void update_adamw(const unroll_update *u, size_t n, unroll_real *restrict w,
                         const unroll_real *restrict g, unroll_real *const *slot)
{
    adam(u, 0, u->weight_decay, n, w, g, slot[0], slot[1]);
}

const unroll_optimizer_row unroll_optimizer_adam = {
    .name = "adam",
    .summary = "Adam (Kingma and Ba 2015)",
    .epsilon = 1e-8,
    .slot = {"optimizer.mean", "optimizer.square"},
    .update = update_adam,
};

const unroll_optimizer_row unroll_optimizer_adamw = {
    .name = "adamw",
    .summary = "Adam with decoupled weight decay (Loshchilov and Hutter 2019)",
    .epsilon = 1e-8,
    .slot = {"optimizer.mean", "optimizer.square"},
    .update = update_adamw,
};
