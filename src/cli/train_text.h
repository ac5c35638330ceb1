#ifndef UNROLL_CLI_TRAIN_TEXT_H
#define UNROLL_CLI_TRAIN_TEXT_H
#include <unroll/generate.h>

#include "cli/cli.h"
#include "cli/terminal.h"
#include "decode/sample_translations.h"
#include "session/training.h"

/* What unroll train prints: before, while and after it runs; on standard error but for the results. */

/** One call of unroll train. */
typedef struct train_call {
    cli_call *call;
    unroll_training training;
    unroll_text_generator *generator; /* these two: NULL where samples make no sense */
    unroll_sample_translations *translations;
    terminal_progress progress;
    uint64_t first_step, last_step; /* of this process; last_step 0: not known */
    bool bounded;                   /* by steps or by time */
    double valid;                   /* the last validation loss; 0: none */
    uint64_t best_step;             /* of the lowest in this process; 0: none */
    double valid_shown, sample_shown; /* how far it was when a line was last printed; below 0: never */
    bool sample_is_due;               /* behind the line on a validation */
    unroll_status lost; /* the first failure that did not end it, but cost a sample, a picture or the test */
} train_call;

/** Something is lost; the training goes on, and its exit code tells. */
void train_note_lost(train_call *t, unroll_status status);

/** A line, unless --quiet; of a dry run to standard output. */
void train_print(train_call *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *train_unit(const train_call *t);       /**< what losses are counted in */
const char *train_token_word(const train_call *t); /**< "characters" */
void train_print_data(train_call *t);
void train_print_model(train_call *t);
void train_print_learning(train_call *t);
/** Where the run is kept, and from which step it goes on. */
void train_print_run(train_call *t);
/** By a signal. @param saved  so that it can be resumed */
void train_print_stopped(train_call *t, bool saved);

/** The trainer is there: the progress line begins. */
void train_progress_begin(train_call *t);
/** Is a sample of this step to be shown? Ask once a step. */
bool train_shows_sample(train_call *t, uint64_t step);
/** The beginning of what the model writes. */
void train_print_sample(train_call *t, const char *text, size_t length);
/** --json=lines: a step or a validation as an object, with the names of metrics.csv. */
void train_report_step(train_call *t, const unroll_progress *progress);
void train_report_evaluation(train_call *t, const unroll_evaluation *evaluation);

/* The callbacks of unroll_training; `arg` is the train_call. */
void train_print_note(void *arg, const char *text);
void train_print_fault(void *arg);
void train_print_skipped(void *arg, const unroll_progress *progress);
void train_print_solved(void *arg, uint64_t step);
void train_print_progress(void *arg, const unroll_progress *progress);
void train_print_evaluation(void *arg, const unroll_evaluation *evaluation);

/** What a dry run found, one JSON object; as text, the lines of train_print() are the result. */
unroll_status train_report_dry_run(const train_call *t);
/** The plot of losses, and on a terminal the same in text. */
void train_draw_losses(train_call *t);
/** How the gradient's curve moved, and what it cost to see it. */
void train_report_gradients(train_call *t);
/** The results, one JSON object. */
unroll_status train_report_json(const train_call *t, const unroll_evaluation *tested,
                                enum unroll_stop why);
/** The results as a line and the name of the model's file. */
void train_report_text(const train_call *t, const unroll_evaluation *tested);
#endif
