/* Multiplication: Hochreiter and Schmidhuber (1997). As adding, but the target is the product of
 * the two values marked: an integrator alone does not solve it. */
#include <math.h>

#include "task/task.h"

enum { LENGTH };

#define TOLERANCE 0.04

static void shape(const double *value, unroll_task_shape *s)
{
    *s = (unroll_task_shape){
        .T = (size_t)value[LENGTH], .inputs = 2, .outputs = 1, .features = true, .squared = true};
}

static void draw(const double *value, unroll_rng *rng, const unroll_task_column *c)
{
    const size_t T = (size_t)value[LENGTH];
    unroll_real a, b;
    unroll_task_mark_two(rng, c, T, &a, &b);
    c->value[(T - 1) * c->stride] = a * b;
    c->weight[(T - 1) * c->stride] = 1;
}

/* Always 1/4: the variance of the product of two uniform values, 1/9 − 1/16. */
static double baseline(const double *value)
{
    (void)value;
    return 7.0 / 144;
}

/* P(product < z). */
static double below(double z)
{
    return z * (1 - log(z));
}

static double chance(const double *value)
{
    (void)value;
    return below(0.25 + TOLERANCE) - below(0.25 - TOLERANCE);
}

const unroll_task_row unroll_task_multiplication = {
    .name = "multiplication",
    .summary = "multiply the two numbers that are marked",
    .origin = "Hochreiter and Schmidhuber (1997)",
    .keys = {[LENGTH] = {"length", "steps", 100, 2, 1e6, false}},
    .shape = shape,
    .draw = draw,
    .baseline = baseline,
    .measure = "share of the products that are right within 0.04",
    .chance = chance,
    .tolerance = TOLERANCE,
    .solved_loss = 0.003, /* the share of its baseline that 0.01 is for adding */
};
