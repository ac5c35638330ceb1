#include "probe/curve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "net/net.h"
#include "probe/inject.h"

unroll_status unroll_curve_new(size_t layers, bool has_c, size_t distances, unroll_curve *out)
{
    *out = (unroll_curve){.layers = layers, .has_c = has_c, .distances = distances};
    return distances ? UNROLL_OK
                     : unroll_fail(UNROLL_EBUG, "a curve needs at least one distance");
}

unroll_status unroll_curve_for(const unroll_net *net, size_t distances, unroll_curve *out)
{
    return unroll_curve_new(net->stack.layers, net->stack.cell->states > 1, distances, out);
}

void unroll_curve_free(unroll_curve *c)
{
    unroll_free(c->norm);
    *c = (unroll_curve){0};
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
                           "%zu samples of %zu distances are more than memory can hold",
                           room, c->distances);
    double *norm = unroll_realloc(c->norm, count, sizeof *norm);
    if (!norm)
        return UNROLL_EMEMORY;
    c->norm = norm;
    c->room = room;
    return UNROLL_OK;
}

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
            take_chain(c, unroll_net_get_spec(net), b->B, norm, i / b->B, i % b->B);
    return UNROLL_OK;
}

unroll_status unroll_curve_measure(const unroll_net *net, unroll_work *work,
                                   const unroll_batch *batch,
                                   const uint8_t *inject, unroll_curve *curve)
{
    size_t count;
    if (!unroll_mul(batch->T * batch->B, curve->layers * UNROLL_STATES, &count))
        return unroll_fail(UNROLL_EMEMORY, "a window of %zu steps is too long to probe", batch->T);
    double *norm = unroll_alloc(count, sizeof *norm);
    if (!norm)
        return UNROLL_EMEMORY;
    const unroll_gradient_flow flow = {.batch = batch, .inject = inject, .norm = norm,
                                .through = curve->through};
    unroll_status status = unroll_gradient_flow_run(net, work, &flow);
    if (status == UNROLL_OK)
        status = gather(curve, net, batch, inject, norm);
    unroll_free(norm);
    return status;
}

/* ---- an encoder and its decoder ---- */

static size_t source_words(const unroll_batch *b, size_t r)
{
    size_t n = b->S;
    while (n > 0 && b->source_mode && b->source_mode[(n - 1) * b->B + r] != UNROLL_RUN)
        n--;
    return n;
}

size_t unroll_curve_reach_pairs(const unroll_net *net, const unroll_batch *b)
{
    size_t reach = SIZE_MAX;
    for (size_t r = 0; r < b->B; r++) {
        const size_t words = net->spec.bidirectional ? 0 : source_words(b, r);
        const size_t own = unroll_batch_length(b, r) + words;
        reach = own < reach ? own : reach;
    }
    return reach;
}

/* The decoder's steps, or the encoder's. */
typedef struct side {
    const unroll_net *net;
    const unroll_curve *curve;
    const uint8_t *mode;
    size_t *end;      /* [B] step t is at distance end − t */
    size_t B;
} side;

static double scaled_norm(const side *s, const unroll_real *x)
{
    /* the mean of B losses was differentiated */
    return sqrt(s->net->kernels->sum_squares(s->net->stack.hidden, x)) * (double)s->B;
}

static void see(void *arg, size_t layer, size_t t, size_t row0, size_t rows, size_t pitch,
                const unroll_real *dh, const unroll_real *dc)
{
    const side *s = arg;
    const unroll_curve *c = s->curve;
    for (size_t i = 0; i < rows; i++) {
        const size_t r = row0 + i;
        if ((s->mode && s->mode[t * s->B + r] != UNROLL_RUN) || t > s->end[r] ||
            s->end[r] - t >= c->distances)
            continue;
        double *to = c->norm + (c->samples + r) * sample_size(c) +
                     layer * UNROLL_STATES * c->distances + s->end[r] - t;
        to[0] = scaled_norm(s, dh + i * pitch);
        to[c->distances] = dc ? scaled_norm(s, dc + i * pitch) : 0;
    }
}

unroll_status unroll_curve_measure_pairs(const unroll_net *net, unroll_work *work,
                                         const unroll_batch *batch, unroll_real *grad,
                                         unroll_curve *curve)
{
    const size_t B = batch->B;
    side target = {net, curve, batch->mode, NULL, B}, source = {net, curve, batch->source_mode, NULL, B};
    unroll_batch last = *batch;
    unroll_result result;
    UNROLL_TRY(make_room(curve, curve->samples + B));
    unroll_real *weight = unroll_alloc(batch->T * B, sizeof *weight);
    target.end = unroll_alloc(2 * B, sizeof *target.end);
    unroll_status status = weight && target.end ? UNROLL_OK : UNROLL_EMEMORY;
    source.end = target.end + B;
    for (size_t r = 0; status == UNROLL_OK && r < B; r++) {
        target.end[r] = unroll_batch_length(batch, r) - 1;
        source.end[r] = target.end[r] + source_words(batch, r);
        weight[target.end[r] * B + r] = 1;
    }
    if (status == UNROLL_OK) {
        last.weight = weight;
        work->source_hook = (unroll_hook){.after = see, .arg = &source};
        unroll_work_set_hook(work, &(unroll_hook){.after = see, .arg = &target});
        status = unroll_net_gradient(net, &last, work, grad, &result);
        unroll_work_set_hook(work, NULL);
        work->source_hook = (unroll_hook){0};
    }
    unroll_free(target.end);
    unroll_free(weight);
    UNROLL_TRY(status);
    if (!result.finite)
        return unroll_fail(UNROLL_ENUMERIC, "the loss is not finite; the model has diverged");
    curve->samples += B;
    return UNROLL_OK;
}

/* ---- statistics ---- */

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(const double *sorted, size_t n, double q)
{
    const double at = q * (double)(n - 1);
    const size_t i = (size_t)at;
    return i + 1 < n ? sorted[i] + (at - (double)i) * (sorted[i + 1] - sorted[i]) : sorted[i];
}

unroll_curve_point unroll_curve_at(const unroll_curve *c, size_t layer,
                                   enum unroll_state state,
                                   size_t distance, double *scratch)
{
    unroll_curve_point p = {.n = c->samples};
    double logs = 0;
    if (c->samples == 0)
        return (unroll_curve_point){NAN, NAN, NAN, NAN, NAN, 0};
    for (size_t i = 0; i < c->samples; i++) {
        scratch[i] = unroll_curve_of(c, i, layer, state)[distance];
        p.mean += scratch[i] / (double)c->samples;
        logs += log(scratch[i]) / (double)c->samples;
    }
    p.gmean = exp(logs);
    qsort(scratch, c->samples, sizeof *scratch, ascending);
    p.q10 = quantile(scratch, c->samples, 0.1);
    p.median = quantile(scratch, c->samples, 0.5);
    p.q90 = quantile(scratch, c->samples, 0.9);
    return p;
}

void unroll_curve_gmean(const unroll_curve *c, size_t layer, enum unroll_state state,
                        double *out)
{
    for (size_t k = 0; k < c->distances; k++) {
        double logs = 0;
        for (size_t i = 0; i < c->samples; i++)
            logs += log(unroll_curve_of(c, i, layer, state)[k]) / (double)c->samples;
        out[k] = c->samples ? exp(logs) : NAN;
    }
}
