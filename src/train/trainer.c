#include <math.h>
#include <unroll/train.h>

#include "base/clock.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "base/versioned.h"
#include "net/propagate.h"
#include "task/task.h"
#include "train/clip.h"
#include "train/optimizer.h"
#include "train/schedule.h"
#include "train/throughput.h"

enum { SKIPS_MAX = 10 };

/* What exact resume needs beside the arrays, as one array of its own. */
enum {
    STEP,         /* steps done, skipped ones included: the place in the data */
    UPDATES,      /* updates done: Adam's bias correction counts these */
    CLIPPED,      /* steps that clipping changed */
    SKIPS,        /* steps skipped in a row */
    EVALUATED,    /* the step of the last evaluation; 0: none */
    WITHOUT_GAIN, /* evaluations since the best one */
    WAITED,       /* … or since the plateau schedule's last cut */
    CUTS,         /* of the plateau schedule */
    COUNTERS
};

struct unroll_trainer {
    unroll_net *net;
    unroll_task *task;
    unroll_callbacks callbacks;
    unroll_plan plan;
    unroll_optimizer *optimizer;
    unroll_work *work;
    unroll_work *eval_work; /* its own, so that evaluations leave no trace; or NULL */
    size_t size;
    size_t learned;     /* of it: what updates may change */
    unroll_real *grad;  /* [size] */
    unroll_real *carry; /* [state size]: the work's state while it is saved */
    uint64_t counter[COUNTERS];
    double best_loss;
    unroll_throughput rate; /* clocks are no part of what is resumed */
};

const char *unroll_stop_name(enum unroll_stop stop)
{
    static const char *const names[] = {
        [UNROLL_STOP_STEPS] = "steps",
        [UNROLL_STOP_EPOCHS] = "epochs",
        [UNROLL_STOP_TIME] = "time",
        [UNROLL_STOP_PATIENCE] = "patience",
        [UNROLL_STOP_INTERRUPTED] = "interrupted",
        [UNROLL_STOP_DIVERGED] = "diverged",
        [UNROLL_STOP_ERROR] = "error",
    };
    return names[stop];
}

static unroll_status allocate(unroll_trainer *t)
{
    const size_t threads = t->plan.learning.threads;
    const unroll_task *task = t->task;
    UNROLL_TRY(unroll_parallel_check(threads));
    const unroll_work_options train = {.size = sizeof train,
                                       .T = task->train_T,
                                       .B = task->train_B,
                                       .S = task->train_S,
                                       .threads = threads,
                                       .training = true,
                                       .recompute = t->plan.learning.recompute};
    const unroll_work_options eval = {.size = sizeof eval,
                                      .T = task->eval_T,
                                      .B = task->eval_B,
                                      .S = task->eval_S,
                                      .threads = threads};
    UNROLL_TRY(unroll_work_new(t->net, &train, &t->work));
    if (task->eval != NULL && task->eval_T > 0 && task->eval_B > 0)
        UNROLL_TRY(unroll_work_new(t->net, &eval, &t->eval_work));
    t->grad = unroll_alloc(t->size, sizeof *t->grad);
    t->carry = unroll_alloc(unroll_work_state_size(t->work), sizeof *t->carry);
    if (t->grad == NULL || t->carry == NULL)
        return UNROLL_EMEMORY;
    return unroll_optimizer_make(t->plan.optimizer, &t->plan.learning, t->size, &t->optimizer);
}

unroll_status unroll_trainer_new(unroll_net *net, unroll_task *task, const unroll_learning *learning,
                                 const unroll_callbacks *callbacks, unroll_trainer **out)
{
    *out = NULL;
    unroll_plan plan;
    unroll_callbacks own = {0};
    if (callbacks != NULL)
        UNROLL_TRY(unroll_versioned_copy("unroll_callbacks", callbacks, &own, sizeof own));
    UNROLL_TRY(unroll_plan_make(learning, task->batches_per_epoch, &plan));
    unroll_trainer *t = unroll_alloc(1, sizeof *t);
    if (t == NULL)
        return UNROLL_EMEMORY;
    t->net = net;
    t->task = task;
    t->plan = plan;
    t->size = unroll_net_size(net);
    t->learned = unroll_net_learned(net);
    t->best_loss = INFINITY;
    t->callbacks = own;
    const unroll_status status = allocate(t);
    if (status != UNROLL_OK) {
        unroll_trainer_free(t);
        return status;
    }
    *out = t;
    return UNROLL_OK;
}

