#include "session/training.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/fail.h"
#include "base/memory.h"
#include "config/config.h"
#include "config/options.h"
#include "store/run_name.h"

static void report_fault(const unroll_training *t)
{
    if (t->callbacks.fault)
        t->callbacks.fault(t->callbacks.arg);
}

/* ---- opening ---- */

/* @param text  the first file; NULL: none is given */
static unroll_status open_directory(unroll_training *t, const char *text)
{
    const unroll_config *c = t->config;
    const char *given = c->resume ? c->resume : c->out;
    if (given)
        t->directory = unroll_strndup(given, strlen(given));
    else
        UNROLL_TRY(unroll_run_free_name(c, text, &t->directory));
    if (!t->directory)
        return UNROLL_EMEMORY;
    return unroll_run_open(t->directory,
                           c->resume  ? UNROLL_RUN_RESUME
                           : c->force ? UNROLL_RUN_FORCE
                                      : UNROLL_RUN_NEW,
                           &t->run);
}

/* `asked` becomes the options of the run with what is asked for now; the directory stays. */
static unroll_status merge_options(unroll_training *t, const unroll_config *run, unroll_config *asked)
{
    char *resume = unroll_strndup(asked->resume, strlen(asked->resume));
    unroll_status status = resume ? unroll_config_assign(run, asked) : UNROLL_EMEMORY;
    if (status == UNROLL_OK && t->callbacks.override)
        status = t->callbacks.override(t->callbacks.arg, asked);
    if (status == UNROLL_OK) {
        unroll_free(asked->resume);
        asked->resume = resume;
        resume = NULL;
    }
    unroll_free(resume);
    return status;
}

/* The run's own options, then what was given anew; another value of what matters is refused. */
static unroll_status resume_options(unroll_training *t, const unroll_checkpoint *checkpoint)
{
    unroll_config *run;
    UNROLL_TRY(unroll_config_new(&run));
    unroll_status status = unroll_checkpoint_options(checkpoint, run);
    if (status == UNROLL_OK)
        status = merge_options(t, run, t->config);
    if (status == UNROLL_OK)
        status = unroll_options_same(run, t->config);
    unroll_config_free(run);
    return status;
}

/* ---- what the trainer tells ---- */

/* All that is needed to go on from here, and the rows that a resumed run keeps.
 * @return whether it is there; if not the old one still is, and the next interval tries again */
static bool save_state(unroll_training *t)
{
    if (unroll_run_sync(t->run) != UNROLL_OK)
        report_fault(t);
    if (t->recorder && unroll_recorder_sync(t->recorder) != UNROLL_OK)
        report_fault(t);
    if (unroll_run_save_checkpoint(t->run, t->session.model, t->config, t->trainer,
                                   t->session.fingerprint) == UNROLL_OK)
        return true;
    report_fault(t);
    return false;
}

/* No checkpoint knows of a best validation whose weights are not in their file: from an older one a resumed run
 * comes to them again. */
static bool save_checkpoint(unroll_training *t)
{
    t->save_due = false;
    if ((t->has_valid ? unroll_run_save_owed(t->run)
                      : unroll_run_save_model(t->run, t->session.model)) == UNROLL_OK)
        return save_state(t);
    report_fault(t);
    return !t->has_valid && save_state(t);
}

/* A record that cannot be taken or written is no reason to end a training. */
static void record_gradients(unroll_training *t, uint64_t step)
{
    if (unroll_recorder_take(t->recorder, step) != UNROLL_OK)
        report_fault(t);
}

static unroll_status on_evaluated(void *arg, const unroll_evaluation *e)
{
    unroll_training *t = arg;
    const unroll_training_callbacks *call = &t->callbacks;
    if (unroll_run_evaluated(t->run, e) != UNROLL_OK)
        report_fault(t);
    if (e->split != UNROLL_VALID)
        return UNROLL_OK;
    t->has_valid = true;
    t->save_due = t->save_due || t->config->save_every == 0;
    if (e->best) {
        t->valid_loss = e->loss;
        t->best_is_ours = true;
        if (unroll_run_save_model(t->run, t->session.model) != UNROLL_OK && !t->save_due)
            report_fault(t); /* else the checkpoint's own try does */
    }
    if (call->evaluated)
        call->evaluated(call->arg, e);
    if (call->sample && t->config->sample_every == 0)
        return call->sample(call->arg, e->step);
    return UNROLL_OK;
}

