#include "net/net.h"

#include <math.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/parallel.h"

/* A language model: tokens or features, optionally an embedding, a stack of layers, an output layer.
 *   x_t = e(token_t)    h_t = stack(x_t, h_{t-1})    y_t = h_t W^T + b                              */

static unroll_status find_cell(const unroll_net_spec *spec, const unroll_cell **cell,
                               const unroll_activation **activation)
{
    const unroll_kernels *k = unroll_kernels_get();
    const char *form = spec->gru;
    if (!k)
        return UNROLL_EUSAGE;
    *cell = NULL;
    for (size_t i = 0; k->cells[i] && !*cell; i++)
        if (strcmp(k->cells[i]->name, spec->cell) == 0 &&
            (!form || !*k->cells[i]->variant || strcmp(form, k->cells[i]->variant) == 0))
            *cell = k->cells[i];
    if (!*cell)
        return unroll_fail(UNROLL_EUSAGE, "there is no cell '%s'%s%s", spec->cell,
                           form ? " in the form " : "", form ? form : "");
    *activation = NULL;
    for (size_t i = 0; k->activations[i] && !*activation; i++)
        if (strcmp(k->activations[i]->name, spec->activation) == 0)
            *activation = k->activations[i];
    if (!*activation)
        return unroll_fail(UNROLL_EUSAGE, "there is no activation '%s'", spec->activation);
    return UNROLL_OK;
}

static const char none[] = "none";

const char *unroll_norm_name(size_t i)
{
    const unroll_norm *const *norms = unroll_kernels_table[0]->norms;
    return i == 0 ? none : norms[i - 1] ? norms[i - 1]->name : NULL;
}

/* NULL for none. */
static unroll_status find_norm(const char *name, const unroll_norm **norm)
{
    const unroll_kernels *k = unroll_kernels_get();
    *norm = NULL;
    if (!name || strcmp(name, none) == 0)
        return UNROLL_OK;
    for (size_t i = 0; k->norms[i] && !*norm; i++)
        if (strcmp(k->norms[i]->name, name) == 0)
            *norm = k->norms[i];
    return *norm ? UNROLL_OK : unroll_fail(UNROLL_EUSAGE, "there is no normalisation '%s'", name);
}

static unroll_status check_spec(const unroll_net_spec *s)
{
    if (!s->cell || s->inputs == 0 || s->outputs == 0 || s->layers == 0 || s->hidden == 0)
        return unroll_fail(UNROLL_EUSAGE, "a network needs a cell, inputs, outputs, layers and hidden "
                           "units");
    if (s->inputs > UINT32_MAX || s->outputs > UINT32_MAX)
        return unroll_fail(UNROLL_EUSAGE, "at most %u inputs and outputs are possible", UINT32_MAX);
    if (s->tie && (s->features || s->embedding != s->hidden || s->inputs != s->outputs))
        return unroll_fail(UNROLL_EUSAGE, "--tie shares the embedding with the output layer; it "
                           "needs --embedding %zu, as --hidden", s->hidden);
    if (s->features && s->embedding)
        return unroll_fail(UNROLL_EUSAGE, "real inputs take no --embedding");
    if (!(s->omega >= 0 && isfinite(s->omega)))
        return unroll_fail(UNROLL_EUSAGE, "--omega must be at least 0");
    if (!(s->dropout >= 0 && s->dropout < 1))
        return unroll_fail(UNROLL_EUSAGE, "--dropout must be at least 0 and less than 1");
    return UNROLL_OK;
}

static size_t round_up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

static unroll_status new_decoder(unroll_net *net)
{
    const unroll_net_spec *s = &net->spec;
    unroll_dense *d = &net->decoder;
    d->inputs = s->hidden;
    d->outputs = s->outputs;
    d->input_pitch = net->stack.pitch;
    d->output_pitch = round_up(s->outputs, net->kernels->width);
    if (s->tie)
        d->weight = net->embedding;
    else
        UNROLL_TRY(unroll_parameters_add(&net->parameters, "decoder.", "weight", 0, s->outputs,
                                         s->hidden, UNROLL_P_OUTPUT, NULL, &d->weight));
    UNROLL_TRY(unroll_parameters_add(&net->parameters, "decoder.", "bias", 0, s->outputs, 0,
                                     UNROLL_P_OUTPUT_BIAS, NULL, &d->bias));
    d->forward = unroll_alloc(d->output_pitch * d->inputs, sizeof *d->forward);
    d->backward = unroll_alloc(d->input_pitch * d->output_pitch, sizeof *d->backward);
    d->padded_bias = unroll_alloc(d->output_pitch, sizeof *d->padded_bias);
    return d->forward && d->backward && d->padded_bias ? UNROLL_OK : UNROLL_EMEMORY;
}

