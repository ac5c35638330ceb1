#ifndef UNROLL_CLI_TRAINING_H
#define UNROLL_CLI_TRAINING_H
#include <jansson.h>

#include "cli/cli.h"
#include "decode/text_generator.h"
#include "session/recorder.h"
#include "session/session.h"
#include "cli/terminal.h"
#include "decode/sample_translations.h"
#include "store/run.h"
#include "task/solved.h"
#include "config/config.h"

/* Training, while it runs. */
typedef struct training {
    cli_call *call;
    unroll_config *config;
    unroll_session session;
    unroll_run *run;
    unroll_trainer *trainer;
    unroll_text_generator *generator;        /* these two: NULL where samples make no sense */
    unroll_sample_translations *translations;
    unroll_recorder *recorder;          /* NULL without --grad-every */
    terminal_progress progress;
    char *directory;
    bool save_due, has_valid;
    bool has_best;               /* the best weights are of this process */
    uint64_t skipped;
    double start, valid_loss;
    const unroll_task_row *row;  /* of a synthetic task, or NULL */
    double value[UNROLL_TASK_KEYS];
    unroll_solved solved;
    double recent[20];           /* the last steps' losses */
    size_t recent_count;
} training;

/* ---- training_said.c: what is said of it, on standard error but for the results ---- */

/** A line, unless --quiet. */
void training_say(training *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** A fault that does not end the training: the message that was left. */
void training_warn(training *t);
/** A note of a reader's, unless --quiet. @param arg  the training */
void training_note(void *arg, const char *text);
/** What losses are counted in. */
const char *training_unit(const training *t);
void training_say_data(training *t);
void training_say_model(training *t);
void training_say_learning(training *t);
/** By a signal. @param saved  so that it can be resumed */
void training_say_stopped(training *t, bool saved);
/** The plan of a dry run, one object; as text, the lines above are the result. */
unroll_status training_tell_plan(const training *t);
void training_show_progress(training *t, const unroll_progress *p);
/** The plot of losses, and on a terminal the same in text. */
void training_draw(training *t);
/** How the gradient's curve moved, and what it cost to see it. */
void training_tell_gradients(training *t, double seconds);
/** The results, one object. */
unroll_status training_tell_json(const training *t, const unroll_evaluation *tested,
                                 enum unroll_stop why, double seconds);
void training_tell_text(const training *t, const unroll_evaluation *tested, double seconds);
#endif
