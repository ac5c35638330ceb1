/* unroll train: from options and a text to a run directory. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/output.h"
#include "base/parallel.h"
#include "cli/cli.h"
#include "cli/generate.h"
#include "cli/out.h"
#include "cli/record.h"
#include "cli/session.h"
#include "cli/terminal.h"
#include "cli/translations.h"
#include "math/kernels.h"
#include "report/curves.h"
#include "report/gradient_plots.h"
#include "store/options.h"
#include "store/run.h"
#include "task/solved.h"
#include "train/config.h"

/* Training, while it runs. */
typedef struct training {
    cli_call *call;
    unroll_config *config;
    session session;
    unroll_run *run;
    unroll_trainer *trainer;
    generator *generator;        /* these two: NULL where samples make no sense */
    translations *translations;
    recorder *recorder;          /* NULL without --grad-every */
    terminal_progress progress;
    char *directory;
    bool save_due, has_valid, saved_model;
    uint64_t skipped;
    double start, valid_loss;
    const unroll_task_row *row;  /* of a synthetic task, or NULL */
    double value[UNROLL_TASK_KEYS];
    unroll_solved solved;
    double recent[20];           /* the last steps' losses */
    size_t recent_count;
} training;

/* ---- signals: the step ends, saves, and the signal is raised again; a second one ends at once ---- */

static volatile sig_atomic_t caught;

static void catch_signal(int number)
{
    if (caught) {
        signal(number, SIG_DFL);
        raise(number);
    }
    caught = number;
}

static void catch_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct sigaction action = {.sa_handler = catch_signal};
        struct sigaction old;
        if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(numbers[i], &action, NULL);
    }
}

/* ---- what is said ---- */

