/* The adding problem as Hochreiter and Schmidhuber (1997) define it, experiment 4; task_adding.c is a later, simpler form.
 *
 * Each step brings a value from [−1,1] and a marker. Lengths are drawn from T to T + T/10. Marked by 1 are one of the
 * first ten steps and one more of the first T/2 − 1; the first and the last step have the marker −1, all others 0. The
 * target at the last step is 0.5 + (X1 + X2)/4 of the two values marked; where the first step is one of them, its
 * marker stays −1 and its value counts as 0. A sum is right where the error is below 0.04. */
#include "task/task.h"

enum { LENGTH };
enum { VALUE, MARKER, FEATURES };
enum { EARLY = 10, LENGTH_MIN = 2 * (EARLY + 1) };

#define TOLERANCE 0.04

static void shape(const double *value, unroll_task_shape *s)
{
    const size_t T = (size_t)value[LENGTH];
    *s = (unroll_task_shape){
        .T = T + T / 10, .inputs = FEATURES, .outputs = 1, .features = true, .squared = true};
}

static void draw(const double *value, unroll_rng *rng, const unroll_task_column *c)
{
    const size_t shortest = (size_t)value[LENGTH], step = c->stride * FEATURES;
    const size_t T = shortest + (size_t)unroll_rng_below(rng, shortest / 10 + 1);
    const size_t first = (size_t)unroll_rng_below(rng, EARLY);
    size_t second =
        (size_t)unroll_rng_below(rng, shortest / 2 - 2); /* of the T/2 − 1, without the first */
    second += second >= first;
    for (size_t t = 0; t < T; t++)
        c->feature[t * step + VALUE] = (unroll_real)(2 * unroll_rng_uniform(rng) - 1);
    c->feature[first * step + MARKER] = c->feature[second * step + MARKER] = 1;
    c->feature[MARKER] = c->feature[(T - 1) * step + MARKER] = -1;
    const unroll_real a = first ? c->feature[first * step + VALUE] : 0;
    const unroll_real b = second ? c->feature[second * step + VALUE] : 0;
    c->value[(T - 1) * c->stride] = (unroll_real)0.5 + (a + b) / 4;
    c->weight[(T - 1) * c->stride] = 1;
}

/* How often the first step is one of the two. */
static double one_counts(const double *value)
{
    const double others = (double)((size_t)value[LENGTH] / 2 - 2);
    return 1.0 / EARLY + (1 - 1.0 / EARLY) / others;
}

/* Always 0.5: the variance of (X1 + X2)/4, each of variance 1/3. */
static double baseline(const double *value)
{
    return (2 - one_counts(value)) / 48;
}

/* How often X1 + X2 is within 0.16 of 0: its density is a triangle over [−2,2], or of one value 1/2 over [−1,1]. */
static double chance(const double *value)
{
    const double near = 4 * TOLERANCE, one = one_counts(value);
    return one * near + (1 - one) * (1 - (1 - near / 2) * (1 - near / 2));
}

const unroll_task_row unroll_task_signed_adding = {
    .name = "signed-adding",
    .summary = "add two marked numbers from [-1,1], lengths differ by a tenth",
    .origin = "Hochreiter and Schmidhuber (1997), experiment 4",
    .keys = {[LENGTH] = {"length", "steps of the shortest sequence", 100, LENGTH_MIN, 1e6, false}},
    .shape = shape,
    .draw = draw,
    .baseline = baseline,
    .measure = "share of the sums that are right within 0.04",
    .chance = chance,
    .tolerance = TOLERANCE,
};
