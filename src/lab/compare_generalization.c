/* Models of a synthetic task on sequences shorter and longer than those that they were trained on. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/output.h"
#include "base/path.h"
#include "config/config.h"
#include "lab/compare.h"
#include "report/plot.h"
#include "score/statistics.h"
#include "score/task_loss.h"

static const double factors[] = {0.5, 1, 2, 4};
enum { FACTORS = sizeof factors / sizeof *factors };

/* ---- the tests of one job ---- */

/* The values of a key around that of training; fewer where it does not allow them. */
static size_t values_around(const unroll_spec_key *key, double trained, double value[FACTORS])
{
    size_t count = 0;
    for (size_t i = 0; i < FACTORS; i++) {
        const double x = key->real ? factors[i] * trained : round(factors[i] * trained);
        if (x >= key->min && x <= key->max && (count == 0 || x > value[count - 1]))
            value[count++] = x;
    }
    return count;
}

unroll_status compare_generalization_measure(const unroll_net *net, const char *task, uint64_t seed,
                                             size_t threads, compare_result *out)
{
    const unroll_task_row *row;
    double key[UNROLL_TASK_KEYS], value[FACTORS];
    UNROLL_TRY(unroll_task_parse(task, &row, key));
    const size_t count = values_around(&row->keys[0], key[0], value);
    if (!(out->stretch = unroll_alloc(count, sizeof *out->stretch)))
        return UNROLL_EMEMORY;
    for (size_t i = 0; i < count; i++) {
        unroll_result sum = {0};
        key[0] = value[i];
        UNROLL_TRY(unroll_synthetic_loss(net, row, key, seed, threads, NULL, &sum));
        out->stretch[out->stretches++] =
            (compare_stretch){.value = value[i],
                              .loss = sum.loss / sum.weight,
                              .accuracy = sum.correct / sum.counted,
                              .recall_loss = sum.recalled_loss / sum.recalled,
                              .recall_accuracy = sum.recalled_correct / sum.recalled};
    }
    return UNROLL_OK;
}

/* ---- all jobs as CSV ---- */

/* A variant's task, and the values of its keys. */
static unroll_status task_of(const compare_study *s, size_t v, const unroll_task_row **row,
                             double *key)
{
    return unroll_task_parse(s->variant[v].config->task, row, key);
}

static bool is_there(const compare_study *s)
{
    for (size_t i = 0; i < s->variants * (size_t)s->seeds; i++)
        if (s->result[i].stretches)
            return true;
    return false;
}

static void put_real(unroll_buffer *out, double value)
{
    char number[32];
    unroll_buffer_printf(out, ",%s", isfinite(value) ? unroll_format_double(number, value) : "");
}

static unroll_status put_variant(unroll_buffer *out, const compare_study *s, size_t v)
{
    const unroll_task_row *row;
    double key[UNROLL_TASK_KEYS];
    UNROLL_TRY(task_of(s, v, &row, key));
    const double trained = key[0];
    for (size_t k = 0; k < s->seeds; k++) {
        const compare_result *r = compare_at(s, v, k);
        for (size_t i = 0; i < r->stretches; i++) {
            const compare_stretch *t = &r->stretch[i];
            unroll_task_shape shape;
            key[0] = t->value;
            row->shape(key, &shape);
            unroll_buffer_csv(out, s->variant[v].label);
            unroll_buffer_printf(out, ",%llu,%s", (unsigned long long)(s->seed + k),
                                 row->keys[0].name);
            put_real(out, trained);
            put_real(out, t->value);
            unroll_buffer_printf(out, ",%zu", shape.T);
            put_real(out, t->loss);
            put_real(out, t->accuracy);
            put_real(out, t->recall_loss);
            put_real(out, t->recall_accuracy);
            put_real(out, row->chance(key));
            unroll_buffer_text(out, "\n");
        }
    }
    return UNROLL_OK;
}

unroll_status compare_generalization_write(const compare_study *s)
{
    unroll_buffer text = {0};
    if (!is_there(s))
        return UNROLL_OK;
    char *path = unroll_path_join(s->directory, "generalization.csv");
    unroll_status status = path ? UNROLL_OK : UNROLL_EMEMORY;
    unroll_buffer_text(&text, "variant,seed,key,trained,value,steps,loss,accuracy,recall_loss,"
                              "recall_accuracy,chance\n");
    for (size_t v = 0; v < s->variants && status == UNROLL_OK; v++)
        status = put_variant(&text, s, v);
    if (status == UNROLL_OK)
        status = text.failed ? UNROLL_EMEMORY : unroll_output_file(path, text.text, text.length);
    unroll_free(text.text);
    unroll_free(path);
    return status;
}

/* ---- the picture ---- */

/* One curve, or a line that marks something. */
typedef struct curve {
    char label[COMPARE_PLOT_LABEL];
    double x[FACTORS], y[FACTORS], low[FACTORS], high[FACTORS];
} curve;

typedef struct picture {
    curve *curve; /* [5 per variant] */
    unroll_series *series;
    size_t count;
    double from, to; /* values of the key */
} picture;

static unroll_series *add_series(picture *p, size_t count, size_t look)
{
    curve *c = &p->curve[p->count];
    unroll_series *s = &p->series[p->count++];
    *s = (unroll_series){.label = c->label, .x = c->x, .y = c->y, .count = count, .look = look};
    return s;
}

