/* unroll bench: how fast this machine trains and samples, and at what share of what it could do. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unroll/model.h>
#include <unroll/net.h>
#include <unroll/train.h>

#include "base/clock.h"
#include "base/display.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "cell/cells.h"
#include "cli/cli.h"
#include "cli/out.h"
#include "cli/terminal.h"
#include "config/config.h"

typedef struct bench_options {
    cli_common common;
    double seconds;
    char *cell;
    uint64_t layers, hidden, batch, seq_length, symbols;
} bench_options;

static const unroll_option bench_rows[] = {
    {.name = "seconds", .group = "Bench", .meta = "X", .type = UNROLL_NUMBER,
     .help = "how long each measurement runs", .offset = offsetof(bench_options, seconds),
     .preset = "1", .min = 0.01, .max = 600},
    {.name = "cell", .aliases = "model rnn-type", .group = "Bench", .meta = "NAME",
     .type = UNROLL_NAME, .names = unroll_cell_name, .summaries = unroll_cell_summary,
     .keys = unroll_cell_keys, .help = "only this cell", .offset = offsetof(bench_options, cell)},
    {.name = "layers", .aliases = "num-layers nlayers", .group = "Bench", .meta = "N",
     .type = UNROLL_SIZE, .help = "layers; with --hidden, measure this size alone",
     .offset = offsetof(bench_options, layers), .preset = "2", .min = 1, .max = 64},
    {.name = "hidden", .aliases = "rnn-size hidden-size nhid", .group = "Bench", .meta = "N",
     .type = UNROLL_SIZE, .help = "units a layer; 0: the sizes 128, 256 and 512",
     .offset = offsetof(bench_options, hidden), .preset = "0", .min = 0, .max = 8192},
    {.name = "batch", .aliases = "batch-size", .group = "Bench", .meta = "N", .type = UNROLL_SIZE,
     .help = "rows; 0: 50, or 100 from 512 units on",
     .offset = offsetof(bench_options, batch), .preset = "0", .min = 0, .max = 65536},
    {.name = "seq-length", .aliases = "bptt block-size", .group = "Bench", .meta = "N",
     .type = UNROLL_SIZE, .help = "steps of a window",
     .offset = offsetof(bench_options, seq_length), .preset = "50", .min = 1, .max = 65536},
    {.name = "symbols", .group = "Bench", .meta = "N", .type = UNROLL_SIZE,
     .help = "size of the vocabulary", .offset = offsetof(bench_options, symbols), .preset = "65",
     .min = 2, .max = 1e6},
};

/* What the machine can do at most. */
typedef struct limits {
    double core, all; /* FLOP/s */
    size_t threads;
} limits;

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

