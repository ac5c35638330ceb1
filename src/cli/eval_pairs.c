#include "cli/eval_pairs.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/fail.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/output.h"
#include "cli/out.h"
#include "cli/terminal.h"
#include "config/config.h"
#include "report/translation_plot.h"
#include "score/score_pairs.h"
#include "score/task_loss.h"
#include "task/task.h"

enum { ROWS = 50 };

typedef struct pairs_evaluation {
    const cli_call *call;
    const cli_common *common;
    const eval_pairs_options *options;
    unroll_model *model;
    unroll_pairs *pairs;
    const unroll_pairs_part *part;
    terminal_progress progress;
    unroll_result sum; /* teacher forced */
    unroll_translation_scores scores;
    unroll_buffer notes; /* what reading said, a NUL behind each */
} pairs_evaluation;

/* Held back until the pairs are known to be good: an error has one line. */
static void keep_note(void *arg, const char *text)
{
    pairs_evaluation *e = arg;
    unroll_buffer_add(&e->notes, text, strlen(text) + 1);
}

/* All pairs as one part. */
static unroll_status read_pairs(pairs_evaluation *e, char *const *files, size_t count)
{
    unroll_pairs_options o;
    const unroll_config *config = unroll_model_config(e->model);
    unroll_pairs_options_default(&o);
    o.vocabulary[UNROLL_SOURCE] = unroll_model_source_vocabulary(e->model);
    o.vocabulary[UNROLL_TARGET] = unroll_model_vocabulary(e->model);
    o.split[UNROLL_TRAIN] = o.split[UNROLL_VALID] = 0;
    o.split[UNROLL_TEST] = 1;
    o.swap = config->swap;
    o.skip_bad = e->options->skip_bad;
    o.keep_text = true;
    o.max_length = 0;
    o.max_input = e->options->max_input;
    o.note = keep_note;
    o.arg = e;
    UNROLL_TRY(unroll_pairs_read(&o, (const char *const *)files, count, NULL, NULL, &e->pairs));
    e->part = unroll_pairs_get_part(e->pairs, UNROLL_TEST);
    if (e->part->count == 0)
        return unroll_fail(UNROLL_EDATA, "%s: no pair; give a source, a tab and a target a line",
                           unroll_pairs_name(e->pairs));
    for (size_t at = 0; at < e->notes.length && !e->common->quiet;
         at += strlen(e->notes.text + at) + 1)
        cli_report(e->call, "%s", e->notes.text + at);
    return UNROLL_OK;
}

/* ---- what the model gives the references ---- */

static bool on_batch(void *arg, const unroll_batch *batch, const unroll_result *sum,
                     const double *token_loss)
{
    pairs_evaluation *e = arg;
    (void)batch;
    (void)token_loss;
    if (terminal_progress_due(&e->progress))
        terminal_progress_show(&e->progress, "%.0f tokens, loss %.4g", sum->weight,
                               sum->loss / sum->weight);
    return true;
}

static unroll_status measure_loss(pairs_evaluation *e)
{
    unroll_task task;
    const unroll_task_translate_options o = {.B = e->part->count < ROWS ? e->part->count : ROWS,
                                             .reverse =
                                                 unroll_model_config(e->model)->reverse_source};
    UNROLL_TRY(unroll_task_translate(e->pairs, &o, &task));
    const unroll_status status =
        unroll_task_loss(unroll_model_net(e->model), &task, UNROLL_TEST, (size_t)e->common->threads,
                         &(unroll_loss_listener){on_batch, e}, &e->sum);
    task.free(task.self);
    return status;
}

/* ---- results ---- */

static void print_text(const pairs_evaluation *e)
{
    const unroll_score_sums *all = &e->scores.all;
    const double loss = e->sum.loss / e->sum.weight;
    out_printf("loss            %.6g nats a target token\n"
               "perplexity      %.6g\n"
               "token accuracy  %.4g\n"
               "exact match     %.4g\n"
               "BLEU            %.2f  %s\n"
               "chrF2           %.2f  %s\n"
               "pairs           %llu\n"
               "unknown         %zu of %zu source tokens, %zu of %zu target tokens\n",
               loss, exp(loss), e->sum.correct / e->sum.counted, unroll_exact_match(all),
               unroll_bleu_score(&all->bleu), UNROLL_BLEU_SIGNATURE, unroll_chrf_score(&all->chrf),
               UNROLL_CHRF_SIGNATURE, (unsigned long long)all->pairs,
               unroll_pairs_unknown(e->pairs, UNROLL_SOURCE),
               unroll_pairs_tokens(e->pairs, UNROLL_SOURCE),
               unroll_pairs_unknown(e->pairs, UNROLL_TARGET),
               unroll_pairs_tokens(e->pairs, UNROLL_TARGET));
    if (e->options->skip_bad)
        out_printf("bad lines       %zu left out\n", unroll_pairs_bad(e->pairs));
    out_text("\nsource tokens     pairs  exact match    BLEU   chrF2\n");
    for (size_t i = 0; i < e->scores.count; i++) {
        const unroll_score_sums *b = &e->scores.bucket[i];
        char range[48];
        snprintf(range, sizeof range, "%zu-%zu", i * e->scores.width + 1, (i + 1) * e->scores.width);
        if (b->pairs)
            out_printf("%-13s  %8llu  %11.4g  %6.2f  %6.2f\n", range, (unsigned long long)b->pairs,
                       unroll_exact_match(b), unroll_bleu_score(&b->bleu),
                       unroll_chrf_score(&b->chrf));
    }
}

