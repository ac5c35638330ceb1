#include "net/norm.h"

#include <string.h>

#include "base/fail.h"

/* What is normalised are three parts: the products with the input (X), those with the state (H), and the
 * state c on its way to h (C). The cells normalise H and C themselves, step by step; X is done here. */

static const char *const gain_names[] = {"norm_ih", "norm_hh", "norm_c"};
static const char *const mean_names[] = {"norm_ih_mean", "norm_hh_mean", "norm_c_mean"};
static const char *const variance_names[] = {"norm_ih_var", "norm_hh_var", "norm_c_var"};

/* How many gates a part has. */
static size_t part_gates(const unroll_stack *s, enum unroll_norm_part part)
{
    return part == UNROLL_NORM_C ? 1 : s->cell->gates;
}

static bool has_part(const unroll_stack *s, enum unroll_norm_part part)
{
    const bool sum = s->norm && s->norm->units && s->cell->norm_sums;
    if (!s->norm || (part != UNROLL_NORM_X && !s->norm->recurrent))
        return false;
    return part == UNROLL_NORM_X ? !sum : part == UNROLL_NORM_H || s->cell->states > 1;
}

unroll_status unroll_norm_add(unroll_stack *s, unroll_parameters *p, const char *prefix, size_t l)
{
    enum { C_BLOCKS = 3 };
    const size_t G = s->cell->gates;
    unroll_stack_layer *a = &s->at[l];
    unroll_layer *layer = &a->layer;
    layer->norm = s->norm;
    layer->norm_sum = s->norm->recurrent && !has_part(s, UNROLL_NORM_X);
    for (enum unroll_norm_part part = 0; part < UNROLL_NORM_PARTS; part++) {
        unroll_norm_place *place = &layer->place[part];
        const size_t gates = part_gates(s, part);
        if (!has_part(s, part))
            continue;
        const char *name = layer->norm_sum ? "norm" : gain_names[part];
        const unroll_tensor gain = {.prefix = prefix,
                                    .name = name,
                                    .layer = l,
                                    .rows = gates * s->hidden,
                                    .kind = UNROLL_P_GAIN,
                                    .cell = s->cell};
        UNROLL_TRY(unroll_parameters_add(p, &gain, &a->gain[part]));
        place->at = layer->norm_blocks;
        place->dgain = place->at + gates;
        place->statistics = 2 * G * s->pitch * part;
        layer->norm_blocks += part == UNROLL_NORM_C ? C_BLOCKS : 2 * gates;
    }
    const unroll_tensor shift = {.prefix = prefix,
                                 .name = "norm_c_bias",
                                 .layer = l,
                                 .rows = s->hidden,
                                 .kind = UNROLL_P_SHIFT,
                                 .cell = s->cell};
    if (has_part(s, UNROLL_NORM_C))
        UNROLL_TRY(unroll_parameters_add(p, &shift, &a->shift));
    for (enum unroll_norm_part part = 0; part < UNROLL_NORM_PARTS; part++)
        layer->place[part].scale = layer->norm_blocks * s->pitch + 2 * part;
    layer->norm_blocks += (2 * UNROLL_NORM_PARTS + s->pitch - 1) / s->pitch;
    return UNROLL_OK;
}

static unroll_status add_statistic(unroll_parameters *p, const unroll_tensor *tensor, size_t *index)
{
    UNROLL_TRY(unroll_parameters_add(p, tensor, index));
    p->trainable -= p->use[*index].trained;
    p->use[*index].trained = 0;
    p->list[*index].frozen = true;
    return UNROLL_OK;
}

unroll_status unroll_norm_add_statistics(unroll_stack *s, unroll_parameters *p, const char *prefix)
{
    for (size_t l = 0; unroll_stack_joins_rows(s) && l < s->layers; l++)
        for (enum unroll_norm_part part = 0; part < UNROLL_NORM_PARTS; part++) {
            unroll_tensor tensor = {.prefix = prefix,
                                    .name = mean_names[part],
                                    .layer = l,
                                    .rows = s->running_rows,
                                    .cols = part_gates(s, part) * s->hidden,
                                    .kind = UNROLL_P_MEAN,
                                    .cell = s->cell};
            if (!has_part(s, part))
                continue;
            UNROLL_TRY(add_statistic(p, &tensor, &s->at[l].mean[part]));
            tensor.name = variance_names[part];
            tensor.kind = UNROLL_P_VARIANCE;
            UNROLL_TRY(add_statistic(p, &tensor, &s->at[l].variance[part]));
        }
    return UNROLL_OK;
}

/* Copy [gates][hidden] to [gates][pitch]. */
static void pad(const unroll_stack *s, size_t gates, const unroll_real *from, unroll_real *to)
{
    for (size_t g = 0; g < gates; g++)
        memcpy(to + g * s->pitch, from + g * s->hidden, s->hidden * sizeof *to);
}

