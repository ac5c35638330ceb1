/* What a comparison found: CSV files, a table for people, JSON. */
#include "lab/compare_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/output.h"
#include "cli/out.h"
#include "lab/compare.h"
#include "score/statistics.h"

/* ---- CSV ---- */

/* RFC 4180: in quotes where it has a comma, a quote or a line's end. */
static void put_label(unroll_output *out, const char *label)
{
    const bool quoted = strpbrk(label, ",\"\r\n") != NULL;
    unroll_output_printf(out, "%s", quoted ? "\"" : "");
    for (const char *c = label; *c; c++)
        unroll_output_write(out, *c == '"' ? "\"\"" : c, *c == '"' ? 2 : 1);
    unroll_output_printf(out, "%s", quoted ? "\"" : "");
}

/* ",value"; nothing where there is none. */
static void put_real(unroll_output *out, double value)
{
    char number[32];
    unroll_output_printf(out, ",%s", isnan(value) ? "" : unroll_format_digits(number, value, 9));
}

static void put_results(unroll_output *out, const char *label, uint64_t seed,
                        const compare_result *r)
{
    put_label(out, label);
    unroll_output_printf(out, ",%llu,%llu", (unsigned long long)seed, (unsigned long long)r->steps);
    put_real(out, r->loss);
    put_real(out, r->accuracy);
    unroll_output_printf(out, ",%d", r->solved);
    put_real(out, r->solved ? (double)r->steps_to_solve : NAN);
    put_real(out, r->half_life[COMPARE_START]);
    put_real(out, r->half_life[COMPARE_END]);
    unroll_output_printf(out, ",%.2f\n", r->seconds);
}

static void put_learning(unroll_output *out, const char *label, uint64_t seed,
                         const compare_result *r)
{
    for (size_t i = 0; i < r->points; i++) {
        put_label(out, label);
        unroll_output_printf(out, ",%llu,%llu", (unsigned long long)seed,
                             (unsigned long long)r->point[i].step);
        put_real(out, r->point[i].loss);
        put_real(out, r->point[i].accuracy);
        unroll_output_printf(out, "\n");
    }
}

static void put_distance(unroll_output *out, const char *label, uint64_t seed,
                         const compare_result *r)
{
    for (size_t i = 0; i < r->distances; i++) {
        const compare_distance *d = &r->distance[i];
        put_label(out, label);
        unroll_output_printf(out, ",%llu,%llu,%zu,%c,%zu", (unsigned long long)seed,
                             (unsigned long long)d->step, d->layer, d->state, d->distance);
        put_real(out, d->mean);
        put_real(out, d->gmean);
        put_real(out, d->q10);
        put_real(out, d->median);
        put_real(out, d->q90);
        unroll_output_printf(out, ",%llu\n", (unsigned long long)d->n);
    }
}

static void put_gates(unroll_output *out, const char *label, uint64_t seed, const compare_result *r)
{
    for (size_t i = 0; i < r->gates; i++) {
        put_label(out, label);
        unroll_output_printf(out, ",%llu,%zu,%s", (unsigned long long)seed, r->gate[i].layer,
                             r->gate[i].name);
        put_real(out, r->gate[i].low);
        put_real(out, r->gate[i].high);
        unroll_output_printf(out, "\n");
    }
}

static void put_lengths(unroll_output *out, const char *label, uint64_t seed,
                        const compare_result *r)
{
    for (size_t i = 0; i < r->lengths; i++) {
        const compare_length *l = &r->length[i];
        put_label(out, label);
        unroll_output_printf(out, ",%llu,%zu,%zu,%llu", (unsigned long long)seed, l->min, l->max,
                             (unsigned long long)l->pairs);
        put_real(out, l->exact);
        put_real(out, l->bleu);
        unroll_output_printf(out, "\n");
    }
}

static unroll_status write_file(const compare_study *s, const char *name, const char *head,
                                void (*put)(unroll_output *, const char *, uint64_t,
                                            const compare_result *))
{
    const size_t room = strlen(s->directory) + strlen(name) + 2;
    char *path = unroll_alloc(room, 1);
    unroll_output *out;
    if (!path)
        return UNROLL_EMEMORY;
    snprintf(path, room, "%s/%s", s->directory, name);
    const unroll_status status = unroll_output_open(path, &out);
    unroll_free(path);
    if (status != UNROLL_OK)
        return status;
    unroll_output_printf(out, "%s\n", head);
    for (size_t v = 0; v < s->variants; v++)
        for (size_t k = 0; k < s->seeds; k++)
            if (compare_at(s, v, k)->done)
                put(out, s->variant[v].label, s->seed + k, compare_at(s, v, k));
    return unroll_output_commit(out);
}

unroll_status compare_write(const compare_study *s)
{
    UNROLL_TRY(write_file(s, "results.csv", "variant,seed,steps,loss,accuracy,solved,steps_to_solve,"
                          "half_life_start,half_life_end,seconds", put_results));
    UNROLL_TRY(write_file(s, "learning.csv", "variant,seed,step,loss,accuracy", put_learning));
    if (compare_length_count(s))
        UNROLL_TRY(write_file(s, "length.csv", "variant,seed,source_min,source_max,pairs,exact_match,bleu",
                              put_lengths));
    UNROLL_TRY(write_file(s, "gates.csv", "variant,seed,layer,gate,below_0.1,above_0.9", put_gates));
    return write_file(s, "distance.csv", "variant,seed,step,layer,state,distance,mean,gmean,q10,"
                      "median,q90,n", put_distance);
}

/* ---- means over seeds ---- */

