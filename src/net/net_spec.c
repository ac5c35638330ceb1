#include "net/net_spec.h"

#include <math.h>
#include <string.h>

#include "base/fail.h"
#include "cell/cells.h"

static unroll_status find_activation(const char *name, const unroll_activation **activation)
{
    const unroll_kernels *k = unroll_kernels_get();
    *activation = NULL;
    for (size_t i = 0; k->activations[i] && !*activation; i++)
        if (strcmp(k->activations[i]->name, name) == 0)
            *activation = k->activations[i];
    return *activation ? UNROLL_OK : unroll_fail(UNROLL_EUSAGE, "there is no activation '%s'", name);
}

static const char none[] = "none";

const char *unroll_norm_name(size_t i)
{
    const unroll_norm *const *norms = unroll_kernels_table[0]->norms;
    return i == 0 ? none : norms[i - 1] ? norms[i - 1]->name : NULL;
}

/* Find the normalisation of that name; *norm becomes NULL for none. */
static unroll_status find_norm(const char *name, const unroll_norm **norm)
{
    const unroll_kernels *k = unroll_kernels_get();
    *norm = NULL;
    if (!name || strcmp(name, none) == 0)
        return UNROLL_OK;
    for (size_t i = 0; k->norms[i] && !*norm; i++)
        if (strcmp(k->norms[i]->name, name) == 0)
            *norm = k->norms[i];
    return *norm ? UNROLL_OK : unroll_fail(UNROLL_EUSAGE, "there is no normalisation '%s'", name);
}

static unroll_status check_spec(const unroll_net_spec *s)
{
    if (!s->cell || s->inputs == 0 || s->outputs == 0 || s->layers == 0 || s->hidden == 0)
        return unroll_fail(UNROLL_EUSAGE, "a network needs a cell, inputs, outputs, layers and hidden "
                                          "units");
    if (s->inputs > UINT32_MAX || s->outputs > UINT32_MAX)
        return unroll_fail(UNROLL_EUSAGE, "at most %u inputs and outputs are possible", UINT32_MAX);
    if (s->tie && (s->features || s->embedding != s->hidden || s->inputs != s->outputs))
        return unroll_fail(UNROLL_EUSAGE,
                           UNROLL_OPTION
                           "tie shares the embedding with the output layer; it needs " UNROLL_OPTION
                           "embedding %zu, as " UNROLL_OPTION "hidden",
                           s->hidden);
    if (s->features && s->embedding)
        return unroll_fail(UNROLL_EUSAGE, "real inputs take no " UNROLL_OPTION "embedding");
    if (!(s->omega >= 0 && isfinite(s->omega)))
        return unroll_fail(UNROLL_EUSAGE, UNROLL_OPTION "omega must be at least 0");
    if (!(s->dropout >= 0 && s->dropout < 1))
        return unroll_fail(UNROLL_EUSAGE, UNROLL_OPTION "dropout must be at least 0 and less than "
                                                        "1");
    return UNROLL_OK;
}

static bool has_attention(const unroll_net_spec *s)
{
    return s->attention && strcmp(s->attention, unroll_attention_name(0)) != 0;
}

static unroll_status check_alone(const unroll_net_spec *s)
{
    const char *option = s->bidirectional             ? UNROLL_OPTION "bidirectional"
                         : has_attention(s)           ? UNROLL_OPTION "attention"
                         : s->scheduled_sampling != 0 ? UNROLL_OPTION "scheduled-sampling"
                                                      : NULL;
    return option ? unroll_fail(UNROLL_EUSAGE,
                                "%s is for " UNROLL_OPTION "task translate: it needs an encoder",
                                option)
                  : UNROLL_OK;
}

