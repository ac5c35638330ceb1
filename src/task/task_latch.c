/* Latch: Bengio, Simard and Frasconi (1994). The first steps show +1 or −1, then there is only
 * Gaussian noise; the last step asks which of the two it was. (In the source the first inputs are
 * learned; here they are given, as everybody after it has done.) */
#include "task/task.h"

enum { DELAY, CUE, NOISE };

static void shape(const double *value, unroll_task_shape *s)
{
    *s = (unroll_task_shape){
        .T = (size_t)value[CUE] + (size_t)value[DELAY], .inputs = 1, .outputs = 2, .features = true};
}

static void draw(const double *value, unroll_rng *rng, const unroll_task_column *c)
{
    const size_t cue = (size_t)value[CUE], T = cue + (size_t)value[DELAY];
    const uint32_t positive = (uint32_t)unroll_rng_below(rng, 2);
    for (size_t t = 0; t < cue; t++)
        c->feature[t * c->stride] = positive ? 1 : -1;
    for (size_t t = cue; t < T; t++)
        c->feature[t * c->stride] = (unroll_real)(value[NOISE] * unroll_rng_normal(rng));
    c->target[(T - 1) * c->stride] = positive;
    c->weight[(T - 1) * c->stride] = 1;
}

const unroll_task_row unroll_task_latch = {
    .name = "latch",
    .summary = "keep one bit through noise",
    .origin = "Bengio, Simard and Frasconi (1994)",
    .keys = {[DELAY] = {"delay", "steps of noise", 100, 1, 1e6, false},
             [CUE] = {"cue", "steps that show the bit", 3, 1, 1e4, false},
             [NOISE] = {"noise", "its standard deviation", 0.2, 0, 100, true}},
    .shape = shape,
    .draw = draw,
    .baseline = unroll_task_coin_loss,
    .measure = "share of the sequences whose bit is right at the last step",
    .chance = unroll_task_coin_chance,
};
