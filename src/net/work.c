#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "net/net.h"

size_t unroll_place(void *to, size_t size, size_t a, size_t b, size_t c, char *base, size_t at)
{
    size_t bytes, end;
    if (at == SIZE_MAX || !unroll_mul(a, b, &bytes) || !unroll_mul(bytes, c, &bytes) ||
        !unroll_mul(bytes, size, &bytes) || !unroll_add(bytes, 63, &bytes) ||
        !unroll_add(at, bytes / 64 * 64, &end))
        return SIZE_MAX;
    if (base) {
        void *p = base + at;
        memcpy(to, &p, sizeof p);
    }
    return end;
}

static size_t place(void *to, size_t size, size_t count, size_t pitch, char *base, size_t at)
{
    return unroll_place(to, size, count, pitch, 1, base, at);
}

/* Every array of a workspace in one block: counted with base NULL, placed with it. */
static size_t layout(const unroll_net *net, unroll_work *w, bool encoder, size_t S, size_t T,
                     size_t B, bool training, size_t threads, char *base)
{
    size_t positions;
    if (!unroll_mul(T, B, &positions) || positions > SIZE_MAX / 64 ||
        B > SIZE_MAX / 64 / net->decoder.output_pitch)
        return SIZE_MAX;
    w->readout_steps = unroll_readout_steps(net, T, B);
    size_t at = place(&w->run.at, sizeof *w->run.at, net->stack.layers, 1, base, 0);
    at = unroll_stack_place(&net->stack, &w->run, T, B, training, base, at);
    if (encoder) {
        at = unroll_encoder_place(net, &w->encoder, S, B, training, base, at);
        at = unroll_place(&w->run.dfirst, sizeof *w->run.dfirst,
                          training ? net->stack.layers * net->stack.cell->states : 0, B,
                          net->stack.pitch, base, at);
    }
    if (net->attention.kind)
        at = unroll_attention_place(net, &w->attention, S, T, B, training, threads, base, at);
    const size_t sampled = training && net->spec.sampling > 0 ? positions : 0;
    at = place(&w->sampled, sizeof *w->sampled, sampled, 1, base, at);
    at = place(&w->guess, sizeof *w->guess, sampled, 1, base, at);
    at = place(&w->logits, sizeof *w->logits, w->readout_steps * B, net->decoder.output_pitch, base,
               at);
    const size_t omega = training && net->stack.omega > 0 ? B : 0;
    at = place(&w->run.omega, sizeof *w->run.omega, omega, 1, base, at);
    at = place(&w->run.omega_layer, sizeof *w->run.omega_layer, omega, 1, base, at);
    at = place(&w->run.omega_steps, sizeof *w->run.omega_steps, omega, 1, base, at);
    at = place(&w->loss, sizeof *w->loss, positions, 1, base, at);
    at = place(&w->correct, sizeof *w->correct, positions, 1, base, at);
    return place(&w->scratch, sizeof *w->scratch, training ? threads : 0,
                 net->kernels->outer_scratch, base, at);
}

size_t unroll_work_bytes(const unroll_net *net, size_t T, size_t B, bool training)
{
    return unroll_work_bytes_pairs(net, 0, T, B, training);
}

size_t unroll_work_bytes_pairs(const unroll_net *net, size_t S, size_t T, size_t B, bool training)
{
    unroll_work w = {.net = net};
    return layout(net, &w, S > 0, S, T, B, training, 1, NULL);
}

unroll_status unroll_work_new(const unroll_net *net, size_t T, size_t B, bool training,
                              size_t threads, unroll_work **out)
{
    return unroll_work_new_pairs(net, 0, T, B, training, threads, out);
}

unroll_status unroll_work_new_pairs(const unroll_net *net, size_t S, size_t T, size_t B, bool training,
                                    size_t threads, unroll_work **out)
{
    if (T == 0 || B == 0)
        return unroll_fail(UNROLL_EUSAGE, "a window needs at least one step and one row");
    if ((S > 0) != (net->spec.source > 0))
        return unroll_fail(UNROLL_EUSAGE, "%s", net->spec.source
                                                    ? "a translation model needs a source to read"
                                                    : "this model reads no source");
    return unroll_work_create(net, S > 0, S, T, B, training, threads, out);
}

unroll_status unroll_work_create(const unroll_net *net, bool encoder, size_t S, size_t T, size_t B,
                                 bool training, size_t threads, unroll_work **out)
{
    unroll_work *w = unroll_alloc(1, sizeof *w);
    if (!w)
        return UNROLL_EMEMORY;
    *w = (unroll_work){.net = net, .T = T, .B = B, .training = training,
                       .threads = threads ? threads : unroll_cores()};
    const size_t bytes = layout(net, w, encoder, S, T, B, training, w->threads, NULL);
    w->block = bytes == SIZE_MAX ? NULL : unroll_alloc(bytes, 1);
    if (!w->block) {
        unroll_free(w);
        return bytes == SIZE_MAX
                   ? unroll_fail(UNROLL_EMEMORY, "windows of %zu steps and %zu rows are more than "
                                 "memory can hold; lower --seq-length or --batch", T, B)
                   : UNROLL_EMEMORY;
    }
    layout(net, w, encoder, S, T, B, training, w->threads, (char *)w->block);
    *out = w;
    return UNROLL_OK;
}

void unroll_work_free(unroll_work *work)
{
    if (work)
        unroll_free(work->block);
    unroll_free(work);
}

/* Recurrent batch normalisation has statistics of each step since the states were zero. */
static bool has_age(const unroll_stack *s)
{
    return unroll_stack_joins_rows(s) && s->norm->recurrent;
}

size_t unroll_work_state_size(const unroll_work *w)
{
    const unroll_stack *s = &w->net->stack;
    return s->layers * s->cell->states * w->B * s->hidden + has_age(s);
}

/* Walk the carried states: `plain` is [layers][states][B][hidden]. */
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
        const size_t most = work->net->stack.slots;
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
