#include "train/schedule.h"

#include <math.h>
#include <string.h>

#include "base/fail.h"
#include "base/parallel.h"
#include "base/versioned.h"

static double constant(const unroll_plan *plan, uint64_t step, uint64_t cuts)
{
    (void)plan, (void)step, (void)cuts;
    return 1;
}

/* As char-rnn: one factor at the end of each epoch, from decay_after on. */
static double exponential(const unroll_plan *plan, uint64_t step, uint64_t cuts)
{
    const uint64_t length = plan->epoch_steps, after = plan->learning.decay_after;
    const uint64_t ends = step / length;
    const uint64_t wait = after / length + (after % length != 0);
    const uint64_t first = wait > 0 ? wait : 1;
    (void)cuts;
    return ends >= first ? pow(plan->learning.decay, (double)(ends - first + 1)) : 1;
}

static double stairs(const unroll_plan *plan, uint64_t step, uint64_t cuts)
{
    (void)cuts;
    return pow(plan->learning.decay, (double)(step / plan->learning.decay_every));
}

/* Loshchilov and Hutter (2017), without restarts: from lr to lr_min. */
static double cosine(const unroll_plan *plan, uint64_t step, uint64_t cuts)
{
    const double pi = 3.14159265358979323846;
    const double low = plan->learning.lr > 0 ? plan->learning.lr_min / plan->learning.lr : 0;
    const double part = step < plan->last_step ? (double)step / (double)plan->last_step : 1;
    (void)cuts;
    return low + (1 - low) * 0.5 * (1 + cos(pi * part));
}

static double plateau(const unroll_plan *plan, uint64_t step, uint64_t cuts)
{
    (void)step;
    return pow(plan->learning.decay, (double)cuts);
}

const unroll_schedule unroll_schedule_table[] = {
    {"constant", "the same in every step", 1, false, constant},
    {"exponential", "times the decay at the end of each epoch", 0.97, false, exponential},
    {"step", "times the decay every so many steps", 0.5, false, stairs},
    {"cosine", "half a cosine, from the rate to its floor at the last step", 1, true, cosine},
    {"plateau", "times the decay where evaluations stop gaining", 0.5, false, plateau},
    {NULL, NULL, 0, false, NULL},
};

const unroll_schedule *unroll_schedule_find(const char *name)
{
    for (const unroll_schedule *s = unroll_schedule_table; s->name != NULL; s++)
        if (strcmp(s->name, name) == 0)
            return s;
    return NULL;
}

const char *unroll_schedule_name(size_t i)
{
    return unroll_schedule_table[i].name;
}

/* The bounds of every number of unroll_learning. */
static unroll_status check(const unroll_learning *l)
{
    const struct {
        const char *name;
        double value, below;
    } rows[] = {
        {"lr", l->lr, INFINITY},
        {"momentum", l->momentum, 1},
        {"beta1", l->beta1, 1},
        {"beta2", l->beta2, 1},
        {"rho", l->rho, 1},
        {"epsilon", l->epsilon, INFINITY},
        {"weight-decay", l->weight_decay, INFINITY},
        {"decay", l->decay, INFINITY},
        {"lr-min", l->lr_min, INFINITY},
        {"clip-norm", l->clip_norm, INFINITY},
        {"clip-value", l->clip_value, INFINITY},
        {"epochs", l->epochs, INFINITY},
        {"time", l->seconds, INFINITY},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!(rows[i].value >= 0 && rows[i].value < rows[i].below))
            return unroll_fail(UNROLL_EUSAGE, "%s is %g; give one from 0 to below %g", rows[i].name,
                               rows[i].value, rows[i].below);
    return UNROLL_OK;
}

static unroll_status find_last(const unroll_learning *l, uint64_t epoch_steps, uint64_t *last)
{
    *last = l->steps;
    if (l->steps > 0 || l->epochs <= 0)
        return UNROLL_OK;
    /* 0.7 epochs of 10 steps are 7 steps, whatever 0.7 · 10 gives in doubles */
    const double steps = ceil(l->epochs * (double)epoch_steps * (1 - 1e-12));
    if (steps >= 9e18)
        return unroll_fail(UNROLL_EUSAGE, "%g epochs of %llu steps are too many to count",
                           l->epochs, (unsigned long long)epoch_steps);
    *last = steps > 1 ? (uint64_t)steps : 1;
    return UNROLL_OK;
}

/* Each epoch; where the data have no end ten times, but not more often than each 100 steps. */
static uint64_t evaluation_steps(uint64_t batches_per_epoch, uint64_t last)
{
    if (batches_per_epoch > 0)
        return batches_per_epoch;
    if (last == 0)
        return UNROLL_ENDLESS_EPOCH;
    return last / 10 > 100 ? last / 10 : 100;
}

unroll_status unroll_plan_make(const unroll_learning *learning, uint64_t batches_per_epoch,
                               unroll_plan *out)
{
    unroll_plan plan = {0};
    unroll_learning *l = &plan.learning;
    UNROLL_TRY(unroll_versioned_copy("unroll_learning", learning, l, sizeof *l));
    if (l->optimizer == NULL)
        l->optimizer = "adam";
    if (l->schedule == NULL)
        l->schedule = "constant";
    UNROLL_TRY(check(l));
    plan.optimizer = unroll_optimizer_find(l->optimizer);
    if (plan.optimizer == NULL)
        return unroll_fail(UNROLL_EUSAGE, "there is no optimizer '%s'", l->optimizer);
    plan.schedule = unroll_schedule_find(l->schedule);
    if (plan.schedule == NULL)
        return unroll_fail(UNROLL_EUSAGE, "there is no schedule '%s'", l->schedule);
    l->optimizer = plan.optimizer->name;
    l->schedule = plan.schedule->name;

    plan.epoch_steps = batches_per_epoch > 0 ? batches_per_epoch : UNROLL_ENDLESS_EPOCH;
    UNROLL_TRY(find_last(l, plan.epoch_steps, &plan.last_step));
    if (plan.schedule->needs_end && plan.last_step == 0)
        return unroll_fail(UNROLL_EUSAGE,
                           "the %s schedule must know its last step; give steps or epochs",
                           l->schedule);
    const bool waits = plan.schedule->factor == plateau;
    if (l->epsilon <= 0)
        l->epsilon = plan.optimizer->epsilon;
    if (l->decay <= 0)
        l->decay = plan.schedule->decay;
    if (l->decay_every == 0)
        l->decay_every = waits ? 3 : plan.epoch_steps;
    if (l->lr_min > l->lr)
        l->lr_min = l->lr;
    if (l->eval_every == 0)
        l->eval_every = evaluation_steps(batches_per_epoch, plan.last_step);
    if (l->threads == 0)
        l->threads = unroll_cores();
    *out = plan;
    return UNROLL_OK;
}

double unroll_plan_lr(const unroll_plan *plan, uint64_t step, uint64_t cuts)
{
    const unroll_learning *l = &plan->learning;
    const double lr = fmax(l->lr * plan->schedule->factor(plan, step, cuts), l->lr_min);
    if (step < l->warmup)
        return lr * ((double)step + 1) / (double)l->warmup;
    return lr;
}

unroll_status unroll_learning_rate(const unroll_learning *learning, uint64_t batches_per_epoch,
                                   uint64_t step, uint64_t cuts, double *lr)
{
    unroll_plan plan;
    UNROLL_TRY(unroll_plan_make(learning, batches_per_epoch, &plan));
    *lr = unroll_plan_lr(&plan, step, cuts);
    return UNROLL_OK;
}
