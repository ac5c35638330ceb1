#include "net/encoder.h"

#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/place.h"
#include "base/rng.h"
#include "net/bidirectional.h"
#include "net/embed.h"
#include "net/stack_pass.h"
#include "net/stack_place.h"
#include "net/stack_weights.h"

/* The encoder of Sutskever, Vinyals and Le (2014) and Cho et al. (2014):
 *   e_s, state_s = stack(x_s, state_{s−1})      the decoder's first state is state_S
 * Padding holds the state of a row, so the last step has the last state of rows of any length. */

unroll_status unroll_encoder_new(unroll_net *net, const unroll_stack_spec *spec)
{
    const unroll_net_spec *s = &net->spec;
    unroll_encoder *e = &net->encoder;
    unroll_stack_spec stack = *spec;
    stack.inputs = s->source;
    if (s->embedding) {
        const unroll_tensor table = {.prefix = "encoder.embedding.",
                                     .name = "weight",
                                     .rows = s->source,
                                     .cols = s->embedding,
                                     .kind = UNROLL_P_EMBEDDING};
        UNROLL_TRY(unroll_parameters_add(&net->parameters, &table, &e->embedding));
        stack.inputs = s->embedding;
    }
    if (s->bidirectional)
        return unroll_bidirectional_new(net, &stack);
    e->stack = unroll_alloc(1, sizeof *e->stack);
    if (!e->stack)
        return UNROLL_EMEMORY;
    e->stacks = 1;
    UNROLL_TRY(unroll_stack_new(e->stack, &net->parameters, "encoder.rnn.", &stack));
    e->outputs = e->stack->hidden;
    e->pitch = e->stack->pitch;
    return UNROLL_OK;
}

void unroll_encoder_free(const unroll_net *net)
{
    const unroll_encoder *e = &net->encoder;
    for (size_t i = 0; e->bridge && i < net->spec.layers * e->stack->cell->states; i++)
        unroll_dense_free(&e->bridge[i]);
    unroll_free(e->bridge);
    for (size_t i = 0; i < e->stacks; i++)
        unroll_stack_free(&e->stack[i]);
    unroll_free(e->stack);
}

void unroll_encoder_pack(const unroll_net *net, size_t thread, size_t threads)
{
    const unroll_encoder *e = &net->encoder;
    const unroll_parameter *list = net->parameters.list;
    for (size_t i = 0; i < e->stacks; i++)
        unroll_stack_pack(&e->stack[i], list, net->weights, thread, threads);
    for (size_t i = 0; e->bridge && i < net->spec.layers * e->stack->cell->states; i++)
        if (i % threads == thread)
            unroll_dense_pack(&e->bridge[i], net->kernels, list, net->weights);
}

size_t unroll_encoder_place(unroll_work *w, size_t S, char *base, size_t at)
{
    const unroll_encoder *encoder = &w->net->encoder;
    const unroll_stack *s = encoder->stack;
    unroll_encoder_run *e = &w->encoder;
    e->S = S;
    at = unroll_place(&e->run, sizeof *e->run, encoder->stacks, 1, 1, base, at);
    for (size_t i = 0; i < encoder->stacks; i++) {
        unroll_stack_run counted = {0}, *run = base ? &e->run[i] : &counted;
        at = unroll_place(&run->at, sizeof *run->at, s[i].layers, 1, 1, base, at);
        at = unroll_stack_place(&s[i], run, S, w->B, w->training, base, at);
    }
    if (encoder->bridge)
        return unroll_bidirectional_place(w, base, at);
    if (base) {
        e->output = e->run->at[s->layers - 1].y;
        e->doutput = w->training ? e->run->d[0] + w->B * s->pitch : NULL;
    }
    return at;
}

unroll_status unroll_encoder_check(const unroll_net *net, const unroll_work *w, const unroll_batch *b)
{
    if (b->S == 0 || b->S > w->encoder.S || !b->source)
        return unroll_fail(UNROLL_EBUG,
                           "a batch with %zu source steps does not fit a workspace for "
                           "%zu",
                           b->S, w->encoder.S);
    for (size_t i = 0; i < b->S * b->B; i++)
        if (b->source[i] >= net->spec.source)
            return unroll_fail(UNROLL_EBUG,
                               "token %u at position %zu of a batch's source is none "
                               "of %zu",
                               b->source[i], i, net->spec.source);
    return UNROLL_OK;
}