static unroll_status build(unroll_net *net)
{
    unroll_net_spec *s = &net->spec;
    const unroll_cell *cell;
    const unroll_activation *activation;
    const unroll_norm *norm;
    UNROLL_TRY(check_spec(s));
    UNROLL_TRY(find_cell(s, &cell, &activation));
    UNROLL_TRY(find_norm(s->norm, &norm));
    if (s->omega != 0 && (!cell->has_activation || norm))
        return unroll_fail(UNROLL_EUSAGE, "--omega is defined for --cell rnn without --norm");
    s->cell = cell->name;
    s->gru = cell->variant;
    s->activation = activation->name;
    s->norm = norm ? norm->name : none;
    s->norm_steps = s->norm_steps ? s->norm_steps : 1;
    net->kernels = unroll_kernels_get();
    size_t inputs = s->inputs;
    if (s->embedding) {
        UNROLL_TRY(unroll_parameters_add(&net->parameters, "encoder.", "weight", 0, s->inputs,
                                         s->embedding, UNROLL_P_EMBEDDING, NULL, &net->embedding));
        inputs = s->embedding;
    }
    const unroll_stack_spec stack = {
        .cell = cell, .activation = activation, .norm = norm, .norm_steps = s->norm_steps,
        .layers = s->layers, .inputs = inputs, .tokens = !s->features && !s->embedding,
        .hidden = s->hidden, .dropout = s->dropout, .omega = s->omega,
        .residual = s->residual, .skip_input = s->skip_input,
    };
    UNROLL_TRY(unroll_stack_new(&net->stack, &net->parameters, "rnn.", &stack));
    UNROLL_TRY(new_decoder(net));
    net->learned = net->parameters.size;
    UNROLL_TRY(unroll_stack_add_statistics(&net->stack, &net->parameters, "rnn."));
    net->weights = unroll_alloc(net->parameters.size, sizeof *net->weights);
    return net->weights ? UNROLL_OK : UNROLL_EMEMORY;
}

unroll_status unroll_net_new(const unroll_net_spec *spec, unroll_net **out)
{
    unroll_net *net = unroll_alloc(1, sizeof *net);
    if (!net)
        return UNROLL_EMEMORY;
    net->spec = *spec;
    if (!net->spec.activation)
        net->spec.activation = "tanh";
    const unroll_status status = build(net);
    if (status != UNROLL_OK) {
        unroll_net_free(net);
        return status;
    }
    *out = net;
    return UNROLL_OK;
}

void unroll_net_free(unroll_net *net)
{
    if (!net)
        return;
    unroll_free(net->weights);
    unroll_free(net->decoder.padded_bias);
    unroll_free(net->decoder.backward);
    unroll_free(net->decoder.forward);
    unroll_stack_free(&net->stack);
    unroll_parameters_free(&net->parameters);
    unroll_free(net);
}

const unroll_net_spec *unroll_net_get_spec(const unroll_net *net)
{
    return &net->spec;
}

size_t unroll_net_size(const unroll_net *net)
{
    return net->parameters.size;
}

size_t unroll_net_learned(const unroll_net *net)
{
    return net->learned;
}

size_t unroll_net_trainable(const unroll_net *net)
{
    return net->parameters.trainable;
}

unroll_real *unroll_net_weights(unroll_net *net)
{
    return net->weights;
}

size_t unroll_net_parameters(const unroll_net *net, const unroll_parameter **list)
{
    *list = net->parameters.list;
    return net->parameters.count;
}

struct pack {
    unroll_net *net;
    size_t threads;
};

static void pack_share(void *arg, size_t thread)
{
    const struct pack *p = arg;
    const unroll_net *net = p->net;
    const unroll_dense *d = &net->decoder;
    const unroll_parameter *list = net->parameters.list;
    unroll_stack_pack(&net->stack, list, net->weights, thread, p->threads);
    if (thread != p->threads - 1)
        return;
    const unroll_real *W = net->weights + list[d->weight].offset;
    net->kernels->pack_transposed(d->outputs, d->inputs, W, d->inputs, d->forward, d->inputs);
    net->kernels->pack(d->outputs, d->inputs, W, d->inputs, d->backward, d->output_pitch);
    memcpy(d->padded_bias, net->weights + list[d->bias].offset, d->outputs * sizeof *W);
}

void unroll_net_pack(unroll_net *net, size_t threads)
{
    threads = threads ? threads : 1;
    unroll_parallel(threads, pack_share, &(struct pack){net, threads});
}

