/* Copying: Hochreiter and Schmidhuber (1997), in the form of Arjovsky, Shah and Bengio (2016).
 *
 *   input   s_1 … s_L   blank × (delay − 1)   marker   blank × L        delay + 2L steps
 *   target  blank × (delay + L)                        s_1 … s_L
 *
 * Symbols are 1 … S, the blank is 0, the marker S + 1 (an input only). Where delays differ, as in Tallec and Ollivier
 * (2018), the steps behind a sequence's end have no weight. */
#include <math.h>

#include "task/task.h"

enum { DELAY, LENGTH, SYMBOLS, SHORTEST };

static double shortest_delay(const double *value)
{
    return value[SHORTEST] > 0 ? fmin(value[SHORTEST], value[DELAY]) : value[DELAY];
}

static void shape(const double *value, unroll_task_shape *s)
{
    *s = (unroll_task_shape){.T = (size_t)value[DELAY] + 2 * (size_t)value[LENGTH],
                             .inputs = (size_t)value[SYMBOLS] + 2,
                             .outputs = (size_t)value[SYMBOLS] + 1};
}

static void draw(const double *value, unroll_rng *rng, const unroll_task_column *c)
{
    const size_t longest = (size_t)value[DELAY], length = (size_t)value[LENGTH];
    const size_t delays = longest - (size_t)shortest_delay(value) + 1;
    const uint32_t symbols = (uint32_t)value[SYMBOLS];
    const size_t delay = longest - (delays > 1 ? (size_t)unroll_rng_below(rng, delays) : 0);
    const size_t recall = delay + length;
    for (size_t t = 0; t < length; t++) {
        const uint32_t symbol = 1 + (uint32_t)unroll_rng_below(rng, symbols);
        c->input[t * c->stride] = symbol;
        c->target[(recall + t) * c->stride] = symbol;
    }
    c->input[(recall - 1) * c->stride] = symbols + 1;
    for (size_t t = 0; t < recall + length; t++)
        c->weight[t * c->stride] = 1;
    for (size_t t = 0; t < recall; t++)
        c->counted[t * c->stride] = 0;
}

/* Blanks for certain, then a guess among the symbols. */
static double baseline(const double *value)
{
    const double delay = (shortest_delay(value) + value[DELAY]) / 2;
    return value[LENGTH] * log(value[SYMBOLS]) / (delay + 2 * value[LENGTH]);
}

static double chance(const double *value)
{
    return 1 / value[SYMBOLS];
}

const unroll_task_row unroll_task_copy = {
    .name = "copy",
    .summary = "repeat the first symbols after a delay",
    .origin = "Hochreiter and Schmidhuber (1997); Arjovsky, Shah and Bengio (2016)",
    .keys = {[DELAY] = {"delay", "steps from the last symbol to the recall", 100, 1, 1e6, false},
             [LENGTH] = {"length", "symbols to remember", 10, 1, 1e4, false},
             [SYMBOLS] = {"symbols", "different symbols", 8, 1, 1e4, false},
             [SHORTEST] = {"shortest", "the shortest delay; 0: all have the delay", 0, 0, 1e6, false}},
    .shape = shape,
    .draw = draw,
    .baseline = baseline,
    .measure = "share of the recalled symbols that are right",
    .chance = chance,
};
