#include "base/fail.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/versioned.h"
#include "net/attention.h"
#include "net/encoder.h"
#include "net/net.h"
#include "net/net_spec.h"
#include "net/norm.h"
#include "net/stack_build.h"

/* A language model: tokens or features, optionally an embedding, a stack of layers, an output layer.
 *   x_t = e(token_t)    h_t = stack(x_t, h_{t-1})    y_t = h_t W^T + b                              */

static unroll_status new_decoder(unroll_net *net)
{
    const unroll_net_spec *s = &net->spec;
    unroll_dense *d = &net->decoder;
    unroll_tensor tensor = {.prefix = s->source ? "decoder.output." : "decoder.",
                            .name = "weight",
                            .rows = s->outputs,
                            .cols = s->hidden,
                            .kind = UNROLL_P_OUTPUT};
    d->cols = d->inputs = s->hidden;
    d->outputs = s->outputs;
    if (s->tie)
        d->weight = net->embedding;
    else
        UNROLL_TRY(unroll_parameters_add(&net->parameters, &tensor, &d->weight));
    tensor.name = "bias";
    tensor.cols = 0;
    tensor.kind = UNROLL_P_OUTPUT_BIAS;
    UNROLL_TRY(unroll_parameters_add(&net->parameters, &tensor, &d->bias));
    return unroll_dense_new(d, net->kernels);
}

static unroll_status add_embedding(unroll_net *net)
{
    const unroll_net_spec *s = &net->spec;
    const unroll_tensor table = {.prefix = s->source ? "decoder.embedding." : "encoder.",
                                 .name = "weight",
                                 .rows = s->inputs,
                                 .cols = s->embedding,
                                 .kind = UNROLL_P_EMBEDDING};
    return unroll_parameters_add(&net->parameters, &table, &net->embedding);
}

static unroll_status build(unroll_net *net)
{
    unroll_net_spec *s = &net->spec;
    unroll_net_kinds kinds;
    UNROLL_TRY(unroll_net_spec_resolve(s, &kinds));
    net->kernels = unroll_kernels_get();
    if (!(net->cell = unroll_spec_text(kinds.cell->name, kinds.cell->keys, kinds.option)))
        return UNROLL_EMEMORY;
    s->cell = net->cell;
    const unroll_stack_spec stack = {
        .cell = kinds.cell,
        .option = kinds.option,
        .activation = kinds.activation,
        .norm = kinds.norm,
        .norm_steps = s->norm_steps,
        .layers = s->layers,
        .inputs = s->embedding ? s->embedding : s->inputs,
        .tokens = !s->features && !s->embedding,
        .hidden = s->hidden,
        .dropout = s->dropout,
        .omega = s->omega,
        .residual = s->residual,
        .skip_input = s->skip_input,
    };
    if (s->source)
        UNROLL_TRY(unroll_encoder_new(net, &stack));
    if (s->embedding)
        UNROLL_TRY(add_embedding(net));
    UNROLL_TRY(unroll_stack_new(&net->stack, &net->parameters, s->source ? "decoder.rnn." : "rnn.",
                                &stack));
    if (kinds.attention)
        UNROLL_TRY(unroll_attention_new(net, kinds.attention));
    UNROLL_TRY(new_decoder(net));
    net->learned = net->parameters.size;
    UNROLL_TRY(unroll_norm_add_statistics(&net->stack, &net->parameters, "rnn."));
    net->weights = unroll_alloc(net->parameters.size, sizeof *net->weights);
    return net->weights ? UNROLL_OK : UNROLL_EMEMORY;
}

unroll_status unroll_net_new(const unroll_net_spec *spec, unroll_net **out)
{
    unroll_net *net = unroll_alloc(1, sizeof *net);
    if (!net)
        return UNROLL_EMEMORY;
    unroll_status status =
        unroll_versioned_copy("unroll_net_spec", spec, &net->spec, sizeof net->spec);
    if (status == UNROLL_OK)
        status = build(net);
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
    unroll_free(net->cell);
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
    net->packs++;
}

static void merge_biases(unroll_net *net, const unroll_stack *s)
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
    merge_biases(net, &net->stack);
    for (size_t i = 0; i < net->encoder.stacks; i++)
        merge_biases(net, &net->encoder.stack[i]);
}

void unroll_net_update_running_statistics(unroll_net *net, const unroll_work *work)
{
    unroll_norm_update_running_statistics(&net->stack, &work->run, net->parameters.list,
                                          net->weights);
}