void unroll_trainer_free(unroll_trainer *t)
{
    if (t == NULL)
        return;
    unroll_optimizer_free(t->optimizer);
    unroll_free(t->carry);
    unroll_free(t->grad);
    unroll_work_free(t->eval_work);
    unroll_work_free(t->work);
    unroll_free(t);
}

static bool all_finite(size_t n, const unroll_real *x)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return false;
    return true;
}

/* ---- one step ---- */

/* Nothing leads back from weights that are not finite, so they end the training at once. */
static unroll_status update(unroll_trainer *t, double lr, double factor)
{
    unroll_optimizer *o = t->optimizer;
    o->numbers.count = ++t->counter[UPDATES];
    o->numbers.lr = lr;
    const unroll_status status =
        unroll_optimizer_update(o, factor, t->learned, unroll_net_weights(t->net), t->grad);
    unroll_net_update_running_statistics(t->net, t->work);
    unroll_net_pack(t->net, t->plan.learning.threads);
    if (status != UNROLL_OK)
        return unroll_fail(UNROLL_ENUMERIC,
                           "step %llu: the update made weights that are not finite; "
                           "lower the learning rate",
                           (unsigned long long)t->counter[STEP]);
    return UNROLL_OK;
}

/* The first parameter whose gradient is not finite. */
static const char *bad_parameter(const unroll_trainer *t)
{
    const unroll_parameter *list;
    const size_t count = unroll_net_parameters(t->net, &list);
    for (size_t i = 0; i < count; i++) {
        const size_t n = list[i].rows * (list[i].cols > 0 ? list[i].cols : 1);
        if (!all_finite(n, t->grad + list[i].offset))
            return list[i].name;
    }
    return "a parameter";
}

/* No update; leave a message that says where it began. */
static unroll_status skip(unroll_trainer *t, const unroll_result *r)
{
    const unsigned long long step = t->counter[STEP];
    unroll_work_get_state(t->work, t->carry);
    const bool bad_state = !all_finite(unroll_work_state_size(t->work), t->carry);
    if (bad_state)
        unroll_work_reset(t->work);
    if (!r->finite && bad_state)
        unroll_fail(UNROLL_ENUMERIC,
                    "step %llu: values are not finite, first in layer %zu at step %zu of the "
                    "window; the update was skipped",
                    step, r->bad_layer, r->bad_step);
    else if (!isfinite(r->loss))
        unroll_fail(UNROLL_ENUMERIC, "step %llu: the loss is not finite; the update was skipped",
                    step);
    else
        unroll_fail(UNROLL_ENUMERIC,
                    "step %llu: the gradient of %s is not finite; the update was skipped", step,
                    bad_parameter(t));
    if (++t->counter[SKIPS] < SKIPS_MAX)
        return UNROLL_OK;
    return unroll_fail_prefix(UNROLL_ENUMERIC,
                              "%d steps in a row were not finite; lower the learning rate or "
                              "clip the gradient; the last",
                              SKIPS_MAX);
}

static double count_targets(const unroll_batch *batch)
{
    const size_t n = batch->T * batch->B;
    if (batch->weight == NULL)
        return (double)n;
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += batch->weight[i] > 0;
    return (double)count;
}

