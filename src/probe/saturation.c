#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "net/net.h"
#include "probe/inject.h"
#include "probe/measures.h"
#include "probe/results.h"
#include "probe/spectrum.h"
#include "probe/transport.h"

/* One array of a layer over the window: element j of (t, r) is at[(t·B + r)·pitch + j]. */
typedef struct values {
    const unroll_real *at;
    size_t pitch;
    enum unroll_gate_kind kind; /* LINEAR: h itself */
} values;

static values gate_values(const unroll_net *net, const unroll_work *w, size_t l, size_t block)
{
    const unroll_cell *cell = net->stack.cell;
    const size_t H = net->stack.pitch;
    values v = {w->run.at[l].z + block * H, net->stack.at[l].layer.blocks * H, UNROLL_GATE_LINEAR};
    for (size_t i = 0; i < cell->gates; i++)
        if (cell->gate[i].block == block)
            v.kind = cell->gate[i].kind;
    return v;
}

/* A batch and where each row ends: behind its last loss nothing counts. */
typedef struct window {
    const unroll_batch *batch;
    size_t *end; /* [B] */
} window;

static bool outside(const window *w, size_t i)
{
    const unroll_batch *b = w->batch;
    return i / b->B >= w->end[i % b->B] || (b->mode && b->mode[i] != UNROLL_RUN);
}

static void count_share(const unroll_net *net, const window *w, values v, unroll_saturation *out)
{
    const size_t H = net->stack.hidden;
    const bool gate = v.kind == UNROLL_GATE_SIGMOID;
    double low = 0, high = 0, all = 0;
    for (size_t i = 0; i < w->batch->T * w->batch->B; i++) {
        if (outside(w, i))
            continue;
        all += (double)H;
        for (size_t j = 0; j < H; j++) {
            const double x = unroll_gate_read(v.kind, v.at[i * v.pitch + j]).value;
            low += x < 0.1;
            high += (gate ? x : fabs(x)) > 0.9;
        }
    }
    out->low = gate ? low / all : NAN;
    out->high = high / all;
    out->dead = NAN;
}

static double dead_units(const unroll_net *net, const window *w, values v)
{
    size_t dead = 0;
    for (size_t j = 0; j < net->stack.hidden; j++) {
        bool zero = true;
        for (size_t i = 0; i < w->batch->T * w->batch->B && zero; i++)
            zero = outside(w, i) || v.at[i * v.pitch + j] == 0;
        dead += zero;
    }
    return (double)dead / (double)net->stack.hidden;
}

/* A bound on |φ'| of the gate that carries the state; NAN: slopes are learned. */
static double slope_bound(const unroll_layer *layer, enum unroll_gate_kind kind)
{
    switch (kind) {
    case UNROLL_GATE_ACTIVATION: return layer->slope ? NAN : layer->activation->gain;
    case UNROLL_GATE_SIGMOID: return 0.25;
    case UNROLL_GATE_TANH:
    case UNROLL_GATE_LINEAR: break;
    }
    return 1;
}

/* φ' of a row of that gate into dz, spare [2][pitch] has ones first. The activation's by way of its own
 * derivative: what a gradient of ones becomes. */
static void slopes_of(const unroll_layer *layer, enum unroll_gate_kind kind, const unroll_real *z,
                      const unroll_real *h, unroll_real *dz, unroll_real *spare)
{
    const size_t pitch = layer->pitch;
    if (kind == UNROLL_GATE_ACTIVATION) {
        memcpy(dz, z, pitch * sizeof *dz);
        layer->activation->backward(pitch, dz, h, spare, layer->slope,
                                    layer->slope ? spare + pitch : NULL);
        return;
    }
    for (size_t j = 0; j < pitch; j++)
        dz[j] = (unroll_real)unroll_gate_read(kind, z[j]).slope;
}

