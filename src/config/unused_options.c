/* Options that do nothing beside the others. Their values alone do not show it, since the defaults
 * would do nothing as well: what asks knows what was given. */
#include <math.h>
#include <string.h>

#include "base/fail.h"
#include "cell/cells.h"
#include "config/config.h"
#include "task/task.h"

static bool is(const char *name, const char *a)
{
    return strcmp(name, a) == 0;
}

static bool has_text(const unroll_config *c)
{
    return is(c->task, "char") || unroll_task_translates(c->task);
}

/* Synthetic tasks always validate. */
static bool validates(const unroll_config *c)
{
    return c->split[1] > 0 || c->valid || !has_text(c);
}

static bool no_forget_gate(const unroll_config *c)
{
    const unroll_cell *cell = unroll_config_cell(c);
    return (c->chrono || !isnan(c->forget_bias)) && cell && cell->forget_gate < 0;
}

static bool no_gates(const unroll_config *c)
{
    return no_forget_gate(c) && unroll_config_cell(c)->gates == 1;
}

static bool no_valid(const unroll_config *c)
{
    return c->valid && !has_text(c);
}

static bool no_test(const unroll_config *c)
{
    return c->test && !has_text(c);
}

static bool no_split(const unroll_config *c)
{
    return !has_text(c);
}

/* Pairs are never cut, but chrono biases may be drawn for it. */
static bool no_window(const unroll_config *c)
{
    return unroll_task_translates(c->task) && !(c->chrono && !(c->chrono_max > 0));
}

static bool no_gain(const unroll_config *c)
{
    return c->learning.patience > 0 && !validates(c);
}

static bool no_plateau(const unroll_config *c)
{
    return is(c->schedule, "plateau") && !validates(c);
}

/* Only the first window of an epoch begins at the zero state. */
static bool steps_are_carried(const unroll_config *c)
{
    return c->norm_steps > 1 && is(c->task, "char") && !c->no_carry;
}

static bool no_recurrent_norm(const unroll_config *c)
{
    return !is(c->norm, "recurrent-batch");
}

static bool several_steps_unused(const unroll_config *c)
{
    return c->norm_steps > 1 && no_recurrent_norm(c);
}

static bool no_momentum(const unroll_config *c)
{
    return !is(c->optimizer, "momentum") && !is(c->optimizer, "nesterov");
}

static bool no_beta(const unroll_config *c)
{
    return !is(c->optimizer, "adam") && !is(c->optimizer, "adamw");
}

static bool no_rho(const unroll_config *c)
{
    return !is(c->optimizer, "rmsprop");
}

static bool no_decay(const unroll_config *c)
{
    return c->learning.decay > 0 && (is(c->schedule, "constant") || is(c->schedule, "cosine"));
}

static bool no_decay_every(const unroll_config *c)
{
    return c->learning.decay_every > 0 && !is(c->schedule, "step") && !is(c->schedule, "plateau");
}

static bool no_decay_after(const unroll_config *c)
{
    return c->learning.decay_after > 0 && !is(c->schedule, "exponential");
}

/* clang-format off */
static const struct {
    const char *name;
    bool (*idle)(const unroll_config *);
    const char *why;
} rows[] = {
    {"split", no_split, "is of no use to a synthetic task, which makes its own data"},
    {"valid", no_valid, "is of no use to a synthetic task, which makes its own data"},
    {"test", no_test, "is of no use to a synthetic task, which makes its own data"},
    {"seq-length", no_window,
     "is of no use to translation, which is never cut; " UNROLL_OPTION "max-length bounds "
     "sentences"},
    {"norm-steps", several_steps_unused, "is for " UNROLL_OPTION "norm recurrent-batch"},
    {"norm-steps", steps_are_carried,
     "is for states that start at zero; give " UNROLL_OPTION "no-carry, too"},
    {"norm-gamma", no_recurrent_norm, "is for " UNROLL_OPTION "norm recurrent-batch"},
    {"patience", no_gain,
     "counts validations, and " UNROLL_OPTION "split leaves nothing to validate on"},
    {"schedule", no_plateau,
     "plateau waits for validations, and " UNROLL_OPTION "split leaves nothing to validate on"},
    {"momentum", no_momentum, "is for " UNROLL_OPTION "optimizer momentum and nesterov"},
    {"beta1", no_beta, "is for " UNROLL_OPTION "optimizer adam and adamw"},
    {"beta2", no_beta, "is for " UNROLL_OPTION "optimizer adam and adamw"},
    {"rho", no_rho, "is for " UNROLL_OPTION "optimizer rmsprop"},
    {"decay", no_decay, "is for " UNROLL_OPTION "schedule exponential, step and plateau"},
    {"decay-every", no_decay_every, "is for " UNROLL_OPTION "schedule step and plateau"},
    {"decay-after", no_decay_after, "is for " UNROLL_OPTION "schedule exponential"},
};
/* clang-format on */

unroll_status unroll_config_check_used(const unroll_config *config, const char *name)
{
    char form[64];
    if (is(name, "forget-bias") && no_forget_gate(config))
        return unroll_fail(UNROLL_EUSAGE,
                           UNROLL_OPTION "forget-bias is of no use to " UNROLL_OPTION "cell %s%s, %s",
                           config->cell, unroll_config_form(config, form, sizeof form),
                           no_gates(config) ? "which has no gates"
                                            : "none of whose gates keeps the state");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (is(rows[i].name, name) && rows[i].idle(config))
            return unroll_fail(UNROLL_EUSAGE, UNROLL_OPTION "%s %s", name, rows[i].why);
    return UNROLL_OK;
}