void unroll_encoder_begin(unroll_work *w)
{
    for (size_t i = 0; i < w->net->encoder.stacks; i++) {
        unroll_stack_run *run = &w->encoder.run[i];
        run->steps = w->batch->S;
        run->input = w->batch->source;
        run->mode = w->batch->source_mode;
        run->dropping = w->run.dropping;
        run->dropout_key = unroll_rng_hash(w->run.dropout_key, 1);
        run->use = w->run.use;
        run->dlast = w->run.dfirst;
    }
    if (w->net->encoder.bridge)
        unroll_bidirectional_begin(w);
}

void unroll_encoder_forward(const unroll_net *net, unroll_work *w, size_t r0, size_t r1)
{
    const unroll_encoder *e = &net->encoder;
    const unroll_parameter *list = net->parameters.list;
    const unroll_stack *s = e->stack;
    for (size_t i = 0; net->spec.embedding && i < (e->bridge ? 2 : 1); i++) {
        unroll_stack_run *run = &w->encoder.run[i];
        unroll_embed(net->weights + list[e->embedding].offset, s->inputs,
                     &(unroll_band){run->steps, run->B, r0, r1}, run->input, run->at[0].x,
                     s->input_pitch);
        unroll_embed_drop(net, s, run, run->at[0].x, r0, r1);
    }
    if (e->bridge) {
        unroll_bidirectional_forward(net, w, r0, r1);
        return;
    }
    unroll_stack_run *run = w->encoder.run;
    unroll_stack_forward(s, run, list, net->weights, r0, r1);
    const size_t last = (run->steps * run->B + r0) * s->pitch, first = r0 * s->pitch;
    const size_t bytes = (r1 - r0) * s->pitch * sizeof *net->weights;
    for (size_t l = 0; l < s->layers; l++) {
        memcpy(w->run.at[l].h + first, run->at[l].h + last, bytes);
        if (run->at[l].c)
            memcpy(w->run.at[l].c + first, run->at[l].c + last, bytes);
    }
}

void unroll_encoder_backward(const unroll_net *net, unroll_work *w, size_t r0, size_t r1)
{
    const unroll_encoder *e = &net->encoder;
    for (size_t t = 0; !net->attention.kind && t < w->batch->S; t++)
        memset(w->encoder.doutput + (t * w->B + r0) * e->pitch, 0,
               (r1 - r0) * e->pitch * sizeof *w->encoder.doutput);
    if (e->bridge)
        unroll_bidirectional_backward(net, w, r0, r1);
    else
        unroll_stack_backward(e->stack, w->encoder.run, net->spec.embedding > 0, r0, r1);
    for (size_t i = 0; i < (e->bridge ? 2 : 1); i++)
        unroll_embed_drop(net, e->stack, &w->encoder.run[i], w->encoder.run[i].dx, r0, r1);
}

void unroll_encoder_weights(const unroll_net *net, unroll_work *w, size_t thread)
{
    const unroll_encoder *e = &net->encoder;
    const unroll_gradient_part part = unroll_work_part(w, thread);
    for (size_t i = 0; i < e->stacks; i++)
        unroll_stack_weights(&e->stack[i], &w->encoder.run[i], &part);
    for (size_t i = 0; net->spec.embedding && i < (e->bridge ? 2 : 1); i++) {
        const unroll_stack_run *run = &w->encoder.run[i];
        unroll_embed_weights(&part, e->stack->inputs, run->steps * run->B, run->input, run->dx,
                             e->stack->input_pitch, w->grad + part.list[e->embedding].offset);
    }
    for (size_t i = 0; e->bridge && i < net->spec.layers * e->stack->cell->states; i++)
        unroll_dense_weights(&e->bridge[i], &part, w->B, w->run.dfirst + i * w->B * net->stack.pitch,
                             w->encoder.last + i * w->B * e->pitch);
}
