#include "net/work.h"

#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/place.h"
#include "base/versioned.h"
#include "net/attention.h"
#include "net/encoder.h"
#include "net/readout.h"
#include "net/stack_place.h"

/* Can a window be gone through in segments, because nothing joins its steps but the states? */
static bool can_segment(const unroll_net *net)
{
    return net->spec.source == 0 && net->stack.omega == 0 && !unroll_stack_joins_rows(&net->stack);
}

/* Count (base NULL) or place every array of a workspace. Evaluation needs no more than one segment at a
 * time. */
static size_t layout(unroll_work *w, bool encoder, size_t S, char *base)
{
    const unroll_net *net = w->net;
    const bool segments = w->kept || (!w->training && can_segment(net));
    const size_t T = w->T, B = w->B, steps = segments ? unroll_stack_segment(T, B) : T;
    size_t positions;
    if (!unroll_mul(T, B, &positions) || positions > SIZE_MAX / 64 ||
        B > SIZE_MAX / 64 / net->decoder.output_pitch)
        return SIZE_MAX;
    w->readout_steps = unroll_readout_steps(net, steps, B);
    size_t at = unroll_place(&w->run.at, sizeof *w->run.at, net->stack.layers, 1, 1, base, 0);
    at = unroll_stack_place(&net->stack, &w->run, steps, B, w->training, base, at);
    if (encoder) {
        at = unroll_encoder_place(w, S, base, at);
        at = unroll_place(&w->run.dfirst, sizeof *w->run.dfirst,
                          w->training ? net->stack.layers * net->stack.cell->states : 0, B,
                          net->stack.pitch, base, at);
    }
    if (net->attention.kind)
        at = unroll_attention_place(w, S, base, at);
    const size_t sampled = w->training && net->spec.scheduled_sampling > 0 ? T : 0;
    at = unroll_place(&w->sampled, sizeof *w->sampled, sampled, B, 1, base, at);
    at = unroll_place(&w->guess, sizeof *w->guess, sampled, B, 1, base, at);
    if (w->kept)
        at = unroll_stack_place_kept(&net->stack, &w->run, T, base, at);
    at = unroll_place(&w->logits, sizeof *w->logits, w->readout_steps, B, net->decoder.output_pitch,
                      base, at);
    const size_t omega = w->training && net->stack.omega > 0 ? B : 0;
    at = unroll_place(&w->run.omega, sizeof *w->run.omega, omega, 1, 1, base, at);
    at = unroll_place(&w->run.omega_layer, sizeof *w->run.omega_layer, omega, 1, 1, base, at);
    at = unroll_place(&w->run.omega_steps, sizeof *w->run.omega_steps, omega, 1, 1, base, at);
    at = unroll_place(&w->tied, sizeof *w->tied, w->training && net->spec.tie ? net->spec.inputs : 0,
                      net->spec.embedding, 1, base, at);
    at = unroll_place(&w->loss, sizeof *w->loss, T, B, 1, base, at);
    at = unroll_place(&w->correct, sizeof *w->correct, T, B, 1, base, at);
    return unroll_place(&w->scratch, sizeof *w->scratch, w->training ? w->threads : 0,
                        net->kernels->outer_scratch, 1, base, at);
}

static unroll_status check_window(const unroll_work_options *o)
{
    if (o->T == 0 || o->B == 0)
        return unroll_fail(UNROLL_EUSAGE, "a window needs at least one step and one row");
    return UNROLL_OK;
}

/* A workspace that has no arrays yet. */
static unroll_work empty(const unroll_net *net, const unroll_work_options *o)
{
    return (unroll_work){.net = net,
                         .T = o->T,
                         .B = o->B,
                         .training = o->training,
                         .kept = o->recompute,
                         .threads = o->threads ? o->threads : unroll_cores()};
}

size_t unroll_work_bytes(const unroll_net *net, const unroll_work_options *options)
{
    unroll_work_options o;
    if (unroll_versioned_copy("unroll_work_options", options, &o, sizeof o) != UNROLL_OK ||
        check_window(&o) != UNROLL_OK)
        return SIZE_MAX;
    unroll_work w = empty(net, &o);
    return layout(&w, o.S > 0, o.S, NULL);
}

static unroll_status check_recompute(const unroll_net *net, bool training)
{
    if (!training)
        return unroll_fail(UNROLL_EUSAGE,
                           UNROLL_OPTION "recompute is for training: evaluation keeps no states");
    if (net->spec.source > 0 || net->stack.omega > 0)
        return unroll_fail(UNROLL_EUSAGE, UNROLL_OPTION "recompute is not possible with %s",
                           net->spec.source > 0 ? "an encoder" : UNROLL_OPTION "omega");
    if (!can_segment(net))
        return unroll_fail(UNROLL_EUSAGE,
                           UNROLL_OPTION "recompute is not possible with " UNROLL_OPTION
                                         "norm %s, whose statistics are of the whole window",
                           net->spec.norm);
    return UNROLL_OK;
}

