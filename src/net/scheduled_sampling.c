#include "net/scheduled_sampling.h"

#include "base/parallel.h"
#include "base/rng.h"
#include "net/readout.h"

/* Scheduled sampling, Bengio et al. (2015), in two passes as Mihaylova and Martins (2019). The first finds
 * what the network would say after the true words. In the second, by chance, each input but the first is
 * what it said at the step before. Gradients take these inputs as given. */

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
        const bool own =
            i >= w->B &&
            (double)(unroll_rng_hash(key, i) >> 11) * 0x1p-53 < net->spec.scheduled_sampling &&
            w->guess[i - w->B] < net->spec.inputs;
        w->sampled[i] = own ? w->guess[i - w->B] : b->input[i];
    }
    w->run.input = w->sampled;
}
