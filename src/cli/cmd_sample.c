/* unroll sample: text as it comes. */
#include <stdio.h>
#include <string.h>
#include <unroll/generate.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/fail.h"
#include "base/input.h"
#include "base/memory.h"
#include "cli/cli.h"
#include "cli/out.h"
#include "cli/terminal.h"
#include "config/config.h"
#include "store/model_load.h"

typedef struct sample_options {
    cli_common common;
    uint64_t length, top_k, count;
    double temperature, top_p;
    bool greedy, interactive;
    char *prime, *prime_file, *stop;
} sample_options;

#define AT(field) .group = "Sampling", .offset = offsetof(sample_options, field)

/* clang-format off */
static const unroll_option rows[] = {
    {.name = "length", .letter = 'n', .meta = "N", .type = UNROLL_SIZE, AT(length), .preset = "500",
     .max = UNROLL_OPTION_NO_MAX, .help = "tokens to draw; 0: without end"},
    {.name = "temperature", .meta = "X", .type = UNROLL_NUMBER, AT(temperature), .preset = "1",
     .max = 1000, .help = "below 1 more certain, above 1 more varied; 0: greedy"},
    {.name = "greedy", .type = UNROLL_FLAG, AT(greedy), .help = "always the likeliest token"},
    {.name = "top-k", .meta = "N", .type = UNROLL_SIZE, AT(top_k), .preset = "0",
     .max = UNROLL_OPTION_NO_MAX, .help = "draw from the N likeliest tokens only; 0: all"},
    {.name = "top-p", .meta = "X", .type = UNROLL_NUMBER, AT(top_p), .preset = "1", .max = 1,
     .open_min = true,
     .help = "draw from the fewest likeliest tokens that have this probability together"},
    {.name = "prime", .aliases = "start-text prime-text", .meta = "TEXT", .type = UNROLL_TEXT,
     AT(prime), .blank = true, .help = "text to begin with"},
    {.name = "prime-file", .meta = "FILE", .type = UNROLL_TEXT, AT(prime_file),
     .help = "begin with what this file holds"},
    {.name = "stop", .meta = "TEXT", .type = UNROLL_TEXT, AT(stop), .blank = true,
     .help = "end where this text would come; it is not printed"},
    {.name = "interactive", .type = UNROLL_FLAG, AT(interactive),
     .help = "go on from each line of standard input, with up to 100 tokens unless --length is given; a "
             "terminal has a prompt, an empty line begins anew, and the end of the input ends it"},
    {.name = "count", .meta = "N", .type = UNROLL_SIZE, AT(count), .preset = "1", .min = 1,
     .max = UNROLL_OPTION_NO_MAX, .help = "texts to write; a line with --- stands between them"},
};
/* clang-format on */

/* ---- where the text goes ---- */

typedef struct printer {
    out_stream stream;
    size_t unflushed;
    double flushed;
    char last;
} printer;

/* A reader should see text while it is made, but a system call a token would cost more than the
 * token. */
static bool print_piece(void *arg, const char *data, size_t length)
{
    printer *p = arg;
    out_stream_write(&p->stream, data, length);
    p->last = data[length - 1];
    p->unflushed += length;
    if (out_is_terminal() || p->unflushed >= 64 || memchr(data, '\n', length) ||
        unroll_seconds() - p->flushed > 0.05) {
        out_flush();
        p->unflushed = 0;
        p->flushed = unroll_seconds();
    }
    return !out_broken();
}

static bool collect_piece(void *arg, const char *data, size_t length)
{
    unroll_buffer *text = arg;
    unroll_buffer_add(text, data, length);
    return !text->failed;
}

/* ---- the command ---- */

static unroll_status print_one(unroll_text_generator *g, const sample_options *o, bool first)
{
    unroll_generated_text result;
    if (o->common.json) {
        unroll_buffer all = {0};
        unroll_text_generator_write(g, o->length, collect_piece, &all, &result);
        json_t *text = all.failed ? NULL : out_json_text(all.text ? all.text : "", all.length);
        unroll_free(all.text);
        return out_json(json_pack("{s:o, s:I, s:s}", "text", text, "tokens", (json_int_t)result.tokens,
                                  "stopped_by", result.stopped ? "stop" : "length"));
    }
    printer p = {.flushed = unroll_seconds()};
    if (!first)
        out_text("---\n");
    unroll_text_generator_write(g, o->length, print_piece, &p, &result);
    out_stream_end(&p.stream);
    if (p.last != '\n' && (o->count > 1 || out_is_terminal()))
        out_text("\n");
    return UNROLL_OK;
}

