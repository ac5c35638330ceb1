/* unroll train: from options and a text to a run directory. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/display.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/output.h"
#include "cli/out.h"
#include "cli/training.h"
#include "config/options.h"

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

/* ---- saving ---- */

/* @return whether it is there; if not the old one still is, and the next interval tries again */
static bool save_checkpoint(training *t)
{
    t->save_due = false;
    if ((t->has_valid ? unroll_run_save_owed(t->run)
                      : unroll_run_save_model(t->run, t->session.model)) != UNROLL_OK)
        training_warn(t);
    if (unroll_run_save_checkpoint(t->run, t->session.model, t->config, t->trainer,
                                   t->session.fingerprint) == UNROLL_OK)
        return true;
    training_warn(t);
    return false;
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
    UNROLL_TRY(unroll_sample_translations_write(t->translations, &all, &length, &last));
    if (unroll_run_sample(t->run, step, all, length) != UNROLL_OK)
        training_warn(t);
    for (char *line = all + last, *end; (end = strchr(line, '\n')) > line; line = end + 1) {
        char *shown = unroll_display_escape_line(line, (size_t)(end - line));
        training_say(t, "  %s", shown ? shown : "");
        unroll_free(shown);
    }
    unroll_free(all);
    return UNROLL_OK;
}

static unroll_status write_sample(training *t, uint64_t step)
{
    enum { LENGTH = 500 };
    text x = {0};
    unroll_generated_text made;
    if (t->translations)
        return write_translations(t, step);
    unroll_text_generator_run(t->generator, LENGTH, take_text, &x, &made);
    if (x.data && unroll_run_sample(t->run, step, x.data, x.length) != UNROLL_OK)
        training_warn(t);
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
        training_warn(t);
    if (e->split != UNROLL_VALID)
        return UNROLL_OK;
    t->has_valid = true;
    t->save_due = t->save_due || t->config->save_every == 0;
    if (e->best) {
        t->valid_loss = e->loss;
        t->has_best = true;
        if (unroll_run_save_model(t->run, t->session.model) != UNROLL_OK && !t->save_due)
            training_warn(t); /* else the checkpoint's own try does */
    }
    char accuracy[48] = "";
    if (t->row || t->session.pairs)
        snprintf(accuracy, sizeof accuracy, ", %saccuracy %.3f", t->row ? "" : "token ", e->accuracy);
    training_say(t, "step %llu: validation loss %.4f %s%s%s", (unsigned long long)e->step, e->loss,
                 training_unit(t), accuracy, e->best ? ", the best so far" : "");
    return has_samples(t) && t->config->sample_every == 0 ? write_sample(t, e->step) : UNROLL_OK;
}