static void say(training *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(training *t, const char *format, ...)
{
    char text[1024];
    va_list args;
    if (t->config->quiet)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    terminal_progress_clear(&t->progress);
    fprintf(stderr, "%s\n", text);
}

/* A fault that does not end the training: the message that was left. */
static void warn(training *t)
{
    terminal_progress_clear(&t->progress);
    cli_note(t->call, "%s", unroll_message());
}

static void note(void *arg, const char *text)
{
    training *t = arg;
    if (!t->config->quiet)
        cli_note(t->call, "%s", text);
}

static const char *unit(const training *t)
{
    return t->session.task.squared ? "squared error" : "nats";
}

static const char *token_word(const unroll_config *c)
{
    static const char *const words[] = {"bytes", "characters", "graphemes", "words"};
    return words[c->tokens];
}

/* Sentences, not tokens. */
static void say_pairs(training *t)
{
    const session *s = &t->session;
    char part[3][TERMINAL_NUMBER_MAX], number[4][TERMINAL_NUMBER_MAX];
    for (int i = 0; i < 3; i++)
        terminal_count(part[i], unroll_pairs_get_part(s->pairs, (enum unroll_split)i)->count);
    for (int side = 0; side < UNROLL_SIDES; side++)
        terminal_count(number[side], unroll_pairs_tokens(s->pairs, (enum unroll_side)side));
    terminal_count(number[2], unroll_vocabulary_size(s->model->source_vocabulary));
    terminal_count(number[3], unroll_vocabulary_size(s->model->vocabulary));
    char *name = terminal_escape_line(unroll_pairs_name(s->pairs),
                                      strlen(unroll_pairs_name(s->pairs)));
    say(t, "pairs     %s: train %s, validate %s, test %s", name ? name : "", part[0], part[1],
        part[2]);
    say(t, "          %s source and %s target %s, of %s and %s symbols; %.1f%% of a batch is padding",
        number[0], number[1], token_word(t->config), number[2], number[3],
        100 * unroll_task_translate_padding(&s->task));
    if (unroll_pairs_bad(s->pairs))
        say(t, "          %s bad lines are left out",
            terminal_count(number[0], unroll_pairs_bad(s->pairs)));
    unroll_free(name);
}

static void say_data(training *t)
{
    const session *s = &t->session;
    if (s->pairs) {
        say_pairs(t);
        return;
    }
    char all[TERMINAL_NUMBER_MAX], part[3][TERMINAL_NUMBER_MAX], symbols[TERMINAL_NUMBER_MAX];
    if (!s->corpus) {
        say(t, "task      %s: %s; baseline %.4g %s; accuracy: %s, chance %.3g", t->config->task,
            t->row->summary, t->row->baseline(t->value), unit(t), t->row->measure,
            t->row->chance(t->value));
        return;
    }
    for (int i = 0; i < 3; i++)
        terminal_count(part[i], unroll_corpus_part(s->corpus, (enum unroll_split)i)->count);
    char *name = terminal_escape_line(unroll_corpus_name(s->corpus),
                                      strlen(unroll_corpus_name(s->corpus)));
    say(t, "text      %s", name ? name : "");
    say(t, "          %s %s, %s symbols; train %s, validate %s, test %s",
        terminal_count(all, unroll_corpus_tokens(s->corpus)),
        token_word(t->config),
        terminal_count(symbols, unroll_vocabulary_size(s->model->vocabulary)), part[0], part[1],
        part[2]);
    unroll_free(name);
}

static void say_model(training *t)
{
    const unroll_config *c = t->config;
    const unroll_net *net = t->session.model->net;
    char count[TERMINAL_NUMBER_MAX], bytes[TERMINAL_NUMBER_MAX], bias[64] = "";
    const bool lstm = strcmp(c->cell, "lstm") == 0;
    char encoder[96] = "";
    if (t->session.pairs)
        snprintf(encoder, sizeof encoder, " encoder and decoder%s%s%s%s",
                 c->bidirectional ? ", bidirectional" : "",
                 c->reverse_source ? ", source reversed" : "",
                 strcmp(c->attention, "none") ? ", attention " : "",
                 strcmp(c->attention, "none") ? c->attention : "");
    if (c->chrono)
        snprintf(bias, sizeof bias, ", chrono gate biases");
    else if (!isnan(c->forget_bias) || lstm)
        snprintf(bias, sizeof bias, ", forget bias %g", isnan(c->forget_bias) ? 1 : c->forget_bias);
    say(t, "model     %s %llux%llu%s%s%s, %s parameters; init %s%s; about %s", c->cell,
        (unsigned long long)c->layers, (unsigned long long)c->hidden,
        strcmp(c->cell, "rnn") == 0 ? " " : "", strcmp(c->cell, "rnn") == 0 ? c->activation : "",
        encoder,
        terminal_count(count, unroll_net_trainable(net)), c->init, bias,
        terminal_bytes(bytes, session_bytes(&t->session)));
}

static void say_learning(training *t)
{
    const unroll_config *c = t->config;
    const unroll_learning *l = &c->learning;
    char bound[64], clip[96] = "no clipping";
    if (l->steps)
        snprintf(bound, sizeof bound, "%llu steps", (unsigned long long)l->steps);
    else if (l->epochs > 0)
        snprintf(bound, sizeof bound, "%g epochs", l->epochs);
    else
        snprintf(bound, sizeof bound, "%g s", l->seconds);
    if (l->clip_norm > 0 && l->clip_value > 0)
        snprintf(clip, sizeof clip, "clipped to value %g, then norm %g", l->clip_value,
                 l->clip_norm);
    else if (l->clip_norm > 0)
        snprintf(clip, sizeof clip, "clipped to norm %g", l->clip_norm);
    else if (l->clip_value > 0)
        snprintf(clip, sizeof clip, "clipped to value %g", l->clip_value);
    say(t, "learning  %s, rate %g %s; gradients %s", l->optimizer, l->lr, l->schedule, clip);
    const unroll_task *task = &t->session.task;
    say(t, "          %s of %zu sequences x %s%zu steps", bound, task->train_B,
        task->train_S ? "up to " : "", task->train_T);
    say(t, "machine   %s kernels, %zu threads", unroll_kernels_get()->name,
        l->threads ? l->threads : unroll_cores());
}

static void show_progress(training *t, const unroll_progress *p)
{
    char rate[TERMINAL_NUMBER_MAX], left[TERMINAL_NUMBER_MAX], end[32] = "", bits[32] = "";
    char horizon[48] = "", clip[48];
    const double spent = terminal_seconds() - t->start;
    double remaining = NAN;
    if (p->last_step > p->step && p->tokens_per_s > 0)
        remaining = (double)(p->last_step - p->step) * p->tokens / p->tokens_per_s;
    if (t->config->learning.seconds > 0)
        remaining = fmin(isnan(remaining) ? INFINITY : remaining,
                         fmax(0, t->config->learning.seconds - spent));
    snprintf(clip, sizeof clip, "clip %.0f%%", 100 * p->clipped_share);
    if (t->recorder && *recorder_horizon(t->recorder, horizon))
        snprintf(clip, sizeof clip, "%s", horizon); /* a narrow line has room for one of them */
    if (p->last_step)
        snprintf(end, sizeof end, "/%llu", (unsigned long long)p->last_step);
    if (!t->session.task.squared)
        snprintf(bits, sizeof bits, " (%.3f bits)", p->loss / log(2));
    if (t->row)
        snprintf(bits, sizeof bits, "  accuracy %.3f", p->accuracy);
    const char *when = isnan(remaining) ? "?" : terminal_duration(left, remaining);
    if (t->progress.redraw && terminal_width(STDERR_FILENO) < 120)
        terminal_progress_show(&t->progress, "step %llu%s  loss %.4f  |g| %.2g>%.2g  %s  %s/s  %s left",
                               (unsigned long long)p->step, end, p->loss, p->grad_norm,
                               p->grad_norm * p->clip_scale, clip,
                               terminal_short(rate, p->tokens_per_s), when);
    else
        terminal_progress_show(
            &t->progress, "step %llu%s  epoch %.2f  loss %.4f%s  |g| %.3g>%.3g  clipped %.0f%%  "
            "lr %.3g%s%s  %s/s  %s left", (unsigned long long)p->step, end, p->epoch, p->loss, bits,
            p->grad_norm, p->grad_norm * p->clip_scale, 100 * p->clipped_share, p->lr,
            *horizon ? "  " : "", horizon, terminal_short(rate, p->tokens_per_s), when);
}

/* ---- saving ---- */

static unroll_status save_checkpoint(training *t)
{
    t->save_due = false;
    if (!t->has_valid && unroll_run_save_model(t->run, t->session.model) != UNROLL_OK)
        warn(t);
    if (unroll_run_save_checkpoint(t->run, t->session.model, t->config, t->trainer,
                                   t->session.fingerprint) != UNROLL_OK)
        warn(t); /* the old one is still there, and the next interval tries again */
    return UNROLL_OK;
}

typedef struct text {
    char *data;
    size_t length, room;
} text;

static bool take_text(void *arg, const char *data, size_t length)
{
    text *x = arg;
    if (length > x->room - x->length) {
        char *more = unroll_realloc(x->data, 2 * (x->room + length), 1);
        if (!more)
            return false;
        x->data = more;
        x->room = 2 * (x->room + length);
    }
    memcpy(x->data + x->length, data, length);
    x->length += length;
    return true;
}

/* The file has all, the screen the longest. */
static unroll_status write_translations(training *t, uint64_t step)
{
    char *all;
    size_t length, last;
    UNROLL_TRY(translations_write(t->translations, &all, &length, &last));
    if (unroll_run_sample(t->run, step, all, length) != UNROLL_OK)
        warn(t);
    for (char *line = all + last, *end; (end = strchr(line, '\n')) > line; line = end + 1) {
        char *shown = terminal_escape_line(line, (size_t)(end - line));
        say(t, "  %s", shown ? shown : "");
        unroll_free(shown);
    }
    unroll_free(all);
    return UNROLL_OK;
}

static unroll_status write_sample(training *t, uint64_t step)
{
    enum { LENGTH = 500 };
    text x = {0};
    generated made;
    if (t->translations)
        return write_translations(t, step);
    generator_run(t->generator, LENGTH, take_text, &x, &made);
    if (x.data && unroll_run_sample(t->run, step, x.data, x.length) != UNROLL_OK)
        warn(t);
    unroll_free(x.data);
    return UNROLL_OK;
}

static bool has_samples(const training *t)
{
    return t->generator || t->translations;
}

/* ---- what the trainer tells ---- */

static unroll_status on_evaluated(void *arg, const unroll_evaluation *e)
{
    training *t = arg;
    if (unroll_run_evaluated(t->run, e) != UNROLL_OK)
        warn(t);
    if (e->split != UNROLL_VALID)
        return UNROLL_OK;
    t->has_valid = true;
    if (e->best) {
        t->valid_loss = e->loss;
        t->saved_model = unroll_run_save_model(t->run, t->session.model) == UNROLL_OK;
        if (!t->saved_model)
            warn(t);
    }
    if (t->config->save_every == 0)
        t->save_due = true;
    char accuracy[48] = "";
    if (t->row || t->session.pairs)
        snprintf(accuracy, sizeof accuracy, ", %saccuracy %.3f", t->row ? "" : "token ", e->accuracy);
    say(t, "step %llu: validation loss %.4f %s%s%s", (unsigned long long)e->step, e->loss, unit(t),
        accuracy, e->best ? ", the best so far" : "");
    return has_samples(t) && t->config->sample_every == 0 ? write_sample(t, e->step) : UNROLL_OK;
}

/* A record that cannot be taken or written is no reason to end a training. */
static void record(training *t, uint64_t step)
{
    if (recorder_take(t->recorder, step) != UNROLL_OK)
        warn(t);
}

static unroll_status on_step(void *arg, const unroll_progress *p)
{
    training *t = arg;
    const unroll_config *c = t->config;
    const bool last = p->step == p->last_step;
    t->recent[t->recent_count++ % 20] = p->loss;
    if (p->skipped) {
        t->skipped++;
        if (!t->config->quiet)
            warn(t);
    } else if (t->row && !c->resume) { /* what came before a resume is not known */
        unroll_solved_add(&t->solved, p->step, p->loss, p->accuracy);
        if (t->solved.step == p->step)
            say(t, "step %llu: solved (mean of the last %d updates)", (unsigned long long)p->step,
                UNROLL_SOLVED_UPDATES);
    }
    if (p->step % c->log_every == 0 || p->step == 1 || last)
        if (unroll_run_step(t->run, p) != UNROLL_OK)
            warn(t);
    if (t->recorder && p->step % c->grad_every == 0)
        record(t, p->step);
    if (t->progress.on && (last || terminal_progress_due(&t->progress)))
        show_progress(t, p);
    if (has_samples(t) && c->sample_every && p->step % c->sample_every == 0)
        UNROLL_TRY(write_sample(t, p->step));
    if (t->save_due || (c->save_every && p->step % c->save_every == 0))
        UNROLL_TRY(save_checkpoint(t));
    return UNROLL_OK;
}

static bool on_stop(void *arg)
{
    (void)arg;
    return caught != 0;
}

/* ---- the run directory ---- */

static bool taken(const char *path)
{
    struct stat s;
    return lstat(path, &s) == 0;
}

/* runs/CELL-LxH, with a number behind where that is taken. */
static unroll_status default_directory(training *t)
{
    const unroll_config *c = t->config;
    char name[160];
    size_t task = strcspn(c->task, ":");
    UNROLL_TRY(unroll_make_directory("runs"));
    for (unsigned i = 1; i < 10000; i++) {
        const int n = snprintf(name, sizeof name, "runs/%.*s-%s-%llux%llu", (int)task, c->task,
                               c->cell, (unsigned long long)c->layers,
                               (unsigned long long)c->hidden);
        if (i > 1)
            snprintf(name + n, sizeof name - (size_t)n, "-%u", i);
        if (!taken(name)) {
            t->directory = unroll_strndup(name, strlen(name));
            return t->directory ? UNROLL_OK : UNROLL_EMEMORY;
        }
    }
    return unroll_fail(UNROLL_ECREATE, "runs/ is full of runs of this kind; give --out");
}

static unroll_status open_run(training *t)
{
    const unroll_config *c = t->config;
    const char *given = c->resume ? c->resume : c->out;
    if (given) {
        t->directory = unroll_strndup(given, strlen(given));
        if (!t->directory)
            return UNROLL_EMEMORY;
    } else {
        UNROLL_TRY(default_directory(t));
    }
    return unroll_run_open(t->directory,
                           c->resume ? UNROLL_RUN_RESUME : c->force ? UNROLL_RUN_FORCE
                                                                     : UNROLL_RUN_NEW,
                           &t->run);
}

/* The run's own options, then what was given anew; another value of what matters is refused. */
static unroll_status resume_options(training *t, const unroll_checkpoint *checkpoint)
{
    cli_call *call = t->call;
    unroll_config *asked = t->config, *run;
    UNROLL_TRY(unroll_config_new(&run));
    unroll_status status = unroll_checkpoint_options(checkpoint, run);
    char *resume = unroll_strndup(asked->resume, strlen(asked->resume));
    if (!resume)
        status = UNROLL_EMEMORY;
    if (status == UNROLL_OK)
        status = unroll_options_copy(run, asked);
    for (size_t i = 0; status == UNROLL_OK && i < call->given_count; i++)
        status = unroll_option_set(call->given[i].option, call->given[i].base, asked,
                                   call->given[i].text);
    if (status == UNROLL_OK) {
        unroll_free(asked->resume);
        asked->resume = resume;
        resume = NULL;
        unroll_config_sync(asked);
        unroll_config_bounds(asked, cli_was_given(call, "steps") != CLI_NOT_GIVEN,
                             cli_was_given(call, "epochs") != CLI_NOT_GIVEN,
                             cli_was_given(call, "time") != CLI_NOT_GIVEN);
        status = unroll_options_same(run, asked);
    }
    unroll_free(resume);
    unroll_config_free(run);
    return status;
}

/* ---- the course of a run ---- */

static unroll_status prepare(training *t, unroll_checkpoint *checkpoint)
{
    cli_call *call = t->call;
    const bool resume = t->config->resume != NULL;
    t->session.config = t->config;
    t->session.user_T = resume || cli_was_given(call, "seq-length") != CLI_NOT_GIVEN;
    t->session.user_B = resume || cli_was_given(call, "batch") != CLI_NOT_GIVEN;
    t->session.own_tokens = !resume && cli_was_given(call, "tokens") == CLI_NOT_GIVEN;
    UNROLL_TRY(session_open(&t->session, call->arguments, call->count, resume ? checkpoint : NULL,
                            note, t));
    if (!t->session.corpus && !t->session.pairs) {
        UNROLL_TRY(unroll_task_parse(t->config->task, &t->row, t->value));
        unroll_solved_start(&t->solved, t->row);
    }
    const unroll_callbacks callbacks = {t, on_step, on_evaluated, on_stop};
    UNROLL_TRY(unroll_trainer_new(t->session.model->net, &t->session.task, &t->config->learning,
                                  &callbacks, &t->trainer));
    if (resume) {
        UNROLL_TRY(unroll_checkpoint_restore(checkpoint, t->trainer));
        t->valid_loss = unroll_trainer_best_loss(t->trainer);
        t->has_valid = isfinite(t->valid_loss);
    }
    say_data(t);
    say_model(t);
    say_learning(t);
    return UNROLL_OK;
}

static unroll_status begin(training *t)
{
    const unroll_choice choice = {.temperature = 0.8};
    if (t->session.pairs)
        UNROLL_TRY(translations_new(&t->session, &t->translations));
    else if (t->session.model->vocabulary)
        UNROLL_TRY(generator_new(t->session.model->net, t->session.model->vocabulary,
                                 t->config->lines, &choice, t->config->seed, &t->generator));
    UNROLL_TRY(unroll_run_config(t->run, t->config));
    UNROLL_TRY(unroll_run_metrics(t->run, unroll_trainer_steps(t->trainer),
                                  !t->session.task.squared));
    const uint64_t done = unroll_trainer_steps(t->trainer);
    if (t->config->grad_every) {
        UNROLL_TRY(recorder_new(&t->session, t->run, done, t->config->learning.threads,
                                &t->recorder));
        if (done == 0)
            record(t, 0);
    }
    char *shown = terminal_escape_line(t->directory, strlen(t->directory));
    if (t->config->resume)
        say(t, "run       %s, from step %llu", shown ? shown : "",
            (unsigned long long)unroll_trainer_steps(t->trainer));
    else
        say(t, "run       %s", shown ? shown : "");
    unroll_free(shown);
    return UNROLL_OK;
}

/* The best weights on the test part, where there is one. */
static unroll_status test(training *t, unroll_evaluation *e)
{
    const session *s = &t->session;
    *e = (unroll_evaluation){0};
    if ((s->corpus && unroll_corpus_part(s->corpus, UNROLL_TEST)->count == 0) ||
        (s->pairs && unroll_pairs_get_part(s->pairs, UNROLL_TEST)->count == 0))
        return UNROLL_OK;
    if (t->has_valid) {
        unroll_model *best;
        UNROLL_TRY(unroll_model_load(t->directory, &best));
        const unroll_status status = unroll_model_copy_weights(best, s->model);
        unroll_model_free(best);
        UNROLL_TRY(status);
        unroll_net_pack(s->model->net, 1);
    }
    UNROLL_TRY(unroll_trainer_evaluate(t->trainer, UNROLL_TEST, e));
    return unroll_run_evaluated(t->run, e);
}

static void draw(training *t)
{
    char *plot = NULL;
    const bool shown = !t->config->quiet && isatty(STDERR_FILENO) && !t->config->json;
    char title[200];
    snprintf(title, sizeof title, "%s: %s %llux%llu, init %s", t->config->task, t->config->cell,
             (unsigned long long)t->config->layers, (unsigned long long)t->config->hidden,
             t->config->init);
    const unroll_status status =
        unroll_report_loss(t->directory, title,
                           t->session.task.squared ? "mean squared error" : "loss (nats per target)",
                           t->row ? "baseline: remembers nothing" : NULL,
                           t->row ? t->row->baseline(t->value) : 0, shown ? &plot : NULL,
                           terminal_width(STDERR_FILENO) - 1, 20);
    if (status != UNROLL_OK)
        warn(t);
    else if (plot)
        fputs(plot, stderr);
    unroll_free(plot);
}

/* How the curve moved, and what it cost to see it. */
static void tell_gradients(training *t, double seconds)
{
    char variant[UNROLL_VARIANT_MAX];
    uint64_t records;
    const double spent = recorder_seconds(t->recorder, &records);
    say(t, "gradients recorded %llu times in %.2f s, %.2f%% of the run",
        (unsigned long long)records, spent, 100 * spent / fmax(seconds, spent));
    if (unroll_report_gradient_steps(t->directory, unroll_variant_text(t->config, variant)) !=
        UNROLL_OK)
        warn(t);
}

static double recent_loss(const training *t)
{
    const size_t n = t->recent_count < 20 ? t->recent_count : 20;
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += t->recent[i];
    return n ? sum / (double)n : NAN;
}

/* What a task has beside: its own accuracy, at the end of training and on the test targets. */
static void tell_task(const training *t, const unroll_evaluation *tested, json_t *o)
{
    const bool known = tested->targets > 0;
    json_object_set_new(o, "baseline", out_json_real(t->row->baseline(t->value)));
    json_object_set_new(o, "chance", out_json_real(t->row->chance(t->value)));
    json_object_set_new(o, "recent", out_json_real(unroll_solved_mean(&t->solved)));
    json_object_set_new(o, "test_loss", out_json_real(known ? tested->loss : NAN));
    json_object_set_new(o, "accuracy", out_json_real(known ? tested->accuracy : NAN));
    json_object_set_new(o, "steps_to_solve",
                        t->solved.step ? json_integer((json_int_t)t->solved.step) : json_null());
}

static unroll_status tell_json(const training *t, const unroll_evaluation *tested,
                               enum unroll_stop why, double seconds)
{
    const double best = t->has_valid ? t->valid_loss : NAN;
    const double loss = t->has_valid ? best : recent_loss(t);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    json_t *o = json_pack(
        "{s:I, s:o, s:o, s:o, s:o, s:f, s:I, s:f, s:s}", "steps",
        (json_int_t)unroll_trainer_steps(t->trainer), "loss", out_json_real(recent_loss(t)),
        "valid_loss", out_json_real(best), "bits_per_token",
        out_json_real(t->session.task.squared ? NAN : loss / log(2)), "tokens_per_s",
        out_json_real(unroll_trainer_median_rate(t->trainer)), "seconds", seconds, "parameters",
        (json_int_t)unroll_net_trainable(t->session.model->net), "peak_rss_mb",
        (double)usage.ru_maxrss / 1024, "stopped_by", unroll_stop_name(why));
    if (o && t->row)
        tell_task(t, tested, o);
    return out_json(o);
}

static void tell_text(const training *t, const unroll_evaluation *tested, double seconds)
{
    char took[TERMINAL_NUMBER_MAX], rate[TERMINAL_NUMBER_MAX];
    out_printf("%llu steps in %s, %s tokens/s", (unsigned long long)unroll_trainer_steps(t->trainer),
               terminal_duration(took, seconds),
               terminal_short(rate, unroll_trainer_median_rate(t->trainer)));
    if (t->has_valid)
        out_printf("; best validation loss %.4f %s", t->valid_loss, unit(t));
    else
        out_printf("; training loss %.4f %s", recent_loss(t), unit(t));
    if (tested->targets > 0)
        out_printf("; test loss %.4f", tested->loss);
    if (tested->targets > 0)
        out_printf(", accuracy %.3f", tested->accuracy);
    if (t->solved.step)
        out_printf("; solved at step %llu", (unsigned long long)t->solved.step);
    out_printf("\n%s/model.safetensors\n", t->directory);
}

static unroll_status finish(training *t, enum unroll_stop why)
{
    const double seconds = terminal_seconds() - t->start;
    unroll_evaluation tested = {0};
    terminal_progress_end(&t->progress);
    save_checkpoint(t);
    if (why == UNROLL_STOP_INTERRUPTED) {
        say(t, "stopped by a signal; 'unroll train --resume %s' goes on", t->directory);
        return UNROLL_OK;
    }
    if (test(t, &tested) != UNROLL_OK)
        warn(t);
    draw(t);
    if (t->recorder)
        tell_gradients(t, seconds);
    if (t->config->json)
        return tell_json(t, &tested, why, seconds);
    tell_text(t, &tested, seconds);
    return UNROLL_OK;
}

static unroll_status train(training *t)
{
    enum unroll_stop why;
    catch_signals();
    terminal_progress_start(&t->progress, t->config->quiet, 10);
    t->start = terminal_seconds();
    const unroll_status status = unroll_trainer_run(t->trainer, &why);
    if (status == UNROLL_OK)
        return finish(t, why);
    terminal_progress_end(&t->progress);
    if (t->config->json && status == UNROLL_ENUMERIC) {
        UNROLL_TRY(tell_json(t, &(unroll_evaluation){0}, why, terminal_seconds() - t->start));
        out_flush();
        return unroll_fail_prefix(status, "diverged: ");
    }
    return status;
}

static unroll_status run_training(training *t)
{
    unroll_checkpoint checkpoint = {0};
    const bool dry = t->config->dry_run;
    unroll_status status = UNROLL_OK;
    if (!dry)
        status = open_run(t);
    if (status == UNROLL_OK && t->config->resume)
        status = unroll_checkpoint_find(t->config->resume, note, t, &checkpoint);
    if (status == UNROLL_OK && t->config->resume)
        status = resume_options(t, &checkpoint);
    if (status == UNROLL_OK)
        status = prepare(t, &checkpoint);
    unroll_checkpoint_free(&checkpoint);
    if (status == UNROLL_OK && !dry)
        status = begin(t);
    if (status == UNROLL_OK && !dry)
        status = train(t);
    return status;
}

static unroll_status train_run(cli_call *call)
{
    training t = {.call = call, .config = call->options, .valid_loss = INFINITY};
    unroll_config_sync(t.config);
    unroll_config_bounds(t.config, cli_was_given(call, "steps") != CLI_NOT_GIVEN,
                         cli_was_given(call, "epochs") != CLI_NOT_GIVEN,
                         cli_was_given(call, "time") != CLI_NOT_GIVEN);
    /* a resumed run's options are not known yet; the session checks them */
    unroll_status status = t.config->resume ? UNROLL_OK : unroll_config_check(t.config);
    if (status == UNROLL_OK)
        status = run_training(&t);
    generator_free(t.generator);
    translations_free(t.translations);
    unroll_trainer_free(t.trainer);
    const unroll_status recorded = recorder_free(t.recorder);
    session_close(&t.session);
    unroll_status closed = unroll_run_close(t.run);
    closed = closed == UNROLL_OK ? recorded : closed;
    unroll_free(t.directory);
    if (caught) {
        out_finish();
        signal(caught, SIG_DFL);
        raise(caught);
    }
    return status != UNROLL_OK ? status : closed;
}

const cli_command cli_train = {
    .name = "train",
    .arguments = "[FILE...]",
    .summary = "train a model on a text or a task",
    .description =
        "Trains one model and writes a run directory: config.json, model.safetensors (the best weights "
        "by validation loss), checkpoints, metrics.csv, samples and plots. Without FILE it trains on "
        "the English text that ships with unroll. FILE may be -, a FIFO or gzip; several are joined "
        "in order. The vocabulary is that of the whole text, validation and test shares included.\n\n"
        "With --task translate, FILE has a pair a line: source, tab, target; what is held out is decided "
        "by the source, and vocabularies are those of the training pairs. Without FILE, or with "
        "--task toy-translation:KEYS or numbers:KEYS, it makes its pairs itself.\n\n"
        "Interrupt it at any time: it finishes the step, saves, and --resume goes on to the same "
        "bytes as if it had never stopped.",
    .lists = unroll_config_lists,
    .options_size = sizeof(unroll_config),
    .max_arguments = SIZE_MAX,
    .conflicts = (const char *const[][2]){{"steps", "epochs"}, {"resume", "out"},
                                          {"resume", "force"}, {"resume", "init-from"},
                                          {NULL, NULL}},
    .examples = (const cli_example[]){
        {"unroll train", "an LSTM on the shipped text"},
        {"unroll train --cell gru --hidden 512 --time 10m book.txt", "ten minutes on a book"},
        {"unroll train --task copy:delay=50 --cell rnn --steps 2000", "a memory task"},
        {"unroll train --task translate --tokens word --embedding 64 pairs.tsv", "a translation"},
        {"unroll train --resume runs/char-lstm-2x128 --epochs 20", "go on where a run stopped"},
        {NULL, NULL}},
    .run = train_run,
};
