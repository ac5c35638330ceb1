/* unroll eval: how well a model predicts texts, translates, or solves a task. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/display.h"
#include "base/fail.h"
#include "base/id_store.h"
#include "base/memory.h"
#include "cli/cli.h"
#include "cli/eval_pairs.h"
#include "cli/eval_task.h"
#include "cli/out.h"
#include "cli/terminal.h"
#include "config/config.h"
#include "data/corpus.h"
#include "score/task_loss.h"
#include "session/run_session.h"
#include "store/model.h"
#include "store/model_load.h"
#include "task/task.h"

typedef struct eval_options {
    cli_common common;
    bool per_token;
    uint64_t max_input;
    char *task;
    eval_pairs_options pairs; /* its max_input is filled in from above */
} eval_options;

/* clang-format off */
static const unroll_option rows[] = {
    {.name = "per-token", .group = "Evaluation", .type = UNROLL_FLAG,
     .offset = offsetof(eval_options, per_token),
     .help = "print index, token and log-probability of each, tabs between; the sums then go to "
             "standard error"},
    {.name = "max-input", .group = "Evaluation", .meta = "BYTES", .type = UNROLL_CUSTOM,
     .offset = offsetof(eval_options, max_input), .parse = unroll_option_parse_bytes,
     .format = unroll_option_format_bytes, .preset = "1G", .max = UNROLL_OPTION_NO_MAX,
     .help = "refuse a text longer than this, unpacked; units K, M, G, T; 0: no bound"},
    {.name = "task", .group = "Task", .meta = "SPEC", .type = UNROLL_TEXT,
     .offset = offsetof(eval_options, task),
     .help = "of a model of a synthetic task: evaluate it on this one, such as copy:delay=200; keys "
             "that are not named are those it was trained with"},
    {.name = "out", .letter = 'o', .group = "Translation", .meta = "DIR", .type = UNROLL_TEXT,
     .offset = offsetof(eval_options, pairs.out),
     .help = "of a translation: write length.csv and a plot of BLEU and exact match against length"},
    {.name = "skip-bad", .group = "Translation", .type = UNROLL_FLAG,
     .offset = offsetof(eval_options, pairs.skip_bad),
     .help = "of a translation: leave out lines that are no pairs, and count them"},
};
/* clang-format on */

typedef struct evaluation {
    const cli_call *call;
    const char *path; /* of the model */
    const eval_options *options;
    unroll_model *model;
    terminal_progress progress;
    unroll_result sum; /* of all files, as the next two */
    uint64_t tokens, unknown;
    uint64_t index;        /* of the file's tokens that were printed */
    unroll_status printed; /* how printing them went */
    char note[256];        /* what reading a text said last, "": nothing */
} evaluation;

static unroll_status print_token(const evaluation *e, uint64_t index, uint32_t id, double loss)
{
    char buffer[8];
    size_t length;
    const unroll_vocabulary *v = unroll_model_vocabulary(e->model);
    if (e->options->common.json) {
        const char *name = unroll_vocabulary_spelling(v, id, buffer, &length);
        return out_json(json_pack("{s:I, s:o, s:o}", "index", (json_int_t)index, "token",
                                  json_stringn(name, length), "log_probability",
                                  out_json_real(-loss)));
    }
    const char *token = unroll_vocabulary_token(v, id, &length);
    out_printf("%llu\t", (unsigned long long)index);
    out_field(token, length);
    out_printf("\t%.6f\n", -loss);
    return UNROLL_OK;
}

static bool on_batch(void *arg, const unroll_batch *batch, const unroll_result *sum,
                     const double *token_loss)
{
    evaluation *e = arg;
    for (size_t t = 0; t < batch->T && e->options->per_token && !e->printed; t++)
        if (!batch->weight || batch->weight[t] > 0)
            e->printed = print_token(e, ++e->index, batch->target[t], token_loss[t]);
    if (terminal_progress_due(&e->progress)) {
        char count[UNROLL_NUMBER_MAX];
        terminal_progress_show(&e->progress, "%s tokens, loss %.4g",
                               unroll_display_count(count, (uint64_t)sum->weight),
                               sum->loss / sum->weight);
    }
    return !out_broken() && !e->printed;
}

