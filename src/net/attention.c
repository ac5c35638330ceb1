#include "net/attention.h"

#include <math.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/place.h"

/* Global attention, Luong, Pham and Manning (2015): for step t of the decoder's top layer, h_t, over the
 * encoder's outputs e_s,
 *   forward   a_ts = softmax over s of score(h_t, e_s)      c_t = Σ_s a_ts e_s
 *             z_t = W [c_t; h_t]     h̃_t = tanh(z_t), which the output layer sees
 *   backward  dz = dh̃ (1 − h̃²)       [dc; dh] = dz W          de_s = Σ_t a_ts dc_t
 *             da_ts = dc_t·e_s       dscore_ts = a_ts (da_ts − Σ_r a_tr da_tr)
 * A row's padding has no score, and no weight. */

/* Register a tensor of H rows. */
static unroll_status add(unroll_net *net, const char *name, size_t cols,
                         enum unroll_parameter_kind kind, size_t *index)
{
    const unroll_tensor tensor = {
        .prefix = "attention.", .name = name, .rows = net->spec.hidden, .cols = cols, .kind = kind};
    return unroll_parameters_add(&net->parameters, &tensor, index);
}

/* Register a weight [H][inputs], and where `bias` is not NULL a bias; take memory for their packed copies. */
static unroll_status add_dense(unroll_net *net, const char *weight, const char *bias, size_t inputs,
                               unroll_dense *d)
{
    const size_t H = net->spec.hidden;
    *d = (unroll_dense){.bias = UNROLL_NO_BIAS, .cols = inputs, .inputs = inputs, .outputs = H};
    UNROLL_TRY(add(net, weight, inputs, UNROLL_P_OUTPUT, &d->weight));
    if (bias)
        UNROLL_TRY(add(net, bias, 0, UNROLL_P_OUTPUT_BIAS, &d->bias));
    return unroll_dense_new(d, net->kernels);
}

unroll_status unroll_attention_new(unroll_net *net, const unroll_attention_kind *kind)
{
    unroll_attention *a = &net->attention;
    const size_t H = net->spec.hidden, E = net->encoder.outputs;
    a->kind = kind;
    if (a->kind->query)
        UNROLL_TRY(add_dense(net, a->kind->query, NULL, H, &a->query));
    if (a->kind->key)
        UNROLL_TRY(add_dense(net, a->kind->key, a->kind->additive ? "bias" : NULL, E, &a->key));
    if (a->kind->additive) {
        UNROLL_TRY(add(net, "score.weight", 0, UNROLL_P_OUTPUT, &a->vector));
        a->v = unroll_alloc(net->stack.pitch, sizeof *a->v);
        if (!a->v)
            return UNROLL_EMEMORY;
    }
    size_t combine;
    UNROLL_TRY(add(net, "combine.weight", E + H, UNROLL_P_OUTPUT, &combine));
    a->from_context = (unroll_dense){
        .weight = combine, .bias = UNROLL_NO_BIAS, .cols = E + H, .inputs = E, .outputs = H};
    a->from_h = (unroll_dense){
        .weight = combine, .bias = UNROLL_NO_BIAS, .cols = E + H, .first = E, .inputs = H, .outputs = H};
    UNROLL_TRY(unroll_dense_new(&a->from_context, net->kernels));
    return unroll_dense_new(&a->from_h, net->kernels);
}

void unroll_attention_free(unroll_attention *a)
{
    unroll_dense_free(&a->from_h);
    unroll_dense_free(&a->from_context);
    unroll_free(a->v);
    unroll_dense_free(&a->key);
    unroll_dense_free(&a->query);
}

void unroll_attention_pack(const unroll_net *net)
{
    const unroll_attention *a = &net->attention;
    const unroll_parameter *list = net->parameters.list;
    if (a->kind->query)
        unroll_dense_pack(&a->query, net->kernels, list, net->weights);
    if (a->kind->key)
        unroll_dense_pack(&a->key, net->kernels, list, net->weights);
    if (a->v)
        memcpy(a->v, net->weights + list[a->vector].offset, net->spec.hidden * sizeof *a->v);
    unroll_dense_pack(&a->from_context, net->kernels, list, net->weights);
    unroll_dense_pack(&a->from_h, net->kernels, list, net->weights);
}

