#include "net/encoder.h"

#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/rng.h"
#include "net/net.h"

/* The encoder of Sutskever, Vinyals and Le (2014) and Cho et al. (2014):
 *   e_s, state_s = stack(x_s, state_{s−1})      the decoder's first state is state_S
 * A row's padding holds its state, so the last step has it for rows of any length. */

unroll_status unroll_encoder_new(unroll_net *net, const unroll_stack_spec *spec)
{
    const unroll_net_spec *s = &net->spec;
    unroll_encoder *e = &net->encoder;
    unroll_stack_spec stack = *spec;
    stack.inputs = s->source;
    if (s->embedding) {
        UNROLL_TRY(unroll_parameters_add(&net->parameters, "encoder.embedding.", "weight", 0,
                                         s->source, s->embedding, UNROLL_P_EMBEDDING, NULL,
                                         &e->embedding));
        stack.inputs = s->embedding;
    }
    UNROLL_TRY(unroll_stack_new(&e->stack, &net->parameters, "encoder.rnn.", &stack));
    e->outputs = e->stack.hidden;
    e->pitch = e->stack.pitch;
    return UNROLL_OK;
}

void unroll_encoder_free(unroll_encoder *e)
{
    unroll_stack_free(&e->stack);
}

void unroll_encoder_pack(const unroll_net *net, size_t thread, size_t threads)
{
    unroll_stack_pack(&net->encoder.stack, net->parameters.list, net->weights, thread, threads);
}

size_t unroll_encoder_place(const unroll_net *net, unroll_encoder_run *e, size_t S, size_t B,
                            bool training, char *base, size_t at)
{
    const unroll_stack *s = &net->encoder.stack;
    e->S = S;
    at = unroll_place(&e->run.at, sizeof *e->run.at, s->layers, 1, 1, base, at);
    at = unroll_stack_place(s, &e->run, S, B, training, base, at);
    if (base) {
        e->output = e->run.at[s->layers - 1].y;
        e->doutput = training ? e->run.d[0] + B * s->pitch : NULL;
    }
    return at;
}

unroll_status unroll_encoder_check(const unroll_net *net, const unroll_work *w, const unroll_batch *b)
{
    if (b->S == 0 || b->S > w->encoder.S || !b->source)
        return unroll_fail(UNROLL_EBUG, "a batch with %zu source steps does not fit a workspace for "
                           "%zu", b->S, w->encoder.S);
    for (size_t i = 0; i < b->S * b->B; i++)
        if (b->source[i] >= net->spec.source)
            return unroll_fail(UNROLL_EBUG, "token %u at position %zu of a batch's source is none "
                               "of %zu", b->source[i], i, net->spec.source);
    return UNROLL_OK;
}

void unroll_encoder_begin(unroll_work *w)
{
    unroll_stack_run *run = &w->encoder.run;
    run->steps = w->batch->S;
    run->input = w->batch->source;
    run->mode = w->batch->source_mode;
    run->dropping = w->run.dropping;
    run->dropout_key = unroll_rng_hash(w->run.dropout_key, 1);
    run->use = w->run.use;
    run->dlast = w->run.dfirst;
}

void unroll_encoder_forward(const unroll_net *net, unroll_work *w, size_t r0, size_t r1)
{
    const unroll_stack *s = &net->encoder.stack;
    unroll_stack_run *run = &w->encoder.run;
    const unroll_real *weights = net->weights;
    if (net->spec.embedding)
        unroll_embed(weights + net->parameters.list[net->encoder.embedding].offset, s->inputs,
                     &(unroll_band){run->steps, run->B, r0, r1}, run->input, run->at[0].x,
                     s->input_pitch);
    unroll_stack_forward(s, run, net->parameters.list, weights, r0, r1);
    const size_t last = (run->steps * run->B + r0) * s->pitch, first = r0 * s->pitch;
    const size_t bytes = (r1 - r0) * s->pitch * sizeof *weights;
    for (size_t l = 0; l < s->layers; l++) {
        memcpy(w->run.at[l].h + first, run->at[l].h + last, bytes);
        if (run->at[l].c)
            memcpy(w->run.at[l].c + first, run->at[l].c + last, bytes);
    }
}

void unroll_encoder_backward(const unroll_net *net, unroll_work *w, size_t r0, size_t r1)
{
    const unroll_stack *s = &net->encoder.stack;
    unroll_stack_run *run = &w->encoder.run;
    for (size_t t = 0; !net->attention.kind && t < run->steps; t++)
        memset(w->encoder.doutput + (t * run->B + r0) * s->pitch, 0,
               (r1 - r0) * s->pitch * sizeof *w->encoder.doutput);
    unroll_stack_backward(s, run, net->spec.embedding > 0, r0, r1);
}

void unroll_encoder_weights(const unroll_net *net, unroll_work *w, size_t thread)
{
    const unroll_stack *s = &net->encoder.stack;
    const unroll_parameter *list = net->parameters.list;
    const unroll_stack_run *run = &w->encoder.run;
    unroll_stack_weights(s, run, list, w->grad, w->scratch + thread * net->kernels->outer_scratch,
                         thread, w->threads);
    if (net->spec.embedding)
        unroll_embed_weights(net->kernels, s->inputs, run->steps * run->B, run->input, run->dx,
                             s->input_pitch, w->grad + list[net->encoder.embedding].offset, thread,
                             w->threads);
}
