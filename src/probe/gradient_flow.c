#include "probe/gradient_flow.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "net/embed.h"
#include "net/net.h"
#include "net/propagate.h"
#include "net/readout.h"
#include "net/stack_pass.h"
#include "probe/inject.h"

/* This way back goes step by step through all layers, not layer by layer as training
 * does: so a chain can begin anywhere, and each row of each layer has a power of two of its
 * own. No weight gradients are taken. */

enum { SCALE_AT = 20, SCALE_BY = 40 };

typedef struct run {
    const unroll_net *net;
    unroll_work *work;
    const unroll_gradient_flow *flow;
    unroll_real *block;
    unroll_real *dh[2], *dc[2];    /* [layers][B][pitch] */
    unroll_real *dc_total, *spare; /* [B][pitch] */
    unroll_real *dx;               /* [B][max pitch] */
    unroll_real *dy;               /* [B][pitch] dL/dy of this step's layer; residual alone */
    int *dy_exponent;              /* [B] */
    unroll_real *logits;           /* [B][output pitch] */
    int *exponent;                 /* [layers][B] */
    bool *bad;                     /* [B] a loss or a gradient that is not finite */
} run;

static unroll_status allocate(run *p)
{
    const unroll_stack *s = &p->net->stack;
    const size_t B = p->work->B, band = B * s->pitch, all = s->layers * band;
    const size_t wide = B * (s->input_pitch > s->pitch && !s->tokens ? s->input_pitch : s->pitch);
    const bool has_c = s->cell->states > 1;
    const size_t logits = B * p->net->decoder.output_pitch;
    p->block = unroll_alloc((has_c ? 4 : 2) * all + 3 * band + wide + logits, sizeof *p->block);
    p->exponent = unroll_alloc((s->layers + 1) * B, sizeof *p->exponent);
    p->bad = unroll_alloc(B, sizeof *p->bad);
    if (!p->block || !p->exponent || !p->bad)
        return UNROLL_EMEMORY;
    unroll_real *at = p->block;
    for (size_t i = 0; i < 2; i++, at += all)
        p->dh[i] = at;
    for (size_t i = 0; has_c && i < 2; i++, at += all)
        p->dc[i] = at;
    p->dc_total = at;
    p->spare = at + band;
    p->dy = at + 2 * band;
    p->dy_exponent = p->exponent + s->layers * B;
    p->dx = at + 3 * band;
    p->logits = p->dx + wide;
    return UNROLL_OK;
}

static enum unroll_inject injection(const run *p, size_t t, size_t row)
{
    const unroll_batch *b = p->flow->batch;
    if (p->flow->inject)
        return (enum unroll_inject)p->flow->inject[t * b->B + row];
    return t + 1 == b->T ? UNROLL_INJECT_RESTART : UNROLL_INJECT_NONE;
}

/* dL_t/dy of one row into its logits: one sample's loss, whatever its weight in the batch. */
static double row_loss(const run *p, size_t t, size_t row, unroll_real *y)
{
    const unroll_net *net = p->net;
    const unroll_batch *b = p->flow->batch;
    const size_t V = net->spec.outputs, i = t * b->B + row;
    if (net->spec.squared)
        return unroll_squared_error(V, net->decoder.output_pitch, y, b->value + i * V, 1);
    uint32_t best;
    return net->kernels->softmax(V, net->decoder.output_pitch, y, b->target[i], 1, &best);
}

static void scale_row(unroll_real *x, size_t n, int power)
{
    const unroll_real factor = (unroll_real)ldexp(1, power);
    for (size_t j = 0; j < n; j++)
        x[j] *= factor;
}

static bool all_zero(const unroll_real *x, size_t n)
{
    for (size_t j = 0; j < n; j++)
        if (x[j] != 0)
            return false;
    return true;
}

/* Add x·2^exponent to (dh, dc)·2^own, a row of n (dc may be NULL); x is spoilt. Both come to
 * the larger power of two: what is lost at the smaller one was nothing beside the other. */
