/* What the checks of an experiment measure. */
#include <math.h>
#include <string.h>
#include <unroll/probe.h>

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

static double of_result(const compare_variant *v, const compare_result *r, const experiment_check *c)
{
    const size_t top = (size_t)v->config->layers - 1;
    const double loss = r->diverged ? INFINITY : r->loss;
    switch (c->quantity) {
    case EXPERIMENT_SOLVED: return r->solved;
    case EXPERIMENT_STEPS: return (double)(r->solved ? r->steps_to_solve : r->steps);
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

static double of_variant(const compare_study *s, const char *label, const experiment_check *c)
{
    for (size_t v = 0; v < s->variants; v++) {
        double sum = 0;
        if (strcmp(s->variant[v].label, label) != 0)
            continue;
        for (size_t k = 0; k < s->seeds; k++) {
            const compare_result *r = compare_at(s, v, k);
            sum += r->done ? of_result(&s->variant[v], r, c) : NAN;
        }
        return sum / (double)s->seeds;
    }
    return NAN;
}

const char *experiment_relation_name(enum experiment_relation relation)
{
    return relation == EXPERIMENT_AT_LEAST ? "at least" : "at most";
}

bool experiment_holds(const compare_study *s, const experiment_check *check, double *measured)
{
    *measured = of_variant(s, check->variant, check);
    if (check->minus)
        *measured -= of_variant(s, check->minus, check);
    return check->relation == EXPERIMENT_AT_LEAST ? *measured >= check->bound
                                                  : *measured <= check->bound;
}
