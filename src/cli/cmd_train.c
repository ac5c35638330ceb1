/* unroll train: from options and a text to a run directory. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/display.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/rng.h"
#include "cli/out.h"
#include "cli/train_text.h"
#include "config/config.h"

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

static bool on_stop(void *arg)
{
    (void)arg;
    return caught != 0;
}

/* ---- samples ---- */

static bool collect_piece(void *arg, const char *data, size_t length)
{
    unroll_buffer *text = arg;
    unroll_buffer_add(text, data, length);
    return !text->failed;
}

static void save_sample(train_call *t, uint64_t step, const unroll_buffer *text)
{
    const unroll_status status =
        text->failed
            ? UNROLL_EMEMORY
            : unroll_run_sample(t->training.run, step, text->text ? text->text : "", text->length);
    if (status == UNROLL_OK)
        return;
    train_print_fault(t);
    train_note_lost(t, status);
}

/* The file has all, the screen the longest. */
static unroll_status write_translations(train_call *t, uint64_t step)
{
    unroll_buffer all = {0};
    size_t last;
    const unroll_status status = unroll_sample_translations_write(t->translations, &all, &last);
    if (status != UNROLL_OK) {
        unroll_free(all.text);
        return status;
    }
    save_sample(t, step, &all);
    const bool shows = train_shows_sample(t, step);
    for (char *line = all.text + last, *end; shows && (end = strchr(line, '\n')) > line;
         line = end + 1) {
        char *shown = unroll_display_escape_line(line, (size_t)(end - line));
        train_print(t, "  %s", shown ? shown : "");
        unroll_free(shown);
    }
    unroll_free(all.text);
    return UNROLL_OK;
}

static unroll_status write_sample(void *arg, uint64_t step)
{
    enum { LENGTH = 500 };
    train_call *t = arg;
    unroll_buffer text = {0};
    if (t->translations)
        return write_translations(t, step);
    /* by the step: a resumed run writes what one that never stopped does */
    unroll_text_generator_seed(t->generator, unroll_rng_hash(t->training.config->seed, step));
    unroll_text_generator_write(t->generator, LENGTH, collect_piece, &text, NULL);
    save_sample(t, step, &text);
    if (!text.failed && text.text && train_shows_sample(t, step))
        train_print_sample(t, text.text, text.length);
    unroll_free(text.text);
    return UNROLL_OK;
}

/* What writes samples, where the task has texts. */
static unroll_status make_sampler(train_call *t)
{
    const unroll_choice choice = {.size = sizeof choice, .temperature = 0.8};
    const unroll_session *s = &t->training.session;
    if (s->pairs)
        UNROLL_TRY(unroll_sample_translations_new(s, &t->translations));
    else if (s->model->vocabulary)
        UNROLL_TRY(unroll_text_generator_new(s->model, &choice, s->config->seed, &t->generator));
    else
        return UNROLL_OK;
    t->training.callbacks.sample = write_sample;
    return UNROLL_OK;
}

/* ---- options ---- */

static bool is_given(const cli_call *call, const char *name)
{
    return cli_was_given(call, name) != CLI_NOT_GIVEN;
}

static void settle_options(const cli_call *call, unroll_config *config)
{
    unroll_config_bounds(config, is_given(call, "steps"), is_given(call, "epochs"),
                         is_given(call, "time"));
}

/* On a resumed run's own options come those that were given now. */
static unroll_status set_given(void *arg, unroll_config *config)
{
    const cli_call *call = ((const train_call *)arg)->call;
    for (size_t i = 0; i < call->given_count; i++)
        UNROLL_TRY(unroll_option_set(call->given[i].option, call->given[i].base, config,
                                     call->given[i].text));
    settle_options(call, config);
    return UNROLL_OK;
}

static bool was_given(const void *arg, const unroll_option *option)
{
    const cli_call *call = arg;
    for (size_t i = 0; i < call->given_count; i++)
        if (call->given[i].option == option)
            return true;
    return false;
}

