#include <math.h>
#include <string.h>

#include "base/fail.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "net/net.h"

/* What an encoder–decoder is beside a network's parts: which options it takes, and scheduled sampling. */

static bool has_attention(const unroll_net_spec *s)
{
    return s->attention && strcmp(s->attention, unroll_attention_name(0)) != 0;
}

static unroll_status check_alone(const unroll_net_spec *s)
{
    const char *option = s->bidirectional              ? "--bidirectional"
                         : has_attention(s)            ? "--attention"
                         : s->scheduled_sampling != 0            ? "--scheduled-sampling"
                                                       : NULL;
    return option ? unroll_fail(UNROLL_EUSAGE, "%s is for --task translate: it needs an encoder", option)
                  : UNROLL_OK;
}

static unroll_status check_joined(const unroll_net_spec *s, const unroll_norm *norm)
{
    if (s->source > UINT32_MAX)
        return unroll_fail(UNROLL_EUSAGE, "at most %u source tokens are possible", UINT32_MAX);
    if (s->features || s->squared)
        return unroll_fail(UNROLL_EUSAGE, "an encoder–decoder reads and writes tokens");
    if (norm && !norm->units)
        return unroll_fail(UNROLL_EUSAGE, "--norm %s joins the rows of a batch, which a translation "
                           "model keeps apart; use --norm layer", norm->name);
    if (has_attention(s) && !unroll_score_find(s->attention))
        return unroll_fail(UNROLL_EUSAGE, "there is no attention '%s'", s->attention);
    if (has_attention(s) && s->bidirectional && !unroll_score_find(s->attention)->key)
        return unroll_fail(UNROLL_EUSAGE, "--attention %s compares vectors of one length, which "
                           "--bidirectional doubles in the encoder; use --attention general",
                           s->attention);
    if (s->omega != 0)
        return unroll_fail(UNROLL_EUSAGE, "--omega is not defined for a translation model");
    if (s->skip_input)
        return unroll_fail(UNROLL_EUSAGE, "--skip-input is not defined for a translation model");
    return UNROLL_OK;
}

unroll_status unroll_pairs_check(const unroll_net_spec *s, const unroll_norm *norm)
{
    if (!(s->label_smoothing >= 0 && s->label_smoothing < 1))
        return unroll_fail(UNROLL_EUSAGE, "--label-smoothing must be at least 0 and less than 1");
    if (s->label_smoothing > 0 && s->squared)
        return unroll_fail(UNROLL_EUSAGE, "--label-smoothing is for targets that are classes");
    if (!(s->scheduled_sampling >= 0 && s->scheduled_sampling <= 1))
        return unroll_fail(UNROLL_EUSAGE, "--scheduled-sampling must be from 0 to 1");
    return s->source ? check_joined(s, norm) : check_alone(s);
}

/* Scheduled sampling, Bengio et al. (2015), in two passes as Mihaylova and Martins (2019): the first finds
 * what the network would say after the true words; then each input but the first is, by chance, what it
 * said at the step before. Gradients take these inputs as given. */

typedef struct guesses {
    unroll_work *w;
    size_t t0, t1;
} guesses;

static void guess(void *arg, size_t thread)
{
    const guesses *g = arg;
    unroll_work *w = g->w;
    const unroll_net *net = w->net;
    const size_t pitch = net->decoder.output_pitch;
    size_t r0, r1;
    unroll_work_band(w, thread, &r0, &r1);
    if (r0 == r1)
        return;
    unroll_readout_logits(net, w, g->t0, g->t1, r0, r1);
    for (size_t t = g->t0; t < g->t1; t++)
        for (size_t r = r0; r < r1; r++)
            net->kernels->softmax(net->spec.outputs, pitch,
                                  w->logits + ((t - g->t0) * w->B + r) * pitch, 0, 0,
                                  &w->guess[t * w->B + r]);
}

void unroll_sample_inputs(const unroll_net *net, unroll_work *w, void (*band_forward)(void *, size_t))
{
    const unroll_batch *b = w->batch;
    const uint64_t key = unroll_rng_hash(w->run.dropout_key, 2);
    unroll_parallel(w->threads, band_forward, w);
    for (size_t t = 0; t < b->T; t += w->readout_steps) {
        const size_t end = t + w->readout_steps;
        w->logits_from = t;
        unroll_parallel(w->threads, guess, &(guesses){w, t, end < b->T ? end : b->T});
    }
    w->logits_from = 0;
    for (size_t i = 0; i < b->T * w->B; i++) {
        const bool own = i >= w->B &&
                         (double)(unroll_rng_hash(key, i) >> 11) * 0x1p-53 < net->spec.scheduled_sampling &&
                         w->guess[i - w->B] < net->spec.inputs;
        w->sampled[i] = own ? w->guess[i - w->B] : b->input[i];
    }
    w->run.input = w->sampled;
}