/* mean φ'² */
static unroll_status take_slopes(const unroll_net *net, const unroll_work *w, const window *of,
                                 size_t l, double *out)
{
    const unroll_stack *s = &net->stack;
    const unroll_layer *layer = &s->at[l].layer;
    const unroll_gate *gate = &s->cell->gate[s->cell->carry_gate];
    const unroll_batch *b = w->batch;
    unroll_real *x = unroll_alloc(3 * s->pitch, sizeof *x);
    double sum = 0, count = 0;
    if (!x)
        return UNROLL_EMEMORY;
    for (size_t j = 0; j < s->pitch; j++)
        x[s->pitch + j] = 1;
    for (size_t t = 0; t < b->T; t++)
        for (size_t r = 0; r < b->B; r++) {
            if (outside(of, t * b->B + r))
                continue;
            slopes_of(layer, gate->kind,
                      w->run.at[l].z + ((t * w->B + r) * layer->blocks + gate->block) * s->pitch,
                      w->run.at[l].h + ((t + 1) * w->B + r) * s->pitch, x, x + s->pitch);
            for (size_t j = 0; j < s->hidden; j++)
                sum += (double)x[j] * (double)x[j];
            count += (double)s->hidden;
        }
    unroll_free(x);
    *out = sum / count;
    return UNROLL_OK;
}

/* Largest singular value of W [H][H], from a vector that is no eigenvector of much. */
static unroll_status largest_singular_value(const unroll_real *W, size_t H, double *out)
{
    double *M = unroll_alloc(H * (H + 2), sizeof *M); /* W^T, and two vectors */
    if (!M)
        return UNROLL_EMEMORY;
    double *v = M + H * H;
    for (size_t r = 0; r < H; r++)
        for (size_t c = 0; c < H; c++)
            M[c * H + r] = (double)W[r * H + c];
    for (size_t j = 0; j < H; j++)
        v[j] = 1 + 0.5 * sin(1.7 * (double)j);
    *out = unroll_power_iteration(H, H, M, 1e-10, v, v + H);
    unroll_free(M);
    return UNROLL_OK;
}

static unroll_status take_theory(const unroll_net *net, const unroll_work *w, const window *of,
                                 size_t l, unroll_diagnosis *d)
{
    const size_t H = net->stack.hidden, gate = (size_t)net->stack.cell->carry_gate;
    const unroll_real *W =
        net->weights + net->parameters.list[net->stack.at[l].w_hh].offset + gate * H * H;
    double sigma, squares = 0;
    UNROLL_TRY(take_slopes(net, w, of, l, &d->slope_square[l]));
    UNROLL_TRY(largest_singular_value(W, H, &sigma));
    for (size_t i = 0; i < H * H; i++)
        squares += (double)W[i] * (double)W[i];
    d->bound[l] = slope_bound(&net->stack.at[l].layer, net->stack.cell->gate[gate].kind) * sigma;
    d->mean_field[l] = sqrt(squares / (double)H * d->slope_square[l]);
    return UNROLL_OK;
}

/* log of the mean over units of the product of what keeps the state over k steps back from the row's last
 * loss, added to sums[k]. */
static void add_products(const unroll_net *net, const window *w, values gate, size_t r,
                         size_t distances, double *product, double *sums)
{
    const size_t H = net->stack.hidden, B = w->batch->B, end = w->end[r];
    const bool complement = net->stack.cell->keep.complement;
    for (size_t j = 0; j < H; j++)
        product[j] = 1;
    for (size_t k = 1; k < distances; k++) {
        double mean = 0;
        const size_t i = k <= end ? (end - k) * B + r : 0;
        const bool counts = k <= end && !outside(w, i);
        for (size_t j = 0; j < H; j++) {
            if (counts) {
                const unroll_kept x = unroll_gate_read(gate.kind, gate.at[i * gate.pitch + j]);
                product[j] *= complement ? x.complement : x.value;
            }
            mean += product[j] / (double)H;
        }
        sums[k] += log(mean) / (double)B;
    }
}

static unroll_status take_keep(const unroll_net *net, const unroll_work *w, const window *of,
                               size_t l, unroll_diagnosis *d)
{
    const unroll_stack *s = &net->stack;
    double *product = unroll_alloc(s->hidden, sizeof *product), *sums = d->keep + l * d->distances;
    if (!product)
        return UNROLL_EMEMORY;
    for (size_t r = 0; r < of->batch->B; r++)
        add_products(net, of, gate_values(net, w, l, s->cell->keep.block), r, d->distances, product,
                     sums);
    for (size_t k = 0; k < d->distances; k++)
        sums[k] = exp(sums[k]);
    unroll_free(product);
    return UNROLL_OK;
}