/* One pass over a text, from the zero state. */
static unroll_status eval_corpus(evaluation *e, const unroll_corpus *corpus)
{
    unroll_task task;
    if (unroll_corpus_part(corpus, UNROLL_TRAIN)->count < 2)
        return unroll_fail(UNROLL_EDATA, "%s: nothing to predict; give a text of at least two tokens",
                           unroll_corpus_name(corpus));
    UNROLL_TRY(unroll_task_char(corpus, &(unroll_task_char_options){0}, &task));
    e->index = 0;
    unroll_status status = unroll_task_loss(unroll_model_net(e->model), &task, UNROLL_TRAIN,
                                            (size_t)e->options->common.threads,
                                            &(unroll_loss_listener){on_batch, e}, &e->sum);
    status = status ? status : e->printed;
    if (e->note[0] && !e->options->common.quiet)
        cli_report(e->call, "%s", e->note);
    e->tokens += unroll_corpus_tokens(corpus);
    e->unknown += unroll_corpus_unknown(corpus);
    task.free(task.self);
    return status;
}

/* Held back until the text is known to be long enough: an error has one line. */
static void keep_note(void *arg, const char *text)
{
    evaluation *e = arg;
    snprintf(e->note, sizeof e->note, "%s", text);
}

static unroll_status eval_file(evaluation *e, const char *path)
{
    unroll_corpus_options o;
    unroll_corpus *corpus;
    unroll_corpus_options_default(&o);
    o.vocabulary = unroll_model_vocabulary(e->model);
    o.lines = unroll_model_config(e->model)->lines;
    o.split[0] = 1;
    o.split[1] = o.split[2] = 0;
    o.max_input = e->options->max_input;
    o.note = keep_note;
    o.arg = e;
    e->note[0] = '\0';
    UNROLL_TRY(unroll_corpus_read(&o, &path, 1, NULL, NULL, &corpus));
    const unroll_status status = eval_corpus(e, corpus);
    unroll_corpus_free(corpus);
    return status;
}

static unroll_status print_totals(const evaluation *e)
{
    const double loss = e->sum.loss / e->sum.weight, bits = loss / log(2);
    const unsigned long long tokens = e->tokens, unknown = e->unknown;
    if (e->options->common.json)
        return out_json(json_pack("{s:o, s:o, s:o, s:I, s:I}", "loss", out_json_real(loss),
                                  "bits_per_token", out_json_real(bits), "perplexity",
                                  out_json_real(exp(loss)), "tokens", (json_int_t)tokens, "unknown",
                                  (json_int_t)unknown));
    static const char format[] = "loss            %.6g nats\n"
                                 "bits per token  %.6g\n"
                                 "perplexity      %.6g\n"
                                 "tokens          %llu\n"
                                 "unknown         %llu\n";
    if (!e->options->per_token)
        out_printf(format, loss, bits, exp(loss), tokens, unknown);
    else if (!e->options->common.quiet)
        fprintf(stderr, format, loss, bits, exp(loss), tokens, unknown);
    return UNROLL_OK;
}

/* ---- what the run itself held out ---- */

static void count_tokens(evaluation *e, const unroll_part *part)
{
    const uint32_t unknown = unroll_vocabulary_unknown(unroll_model_vocabulary(e->model));
    e->tokens += part->count;
    for (size_t i = 0; i < part->count; i++)
        e->unknown += unroll_id_at(part->ids, i) == unknown;
}

static void say_share(const cli_call *call, const char *path, size_t count, const char *what)
{
    char number[UNROLL_NUMBER_MAX];
    if (!((const eval_options *)call->options)->common.quiet)
        cli_report(call, "no text is given; taking the test share of %s, %s %s", path,
                   unroll_display_count(number, count), what);
}

