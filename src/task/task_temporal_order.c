/* Temporal order: Hochreiter and Schmidhuber (1997), in the form of Pascanu, Mikolov and Bengio
 * (2013). Two of six symbols matter: one of them comes at a step of [T/10, 2T/10), one at a step of
 * [5T/10, 6T/10), the others fill all other steps. Which two came, and in what order, is one of
 * four classes, asked for at the last step: 2·first + second. Where lengths differ, the steps behind a sequence's end
 * have no target. */
#include <math.h>

#include "task/task.h"

enum { LENGTH, SHORTEST };
enum { SHORTEST_MIN = 10 };
enum { IMPORTANT = 2, FILLERS = 4, CLASSES = IMPORTANT * IMPORTANT };

static void shape(const double *value, unroll_task_shape *s)
{
    *s = (unroll_task_shape){
        .T = (size_t)value[LENGTH], .inputs = IMPORTANT + FILLERS, .outputs = CLASSES};
}

/* A step from [from·T/10, (from + 1)·T/10). */
static size_t tenth(unroll_rng *rng, size_t T, size_t from)
{
    const size_t begin = from * T / 10, end = (from + 1) * T / 10;
    return begin + (size_t)unroll_rng_below(rng, end - begin);
}

static void draw(const double *value, unroll_rng *rng, const unroll_task_column *c)
{
    const size_t longest = (size_t)value[LENGTH], shortest = (size_t)value[SHORTEST];
    size_t T = longest;
    if (shortest && shortest < longest)
        T -= (size_t)unroll_rng_below(rng, longest - shortest + 1);
    T = T < SHORTEST_MIN ? SHORTEST_MIN : T;
    const uint32_t first = (uint32_t)unroll_rng_below(rng, IMPORTANT);
    const uint32_t second = (uint32_t)unroll_rng_below(rng, IMPORTANT);
    for (size_t t = 0; t < T; t++)
        c->input[t * c->stride] = IMPORTANT + (uint32_t)unroll_rng_below(rng, FILLERS);
    c->input[tenth(rng, T, 1) * c->stride] = first;
    c->input[tenth(rng, T, 5) * c->stride] = second;
    c->target[(T - 1) * c->stride] = IMPORTANT * first + second;
    c->weight[(T - 1) * c->stride] = 1;
}

static double baseline(const double *value)
{
    (void)value;
    return log(CLASSES);
}

static double chance(const double *value)
{
    (void)value;
    return 1.0 / CLASSES;
}

const unroll_task_row unroll_task_temporal_order = {
    .name = "temporal-order",
    .summary = "tell which two important symbols came, in order",
    .origin = "Hochreiter and Schmidhuber (1997); Pascanu, Mikolov and Bengio (2013)",
    .keys = {[LENGTH] = {"length", "steps", 100, SHORTEST_MIN, 1e6, false},
             [SHORTEST] = {"shortest",
                           "steps of the shortest sequence, at least 10; 0: all have the length", 0,
                           0, 1e6, false}},
    .shape = shape,
    .draw = draw,
    .baseline = baseline,
    .measure = "share of the sequences whose class is right at the last step",
    .chance = chance,
};
