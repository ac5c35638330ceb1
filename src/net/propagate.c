#include "net/propagate.h"

#include <math.h>
#include <string.h>

#include "base/fail.h"
#include "base/parallel.h"
#include "net/attention.h"
#include "net/embed.h"
#include "net/encoder.h"
#include "net/readout.h"
#include "net/scheduled_sampling.h"
#include "net/stack_pass.h"
#include "net/stack_place.h"
#include "net/stack_weights.h"

/* A batch through a network and back. Each thread takes a band of rows through the whole window, and when
 * all have arrived it takes its part of the gradient of the weights. */

void unroll_net_forward(const unroll_net *net, unroll_work *w, size_t thread, size_t r0, size_t r1)
{
    if (net->spec.source)
        unroll_encoder_forward(net, w, r0, r1);
    unroll_embed_input(net, w, r0, r1);
    unroll_stack_forward(&net->stack, &w->run, net->parameters.list, net->weights, r0, r1);
    if (net->attention.kind)
        unroll_attention_forward(net, w, thread, r0, r1);
}

static void backward(const unroll_net *net, unroll_work *w, size_t thread, size_t r0, size_t r1)
{
    if (net->attention.kind)
        unroll_attention_backward(net, w, thread, r0, r1);
    unroll_stack_backward(&net->stack, &w->run, net->spec.embedding > 0, r0, r1);
    unroll_embed_drop(net, &net->stack, &w->run, w->run.dx, r0, r1);
    if (net->spec.source)
        unroll_encoder_backward(net, w, r0, r1);
}

/* Forward, loss and backward of one band where all logits fit into memory, so that no thread waits for
 * another. */
static void band_gradient(void *arg, size_t thread)
{
    unroll_work *w = arg;
    const unroll_net *net = w->net;
    size_t r0, r1;
    unroll_work_band(w, thread, &r0, &r1);
    if (r0 == r1)
        return;
    unroll_net_forward(net, w, thread, r0, r1);
    if (w->readout_steps < w->run.steps)
        return;
    unroll_readout_logits(net, w, 0, w->run.steps, r0, r1);
    unroll_readout_loss(net, w, 0, w->run.steps, r0, r1);
    unroll_readout_backward(net, w, 0, w->run.steps, r0, r1);
    backward(net, w, thread, r0, r1);
}

/* Steps whose logits are in memory together. */
struct chunk {
    unroll_work *w;
    size_t t0, t1;
    bool training;
};

static void chunk_readout(void *arg, size_t thread)
{
    const struct chunk *c = arg;
    unroll_work *w = c->w;
    size_t r0, r1;
    unroll_work_band(w, thread, &r0, &r1);
    if (r0 == r1)
        return;
    unroll_readout_logits(w->net, w, c->t0, c->t1, r0, r1);
    unroll_readout_loss(w->net, w, c->t0, c->t1, r0, r1);
    if (c->training)
        unroll_readout_backward(w->net, w, c->t0, c->t1, r0, r1);
}

static void chunk_weights(void *arg, size_t thread)
{
    const struct chunk *c = arg;
    unroll_readout_weights(c->w->net, c->w, c->t0, c->t1, thread);
}

static void band_backward(void *arg, size_t thread)
{
    unroll_work *w = arg;
    size_t r0, r1;
    unroll_work_band(w, thread, &r0, &r1);
    if (r0 < r1)
        backward(w->net, w, thread, r0, r1);
}

static void embedding_weights(const unroll_net *net, unroll_work *w, size_t thread)
{
    const unroll_gradient_part part = unroll_work_part(w, thread);
    const size_t pitch = net->stack.input_pitch;
    unroll_real *grad = w->tied ? w->tied : w->grad + net->parameters.list[net->embedding].offset;
    for (unroll_span at = {w->run.steps, w->run.steps}; unroll_stack_earlier(&w->run, &at);)
        unroll_embed_weights(&part, net->stack.inputs, (at.t1 - at.t0) * w->B,
                             w->run.input + at.t0 * w->B, w->run.dx + at.t0 * w->B * pitch, pitch,
                             grad);
}

static void clear_gradient(void *arg, size_t thread)
{
    unroll_work *w = arg;
    size_t a, b;
    unroll_share(w->net->parameters.size, 1024, w->threads, thread, &a, &b);
    memset(w->grad + a, 0, (b - a) * sizeof *w->grad);
    if (w->tied && thread == 0)
        memset(w->tied, 0, w->net->spec.inputs * w->net->spec.embedding * sizeof *w->tied);
}

static void weight_gradient(void *arg, size_t thread)
{
    unroll_work *w = arg;
    const unroll_net *net = w->net;
    const unroll_gradient_part part = unroll_work_part(w, thread);
    for (unroll_span at = {w->run.steps, w->run.steps};
         w->readout_steps >= w->run.steps && unroll_stack_earlier(&w->run, &at);)
        unroll_readout_weights(net, w, at.t0, at.t1, thread);
    unroll_stack_weights(&net->stack, &w->run, &part);
    if (net->spec.source)
        unroll_encoder_weights(net, w, thread);
    if (net->attention.kind)
        unroll_attention_weights(net, w, thread);
    if (net->spec.embedding)
        embedding_weights(net, w, thread);
}