/* A line that the model cannot read is told, and the next one asked for. */
static unroll_status answer(cli_call *call, unroll_text_generator *g, const char *line, size_t length)
{
    const sample_options *o = call->options;
    sample_options one = *o;
    if (!cli_was_given(call, "length"))
        one.length = 100;
    const unroll_status status = unroll_text_generator_prime(g, "the line", line, length);
    if (status == UNROLL_EDATA) {
        cli_report(call, "%s", unroll_marked_message());
        return UNROLL_OK;
    }
    UNROLL_TRY(status);
    UNROLL_TRY(print_one(g, &one, true));
    if (!o->common.json && !out_is_terminal())
        out_text("\n");
    out_flush();
    return UNROLL_OK;
}

static unroll_status converse(cli_call *call, unroll_text_generator *g)
{
    const bool asks = terminal_asks();
    unroll_lines *lines;
    char *line = NULL;
    size_t length;
    UNROLL_TRY(unroll_lines_open("-", &lines));
    unroll_status status = UNROLL_OK;
    do {
        if (asks)
            fputs("> ", stderr);
        status = unroll_lines_next(lines, &line, &length);
        if (status == UNROLL_OK && line)
            status = answer(call, g, line, length);
    } while (status == UNROLL_OK && line && !out_broken());
    if (asks)
        fputc('\n', stderr);
    unroll_lines_close(lines);
    return status;
}

static unroll_status prepare(unroll_text_generator *g, const sample_options *o)
{
    char *prime = NULL;
    size_t length = 0;
    if (o->stop)
        UNROLL_TRY(unroll_text_generator_stop_at(g, o->stop, strlen(o->stop)));
    if (o->prime)
        return unroll_text_generator_prime(g, "--prime", o->prime, strlen(o->prime));
    if (!o->prime_file)
        return UNROLL_OK;
    UNROLL_TRY(unroll_input_slurp(o->prime_file, 0, &prime, &length));
    const unroll_status status = unroll_text_generator_prime(g, o->prime_file, prime, length);
    unroll_free(prime);
    return status;
}

static unroll_status sample_command(cli_call *call)
{
    const sample_options *o = call->options;
    const unroll_choice choice = {sizeof choice, o->greedy ? 0 : o->temperature, o->top_k, o->top_p};
    unroll_model *model = NULL;
    char *path;
    unroll_text_generator *g = NULL;
    if (o->common.json && o->length == 0)
        return unroll_fail(UNROLL_EUSAGE, "--json and --length 0 exclude each other: "
                                          "a text without end has no closing quote");
    UNROLL_TRY(cli_model(call, o->common.quiet, &path));
    unroll_status status = unroll_model_load_text(path, &model);
    unroll_free(path);
    if (!status)
        status = unroll_text_generator_new(model, &choice, o->common.seed, &g);
    if (!status)
        status = prepare(g, o);
    if (!status && o->interactive)
        status = converse(call, g);
    for (uint64_t i = 0; i < o->count && !o->interactive && !status && !out_broken(); i++)
        status = print_one(g, o, i == 0);
    unroll_text_generator_free(g);
    unroll_model_free(model);
    return status;
}

static const unroll_option_list lists[] = {
    {rows, sizeof rows / sizeof *rows, 0},
    {cli_common_rows, CLI_COMMON_COUNT, offsetof(sample_options, common)},
    {NULL, 0, 0},
};

/* clang-format off */
static const char *const conflicts[][2] = {
    {"interactive", "prime"}, {"interactive", "prime-file"}, {"interactive", "count"},
    {"prime", "prime-file"}, {"greedy", "temperature"}, {"greedy", "top-k"}, {"greedy", "top-p"},
    {NULL, NULL},
};
/* clang-format on */

static const cli_example examples[] = {
    {"unroll sample runs/char", "500 tokens from the best weights of a run"},
    {"unroll sample runs/char --prime 'Once' --temperature 0.7 --length 200",
     "go on from a text, with fewer surprises"},
    {"unroll sample runs/char --prime Q: --stop Q: --count 3 --json",
     "three texts up to the next Q:, one JSON object each"},
    {"unroll sample runs/char --length 0 | head -n 20", "twenty lines"},
    {"unroll sample --interactive --temperature 0.7", "type the beginning, the newest model goes on"},
    {NULL, NULL},
};

const cli_command cli_sample = {
    .name = "sample",
    .arguments = "[MODEL]",
    .summary = "write text with a model",
    .description =
        "Draws tokens one after the other and prints them as they come. MODEL is a model file or a "
        "run directory; without it the newest run is taken. Without a text to begin with it starts as after a newline. The same seed "
        "gives the same text.\n\n"
        "On a terminal control characters are shown escaped; into a pipe the bytes go as they are.",
    .lists = lists,
    .options_size = sizeof(sample_options),
    .max_arguments = 1,
    .conflicts = conflicts,
    .examples = examples,
    .execute = sample_command,
};