void unroll_net_fold(unroll_net *net)
{
    const unroll_parameters *p = &net->parameters;
    for (size_t l = 0; l < net->stack.layers; l++) {
        const unroll_stack_layer *a = &net->stack.at[l];
        unroll_real *to = net->weights + p->list[a->b_ih].offset;
        unroll_real *from = net->weights + p->list[a->b_hh].offset;
        const struct unroll_parameter_use *use = &p->use[a->b_hh];
        for (size_t i = 0; i < p->list[a->b_hh].rows; i++)
            if (i < use->first || i >= use->first + use->trained) {
                to[i] += from[i];
                from[i] = 0;
            }
    }
}

void unroll_net_track(unroll_net *net, const unroll_work *work)
{
    unroll_stack_track(&net->stack, &work->run, net->parameters.list, net->weights);
}

/* Layer 0's dense input of a band: rows of the embedding, or the features. */
void unroll_net_fill_input(const unroll_net *net, unroll_work *w, size_t r0, size_t r1)
{
    const size_t n = net->stack.inputs, pitch = net->stack.input_pitch;
    const unroll_batch *b = w->batch;
    unroll_real *x = w->run.at[0].x;
    if (!x)
        return;
    const unroll_real *table =
        net->spec.embedding ? net->weights + net->parameters.list[net->embedding].offset : NULL;
    for (size_t t = 0; t < b->T; t++)
        for (size_t r = r0; r < r1; r++) {
            const size_t i = t * b->B + r;
            memcpy(x + (t * w->B + r) * pitch, table ? table + b->input[i] * n : b->feature + i * n,
                   n * sizeof *x);
        }
}

/* Forward, loss and backward of one band where all logits fit; no thread waits for another. */
static void band_gradient(void *arg, size_t thread)
{
    unroll_work *w = arg;
    const unroll_net *net = w->net;
    size_t r0, r1;
    unroll_work_band(w, thread, &r0, &r1);
    if (r0 == r1)
        return;
    unroll_net_fill_input(net, w, r0, r1);
    unroll_stack_forward(&net->stack, &w->run, net->parameters.list, net->weights, r0, r1);
    if (w->readout_steps < w->batch->T)
        return;
    unroll_readout_logits(net, w, 0, w->batch->T, r0, r1);
    unroll_readout_loss(net, w, 0, w->batch->T, r0, r1);
    unroll_readout_backward(net, w, 0, w->batch->T, r0, r1);
    unroll_stack_backward(&net->stack, &w->run, net->spec.embedding > 0, r0, r1);
}

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
        unroll_stack_backward(&w->net->stack, &w->run, w->net->spec.embedding > 0, r0, r1);
}

/* The embedding's rows that were used, this thread's share of the columns. */
static void embedding_weights(const unroll_net *net, unroll_work *w, size_t thread)
{
    const size_t n = net->stack.inputs, pitch = net->stack.input_pitch;
    const unroll_real *dx = w->run.dx;
    unroll_real *grad = w->grad + net->parameters.list[net->embedding].offset;
    size_t j0, j1;
    unroll_share(n, 8, w->threads, thread, &j0, &j1);
    for (size_t i = 0; j0 < j1 && i < w->batch->T * w->B; i++) {
        unroll_real *to = grad + w->batch->input[i] * n + j0;
        net->kernels->add(j1 - j0, to, dx + i * pitch + j0, to);
    }
}

static void clear_gradient(void *arg, size_t thread)
{
    unroll_work *w = arg;
    size_t a, b;
    unroll_share(w->net->parameters.size, 1024, w->threads, thread, &a, &b);
    memset(w->grad + a, 0, (b - a) * sizeof *w->grad);
}

static void weight_gradient(void *arg, size_t thread)
{
    unroll_work *w = arg;
    const unroll_net *net = w->net;
    if (w->readout_steps >= w->batch->T)
        unroll_readout_weights(net, w, 0, w->batch->T, thread);
    unroll_stack_weights(&net->stack, &w->run, net->parameters.list, w->grad,
                         w->scratch + thread * net->kernels->outer_scratch, thread, w->threads);
    if (net->spec.embedding && !net->spec.tie)
        embedding_weights(net, w, thread);
}

/* A tied embedding's gradient has two parts, cut differently between threads: one after the other. */
static void tied_gradient(void *arg, size_t thread)
{
    unroll_work *w = arg;
    embedding_weights(w->net, w, thread);
}

static void band_forward(void *arg, size_t thread)
{
    unroll_work *w = arg;
    const unroll_net *net = w->net;
    size_t r0, r1;
    unroll_work_band(w, thread, &r0, &r1);
    if (r0 == r1)
        return;
    unroll_net_fill_input(net, w, r0, r1);
    unroll_stack_forward(&net->stack, &w->run, net->parameters.list, net->weights, r0, r1);
}

