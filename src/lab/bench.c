#include "lab/bench.h"

#include <math.h>
#include <unroll/generate.h>
#include <unroll/model.h>
#include <unroll/train.h>

#include "base/clock.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "math/kernels.h"
#include "task/task.h"

/* ---- what the machine can do ---- */

static double measure_core(const unroll_kernels *k, double seconds)
{
    double best = 0;
    unroll_real sink;
    for (const double end = unroll_seconds() + seconds; unroll_seconds() < end;) {
        const double start = unroll_seconds(), done = k->peak(1000000, &sink);
        best = fmax(best, done / (unroll_seconds() - start));
    }
    return best;
}

struct all_cores {
    const unroll_kernels *kernels;
    double done[256];
};

static void peak_share(void *arg, size_t index)
{
    struct all_cores *a = arg;
    unroll_real sink;
    a->done[index] = a->kernels->peak(1000000, &sink);
}

bench_limits bench_machine(size_t threads, double seconds)
{
    const unroll_kernels *k = unroll_kernels_get();
    struct all_cores a = {.kernels = k};
    bench_limits l = {.core = measure_core(k, seconds / 2), .threads = threads < 256 ? threads : 256};
    for (const double end = unroll_seconds() + seconds / 2; unroll_seconds() < end;) {
        const double start = unroll_seconds();
        double done = 0;
        unroll_parallel(l.threads, peak_share, &a);
        const double took = unroll_seconds() - start;
        for (size_t i = 0; i < l.threads; i++)
            done += a.done[i];
        l.all = fmax(l.all, done / took);
    }
    return l;
}

/* ---- one model ---- */

/* Random symbols in one window, again and again: the arithmetic is a text's, the reading is left out. */
typedef struct window {
    uint32_t *input, *target;
    size_t T, B;
} window;

static unroll_status next_batch(void *self, unroll_batch *out)
{
    const window *w = self;
    *out = (unroll_batch){.T = w->T, .B = w->B, .carry = 1, .input = w->input, .target = w->target};
    return UNROLL_OK;
}

static void no_state(void *self, unroll_visit *visit, void *arg)
{
    (void)self, (void)visit, (void)arg;
}

static unroll_status make_window(const bench_size *z, window *w)
{
    unroll_rng rng;
    const size_t count = z->steps * z->batch;
    w->T = z->steps;
    w->B = z->batch;
    w->input = unroll_alloc(count, sizeof *w->input);
    w->target = unroll_alloc(count, sizeof *w->target);
    if (!w->input || !w->target)
        return UNROLL_EMEMORY;
    unroll_rng_seed(&rng, 1, UNROLL_STREAM_DATA);
    for (size_t i = 0; i < count; i++) {
        w->input[i] = (uint32_t)unroll_rng_below(&rng, z->symbols);
        w->target[i] = (uint32_t)unroll_rng_below(&rng, z->symbols);
    }
    return UNROLL_OK;
}

/* Multiply-adds of one symbol forward; one-hot input is a look-up and counts nothing. */
static double products(const unroll_net *net)
{
    const unroll_parameter *list;
    const size_t count = unroll_net_parameters(net, &list);
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        if (list[i].cols && !list[i].transposed)
            sum += (double)list[i].rows * (double)list[i].cols;
    return sum;
}

static unroll_status measure_training(const bench_size *z, unroll_net *net, size_t threads,
                                      double seconds, double *tokens_per_s)
{
    window w = {0};
    unroll_trainer *trainer = NULL;
    unroll_learning learning = UNROLL_LEARNING_INIT;
    learning.threads = threads;
    learning.steps = UINT32_MAX;
    unroll_status status = make_window(z, &w);
    unroll_task task = {
        .self = &w,
        .inputs = z->symbols,
        .outputs = z->symbols,
        .tokens_per_batch = (double)(z->steps * z->batch),
        .next = next_batch,
        .train_T = z->steps,
        .train_B = z->batch,
        .state = no_state,
    };
    if (status == UNROLL_OK)
        status = unroll_trainer_new(net, &task, &learning, NULL, &trainer);
    const double end = unroll_seconds() + seconds;
    for (size_t i = 0; status == UNROLL_OK && (i < 3 || unroll_seconds() < end); i++)
        status = unroll_trainer_step(trainer, NULL);
    if (status == UNROLL_OK)
        *tokens_per_s = unroll_trainer_median_rate(trainer);
    unroll_trainer_free(trainer);
    unroll_free(w.target);
    unroll_free(w.input);
    return status;
}

static unroll_status measure_sampling(const bench_size *z, const unroll_net *net, double seconds,
                                      double *symbols_per_s)
{
    unroll_stepper *stepper;
    unroll_sampler *sampler;
    UNROLL_TRY(unroll_stepper_new(net, &stepper));
    unroll_status status = unroll_sampler_new(z->symbols, NULL, 1, &sampler);
    if (status == UNROLL_OK) {
        double best = 0;
        uint32_t id = 0;
        for (const double end = unroll_seconds() + seconds; unroll_seconds() < end;) {
            const double start = unroll_seconds();
            for (int i = 0; i < 100; i++)
                id = unroll_sampler_next(sampler, unroll_stepper_step(stepper, id));
            best = fmax(best, 100 / (unroll_seconds() - start));
        }
        *symbols_per_s = best;
        unroll_sampler_free(sampler);
    }
    unroll_stepper_free(stepper);
    return status;
}

/* Bytes a second that one core reads from `bytes` of memory, over and over. */
static unroll_status measure_reading(const unroll_kernels *k, double bytes, double seconds,
                                     double *rate)
{
    const size_t n = (size_t)bytes / sizeof(unroll_real) / 512 * 512 + 512;
    volatile unroll_real sink;
    unroll_real *x = unroll_alloc(n, sizeof *x);
    if (!x)
        return UNROLL_EMEMORY;
    *rate = 0;
    for (const double end = unroll_seconds() + seconds; unroll_seconds() < end;) {
        const double start = unroll_seconds();
        for (int i = 0; i < 4; i++)
            sink = k->read(n, x);
        *rate = fmax(*rate, 4.0 * (double)(n * sizeof *x) / (unroll_seconds() - start));
    }
    (void)sink;
    unroll_free(x);
    return UNROLL_OK;
}

unroll_status bench_measure(const bench_size *z, const bench_limits *l, double seconds,
                            bench_rates *f)
{
    const unroll_kernels *k = unroll_kernels_get();
    const unroll_net_spec spec = {.size = sizeof spec,
                                  .inputs = z->symbols,
                                  .outputs = z->symbols,
                                  .cell = z->cell,
                                  .layers = z->layers,
                                  .hidden = z->hidden};
    const unroll_init init = UNROLL_INIT_DEFAULT;
    unroll_net *net;
    UNROLL_TRY(unroll_net_new(&spec, &net));
    const double work = products(net);
    double rate = 0;
    unroll_status status = unroll_net_init(net, &init);
    if (status == UNROLL_OK)
        status = measure_training(z, net, 1, seconds, &f->one);
    f->all = f->one;
    if (status == UNROLL_OK && l->threads > 1)
        status = measure_training(z, net, l->threads, seconds, &f->all);
    if (status == UNROLL_OK)
        status = measure_sampling(z, net, seconds, &f->sampled);
    if (status == UNROLL_OK)
        status = measure_reading(k, work * sizeof(unroll_real), seconds / 2, &rate);
    f->share = f->all * 6 * work / l->all;
    f->reading = f->sampled * work * sizeof(unroll_real) / rate;
    unroll_net_free(net);
    return status;
}
