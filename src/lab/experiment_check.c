/* What the checks of an experiment measure. */
#include <math.h>
#include <string.h>
#include <unroll/probe.h>

#include "base/samples.h"
#include "config/config.h"
#include "lab/experiment.h"

static const unroll_curve_row *find_distance(const compare_result *r, size_t layer, size_t distance)
{
    for (size_t i = 0; i < r->distances; i++) {
        const unroll_curve_row *row = &r->distance[i].row;
        if (r->distance[i].when == COMPARE_START && row->state == 'h' && row->layer == layer &&
            row->distance == distance)
            return row;
    }
    return NULL;
}

static double decades(const compare_result *r, size_t layer, size_t distance)
{
    const unroll_curve_row *row = find_distance(r, layer, distance);
    return row ? log10(row->point.gmean) : NAN;
}

/* From the fit's first distance to the last one measured. */
static double slope(const compare_result *r, size_t layer)
{
    size_t last = UNROLL_FIT_FROM;
    while (find_distance(r, layer, last + 1))
        last++;
    return (decades(r, layer, last) - decades(r, layer, UNROLL_FIT_FROM)) /
           (double)(last - UNROLL_FIT_FROM);
}

static double forget(const compare_result *r, size_t layer, bool open)
{
    for (size_t i = 0; i < r->gates; i++)
        if (r->gate[i].layer == layer && strcmp(r->gate[i].name, "f") == 0)
            return open ? r->gate[i].high : r->gate[i].low;
    return NAN;
}

/* Mean over a layer's gates of the share that is nearly shut or open. */
static double saturated(const compare_result *r, size_t layer)
{
    double sum = 0, count = 0;
    for (size_t i = 0; i < r->gates; i++)
        if (r->gate[i].layer == layer) {
            sum += r->gate[i].low + r->gate[i].high;
            count++;
        }
    return count > 0 ? sum / count : NAN;
}

static double translated(const compare_result *r, size_t length, bool bleu)
{
    if (r->diverged)
        return 0;
    for (size_t i = 0; i < r->lengths; i++)
        if (r->length[i].min <= length && length <= r->length[i].max)
            return bleu ? r->length[i].bleu : r->length[i].exact;
    return NAN;
}

/* Updates that both variants of a check were given: what is known of the times of all of their trainings. */
static double common_budget(const compare_variant *a, const compare_variant *b)
{
    const uint64_t one = a->config->learning.steps, other = b ? b->config->learning.steps : one;
    return (double)(one < other ? one : other);
}

/* @param budget  to which times are restricted: of a training that solved its task later as of one that did not */
static double of_result(const compare_variant *v, const compare_result *r,
                        const experiment_check *c, double budget)
{
    const size_t top = (size_t)v->config->layers - 1;
    const double loss = r->diverged ? INFINITY : r->loss;
    const bool solved = r->solved && !r->diverged;
    switch (c->quantity) {
    case EXPERIMENT_SOLVED: return solved;
    case EXPERIMENT_STEPS: return solved ? fmin((double)r->steps_to_solve, budget) : budget;
    case EXPERIMENT_ACCURACY: return r->diverged ? 0 : r->accuracy;
    case EXPERIMENT_LOSS: return loss;
    case EXPERIMENT_BASELINE: return loss / v->baseline;
    case EXPERIMENT_RECALL: return (r->diverged ? INFINITY : r->recall_loss) / -log(v->chance);
    case EXPERIMENT_DECADES: return decades(r, top, c->at);
    case EXPERIMENT_SLOPE: return slope(r, top);
    case EXPERIMENT_DEPTH: return decades(r, 0, 0) - decades(r, top, 0);
    case EXPERIMENT_DIVERGED: return isnan(loss) || isinf(loss) || loss > 2.5 * v->baseline;
    case EXPERIMENT_FORGET_OPEN: return forget(r, c->at, true);
    case EXPERIMENT_FORGET_SHUT: return forget(r, c->at, false);
    case EXPERIMENT_GATES_RISE: return saturated(r, top) - saturated(r, 0);
    case EXPERIMENT_EXACT: return translated(r, c->at, false);
    case EXPERIMENT_BLEU: return translated(r, c->at, true);
    }
    return NAN;
}

