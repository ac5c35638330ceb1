#include "probe/curve.h"

#include <math.h>
#include <stdlib.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/samples.h"
#include "base/versioned.h"
#include "net/net.h"
#include "probe/inject.h"
#include "probe/pair_flow.h"

unroll_status unroll_curve_new(const unroll_net *net, const unroll_curve_options *options,
                               unroll_curve **out)
{
    unroll_curve_options o = {0};
    if (options)
        UNROLL_TRY(unroll_versioned_copy("unroll_curve_options", options, &o, sizeof o));
    if ((unsigned)o.losses > UNROLL_LOSSES_STACKED)
        return unroll_fail(UNROLL_EUSAGE, "losses of a curve is %d, which is no unroll_curve_losses",
                           (int)o.losses);
    if (net->spec.source && o.losses != UNROLL_LOSSES_LAST)
        return unroll_fail(UNROLL_EUSAGE,
                           "of an encoder–decoder the last losses alone can be measured");
    unroll_curve *c = unroll_alloc(1, sizeof *c);
    if (!c)
        return UNROLL_EMEMORY;
    *c = (unroll_curve){.layers = net->stack.layers,
                        .has_c = net->stack.cell->states > 1,
                        .distances = o.distances,
                        .losses = o.losses,
                        .copies = o.copies ? o.copies : 1,
                        .through = o.through_statistics};
    *out = c;
    return UNROLL_OK;
}

void unroll_curve_free(unroll_curve *c)
{
    if (!c)
        return;
    unroll_free(c->norm);
    unroll_free(c);
}

size_t unroll_curve_reach(const unroll_net *net, const unroll_batch *b)
{
    return net->spec.source ? unroll_pair_flow_reach(net, b) : unroll_batch_reach(b);
}

unroll_status unroll_curve_of_text(const unroll_net *net, const unroll_vocabulary *vocabulary,
                                   const char *text, size_t length,
                                   const unroll_windows_options *options, unroll_curve **out)
{
    unroll_ids ids = {0};
    unroll_windows *windows = NULL;
    unroll_probe *probe = NULL;
    unroll_curve *curve = NULL;
    unroll_status status = unroll_vocabulary_encode(vocabulary, "the text", text, length, &ids);
    if (status == UNROLL_OK)
        status = unroll_windows_of_tokens(ids.id, ids.count, options, &windows);
    if (status == UNROLL_OK) {
        const unroll_batch *b = unroll_windows_batch(windows);
        status = unroll_probe_new(net,
                                  &(unroll_probe_options){
                                      .size = sizeof(unroll_probe_options), .T = b->T, .B = b->B},
                                  &probe);
    }
    if (status == UNROLL_OK)
        status = unroll_curve_new(net, NULL, &curve);
    if (status == UNROLL_OK)
        status = unroll_curve_add(curve, probe, unroll_windows_batch(windows));
    if (status == UNROLL_OK)
        *out = curve;
    else
        unroll_curve_free(curve);
    unroll_probe_free(probe);
    unroll_windows_free(windows);
    unroll_ids_free(&ids);
    return status;
}

/* ---- what was measured ---- */

size_t unroll_curve_layers(const unroll_curve *c)
{
    return c->layers;
}

bool unroll_curve_has_c(const unroll_curve *c)
{
    return c->has_c;
}

size_t unroll_curve_distances(const unroll_curve *c)
{
    return c->distances;
}

size_t unroll_curve_samples(const unroll_curve *c)
{
    return c->samples;
}

static bool has_state(const unroll_curve *c, size_t layer, enum unroll_state state)
{
    return layer < c->layers && (state == UNROLL_STATE_H || (state == UNROLL_STATE_C && c->has_c));
}

const double *unroll_curve_sample(const unroll_curve *c, size_t sample, size_t layer,
                                  enum unroll_state state)
{
    if (sample >= c->samples || !has_state(c, layer, state))
        return NULL;
    return c->norm + ((sample * c->layers + layer) * UNROLL_STATES + state) * c->distances;
}

unroll_status unroll_curve_check(const unroll_curve *c, size_t layer, enum unroll_state state)
{
    if (layer >= c->layers)
        return unroll_fail(UNROLL_EUSAGE, "layer %zu of a curve of %zu layers, which count from 0",
                           layer, c->layers);
    if (!has_state(c, layer, state))
        return unroll_fail(UNROLL_EUSAGE, state == UNROLL_STATE_C
                                              ? "this cell has no state c"
                                              : "a state that is neither h nor c");
    return UNROLL_OK;
}

static double quantile(const double *sorted, size_t n, double q)
{
    const double at = q * (double)(n - 1);
    const size_t i = (size_t)at;
    return i + 1 < n ? sorted[i] + (at - (double)i) * (sorted[i + 1] - sorted[i]) : sorted[i];
}

/* @param value  [samples] at one distance; is sorted */
static unroll_curve_point point_of(double *value, size_t samples)
{
    unroll_curve_point p = {.n = samples};
    double logs = 0;
    if (samples == 0)
        return (unroll_curve_point){NAN, NAN, NAN, NAN, NAN, 0};
    for (size_t i = 0; i < samples; i++) {
        p.mean += value[i] / (double)samples;
        logs += log(value[i]) / (double)samples;
    }
    p.gmean = exp(logs);
    unroll_sort_ascending(value, samples);
    p.q10 = quantile(value, samples, 0.1);
    p.median = quantile(value, samples, 0.5);
    p.q90 = quantile(value, samples, 0.9);
    return p;
}

unroll_status unroll_curve_points(const unroll_curve *c, size_t layer, enum unroll_state state,
                                  unroll_curve_point *out)
{
    UNROLL_TRY(unroll_curve_check(c, layer, state));
    double *value = unroll_alloc(c->samples, sizeof *value);
    if (!value)
        return UNROLL_EMEMORY;
    for (size_t k = 0; k < c->distances; k++) {
        for (size_t i = 0; i < c->samples; i++)
            value[i] = unroll_curve_sample(c, i, layer, state)[k];
        out[k] = point_of(value, c->samples);
    }
    unroll_free(value);
    return UNROLL_OK;
}

unroll_status unroll_curve_gmean(const unroll_curve *c, size_t layer, enum unroll_state state,
                                 double *out)
{
    UNROLL_TRY(unroll_curve_check(c, layer, state));
    for (size_t k = 0; k < c->distances; k++) {
        double logs = 0;
        for (size_t i = 0; i < c->samples; i++)
            logs += log(unroll_curve_sample(c, i, layer, state)[k]) / (double)c->samples;
        out[k] = c->samples ? exp(logs) : NAN;
    }
    return UNROLL_OK;
}