size_t unroll_attention_place(unroll_work *w, size_t S, char *base, size_t at)
{
    const unroll_net *net = w->net;
    const unroll_attention_kind *kind = net->attention.kind;
    unroll_attention_run *run = &w->attention;
    const size_t T = w->T, B = w->B;
    const size_t H = net->stack.pitch, E = net->encoder.pitch, width = net->kernels->width;
    const size_t key = kind->key ? H : 0, query = kind->query ? H : 0;
    const size_t widest = H > E ? H : E;
    size_t padded;
    if (!unroll_add(S, width - 1, &padded))
        return SIZE_MAX;
    run->a_pitch = padded / width * width;
    if (!unroll_mul(run->a_pitch, widest, &run->panel_size))
        return SIZE_MAX;
    const struct {
        unroll_real **to;
        size_t a, b, c;
    } arrays[] = {
        {&run->key, S, B, key},
        {&run->query, T, B, query},
        {&run->a, B, T, run->a_pitch},
        {&run->context, T, B, E},
        {&run->output, T, B, H},
        {&run->panels, w->threads, 1, run->panel_size},
        {&run->z, w->training ? T : 0, B, H},
        {&run->dz, w->training ? T : 0, B, H},
        {&run->dcontext, w->training ? T : 0, B, E},
        {&run->dkey, w->training ? S : 0, B, key},
        {&run->dquery, w->training ? T : 0, B, query},
        {&run->dv, w->training && kind->additive ? 1 : 0, B, H},
        {&run->da, w->training ? w->threads : 0, T, run->a_pitch},
    };
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        at = unroll_place(arrays[i].to, sizeof(unroll_real), arrays[i].a, arrays[i].b, arrays[i].c,
                          base, at);
    return at;
}

/* How many steps of row r come before its padding. */
static size_t row_length(const uint8_t *mode, size_t steps, size_t B, size_t r)
{
    while (mode && steps > 0 && mode[(steps - 1) * B + r] != UNROLL_RUN)
        steps--;
    return steps;
}

/* Turn scores into weights, in place; their padding becomes zero. */
static void softmax_rows(const unroll_attention_score *p)
{
    for (size_t t = 0; t < p->T; t++) {
        unroll_real *a = p->a + t * p->a_pitch, max = a[0], sum = 0;
        for (size_t s = 1; s < p->S; s++)
            max = a[s] > max ? a[s] : max;
        for (size_t s = 0; s < p->S; s++)
            a[s] -= max;
        p->kernels->exp(p->S, a, a);
        for (size_t s = 0; s < p->S; s++)
            sum += a[s];
        for (size_t s = 0; s < p->S; s++)
            a[s] /= sum;
        memset(a + p->S, 0, (p->a_pitch - p->S) * sizeof *a);
    }
}

/* Find weights and contexts from the encoder's outputs e [S][e_pitch]. */
static void attend(const unroll_net *net, const unroll_attention_score *p, const unroll_real *e,
                   size_t e_pitch, unroll_real *context, size_t context_pitch)
{
    if (p->S == 0 || p->T == 0)
        return;
    net->attention.kind->forward(p);
    softmax_rows(p);
    net->kernels->pack(p->S, net->encoder.outputs, e, e_pitch, p->panels, p->S);
    net->kernels->product(&(unroll_product){
        .groups = 1,
        .rows = p->T,
        .N = net->encoder.pitch,
        .K = p->S,
        .A = p->a,
        .a_pitch = p->a_pitch,
        .panels = p->panels,
        .depth = p->S,
        .C = context,
        .c_pitch = context_pitch,
    });
}

/* The queries, keys and weights of row r. */
static unroll_attention_score row_score(const unroll_net *net, const unroll_work *w, size_t thread,
                                        size_t r)
{
    const unroll_attention *a = &net->attention;
    const unroll_attention_run *run = &w->attention;
    const size_t H = net->stack.pitch, E = net->encoder.pitch, k_pitch = a->kind->key ? H : E;
    return (unroll_attention_score){
        .kernels = net->kernels,
        .K = net->spec.hidden,
        .v = a->v,
        .T = row_length(w->run.mode, w->run.steps, w->B, r),
        .S = row_length(w->batch->source_mode, w->batch->S, w->B, r),
        .q = (a->kind->query ? run->query : unroll_decoder_output(w)) + r * H,
        .q_pitch = w->B * H,
        .k = (a->kind->key ? run->key : w->encoder.output) + r * k_pitch,
        .k_pitch = w->B * k_pitch,
        .a = run->a + r * w->T * run->a_pitch,
        .a_pitch = run->a_pitch,
        .panels = run->panels + thread * run->panel_size,
    };
}

