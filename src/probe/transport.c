#include "probe/transport.h"

#include <math.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "net/embed.h"
#include "net/net.h"
#include "net/propagate.h"
#include "net/stack_pass.h"
#include "probe/inject.h"

enum { SCALE_AT = 20, SCALE_BY = 40 };

size_t unroll_transport_size(const unroll_net *net)
{
    return net->stack.layers * (net->stack.cell->states > 1 ? 2 : 1) * net->stack.hidden;
}

unroll_status unroll_transport_new(const unroll_net *net, size_t rows, unroll_transport *out)
{
    const unroll_stack *s = &net->stack;
    const size_t band = rows * s->pitch, all = s->layers * band, states = s->cell->states > 1 ? 2 : 1;
    *out = (unroll_transport){.net = net, .rows = rows, .size = unroll_transport_size(net)};
    out->block = unroll_alloc(2 * states * all + 2 * band, sizeof *out->block);
    out->exponent = unroll_alloc(rows, sizeof *out->exponent);
    if (!out->block || !out->exponent)
        return UNROLL_EMEMORY;
    unroll_real *at = out->block;
    for (size_t i = 0; i < 2; i++, at += all)
        out->dh[i] = at;
    for (size_t i = 0; states > 1 && i < 2; i++, at += all)
        out->dc[i] = at;
    out->dx = at;
    out->dy = at + band;
    const unroll_work_options options = {
        .size = sizeof options, .T = 1, .B = rows, .threads = 1, .training = true};
    UNROLL_TRY(unroll_work_new(net, &options, &out->step));
    out->step->run.steps = 1;
    out->step->run.use = UNROLL_STATISTICS_HELD;
    return UNROLL_OK;
}

void unroll_transport_free(unroll_transport *t)
{
    unroll_work_free(t->step);
    unroll_free(t->exponent);
    unroll_free(t->block);
    *t = (unroll_transport){0};
}

void unroll_transport_set(unroll_transport *t, size_t row, const double *v)
{
    const unroll_stack *s = &t->net->stack;
    for (size_t l = 0; l < s->layers; l++) {
        const size_t at = (l * t->rows + row) * s->pitch;
        for (size_t j = 0; j < s->hidden; j++)
            t->dh[0][at + j] = (unroll_real)*v++;
        for (size_t j = 0; t->dc[0] && j < s->hidden; j++)
            t->dc[0][at + j] = (unroll_real)*v++;
    }
    t->exponent[row] = 0;
}

void unroll_transport_get(const unroll_transport *t, size_t row, double *v, int *exponent)
{
    const unroll_stack *s = &t->net->stack;
    for (size_t l = 0; l < s->layers; l++) {
        const size_t at = (l * t->rows + row) * s->pitch;
        for (size_t j = 0; j < s->hidden; j++)
            *v++ = (double)t->dh[0][at + j];
        for (size_t j = 0; t->dc[0] && j < s->hidden; j++)
            *v++ = (double)t->dc[0][at + j];
    }
    *exponent = t->exponent[row];
}

/* `n` reals of one row to all rows. */
static void spread(size_t rows, size_t n, const unroll_real *from, unroll_real *to)
{
    for (size_t r = 0; r < rows; r++)
        memcpy(to + r * n, from, n * sizeof *to);
}

/* Bring step t of a sample, which backward will overwrite, to every row. */
static void load_step(unroll_transport *tr, const unroll_work *w, size_t sample, size_t t)
{
    const unroll_stack *s = &tr->net->stack;
    const size_t row = t * w->B + sample;
    for (size_t l = 0; l < s->layers; l++) {
        const unroll_layer *layer = &s->at[l].layer;
        const unroll_layer_run *from = &w->run.at[l];
        unroll_layer_run *to = &tr->step->run.at[l];
        const size_t z = layer->blocks * s->pitch, n = layer->norm_blocks * s->pitch;
        spread(tr->rows, z, from->z + row * z, to->z);
        if (n)
            spread(tr->rows, n, from->n + row * n, to->n);
        for (size_t slot = 0; slot < 2; slot++) {
            const size_t at = (row + slot * w->B) * s->pitch, there = slot * tr->rows * s->pitch;
            spread(tr->rows, s->pitch, from->h + at, to->h + there);
            if (tr->dc[0])
                spread(tr->rows, s->pitch, from->c + at, to->c + there);
        }
        if (s->statistics)
            memcpy(to->statistics, from->statistics + (s->norm->recurrent ? t : 0) * s->statistics,
                   s->statistics * sizeof *to->statistics);
    }
}

/* All layers, from the top: what a layer's input takes joins the state of the one below. */
static void pass_layers(unroll_transport *tr)
{
    const unroll_stack *s = &tr->net->stack;
    const size_t band = tr->rows * s->pitch;
    const unroll_stack_run *run = &tr->step->run;
    memset(tr->dh[1], 0, s->layers * band * sizeof *tr->dh[1]);
    memset(tr->dy, 0, band * sizeof *tr->dy);
    for (size_t l = s->layers; l-- > 0;) {
        unroll_step_back back = {.dh = tr->dh[0] + l * band, .dh0 = tr->dh[1] + l * band};
        if (tr->dc[0]) {
            back.dc = tr->dc[0] + l * band;
            back.dc0 = tr->dc[1] + l * band;
            back.spare = tr->step->run.spare;
        }
        unroll_stack_step_back(s, run, l, 0, 0, tr->rows, &back);
        if (l == 0)
            break;
        unroll_stack_input_back(s, run, l, (unroll_span){0, 1}, tr->dx, 0, tr->rows);
        if (s->residual) { /* dL/dy goes by the layer, too */
            s->kernels->add(band, tr->dx, tr->dy, tr->dx);
            memcpy(tr->dy, tr->dx, band * sizeof *tr->dy);
        }
        unroll_real *below = tr->dh[0] + (l - 1) * band;
        s->kernels->add(band, below, tr->dx, below);
    }
}