unroll_status unroll_work_new(const unroll_net *net, const unroll_work_options *options,
                              unroll_work **out)
{
    unroll_work_options o;
    UNROLL_TRY(unroll_versioned_copy("unroll_work_options", options, &o, sizeof o));
    if (o.recompute)
        UNROLL_TRY(check_recompute(net, o.training));
    if ((o.S > 0) != (net->spec.source > 0))
        return unroll_fail(UNROLL_EUSAGE, "%s",
                           net->spec.source ? "a translation model needs a source to read"
                                            : "this model reads no source");
    return unroll_work_create(net, &o, o.S > 0, out);
}

unroll_status unroll_work_create(const unroll_net *net, const unroll_work_options *o, bool encoder,
                                 unroll_work **out)
{
    UNROLL_TRY(check_window(o));
    unroll_work *w = unroll_alloc(1, sizeof *w);
    if (!w)
        return UNROLL_EMEMORY;
    *w = empty(net, o);
    const size_t bytes = layout(w, encoder, o->S, NULL);
    w->block = bytes == SIZE_MAX ? NULL : unroll_alloc(bytes, 1);
    if (!w->block) {
        unroll_free(w);
        return bytes == SIZE_MAX
                   ? unroll_fail(UNROLL_EMEMORY,
                                 "windows of %zu steps and %zu rows are more than memory can hold; "
                                 "lower " UNROLL_OPTION "seq-length or " UNROLL_OPTION "batch",
                                 o->T, o->B)
                   : UNROLL_EMEMORY;
    }
    layout(w, encoder, o->S, (char *)w->block);
    *out = w;
    return UNROLL_OK;
}

void unroll_work_free(unroll_work *work)
{
    if (work)
        unroll_free(work->block);
    unroll_free(work);
}

/* Does it matter how many steps have passed since the states were zero? Recurrent batch normalisation has
 * statistics for each of the first ones. */
static bool has_age(const unroll_stack *s)
{
    return unroll_stack_joins_rows(s) && s->norm->recurrent;
}

size_t unroll_work_state_size(const unroll_work *w)
{
    const unroll_stack *s = &w->net->stack;
    return s->layers * s->cell->states * w->B * s->hidden + has_age(s);
}

/* Copy the carried states out to `plain` [layers][states][B][hidden], or from there. */
static void copy_state(const unroll_work *w, unroll_real *plain, bool out)
{
    const unroll_stack *s = &w->net->stack;
    for (size_t l = 0; l < s->layers; l++)
        for (size_t k = 0; k < s->cell->states; k++)
            for (size_t r = 0; r < w->B; r++, plain += s->hidden) {
                unroll_real *state = (k ? w->run.at[l].c : w->run.at[l].h) + r * s->pitch;
                memcpy(out ? plain : state, out ? state : plain, s->hidden * sizeof *state);
            }
}

void unroll_work_get_state(const unroll_work *work, unroll_real *plain)
{
    copy_state(work, plain, true);
    if (has_age(&work->net->stack))
        plain[unroll_work_state_size(work) - 1] = (unroll_real)work->run.age;
}

void unroll_work_set_state(unroll_work *work, const unroll_real *plain)
{
    copy_state(work, (unroll_real *)plain, false);
    if (has_age(&work->net->stack)) {
        const unroll_real age = plain[unroll_work_state_size(work) - 1];
        const size_t most = work->net->stack.running_rows;
        work->run.age = !(age > 0) ? 0 : age < (unroll_real)most ? (size_t)age : most;
    }
}

void unroll_work_reset(unroll_work *w)
{
    const unroll_stack *s = &w->net->stack;
    w->run.age = 0;
    for (size_t l = 0; l < s->layers; l++) {
        memset(w->run.at[l].h, 0, w->B * s->pitch * sizeof(unroll_real));
        if (w->run.at[l].c)
            memset(w->run.at[l].c, 0, w->B * s->pitch * sizeof(unroll_real));
    }
}

void unroll_work_set_dropout_key(unroll_work *work, uint64_t key)
{
    work->run.dropout_key = key;
}

void unroll_work_set_hook(unroll_work *work, const unroll_hook *hook)
{
    work->hook = hook ? *hook : (unroll_hook){0};
}