static unroll_status no_share(const char *path)
{
    return unroll_fail(UNROLL_EUSAGE,
                       "%s: this run held out no test share, and no text is given; usage: unroll eval "
                       "[options] MODEL FILE...",
                       path);
}

static unroll_status eval_share(evaluation *e)
{
    unroll_run_session r = {.session = {.note = keep_note, .note_arg = e}};
    unroll_status status = unroll_run_session_open(&r, e->path);
    const unroll_part *part =
        status == UNROLL_OK ? unroll_corpus_part(r.session.corpus, UNROLL_TEST) : NULL;
    if (part && part->count == 0)
        status = no_share(e->path);
    if (status == UNROLL_OK) {
        say_share(e->call, e->path, part->count, "tokens");
        status = unroll_task_loss(unroll_model_net(e->model), &r.session.task, UNROLL_TEST,
                                  (size_t)e->options->common.threads,
                                  &(unroll_loss_listener){on_batch, e}, &e->sum);
        status = status ? status : e->printed;
        count_tokens(e, part);
    }
    unroll_run_session_close(&r);
    return status;
}

static unroll_status eval_pair_share(const cli_call *call, const char *path, unroll_model *model)
{
    const eval_options *o = call->options;
    unroll_run_session r = {.session = {.keep_text = true}};
    unroll_status status = unroll_run_session_open(&r, path);
    const size_t count =
        status == UNROLL_OK ? unroll_pairs_get_part(r.session.pairs, UNROLL_TEST)->count : 1;
    if (count == 0)
        status = no_share(path);
    if (status == UNROLL_OK) {
        say_share(call, path, count, "pairs");
        status = eval_pairs_of(call, &o->common, &o->pairs, model, r.session.pairs);
    }
    unroll_run_session_close(&r);
    return status;
}

static unroll_status eval_texts(cli_call *call, const char *path, unroll_model *model)
{
    evaluation e = {.call = call, .path = path, .options = call->options, .model = model};
    unroll_status status = UNROLL_OK;
    terminal_progress_start(&e.progress, e.options->common.quiet, 10);
    if (call->count < 2)
        status = eval_share(&e);
    for (size_t i = 1; i < call->count && !status; i++)
        status = eval_file(&e, call->arguments[i]);
    terminal_progress_clear(&e.progress);
    if (!status && !out_broken())
        status = print_totals(&e);
    return status;
}