/* The mean over a variant's seeds at each length. */
static void add_variant(picture *p, const compare_study *s, size_t v)
{
    const size_t seeds = (size_t)s->seeds;
    const compare_result *any = NULL;
    for (size_t k = 0; k < seeds && !any; k++)
        any = compare_at(s, v, k)->stretches ? compare_at(s, v, k) : NULL;
    if (!any)
        return;
    curve *c = &p->curve[p->count];
    compare_plot_label(&s->variant[v], c->label);
    for (size_t i = 0; i < any->stretches && i < FACTORS; i++) {
        double value[COMPARE_SEEDS_MAX];
        for (size_t k = 0; k < seeds; k++) {
            const compare_result *r = compare_at(s, v, k);
            value[k] = i < r->stretches ? r->stretch[i].accuracy : NAN;
        }
        const unroll_mean m = unroll_mean_of(value, seeds);
        c->x[i] = any->stretch[i].value;
        c->y[i] = m.mean;
        c->low[i] = m.low;
        c->high[i] = m.high;
    }
    unroll_series *one = add_series(p, any->stretches < FACTORS ? any->stretches : FACTORS, v + 1);
    one->points = true;
    if (seeds > 2) {
        one->low = c->low;
        one->high = c->high;
    }
    for (int i = 0; i < 2 && seeds == 2; i++) { /* two make no band */
        curve *dots = &p->curve[p->count];
        memcpy(dots->x, c->x, sizeof dots->x);
        memcpy(dots->y, i ? c->high : c->low, sizeof dots->y);
        add_series(p, one->count, v + 1)->marks = true;
    }
}

/* Upright where a variant was trained, unless another was trained there, too. */
static void add_trained(picture *p, const compare_study *s, size_t v)
{
    const unroll_task_row *row;
    double key[UNROLL_TASK_KEYS], other[UNROLL_TASK_KEYS];
    char number[32];
    if (task_of(s, v, &row, key) != UNROLL_OK)
        return;
    for (size_t k = 0; k < v; k++)
        if (task_of(s, k, &row, other) == UNROLL_OK && other[0] == key[0])
            return;
    curve *c = &p->curve[p->count];
    snprintf(c->label, sizeof c->label, "trained at %s=%s", row->keys[0].name,
             unroll_format_double(number, key[0]));
    c->x[0] = c->x[1] = key[0];
    c->y[1] = 1;
    add_series(p, 2, 0)->reference = true;
}

/* What a guess has that remembers nothing, over all lengths that are drawn; once for each such line. */
static void add_chance(picture *p, const compare_study *s, size_t v)
{
    const unroll_task_row *row;
    double key[UNROLL_TASK_KEYS];
    for (size_t k = 0; k < v; k++)
        if (s->variant[k].chance == s->variant[v].chance)
            return;
    if (task_of(s, v, &row, key) != UNROLL_OK)
        return;
    curve *c = &p->curve[p->count];
    snprintf(c->label, sizeof c->label, "chance");
    for (size_t i = 0; i < FACTORS; i++) {
        key[0] = round(p->from * pow(p->to / p->from, (double)i / (FACTORS - 1)));
        c->x[i] = key[0];
        c->y[i] = row->chance(key);
    }
    add_series(p, FACTORS, 0)->reference = true;
}

static void add_all(picture *p, const compare_study *s)
{
    p->from = INFINITY;
    for (size_t v = 0; v < s->variants; v++)
        add_variant(p, s, v);
    for (size_t i = 0; i < p->count; i++) {
        p->from = fmin(p->from, p->series[i].x[0]);
        p->to = fmax(p->to, p->series[i].x[p->series[i].count - 1]);
    }
    for (size_t v = 0; v < s->variants; v++)
        add_trained(p, s, v);
    for (size_t v = 0; v < s->variants; v++)
        add_chance(p, s, v);
}

static unroll_status draw(const picture *p, const compare_study *s, const char *folder,
                          const char *title)
{
    const unroll_task_row *row;
    double key[UNROLL_TASK_KEYS];
    char heading[200], x_label[120];
    UNROLL_TRY(task_of(s, 0, &row, key));
    snprintf(heading, sizeof heading, "Accuracy against length, after training: %.120s", title);
    snprintf(x_label, sizeof x_label, "%s: %s", row->keys[0].name, row->keys[0].help);
    const unroll_plot plot = {.directory = folder,
                              .name = "generalization",
                              .title = heading,
                              .x_label = x_label,
                              .y_label = "accuracy on 1000 sequences",
                              .log_x = p->to > 20 * p->from, /* of a sweep */
                              .y_to = 1.02,
                              .key_below = true,
                              .series = p->series,
                              .count = p->count};
    UNROLL_TRY(unroll_plot_write(&plot));
    return unroll_plot_draw(&plot);
}

unroll_status compare_generalization_draw(const compare_study *s, const char *folder,
                                          const char *title)
{
    if (!is_there(s))
        return UNROLL_OK;
    picture p = {.curve = unroll_alloc(5 * s->variants, sizeof *p.curve),
                 .series = unroll_alloc(5 * s->variants, sizeof *p.series)};
    unroll_status status = p.curve && p.series ? UNROLL_OK : UNROLL_EMEMORY;
    if (status == UNROLL_OK) {
        add_all(&p, s);
        status = draw(&p, s, folder, title);
    }
    unroll_free(p.series);
    unroll_free(p.curve);
    return status;
}