static void count_solved(unroll_training *t, const unroll_progress *p)
{
    unroll_solved_add(&t->solved, p->step, p->loss, p->accuracy);
    if (t->solved.step == p->step && t->callbacks.solved)
        t->callbacks.solved(t->callbacks.arg, p->step);
}

static unroll_status on_step(void *arg, const unroll_progress *p)
{
    unroll_training *t = arg;
    const unroll_training_callbacks *call = &t->callbacks;
    const unroll_config *c = t->config;
    t->recent[t->recent_count++ % UNROLL_TRAINING_RECENT] = p->loss;
    if (p->skipped && call->skipped)
        call->skipped(call->arg, p);
    if (!p->skipped && t->row && !c->resume) /* what came before a resume is not known */
        count_solved(t, p);
    if (p->step % c->log_every == 0 || p->step == 1 || p->step == p->last_step)
        if (unroll_run_step(t->run, p) != UNROLL_OK)
            report_fault(t);
    if (t->recorder && p->step % c->grad_every == 0)
        record_gradients(t, p->step);
    if (call->step)
        call->step(call->arg, p);
    if (call->sample && c->sample_every && p->step % c->sample_every == 0)
        UNROLL_TRY(call->sample(call->arg, p->step));
    if (t->save_due || (c->save_every && p->step % c->save_every == 0))
        save_checkpoint(t);
    return UNROLL_OK;
}

static bool on_stop(void *arg)
{
    const unroll_training *t = arg;
    return t->callbacks.stop && t->callbacks.stop(t->callbacks.arg);
}

/* ---- the course ---- */

/* @param checkpoint  NULL, or where to go on */
static unroll_status open_session(unroll_training *t, char *const *files, size_t count,
                                  const unroll_checkpoint *checkpoint)
{
    unroll_session *s = &t->session;
    s->config = t->config;
    s->note = t->callbacks.note;
    s->note_arg = t->callbacks.arg;
    UNROLL_TRY(unroll_session_open(s, files, count, checkpoint));
    if (!s->corpus && !s->pairs) {
        UNROLL_TRY(unroll_task_parse(t->config->task, &t->row, t->value));
        unroll_solved_start(&t->solved, t->row);
    }
    const unroll_callbacks callbacks = {sizeof callbacks, t, on_step, on_evaluated, on_stop};
    const unroll_learning learning = unroll_config_learning(t->config);
    UNROLL_TRY(unroll_trainer_new(s->model->net, &s->task, &learning, &callbacks, &t->trainer));
    t->valid_loss = INFINITY;
    if (!checkpoint)
        return UNROLL_OK;
    UNROLL_TRY(unroll_checkpoint_restore(checkpoint, t->trainer));
    t->valid_loss = unroll_trainer_best_loss(t->trainer);
    t->has_valid = isfinite(t->valid_loss);
    return UNROLL_OK;
}

unroll_status unroll_training_open(unroll_training *t, char *const *files, size_t count)
{
    unroll_checkpoint checkpoint = {0};
    unroll_status status =
        t->config->dry_run ? UNROLL_OK : open_directory(t, count ? files[0] : NULL);
    const bool resume = t->config->resume != NULL;
    if (status == UNROLL_OK && resume)
        status = unroll_checkpoint_find(t->config->resume, t->callbacks.note, t->callbacks.arg,
                                        &checkpoint);
    if (status == UNROLL_OK && resume)
        status = resume_options(t, &checkpoint);
    if (status == UNROLL_OK)
        status = open_session(t, files, count, resume ? &checkpoint : NULL);
    unroll_checkpoint_free(&checkpoint);
    return status;
}

