/* The embedded Reber grammar: Cleeremans, Servan-Schreiber and McClelland (1989), as Hochreiter and
 * Schmidhuber (1997) use it. A string is
 *
 *   B x  R … R  x E        x is T or P; each R is a string of Reber's grammar:
 *
 *   B  0 -T-> 1   0 -P-> 2   1 -S-> 1   1 -X-> 3   2 -T-> 2   2 -V-> 4
 *      3 -X-> 2   3 -S-> 5   4 -P-> 3   4 -V-> 5   5 -E-> end
 *
 * with both arcs out of a state equally likely. At each step the targets are all symbols that may
 * follow: 1, all others 0. Only the second symbol tells the last but one. Strings end at different
 * steps; what comes after has no weight. */
#include "task/task.h"

enum { STRINGS, LONGEST };
enum { B, T, P, S, X, V, E, SYMBOLS };
enum { STATES = 6, LAST = STATES - 1 };

typedef struct arc {
    uint32_t symbol, to;
} arc;

static const arc ARC[STATES][2] = {
    {{T, 1}, {P, 2}}, {{S, 1}, {X, 3}}, {{T, 2}, {V, 4}},
    {{X, 2}, {S, 5}}, {{P, 3}, {V, 5}}, {{E, STATES}, {E, STATES}},
};

static void shape(const double *value, unroll_task_shape *s)
{
    *s = (unroll_task_shape){.T = 3 + (size_t)value[STRINGS] * (size_t)value[LONGEST],
                             .inputs = SYMBOLS,
                             .outputs = SYMBOLS,
                             .squared = true};
}

/* The step that shows `symbol`, and may be followed by `a` or `b`. */
static void put(const unroll_task_column *c, size_t t, uint32_t symbol, uint32_t a, uint32_t b)
{
    c->input[t * c->stride] = symbol;
    c->value[t * c->stride * SYMBOLS + a] = 1;
    c->value[t * c->stride * SYMBOLS + b] = 1;
    c->weight[t * c->stride] = 1;
    c->recalled[t * c->stride] = 0;
}

/* Draw one string and put all of it but its E from step t on, nowhere where c is NULL; returns its
 * length. */
static size_t walk(unroll_rng *rng, const unroll_task_column *c, size_t t)
{
    size_t length = 1;
    uint32_t symbol = B;
    for (uint32_t state = 0; state != STATES; length++) {
        if (c)
            put(c, t + length - 1, symbol, ARC[state][0].symbol, ARC[state][1].symbol);
        const arc *a = &ARC[state][unroll_rng_below(rng, 2)];
        symbol = a->symbol;
        state = a->to;
    }
    return length;
}

/* The same with its E, which `next` follows, and redrawn until it is no longer than `longest`. */
static size_t string(unroll_rng *rng, const unroll_task_column *c, size_t t, size_t longest,
                     uint32_t next)
{
    unroll_rng begin;
    size_t length;
    do {
        begin = *rng;
        length = walk(rng, NULL, t);
    } while (length > longest);
    *rng = begin;
    walk(rng, c, t);
    put(c, t + length - 1, E, next, next);
    return length;
}

static void draw(const double *value, unroll_rng *rng, const unroll_task_column *c)
{
    const size_t strings = (size_t)value[STRINGS], longest = (size_t)value[LONGEST];
    const uint32_t x = unroll_rng_below(rng, 2) ? T : P;
    size_t t = 2;
    put(c, 0, B, T, P);
    put(c, 1, x, B, B);
    for (size_t i = 0; i < strings; i++)
        t += string(rng, c, t, longest, i + 1 < strings ? B : x);
    put(c, t, x, E, E);
    c->recalled[(t - 1) * c->stride] = 1; /* x is to come: what the task is about */
}

/* Predictions in a sequence, on average: 3, and as many as the strings have symbols. Their mean
 * length among those that are short enough comes from the chances of being in each state after each
 * step. */
static double predictions(const double *value)
{
    double in[STATES + 1] = {1}, ended = 0, sum = 0;
    for (size_t length = 2; length <= (size_t)value[LONGEST]; length++) {
        double next[STATES + 1] = {0};
        for (size_t state = 0; state < STATES; state++)
            for (size_t k = 0; k < 2; k++)
                next[ARC[state][k].to] += in[state] / 2;
        for (size_t state = 0; state < STATES; state++)
            in[state] = next[state];
        ended += next[STATES];
        sum += next[STATES] * (double)length;
    }
    return 3 + value[STRINGS] * sum / ended;
}

/* All right but the last but one: T and P at a half each. */
static double baseline(const double *value)
{
    return 0.5 / predictions(value);
}

static double chance(const double *value)
{
    return 1 - 0.5 / predictions(value);
}

const unroll_task_row unroll_task_reber = {
    .name = "reber",
    .summary = "predict which symbols may follow in the embedded Reber grammar",
    .origin = "Cleeremans et al. (1989); Hochreiter and Schmidhuber (1997)",
    .keys = {[STRINGS] = {"strings", "inner strings, one after the other", 1, 1, 1e4, false},
             [LONGEST] = {"longest", "most symbols of an inner string", 20, 5, 1e3, false}},
    .shape = shape,
    .draw = draw,
    .baseline = baseline,
    .measure = "share of the steps where exactly the legal successors are above a half",
    .chance = chance,
    .tolerance = 0.5,
};