unroll_status unroll_trainer_step(unroll_trainer *t, unroll_progress *out)
{
    const unroll_learning *l = &t->plan.learning;
    const double start = unroll_seconds();
    unroll_batch batch;
    unroll_result r;
    unroll_clip clip;
    UNROLL_TRY(t->task->next(t->task->self, &batch));
    const uint64_t key = unroll_rng_hash(l->seed, UNROLL_STREAM_DROPOUT);
    unroll_work_set_dropout_key(t->work, unroll_rng_hash(key, t->counter[STEP]));
    unroll_status status = unroll_net_gradient(t->net, &batch, t->work, t->grad, &r);
    if (status != UNROLL_OK && status != UNROLL_ENUMERIC)
        return status;
    unroll_clip_gradient(t->optimizer->kernels, l->clip_value, l->clip_norm, t->size, t->grad,
                         t->optimizer->block, l->threads, &clip);
    const double lr = unroll_plan_lr(&t->plan, t->counter[STEP]++, t->counter[CUTS]);
    const bool finite = status == UNROLL_OK && r.finite && isfinite(r.loss) && isfinite(clip.norm);
    if (finite) {
        t->counter[SKIPS] = 0;
        t->counter[CLIPPED] += clip.clipped;
        status = update(t, lr, clip.factor);
    } else {
        status = skip(t, &r);
    }
    const double seconds = unroll_seconds() - start, tokens = count_targets(&batch);
    if (finite)
        unroll_throughput_add(&t->rate, tokens / seconds);
    if (out != NULL)
        *out = (unroll_progress){
            .step = t->counter[STEP],
            .last_step = t->plan.last_step,
            .epoch = (double)t->counter[STEP] / (double)t->plan.epoch_steps,
            .loss = r.weight > 0 ? r.loss / r.weight : r.loss,
            .accuracy = r.counted > 0 ? r.correct / r.counted : 0,
            .tokens = tokens,
            .lr = lr,
            .grad_norm = clip.norm,
            .clip_scale = finite ? clip.scale : 1,
            .clipped_share = (double)t->counter[CLIPPED] / (double)t->counter[STEP],
            .seconds = seconds,
            .tokens_per_s = unroll_throughput_recent(&t->rate),
            .skipped = !finite,
        };
    return status;
}

/* ---- evaluation ---- */

static unroll_status evaluate(unroll_trainer *t, enum unroll_split split, unroll_evaluation *out)
{
    const double start = unroll_seconds();
    unroll_result sum = {0};
    if (t->eval_work != NULL)
        unroll_work_reset(t->eval_work);
    for (uint64_t i = 0; t->eval_work != NULL; i++) {
        unroll_batch batch;
        unroll_result r;
        bool more = false;
        UNROLL_TRY(t->task->eval(t->task->self, split, i, &batch, &more));
        if (!more)
            break;
        const unroll_status status = unroll_net_evaluate(t->net, &batch, t->eval_work, &r, NULL);
        if (status != UNROLL_OK && status != UNROLL_ENUMERIC)
            return status;
        if (status != UNROLL_OK)
            r.loss = r.recalled_loss = NAN;
        unroll_result_add(&sum, &r);
    }
    *out = (unroll_evaluation){
        .split = split,
        .step = t->counter[STEP],
        .epoch = (double)t->counter[STEP] / (double)t->plan.epoch_steps,
        .targets = sum.weight,
        .recalled = sum.recalled,
    };
    if (sum.weight > 0) {
        out->loss = sum.loss / sum.weight;
        out->bits = out->loss / log(2);
        out->accuracy = sum.counted > 0 ? sum.correct / sum.counted : 0;
        out->recall_loss = sum.recalled > 0 ? sum.recalled_loss / sum.recalled : 0;
        out->recall_accuracy = sum.recalled > 0 ? sum.recalled_correct / sum.recalled : 0;
        out->best = split == UNROLL_VALID && out->loss < t->best_loss;
    }
    out->seconds = unroll_seconds() - start;
    return UNROLL_OK;
}

unroll_status unroll_trainer_evaluate(unroll_trainer *t, enum unroll_split split,
                                      unroll_evaluation *out)
{
    static const char *const names[] = {"training", "validation", "test"};
    UNROLL_TRY(evaluate(t, split, out));
    if (!(out->targets > 0))
        return unroll_fail(UNROLL_EDATA, "the %s data are empty; nothing can be evaluated on them",
                           names[split]);
    return UNROLL_OK;
}

/* The evaluation that belongs to this step, unless it was made: after each eval_every steps and
 * after the last. */
static unroll_status evaluate_due(unroll_trainer *t, bool last)
{
    uint64_t *c = t->counter;
    if (c[STEP] == c[EVALUATED] || (!last && c[STEP] % t->plan.learning.eval_every != 0))
        return UNROLL_OK;
    unroll_evaluation e;
    UNROLL_TRY(evaluate(t, UNROLL_VALID, &e));
    c[EVALUATED] = c[STEP];
    if (!(e.targets > 0))
        return UNROLL_OK;
    if (e.best) {
        t->best_loss = e.loss;
        c[WITHOUT_GAIN] = c[WAITED] = 0;
    } else {
        c[WITHOUT_GAIN]++;
        if (++c[WAITED] >= t->plan.learning.decay_every) {
            c[CUTS]++;
            c[WAITED] = 0;
        }
    }
    if (t->callbacks.evaluated != NULL)
        return t->callbacks.evaluated(t->callbacks.arg, &e);
    return UNROLL_OK;
}