unroll_status unroll_training_begin(unroll_training *t)
{
    const unroll_config *c = t->config;
    if (c->grad_every)
        UNROLL_TRY(unroll_recorder_new(&t->session, (size_t)c->threads, &t->recorder));
    if (c->force) /* the new run can be: now the old one may go */
        UNROLL_TRY(unroll_run_clear(t->run));
    UNROLL_TRY(unroll_run_reserve(t->run, t->session.model));
    UNROLL_TRY(unroll_run_config(t->run, c));
    unroll_run_point_latest(t->directory);
    if (!c->resume) /* a run that is killed before its first interval can go on, too */
        save_state(t);
    const uint64_t done = unroll_trainer_steps(t->trainer);
    UNROLL_TRY(unroll_run_metrics(t->run, done, !t->session.task.squared));
    if (!t->recorder)
        return UNROLL_OK;
    UNROLL_TRY(unroll_recorder_open(t->recorder, t->run, done));
    if (done == 0)
        record_gradients(t, 0);
    return UNROLL_OK;
}

unroll_status unroll_training_proceed(unroll_training *t, enum unroll_stop *why)
{
    t->start = unroll_seconds();
    const unroll_status status = unroll_trainer_train(t->trainer, why);
    t->seconds = unroll_seconds() - t->start;
    return status;
}

/* The best weights into the model. A loss of older ones must not stand beside the best validation
 * loss: those of an earlier process are measured, since it may have failed to save its last. */
static unroll_status load_best(unroll_training *t)
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
        if (!t->best_is_ours)
            UNROLL_TRY(unroll_trainer_evaluate(t->trainer, UNROLL_VALID, &e));
        /* other kernels round otherwise */
        if (fabs(e.loss - t->valid_loss) <= 1e-4 * fabs(t->valid_loss))
            return UNROLL_OK;
    }
    return unroll_fail(UNROLL_EDATA,
                       "%s: holds no weights of the best validation, so none are "
                       "tested",
                       t->directory);
}

/* The best weights on the test part, where there is one. */
static unroll_status test(unroll_training *t, unroll_evaluation *e)
{
    const unroll_session *s = &t->session;
    if ((s->corpus && unroll_corpus_part(s->corpus, UNROLL_TEST)->count == 0) ||
        (s->pairs && unroll_pairs_get_part(s->pairs, UNROLL_TEST)->count == 0))
        return UNROLL_OK;
    if (t->has_valid)
        UNROLL_TRY(load_best(t));
    UNROLL_TRY(unroll_trainer_evaluate(t->trainer, UNROLL_TEST, e));
    if (unroll_run_evaluated(t->run, e) != UNROLL_OK) /* closing tries again, and tells */
        report_fault(t);
    return UNROLL_OK;
}

unroll_status unroll_training_finish(unroll_training *t, enum unroll_stop why, bool *saved,
                                     unroll_evaluation *tested)
{
    *tested = (unroll_evaluation){0};
    *saved = save_checkpoint(t);
    const unroll_status status = why == UNROLL_STOP_INTERRUPTED ? UNROLL_OK : test(t, tested);
    if (status != UNROLL_OK)
        report_fault(t);
    return status;
}

double unroll_training_recent_loss(const unroll_training *t)
{
    const size_t n =
        t->recent_count < UNROLL_TRAINING_RECENT ? t->recent_count : UNROLL_TRAINING_RECENT;
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += t->recent[i];
    return n ? sum / (double)n : (double)NAN;
}

unroll_status unroll_training_close(unroll_training *t)
{
    unroll_trainer_free(t->trainer);
    const unroll_status recorded = unroll_recorder_free(t->recorder);
    unroll_session_close(&t->session);
    const unroll_status closed = unroll_run_close(t->run);
    unroll_free(t->directory);
    *t = (unroll_training){0};
    return closed == UNROLL_OK ? recorded : closed;
}