static unroll_status take_layer(const unroll_net *net, const unroll_work *w, const window *of,
                                size_t l, unroll_diagnosis *d)
{
    const unroll_cell *cell = net->stack.cell;
    const size_t pitch = net->stack.pitch;
    const values h = {w->run.at[l].h + w->B * pitch, pitch, UNROLL_GATE_LINEAR};
    unroll_saturation *s = d->share + d->count++;
    *s = (unroll_saturation){.layer = l, .name = "h"};
    count_share(net, of, h, s);
    if (cell->has_activation && net->stack.at[l].layer.activation->dies)
        s->dead = dead_units(net, of, h);
    for (size_t i = 0; i < cell->gates; i++) {
        const unroll_gate *gate = &cell->gate[i];
        if (gate->kind != UNROLL_GATE_SIGMOID && gate->kind != UNROLL_GATE_TANH)
            continue;
        s = d->share + d->count++;
        *s = (unroll_saturation){.layer = l};
        snprintf(s->name, sizeof s->name, "%s", gate->name);
        count_share(net, of, gate_values(net, w, l, gate->block), s);
    }
    if (cell->carry_gate >= 0 && !net->stack.norm)
        UNROLL_TRY(take_theory(net, w, of, l, d));
    return d->keep ? take_keep(net, w, of, l, d) : UNROLL_OK;
}

/* Room for every layer's shares and theory, which is NAN where there is none. */
static unroll_status allocate(unroll_diagnosis *d, const unroll_cell *cell)
{
    d->share = unroll_alloc(d->layers * (1 + cell->gates), sizeof *d->share);
    d->slope_square = unroll_alloc(3 * d->layers, sizeof *d->slope_square);
    d->keep = cell->keep.name ? unroll_alloc(d->layers * d->distances, sizeof *d->keep) : NULL;
    if (!d->share || !d->slope_square || (!d->keep && cell->keep.name))
        return UNROLL_EMEMORY;
    d->bound = d->slope_square + d->layers;
    d->mean_field = d->bound + d->layers;
    for (size_t i = 0; i < 3 * d->layers; i++)
        d->slope_square[i] = NAN;
    return UNROLL_OK;
}

static unroll_status measure(unroll_diagnosis *d, unroll_probe *p, const unroll_batch *batch)
{
    window of = {.batch = batch, .end = unroll_alloc(batch->B, sizeof *of.end)};
    if (!of.end)
        return UNROLL_EMEMORY;
    for (size_t r = 0; r < batch->B; r++)
        of.end[r] = unroll_batch_length(batch, r);
    /* the states that the curve is of: with the batch's own statistics, where rows are normalised */
    unroll_status status = unroll_transport_forward(p->net, p->work, batch);
    for (size_t l = 0; l < d->layers && status == UNROLL_OK; l++)
        status = take_layer(p->net, p->work, &of, l, d);
    unroll_free(of.end);
    return status;
}

unroll_status unroll_measure_diagnosis(unroll_probe *p, size_t distances, unroll_diagnosis **out)
{
    const unroll_batch *batch = p->batch;
    const unroll_cell *cell = p->net->stack.cell;
    if (distances > batch->T)
        return unroll_fail(UNROLL_EUSAGE, "%zu distances in windows of %zu steps", distances,
                           batch->T);
    unroll_diagnosis *d = unroll_alloc(1, sizeof *d);
    if (!d)
        return UNROLL_EMEMORY;
    *d = (unroll_diagnosis){.layers = p->net->stack.layers,
                            .distances = distances ? distances : batch->T,
                            .kept_by = cell->keep.name,
                            .no_theory = cell->carry_gate < 0 ? cell->no_theory : NULL};
    unroll_status status = allocate(d, cell);
    if (status == UNROLL_OK)
        status = measure(d, p, batch);
    if (status == UNROLL_OK)
        *out = d;
    else
        unroll_diagnosis_free(d);
    return status;
}
