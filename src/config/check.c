/* What no single option can see. An option that would do nothing is a mistake: tell it. Here is
 * what values alone show; unused_options.c has what must have been asked for. */
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "cell/cells.h"
#include "config/config.h"
#include "net/attention_score.h"
#include "task/task.h"

void unroll_config_bounds(unroll_config *config, bool steps, bool epochs, bool time)
{
    unroll_learning *l = &config->learning;
    if (!steps && (epochs || time))
        l->steps = 0;
    if (!epochs && !steps && time)
        l->epochs = 0;
    if (!time && (steps || epochs))
        l->seconds = 0;
}

/* What the task has no use for. */
static unroll_status check_task(const unroll_config *config)
{
    const bool pairs = unroll_task_translates(config->task);
    const struct {
        const char *name;
        bool given, of_pairs;
    } rows[] = {
        {"attention", strcmp(config->attention, unroll_attention_name(0)) != 0, true},
        {"bidirectional", config->bidirectional, true},
        {"reverse-source", config->reverse_source, true},
        {"label-smoothing", config->label_smoothing > 0, true},
        {"scheduled-sampling", config->scheduled_sampling > 0, true},
        {"swap", config->swap, true},
        {"skip-bad", config->skip_bad, true},
        {"lines", config->lines && pairs, false},
        {"no-carry", config->no_carry && pairs, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].given && rows[i].of_pairs != pairs)
            return unroll_fail(UNROLL_EUSAGE,
                               UNROLL_OPTION "%s is of no use to " UNROLL_OPTION "task %s%s",
                               rows[i].name, config->task,
                               pairs ? "" : "; it is for " UNROLL_OPTION "task translate");
    if (config->grad_distance && strcmp(config->task, "char") != 0)
        return unroll_fail(UNROLL_EUSAGE,
                           UNROLL_OPTION
                           "grad-distance is of no use to " UNROLL_OPTION
                           "task %s, whose samples end where they end; it is for a text",
                           config->task);
    if (config->grad_distance && config->grad_every == 0)
        return unroll_fail(UNROLL_EUSAGE, UNROLL_OPTION
                           "grad-distance: nothing is recorded without " UNROLL_OPTION "grad-every");
    return UNROLL_OK;
}

const unroll_cell *unroll_config_cell(const unroll_config *config)
{
    return unroll_cell_find_form(config->cell, &(unroll_cell_forms){config->gru, config->lstm});
}

const char *unroll_config_form(const unroll_config *config, char *buffer, size_t size)
{
    const unroll_cell *cell = unroll_config_cell(config);
    const bool other = cell && cell != unroll_cell_find(config->cell);
    snprintf(buffer, size, "%s%s", other ? " in the form " : "", other ? cell->variant : "");
    return buffer;
}

/* The form of another cell. */
static unroll_status check_form(const unroll_config *config, const char *owner, const char *form)
{
    if (strcmp(form, unroll_cell_variant(owner, 0)) != 0 && !unroll_spec_is(config->cell, owner))
        return unroll_fail(UNROLL_EUSAGE,
                           UNROLL_OPTION "%s %s needs " UNROLL_OPTION "cell %s, not %s", owner,
                           form, owner, config->cell);
    return UNROLL_OK;
}

/* What the cell has no use for. */
static unroll_status check_cell(const unroll_config *config)
{
    const unroll_cell *cell = unroll_config_cell(config);
    char form[64];
    const bool normed = strcmp(config->norm, unroll_norm_name(0)) != 0;
    if (!cell)
        return unroll_fail(UNROLL_EUSAGE, "there is no cell '%s'", config->cell);
    if (strcmp(config->activation, unroll_activation_name(0)) != 0 && !cell->has_activation)
        return unroll_fail(UNROLL_EUSAGE,
                           UNROLL_OPTION "activation %s: " UNROLL_OPTION
                                         "cell %s has its own nonlinearities",
                           config->activation, config->cell);
    UNROLL_TRY(check_form(config, "gru", config->gru));
    UNROLL_TRY(check_form(config, "lstm", config->lstm));
    if (normed && cell->norm_gates == 0)
        return unroll_fail(UNROLL_EUSAGE,
                           UNROLL_OPTION "norm %s: " UNROLL_OPTION "cell %s%s takes no normalisation",
                           config->norm, config->cell, unroll_config_form(config, form, sizeof form));
    if (config->omega > 0 && !unroll_cell_is_simple(cell))
        return unroll_fail(UNROLL_EUSAGE,
                           UNROLL_OPTION "omega is not defined for " UNROLL_OPTION "cell %s",
                           config->cell);
    if (config->omega > 0 && normed)
        return unroll_fail(UNROLL_EUSAGE,
                           UNROLL_OPTION "omega is not defined beside " UNROLL_OPTION "norm %s",
                           config->norm);
    return UNROLL_OK;
}

static unroll_status check_model(const unroll_config *config)
{
    UNROLL_TRY(check_task(config));
    UNROLL_TRY(check_cell(config));
    if (strcmp(config->norm, "recurrent-batch") == 0 && config->batch < 2)
        return unroll_fail(UNROLL_EUSAGE,
                           UNROLL_OPTION "norm %s needs " UNROLL_OPTION
                                         "batch 2 or more: one row is its own mean",
                           config->norm);
    if ((config->residual || config->skip_input) && config->layers < 2)
        return unroll_fail(UNROLL_EUSAGE,
                           UNROLL_OPTION
                           "%s is for the second layer and those above; it needs " UNROLL_OPTION
                           "layers 2 or more",
                           config->residual ? "residual" : "skip-input");
    if (config->tie && config->embedding != config->hidden)
        return unroll_fail(UNROLL_EUSAGE,
                           UNROLL_OPTION "tie: " UNROLL_OPTION "embedding is %llu and " UNROLL_OPTION
                                         "hidden %llu; they must be equal",
                           (unsigned long long)config->embedding, (unsigned long long)config->hidden);
    return UNROLL_OK;
}

unroll_status unroll_config_check(const unroll_config *config)
{
    const unroll_learning *l = &config->learning;
    UNROLL_TRY(check_model(config));
    if (l->steps == 0 && !(l->epochs > 0) && !(l->seconds > 0))
        return unroll_fail(UNROLL_EUSAGE,
                           "training would never end; give " UNROLL_OPTION "steps, " UNROLL_OPTION
                           "epochs or " UNROLL_OPTION "time above 0");
    if (l->lr_min > l->lr)
        return unroll_fail(UNROLL_EUSAGE, UNROLL_OPTION "lr-min %g is above " UNROLL_OPTION "lr %g",
                           l->lr_min, l->lr);
    return UNROLL_OK;
}