static void add_scaled(const unroll_kernels *k, size_t n, unroll_real *dh, unroll_real *dc,
                       int *own, unroll_real *x, int exponent)
{
    if (*own != exponent && all_zero(x, n))
        return;
    if (*own < exponent || (*own != exponent && all_zero(dh, n) && (!dc || all_zero(dc, n)))) {
        scale_row(dh, n, *own - exponent);
        if (dc)
            scale_row(dc, n, *own - exponent);
        *own = exponent;
    } else if (*own > exponent) {
        scale_row(x, n, exponent - *own);
    }
    k->add(n, dh, x, dh);
}

/* Add x·2^exponent to what travels in row r of layer l; x is spoilt. */
static void join(run *p, size_t l, size_t r, unroll_real *x, int exponent)
{
    const unroll_stack *s = &p->net->stack;
    const size_t n = s->pitch, row = (l * p->work->B + r) * n;
    add_scaled(s->kernels, n, p->dh[0] + row, p->dc[0] ? p->dc[0] + row : NULL,
               p->exponent + l * p->work->B + r, x, exponent);
}

/* Residual layers: dx·2^exponent of one row becomes dL/dy of the layer below, which is that and
 * the dL/dy from above. @return its exponent */
static int pass_by(run *p, size_t r, int exponent)
{
    const unroll_stack *s = &p->net->stack;
    const size_t n = s->pitch;
    unroll_real *dx = p->dx + r * n, *dy = p->dy + r * n;
    add_scaled(s->kernels, n, dx, NULL, &exponent, dy, p->dy_exponent[r]);
    memcpy(dy, dx, n * sizeof *dy);
    p->dy_exponent[r] = exponent;
    return exponent;
}

static void restart(run *p, size_t r)
{
    const size_t n = p->net->stack.pitch, B = p->work->B;
    for (size_t l = 0; l < p->net->stack.layers; l++) {
        memset(p->dh[0] + (l * B + r) * n, 0, n * sizeof(unroll_real));
        if (p->dc[0])
            memset(p->dc[0] + (l * B + r) * n, 0, n * sizeof(unroll_real));
        p->exponent[l * B + r] = 0;
    }
}

/* Drop what travels in the rows that begin anew, and let the losses of this step in. */
static void inject(run *p, size_t t, size_t r0, size_t r1)
{
    const unroll_stack *s = &p->net->stack;
    const unroll_dense *d = &p->net->decoder;
    const size_t n = s->pitch, B = p->work->B;
    bool any = false;
    memset(p->dy + r0 * n, 0, (r1 - r0) * n * sizeof *p->dy);
    memset(p->dy_exponent + r0, 0, (r1 - r0) * sizeof *p->dy_exponent);
    for (size_t r = r0; r < r1; r++)
        any |= injection(p, t, r) != UNROLL_INJECT_NONE;
    if (!any)
        return;
    s->kernels->product(&(unroll_product){
        .groups = 1,
        .rows = r1 - r0,
        .N = d->output_pitch,
        .K = d->inputs,
        .A = p->work->run.at[s->layers - 1].y + (t * B + r0) * n,
        .a_pitch = n,
        .panels = d->forward,
        .depth = d->inputs,
        .C = p->logits + r0 * d->output_pitch,
        .c_pitch = d->output_pitch,
        .start = UNROLL_FROM_BIAS,
        .bias = d->padded_bias,
    });
    for (size_t r = r0; r < r1; r++) {
        unroll_real *y = p->logits + r * d->output_pitch;
        if (injection(p, t, r) == UNROLL_INJECT_NONE)
            memset(y, 0, d->output_pitch * sizeof *y);
        else
            p->bad[r] |= !isfinite(row_loss(p, t, r, y));
    }
    s->kernels->product(&(unroll_product){
        .groups = 1,
        .rows = r1 - r0,
        .N = n,
        .K = d->output_pitch,
        .A = p->logits + r0 * d->output_pitch,
        .a_pitch = d->output_pitch,
        .panels = d->backward,
        .depth = d->output_pitch,
        .C = p->spare + r0 * n,
        .c_pitch = n,
        .start = UNROLL_FROM_ZERO,
    });
    for (size_t r = r0; r < r1; r++) {
        const enum unroll_inject how = injection(p, t, r);
        if (how == UNROLL_INJECT_NONE)
            continue;
        if (how == UNROLL_INJECT_RESTART)
            restart(p, r);
        memcpy(p->dy + r * n, p->spare + r * n, n * sizeof *p->dy);
        join(p, s->layers - 1, r, p->spare + r * n, 0);
    }
}

