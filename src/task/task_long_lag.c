/* Noise-free sequences with a long time lag: Hochreiter and Schmidhuber (1997), tasks 2a and 2b. Each symbol is to be
 * predicted from those before it. There are two frames, of x and of y, and p − 1 symbols between, p the lag:
 *
 *   input   x   a  …  a            p steps
 *   target  a   …  a   x           every step counts for the loss
 *
 * In 2a the symbols between are a_1, a_2, … in their order, in 2b (regular 0) each is drawn. There are p − 1 of them in
 * the source; here their number is a key of its own, and where it is less the order begins anew. The last target alone
 * needs memory, over p steps, and it alone counts for the accuracy. Symbols are 0 … symbols − 1, then x and y. */
#include <math.h>

#include "task/task.h"

enum { LAG, SYMBOLS, REGULAR };

static void shape(const double *value, unroll_task_shape *s)
{
    const size_t symbols = (size_t)value[SYMBOLS] + 2;
    *s = (unroll_task_shape){.T = (size_t)value[LAG], .inputs = symbols, .outputs = symbols};
}

static void draw(const double *value, unroll_rng *rng, const unroll_task_column *c)
{
    const uint32_t lag = (uint32_t)value[LAG], symbols = (uint32_t)value[SYMBOLS];
    const uint32_t frame = symbols + (uint32_t)unroll_rng_below(rng, 2);
    uint32_t symbol = frame;
    for (uint32_t t = 0; t < lag; t++) {
        c->input[t * c->stride] = symbol;
        symbol = value[REGULAR] != 0 ? t % symbols : (uint32_t)unroll_rng_below(rng, symbols);
        symbol = t + 1 < lag ? symbol : frame;
        c->target[t * c->stride] = symbol;
        c->weight[t * c->stride] = 1;
        c->counted[t * c->stride] = t + 1 == lag;
    }
}

/* ln 2 for the last symbol; those before it are known, or one of all. */
static double baseline(const double *value)
{
    const double others = value[REGULAR] != 0 ? 0 : (value[LAG] - 1) * log(value[SYMBOLS]);
    return (log(2) + others) / value[LAG];
}

const unroll_task_row unroll_task_long_lag = {
    .name = "long-lag",
    .summary = "predict each symbol; the last is the first once more",
    .origin = "Hochreiter and Schmidhuber (1997), tasks 2a and 2b",
    .keys = {[LAG] = {"lag", "steps from the first symbol to the last (p)", 100, 2, 1e6, false},
             [SYMBOLS] = {"symbols", "different ones between (p - 1 in the source)", 99, 1, 1e5, false},
             [REGULAR] = {"regular", "1: they come in their order; 0: drawn", 1, 0, 1, false}},
    .shape = shape,
    .draw = draw,
    .baseline = baseline,
    .measure = "share of the sequences whose last symbol is predicted",
    .chance = unroll_task_coin_chance,
};
