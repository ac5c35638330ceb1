#include "probe/curve.h"

#include <math.h>
#include <stdlib.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/samples.h"
#include "base/versioned.h"
#include "net/net.h"
#include "probe/gradient_flow.h"
#include "probe/inject.h"
#include "probe/pair_flow.h"
#include "probe/probe.h"

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

static size_t sample_size(const unroll_curve *c)
{
    return c->layers * UNROLL_STATES * c->distances;
}

static unroll_status make_room(unroll_curve *c, size_t samples)
{
    size_t count;
    if (samples <= c->room)
        return UNROLL_OK;
    const size_t room = samples > 2 * c->room ? samples : 2 * c->room;
    if (!unroll_mul(room, sample_size(c), &count))
        return unroll_fail(UNROLL_EMEMORY,
                           "%zu samples of %zu distances are more than memory can hold", room,
                           c->distances);
    double *norm = unroll_realloc(c->norm, count, sizeof *norm);
    if (!norm)
        return UNROLL_EMEMORY;
    c->norm = norm;
    c->room = room;
    return UNROLL_OK;
}

/* ---- measuring ---- */

/* Does the chain that begins at (t, r) run over all distances? */
static bool whole_chain(const unroll_batch *b, const uint8_t *inject, size_t distances, size_t t,
                        size_t r)
{
    if (inject[t * b->B + r] != UNROLL_INJECT_RESTART || t + 1 < distances)
        return false;
    for (size_t k = 1; k < distances; k++)
        if (inject[(t - k) * b->B + r] == UNROLL_INJECT_RESTART)
            return false;
    return true;
}

static void take_chain(unroll_curve *c, const unroll_net_spec *spec, size_t B, const double *norm,
                       size_t t, size_t r)
{
    double *to = c->norm + c->samples++ * sample_size(c);
    for (size_t l = 0; l < c->layers; l++)
        for (int state = 0; state < UNROLL_STATES; state++)
            for (size_t k = 0; k < c->distances; k++)
                *to++ = norm[unroll_gradient_flow_at(spec, B, t - k, l, (enum unroll_state)state, r)];
}

static unroll_status gather(unroll_curve *c, const unroll_net *net, const unroll_batch *b,
                            const uint8_t *inject, const double *norm)
{
    size_t chains = 0;
    for (size_t i = 0; i < b->T * b->B; i++)
        chains += whole_chain(b, inject, c->distances, i / b->B, i % b->B);
    UNROLL_TRY(make_room(c, c->samples + chains));
    for (size_t i = 0; i < b->T * b->B; i++)
        if (whole_chain(b, inject, c->distances, i / b->B, i % b->B))
            take_chain(c, &net->spec, b->B, norm, i / b->B, i % b->B);
    return UNROLL_OK;
}

static void choose_losses(const unroll_curve *c, const unroll_batch *b, uint8_t *inject)
{
    switch (c->losses) {
    case UNROLL_LOSSES_LAST: unroll_inject_last(b, inject); break;
    case UNROLL_LOSSES_ALL: unroll_inject_all(b, inject); break;
    case UNROLL_LOSSES_SPACED: unroll_inject_comb(b, c->distances, inject); break;
    case UNROLL_LOSSES_STACKED: unroll_inject_stacked(b, c->copies, c->distances, inject); break;
    }
}

static unroll_status add_windows(unroll_curve *c, unroll_probe *p, const unroll_batch *b)
{
    size_t count;
    if (!unroll_mul(b->T * b->B, c->layers * UNROLL_STATES, &count))
        return unroll_fail(UNROLL_EMEMORY, "a window of %zu steps is too long to probe", b->T);
    double *norm = unroll_alloc(count, sizeof *norm);
    uint8_t *inject = unroll_alloc(b->T * b->B, 1);
    unroll_status status = norm && inject ? UNROLL_OK : UNROLL_EMEMORY;
    if (status == UNROLL_OK) {
        choose_losses(c, b, inject);
        status = unroll_gradient_flow_run(p->net, p->work,
                                          &(unroll_gradient_flow){.batch = b,
                                                                  .inject = inject,
                                                                  .through = c->through,
                                                                  .norm = norm});
    }
    if (status == UNROLL_OK)
        status = gather(c, p->net, b, inject, norm);
    unroll_free(inject);
    unroll_free(norm);
    return status;
}

static unroll_status add_pairs(unroll_curve *c, unroll_probe *p, const unroll_batch *b)
{
    const size_t reach = unroll_pair_flow_reach(p->net, b);
    if (c->distances > reach)
        return unroll_fail(UNROLL_EUSAGE,
                           "a curve of %zu distances, of which not all pairs reach more than %zu",
                           c->distances, reach);
    UNROLL_TRY(make_room(c, c->samples + b->B));
    UNROLL_TRY(unroll_pair_flow_run(p, b, c->distances, c->norm + c->samples * sample_size(c)));
    c->samples += b->B;
    return UNROLL_OK;
}

size_t unroll_curve_reach(const unroll_net *net, const unroll_batch *b)
{
    return net->spec.source ? unroll_pair_flow_reach(net, b) : unroll_batch_reach(b);
}

unroll_status unroll_curve_add(unroll_curve *c, unroll_probe *p, const unroll_batch *batch)
{
    UNROLL_TRY(unroll_probe_check(p, batch));
    if (p->net->stack.layers != c->layers || (p->net->stack.cell->states > 1) != c->has_c)
        return unroll_fail(UNROLL_EUSAGE,
                           "a curve of %zu layers %s a state c does not go with a network of %zu layers "
                           "%s one",
                           c->layers, c->has_c ? "with" : "without", p->net->stack.layers,
                           c->has_c ? "without" : "with");
    const size_t asked = c->distances;
    c->distances = asked ? asked : unroll_curve_reach(p->net, batch);
    unroll_status status =
        c->distances ? UNROLL_OK
                     : unroll_fail(UNROLL_EUSAGE,
                                   "a row of the batch has no target, so that there is no distance "
                                   "which all rows reach");
    if (status == UNROLL_OK)
        status = p->net->spec.source ? add_pairs(c, p, batch) : add_windows(c, p, batch);
    if (status != UNROLL_OK && c->samples == 0)
        c->distances = asked;
    return status;
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