static limits measure_limits(const unroll_kernels *k, size_t threads, double seconds)
{
    struct all_cores a = {.kernels = k};
    limits l = {.core = measure_core(k, seconds / 2), .threads = threads < 256 ? threads : 256};
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

typedef struct size {
    const char *cell;
    size_t layers, hidden, batch, steps, symbols;
} size;

/* Random symbols in one window, again and again: the arithmetic is a text's, the reading is left out. */
typedef struct source {
    uint32_t *input, *target;
    size_t T, B;
} source;

static unroll_status next_batch(void *self, unroll_batch *out)
{
    const source *s = self;
    *out = (unroll_batch){.T = s->T, .B = s->B, .carry = 1, .input = s->input, .target = s->target};
    return UNROLL_OK;
}

static void no_state(void *self, unroll_visit *visit, void *arg)
{
    (void)self, (void)visit, (void)arg;
}

static unroll_status make_source(const size *z, source *s)
{
    unroll_rng rng;
    const size_t count = z->steps * z->batch;
    s->T = z->steps;
    s->B = z->batch;
    s->input = unroll_alloc(count, sizeof *s->input);
    s->target = unroll_alloc(count, sizeof *s->target);
    if (!s->input || !s->target)
        return UNROLL_EMEMORY;
    unroll_rng_seed(&rng, 1, UNROLL_STREAM_DATA);
    for (size_t i = 0; i < count; i++) {
        s->input[i] = (uint32_t)unroll_rng_below(&rng, z->symbols);
        s->target[i] = (uint32_t)unroll_rng_below(&rng, z->symbols);
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

static unroll_status train_rate(const size *z, unroll_net *net, size_t threads, double seconds,
                                double *tokens_per_s)
{
    source s = {0};
    unroll_trainer *trainer = NULL;
    unroll_learning learning;
    unroll_learning_default(&learning);
    learning.threads = threads;
    learning.steps = UINT32_MAX;
    unroll_status status = make_source(z, &s);
    unroll_task task = {
        .self = &s, .inputs = z->symbols, .outputs = z->symbols,
        .tokens_per_batch = (double)(z->steps * z->batch), .next = next_batch,
        .train_T = z->steps, .train_B = z->batch, .state = no_state,
    };
    if (status == UNROLL_OK)
        status = unroll_trainer_new(net, &task, &learning, NULL, &trainer);
    const double end = unroll_seconds() + seconds;
    for (size_t i = 0; status == UNROLL_OK && (i < 3 || unroll_seconds() < end); i++)
        status = unroll_trainer_step(trainer, NULL);
    if (status == UNROLL_OK)
        *tokens_per_s = unroll_trainer_median_rate(trainer);
    unroll_trainer_free(trainer);
    unroll_free(s.target);
    unroll_free(s.input);
    return status;
}

static unroll_status sample_rate(const size *z, const unroll_net *net, double seconds,
                                 double *symbols_per_s)
{
    unroll_stepper *stepper;
    unroll_sampler *sampler;
    UNROLL_TRY(unroll_stepper_new(net, &stepper));
    unroll_status status =
        unroll_sampler_new(z->symbols, &(unroll_choice){.temperature = 1}, 1, &sampler);
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
static unroll_status read_rate(const unroll_kernels *k, double bytes, double seconds, double *rate)
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

typedef struct figures {
    double one, all;         /* training tokens/s with one thread and with all */
    double share;            /* of all cores' peak */
    double sampled, reading; /* symbols/s; share of what reading the weights alone allows */
} figures;

static unroll_status measure(const size *z, const limits *l, double seconds, figures *f)
{
    const unroll_kernels *k = unroll_kernels_get();
    const unroll_net_spec spec = {.size = sizeof spec, .inputs = z->symbols, .outputs = z->symbols,
                                  .cell = z->cell, .layers = z->layers, .hidden = z->hidden};
    const unroll_init init = UNROLL_INIT_DEFAULT;
    unroll_net *net;
    UNROLL_TRY(unroll_net_new(&spec, &net));
    const double work = products(net);
    double rate = 0;
    unroll_status status = unroll_net_init(net, &init);
    if (status == UNROLL_OK)
        status = train_rate(z, net, 1, seconds, &f->one);
    f->all = f->one;
    if (status == UNROLL_OK && l->threads > 1)
        status = train_rate(z, net, l->threads, seconds, &f->all);
    if (status == UNROLL_OK)
        status = sample_rate(z, net, seconds, &f->sampled);
    if (status == UNROLL_OK)
        status = read_rate(k, work * sizeof(unroll_real), seconds / 2, &rate);
    f->share = f->all * 6 * work / l->all;
    f->reading = f->sampled * work * sizeof(unroll_real) / rate;
    unroll_net_free(net);
    return status;
}

static json_t *figures_json(const size *z, const figures *f)
{
    return json_pack("{s:s, s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:f}", "cell", z->cell,
                     "layers", (json_int_t)z->layers, "hidden", (json_int_t)z->hidden, "batch",
                     (json_int_t)z->batch, "seq_length", (json_int_t)z->steps, "tokens_per_s",
                     f->all, "tokens_per_s_one_thread", f->one, "speedup", f->all / f->one,
                     "share_of_peak", f->share, "sampled_per_s", f->sampled,
                     "sampling_share_of_read", f->reading);
}

static unroll_status bench_size(const size *z, const limits *l, const bench_options *o,
                                json_t *list)
{
    figures f = {0};
    char train[UNROLL_NUMBER_MAX], sampled[UNROLL_NUMBER_MAX];
    UNROLL_TRY(measure(z, l, o->seconds, &f));
    if (o->common.json)
        return json_array_append_new(list, figures_json(z, &f)) == 0 ? UNROLL_OK : UNROLL_EMEMORY;
    out_printf("%-5s %zux%-4zu %4zu x %-4zu %10s %8.2fx %8.0f%% %12s %10.0f%%\n", z->cell,
               z->layers, z->hidden, z->batch, z->steps, unroll_display_short(train, f.all),
               f.all / f.one, 100 * f.share, unroll_display_short(sampled, f.sampled), 100 * f.reading);
    out_flush();
    return UNROLL_OK;
}

static unroll_status bench_all(const limits *l, const bench_options *o, json_t *list)
{
    static const size_t sizes[] = {128, 256, 512, 0};
    const size_t only[] = {o->hidden, 0};
    const unroll_kernels *k = unroll_kernels_get();
    for (const size_t *h = o->hidden ? only : sizes; *h; h++)
        for (size_t c = 0; k->cells[c]; c++) {
            const unroll_cell *cell = k->cells[c];
            const bool again = c && strcmp(cell->name, k->cells[c - 1]->name) == 0;
            if (again || (o->cell && !unroll_spec_is(o->cell, cell->name)))
                continue; /* a further variant costs what the first does */
            const size z = {.cell = o->cell ? o->cell : cell->name, .layers = o->layers, .hidden = *h,
                            .batch = o->batch ? o->batch : *h < 512 ? 50 : 100,
                            .steps = o->seq_length, .symbols = o->symbols};
            UNROLL_TRY(bench_size(&z, l, o, list));
        }
    return UNROLL_OK;
}

static unroll_status bench_run(cli_call *call)
{
    const bench_options *o = call->options;
    const unroll_kernels *k = unroll_kernels_get();
    const size_t threads = o->common.threads ? o->common.threads : unroll_cores();
    if (!k)
        return UNROLL_EUSAGE;
    const limits l = measure_limits(k, threads, o->seconds);
    if (!o->common.json)
        out_printf("%s kernels, %zu threads; multiply-add peak %.0f GFLOP/s a core, %.0f on all\n"
                   "\nmodel      batch x window  trained/s  threads  of peak    sampled/s  of reading\n",
                   k->name, l.threads, l.core * 1e-9, l.all * 1e-9);
    json_t *list = json_array();
    const unroll_status status = bench_all(&l, o, list);
    if (status == UNROLL_OK && o->common.json)
        return out_json(json_pack("{s:s, s:I, s:f, s:f, s:o}", "kernels", k->name, "threads",
                                  (json_int_t)l.threads, "peak_gflops_core", l.core * 1e-9,
                                  "peak_gflops", l.all * 1e-9, "results", list));
    json_decref(list);
    return status;
}

static const unroll_option_list bench_lists[] = {
    {cli_common_rows, CLI_COMMON_COUNT, offsetof(bench_options, common)},
    {bench_rows, sizeof bench_rows / sizeof *bench_rows, 0},
    {NULL, 0, 0},
};

const cli_command cli_bench = {
    .name = "bench",
    .arguments = "",
    .summary = "measure how fast this machine trains and samples",
    .description =
        "Measures the multiply-add peak of a core and of all, then training and sampling speed over "
        "a grid of cells and sizes, on random symbols.\n\n"
        "\"of peak\" counts the matrix products alone (twice the multiply-adds, three times for "
        "training; a one-hot input counts nothing). \"threads\" is the speed with all threads over "
        "that with one. \"of reading\" is the sampling speed over what reading the weights once a "
        "symbol would allow on one core.",
    .lists = bench_lists,
    .options_size = sizeof(bench_options),
    .max_arguments = 0,
    .examples = (const cli_example[]){
        {"unroll bench", "the whole grid, about half a minute"},
        {"unroll bench --hidden 512 --cell lstm --seconds 5", "one size, more carefully"},
        {NULL, NULL}},
    .run = bench_run,
};
