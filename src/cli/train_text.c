#include "cli/train_text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/display.h"
#include "base/fail.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "cell/cells.h"
#include "cli/out.h"
#include "config/config.h"
#include "math/kernels.h"
#include "report/gradient_steps.h"
#include "report/html.h"
#include "report/loss_plot.h"
#include "report/variant.h"

void train_print(train_call *t, const char *format, ...)
{
    va_list args;
    const bool dry = t->training.config->dry_run; /* the lines are then the result */
    if (dry ? t->training.config->json : t->training.config->quiet)
        return;
    terminal_progress_clear(&t->progress);
    va_start(args, format);
    if (dry) {
        out_vprintf(format, args);
        out_text("\n");
    } else {
        vfprintf(stderr, format, args);
        fputc('\n', stderr);
    }
    va_end(args);
}

void train_note_lost(train_call *t, unroll_status status)
{
    t->lost = t->lost ? t->lost : status;
}

void train_print_fault(void *arg)
{
    train_call *t = arg;
    terminal_progress_clear(&t->progress);
    cli_report(t->call, "%s", unroll_marked_message());
}

void train_print_note(void *arg, const char *text)
{
    train_call *t = arg;
    if (!t->training.config->quiet)
        cli_report(t->call, "%s", text);
}

const char *train_unit(const train_call *t)
{
    return t->training.session.task.squared ? "squared error" : "nats";
}

const char *train_token_word(const train_call *t)
{
    static const char *const words[] = {"bytes", "characters", "graphemes", "words"};
    return t->training.row ? "targets" : words[t->training.config->tokens];
}

/* Sentences, not tokens. */
static void print_pairs(train_call *t)
{
    const unroll_session *s = &t->training.session;
    char part[3][UNROLL_NUMBER_MAX], number[4][UNROLL_NUMBER_MAX];
    for (int i = 0; i < 3; i++)
        unroll_display_count(part[i], unroll_pairs_get_part(s->pairs, (enum unroll_split)i)->count);
    for (int side = 0; side < UNROLL_SIDES; side++)
        unroll_display_count(number[side], unroll_pairs_tokens(s->pairs, (enum unroll_side)side));
    unroll_display_count(number[2], unroll_vocabulary_size(s->model->source_vocabulary));
    unroll_display_count(number[3], unroll_vocabulary_size(s->model->vocabulary));
    char *name =
        unroll_display_escape_line(unroll_pairs_name(s->pairs), strlen(unroll_pairs_name(s->pairs)));
    train_print(t, "pairs     %s: train %s, validate %s, test %s", name ? name : "", part[0],
                part[1], part[2]);
    train_print(t,
                "          %s source and %s target %s, of %s and %s symbols; %.1f%% of a batch is "
                "padding",
                number[0], number[1], train_token_word(t), number[2], number[3],
                100 * unroll_task_translate_padding(&s->task));
    if (unroll_pairs_bad(s->pairs))
        train_print(t, "          %s bad lines are left out",
                    unroll_display_count(number[0], unroll_pairs_bad(s->pairs)));
    unroll_free(name);
}

void train_print_data(train_call *t)
{
    const unroll_session *s = &t->training.session;
    if (s->pairs) {
        print_pairs(t);
        return;
    }
    char all[UNROLL_NUMBER_MAX], part[3][UNROLL_NUMBER_MAX], symbols[UNROLL_NUMBER_MAX];
    if (!s->corpus) {
        const unroll_task_row *row = t->training.row;
        const double *value = t->training.value;
        train_print(t, "task      %s: %s; baseline %.4g %s; accuracy: %s, chance %.3g",
                    s->config->task, row->summary, row->baseline(value), train_unit(t),
                    row->measure, row->chance(value));
        return;
    }
    for (int i = 0; i < 3; i++)
        unroll_display_count(part[i], unroll_corpus_part(s->corpus, (enum unroll_split)i)->count);
    char *name = unroll_display_escape_line(unroll_corpus_name(s->corpus),
                                            strlen(unroll_corpus_name(s->corpus)));
    train_print(t, "text      %s", name ? name : "");
    train_print(t, "          %s %s, %s symbols; train %s, validate %s, test %s",
                unroll_display_count(all, unroll_corpus_tokens(s->corpus)), train_token_word(t),
                unroll_display_count(symbols, unroll_vocabulary_size(s->model->vocabulary)),
                part[0], part[1], part[2]);
    unroll_free(name);
}