static unroll_status print_json(const pairs_evaluation *e)
{
    const unroll_score_sums *all = &e->scores.all;
    const double loss = e->sum.loss / e->sum.weight;
    json_t *lengths = json_array();
    for (size_t i = 0; i < e->scores.count; i++) {
        const unroll_score_sums *b = &e->scores.bucket[i];
        if (b->pairs)
            unroll_json_append(&lengths,
                               json_pack("{s:I, s:I, s:I, s:o, s:o, s:o}", "source_min",
                                         (json_int_t)(i * e->scores.width + 1), "source_max",
                                         (json_int_t)((i + 1) * e->scores.width), "pairs",
                                         (json_int_t)b->pairs, "exact_match",
                                         out_json_real(unroll_exact_match(b)), "bleu",
                                         out_json_real(unroll_bleu_score(&b->bleu)), "chrf",
                                         out_json_real(unroll_chrf_score(&b->chrf))));
    }
    return out_json(json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:I, s:I, s:I, s:I, s:o}",
                              "loss", out_json_real(loss), "perplexity", out_json_real(exp(loss)),
                              "token_accuracy", out_json_real(e->sum.correct / e->sum.counted),
                              "exact_match", out_json_real(unroll_exact_match(all)), "bleu",
                              out_json_real(unroll_bleu_score(&all->bleu)), "chrf",
                              out_json_real(unroll_chrf_score(&all->chrf)), "bleu_signature",
                              UNROLL_BLEU_SIGNATURE, "chrf_signature", UNROLL_CHRF_SIGNATURE,
                              "pairs", (json_int_t)all->pairs, "bad",
                              (json_int_t)unroll_pairs_bad(e->pairs), "unknown_source",
                              (json_int_t)unroll_pairs_unknown(e->pairs, UNROLL_SOURCE),
                              "unknown_target",
                              (json_int_t)unroll_pairs_unknown(e->pairs, UNROLL_TARGET), "lengths",
                              lengths));
}

/* Without gnuplot the table is there all the same, and so are the results. */
static unroll_status write_out(const pairs_evaluation *e)
{
    const char *directory = e->options->out;
    UNROLL_TRY(unroll_translation_scores_write(&e->scores, directory));
    const unroll_status status =
        unroll_translation_scores_plot(&e->scores, directory,
                                       "Translations by the length of their source");
    if (status != UNROLL_ENOINPUT)
        return status;
    if (!e->common->quiet)
        cli_report(e->call, "%s", unroll_marked_message());
    return UNROLL_OK;
}

static void show_scoring(void *arg, size_t done, size_t count)
{
    if (terminal_progress_due(arg))
        terminal_progress_show(arg, "%zu of %zu translated", done, count);
}

static unroll_status score(pairs_evaluation *e)
{
    const cli_common *common = e->common;
    const eval_pairs_options *o = e->options;
    e->part = unroll_pairs_get_part(e->pairs, UNROLL_TEST);
    unroll_status status = measure_loss(e);
    if (!status)
        status =
            unroll_score_pairs(e->model, e->pairs, UNROLL_TEST, SIZE_MAX, &o->pool, common->threads,
                               &(unroll_score_progress){show_scoring, &e->progress}, &e->scores);
    terminal_progress_clear(&e->progress);
    if (!status && common->json)
        status = print_json(e);
    else if (!status)
        print_text(e);
    if (!status && o->out)
        status = write_out(e);
    return status;
}

/* Before the work, not after it. */
static unroll_status prepare(pairs_evaluation *e)
{
    terminal_progress_start(&e->progress, e->common->quiet, 10);
    return e->options->out ? unroll_make_directory(e->options->out) : UNROLL_OK;
}

unroll_status eval_pairs_of(const cli_call *call, const cli_common *common,
                            const eval_pairs_options *options, unroll_model *model,
                            unroll_pairs *pairs)
{
    pairs_evaluation e = {
        .call = call, .common = common, .options = options, .model = model, .pairs = pairs};
    UNROLL_TRY(prepare(&e));
    return score(&e);
}

unroll_status eval_pairs(const cli_call *call, const cli_common *common,
                         const eval_pairs_options *options, unroll_model *model, char *const *files,
                         size_t count)
{
    pairs_evaluation e = {.call = call, .common = common, .options = options, .model = model};
    UNROLL_TRY(prepare(&e));
    unroll_status status = read_pairs(&e, files, count);
    if (!status)
        status = score(&e);
    terminal_progress_clear(&e.progress);
    unroll_pairs_free(e.pairs);
    unroll_free(e.notes.text);
    return status;
}
