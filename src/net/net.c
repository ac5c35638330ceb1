#include "net/net.h"

#include <math.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "cell/cells.h"

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

static unroll_status new_decoder(unroll_net *net)
{
    const unroll_net_spec *s = &net->spec;
    const char *prefix = s->source ? "decoder.output." : "decoder.";
    unroll_dense *d = &net->decoder;
    d->cols = d->inputs = s->hidden;
    d->outputs = s->outputs;
    if (s->tie)
        d->weight = net->embedding;
    else
        UNROLL_TRY(unroll_parameters_add(&net->parameters, prefix, "weight", 0, s->outputs,
                                         s->hidden, UNROLL_P_OUTPUT, NULL, &d->weight));
    UNROLL_TRY(unroll_parameters_add(&net->parameters, prefix, "bias", 0, s->outputs, 0,
                                     UNROLL_P_OUTPUT_BIAS, NULL, &d->bias));
    return unroll_dense_new(d, net->kernels);
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
    UNROLL_TRY(unroll_pairs_check(s, norm));
    if (norm && cell->norm_gates == 0)
        return unroll_fail(UNROLL_EUSAGE, "--norm %s: --cell %s takes none", norm->name, cell->name);
    if (s->omega != 0 && !unroll_cell_is_simple(cell))
        return unroll_fail(UNROLL_EUSAGE, "--omega is not defined for --cell %s", cell->name);
    if (s->omega != 0 && norm)
        return unroll_fail(UNROLL_EUSAGE, "--omega is not defined beside --norm %s", norm->name);
    s->cell = cell->name;
    s->gru = cell->variant;
    s->activation = activation->name;
    s->norm = norm ? norm->name : none;
    const unroll_score_kind *score = s->attention ? unroll_score_find(s->attention) : NULL;
    s->attention = score ? score->name : none;
    s->norm_steps = s->norm_steps ? s->norm_steps : 1;
    net->kernels = unroll_kernels_get();
    const unroll_stack_spec stack = {
        .cell = cell, .activation = activation, .norm = norm, .norm_steps = s->norm_steps,
        .layers = s->layers, .inputs = s->embedding ? s->embedding : s->inputs,
        .tokens = !s->features && !s->embedding,
        .hidden = s->hidden, .dropout = s->dropout, .omega = s->omega,
        .residual = s->residual, .skip_input = s->skip_input,
    };
    if (s->source)
        UNROLL_TRY(unroll_encoder_new(net, &stack));
    if (s->embedding)
        UNROLL_TRY(unroll_parameters_add(&net->parameters,
                                         s->source ? "decoder.embedding." : "encoder.", "weight", 0,
                                         s->inputs, s->embedding, UNROLL_P_EMBEDDING, NULL,
                                         &net->embedding));
    UNROLL_TRY(unroll_stack_new(&net->stack, &net->parameters, s->source ? "decoder.rnn." : "rnn.",
                                &stack));
    if (score)
        UNROLL_TRY(unroll_attention_new(net));
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
    unroll_dense_free(&net->decoder);
    unroll_attention_free(&net->attention);
    unroll_stack_free(&net->stack);
    unroll_encoder_free(net);
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
    const unroll_parameter *list = net->parameters.list;
    unroll_stack_pack(&net->stack, list, net->weights, thread, p->threads);
    if (net->spec.source)
        unroll_encoder_pack(net, thread, p->threads);
    if (net->attention.kind && thread == 0)
        unroll_attention_pack(net);
    if (thread == p->threads - 1)
        unroll_dense_pack(&net->decoder, net->kernels, list, net->weights);
}

void unroll_net_pack(unroll_net *net, size_t threads)
{
    threads = threads ? threads : 1;
    unroll_parallel(threads, pack_share, &(struct pack){net, threads});
}

static void fold(unroll_net *net, const unroll_stack *s)
{
    const unroll_parameters *p = &net->parameters;
    for (size_t l = 0; l < s->layers; l++) {
        const unroll_stack_layer *a = &s->at[l];
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

void unroll_net_merge_biases(unroll_net *net)
{
    fold(net, &net->stack);
    for (size_t i = 0; i < net->encoder.stacks; i++)
        fold(net, &net->encoder.stack[i]);
}

void unroll_net_update_running_statistics(unroll_net *net, const unroll_work *work)
{
    unroll_stack_update_running_statistics(&net->stack, &work->run, net->parameters.list, net->weights);
}