static unroll_status check_joined(const unroll_net_spec *s, const unroll_norm *norm)
{
    if (s->source > UINT32_MAX)
        return unroll_fail(UNROLL_EUSAGE, "at most %u source tokens are possible", UINT32_MAX);
    if (s->features || s->squared)
        return unroll_fail(UNROLL_EUSAGE, "an encoder–decoder reads and writes tokens");
    if (norm && !norm->units)
        return unroll_fail(UNROLL_EUSAGE,
                           UNROLL_OPTION
                           "norm %s joins the rows of a batch, which a translation model keeps "
                           "apart; use " UNROLL_OPTION "norm layer",
                           norm->name);
    if (has_attention(s) && !unroll_attention_find(s->attention))
        return unroll_fail(UNROLL_EUSAGE, "there is no attention '%s'", s->attention);
    if (has_attention(s) && s->bidirectional && !unroll_attention_find(s->attention)->key)
        return unroll_fail(UNROLL_EUSAGE,
                           UNROLL_OPTION
                           "attention %s compares vectors of one length, which " UNROLL_OPTION
                           "bidirectional doubles in the encoder; use " UNROLL_OPTION
                           "attention general",
                           s->attention);
    if (s->omega != 0)
        return unroll_fail(UNROLL_EUSAGE,
                           UNROLL_OPTION "omega is not defined for a translation model");
    if (s->skip_input)
        return unroll_fail(UNROLL_EUSAGE,
                           UNROLL_OPTION "skip-input is not defined for a translation model");
    return UNROLL_OK;
}

/* Check what an encoder–decoder, or a network without encoder, cannot have. */
static unroll_status check_pairs(const unroll_net_spec *s, const unroll_norm *norm)
{
    if (!(s->label_smoothing >= 0 && s->label_smoothing < 1))
        return unroll_fail(UNROLL_EUSAGE,
                           UNROLL_OPTION "label-smoothing must be at least 0 and less than 1");
    if (s->label_smoothing > 0 && s->squared)
        return unroll_fail(UNROLL_EUSAGE,
                           UNROLL_OPTION "label-smoothing is for targets that are classes");
    if (!(s->scheduled_sampling >= 0 && s->scheduled_sampling <= 1))
        return unroll_fail(UNROLL_EUSAGE, UNROLL_OPTION "scheduled-sampling must be from 0 to 1");
    return s->source ? check_joined(s, norm) : check_alone(s);
}

unroll_status unroll_net_spec_resolve(unroll_net_spec *s, unroll_net_kinds *kinds)
{
    *kinds = (unroll_net_kinds){0};
    if (!s->activation)
        s->activation = unroll_activation_name(0);
    UNROLL_TRY(check_spec(s));
    if (!unroll_kernels_get())
        return UNROLL_EUSAGE;
    const unroll_cell_forms forms = {.gru = s->gru, .lstm = s->lstm};
    UNROLL_TRY(unroll_cell_parse(unroll_kernels_get(), s->cell, &forms, &kinds->cell, kinds->option));
    UNROLL_TRY(find_activation(s->activation, &kinds->activation));
    UNROLL_TRY(find_norm(s->norm, &kinds->norm));
    UNROLL_TRY(check_pairs(s, kinds->norm));
    const unroll_cell *cell = kinds->cell;
    const unroll_norm *norm = kinds->norm;
    if (norm && cell->norm_gates == 0)
        return unroll_fail(UNROLL_EUSAGE,
                           UNROLL_OPTION "norm %s: " UNROLL_OPTION
                                         "cell %s%s%s takes no normalisation",
                           norm->name, cell->name, *cell->variant ? " in the form " : "",
                           cell->variant);
    if (s->omega != 0 && !unroll_cell_is_simple(cell))
        return unroll_fail(UNROLL_EUSAGE,
                           UNROLL_OPTION "omega is not defined for " UNROLL_OPTION "cell %s",
                           cell->name);
    if (s->omega != 0 && norm)
        return unroll_fail(UNROLL_EUSAGE,
                           UNROLL_OPTION "omega is not defined beside " UNROLL_OPTION "norm %s",
                           norm->name);
    kinds->attention = s->attention ? unroll_attention_find(s->attention) : NULL;
    s->cell = kinds->cell->name;
    s->gru = strcmp(cell->name, "gru") == 0 ? cell->variant : "";
    s->lstm = strcmp(cell->name, "lstm") == 0 ? cell->variant : "";
    s->activation = kinds->activation->name;
    s->norm = kinds->norm ? kinds->norm->name : none;
    s->attention = kinds->attention ? kinds->attention->name : none;
    s->norm_steps = s->norm_steps ? s->norm_steps : 1;
    return UNROLL_OK;
}
