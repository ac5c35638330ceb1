#include "lab/compare_summary.h"

#include <math.h>
#include <stdio.h>

#include "base/utf8.h"

/* ---- over a variant's seeds ---- */

/* @return how many jobs are done */
static size_t solve_times(const compare_study *s, size_t v, double time[COMPARE_SEEDS_MAX],
                          bool solved[COMPARE_SEEDS_MAX])
{
    size_t n = 0;
    for (size_t k = 0; k < s->seeds; k++) {
        const compare_result *r = compare_at(s, v, k);
        if (!r->done)
            continue;
        solved[n] = r->solved;
        time[n++] = r->solved     ? (double)r->steps_to_solve
                    : r->diverged ? INFINITY
                                  : (double)r->steps;
    }
    return n;
}

double compare_solve_horizon(const compare_study *s)
{
    double horizon = INFINITY, longest = 0, time[COMPARE_SEEDS_MAX];
    bool solved[COMPARE_SEEDS_MAX];
    for (size_t v = 0; v < s->variants; v++) {
        const size_t n = solve_times(s, v, time, solved);
        horizon = fmin(horizon, unroll_survival_horizon(time, solved, n));
        for (size_t k = 0; k < s->seeds; k++)
            if (compare_at(s, v, k)->done)
                longest = fmax(longest, (double)compare_at(s, v, k)->steps);
    }
    return isfinite(horizon) ? horizon : longest > 0 ? longest : NAN;
}

unroll_survival compare_steps_to_solve(const compare_study *s, size_t v, double horizon)
{
    double time[COMPARE_SEEDS_MAX], room[COMPARE_SEEDS_MAX];
    bool solved[COMPARE_SEEDS_MAX];
    const size_t n = solve_times(s, v, time, solved);
    return unroll_survival_of(time, solved, n, horizon, room);
}

void compare_summarise(const compare_study *s, size_t v, compare_summary *out)
{
    double value[4][COMPARE_SEEDS_MAX];
    const size_t n = (size_t)s->seeds;
    *out = (compare_summary){0};
    for (size_t k = 0; k < n; k++) {
        const compare_result *r = compare_at(s, v, k);
        value[0][k] = r->done ? r->loss : NAN;
        value[1][k] = r->done ? r->accuracy : NAN;
        value[2][k] = r->done ? r->half_life[COMPARE_START] : NAN;
        value[3][k] = r->done ? r->half_life[COMPARE_END] : NAN;
        out->done += r->done;
        out->solved += r->done && r->solved;
        out->diverged += r->done && r->diverged;
        out->growing_start += r->done && isinf(value[2][k]);
        out->growing_end += r->done && isinf(value[3][k]);
    }
    out->loss = unroll_mean_of(value[0], n);
    out->accuracy = unroll_mean_of(value[1], n);
    out->half_life_start = unroll_mean_of(value[2], n);
    out->half_life_end = unroll_mean_of(value[3], n);
    out->steps_to_solve = compare_steps_to_solve(s, v, compare_solve_horizon(s));
}

unroll_mean compare_geometric_mean(double *value, size_t count)
{
    bool zero = false;
    for (size_t k = 0; k < count; k++) {
        zero = zero || value[k] == 0;
        value[k] = log10(value[k]);
    }
    unroll_mean m = unroll_mean_of(value, count);
    m.interval = (unroll_interval){NAN, NAN};
    m.high = m.n ? pow(10, m.high) : zero ? 0 : NAN;
    m.low = zero ? 0 : m.n ? pow(10, m.low) : NAN;
    m.mean = zero ? 0 : pow(10, m.mean);
    return m;
}

/* ---- the table ---- */

/* " (0.119 to 0.127)". Where all are too few, compare_means_words() says it once. */
static const char *interval_words(unroll_interval i, size_t done, char words[64])
{
    if (isfinite(i.low) && isfinite(i.high))
        snprintf(words, 64, " (%.3g to %.3g)", i.low, i.high);
    else
        snprintf(words, 64, "%s", done < UNROLL_INTERVAL_FROM ? "" : " (no interval)");
    return words;
}

/* "0.123 (0.119 to 0.127)", ", 1 growing", ", 2 diverged"; "-" where nothing was measured. */
static void add_mean(unroll_table *table, const unroll_mean *m, const compare_summary *of,
                     size_t growing)
{
    const size_t missing = of->done - m->n - growing;
    char mean[40] = "", interval[64] = "", grow[40] = "", left_out[48] = "";
    if (m->n) {
        snprintf(mean, sizeof mean, "%.4g", m->mean);
        interval_words(m->interval, of->done, interval);
    }
    if (growing)
        snprintf(grow, sizeof grow, m->n ? ", %zu growing" : "%zu growing", growing);
    if (missing && missing <= of->diverged)
        snprintf(left_out, sizeof left_out, "%s%zu diverged", m->n || growing ? ", " : "", missing);
    else if (missing && (m->n || growing))
        snprintf(left_out, sizeof left_out, ", %zu not measured", missing);
    const bool any = m->n || growing || *left_out;
    unroll_table_cell(table, "%s%s%s%s%s", mean, interval, grow, left_out, any ? "" : "-");
}

/* "812 (640 to 990)"; "at least 1400 (…)" where a run has not solved it; "not within 2000". */
static void add_steps(unroll_table *table, const unroll_survival *u)
{
    char interval[64];
    if (u->n == 0)
        unroll_table_text(table, "-");
    else if (u->happened == 0)
        unroll_table_cell(table, "not within %.0f", u->horizon);
    else
        unroll_table_cell(table, "%s%.4g%s", u->happened < u->n ? "at least " : "", u->mean,
                          interval_words(u->interval, u->n, interval));
}

const char *compare_means_words(const compare_study *s, char words[COMPARE_WORDS])
{
    const double horizon = compare_solve_horizon(s);
    size_t solved = 0;
    for (size_t i = 0; i < s->variants * s->seeds; i++)
        solved += s->result[i].done && s->result[i].solved;
    const int n =
        snprintf(words, COMPARE_WORDS, "%s",
                 s->seeds >= UNROLL_INTERVAL_FROM
                     ? "Means over seeds, with 95% intervals by bootstrap-t."
                 : s->seeds > 1 ? "Means over seeds, without intervals: those take 4 seeds or more."
                                : "One seed: no means, no intervals.");
    if (solved && n > 0)
        snprintf(words + n, COMPARE_WORDS - (size_t)n,
                 " Steps to solve are means restricted to %.0f updates (Kaplan-Meier): a seed that has not solved "
                 "the task by then, or diverged, counts as %.0f, so the mean is at least what is shown.",
                 horizon, horizon);
    return words;
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
        add_mean(out, &m.loss, &m, 0);
        add_mean(out, &m.accuracy, &m, 0);
        if (m.diverged)
            unroll_table_cell(out, "%zu/%zu, %zu diverged", m.solved, m.done, m.diverged);
        else
            unroll_table_cell(out, "%zu/%zu", m.solved, m.done);
        add_steps(out, &m.steps_to_solve);
        add_mean(out, &m.half_life_start, &m, m.growing_start);
        add_mean(out, &m.half_life_end, &m, m.growing_end);
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
