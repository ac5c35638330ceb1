#ifndef UNROLL_SESSION_TRAINING_H
#define UNROLL_SESSION_TRAINING_H
#include "session/recorder.h"
#include "session/session.h"
#include "store/run.h"
#include "task/solved.h"

/* The course of a training that leaves a run directory: data, model, trainer, log, checkpoints, the best
 * weights, records of gradients and the test at the end. It prints nothing and catches no signals: what
 * its owner shows goes through callbacks. */

/** What a training tells its owner. Each may be NULL; a status other than UNROLL_OK ends the training with
 *  it. */
typedef struct unroll_training_callbacks {
    void *arg;
    /** What the user should know: one line, no newline. */
    void (*note)(void *arg, const char *text);
    /** Something failed that does not end the training, such as a save that the next interval tries again;
     *  unroll_message() says what. */
    void (*fault)(void *arg);
    /** Resuming: `config` holds the run's options; set those again that are asked for now. */
    unroll_status (*override)(void *arg, unroll_config *config);
    /** A step's update was skipped, since values were not finite; unroll_message() says where. */
    void (*skipped)(void *arg, const unroll_progress *progress);
    /** A synthetic task was solved by this step; told once. */
    void (*solved)(void *arg, uint64_t step);
    /** After a step, its row of metrics.csv and its record of gradients, before its checkpoint. */
    void (*step)(void *arg, const unroll_progress *progress);
    /** After a validation and the saving of the best weights. */
    void (*evaluated)(void *arg, const unroll_evaluation *evaluation);
    /** Write a sample of what the model does now, as unroll_run_sample() for example. */
    unroll_status (*sample)(void *arg, uint64_t step);
    bool (*stop)(void *arg); /**< asked after every step: true ends the training as "interrupted" */
} unroll_training_callbacks;

enum { UNROLL_TRAINING_RECENT = 20 };

/** A training. Zero-initialise, set the first group and session.was_given; unroll_training_open() makes the
 *  rest, and unroll_training_close() frees it in any case. Read it freely, change only the first group. */
typedef struct unroll_training {
    unroll_config *config;               /**< the caller's */
    unroll_training_callbacks callbacks; /**< `sample` may be set until unroll_training_begin() */

    unroll_session session;
    char *directory; /**< the run's; NULL for a dry run */
    unroll_run *run;
    unroll_trainer *trainer;
    unroll_recorder *recorder;      /**< NULL without --grad-every */
    const unroll_task_row *row;     /**< of a synthetic task, else NULL */
    double value[UNROLL_TASK_KEYS]; /**< of its keys */
    unroll_solved solved;
    bool has_valid;                        /**< was it ever validated? */
    double valid_loss;                     /**< the best */
    double recent[UNROLL_TRAINING_RECENT]; /**< the last steps' losses, a ring */
    size_t recent_count;                   /**< steps of this process */
    double start;   /**< unroll_seconds() when unroll_training_proceed() began */
    double seconds; /**< that it took */
    bool save_due,
        best_is_ours; /* for itself: a checkpoint is due; the best weights are of this process */
} unroll_training;

/** Take hold of the run directory (by --out, --resume or a free name in runs/; none for a dry run), read the
 *  options and the state of a resumed run, open the data, and make model and trainer.
 *  @param files  as unroll_session_open()
 *  @return as unroll_run_open(), unroll_checkpoint_find(), unroll_session_open(), unroll_trainer_new();
 *          UNROLL_EMISMATCH naming an option of a resumed run that may not change */
unroll_status unroll_training_open(unroll_training *t, char *const *files, size_t count);

/** Begin the run's files: remove those of a run that --force replaces, write config.json, save a checkpoint of step 0,
 *  open metrics.csv and the records of gradients. @return UNROLL_ECREATE, UNROLL_EIO, UNROLL_EDATA, UNROLL_EMEMORY */
unroll_status unroll_training_begin(unroll_training *t);

/** Train until a bound is met, logging, validating and saving on the way.
 *  @return as unroll_trainer_train() */
unroll_status unroll_training_proceed(unroll_training *t, enum unroll_stop *why);

/** After UNROLL_OK of unroll_training_proceed(): save, and unless it was interrupted test the best weights.
 *  @param saved   can it be resumed from here?
 *  @param tested  the test's evaluation; its targets are 0 where there is no test part, or it failed
 *  @return what the test failed of, which `fault` is told, too */
unroll_status unroll_training_finish(unroll_training *t, enum unroll_stop why, bool *saved,
                                     unroll_evaluation *tested);

/** Mean loss of the last steps, at most UNROLL_TRAINING_RECENT; NAN before the first. */
double unroll_training_recent_loss(const unroll_training *t);

/** Free all and let the directory go. @return UNROLL_EIO where something is still owed to the disk */
unroll_status unroll_training_close(unroll_training *t);
#endif
