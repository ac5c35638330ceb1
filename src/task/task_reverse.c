/* Reversal: Grefenstette, Hermann, Suleyman and Blunsom (2015). The first symbol read is the last
 * to be written, so distances run from 2 to 2·length.
 *
 *   input   s_1 … s_L   marker   blank × L        2L + 1 steps
 *   target  blank × (L + 1)      s_L … s_1
 *
 * Symbols are 1 … S, the blank is 0, the marker S + 1 (an input only). */
#include <math.h>

#include "task/task.h"

enum { LENGTH, SYMBOLS };

static void shape(const double *value, unroll_task_shape *s)
{
    *s = (unroll_task_shape){.T = 2 * (size_t)value[LENGTH] + 1,
                             .inputs = (size_t)value[SYMBOLS] + 2,
                             .outputs = (size_t)value[SYMBOLS] + 1};
}

static void draw(const double *value, unroll_rng *rng, const unroll_task_column *c)
{
    const size_t length = (size_t)value[LENGTH], T = 2 * length + 1;
    const uint32_t symbols = (uint32_t)value[SYMBOLS];
    for (size_t t = 0; t < length; t++) {
        const uint32_t symbol = 1 + (uint32_t)unroll_rng_below(rng, symbols);
        c->input[t * c->stride] = symbol;
        c->target[(T - 1 - t) * c->stride] = symbol;
    }
    c->input[length * c->stride] = symbols + 1;
    for (size_t t = 0; t < T; t++)
        c->weight[t * c->stride] = 1;
    for (size_t t = 0; t <= length; t++)
        c->counted[t * c->stride] = 0;
}

/* Blanks for certain, then a guess among the symbols. */
static double baseline(const double *value)
{
    return value[LENGTH] * log(value[SYMBOLS]) / (2 * value[LENGTH] + 1);
}

static double chance(const double *value)
{
    return 1 / value[SYMBOLS];
}

const unroll_task_row unroll_task_reverse = {
    .name = "reverse",
    .summary = "repeat the symbols from the last to the first",
    .origin = "Grefenstette, Hermann, Suleyman and Blunsom (2015)",
    .keys = {[LENGTH] = {"length", "symbols to remember", 10, 1, 1e5, false},
             [SYMBOLS] = {"symbols", "different symbols", 8, 1, 1e4, false}},
    .shape = shape,
    .draw = draw,
    .baseline = baseline,
    .measure = "share of the recalled symbols that are right",
    .chance = chance,
};
