/* unroll translate: a source a line, a translation a line. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/display.h"
#include "base/fail.h"
#include "base/input.h"
#include "base/memory.h"
#include "cli/cli.h"
#include "cli/out.h"
#include "cli/terminal.h"
#include "config/config.h"
#include "data/pairs.h"
#include "data/text.h"
#include "decode/translator_pool.h"
#include "report/attention_map.h"
#include "store/model_load.h"

typedef struct translate_options {
    cli_common common;
    unroll_translator_pool_options pool;
    uint64_t n_best;
    bool scores;
    char *attention;
} translate_options;

#define AT(field) .group = "Output", .offset = offsetof(translate_options, field)

/* clang-format off */
static const unroll_option rows[] = {
    {.name = "n-best", .letter = 'n', .meta = "N", .type = UNROLL_SIZE, AT(n_best), .preset = "1", .min = 1,
     .max = 1000,
     .help = "print the N best of a beam, best first: the line's number, a tab, the translation"},
    {.name = "scores", .type = UNROLL_FLAG, AT(scores),
     .help = "its log-probability and a tab before each translation"},
    {.name = "attention", .meta = "FILE.svg", .type = UNROLL_TEXT, AT(attention),
     .help = "draw where the best translation of the first line looks in its source"},
};
/* clang-format on */

/* ---- the lines ---- */

typedef struct translate_call {
    const cli_call *call;
    const translate_options *options;
    const char *path;
    unroll_model *model;
    unroll_translator_pool *pool;
    unroll_translation_line *line; /* [room] */
    char (*name)[512];             /* [room] */
    size_t room;                   /* lines read ahead */
    bool asks;                     /* somebody types at a terminal */
    uint64_t number;               /* of the last line that was read */
    bool drawn;
    unroll_status drawing; /* how that went, and what is to be said of it at the end */
    char *undrawn;
} translate_call;

static unroll_status print_json(uint64_t number, const unroll_source *source,
                                const unroll_translation *t)
{
    return out_json(json_pack("{s:I, s:o, s:o, s:o, s:I, s:I, s:b}", "line", (json_int_t)number,
                              "text", out_json_text(t->text, t->length), "log_probability",
                              out_json_real(t->log_probability), "score",
                              out_json_real(t->penalised), "tokens", (json_int_t)t->tokens,
                              "unknown", (json_int_t)source->unknown, "ended", (int)t->ended));
}

static unroll_status print(const translate_call *r, uint64_t number, const unroll_translations *t)
{
    const translate_options *o = r->options;
    for (size_t i = 0; i < t->count; i++) {
        const unroll_translation *one = &t->list[i];
        if (o->common.json) {
            UNROLL_TRY(print_json(number, &t->source, one));
            continue;
        }
        out_stream stream = {{0}, 0};
        if (o->n_best > 1)
            out_printf("%llu\t", (unsigned long long)number);
        if (o->scores)
            out_printf("%.6f\t", one->log_probability);
        out_stream_write(&stream, one->text, one->length);
        out_stream_end(&stream);
        out_write("\n", 1);
    }
    return UNROLL_OK;
}

/* A picture of nothing is none: the first line that has tokens. No translation waits for it to succeed. */
static void draw(translate_call *r, const unroll_translations *t)
{
    if (!r->options->attention || r->drawn || t->source.length < 2)
        return;
    r->drawn = true;
    r->drawing = unroll_attention_map_draw(r->options->attention, r->model, &t->source, &t->list[0],
                                           r->options->pool.unknown == UNROLL_UNKNOWN_COPY);
    const char *why = unroll_marked_message();
    if (r->drawing)
        r->undrawn = unroll_strndup(why, strlen(why));
}

/* Without gnuplot the data are there all the same. */
static unroll_status report_drawing(const translate_call *r)
{
    const bool quiet = r->options->common.quiet;
    if (r->drawing && r->drawing != UNROLL_ENOINPUT)
        return unroll_fail(r->drawing, "%s", r->undrawn ? r->undrawn : "--attention: no picture");
    if (r->undrawn && !quiet)
        cli_report(r->call, "%s", r->undrawn);
    else if (r->options->attention && !r->drawn && !quiet)
        cli_report(r->call, "--attention: no line has a token, so there is no picture");
    return UNROLL_OK;
}