void train_print_model(train_call *t)
{
    const unroll_config *c = t->training.config;
    const unroll_net *net = t->training.session.model->net;
    char count[UNROLL_NUMBER_MAX], bytes[UNROLL_NUMBER_MAX], bias[64] = "";
    const unroll_cell *cell = unroll_config_cell(c);
    const bool gated = cell->forget_gate >= 0;
    char encoder[96] = "";
    if (t->training.session.pairs)
        snprintf(encoder, sizeof encoder, " encoder and decoder%s%s%s%s",
                 c->bidirectional ? ", bidirectional" : "",
                 c->reverse_source ? ", source reversed" : "",
                 strcmp(c->attention, "none") ? ", attention " : "",
                 strcmp(c->attention, "none") ? c->attention : "");
    if (c->chrono && gated)
        snprintf(bias, sizeof bias, ", chrono gate biases");
    else if (gated && (!isnan(c->forget_bias) || cell->forget_bias != 0))
        snprintf(bias, sizeof bias, ", forget bias %g",
                 isnan(c->forget_bias) ? cell->forget_bias : c->forget_bias);
    train_print(t, "model     %s %llux%llu%s%s%s, %s parameters; init %s%s; about %s", c->cell,
                (unsigned long long)c->layers, (unsigned long long)c->hidden,
                cell->has_activation ? " " : "", cell->has_activation ? c->activation : "", encoder,
                unroll_display_count(count, unroll_net_trainable(net)), c->init, bias,
                unroll_display_bytes(bytes, unroll_session_bytes(&t->training.session)));
}

void train_print_learning(train_call *t)
{
    const unroll_config *c = t->training.config;
    const unroll_learning *l = &c->learning;
    char bound[64], time[UNROLL_NUMBER_MAX], clip[96] = "no clipping";
    if (l->steps)
        snprintf(bound, sizeof bound, "%llu steps", (unsigned long long)l->steps);
    else if (l->epochs > 0)
        snprintf(bound, sizeof bound, "%g epoch%s", l->epochs, l->epochs == 1 ? "" : "s");
    else
        snprintf(bound, sizeof bound, "%s", unroll_display_duration(time, l->seconds));
    if (l->clip_norm > 0 && l->clip_value > 0)
        snprintf(clip, sizeof clip, "clipped to value %g, then norm %g", l->clip_value, l->clip_norm);
    else if (l->clip_norm > 0)
        snprintf(clip, sizeof clip, "clipped to norm %g", l->clip_norm);
    else if (l->clip_value > 0)
        snprintf(clip, sizeof clip, "clipped to value %g", l->clip_value);
    train_print(t, "learning  %s, rate %g %s; gradients %s", c->optimizer, l->lr, c->schedule, clip);
    const unroll_task *task = &t->training.session.task;
    train_print(t, "          %s of %zu sequences x %s%zu steps", bound, task->train_B,
                task->train_S ? "up to " : "", task->train_T);
    train_print(t, "machine   %s kernels, %zu threads", unroll_kernels_get()->name,
                c->threads ? (size_t)c->threads : unroll_cores());
}

void train_print_run(train_call *t)
{
    const char *directory = t->training.directory;
    char *shown = unroll_display_escape_line(directory, strlen(directory));
    if (t->training.config->resume)
        train_print(t, "run       %s, from step %llu", shown ? shown : "",
                    (unsigned long long)unroll_trainer_steps(t->training.trainer));
    else
        train_print(t, "run       %s", shown ? shown : "");
    unroll_free(shown);
}

void train_print_stopped(train_call *t, bool saved)
{
    char *quoted = saved ? unroll_shell_quote(1, &t->training.directory) : NULL;
    char *shown =
        quoted && isatty(STDERR_FILENO) ? unroll_display_escape_line(quoted, strlen(quoted)) : NULL;
    if (quoted)
        train_print(t, "stopped by a signal; to go on: unroll train --resume %s",
                    shown ? shown : quoted);
    else
        train_print(t, "stopped by a signal");
    unroll_free(shown);
    unroll_free(quoted);
}

static json_t *counts(const unroll_session *s, enum unroll_split split)
{
    if (s->pairs)
        return json_integer((json_int_t)unroll_pairs_get_part(s->pairs, split)->count);
    return s->corpus ? json_integer((json_int_t)unroll_corpus_part(s->corpus, split)->count)
                     : json_null();
}

static json_t *symbols(const unroll_vocabulary *v)
{
    return v ? json_integer((json_int_t)unroll_vocabulary_size(v)) : json_null();
}

static json_t *tokens(const unroll_session *s)
{
    if (s->pairs)
        return json_integer((json_int_t)(unroll_pairs_tokens(s->pairs, UNROLL_SOURCE) +
                                         unroll_pairs_tokens(s->pairs, UNROLL_TARGET)));
    return s->corpus ? json_integer((json_int_t)unroll_corpus_tokens(s->corpus)) : json_null();
}