unroll_status unroll_net_begin(const unroll_net *net, const unroll_batch *b, unroll_work *w)
{
    if (b->T == 0 || b->T > w->T || b->B != w->B)
        return unroll_fail(UNROLL_EBUG, "a batch of %zu steps and %zu rows does not fit a workspace "
                           "for %zu and %zu", b->T, b->B, w->T, w->B);
    w->batch = b;
    w->run.steps = b->T;
    w->run.input = b->input;
    w->run.mode = b->mode;
    w->run.hook = w->hook.before || w->hook.after ? &w->hook : NULL;
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

/* The first layer and step whose state is not finite: looked for only when a loss is not. */
static void find_bad(const unroll_net *net, const unroll_work *w, unroll_result *result)
{
    for (size_t t = 0; t < w->batch->T; t++)
        for (size_t l = 0; l < net->stack.layers; l++)
            for (size_t r = 0; r < w->B; r++)
                for (size_t j = 0; j < net->stack.hidden; j++)
                    if (!isfinite(w->run.at[l].h[((t + 1) * w->B + r) * net->stack.pitch + j])) {
                        result->bad_layer = l;
                        result->bad_step = t;
                        return;
                    }
}

/* Sums in one order, then the states of the last step become those before the first. */
static void finish(const unroll_net *net, unroll_work *w, unroll_result *result,
                   double *token_loss)
{
    const unroll_batch *b = w->batch;
    *result = (unroll_result){.weight = w->total_weight};
    for (size_t i = 0; i < b->T * b->B; i++) {
        const double weight = (double)unroll_batch_weight(b, i);
        result->loss += weight * w->loss[i];
        if (!b->score || b->score[i]) {
            result->scored += weight;
            result->correct += weight * w->correct[i];
        }
        if (token_loss)
            token_loss[i] = w->loss[i];
    }
    result->finite = isfinite(result->loss);
    if (!result->finite)
        find_bad(net, w, result);
    const size_t slot = w->B * net->stack.pitch;
    for (size_t t = 0; t < b->T; t++)
        unroll_stack_aged(&net->stack, &w->run);
    for (size_t l = 0; l < net->stack.layers; l++) {
        const unroll_layer_run *r = &w->run.at[l];
        memcpy(r->h, r->h + b->T * slot, slot * sizeof *r->h);
        if (r->c)
            memcpy(r->c, r->c + b->T * slot, slot * sizeof *r->c);
    }
}

unroll_status unroll_net_evaluate(const unroll_net *net, const unroll_batch *batch,
                                  unroll_work *work, unroll_result *result, double *token_loss)
{
    UNROLL_TRY(unroll_net_begin(net, batch, work));
    work->run.dropping = false;
    work->run.use = UNROLL_STATISTICS_GIVEN;
    unroll_parallel(work->threads, band_forward, work);
    for (size_t t = 0; t < batch->T; t += work->readout_steps) {
        const size_t t1 = t + work->readout_steps < batch->T ? t + work->readout_steps : batch->T;
        unroll_parallel(work->threads, chunk_readout, &(struct chunk){work, t, t1, false});
    }
    finish(net, work, result, token_loss);
    return UNROLL_OK;
}

unroll_status unroll_net_gradient(const unroll_net *net, const unroll_batch *batch,
                                  unroll_work *work, unroll_real *grad, unroll_result *result)
{
    if (!work->training)
        return unroll_fail(UNROLL_EBUG, "this workspace was made for evaluation only");
    if (unroll_stack_joins_rows(&net->stack) && net->stack.norm->recurrent && batch->B < 2)
        return unroll_fail(UNROLL_EUSAGE, "--norm %s needs --batch 2 or more: one row is its own mean",
                           net->spec.norm);
    UNROLL_TRY(unroll_net_begin(net, batch, work));
    work->grad = grad;
    work->run.dropping = net->spec.dropout > 0;
    work->run.use = UNROLL_STATISTICS_LEARNED;
    unroll_parallel(work->threads, clear_gradient, work);
    unroll_parallel(work->threads, band_gradient, work);
    if (work->readout_steps < batch->T) {
        for (size_t t = 0; t < batch->T; t += work->readout_steps) {
            const size_t end = t + work->readout_steps;
            struct chunk c = {work, t, end < batch->T ? end : batch->T, true};
            unroll_parallel(work->threads, chunk_readout, &c);
            unroll_parallel(work->threads, chunk_weights, &c);
        }
        unroll_parallel(work->threads, band_backward, work);
    }
    unroll_parallel(work->threads, weight_gradient, work);
    if (net->spec.tie)
        unroll_parallel(work->threads, tied_gradient, work);
    finish(net, work, result, NULL);
    for (size_t r = 0; net->stack.omega > 0 && r < work->B; r++)
        result->omega += work->run.omega[r] / (double)work->B;
    return UNROLL_OK;
}