/* Whoever types sees which words the model has never seen. */
static void mark_unknown(const translate_call *r, const unroll_source *source)
{
    if (!r->asks || source->unknown == 0)
        return;
    unroll_buffer words = {0};
    for (size_t i = 0; i < source->length; i++)
        if (source->id[i] == UNROLL_ID_UNKNOWN) {
            unroll_buffer_text(&words, words.length ? ", " : "");
            unroll_buffer_add(&words, source->token[i], source->bytes[i]);
        }
    char *shown = words.failed ? NULL : unroll_display_escape_line(words.text, words.length);
    if (shown)
        fprintf(stderr, "  %s(unknown: %s)%s\n", terminal_style(2, STYLE_BAD), shown,
                terminal_style(2, STYLE_PLAIN));
    unroll_free(shown);
    unroll_free(words.text);
}

static unroll_status print_lines(translate_call *r, size_t count)
{
    unroll_status status = UNROLL_OK;
    for (size_t i = 0; i < count && !status; i++) {
        if (!(status = r->line[i].status))
            status = print(r, r->number - count + i + 1, &r->line[i].result);
        if (!status)
            draw(r, &r->line[i].result);
        out_flush(); /* what was asked is answered, whoever waits for it */
        if (!status)
            mark_unknown(r, &r->line[i].result.source);
    }
    return status;
}

/* What only the first line can begin with. */
static unroll_status begin_text(const translate_call *r, char **text, size_t *length)
{
    const unroll_vocabulary *v = unroll_model_source_vocabulary(r->model);
    UNROLL_TRY(unroll_text_check_encoding(unroll_vocabulary_rules(v), unroll_input_name(r->path),
                                          *text, *length));
    const size_t bom = unroll_text_bom(*text, *length);
    *text += bom;
    *length -= bom;
    return UNROLL_OK;
}

/* Up to `room` lines; those before one that cannot be read are translated all the same. */
static unroll_status read_some(translate_call *r, unroll_lines *lines, size_t *count)
{
    for (*count = 0; *count < r->room; ++*count) {
        char *text;
        size_t length;
        if (r->asks)
            fputs("> ", stderr);
        UNROLL_TRY(unroll_lines_next(lines, &text, &length));
        if (!text && r->asks)
            fputc('\n', stderr);
        if (!text)
            return UNROLL_OK;
        if (r->number == 0)
            UNROLL_TRY(begin_text(r, &text, &length));
        if (length && text[length - 1] == '\r')
            length--;
        char *kept = unroll_strndup(text, length);
        if (!kept)
            return UNROLL_EMEMORY;
        snprintf(r->name[*count], sizeof *r->name, "%.480s:%llu", unroll_input_name(r->path),
                 (unsigned long long)++r->number);
        r->line[*count] =
            (unroll_translation_line){.name = r->name[*count], .text = kept, .length = length};
    }
    return UNROLL_OK;
}

static unroll_status translate(translate_call *r, unroll_lines *lines)
{
    unroll_status status = UNROLL_OK, reading = UNROLL_OK;
    for (size_t count = 1; !status && !reading && count && !out_broken();) {
        reading = read_some(r, lines, &count);
        const char *why = unroll_marked_message();
        char *message = reading ? unroll_strndup(why, strlen(why)) : NULL;
        status = unroll_translator_pool_translate(r->pool, r->line, count);
        const unroll_status printing = print_lines(r, count);
        status = status ? status : printing;
        for (size_t i = 0; i < count; i++) {
            unroll_translation_line_clear(&r->line[i]);
            unroll_free((char *)r->line[i].text);
        }
        if (!status && message)
            unroll_fail(reading, "%s", message);
        unroll_free(message);
    }
    return status ? status : reading;
}

/* ---- the command ---- */

/* Who writes into a pipe may wait for each answer before it asks on; a file does not. */
static bool may_read_ahead(const char *path)
{
    struct stat st;
    return (strcmp(path, "-") == 0 ? fstat(0, &st) : stat(path, &st)) == 0 && S_ISREG(st.st_mode);
}

