/* What a comparison found as CSV files. */
#include <math.h>

#include "base/buffer.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/output.h"
#include "base/path.h"
#include "lab/compare.h"
#include "lab/compare_summary.h"

/* ",value"; nothing where there is none. */
static void put_real(unroll_buffer *out, double value)
{
    char number[32];
    unroll_buffer_text(out, ",");
    if (!isnan(value))
        unroll_buffer_text(out, unroll_format_double(number, value));
}

static void put_results(unroll_buffer *out, const char *label, uint64_t seed, const compare_result *r)
{
    unroll_buffer_csv(out, label);
    unroll_buffer_printf(out, ",%llu,%llu", (unsigned long long)seed, (unsigned long long)r->steps);
    put_real(out, r->loss);
    put_real(out, r->accuracy);
    unroll_buffer_printf(out, ",%d", r->solved);
    put_real(out, r->solved ? (double)r->steps_to_solve : NAN);
    put_real(out, r->half_life[COMPARE_START]);
    put_real(out, r->half_life[COMPARE_END]);
    unroll_buffer_printf(out, ",%.2f,%d\n", r->seconds, r->diverged);
}

static void put_learning(unroll_buffer *out, const char *label, uint64_t seed,
                         const compare_result *r)
{
    for (size_t i = 0; i < r->points; i++) {
        unroll_buffer_csv(out, label);
        unroll_buffer_printf(out, ",%llu,%llu", (unsigned long long)seed,
                             (unsigned long long)r->point[i].step);
        put_real(out, r->point[i].loss);
        put_real(out, r->point[i].accuracy);
        unroll_buffer_printf(out, "\n");
    }
}

static void put_distance(unroll_buffer *out, const char *label, uint64_t seed,
                         const compare_result *r)
{
    for (size_t i = 0; i < r->distances; i++) {
        unroll_buffer_csv(out, label);
        unroll_buffer_printf(out, ",%llu,", (unsigned long long)seed);
        unroll_curve_csv_put(out, &r->distance[i].row, true);
    }
}

static void put_gates(unroll_buffer *out, const char *label, uint64_t seed, const compare_result *r)
{
    for (size_t i = 0; i < r->gates; i++) {
        unroll_buffer_csv(out, label);
        unroll_buffer_printf(out, ",%llu,%zu,%s", (unsigned long long)seed, r->gate[i].layer,
                             r->gate[i].name);
        put_real(out, r->gate[i].low);
        put_real(out, r->gate[i].high);
        unroll_buffer_printf(out, "\n");
    }
}

static void put_lengths(unroll_buffer *out, const char *label, uint64_t seed, const compare_result *r)
{
    for (size_t i = 0; i < r->lengths; i++) {
        const compare_length *l = &r->length[i];
        unroll_buffer_csv(out, label);
        unroll_buffer_printf(out, ",%llu,%zu,%zu,%llu", (unsigned long long)seed, l->min, l->max,
                             (unsigned long long)l->pairs);
        put_real(out, l->exact);
        put_real(out, l->bleu);
        unroll_buffer_printf(out, "\n");
    }
}

/* Takes both. */
static unroll_status write_text(char *path, unroll_buffer *text)
{
    const unroll_status status =
        path && !text->failed ? unroll_output_file(path, text->text, text->length) : UNROLL_EMEMORY;
    unroll_free(text->text);
    unroll_free(path);
    return status;
}

static unroll_status write_file(const compare_study *s, const char *name, const char *head,
                                void (*put)(unroll_buffer *, const char *, uint64_t,
                                            const compare_result *))
{
    char *path = unroll_path_join(s->directory, name);
    unroll_buffer text = {0};
    unroll_buffer_printf(&text, "%s\n", head);
    for (size_t v = 0; v < s->variants; v++)
        for (size_t k = 0; k < s->seeds; k++)
            if (compare_at(s, v, k)->done)
                put(&text, s->variant[v].label, s->seed + k, compare_at(s, v, k));
    return write_text(path, &text);
}

/* ---- a variant's seeds together ---- */

/* ",mean,low,high,n" */
static void put_mean(unroll_buffer *out, const unroll_mean *m)
{
    put_real(out, m->mean);
    put_real(out, m->interval.low);
    put_real(out, m->interval.high);
    unroll_buffer_printf(out, ",%zu", m->n);
}

static void put_summary(unroll_buffer *out, const compare_study *s, size_t v)
{
    compare_summary m;
    compare_summarise(s, v, &m);
    unroll_buffer_csv(out, s->variant[v].label);
    unroll_buffer_printf(out, ",%zu,%zu,%zu", m.done, m.solved, m.diverged);
    put_mean(out, &m.loss);
    put_mean(out, &m.accuracy);
    put_real(out, m.steps_to_solve.horizon);
    put_real(out, m.steps_to_solve.mean);
    put_real(out, m.steps_to_solve.interval.low);
    put_real(out, m.steps_to_solve.interval.high);
    put_real(out, m.steps_to_solve.median);
    put_mean(out, &m.half_life_start);
    unroll_buffer_printf(out, ",%zu", m.growing_start);
    put_mean(out, &m.half_life_end);
    unroll_buffer_printf(out, ",%zu\n", m.growing_end);
}

static unroll_status write_summary(const compare_study *s)
{
    char *path = unroll_path_join(s->directory, "summary.csv");
    unroll_buffer text = {0};
    unroll_buffer_text(&text, "variant,seeds,solved,diverged,loss,loss_low,loss_high,loss_n,"
                              "accuracy,accuracy_low,accuracy_high,accuracy_n,"
                              "solve_horizon,steps_to_solve,steps_to_solve_low,steps_to_solve_high,"
                              "steps_to_solve_median,half_life_start,half_life_start_low,"
                              "half_life_start_high,half_life_start_n,growing_start,half_life_end,"
                              "half_life_end_low,half_life_end_high,half_life_end_n,growing_end\n");
    for (size_t v = 0; v < s->variants; v++)
        put_summary(&text, s, v);
    return write_text(path, &text);
}

unroll_status compare_write(const compare_study *s)
{
    UNROLL_TRY(write_summary(s));
    UNROLL_TRY(write_file(s, "results.csv",
                          "variant,seed,steps,loss,accuracy,solved,steps_to_solve,"
                          "half_life_start,half_life_end,seconds,diverged",
                          put_results));
    UNROLL_TRY(write_file(s, "learning.csv", "variant,seed,step,loss,accuracy", put_learning));
    if (compare_length_count(s))
        UNROLL_TRY(write_file(s, "length.csv",
                              "variant,seed,source_min,source_max,pairs,exact_match,bleu",
                              put_lengths));
    UNROLL_TRY(write_file(s, "gates.csv", "variant,seed,layer,gate,below_0.1,above_0.9", put_gates));
    UNROLL_TRY(compare_generalization_write(s));
    return write_file(s, "distance.csv", "variant,seed," UNROLL_DISTANCE_HEADER, put_distance);
}
