/* What a comparison found as CSV files. */
#include <math.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/output.h"
#include "base/path.h"
#include "lab/compare.h"
#include "lab/compare_summary.h"

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
    char *path = unroll_path_join(s->directory, name);
    unroll_output *out;
    if (!path)
        return UNROLL_EMEMORY;
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
