/* unroll bench: how fast this machine trains and samples, and at what share of what it could do. */
#include <string.h>

#include "base/display.h"
#include "base/fail.h"
#include "base/json.h"
#include "base/parallel.h"
#include "cell/cells.h"
#include "cli/cli.h"
#include "cli/out.h"
#include "cli/terminal.h"
#include "lab/bench.h"

typedef struct bench_options {
    cli_common common;
    double seconds;
    char *cell;
    uint64_t layers, hidden, batch, seq_length, symbols;
} bench_options;

/* clang-format off */
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
/* clang-format on */

static json_t *rates_json(const bench_size *z, const bench_rates *r)
{
    return json_pack("{s:s, s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:f}", "cell", z->cell,
                     "layers", (json_int_t)z->layers, "hidden", (json_int_t)z->hidden, "batch",
                     (json_int_t)z->batch, "seq_length", (json_int_t)z->steps, "tokens_per_s", r->all,
                     "tokens_per_s_one_thread", r->one, "speedup", r->all / r->one, "share_of_peak",
                     r->share, "sampled_per_s", r->sampled, "sampling_share_of_read", r->reading);
}

static unroll_status print_size(const bench_size *z, const bench_limits *l, const bench_options *o,
                                json_t **list)
{
    bench_rates r = {0};
    char train[UNROLL_NUMBER_MAX], sampled[UNROLL_NUMBER_MAX];
    UNROLL_TRY(bench_measure(z, l, o->seconds, &r));
    if (o->common.json) {
        unroll_json_append(list, rates_json(z, &r));
        return UNROLL_OK;
    }
    out_printf("%-5s %zux%-4zu %4zu x %-4zu %10s %8.2fx %8.0f%% %12s %10.0f%%\n", z->cell, z->layers,
               z->hidden, z->batch, z->steps, unroll_display_short(train, r.all), r.all / r.one,
               100 * r.share, unroll_display_short(sampled, r.sampled), 100 * r.reading);
    out_flush();
    return UNROLL_OK;
}

static unroll_status print_all(const bench_limits *l, const bench_options *o, json_t **list)
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
            const bench_size z = {.cell = o->cell ? o->cell : cell->name,
                                  .layers = o->layers,
                                  .hidden = *h,
                                  .batch = o->batch   ? o->batch
                                           : *h < 512 ? 50
                                                      : 100,
                                  .steps = o->seq_length,
                                  .symbols = o->symbols};
            UNROLL_TRY(print_size(&z, l, o, list));
        }
    return UNROLL_OK;
}

static unroll_status bench_command(cli_call *call)
{
    const bench_options *o = call->options;
    const unroll_kernels *k = unroll_kernels_get();
    const size_t threads = o->common.threads ? o->common.threads : unroll_cores();
    if (!k)
        return UNROLL_EUSAGE;
    const bench_limits l = bench_machine(threads, o->seconds);
    if (!o->common.json)
        out_printf("%s kernels, %zu threads; multiply-add peak %.0f GFLOP/s a core, %.0f on all\n"
                   "\nmodel      batch x window  trained/s  threads  of peak    sampled/s  of reading\n",
                   k->name, l.threads, l.core * 1e-9, l.all * 1e-9);
    json_t *list = json_array();
    const unroll_status status = print_all(&l, o, &list);
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
    .examples = (const cli_example[]){{"unroll bench", "the whole grid, about half a minute"},
                                      {"unroll bench --hidden 512 --cell lstm --seconds 5",
                                       "one size, more carefully"},
                                      {NULL, NULL}},
    .execute = bench_command,
};
