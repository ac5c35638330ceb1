/* Two sequences: Bengio, Simard and Frasconi (1994). Each class has a start of its own, a few fixed
 * numbers; all else is zero, and uniform noise lies over the whole. The last step asks for the
 * class. */
#include "task/task.h"

enum { DELAY, START, NOISE };

static void shape(const double *value, unroll_task_shape *s)
{
    *s = (unroll_task_shape){
        .T = (size_t)value[START] + (size_t)value[DELAY], .inputs = 1, .outputs = 2, .features = true};
}

/* Number t of a class's start, from [−1,1). The same for any seed, and the classes are 1 apart. */
static double start_value(uint32_t class, size_t t)
{
    const double x = 0x1p-63 * (double)unroll_rng_hash(1994, t) - 1;
    return class == 0 ? x : x < 0 ? x + 1 : x - 1;
}

static void draw(const double *value, unroll_rng *rng, const unroll_task_column *c)
{
    const size_t start = (size_t)value[START], T = start + (size_t)value[DELAY];
    const uint32_t class = (uint32_t)unroll_rng_below(rng, 2);
    for (size_t t = 0; t < T; t++) {
        const double noise = value[NOISE] * (2 * unroll_rng_uniform(rng) - 1);
        c->feature[t * c->stride] = (unroll_real)((t < start ? start_value(class, t) : 0) + noise);
    }
    c->target[(T - 1) * c->stride] = class;
    c->weight[(T - 1) * c->stride] = 1;
}

const unroll_task_row unroll_task_two_sequence = {
    .name = "two-sequence",
    .summary = "tell two sequences apart that differ only at their start",
    .origin = "Bengio, Simard and Frasconi (1994)",
    .keys = {[DELAY] = {"delay", "steps after the start", 100, 1, 1e6, false},
             [START] = {"start", "steps that differ", 3, 1, 1e4, false},
             [NOISE] = {"noise", "uniform over all steps, up to this", 0.2, 0, 100, true}},
    .shape = shape,
    .draw = draw,
    .baseline = unroll_task_coin_loss,
    .measure = "share of the sequences whose class is right at the last step",
    .chance = unroll_task_coin_chance,
};