unroll_status train_report_dry_run(const train_call *t)
{
    const unroll_session *s = &t->training.session;
    const unroll_config *c = t->training.config;
    const unroll_learning *l = &c->learning;
    json_t *o =
        json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:I}",
                  "task", c->task, "tokens", tokens(s), "vocabulary", symbols(s->model->vocabulary),
                  "train", counts(s, UNROLL_TRAIN), "valid", counts(s, UNROLL_VALID), "test",
                  counts(s, UNROLL_TEST), "cell", c->cell, "layers", (json_int_t)c->layers,
                  "hidden", (json_int_t)c->hidden, "batch", (json_int_t)s->task.train_B,
                  "seq_length", (json_int_t)s->task.train_T, "parameters",
                  (json_int_t)unroll_net_trainable(s->model->net), "bytes",
                  (json_int_t)unroll_session_bytes(s), "kernels", unroll_kernels_get()->name,
                  "threads", (json_int_t)(c->threads ? c->threads : unroll_cores()));
    if (s->pairs)
        unroll_json_set(&o, "source_vocabulary", symbols(s->model->source_vocabulary));
    if (l->steps)
        unroll_json_set(&o, "steps", json_integer((json_int_t)l->steps));
    else if (l->epochs > 0)
        unroll_json_set(&o, "epochs", json_real(l->epochs));
    if (l->seconds > 0)
        unroll_json_set(&o, "seconds", json_real(l->seconds));
    return out_json(o);
}

/* ---- a step as an object ---- */

/* What a step of training and a validation both have. */
static json_t *row_of(const train_call *t, const char *split, uint64_t step, double epoch,
                      double loss, double accuracy)
{
    const bool squared = t->training.session.task.squared;
    json_t *o = json_pack("{s:I, s:o, s:s, s:o}", "step", (json_int_t)step, "epoch",
                          out_json_real(epoch), "split", split, "loss", out_json_real(loss));
    unroll_json_set(&o, "bits_per_token", out_json_real(squared ? NAN : loss / log(2)));
    unroll_json_set(&o, "accuracy", out_json_real(accuracy));
    return o;
}

/* Whoever reads a stream wants a step when it is made. */
static void report_line(train_call *t, json_t *o)
{
    const unroll_status status = out_json(o);
    if (status != UNROLL_OK)
        train_print_fault(t);
    out_flush();
}

void train_report_step(train_call *t, const unroll_progress *p)
{
    json_t *o = row_of(t, "train", p->step, p->epoch, p->loss, p->accuracy);
    unroll_json_set(&o, "lr", out_json_real(p->lr));
    unroll_json_set(&o, "grad_norm", out_json_real(p->grad_norm));
    unroll_json_set(&o, "clip_scale", out_json_real(p->clip_scale));
    unroll_json_set(&o, "tokens_per_s", out_json_real(p->tokens_per_s));
    unroll_json_set(&o, "seconds", out_json_real(p->seconds));
    report_line(t, o);
}

void train_report_evaluation(train_call *t, const unroll_evaluation *e)
{
    json_t *o = row_of(t, "valid", e->step, e->epoch, e->loss, e->accuracy);
    unroll_json_set(&o, "best", json_boolean(e->best));
    report_line(t, o);
}

/* ---- at the end ---- */

/* Without gnuplot its data are there, and the training is whole. */
static void note_picture(train_call *t, unroll_status status)
{
    if (status == UNROLL_OK)
        return;
    train_print_fault(t);
    if (status != UNROLL_ENOINPUT)
        train_note_lost(t, status);
}

void train_draw_losses(train_call *t)
{
    const unroll_training *course = &t->training;
    const unroll_config *c = course->config;
    const unroll_task_row *row = course->row;
    const bool squared = course->session.task.squared;
    const bool shown = !c->quiet && isatty(STDERR_FILENO) && !c->json;
    char title[200], *plot = NULL;
    snprintf(title, sizeof title, "%s: %s %llux%llu, init %s", c->task, c->cell,
             (unsigned long long)c->layers, (unsigned long long)c->hidden, c->init);
    const unroll_status status =
        unroll_loss_plot(course->directory, title,
                         squared ? "mean squared error" : "loss (nats per target)",
                         row ? "baseline: remembers nothing" : NULL,
                         row ? row->baseline(course->value) : 0, shown ? &plot : NULL,
                         terminal_width(STDERR_FILENO) - 1, 20);
    note_picture(t, status);
    if (status == UNROLL_OK && plot)
        fputs(plot, stderr);
    unroll_free(plot);
}

