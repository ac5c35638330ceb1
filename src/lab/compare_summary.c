#include "lab/compare_summary.h"

#include <math.h>
#include <stdio.h>

#include "base/utf8.h"

void compare_summarise(const compare_study *s, size_t v, compare_summary *out)
{
    double value[5][COMPARE_SEEDS_MAX];
    const size_t n = (size_t)s->seeds;
    *out = (compare_summary){0};
    for (size_t k = 0; k < n; k++) {
        const compare_result *r = compare_at(s, v, k);
        value[0][k] = r->done ? r->loss : NAN;
        value[1][k] = r->done ? r->accuracy : NAN;
        value[2][k] = r->done && r->solved ? (double)r->steps_to_solve : NAN;
        value[3][k] = r->done ? r->half_life[COMPARE_START] : NAN;
        value[4][k] = r->done ? r->half_life[COMPARE_END] : NAN;
        out->done += r->done;
        out->solved += r->done && r->solved;
        out->diverged += r->done && r->diverged;
        out->growing_start += r->done && isinf(value[3][k]);
        out->growing_end += r->done && isinf(value[4][k]);
    }
    unroll_mean *const mean[] = {&out->loss, &out->accuracy, &out->steps_to_solve,
                                 &out->half_life_start, &out->half_life_end};
    for (size_t i = 0; i < 5; i++)
        *mean[i] = unroll_mean_of(value[i], n);
}

/* "0.123 ± 0.004", "growing", "-". */
static void add_mean(unroll_table *table, const unroll_mean *m, size_t growing)
{
    char half[32] = "";
    if (isfinite(m->half))
        snprintf(half, sizeof half, " ± %.2g", m->half);
    if (m->n && growing)
        unroll_table_cell(table, "%.4g%s, %zu growing", m->mean, half, growing);
    else if (m->n)
        unroll_table_cell(table, "%.4g%s", m->mean, half);
    else
        unroll_table_text(table, growing ? "growing" : "-");
}

static void add_label(unroll_table *table, const char *label)
{
    unroll_table_cell(table, "%.*s", unroll_utf8_fit(label, 180), label);
}

void compare_means_table(const compare_study *s, unroll_table *out)
{
    static const char *const head[] = {"variant",   "loss",           "accuracy",
                                       "solved",    "steps to solve", "half-life at start",
                                       "at the end"};
    out->columns = sizeof head / sizeof *head;
    unroll_table_row(out, head);
    for (size_t v = 0; v < s->variants; v++) {
        compare_summary m;
        compare_summarise(s, v, &m);
        add_label(out, s->variant[v].label);
        add_mean(out, &m.loss, 0);
        add_mean(out, &m.accuracy, 0);
        if (m.diverged)
            unroll_table_cell(out, "%zu/%zu, %zu diverged", m.solved, m.done, m.diverged);
        else
            unroll_table_cell(out, "%zu/%zu", m.solved, m.done);
        add_mean(out, &m.steps_to_solve, 0);
        add_mean(out, &m.half_life_start, m.growing_start);
        add_mean(out, &m.half_life_end, m.growing_end);
    }
}

/* ---- translations by the length of their source ---- */

/* The job with most: in the others a length may have no pairs. */
static const compare_result *longest(const compare_study *s)
{
    const compare_result *most = &s->result[0];
    for (size_t i = 0; i < s->variants * (size_t)s->seeds; i++)
        if (s->result[i].lengths > most->lengths)
            most = &s->result[i];
    return most;
}

size_t compare_length_count(const compare_study *s)
{
    const size_t count = longest(s)->lengths;
    return count < COMPARE_LENGTHS ? count : COMPARE_LENGTHS;
}

const compare_length *compare_length_at(const compare_study *s, size_t i)
{
    return &longest(s)->length[i];
}

unroll_mean compare_length_mean(const compare_study *s, size_t variant, const compare_length *of,
                                bool bleu)
{
    double value[COMPARE_SEEDS_MAX];
    const size_t n = (size_t)s->seeds;
    for (size_t k = 0; k < n; k++) {
        const compare_result *r = compare_at(s, variant, k);
        value[k] = NAN;
        for (size_t i = 0; i < r->lengths; i++)
            if (r->length[i].min == of->min && r->length[i].max == of->max)
                value[k] = bleu ? r->length[i].bleu : r->length[i].exact;
    }
    return unroll_mean_of(value, n);
}

void compare_lengths_table(const compare_study *s, bool bleu, unroll_table *out)
{
    const size_t count = compare_length_count(s);
    out->columns = count + 1;
    if (count == 0)
        return;
    unroll_table_cell(out, "%s by source tokens", bleu ? "BLEU" : "exact match");
    for (size_t i = 0; i < count; i++)
        unroll_table_cell(out, "%zu-%zu", compare_length_at(s, i)->min, compare_length_at(s, i)->max);
    for (size_t v = 0; v < s->variants; v++) {
        add_label(out, s->variant[v].label);
        for (size_t i = 0; i < count; i++) {
            const unroll_mean m = compare_length_mean(s, v, compare_length_at(s, i), bleu);
            if (m.n)
                unroll_table_cell(out, bleu ? "%.1f" : "%.3f", m.mean);
            else
                unroll_table_text(out, "-");
        }
    }
}