/* ---- the loop ---- */

static bool at_bound(const unroll_trainer *t, double start, enum unroll_stop *why)
{
    const unroll_learning *l = &t->plan.learning;
    if (t->plan.last_step > 0 && t->counter[STEP] >= t->plan.last_step)
        *why = l->steps > 0 ? UNROLL_STOP_STEPS : UNROLL_STOP_EPOCHS;
    else if (l->patience > 0 && t->counter[WITHOUT_GAIN] >= l->patience)
        *why = UNROLL_STOP_PATIENCE;
    else if (l->seconds > 0 && unroll_seconds() - start >= l->seconds)
        *why = UNROLL_STOP_TIME;
    else
        return false;
    return true;
}

/* One step with all that follows it. The evaluation comes before the step's callback, so that what
 * is saved there has it; an interruption puts it off until the training goes on. */
static unroll_status step_and_tell(unroll_trainer *t, double start, bool *interrupted)
{
    const unroll_callbacks *call = &t->callbacks;
    unroll_progress progress;
    enum unroll_stop why;
    UNROLL_TRY(unroll_trainer_step(t, &progress));
    *interrupted = call->stop != NULL && call->stop(call->arg);
    if (!*interrupted)
        UNROLL_TRY(evaluate_due(t, at_bound(t, start, &why)));
    return call->step != NULL ? call->step(call->arg, &progress) : UNROLL_OK;
}

unroll_status unroll_trainer_train(unroll_trainer *t, enum unroll_stop *why)
{
    const unroll_learning *l = &t->plan.learning;
    const double start = unroll_seconds();
    bool interrupted = false;
    *why = UNROLL_STOP_ERROR;
    if (t->plan.last_step == 0 && !(l->seconds > 0) && l->patience == 0)
        return unroll_fail(UNROLL_EUSAGE,
                           "training would never end; give steps, epochs, time or patience");
    unroll_status status = evaluate_due(t, false);
    while (status == UNROLL_OK && !interrupted && !at_bound(t, start, why))
        status = step_and_tell(t, start, &interrupted);
    if (status == UNROLL_OK && !interrupted)
        status = evaluate_due(t, true);
    if (status != UNROLL_OK)
        *why = status == UNROLL_ENUMERIC ? UNROLL_STOP_DIVERGED : UNROLL_STOP_ERROR;
    else if (interrupted)
        *why = UNROLL_STOP_INTERRUPTED;
    return status;
}

/* ---- what others ask ---- */

uint64_t unroll_trainer_steps(const unroll_trainer *t)
{
    return t->counter[STEP];
}

double unroll_trainer_best_loss(const unroll_trainer *t)
{
    return t->best_loss;
}

double unroll_trainer_median_rate(const unroll_trainer *t)
{
    return unroll_throughput_median(&t->rate);
}

void unroll_trainer_state(unroll_trainer *t, unroll_visit *visit, void *arg)
{
    visit(arg, "weights", UNROLL_FIELD_REAL, unroll_net_weights(t->net), t->size);
    const unroll_optimizer *o = t->optimizer;
    for (size_t i = 0; i < UNROLL_SLOTS_MAX && o->slot[i] != NULL; i++)
        visit(arg, o->row->slot[i], UNROLL_FIELD_REAL, o->slot[i], t->size);
    unroll_work_get_state(t->work, t->carry);
    visit(arg, "carry", UNROLL_FIELD_REAL, t->carry, unroll_work_state_size(t->work));
    visit(arg, "counters", UNROLL_FIELD_U64, t->counter, COUNTERS);
    visit(arg, "best_loss", UNROLL_FIELD_F64, &t->best_loss, 1);
    if (t->task->state != NULL)
        t->task->state(t->task->self, visit, arg);
}

void unroll_trainer_restored(unroll_trainer *t)
{
    unroll_work_set_state(t->work, t->carry);
    unroll_net_pack(t->net, t->plan.learning.threads);
}
