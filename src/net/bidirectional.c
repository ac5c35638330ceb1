#include "net/bidirectional.h"

#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/place.h"
#include "base/rng.h"
#include "net/dropout.h"
#include "net/stack_pass.h"

/* An encoder that reads both ways, Schuster and Paliwal (1997), layer by layer as PyTorch's:
 *   f_s = forward(x_s, f_{s−1})     b_s = reverse(x_s, b_{s+1})     y_s = [f_s; b_s], the next layer's x_s
 * and the bridge to the decoder's first state, for h and c of each layer, after Bahdanau et al. (2015):
 *   forward   state_0 = tanh(z)     z = W [f_S; b_1] + b
 *   backward  dz = dstate_0 (1 − state_0²)      [df_S; db_1] = dz W
 * The reverse stack runs over the source from its end. A row's padding comes first there, and holds a state
 * of zero. */

/* The parameters from `first` on are layer `layer`'s: "…_l0" becomes "…_l1_reverse". */
static void rename_layer(unroll_parameters *p, size_t first, size_t layer, bool reverse)
{
    for (size_t i = first; i < p->count; i++) {
        char *name = p->list[i].name;
        const size_t length = strlen(name) - strlen("_l0");
        snprintf(name + length, sizeof p->list[i].name - length, "_l%zu%s", layer,
                 reverse ? "_reverse" : "");
    }
}

static unroll_status add_bridge(unroll_net *net, size_t layer, char state, unroll_dense *d)
{
    char weight[32], bias[32];
    const size_t H = net->spec.hidden;
    *d = (unroll_dense){.cols = 2 * H, .inputs = 2 * H, .outputs = H};
    snprintf(weight, sizeof weight, "weight_%c_l%zu", state, layer);
    snprintf(bias, sizeof bias, "bias_%c_l%zu", state, layer);
    unroll_tensor tensor = {
        .prefix = "bridge.", .name = weight, .rows = H, .cols = 2 * H, .kind = UNROLL_P_OUTPUT};
    UNROLL_TRY(unroll_parameters_add(&net->parameters, &tensor, &d->weight));
    tensor =
        (unroll_tensor){.prefix = "bridge.", .name = bias, .rows = H, .kind = UNROLL_P_OUTPUT_BIAS};
    UNROLL_TRY(unroll_parameters_add(&net->parameters, &tensor, &d->bias));
    return unroll_dense_new(d, net->kernels);
}

unroll_status unroll_bidirectional_new(unroll_net *net, const unroll_stack_spec *spec)
{
    unroll_encoder *e = &net->encoder;
    unroll_stack_spec one = *spec;
    size_t stacks, width;
    if (!unroll_mul(2, spec->layers, &stacks) || !unroll_mul(4, spec->hidden, &width))
        return unroll_fail(UNROLL_EMEMORY,
                           UNROLL_OPTION "layers %zu or " UNROLL_OPTION "hidden %zu is too large",
                           spec->layers, spec->hidden);
    one.layers = 1;
    one.dropout = 0; /* a stack of one layer: what lies between layers is done by this file */
    one.residual = false;
    e->stack = unroll_alloc(stacks, sizeof *e->stack);
    if (!e->stack)
        return UNROLL_EMEMORY;
    for (size_t l = 0; l < spec->layers; l++) {
        for (size_t direction = 0; direction < 2; direction++) {
            const size_t first = net->parameters.count;
            UNROLL_TRY(unroll_stack_new(&e->stack[e->stacks++], &net->parameters, "encoder.rnn.",
                                        &one));
            rename_layer(&net->parameters, first, l, direction == 1);
        }
        one.inputs = 2 * spec->hidden;
        one.tokens = false;
    }
    const size_t states = spec->cell->states;
    e->bridge = unroll_alloc(spec->layers, states * sizeof *e->bridge);
    if (!e->bridge)
        return UNROLL_EMEMORY;
    for (size_t i = 0; i < spec->layers * states; i++)
        UNROLL_TRY(add_bridge(net, i / states, i % states ? 'c' : 'h', &e->bridge[i]));
    e->outputs = 2 * spec->hidden;
    e->pitch = e->bridge->input_pitch;
    return UNROLL_OK;
}

size_t unroll_bidirectional_place(unroll_work *w, char *base, size_t at)
{
    const unroll_net *net = w->net;
    unroll_encoder_run *e = &w->encoder;
    const bool training = w->training;
    const size_t B = w->B, pitch = net->encoder.pitch, layers = net->spec.layers, S = e->S;
    const size_t states = net->stack.cell->states, real = sizeof(unroll_real);
    size_t steps;
    if (!unroll_mul(layers, S, &steps))
        return SIZE_MAX;
    at = unroll_place(&e->reversed, sizeof *e->reversed, S, B, 1, base, at);
    at = unroll_place(&e->reversed_mode, sizeof *e->reversed_mode, S, B, 1, base, at);
    at = unroll_place(&e->joined, real, steps, B, pitch, base, at);
    at = unroll_place(&e->last, real, layers * states, B, pitch, base, at);
    at = unroll_place(&e->doutput, real, training ? S : 0, B, pitch, base, at);
    at = unroll_place(&e->dlast, real, training ? 1 : 0, B, pitch, base, at);
    at = unroll_place(&e->dstates, real, training ? net->encoder.stacks * states : 0, B,
                      net->stack.pitch, base, at);
    if (base)
        e->output = e->joined + (layers - 1) * S * B * pitch;
    return at;
}

