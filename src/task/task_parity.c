/* Parity: Bengio, Simard and Frasconi (1994). A sequence of 1 and −1; the last step asks whether the
 * 1s are odd in number. Every step matters, and no part of the sequence tells anything alone. */
#include "task/task.h"

enum { LENGTH };

static void shape(const double *value, unroll_task_shape *s)
{
    *s = (unroll_task_shape){.T = (size_t)value[LENGTH], .inputs = 1, .outputs = 2, .features = true};
}

static void draw(const double *value, unroll_rng *rng, const unroll_task_column *c)
{
    const size_t T = (size_t)value[LENGTH];
    uint32_t odd = 0;
    for (size_t t = 0; t < T; t++) {
        const uint32_t one = (uint32_t)unroll_rng_below(rng, 2);
        c->feature[t * c->stride] = one ? 1 : -1;
        odd ^= one;
    }
    c->target[(T - 1) * c->stride] = odd;
    c->weight[(T - 1) * c->stride] = 1;
}

const unroll_task_row unroll_task_parity = {
    .name = "parity",
    .summary = "tell whether the ones are odd in number",
    .origin = "Bengio, Simard and Frasconi (1994)",
    .keys = {[LENGTH] = {"length", "steps", 10, 1, 1e6, false}},
    .shape = shape,
    .draw = draw,
    .baseline = unroll_task_coin_loss,
    .measure = "share of the sequences whose parity is right at the last step",
    .chance = unroll_task_coin_chance,
};