static bool is_directory(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* What means nothing to this kind of model was a mistake. */
static unroll_status check_given(const cli_call *call, const char *path, enum unroll_model_kind kind)
{
    static const struct {
        const char *option, *models;
        enum unroll_model_kind kind;
    } own[] = {
        {"per-token", "models of texts", UNROLL_MODEL_TEXT},
        {"out", "translation models", UNROLL_MODEL_TRANSLATION},
        {"skip-bad", "translation models", UNROLL_MODEL_TRANSLATION},
        {"beam", "translation models", UNROLL_MODEL_TRANSLATION},
        {"length-penalty", "translation models", UNROLL_MODEL_TRANSLATION},
        {"max-length", "translation models", UNROLL_MODEL_TRANSLATION},
        {"unknown", "translation models", UNROLL_MODEL_TRANSLATION},
        {"task", "models of synthetic tasks", UNROLL_MODEL_SYNTHETIC},
    };
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (own[i].kind != kind && cli_was_given(call, own[i].option))
            return unroll_fail(UNROLL_EUSAGE, "--%s is for %s; %s is none", own[i].option,
                               own[i].models, path);
    if (kind == UNROLL_MODEL_SYNTHETIC && cli_was_given(call, "max-input"))
        return unroll_fail(UNROLL_EUSAGE, "--max-input is for texts; %s reads none", path);
    if (kind == UNROLL_MODEL_SYNTHETIC && call->count > 1)
        return unroll_fail(UNROLL_EUSAGE,
                           "%s is of a synthetic task and reads no file; give --task alone", path);
    if (kind != UNROLL_MODEL_SYNTHETIC && call->count < 2 && !is_directory(path))
        return unroll_fail(UNROLL_EUSAGE,
                           "no text is given, and %s is no run with a test share; usage: unroll "
                           "eval [options] MODEL FILE...",
                           path);
    return UNROLL_OK;
}

static unroll_status eval_model(cli_call *call, const char *path, unroll_model *model)
{
    eval_options *o = call->options;
    const enum unroll_model_kind kind = unroll_model_kind(unroll_model_config(model));
    UNROLL_TRY(check_given(call, path, kind));
    o->pairs.max_input = o->max_input;
    if (kind == UNROLL_MODEL_SYNTHETIC)
        return eval_task(&o->common, model, o->task);
    if (kind == UNROLL_MODEL_TRANSLATION && call->count < 2)
        return eval_pair_share(call, path, model);
    if (kind == UNROLL_MODEL_TRANSLATION)
        return eval_pairs(call, &o->common, &o->pairs, model, call->arguments + 1, call->count - 1);
    return eval_texts(call, path, model);
}

static unroll_status eval_command(cli_call *call)
{
    eval_options *o = call->options;
    unroll_model *model = NULL;
    char *path;
    UNROLL_TRY(cli_model(call, o->common.quiet, &path));
    unroll_status status = unroll_model_load_predicting(path, &model);
    if (status == UNROLL_EDATA && call->count == 1 && !is_directory(path))
        status = unroll_fail(status, "%s; the model comes first: unroll eval MODEL FILE",
                             unroll_marked_message());
    if (!status)
        status = eval_model(call, path, model);
    unroll_model_free(model);
    unroll_free(path);
    return status;
}

/* clang-format off */
static const unroll_option_list lists[] = {
    {rows, sizeof rows / sizeof *rows, 0},
    {unroll_translator_pool_rows, UNROLL_TRANSLATOR_POOL_OPTIONS_COUNT, offsetof(eval_options, pairs.pool)},
    {cli_common_rows, CLI_COMMON_COUNT, offsetof(eval_options, common)},
    {NULL, 0, 0},
};
/* clang-format on */

static const cli_example examples[] = {
    {"unroll eval runs/char held-out.txt", "loss, bits per token and perplexity of a text"},
    {"zcat texts.gz | unroll eval --json runs/char -", "standard input, the result as JSON"},
    {"unroll eval runs/latest", "what the newest run held out of its text, to the end unseen"},
    {"unroll eval --per-token runs/char poem.txt | sort -t \"$(printf '\\t')\" -k3 -g",
     "all tokens, those that surprise the model most first"},
    {"unroll eval runs/translate pairs.tsv --beam 5 --out scores",
     "BLEU, chrF and exact match of translations, a plot of them against length"},
    {"unroll eval runs/copy --task copy:delay=200",
     "a model of a synthetic task on another delay than it was trained with"},
    {NULL, NULL},
};

const cli_command cli_eval = {
    .name = "eval",
    .arguments = "[MODEL [FILE...]]",
    .summary = "measure how well a model predicts texts, translates or solves a task",
    .description =
        "Each text is read in one pass from the zero state; each token is predicted from all before "
        "it, so N tokens give N-1 predictions. Prints the mean loss in nats, bits per token, "
        "perplexity, tokens, and how many of them the model does not know. MODEL is a model file or "
        "a run directory; - is standard input. A run without FILE is measured on its own test share, and "
        "without MODEL the newest run is taken.\n\n"
        "For a translation model FILE is pairs: source, tab, target. It prints the loss a target "
        "token, the share of target tokens that would be predicted, exact match (the same tokens), "
        "and BLEU and chrF2 as sacrebleu measures them, over all and by the length of the source.\n\n"
        "A model of a synthetic task reads no FILE. It is tested on 1000 sequences of its task, or of the "
        "one that --task gives: another length, delay or other key. Prints the loss, the accuracy, both "
        "for the targets that need memory alone, and what a guess that remembers nothing would have.",
    .lists = lists,
    .options_size = sizeof(eval_options),
    .max_arguments = SIZE_MAX,
    .examples = examples,
    .execute = eval_command,
};