void train_report_gradients(train_call *t)
{
    const unroll_training *course = &t->training;
    char variant[UNROLL_VARIANT_MAX];
    uint64_t records;
    const double spent = unroll_recorder_seconds(course->recorder, &records);
    train_print(t, "gradients recorded %llu times in %.2f s, %.2f%% of the run",
                (unsigned long long)records, spent, 100 * spent / fmax(course->seconds, spent));
    note_picture(t, unroll_gradient_steps_draw(course->directory,
                                               unroll_variant_text(course->config, variant),
                                               unroll_recorder_precision(course->recorder),
                                               course->session.task.squared));
}

/* What a task has beside: its own accuracy, at the end of training and of the test. */
static void add_task(const unroll_training *course, const unroll_evaluation *tested, json_t **o)
{
    const bool known = tested->targets > 0;
    const uint64_t solved = course->solved.step;
    unroll_json_set(o, "baseline", out_json_real(course->row->baseline(course->value)));
    unroll_json_set(o, "chance", out_json_real(course->row->chance(course->value)));
    unroll_json_set(o, "recent", out_json_real(unroll_solved_mean(&course->solved)));
    unroll_json_set(o, "test_loss", out_json_real(known ? tested->loss : NAN));
    unroll_json_set(o, "accuracy", out_json_real(known ? tested->accuracy : NAN));
    unroll_json_set(o, "recall_loss", out_json_real(known ? tested->recall_loss : NAN));
    unroll_json_set(o, "recall_accuracy", out_json_real(known ? tested->recall_accuracy : NAN));
    unroll_json_set(o, "steps_to_solve", solved ? json_integer((json_int_t)solved) : json_null());
}

unroll_status train_report_json(const train_call *t, const unroll_evaluation *tested,
                                enum unroll_stop why)
{
    const unroll_training *course = &t->training;
    const double recent = unroll_training_recent_loss(course);
    const double best = course->has_valid ? course->valid_loss : NAN;
    const double loss = course->has_valid ? best : recent;
    const double rate = unroll_trainer_median_rate(course->trainer);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    json_t *o =
        json_pack("{s:I, s:o, s:o, s:o, s:o, s:f, s:I, s:f, s:s}", "steps",
                  (json_int_t)unroll_trainer_steps(course->trainer), "loss", out_json_real(recent),
                  "valid_loss", out_json_real(best), "bits_per_token",
                  out_json_real(course->session.task.squared ? NAN : loss / log(2)), "tokens_per_s",
                  out_json_real(rate > 0 ? rate : NAN), "seconds", course->seconds, "parameters",
                  (json_int_t)unroll_net_trainable(course->session.model->net), "peak_rss_mb",
                  (double)usage.ru_maxrss / 1024, "stopped_by", unroll_stop_name(why));
    if (course->row)
        add_task(course, tested, &o);
    return out_json(o);
}

void train_report_text(const train_call *t, const unroll_evaluation *tested)
{
    const unroll_training *course = &t->training;
    char took[UNROLL_NUMBER_MAX], rate[UNROLL_NUMBER_MAX];
    const unsigned long long steps = unroll_trainer_steps(course->trainer);
    const unsigned long long now = steps - t->first_step;
    out_printf("%llu step%s", steps, steps == 1 ? "" : "s");
    if (course->recent_count == 0)
        out_text(", none of them now");
    else if (t->first_step)
        out_printf(", %llu of them now", now);
    if (course->recent_count)
        out_printf(" in %s, %s %s/s", unroll_display_duration(took, course->seconds),
                   unroll_display_short(rate, unroll_trainer_median_rate(course->trainer)),
                   train_token_word(t));
    if (course->has_valid)
        out_printf("; best validation loss %.4g %s", course->valid_loss, train_unit(t));
    else if (course->recent_count)
        out_printf("; training loss %.4g %s", unroll_training_recent_loss(course), train_unit(t));
    if (tested->targets > 0)
        out_printf("; test loss %.4g, accuracy %.4g", tested->loss, tested->accuracy);
    if (tested->recalled < tested->targets)
        out_printf("; of the targets that need memory alone: loss %.4g, accuracy %.4g",
                   tested->recall_loss, tested->recall_accuracy);
    if (course->solved.step)
        out_printf("; solved at step %llu", (unsigned long long)course->solved.step);
    out_text("\n");
    if (unroll_run_has_model(course->run)) {
        out_shown(course->directory);
        out_text("/model.safetensors\n");
    }
}