/* ---- over the seeds ---- */

/* NULL: no variant is called so. */
static const compare_variant *find_variant(const compare_study *s, const char *label)
{
    for (size_t v = 0; v < s->variants; v++)
        if (strcmp(s->variant[v].label, label) == 0)
            return &s->variant[v];
    return NULL;
}

/* A value for each seed; NaN where there is none.
 * @param beside  the check's other variant, or NULL */
static void of_variant(const compare_study *s, const compare_variant *v,
                       const compare_variant *beside, const experiment_check *c, double *value,
                       size_t *diverged)
{
    const double budget = v ? common_budget(v, beside) : NAN;
    for (size_t k = 0; k < s->seeds; k++) {
        const compare_result *r = v ? compare_at(s, (size_t)(v - s->variant), k) : NULL;
        value[k] = r && r->done ? of_result(v, r, c, budget) : NAN;
        *diverged += r && r->done && r->diverged;
    }
}

/* NaN or an infinity where one of the values is: no seed is left out. */
static double plain_mean(const double *value, size_t n)
{
    double sum = 0;
    for (size_t k = 0; k < n; k++)
        sum += value[k];
    return sum / (double)n;
}

/* Wilson's interval of a share p of n. */
static void wilson_interval(double p, size_t n, double *low, double *high)
{
    const double z = 1.959964, z2 = z * z / (double)n;
    const double centre = (p + z2 / 2) / (1 + z2);
    const double half = sqrt(z2 * (p * (1 - p) + z2 / 4)) / (1 + z2);
    *low = centre - half;
    *high = centre + half;
}

/* Newcombe's method 10: the difference of two shares, from the interval of each. */
static void share_interval(double p, double q, bool difference, experiment_outcome *out)
{
    double low, high;
    wilson_interval(p, out->seeds, &out->low, &out->high);
    if (!difference)
        return;
    wilson_interval(q, out->seeds, &low, &high);
    const double below = hypot(p - out->low, high - q), above = hypot(out->high - p, q - low);
    out->low = p - q - below;
    out->high = p - q + above;
}

static bool is_share(enum experiment_quantity quantity)
{
    return quantity == EXPERIMENT_SOLVED || quantity == EXPERIMENT_DIVERGED;
}

void experiment_judge(const compare_study *s, const experiment_check *c, experiment_outcome *out)
{
    double value[COMPARE_SEEDS_MAX], other[COMPARE_SEEDS_MAX] = {0};
    const size_t n = (size_t)s->seeds;
    *out = (experiment_outcome){.low = NAN, .high = NAN, .seeds = n};
    const compare_variant *v = find_variant(s, c->variant);
    const compare_variant *minus = c->minus ? find_variant(s, c->minus) : NULL;
    of_variant(s, v, minus, c, value, &out->diverged);
    if (c->minus)
        of_variant(s, minus, v, c, other, &out->diverged);
    const double p = plain_mean(value, n), q = plain_mean(other, n);
    for (size_t k = 0; k < n; k++)
        value[k] -= other[k];
    out->mean = plain_mean(value, n);
    const unroll_interval interval = unroll_mean_interval(value, n, 1);
    if (n >= UNROLL_INTERVAL_FROM && isfinite(out->mean) && is_share(c->quantity)) {
        share_interval(p, q, c->minus, out);
    } else {
        out->low = interval.low;
        out->high = interval.high;
    }
    if (!isfinite(out->mean) || out->mean < c->low || out->mean > c->high)
        out->verdict = EXPERIMENT_FAILS;
    else
        out->verdict =
            out->low >= c->low && out->high <= c->high ? EXPERIMENT_HOLDS : EXPERIMENT_OPEN;
}