/* Of the command line alone: a file of options may serve several cells. */
static unroll_status check_given(train_call *t)
{
    const unroll_config *c = t->training.config;
    const bool drops = c->layers > 1 || (c->embedding && unroll_task_translates(c->task));
    UNROLL_TRY(unroll_config_check(c));
    for (size_t i = 0; i < t->call->given_count; i++)
        if (t->call->given[i].origin == CLI_LINE)
            UNROLL_TRY(unroll_config_check_used(c, t->call->given[i].option->name));
    if (c->dropout > 0 && !drops)
        train_print_note(t, "--dropout acts between layers; with --layers 1 it drops nothing");
    return UNROLL_OK;
}

/* ---- the command ---- */

static unroll_status finish(train_call *t, enum unroll_stop why)
{
    unroll_training *course = &t->training;
    unroll_evaluation tested;
    bool saved;
    train_note_lost(t, unroll_training_finish(course, why, &saved, &tested));
    if (why == UNROLL_STOP_INTERRUPTED) {
        train_print_stopped(t, saved);
        return UNROLL_OK;
    }
    if (course->recent_count == 0)
        train_print_note(t, "nothing was to be done: the run is at its end; give more --steps, --epochs, "
                            "--time or --patience");
    train_draw_losses(t);
    if (course->recorder)
        train_report_gradients(t);
    if (course->config->json)
        return train_report_json(t, &tested, why);
    train_report_text(t, &tested);
    return UNROLL_OK;
}

static unroll_status train(train_call *t)
{
    const unroll_config *config = t->training.config;
    enum unroll_stop why;
    UNROLL_TRY(make_sampler(t));
    UNROLL_TRY(unroll_training_begin(&t->training));
    train_print_run(t);
    catch_signals();
    train_progress_begin(t);
    const unroll_status status = unroll_training_proceed(&t->training, &why);
    terminal_progress_end(&t->progress);
    if (status == UNROLL_OK)
        return finish(t, why);
    if (config->json && status == UNROLL_ENUMERIC) {
        UNROLL_TRY(train_report_json(t, &(unroll_evaluation){0}, why));
        out_flush();
        return unroll_fail_prefix(status, "diverged");
    }
    return status;
}

static unroll_status open_and_train(train_call *t)
{
    const unroll_config *config = t->training.config;
    /* a resumed run's options are not known yet; the session checks them */
    if (!config->resume)
        UNROLL_TRY(check_given(t));
    UNROLL_TRY(unroll_training_open(&t->training, t->call->arguments, t->call->count));
    train_print_data(t);
    train_print_model(t);
    train_print_learning(t);
    if (!config->dry_run)
        return train(t);
    return config->json ? train_report_dry_run(t) : UNROLL_OK;
}

static unroll_status train_command(cli_call *call)
{
    train_call t = {.call = call,
                    .training = {.config = call->options,
                                 .session = {.was_given = was_given, .was_given_arg = call}}};
    t.training.callbacks = (unroll_training_callbacks){
        .arg = &t,
        .note = train_print_note,
        .fault = train_print_fault,
        .override = set_given,
        .skipped = train_print_skipped,
        .solved = train_print_solved,
        .step = train_print_progress,
        .evaluated = train_print_evaluation,
        .stop = on_stop,
    };
    settle_options(call, t.training.config);
    const unroll_status status = open_and_train(&t);
    unroll_text_generator_free(t.generator);
    unroll_sample_translations_free(t.translations);
    const unroll_status closed = unroll_training_close(&t.training);
    if (caught) {
        out_finish();
        signal(caught, SIG_DFL);
        raise(caught);
    }
    if (status == UNROLL_OK && closed == UNROLL_OK && t.lost != UNROLL_OK)
        return unroll_fail(t.lost, "%s", ""); /* it was told when it happened */
    return status != UNROLL_OK ? status : closed;
}

/* clang-format off */
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
        {"unroll train --resume runs/book-lstm-2x128 --epochs 20", "go on where a run stopped"},
        {NULL, NULL}},
    .execute = train_command,
};
/* clang-format on */