/* A tied embedding gets one gradient as the output layer and one as the input. Threads divide the two
 * differently, so they are summed apart and added here. */
static void add_tied(const unroll_net *net, unroll_work *w)
{
    unroll_real *grad = w->grad + net->parameters.list[net->embedding].offset;
    net->kernels->add(net->spec.inputs * net->spec.embedding, grad, w->tied, grad);
}

static void band_forward(void *arg, size_t thread)
{
    unroll_work *w = arg;
    size_t r0, r1;
    unroll_work_band(w, thread, &r0, &r1);
    if (r0 < r1)
        unroll_net_forward(w->net, w, thread, r0, r1);
}

/* Make the run stand for steps [t0,t1) of the batch. */
static void set_steps(unroll_work *w, size_t t0, size_t t1)
{
    const unroll_batch *b = w->batch;
    w->run.first = t0;
    w->run.steps = t1 - t0;
    w->run.input = b->input ? b->input + t0 * b->B : NULL;
    w->run.mode = b->mode ? b->mode + t0 * b->B : NULL;
}

unroll_status unroll_net_begin(const unroll_net *net, const unroll_batch *b, unroll_work *w)
{
    if (b->T == 0 || b->T > w->T || b->B != w->B)
        return unroll_fail(UNROLL_EBUG,
                           "a batch of %zu steps and %zu rows does not fit a workspace "
                           "for %zu and %zu",
                           b->T, b->B, w->T, w->B);
    if (net->spec.source)
        UNROLL_TRY(unroll_encoder_check(net, w, b));
    w->batch = b;
    set_steps(w, 0, b->T);
    w->run.hook = w->hook.before || w->hook.after ? &w->hook : NULL;
    w->run.dlast = NULL;
    w->logits_from = 0;
    w->bad = false;
    w->total_weight = 0;
    for (size_t i = 0; i < b->T * b->B; i++) {
        w->total_weight += (double)unroll_batch_weight(b, i);
        if ((b->input && b->input[i] >= net->spec.inputs) ||
            (b->target && b->target[i] >= net->spec.outputs))
            return unroll_fail(UNROLL_EBUG, "token %u at position %zu of a batch is none of %zu",
                               b->input && b->input[i] >= net->spec.inputs ? b->input[i]
                                                                           : b->target[i],
                               i, net->spec.inputs);
    }
    if (!b->carry)
        unroll_work_reset(w);
    w->run.first_age = w->run.age;
    return UNROLL_OK;
}

static void find_bad(const unroll_net *net, unroll_work *w)
{
    for (size_t t = 0; t < w->run.steps; t++)
        for (size_t l = 0; l < net->stack.layers; l++)
            for (size_t r = 0; r < w->B; r++)
                for (size_t j = 0; j < net->stack.hidden; j++)
                    if (!isfinite(w->run.at[l].h[((t + 1) * w->B + r) * net->stack.pitch + j])) {
                        w->bad_layer = l;
                        w->bad_step = w->run.first + t;
                        return;
                    }
}

/* Find the first layer and step whose state is not finite, where a loss is not: in these steps, or in a
 * segment that was gone through before them. */
static void look_for_bad(const unroll_net *net, unroll_work *w)
{
    const size_t first = w->run.first * w->B;
    for (size_t i = 0; i < w->run.steps * w->B && !w->bad; i++)
        w->bad = !isfinite(w->loss[first + i]);
    if (w->bad)
        find_bad(net, w);
}

/* Add up the losses of all positions, always in the same order. */
static void sum_up(const unroll_work *w, unroll_result *result, double *token_loss)
{
    const unroll_batch *b = w->batch;
    *result = (unroll_result){
        .weight = w->total_weight, .bad_layer = w->bad_layer, .bad_step = w->bad_step};
    for (size_t i = 0; i < b->T * b->B; i++) {
        const double weight = (double)unroll_batch_weight(b, i);
        result->loss += weight * w->loss[i];
        if (!b->counted || b->counted[i]) {
            result->counted += weight;
            result->correct += weight * w->correct[i];
            if (!b->recalled || b->recalled[i]) {
                result->recalled += weight;
                result->recalled_loss += weight * w->loss[i];
                result->recalled_correct += weight * w->correct[i];
            }
        }
        if (token_loss)
            token_loss[i] = w->loss[i];
    }
    result->finite = isfinite(result->loss);
}

void unroll_result_add(unroll_result *sum, const unroll_result *one)
{
    sum->loss += one->loss;
    sum->weight += one->weight;
    sum->counted += one->counted;
    sum->correct += one->correct;
    sum->recalled += one->recalled;
    sum->recalled_loss += one->recalled_loss;
    sum->recalled_correct += one->recalled_correct;
}