static double row_norm(run *p, const unroll_real *x, size_t row, int exponent)
{
    double sum = 0; /* a float's square needs a double */
    for (size_t j = 0; j < p->net->stack.hidden; j++)
        sum += (double)x[j] * (double)x[j];
    p->bad[row] |= isnan(sum);
    return ldexp(sqrt(sum), exponent);
}

static void record(run *p, size_t l, size_t t, size_t r0, size_t r1)
{
    const unroll_stack *s = &p->net->stack;
    const unroll_gradient_flow *flow = p->flow;
    const size_t n = s->pitch, B = p->work->B;
    const int *exponent = p->exponent + l * B;
    const unroll_real *dh = p->dh[0] + l * B * n, *dc = p->dc[0] ? p->dc_total : NULL;
    for (size_t r = r0; flow->norm && r < r1; r++) {
        const size_t at = unroll_gradient_flow_at(&p->net->spec, B, t, l, UNROLL_STATE_H, r);
        flow->norm[at] = row_norm(p, dh + r * n, r, exponent[r]);
        flow->norm[at + B] = dc ? row_norm(p, dc + r * n, r, exponent[r]) : 0;
    }
    if (flow->visit)
        flow->visit(flow->arg, &(unroll_flow_step){.layer = l,
                                                   .t = t,
                                                   .row0 = r0,
                                                   .rows = r1 - r0,
                                                   .pitch = n,
                                                   .dh = dh + r0 * n,
                                                   .dc = dc ? dc + r0 * n : NULL,
                                                   .exponent = exponent + r0});
}

/* Rows that meet in a step's statistics need one power of two: the largest of those that hold something. */
static void align(run *p, size_t l, size_t r0, size_t r1)
{
    const unroll_stack *s = &p->net->stack;
    const size_t B = p->work->B, n = s->pitch;
    int *exponent = p->exponent + l * B, largest = INT_MIN;
    for (size_t r = r0; r < r1; r++) {
        const size_t at = (l * B + r) * n;
        if (!all_zero(p->dh[0] + at, n) || (p->dc[0] && !all_zero(p->dc[0] + at, n)))
            largest = exponent[r] > largest ? exponent[r] : largest;
    }
    for (size_t r = r0; largest != INT_MIN && r < r1; r++) {
        const size_t at = (l * B + r) * n;
        if (exponent[r] != largest) { /* greater: the row is zero */
            const int power = exponent[r] < largest ? exponent[r] - largest : 0;
            scale_row(p->dh[0] + at, n, power);
            if (p->dc[0])
                scale_row(p->dc[0] + at, n, power);
            exponent[r] = largest;
        }
    }
}

static void step_back(run *p, size_t t, size_t r0, size_t r1)
{
    const unroll_stack *s = &p->net->stack;
    const size_t n = s->pitch, B = p->work->B;
    for (size_t l = s->layers; l-- > 0;) {
        const size_t at = (l * B + r0) * n, band = (r1 - r0) * n;
        unroll_step_back back = {.dh = p->dh[0] + at, .dh0 = p->dh[1] + at};
        memset(back.dh0, 0, band * sizeof *back.dh0);
        if (p->dc[0]) {
            back.dc = p->dc[0] + at;
            back.dc0 = p->dc[1] + at;
            back.dc_total = p->dc_total + r0 * n;
            back.spare = p->spare + r0 * n;
        }
        if (p->flow->through)
            align(p, l, r0, r1);
        unroll_stack_step_back(s, &p->work->run, l, t, r0, r1, &back);
        record(p, l, t, r0, r1);
        if (l == 0)
            continue;
        unroll_stack_input_back(s, &p->work->run, l, (unroll_span){t, t + 1}, p->dx, r0, r1);
        for (size_t r = r0; r < r1; r++) {
            const int exponent = p->exponent[l * B + r];
            join(p, l - 1, r, p->dx + r * n, s->residual ? pass_by(p, r, exponent) : exponent);
        }
    }
}