void compare_summarise(const compare_study *s, size_t v, compare_summary *out)
{
    double value[5][64];
    const size_t n = s->seeds < 64 ? (size_t)s->seeds : 64;
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

const char *compare_mean_text(char cell[COMPARE_CELL], const unroll_mean *m, size_t growing)
{
    char half[32] = "";
    if (isfinite(m->half))
        snprintf(half, sizeof half, " ± %.2g", m->half);
    if (m->n && growing)
        snprintf(cell, COMPARE_CELL, "%.4g%s, %zu growing", m->mean, half, growing);
    else if (m->n)
        snprintf(cell, COMPARE_CELL, "%.4g%s", m->mean, half);
    else
        snprintf(cell, COMPARE_CELL, "%s", growing ? "growing" : "-");
    return cell;
}

const char *const compare_heads[COMPARE_COLUMNS] = {
    "variant", "loss", "accuracy", "solved", "steps to solve", "half-life at start", "at the end"};

void compare_cells(const compare_study *s, size_t v, char cell[COMPARE_COLUMNS][COMPARE_CELL])
{
    compare_summary m;
    compare_summarise(s, v, &m);
    snprintf(cell[0], COMPARE_CELL, "%.180s", s->variant[v].label);
    compare_mean_text(cell[1], &m.loss, 0);
    compare_mean_text(cell[2], &m.accuracy, 0);
    if (m.diverged)
        snprintf(cell[3], COMPARE_CELL, "%zu/%zu, %zu diverged", m.solved, m.done, m.diverged);
    else
        snprintf(cell[3], COMPARE_CELL, "%zu/%zu", m.solved, m.done);
    compare_mean_text(cell[4], &m.steps_to_solve, 0);
    compare_mean_text(cell[5], &m.half_life_start, m.growing_start);
    compare_mean_text(cell[6], &m.half_life_end, m.growing_end);
}

/* ---- for people ---- */

/* Columns that a text takes: bytes that do not go on a UTF-8 sequence. */
static size_t width(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

void compare_print_table(const char *const *cell, size_t rows, size_t columns)
{
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < columns; c++) {
            const char *text = cell[r * columns + c];
            size_t widest = 0;
            for (size_t i = 0; i < rows; i++) {
                const size_t w = width(cell[i * columns + c]);
                widest = w > widest ? w : widest;
            }
            out_printf("%s%*s%s", text, c + 1 < columns ? (int)(widest - width(text)) : 0, "",
                       c + 1 < columns ? "  " : "\n");
        }
    }
}

static unroll_status tell_text(const compare_study *s)
{
    const size_t rows = s->variants + 1;
    char(*cell)[COMPARE_COLUMNS][COMPARE_CELL] = unroll_alloc(s->variants, sizeof *cell);
    const char **table = unroll_alloc(rows * COMPARE_COLUMNS, sizeof *table);
    if (cell && table) {
        memcpy(table, compare_heads, sizeof compare_heads);
        for (size_t v = 0; v < s->variants; v++) {
            compare_cells(s, v, cell[v]);
            for (size_t c = 0; c < COMPARE_COLUMNS; c++)
                table[(v + 1) * COMPARE_COLUMNS + c] = cell[v][c];
        }
        compare_print_table(table, rows, COMPARE_COLUMNS);
        out_printf("\nHeld-out %s%s; means%s", s->squared ? "squared error" : "loss in nats",
                   s->squared ? "" : " per target",
                   s->seeds > 1 ? " with 95% intervals (Student's t)" : "");
        if (!isnan(s->baseline))
            out_printf("; a guess that remembers nothing has %.4g", s->baseline);
        out_printf("\n%s/report.html\n", s->directory);
    }
    const bool done = cell && table;
    unroll_free(table);
    unroll_free(cell);
    return done ? UNROLL_OK : UNROLL_EMEMORY;
}

/* ---- for programs ---- */

static json_t *mean_json(const unroll_mean *m)
{
    return json_pack("{s:o, s:o, s:I}", "mean", out_json_real(m->mean), "half_width",
                     out_json_real(m->half), "n", (json_int_t)m->n);
}

static json_t *lengths_json(const compare_study *s, size_t v)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < compare_length_count(s); i++) {
        const compare_length *of = compare_length_at(s, i);
        const unroll_mean exact = compare_length_mean(s, v, of, false);
        const unroll_mean bleu = compare_length_mean(s, v, of, true);
        json_array_append_new(list, json_pack("{s:I, s:I, s:o, s:o}", "source_min",
                                              (json_int_t)of->min, "source_max",
                                              (json_int_t)of->max, "exact_match", mean_json(&exact),
                                              "bleu", mean_json(&bleu)));
    }
    return list;
}

json_t *compare_json(const compare_study *s)
{
    json_t *list = json_array();
    for (size_t v = 0; list && v < s->variants; v++) {
        compare_summary m;
        compare_summarise(s, v, &m);
        json_array_append_new(
            list, json_pack("{s:o, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "variant",
                            out_json_text(s->variant[v].label, strlen(s->variant[v].label)), "seeds",
                            (json_int_t)m.done, "solved", (json_int_t)m.solved, "diverged",
                            (json_int_t)m.diverged, "loss", mean_json(&m.loss), "accuracy",
                            mean_json(&m.accuracy), "steps_to_solve", mean_json(&m.steps_to_solve),
                            "half_life_start", mean_json(&m.half_life_start), "half_life_end",
                            mean_json(&m.half_life_end), "lengths", lengths_json(s, v)));
    }
    return list;
}

unroll_status compare_tell(const compare_study *s, bool json)
{
    if (!json) {
        for (int bleu = 0; bleu <= 1; bleu++)
            UNROLL_TRY(compare_tell_lengths(s, bleu));
        return tell_text(s);
    }
    return out_json(json_pack("{s:o, s:o, s:s}", "variants", compare_json(s), "baseline",
                              out_json_real(s->baseline), "out", s->directory));
}