/* Carry the states over to the next batch. */
static void carry(const unroll_net *net, unroll_work *w)
{
    for (size_t t = 0; t < w->run.steps; t++)
        unroll_stack_count_step(&net->stack, &w->run);
    unroll_stack_carry(&net->stack, &w->run);
}

/* The output layer for as many steps at a time as have logits in memory, segments in the order of
 * unroll_stack_earlier(). */
static void read_out(unroll_work *w, bool training)
{
    for (unroll_span at = {w->run.steps, w->run.steps}; unroll_stack_earlier(&w->run, &at);)
        for (size_t t = at.t0; t < at.t1; t += w->readout_steps) {
            const size_t end = t + w->readout_steps;
            struct chunk c = {w, t, end < at.t1 ? end : at.t1, training};
            w->logits_from = t;
            unroll_parallel(w->threads, chunk_readout, &c);
            if (training)
                unroll_parallel(w->threads, chunk_weights, &c);
        }
    w->logits_from = 0;
}

unroll_status unroll_net_evaluate(const unroll_net *net, const unroll_batch *batch,
                                  unroll_work *work, unroll_result *result, double *token_loss)
{
    UNROLL_TRY(unroll_net_begin(net, batch, work));
    work->run.dropping = false;
    work->run.use = UNROLL_STATISTICS_GIVEN;
    work->smoothing = 0;
    if (net->spec.source)
        unroll_encoder_begin(work);
    for (size_t t = 0; t < batch->T; t += work->run.T) {
        set_steps(work, t, t + work->run.T < batch->T ? t + work->run.T : batch->T);
        unroll_parallel(work->threads, band_forward, work);
        read_out(work, false);
        look_for_bad(net, work);
        carry(net, work);
    }
    sum_up(work, result, token_loss);
    return UNROLL_OK;
}

/* Take all bands forward and back through the run's steps. */
static void back_propagate(const unroll_net *net, unroll_work *w)
{
    unroll_parallel(w->threads, band_gradient, w);
    if (w->readout_steps < w->run.steps) {
        read_out(w, true);
        unroll_parallel(w->threads, band_backward, w);
    }
    unroll_parallel(w->threads, weight_gradient, w);
    look_for_bad(net, w);
}

/* Go forward through the window and keep only the states between segments; then go back segment by
 * segment, running each forward once more first. Chen et al. (2016), "Training deep nets with sublinear
 * memory cost". */
static void recompute(const unroll_net *net, unroll_work *w)
{
    const size_t T = w->batch->T, segment = w->run.segment, last = (T - 1) / segment;
    unroll_stack_run *run = &w->run;
    for (size_t i = 0; i < last; i++) {
        unroll_stack_keep(&net->stack, run, i, false);
        set_steps(w, i * segment, (i + 1) * segment);
        unroll_parallel(w->threads, band_forward, w);
        unroll_stack_carry(&net->stack, run);
    }
    run->dfirst = run->between;
    for (size_t i = last + 1; i-- > 0;) {
        set_steps(w, i * segment, i < last ? (i + 1) * segment : T);
        if (i < last)
            unroll_stack_keep(&net->stack, run, i, true);
        back_propagate(net, w);
        run->dlast = run->between;
        if (i == last) {
            unroll_stack_carry(&net->stack, run);
            unroll_stack_keep(&net->stack, run, last, false);
        }
    }
    run->dlast = run->dfirst = NULL;
    unroll_stack_keep(&net->stack, run, last, true);
}

unroll_status unroll_net_gradient(const unroll_net *net, const unroll_batch *batch,
                                  unroll_work *work, unroll_real *grad, unroll_result *result)
{
    if (!work->training)
        return unroll_fail(UNROLL_EBUG, "this workspace was made for evaluation only");
    if (unroll_stack_joins_rows(&net->stack) && net->stack.norm->recurrent && batch->B < 2)
        return unroll_fail(UNROLL_EUSAGE,
                           UNROLL_OPTION "norm %s needs " UNROLL_OPTION
                                         "batch 2 or more: one row is its own mean",
                           net->spec.norm);
    UNROLL_TRY(unroll_net_begin(net, batch, work));
    work->grad = grad;
    work->run.dropping = net->spec.dropout > 0;
    work->run.use = UNROLL_STATISTICS_LEARNED;
    work->smoothing = net->spec.label_smoothing;
    if (net->spec.source)
        unroll_encoder_begin(work);
    if (net->spec.scheduled_sampling > 0)
        unroll_sample_inputs(net, work, band_forward);
    unroll_parallel(work->threads, clear_gradient, work);
    if (work->kept) {
        recompute(net, work);
    } else {
        back_propagate(net, work);
        carry(net, work);
    }
    if (work->tied)
        add_tied(net, work);
    sum_up(work, result, NULL);
    for (size_t r = 0; net->stack.omega > 0 && r < work->B; r++)
        result->omega += work->run.omega[r] / (double)work->B;
    return UNROLL_OK;
}
