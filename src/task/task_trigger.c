/* Very long time lags without local regularities: Hochreiter and Schmidhuber (1997), task 2c.
 *
 *   input   b   x or y   distractor × (q + k)   e        target at e alone: which of x and y it was
 *
 * k ≥ 0 is geometric: behind the first q distractors comes e with probability 1/10, else one more of them. The source
 * puts no bound on k; here k is at most 60, which one sequence in 556 would exceed. Distractors are 0 … p − 1, then
 * come e, b, x and y. */
#include "task/task.h"

enum { LAG, DISTRACTORS };
enum { OTHERS = 4, BEFORE = 2, MORE = 60, ONE_IN = 10 };

static void shape(const double *value, unroll_task_shape *s)
{
    *s = (unroll_task_shape){.T = BEFORE + (size_t)value[LAG] + MORE + 1,
                             .inputs = (size_t)value[DISTRACTORS] + OTHERS,
                             .outputs = 2};
}

static void draw(const double *value, unroll_rng *rng, const unroll_task_column *c)
{
    const size_t lag = (size_t)value[LAG];
    const uint32_t p = (uint32_t)value[DISTRACTORS], which = (uint32_t)unroll_rng_below(rng, 2);
    size_t more = 0, t = 0;
    while (more < MORE && unroll_rng_below(rng, ONE_IN) > 0)
        more++;
    c->input[t++ * c->stride] = p + 1;
    c->input[t++ * c->stride] = p + 2 + which;
    while (t < BEFORE + lag + more)
        c->input[t++ * c->stride] = (uint32_t)unroll_rng_below(rng, p);
    c->input[t * c->stride] = p;
    c->target[t * c->stride] = which;
    c->weight[t * c->stride] = 1;
}

const unroll_task_row unroll_task_trigger = {
    .name = "trigger",
    .summary = "name the second symbol when a trigger comes",
    .origin = "Hochreiter and Schmidhuber (1997), task 2c",
    .keys = {[LAG] = {"lag", "distractors at least (q)", 50, 1, 1e6, false},
             [DISTRACTORS] = {"distractors", "different ones (p)", 50, 1, 1e5, false}},
    .shape = shape,
    .draw = draw,
    .baseline = unroll_task_coin_loss,
    .measure = "share of the sequences whose second symbol is named",
    .chance = unroll_task_coin_chance,
};