static unroll_real largest_of(const unroll_real *x, size_t n, unroll_real largest)
{
    for (size_t j = 0; j < n; j++)
        largest = x[j] > largest ? x[j] : -x[j] > largest ? -x[j] : largest;
    return largest;
}

/* What is left of a row becomes what is carried; its power of two follows its largest magnitude. */
static void carry_row(run *p, size_t l, size_t r)
{
    const unroll_stack *s = &p->net->stack;
    const size_t at = (l * p->work->B + r) * s->pitch, bytes = s->pitch * sizeof(unroll_real);
    unroll_real largest = largest_of(p->dh[1] + at, s->hidden, 0);
    if (p->dc[1])
        largest = largest_of(p->dc[1] + at, s->hidden, largest);
    p->bad[r] |= !isfinite(largest);
    memcpy(p->dh[0] + at, p->dh[1] + at, bytes);
    if (p->dc[0])
        memcpy(p->dc[0] + at, p->dc[1] + at, bytes);
    const int power = p->flow->unscaled || largest == 0 ? 0
                      : largest < ldexp(1, -SCALE_AT)   ? SCALE_BY
                      : largest > ldexp(1, SCALE_AT)    ? -SCALE_BY
                                                        : 0;
    if (power == 0)
        return;
    scale_row(p->dh[0] + at, s->pitch, power);
    if (p->dc[0])
        scale_row(p->dc[0] + at, s->pitch, power);
    p->exponent[l * p->work->B + r] -= power;
}

static void run_band(void *arg, size_t thread)
{
    run *p = arg;
    unroll_work *w = p->work;
    const unroll_net *net = p->net;
    size_t r0, r1;
    unroll_work_band(w, thread, &r0, &r1);
    if (r0 == r1)
        return;
    unroll_embed_input(net, w, r0, r1);
    unroll_stack_forward(&net->stack, &w->run, net->parameters.list, net->weights, r0, r1);
    for (size_t t = p->flow->batch->T; t-- > 0;) {
        inject(p, t, r0, r1);
        step_back(p, t, r0, r1);
        for (size_t l = 0; l < net->stack.layers; l++)
            for (size_t r = r0; r < r1; r++)
                carry_row(p, l, r);
    }
}

static unroll_status check(const run *p)
{
    for (size_t r = 0; r < p->work->B; r++)
        if (p->bad[r])
            return unroll_fail(UNROLL_ENUMERIC,
                               "the loss or the gradient of sample %zu is not "
                               "finite; the model has diverged",
                               r + 1);
    return UNROLL_OK;
}

unroll_status unroll_gradient_flow_run(const unroll_net *net, unroll_work *work,
                                       const unroll_gradient_flow *flow)
{
    run p = {.net = net, .work = work, .flow = flow};
    if (!unroll_work_holds(work))
        return unroll_fail(UNROLL_EBUG, "a probe needs a workspace that holds the whole window");
    if (unroll_stack_joins_rows(&net->stack) && net->stack.norm->recurrent && work->B < 2)
        return unroll_fail(UNROLL_EUSAGE,
                           UNROLL_OPTION "norm %s needs 2 windows or more: one row is its own mean",
                           net->spec.norm);
    if (flow->through && !(unroll_stack_joins_rows(&net->stack) && net->stack.norm->recurrent))
        return unroll_fail(UNROLL_EUSAGE,
                           "only recurrent batch normalisation has statistics to differentiate through");
    unroll_status status = allocate(&p);
    if (status == UNROLL_OK)
        status = unroll_net_begin(net, flow->batch, work);
    if (status == UNROLL_OK) {
        work->run.dropping = false;
        work->run.use = flow->through ? UNROLL_STATISTICS_LEARNED : UNROLL_STATISTICS_HELD;
        unroll_parallel(work->threads, run_band, &p);
        status = check(&p);
    }
    unroll_free(p.bad);
    unroll_free(p.exponent);
    unroll_free(p.block);
    return status;
}
