/* Latch: Bengio, Simard and Frasconi (1994). The first steps show one of two cues, then there is only Gaussian noise; the
 * last step asks which of the two it was. The cue is +1 or −1 through the input that has the noise. Where it is learned,
 * as in the source, each of its steps has an input for each cue, so that the weights are what the unit is given; the
 * noise has an input of its own. */
#include "task/task.h"

enum { DELAY, CUE, NOISE, LEARNED };

static size_t inputs(const double *value)
{
    return value[LEARNED] > 0 ? 1 + 2 * (size_t)value[CUE] : 1;
}

static void shape(const double *value, unroll_task_shape *s)
{
    *s = (unroll_task_shape){.T = (size_t)value[CUE] + (size_t)value[DELAY],
                             .inputs = inputs(value),
                             .outputs = 2,
                             .features = true};
}

static void draw(const double *value, unroll_rng *rng, const unroll_task_column *c)
{
    const size_t cue = (size_t)value[CUE], T = cue + (size_t)value[DELAY],
                 row = c->stride * inputs(value);
    const uint32_t positive = (uint32_t)unroll_rng_below(rng, 2);
    for (size_t t = 0; t < cue; t++)
        if (value[LEARNED] > 0)
            c->feature[t * row + 1 + 2 * t + positive] = 1;
        else
            c->feature[t * row] = positive ? 1 : -1;
    for (size_t t = cue; t < T; t++)
        c->feature[t * row] = (unroll_real)(value[NOISE] * unroll_rng_normal(rng));
    c->target[(T - 1) * c->stride] = positive;
    c->weight[(T - 1) * c->stride] = 1;
}

const unroll_task_row unroll_task_latch = {
    .name = "latch",
    .summary = "keep one bit through noise",
    .origin = "Bengio, Simard and Frasconi (1994)",
    .keys = {[DELAY] = {"delay", "steps of noise", 100, 1, 1e6, false},
             [CUE] = {"cue", "steps that show the bit", 3, 1, 1e4, false},
             [NOISE] = {"noise", "its standard deviation", 0.2, 0, 100, true},
             [LEARNED] = {"learned", "1: each step of the bit has an input for each of its values",
                          0, 0, 1, false}},
    .shape = shape,
    .draw = draw,
    .baseline = unroll_task_coin_loss,
    .measure = "share of the sequences whose bit is right at the last step",
    .chance = unroll_task_coin_chance,
};