void unroll_bidirectional_begin(unroll_work *w)
{
    const unroll_batch *b = w->batch;
    unroll_encoder_run *e = &w->encoder;
    const size_t B = w->B, states = w->net->stack.cell->states;
    for (size_t s = 0; s < b->S; s++) {
        const size_t to = s * B, from = (b->S - 1 - s) * B;
        memcpy(e->reversed + to, b->source + from, B * sizeof *b->source);
        if (b->source_mode)
            memcpy(e->reversed_mode + to, b->source_mode + from, B);
    }
    for (size_t i = 0; i < w->net->encoder.stacks; i++) {
        if (i % 2) {
            e->run[i].input = e->reversed;
            e->run[i].mode = b->source_mode ? e->reversed_mode : NULL;
        }
        e->run[i].dlast = e->dstates ? e->dstates + i * states * B * w->net->stack.pitch : NULL;
    }
}

/* Where step s of row r is in an array [steps][B][pitch] in reading order. */
static size_t here(const unroll_work *w, size_t s, size_t r, size_t pitch)
{
    return (s * w->B + r) * pitch;
}

/* Where step s of row r is in an array that runs from the source's end. */
static size_t from_end(const unroll_work *w, size_t s, size_t r, size_t pitch)
{
    return here(w, w->batch->S - 1 - s, r, pitch);
}

/* Dropout between layers, with one mask for the outputs of both directions. */
static void drop(const unroll_net *net, const unroll_work *w, size_t layer, size_t s, size_t r,
                 const unroll_real *x, unroll_real *out)
{
    const size_t n = net->encoder.outputs;
    const uint64_t row = (layer * w->encoder.S + s) * w->B + r;
    unroll_drop(net->spec.dropout, unroll_rng_hash(w->run.dropout_key, 3), row * ((n + 3) / 4), n,
                x, out);
}

/* Give both stacks of layer l the output of the layer below. */
static void fill_layer(const unroll_net *net, const unroll_work *w, size_t l, size_t r0, size_t r1)
{
    const unroll_encoder_run *e = &w->encoder;
    const size_t pitch = net->encoder.pitch, bytes = net->encoder.outputs * sizeof *e->joined;
    const unroll_real *below = e->joined + (l - 1) * e->S * w->B * pitch;
    for (size_t s = 0; s < w->batch->S; s++)
        for (size_t r = r0; r < r1; r++) {
            unroll_real *x = e->run[2 * l].at[0].x + here(w, s, r, pitch);
            if (w->run.dropping)
                drop(net, w, l, s, r, below + here(w, s, r, pitch), x);
            else
                memcpy(x, below + here(w, s, r, pitch), bytes);
            memcpy(e->run[2 * l + 1].at[0].x + from_end(w, s, r, pitch), x, bytes);
        }
}

/* Put the outputs of both stacks of layer l side by side. */
static void join_layer(const unroll_net *net, const unroll_work *w, size_t l, size_t r0, size_t r1)
{
    const unroll_encoder_run *e = &w->encoder;
    const size_t H = net->spec.hidden, p = net->stack.pitch, pitch = net->encoder.pitch;
    unroll_real *joined = e->joined + l * e->S * w->B * pitch;
    for (size_t s = 0; s < w->batch->S; s++)
        for (size_t r = r0; r < r1; r++) {
            unroll_real *y = joined + here(w, s, r, pitch);
            memcpy(y, e->run[2 * l].at[0].y + here(w, s, r, p), H * sizeof *y);
            memcpy(y + H, e->run[2 * l + 1].at[0].y + from_end(w, s, r, p), H * sizeof *y);
            if (net->spec.residual && l > 0)
                net->kernels->add(2 * H, y, y - e->S * w->B * pitch, y);
        }
}

/* Collect the last states of layer l in both directions, h (k = 0) or c (k = 1), and make the decoder's
 * first from them. */
static void bridge_forward(const unroll_net *net, const unroll_work *w, size_t l, size_t k,
                           size_t r0, size_t r1)
{
    const unroll_encoder_run *e = &w->encoder;
    const size_t H = net->spec.hidden, p = net->stack.pitch, pitch = net->encoder.pitch;
    const size_t i = l * net->stack.cell->states + k, S = w->batch->S;
    unroll_real *last = e->last + i * w->B * pitch, *to = k ? w->run.at[l].c : w->run.at[l].h;
    for (size_t direction = 0; direction < 2; direction++) {
        const unroll_layer_run *run = e->run[2 * l + direction].at;
        for (size_t r = r0; r < r1; r++)
            memcpy(last + r * pitch + direction * H, (k ? run->c : run->h) + here(w, S, r, p),
                   H * sizeof *last);
    }
    unroll_dense_forward(&net->encoder.bridge[i], net->kernels, &(unroll_band){1, w->B, r0, r1},
                         last, to, false);
    net->kernels->tanh((r1 - r0) * p, to + r0 * p, to + r0 * p);
}