/* h̃ of a band, from its contexts and h. */
static void combine(const unroll_net *net, const unroll_work *w, const unroll_band *rows)
{
    const unroll_attention *a = &net->attention;
    const size_t H = net->stack.pitch;
    unroll_real *out = w->attention.output, *z = w->training ? w->attention.z : out;
    unroll_dense_forward(&a->from_context, net->kernels, rows, w->attention.context, z, false);
    unroll_dense_forward(&a->from_h, net->kernels, rows, unroll_decoder_output(w), z, true);
    for (size_t t = 0; t < rows->steps; t++) {
        const size_t step = (t * rows->B + rows->r0) * H;
        net->kernels->tanh((rows->r1 - rows->r0) * H, z + step, out + step);
    }
}

/* Make a band of x [steps][B][pitch] zero. */
static void clear_rows(const unroll_band *rows, unroll_real *x, size_t pitch)
{
    for (size_t t = 0; t < rows->steps; t++)
        memset(x + (t * rows->B + rows->r0) * pitch, 0, (rows->r1 - rows->r0) * pitch * sizeof *x);
}

void unroll_attention_forward(const unroll_net *net, unroll_work *w, size_t thread, size_t r0,
                              size_t r1)
{
    const unroll_attention *a = &net->attention;
    const unroll_attention_run *run = &w->attention;
    const size_t E = net->encoder.pitch;
    const unroll_band source = {w->batch->S, w->B, r0, r1}, steps = {w->run.steps, w->B, r0, r1};
    if (a->kind->key)
        unroll_dense_forward(&a->key, net->kernels, &source, w->encoder.output, run->key, false);
    if (a->kind->query)
        unroll_dense_forward(&a->query, net->kernels, &steps, unroll_decoder_output(w), run->query,
                             false);
    clear_rows(&steps, run->context, E);
    for (size_t r = r0; r < r1; r++) {
        const unroll_attention_score p = row_score(net, w, thread, r);
        attend(net, &p, w->encoder.output + r * E, w->B * E, run->context + r * E, w->B * E);
    }
    combine(net, w, &steps);
}

/* From dL/da of the weights a of one query to dL/dscore, in place: d_s = a_s (d_s − Σ_j a_j d_j). All d are taken relative
 * to that of the largest weight, which changes nothing, so that 1 − a_s is not taken where it is nearly 0. */
static void softmax_back(size_t S, const unroll_real *a, unroll_real *d)
{
    size_t top = 0;
    for (size_t s = 1; s < S; s++)
        top = a[s] > a[top] ? s : top;
    const unroll_real from = d[top];
    unroll_real mean = 0;
    for (size_t s = 0; s < S; s++) {
        d[s] -= from;
        mean += a[s] * d[s];
    }
    for (size_t s = 0; s < S; s++)
        d[s] = a[s] * (d[s] - mean);
}

/* From the gradients of one row's contexts find those of its scores, in p->a, and add those of the outputs
 * e that its weights multiply to de [S][pitch].
 * @param a  the row's weights */
static void weights_back(const unroll_net *net, const unroll_attention_score *p,
                         const unroll_real *a, const unroll_real *e, const unroll_real *dcontext,
                         unroll_real *de, size_t pitch)
{
    const size_t E = net->encoder.outputs;
    p->kernels->pack_transposed(p->S, E, e, pitch, p->panels, E);
    p->kernels->product(&(unroll_product){
        .groups = 1,
        .rows = p->T,
        .K = E,
        .A = dcontext,
        .a_pitch = pitch,
        .N = (p->S + p->kernels->width - 1) / p->kernels->width * p->kernels->width,
        .panels = p->panels,
        .depth = E,
        .C = p->a,
        .c_pitch = p->a_pitch,
    });
    p->kernels->outer(&(unroll_outer){
        .rows = p->T,
        .M = p->S,
        .A = a,
        .a_pitch = p->a_pitch,
        .scratch = p->scratch,
        .right = {{.B = dcontext, .b_pitch = pitch, .N = E, .C = de, .c_pitch = pitch}},
    });
    for (size_t t = 0; t < p->T; t++)
        softmax_back(p->S, a + t * p->a_pitch, p->a + t * p->a_pitch);
}

