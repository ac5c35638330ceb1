#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "net/attention.h"
#include "net/embed.h"
#include "net/encoder.h"
#include "net/net.h"
#include "net/readout.h"
#include "net/stack_pass.h"
#include "net/work.h"

/* The same forward passes as in training: the encoder once at batch 1, the decoder a step at a time for
 * several rows. So its logits are those of training, to the bit. */

struct unroll_decoding {
    const unroll_net *net;
    unroll_work *source; /* batch 1: the source, and the decoder's first state */
    unroll_work *step;   /* one step of `rows` rows; slot 1 holds what the last step left */
    unroll_batch read, write;
    uint32_t *id;           /* [rows] */
    unroll_real *attention; /* [rows][S] */
};

unroll_status unroll_decoding_new(const unroll_net *net, size_t S, size_t rows, unroll_decoding **out)
{
    if (!net->spec.source)
        return unroll_fail(UNROLL_EUSAGE, "this model reads no source");
    unroll_decoding *d = unroll_alloc(1, sizeof *d);
    if (!d)
        return UNROLL_EMEMORY;
    d->net = net;
    unroll_work_options options = {.size = sizeof options, .T = 1, .B = 1, .S = S, .threads = 1};
    unroll_status status = unroll_work_new(net, &options, &d->source);
    options.B = rows;
    if (status == UNROLL_OK)
        status = unroll_work_create(net, &options, false, &d->step);
    d->id = unroll_alloc(rows, sizeof *d->id);
    d->attention = net->attention.kind ? unroll_alloc(rows, S * sizeof *d->attention) : NULL;
    if (status == UNROLL_OK && (!d->id || (net->attention.kind && !d->attention)))
        status = UNROLL_EMEMORY;
    if (status != UNROLL_OK) {
        unroll_decoding_free(d);
        return status;
    }
    d->write = (unroll_batch){.T = 1, .B = rows, .input = d->id};
    d->step->batch = &d->write;
    d->step->run.steps = 1;
    d->step->run.input = d->id;
    *out = d;
    return UNROLL_OK;
}

void unroll_decoding_free(unroll_decoding *d)
{
    if (!d)
        return;
    unroll_free(d->attention);
    unroll_free(d->id);
    unroll_work_free(d->step);
    unroll_work_free(d->source);
    unroll_free(d);
}

/* Call with each array of states: of the source's work, and of the step's. */
static void spread(const unroll_decoding *d, const unroll_real *first, unroll_real *states)
{
    const size_t pitch = d->net->stack.pitch;
    for (size_t r = 0; r < d->step->B; r++)
        memcpy(states + (d->step->B + r) * pitch, first, pitch * sizeof *states);
}

unroll_status unroll_decoding_begin(unroll_decoding *d, const uint32_t *source, size_t length)
{
    const unroll_net *net = d->net;
    d->read = (unroll_batch){.T = 1, .B = 1, .S = length, .source = source};
    UNROLL_TRY(unroll_encoder_check(net, d->source, &d->read));
    d->source->batch = &d->read;
    unroll_encoder_begin(d->source);
    unroll_encoder_forward(net, d->source, 0, 1);
    if (net->attention.kind)
        unroll_attention_read(net, d->source);
    for (size_t l = 0; l < net->stack.layers; l++) {
        spread(d, d->source->run.at[l].h, d->step->run.at[l].h);
        if (d->source->run.at[l].c)
            spread(d, d->source->run.at[l].c, d->step->run.at[l].c);
    }
    return UNROLL_OK;
}

/* Slot 0 of each row becomes slot 1 of the row it goes on from. */
static void follow(const unroll_decoding *d, const uint32_t *from, size_t rows, unroll_real *states)
{
    const size_t pitch = d->net->stack.pitch, B = d->step->B;
    for (size_t r = 0; r < rows; r++)
        memcpy(states + r * pitch, states + (B + (from ? from[r] : r)) * pitch,
               pitch * sizeof *states);
}

const unroll_real *unroll_decoding_step(unroll_decoding *d, const uint32_t *id,
                                        const uint32_t *from, size_t rows)
{
    const unroll_net *net = d->net;
    unroll_work *w = d->step;
    for (size_t l = 0; l < net->stack.layers; l++) {
        follow(d, from, rows, w->run.at[l].h);
        if (w->run.at[l].c)
            follow(d, from, rows, w->run.at[l].c);
    }
    for (size_t r = 0; r < rows; r++)
        d->id[r] = id[r] < net->spec.inputs ? id[r] : 0;
    unroll_embed_input(net, w, 0, rows);
    unroll_stack_forward(&net->stack, &w->run, net->parameters.list, net->weights, 0, rows);
    if (net->attention.kind)
        unroll_attention_step(net, d->source, w, rows);
    for (size_t r = 0; net->attention.kind && r < rows; r++)
        memcpy(d->attention + r * d->source->encoder.S, w->attention.a + r * w->attention.a_pitch,
               d->read.S * sizeof *d->attention);
    unroll_readout_logits(net, w, 0, 1, 0, rows);
    return w->logits;
}

size_t unroll_decoding_pitch(const unroll_decoding *d)
{
    return d->net->decoder.output_pitch;
}

const unroll_real *unroll_decoding_attention(const unroll_decoding *d)
{
    return d->attention;
}