void unroll_bidirectional_forward(const unroll_net *net, unroll_work *w, size_t r0, size_t r1)
{
    for (size_t l = 0; l < net->spec.layers; l++) {
        if (l > 0)
            fill_layer(net, w, l, r0, r1);
        for (size_t i = 2 * l; i < 2 * l + 2; i++)
            unroll_stack_forward(&net->encoder.stack[i], &w->encoder.run[i], net->parameters.list,
                                 net->weights, r0, r1);
        join_layer(net, w, l, r0, r1);
        for (size_t k = 0; k < net->stack.cell->states; k++)
            bridge_forward(net, w, l, k, r0, r1);
    }
}

/* The way back: from the gradient of the decoder's first state to those of both stacks' last. */
static void bridge_backward(const unroll_net *net, const unroll_work *w, size_t l, size_t k,
                            size_t r0, size_t r1)
{
    const unroll_encoder_run *e = &w->encoder;
    const size_t H = net->spec.hidden, p = net->stack.pitch, pitch = net->encoder.pitch;
    const size_t states = net->stack.cell->states, i = l * states + k;
    unroll_real *dz = w->run.dfirst + i * w->B * p;
    const unroll_band rows = {1, w->B, r0, r1};
    /* what the tanh was of, once more: its slope follows from that, and these rows of dlast are not yet in use */
    unroll_real *z = e->dlast + r0 * pitch;
    unroll_dense_forward(&net->encoder.bridge[i], net->kernels, &rows, e->last + i * w->B * pitch,
                         z - r0 * p, false);
    net->kernels->tanh_back((r1 - r0) * p, z, dz + r0 * p, dz + r0 * p);
    unroll_dense_backward(&net->encoder.bridge[i], net->kernels, &rows, dz, e->dlast, false);
    for (size_t direction = 0; direction < 2; direction++)
        for (size_t r = r0; r < r1; r++)
            memcpy(e->dstates + (((2 * l + direction) * states + k) * w->B + r) * p,
                   e->dlast + r * pitch + direction * H, H * sizeof *dz);
}

void unroll_bidirectional_bridge_back(const unroll_net *net, unroll_work *w, size_t l, size_t r0,
                                      size_t r1)
{
    for (size_t k = 0; k < net->stack.cell->states; k++)
        bridge_backward(net, w, l, k, r0, r1);
}

/* Hand dL/dy of layer l to both its stacks. */
static void split_layer(const unroll_net *net, const unroll_work *w, size_t l, size_t r0, size_t r1)
{
    const unroll_encoder_run *e = &w->encoder;
    const size_t H = net->spec.hidden, p = net->stack.pitch, pitch = net->encoder.pitch;
    const size_t slot = w->B * p;
    for (size_t s = 0; s < w->batch->S; s++)
        for (size_t r = r0; r < r1; r++) {
            const unroll_real *dy = e->doutput + here(w, s, r, pitch);
            unroll_real *f = e->run[2 * l].d[0] + slot + here(w, s, r, p);
            unroll_real *b = e->run[2 * l + 1].d[0] + slot + from_end(w, s, r, p);
            memcpy(f, dy, H * sizeof *f);
            memcpy(b, dy + H, H * sizeof *b);
        }
}

/* Add up dL/dx of both stacks of layer l, which is dL/dy of the layer below. */
static void gather_layer(const unroll_net *net, const unroll_work *w, size_t l, size_t r0, size_t r1)
{
    const unroll_encoder_run *e = &w->encoder;
    const size_t n = net->encoder.outputs, pitch = net->encoder.pitch;
    for (size_t s = 0; s < w->batch->S; s++)
        for (size_t r = r0; r < r1; r++) {
            unroll_real *dx = e->run[2 * l].dx + here(w, s, r, pitch);
            unroll_real *dy = e->doutput + here(w, s, r, pitch);
            net->kernels->add(n, dx, e->run[2 * l + 1].dx + from_end(w, s, r, pitch), dx);
            if (w->run.dropping)
                drop(net, w, l, s, r, dx, dx);
            if (net->spec.residual)
                net->kernels->add(n, dy, dx, dy);
            else
                memcpy(dy, dx, n * sizeof *dy);
        }
}

void unroll_bidirectional_backward(const unroll_net *net, unroll_work *w, size_t r0, size_t r1)
{
    for (size_t l = net->spec.layers; l-- > 0;) {
        unroll_bidirectional_bridge_back(net, w, l, r0, r1);
        split_layer(net, w, l, r0, r1);
        for (size_t i = 2 * l; i < 2 * l + 2; i++)
            unroll_stack_backward(&net->encoder.stack[i], &w->encoder.run[i],
                                  l > 0 || net->spec.embedding > 0, r0, r1);
        if (l > 0)
            gather_layer(net, w, l, r0, r1);
    }
}