/* The power of two follows a vector's largest number. */
static void scale_vector(unroll_transport *tr, size_t r)
{
    const unroll_stack *s = &tr->net->stack;
    unroll_real largest = 0;
    for (size_t l = 0; l < s->layers; l++) {
        const size_t at = (l * tr->rows + r) * s->pitch;
        for (size_t j = 0; j < s->hidden; j++) {
            const unroll_real h = tr->dh[0][at + j], c = tr->dc[0] ? tr->dc[0][at + j] : 0;
            largest = h > largest ? h : -h > largest ? -h : largest;
            largest = c > largest ? c : -c > largest ? -c : largest;
        }
    }
    const int power = largest == 0                    ? 0
                      : largest < ldexp(1, -SCALE_AT) ? SCALE_BY
                      : largest > ldexp(1, SCALE_AT)  ? -SCALE_BY
                                                      : 0;
    const unroll_real factor = (unroll_real)ldexp(1, power);
    for (size_t l = 0; power != 0 && l < s->layers; l++)
        for (size_t j = 0, at = (l * tr->rows + r) * s->pitch; j < s->hidden; j++) {
            tr->dh[0][at + j] *= factor;
            if (tr->dc[0])
                tr->dc[0][at + j] *= factor;
        }
    tr->exponent[r] -= power;
}

void unroll_transport_back(unroll_transport *tr, const unroll_work *forward, size_t sample, size_t t)
{
    const unroll_batch *b = forward->batch;
    const unroll_stack *s = &tr->net->stack;
    const uint8_t mode = b->mode ? b->mode[t * b->B + sample] : UNROLL_RUN;
    const size_t bytes = s->layers * tr->rows * s->pitch * sizeof *tr->block;
    if (mode == UNROLL_RESET) {
        memset(tr->dh[0], 0, bytes);
        if (tr->dc[0])
            memset(tr->dc[0], 0, bytes);
    }
    if (mode != UNROLL_RUN)
        return;
    load_step(tr, forward, sample, t);
    pass_layers(tr);
    memcpy(tr->dh[0], tr->dh[1], bytes);
    if (tr->dc[0])
        memcpy(tr->dc[0], tr->dc[1], bytes);
    for (size_t r = 0; r < tr->rows; r++)
        scale_vector(tr, r);
}

static void run_band(void *arg, size_t thread)
{
    unroll_work *w = arg;
    size_t r0, r1;
    unroll_work_band(w, thread, &r0, &r1);
    if (r0 == r1)
        return;
    unroll_embed_input(w->net, w, r0, r1);
    unroll_stack_forward(&w->net->stack, &w->run, w->net->parameters.list, w->net->weights, r0, r1);
}

unroll_status unroll_transport_forward(const unroll_net *net, unroll_work *work,
                                       const unroll_batch *batch)
{
    if (!unroll_work_holds(work))
        return unroll_fail(UNROLL_EBUG, "a probe needs a workspace that holds the whole window");
    UNROLL_TRY(unroll_net_begin(net, batch, work));
    work->run.dropping = false;
    work->run.use = UNROLL_STATISTICS_HELD;
    unroll_parallel(work->threads, run_band, work);
    return UNROLL_OK;
}

size_t unroll_transport_start(const unroll_batch *b, size_t row)
{
    const size_t length = unroll_batch_length(b, row);
    return length ? length - 1 : 0;
}

/* Samples shared out to threads, each with a transport of its own. */
typedef struct pool {
    unroll_transport *transport; /* [threads] */
    double *scratch;             /* [threads][size] */
    size_t size, samples, threads;
    unroll_transport_follow *follow;
    void *arg;
} pool;

static void follow_share(void *arg, size_t thread)
{
    const pool *p = arg;
    for (size_t r = thread; r < p->samples; r += p->threads)
        p->follow(p->arg, &p->transport[thread], p->scratch + thread * p->size, r);
}

unroll_status unroll_transport_each(const unroll_net *net, unroll_work *work,
                                    const unroll_batch *batch, size_t samples, size_t rows,
                                    size_t scratch, unroll_transport_follow *follow, void *arg)
{
    pool p = {.size = scratch, .samples = samples, .follow = follow, .arg = arg};
    p.threads = work->threads < samples ? work->threads : samples;
    p.transport = unroll_alloc(p.threads, sizeof *p.transport);
    p.scratch = unroll_alloc(p.threads * scratch, sizeof *p.scratch);
    unroll_status status = p.transport && p.scratch ? UNROLL_OK : UNROLL_EMEMORY;
    for (size_t i = 0; i < p.threads && status == UNROLL_OK; i++)
        status = unroll_transport_new(net, rows, &p.transport[i]);
    if (status == UNROLL_OK)
        status = unroll_transport_forward(net, work, batch);
    if (status == UNROLL_OK)
        unroll_parallel(p.threads, follow_share, &p);
    for (size_t i = 0; p.transport && i < p.threads; i++)
        unroll_transport_free(&p.transport[i]);
    unroll_free(p.scratch);
    unroll_free(p.transport);
    return status;
}