/* A record that cannot be taken or written is no reason to end a training. */
static void record(training *t, uint64_t step)
{
    if (unroll_recorder_take(t->recorder, step) != UNROLL_OK)
        training_warn(t);
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
            training_warn(t);
    } else if (t->row && !c->resume) { /* what came before a resume is not known */
        unroll_solved_add(&t->solved, p->step, p->loss, p->accuracy);
        if (t->solved.step == p->step)
            training_say(t, "step %llu: solved (mean of the last %d updates)",
                         (unsigned long long)p->step, UNROLL_SOLVED_UPDATES);
    }
    if (p->step % c->log_every == 0 || p->step == 1 || last)
        if (unroll_run_step(t->run, p) != UNROLL_OK)
            training_warn(t);
    if (t->recorder && p->step % c->grad_every == 0)
        record(t, p->step);
    if (t->progress.on && (last || terminal_progress_due(&t->progress)))
        training_show_progress(t, p);
    if (has_samples(t) && c->sample_every && p->step % c->sample_every == 0)
        UNROLL_TRY(write_sample(t, p->step));
    if (t->save_due || (c->save_every && p->step % c->save_every == 0))
        save_checkpoint(t);
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
        const int n = snprintf(name, sizeof name, "runs/%.*s-%.*s-%llux%llu", (int)task, c->task,
                               (int)strcspn(c->cell, ":"), c->cell, (unsigned long long)c->layers,
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

static bool given_to_call(const void *arg, const unroll_option *option)
{
    const cli_call *call = arg;
    for (size_t i = 0; i < call->given_count; i++)
        if (call->given[i].option == option)
            return true;
    return false;
}

static unroll_status prepare(training *t, unroll_checkpoint *checkpoint)
{
    cli_call *call = t->call;
    const bool resume = t->config->resume != NULL;
    t->session.config = t->config;
    t->session.was_given = given_to_call;
    t->session.was_given_arg = call;
    t->session.user_T = resume || cli_was_given(call, "seq-length") != CLI_NOT_GIVEN;
    t->session.user_B = resume || cli_was_given(call, "batch") != CLI_NOT_GIVEN;
    t->session.own_tokens = !resume && cli_was_given(call, "tokens") == CLI_NOT_GIVEN;
    UNROLL_TRY(unroll_session_open(&t->session, call->arguments, call->count, resume ? checkpoint : NULL,
                            training_note, t));
    if (!t->session.corpus && !t->session.pairs) {
        UNROLL_TRY(unroll_task_parse(t->config->task, &t->row, t->value));
        unroll_solved_start(&t->solved, t->row);
    }
    const unroll_callbacks callbacks = {t, on_step, on_evaluated, on_stop};
    const unroll_learning learning = unroll_config_learning(t->config);
    UNROLL_TRY(unroll_trainer_new(t->session.model->net, &t->session.task, &learning, &callbacks,
                                  &t->trainer));
    if (resume) {
        UNROLL_TRY(unroll_checkpoint_restore(checkpoint, t->trainer));
        t->valid_loss = unroll_trainer_best_loss(t->trainer);
        t->has_valid = isfinite(t->valid_loss);
    }
    training_say_data(t);
    training_say_model(t);
    training_say_learning(t);
    return UNROLL_OK;
}

static unroll_status begin(training *t)
{
    const unroll_choice choice = {.temperature = 0.8};
    if (t->session.pairs)
        UNROLL_TRY(unroll_sample_translations_new(&t->session, &t->translations));
    else if (t->session.model->vocabulary)
        UNROLL_TRY(unroll_text_generator_new(t->session.model->net, t->session.model->vocabulary,
                                 t->config->lines, &choice, t->config->seed, &t->generator));
    if (t->config->grad_every)
        UNROLL_TRY(unroll_recorder_new(&t->session, (size_t)t->config->threads, &t->recorder));
    if (t->config->force) /* the new run can be: now the old one may go */
        UNROLL_TRY(unroll_run_clear(t->run));
    UNROLL_TRY(unroll_run_config(t->run, t->config));
    const uint64_t done = unroll_trainer_steps(t->trainer);
    UNROLL_TRY(unroll_run_metrics(t->run, done, !t->session.task.squared));
    if (t->recorder) {
        UNROLL_TRY(unroll_recorder_open(t->recorder, t->run, done));
        if (done == 0)
            record(t, 0);
    }
    char *shown = unroll_display_escape_line(t->directory, strlen(t->directory));
    if (t->config->resume)
        training_say(t, "run       %s, from step %llu", shown ? shown : "",
                     (unsigned long long)unroll_trainer_steps(t->trainer));
    else
        training_say(t, "run       %s", shown ? shown : "");
    unroll_free(shown);
    return UNROLL_OK;
}

/* The best weights into the model. A loss of older ones must not stand beside the best validation
 * loss: those of an earlier process are measured, since it may have failed to save its last. */
static unroll_status load_best(training *t)
{
    unroll_evaluation e = {.loss = t->valid_loss};
    unroll_model *best;
    unroll_status status = UNROLL_EDATA;
    if (unroll_run_has_model(t->run)) {
        UNROLL_TRY(unroll_model_load(t->directory, &best));
        status = unroll_model_copy_weights(best, t->session.model);
        unroll_model_free(best);
        UNROLL_TRY(status);
        unroll_net_pack(t->session.model->net, 1);
        if (!t->has_best)
            UNROLL_TRY(unroll_trainer_evaluate(t->trainer, UNROLL_VALID, &e));
        /* other kernels round otherwise */
        if (fabs(e.loss - t->valid_loss) <= 1e-4 * fabs(t->valid_loss))
            return UNROLL_OK;
    }
    return unroll_fail(UNROLL_EDATA, "%s: holds no weights of the best validation, so none are "
                       "tested", t->directory);
}

/* The best weights on the test part, where there is one. */
static unroll_status test(training *t, unroll_evaluation *e)
{
    const unroll_session *s = &t->session;
    *e = (unroll_evaluation){0};
    if ((s->corpus && unroll_corpus_part(s->corpus, UNROLL_TEST)->count == 0) ||
        (s->pairs && unroll_pairs_get_part(s->pairs, UNROLL_TEST)->count == 0))
        return UNROLL_OK;
    if (t->has_valid)
        UNROLL_TRY(load_best(t));
    UNROLL_TRY(unroll_trainer_evaluate(t->trainer, UNROLL_TEST, e));
    return unroll_run_evaluated(t->run, e);
}

static unroll_status finish(training *t, enum unroll_stop why)
{
    const double seconds = unroll_seconds() - t->start;
    unroll_evaluation tested = {0};
    terminal_progress_end(&t->progress);
    const bool saved = save_checkpoint(t);
    if (why == UNROLL_STOP_INTERRUPTED) {
        training_say_stopped(t, saved);
        return UNROLL_OK;
    }
    if (test(t, &tested) != UNROLL_OK)
        training_warn(t);
    if (t->recent_count == 0)
        training_note(t, "nothing was to be done: the run is at its end; give more --steps, --epochs, "
                      "--time or --patience");
    training_draw(t);
    if (t->recorder)
        training_tell_gradients(t, seconds);
    if (t->config->json)
        return training_tell_json(t, &tested, why, seconds);
    training_tell_text(t, &tested, seconds);
    return UNROLL_OK;
}

static unroll_status train(training *t)
{
    enum unroll_stop why;
    catch_signals();
    terminal_progress_start(&t->progress, t->config->quiet, 10);
    t->start = unroll_seconds();
    const unroll_status status = unroll_trainer_run(t->trainer, &why);
    if (status == UNROLL_OK)
        return finish(t, why);
    terminal_progress_end(&t->progress);
    if (t->config->json && status == UNROLL_ENUMERIC) {
        UNROLL_TRY(training_tell_json(t, &(unroll_evaluation){0}, why, unroll_seconds() - t->start));
        out_flush();
        return unroll_fail_prefix(status, "diverged");
    }
    return status;
}

/* An empty name, as an unset variable of a shell's gives, is not the default. */
static unroll_status check_names(const cli_call *call)
{
    static const char *const names[] = {"resume", "out", "init-from", "valid", "test"};
    for (size_t i = 0; i < call->given_count; i++)
        for (size_t k = 0; k < sizeof names / sizeof *names; k++)
            if (call->given[i].source == CLI_LINE && !*call->given[i].text &&
                strcmp(call->given[i].option->name, names[k]) == 0)
                return unroll_fail(UNROLL_EUSAGE, "--%s: '' is no name; give %s", names[k],
                                   call->given[i].option->meta);
    return UNROLL_OK;
}

static unroll_status run_training(training *t)
{
    unroll_checkpoint checkpoint = {0};
    const bool dry = t->config->dry_run;
    unroll_status status = check_names(t->call);
    if (status == UNROLL_OK && !dry)
        status = open_run(t);
    if (status == UNROLL_OK && t->config->resume)
        status = unroll_checkpoint_find(t->config->resume, training_note, t, &checkpoint);
    if (status == UNROLL_OK && t->config->resume)
        status = resume_options(t, &checkpoint);
    if (status == UNROLL_OK)
        status = prepare(t, &checkpoint);
    unroll_checkpoint_free(&checkpoint);
    if (status == UNROLL_OK && dry && t->config->json)
        status = training_tell_plan(t);
    if (status == UNROLL_OK && !dry)
        status = begin(t);
    if (status == UNROLL_OK && !dry)
        status = train(t);
    return status;
}

/* Of the command line alone: a file of options may serve several cells. */
static unroll_status check_given(training *t)
{
    const unroll_config *c = t->config;
    const bool drops = c->layers > 1 || (c->embedding && unroll_task_translates(c->task));
    UNROLL_TRY(unroll_config_check(c));
    for (size_t i = 0; i < t->call->given_count; i++)
        if (t->call->given[i].source == CLI_LINE)
            UNROLL_TRY(unroll_config_check_used(c, t->call->given[i].option->name));
    if (c->dropout > 0 && !drops)
        training_note(t, "--dropout acts between layers; with --layers 1 it drops nothing");
    return UNROLL_OK;
}

static unroll_status train_run(cli_call *call)
{
    training t = {.call = call, .config = call->options, .valid_loss = INFINITY};
    unroll_config_bounds(t.config, cli_was_given(call, "steps") != CLI_NOT_GIVEN,
                         cli_was_given(call, "epochs") != CLI_NOT_GIVEN,
                         cli_was_given(call, "time") != CLI_NOT_GIVEN);
    /* a resumed run's options are not known yet; the session checks them */
    unroll_status status = t.config->resume ? UNROLL_OK : check_given(&t);
    if (status == UNROLL_OK)
        status = run_training(&t);
    unroll_text_generator_free(t.generator);
    unroll_sample_translations_free(t.translations);
    unroll_trainer_free(t.trainer);
    const unroll_status recorded = unroll_recorder_free(t.recorder);
    unroll_session_close(&t.session);
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