static unroll_status check(const translate_options *o)
{
    if (o->n_best > o->pool.beam)
        return unroll_fail(UNROLL_EUSAGE,
                           "--n-best %llu needs a beam that is as wide; give --beam %llu",
                           (unsigned long long)o->n_best, (unsigned long long)o->n_best);
    return o->attention ? unroll_attention_map_check_path(o->attention) : UNROLL_OK;
}

static unroll_status open_model(translate_call *r, const char *path)
{
    const translate_options *o = r->options;
    UNROLL_TRY(unroll_model_load_translation(path, &r->model));
    if (o->attention && strcmp(unroll_model_config(r->model)->attention, "none") == 0)
        return unroll_fail(UNROLL_EUSAGE,
                           "--attention: %s was trained without; train with --attention "
                           "additive, for example",
                           path);
    const unroll_translator_options t = {.size = sizeof t,
                                         .beam = (size_t)o->pool.beam,
                                         .best = (size_t)o->n_best,
                                         .length_penalty = o->pool.length_penalty,
                                         .max_length = (size_t)o->pool.max_length,
                                         .unknown = (enum unroll_unknown)o->pool.unknown,
                                         .attention = o->attention != NULL};
    UNROLL_TRY(unroll_translator_pool_new(r->model, &t, (size_t)o->common.threads, &r->pool));
    r->room = may_read_ahead(r->path) ? 16 * unroll_translator_pool_size(r->pool) : 1;
    r->line = unroll_alloc(r->room, sizeof *r->line);
    r->name = unroll_alloc(r->room, sizeof *r->name);
    return r->line && r->name ? UNROLL_OK : UNROLL_EMEMORY;
}

static unroll_status translate_command(cli_call *call)
{
    unroll_lines *lines = NULL;
    translate_call r = {
        .call = call, .options = call->options, .path = call->count > 1 ? call->arguments[1] : "-"};
    r.asks = strcmp(r.path, "-") == 0 && !r.options->common.quiet && terminal_asks();
    UNROLL_TRY(check(r.options));
    unroll_status status = open_model(&r, call->arguments[0]);
    if (!status)
        status = unroll_lines_open(r.path, &lines);
    if (!status)
        status = translate(&r, lines);
    if (!status)
        status = report_drawing(&r);
    unroll_free(r.undrawn);
    unroll_lines_close(lines);
    unroll_translator_pool_free(r.pool);
    unroll_free(r.line);
    unroll_free(r.name);
    unroll_model_free(r.model);
    return status;
}

/* clang-format off */
static const unroll_option_list lists[] = {
    {unroll_translator_pool_rows, UNROLL_TRANSLATOR_POOL_OPTIONS_COUNT, offsetof(translate_options, pool)},
    {rows, sizeof rows / sizeof *rows, 0},
    {cli_common_rows, CLI_COMMON_COUNT, offsetof(translate_options, common)},
    {NULL, 0, 0},
};
/* clang-format on */

static const cli_example examples[] = {
    {"echo 'the old dog knows the man' | unroll translate runs/translate", "one sentence"},
    {"unroll translate runs/translate sentences.txt --beam 5 > translated.txt",
     "a file, by beam search; its lines run side by side"},
    {"unroll translate runs/translate --beam 8 --n-best 4 --scores",
     "type sentences, see the four best translations of each"},
    {"unroll translate runs/translate first.txt --attention looks.svg",
     "draw where the translation looks in its source"},
    {NULL, NULL},
};

const cli_command cli_translate = {
    .name = "translate",
    .arguments = "MODEL [FILE]",
    .summary = "translate line by line",
    .description =
        "Reads a source a line from FILE or standard input and writes a translation a line, each as "
        "soon as it is found. MODEL is a model file or a run directory of unroll train --task "
        "translate. A line without tokens gives an empty line. The lines of a file are translated "
        "side by side and written in their order; the same line always becomes the same "
        "translation.",
    .lists = lists,
    .options_size = sizeof(translate_options),
    .min_arguments = 1,
    .max_arguments = 2,
    .examples = examples,
    .execute = translate_command,
};