static void row_backward(const unroll_net *net, unroll_work *w, size_t thread, size_t r)
{
    const unroll_attention_kind *kind = net->attention.kind;
    const unroll_attention_run *run = &w->attention;
    const size_t H = net->stack.pitch, E = net->encoder.pitch;
    unroll_real *dh = w->run.d[0] + w->B * H;
    unroll_attention_score p = row_score(net, w, thread, r);
    if (p.S == 0 || p.T == 0)
        return;
    const unroll_real *a = p.a;
    p.a = run->da + thread * w->T * run->a_pitch;
    p.scratch = w->scratch + thread * net->kernels->outer_scratch;
    p.dq = (kind->query ? run->dquery : dh) + r * H;
    p.dk = kind->key ? run->dkey + r * H : w->encoder.doutput + r * E;
    p.dv = kind->additive ? run->dv + r * H : NULL;
    weights_back(net, &p, a, w->encoder.output + r * E, run->dcontext + r * E,
                 w->encoder.doutput + r * E, w->B * E);
    kind->backward(&p);
}

void unroll_attention_backward(const unroll_net *net, unroll_work *w, size_t thread, size_t r0,
                               size_t r1)
{
    const unroll_attention *a = &net->attention;
    const unroll_attention_run *run = &w->attention;
    const size_t H = net->stack.pitch;
    const unroll_band source = {w->batch->S, w->B, r0, r1}, steps = {w->run.steps, w->B, r0, r1};
    unroll_real *dh = w->run.d[0] + w->B * H;
    for (size_t t = 0; t < steps.steps; t++) {
        const size_t step = (t * w->B + r0) * H;
        net->kernels->tanh_back((r1 - r0) * H, run->z + step, dh + step, run->dz + step);
    }
    unroll_dense_backward(&a->from_context, net->kernels, &steps, run->dz, run->dcontext, false);
    unroll_dense_backward(&a->from_h, net->kernels, &steps, run->dz, dh, false);
    clear_rows(&source, w->encoder.doutput, net->encoder.pitch);
    if (a->kind->key)
        clear_rows(&source, run->dkey, H);
    if (a->kind->query)
        clear_rows(&steps, run->dquery, H);
    if (a->kind->additive)
        clear_rows(&(unroll_band){1, w->B, r0, r1}, run->dv, H);
    for (size_t r = r0; r < r1; r++)
        row_backward(net, w, thread, r);
    if (a->kind->key)
        unroll_dense_backward(&a->key, net->kernels, &source, run->dkey, w->encoder.doutput, true);
    if (a->kind->query)
        unroll_dense_backward(&a->query, net->kernels, &steps, run->dquery, dh, true);
}

void unroll_attention_weights(const unroll_net *net, unroll_work *w, size_t thread)
{
    const unroll_attention *a = &net->attention;
    const unroll_attention_run *run = &w->attention;
    const unroll_gradient_part part = unroll_work_part(w, thread);
    const unroll_real *h = unroll_decoder_output(w);
    const size_t rows = w->run.steps * w->B;
    unroll_dense_weights(&a->from_context, &part, rows, run->dz, run->context);
    unroll_dense_weights(&a->from_h, &part, rows, run->dz, h);
    if (a->kind->key)
        unroll_dense_weights(&a->key, &part, w->batch->S * w->B, run->dkey, w->encoder.output);
    if (a->kind->query)
        unroll_dense_weights(&a->query, &part, rows, run->dquery, h);
    if (a->kind->additive && thread == 0)
        net->kernels->column_sum(w->B, net->spec.hidden, run->dv, net->stack.pitch,
                                 w->grad + part.list[a->vector].offset);
}

void unroll_attention_read(const unroll_net *net, unroll_work *source)
{
    if (net->attention.kind->key)
        unroll_dense_forward(&net->attention.key, net->kernels,
                             &(unroll_band){source->batch->S, 1, 0, 1}, source->encoder.output,
                             source->attention.key, false);
}

void unroll_attention_step(const unroll_net *net, const unroll_work *source, unroll_work *step,
                           size_t rows)
{
    const unroll_attention *a = &net->attention;
    const unroll_attention_run *run = &step->attention;
    const size_t H = net->stack.pitch, E = net->encoder.pitch;
    const unroll_band all = {1, step->B, 0, rows};
    if (a->kind->query)
        unroll_dense_forward(&a->query, net->kernels, &all, unroll_decoder_output(step), run->query,
                             false);
    const unroll_attention_score p = {
        .kernels = net->kernels,
        .K = net->spec.hidden,
        .v = a->v,
        .T = rows,
        .S = source->batch->S,
        .a = run->a,
        .a_pitch = run->a_pitch,
        .panels = run->panels,
        .q = a->kind->query ? run->query : unroll_decoder_output(step),
        .q_pitch = H,
        .k = a->kind->key ? source->attention.key : source->encoder.output,
        .k_pitch = a->kind->key ? H : E,
    };
    attend(net, &p, source->encoder.output, E, run->context, E);
    combine(net, step, &all);
}