void unroll_norm_pack(const unroll_stack *s, size_t l, const unroll_parameter *list,
                      const unroll_real *weights)
{
    const unroll_stack_layer *a = &s->at[l];
    for (enum unroll_norm_part part = 0; part < UNROLL_NORM_PARTS; part++) {
        const size_t gates = part_gates(s, part), n = gates * s->hidden;
        if (!has_part(s, part))
            continue;
        pad(s, gates, weights + list[a->gain[part]].offset, a->gain_copy[part]);
        for (size_t t = 0; a->running && t < s->running_rows; t++) {
            unroll_real *row = a->running + t * s->statistics + a->layer.place[part].statistics;
            pad(s, gates, weights + list[a->mean[part]].offset + t * n, row);
            pad(s, gates, weights + list[a->variance[part]].offset + t * n, row + gates * s->pitch);
        }
    }
    if (a->shift_copy)
        pad(s, 1, weights + list[a->shift].offset, a->shift_copy);
}

/* Which row of the running statistics step t uses. */
static size_t running_row(const unroll_stack *s, const unroll_stack_run *run, size_t t)
{
    return run->age + t < s->running_rows ? run->age + t : s->running_rows - 1;
}

unroll_real *unroll_norm_statistics(const unroll_stack *s, const unroll_stack_run *run, size_t l,
                                    size_t t)
{
    if (!unroll_stack_joins_rows(s))
        return NULL;
    if (run->use == UNROLL_STATISTICS_GIVEN)
        return s->at[l].running + running_row(s, run, t) * s->statistics;
    return run->at[l].statistics + (s->norm->recurrent ? t : 0) * s->statistics;
}

/* Normalise the products with the input of all gates, or go back; gates that share a mean are taken
 * together. */
static void pass_input(const unroll_step *step, bool back)
{
    const unroll_layer *l = step->layer;
    for (const unroll_term *term = l->cell->input; term->count; term++)
        for (size_t gate = term->gate, n = 0; gate < term->gate + term->count; gate += n) {
            n = !l->norm->units ? term->count : gate == 0 ? l->cell->norm_gates : 1;
            unroll_norm_pass pass =
                unroll_norm_of(step, UNROLL_NORM_X, gate, n,
                               step->z + (term->block + gate - term->gate) * l->pitch,
                               l->blocks * l->pitch);
            pass.start = UNROLL_FROM_BIAS;
            pass.bias = l->bias_ih + gate * l->pitch;
            if (back)
                l->norm->backward(&pass);
            else
                l->norm->forward(&pass);
        }
}

void unroll_norm_input(const unroll_step *step)
{
    pass_input(step, false);
}

void unroll_norm_input_back(const unroll_step *step)
{
    pass_input(step, true);
}

/* Move a part's running mean and variance towards those measured over m rows; the variance is the unbiased
 * one. */
static void update_part(const unroll_stack *s, const unroll_real *row, size_t gates, size_t m,
                        unroll_real *mean, unroll_real *variance)
{
    static const unroll_real share = (unroll_real)0.1;
    const unroll_real unbiased = (unroll_real)m / (unroll_real)(m - 1);
    for (size_t g = 0; g < gates; g++)
        for (size_t j = 0; j < s->hidden; j++) {
            const unroll_real *x = row + g * s->pitch + j;
            unroll_real *to = mean + g * s->hidden + j, *v = variance + g * s->hidden + j;
            *to += share * (x[0] - *to);
            *v += share * (unbiased * x[gates * s->pitch] - *v);
        }
}

/* Of `count` positions from `first` on, how many are no padding. */
static size_t count_running(const unroll_stack_run *run, size_t first, size_t count)
{
    size_t m = 0;
    for (size_t i = first; i < first + count; i++)
        m += !run->mode || run->mode[i] == UNROLL_RUN;
    return m;
}

/* run->age already counts the steps of this window, so run->first_age says which rows they used. */
void unroll_norm_update_running_statistics(const unroll_stack *s, const unroll_stack_run *run,
                                           const unroll_parameter *list, unroll_real *weights)
{
    if (!unroll_stack_joins_rows(s))
        return;
    const size_t rows = s->norm->recurrent ? run->B : run->steps * run->B;
    for (size_t t = 0; t < (s->norm->recurrent ? run->steps : 1); t++) {
        const size_t m = count_running(run, t * rows, rows);
        const size_t slot =
            run->first_age + t < s->running_rows ? run->first_age + t : s->running_rows - 1;
        for (size_t l = 0; m > 1 && l < s->layers; l++)
            for (enum unroll_norm_part part = 0; part < UNROLL_NORM_PARTS; part++) {
                const size_t gates = part_gates(s, part), at = slot * gates * s->hidden;
                if (has_part(s, part))
                    update_part(s,
                                run->at[l].statistics + t * s->statistics +
                                    s->at[l].layer.place[part].statistics,
                                gates, m, weights + list[s->at[l].mean[part]].offset + at,
                                weights + list[s->at[l].variance[part]].offset + at);
            }
    }
}
