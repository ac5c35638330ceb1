/* Adding: Hochreiter and Schmidhuber (1997). Each step brings a value from [0,1) and a marker;
 * one step of each half is marked, and the target at the last step is the sum of the two values
 * marked. */
#include "task/task.h"

enum { LENGTH };
enum { VALUE, MARKER, FEATURES };

#define TOLERANCE 0.04 /* as in the source */

static void shape(const double *value, unroll_task_shape *s)
{
    *s = (unroll_task_shape){.T = (size_t)value[LENGTH],
                             .inputs = FEATURES,
                             .outputs = 1,
                             .features = true,
                             .squared = true};
}

void unroll_task_mark_two(unroll_rng *rng, const unroll_task_column *c, size_t T, unroll_real *a,
                          unroll_real *b)
{
    const size_t half = T / 2, step = c->stride * FEATURES;
    const size_t first = (size_t)unroll_rng_below(rng, half);
    const size_t second = half + (size_t)unroll_rng_below(rng, T - half);
    for (size_t t = 0; t < T; t++)
        c->feature[t * step + VALUE] = (unroll_real)unroll_rng_uniform(rng);
    c->feature[first * step + MARKER] = 1;
    c->feature[second * step + MARKER] = 1;
    *a = c->feature[first * step + VALUE];
    *b = c->feature[second * step + VALUE];
}

static void draw(const double *value, unroll_rng *rng, const unroll_task_column *c)
{
    const size_t T = (size_t)value[LENGTH];
    unroll_real a, b;
    unroll_task_mark_two(rng, c, T, &a, &b);
    c->value[(T - 1) * c->stride] = a + b;
    c->weight[(T - 1) * c->stride] = 1;
}

/* Always 1: the variance of the sum of two uniform values. */
static double baseline(const double *value)
{
    (void)value;
    return 1.0 / 6;
}

/* How often the sum is so near to 1: its density is the triangle over [0,2]. */
static double chance(const double *value)
{
    (void)value;
    return 1 - (1 - TOLERANCE) * (1 - TOLERANCE);
}

const unroll_task_row unroll_task_adding = {
    .name = "adding",
    .summary = "add the two numbers that are marked",
    .origin = "Hochreiter and Schmidhuber (1997)",
    .keys = {[LENGTH] = {"length", "steps", 100, 2, 1e6, false}},
    .shape = shape,
    .draw = draw,
    .baseline = baseline,
    .measure = "share of the sums that are right within 0.04",
    .chance = chance,
    .tolerance = TOLERANCE,
    .solved_loss = 0.01,
};
