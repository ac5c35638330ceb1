/* The pictures of a comparison. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "config/config.h"
#include "lab/compare_drawing.h"
#include "lab/compare_summary.h"
#include "report/variant.h"

enum { LABEL = COMPARE_PLOT_LABEL };

/* ---- guesses ---- */

enum field { FIELD_LOSS, FIELD_ACCURACY, FIELD_SOLVED };

static double guess(const compare_variant *v, enum field field)
{
    return field == FIELD_LOSS ? v->baseline : field == FIELD_ACCURACY ? v->chance : NAN;
}

static const char *guess_name(enum field field)
{
    return field == FIELD_LOSS ? "baseline: a guess that remembers nothing" : "chance";
}

/* What a guess that remembers nothing reaches: one line where it is the same for all variants, else one for each
 * level. */
static void add_guesses(compare_drawing *d, enum field field, double to)
{
    const compare_study *s = d->study;
    const char *what = guess_name(field);
    const bool one = !isnan(field == FIELD_LOSS ? s->baseline : s->chance);
    for (size_t v = 0, k; v < s->variants; v++) {
        const compare_variant *a = &s->variant[v];
        const double level = guess(a, field);
        char label[LABEL];
        for (k = 0; k < v; k++)
            if (level == guess(&s->variant[k], field))
                break;
        if (k < v)
            continue;
        if (one)
            snprintf(label, LABEL, "%s", what);
        else if (s->sweep_key)
            snprintf(label, LABEL, "%s, %.40s=%.6g", what, s->sweep_key, a->sweep);
        else
            snprintf(label, LABEL, "%s, %.*s", what, unroll_utf8_fit(a->label, 140), a->label);
        compare_drawing_level(d, label, level, 0, to);
    }
}

/* ---- learning curves ---- */

/* Means over seeds, each of the points that the longest has. */
static void add_learning(compare_drawing *d, size_t v, enum field field)
{
    const compare_study *s = d->study;
    char label[LABEL];
    size_t count = 0, diverged = 0;
    double value[COMPARE_SEEDS_MAX];
    const size_t seeds = (size_t)s->seeds;
    for (size_t k = 0; k < seeds; k++) {
        count = compare_at(s, v, k)->points > count ? compare_at(s, v, k)->points : count;
        diverged += compare_at(s, v, k)->diverged;
    }
    compare_plot_label(&s->variant[v], label);
    if (diverged)
        compare_drawing_note(label, "%zu of %zu seeds diverged", diverged, seeds);
    if (count == 0 || !compare_drawing_add(d, label, v + 1, count))
        return;
    for (size_t i = 0; i < count; i++) {
        double x = NAN;
        for (size_t k = 0; k < seeds; k++) {
            const compare_result *r = compare_at(s, v, k);
            if (i < r->points)
                x = (double)r->point[i].step;
            /* One that ended early had solved it and stays where it was, or has diverged. */
            const bool over = r->points == 0 || (i >= r->points && r->diverged);
            const compare_point *p = over ? NULL : &r->point[i < r->points ? i : r->points - 1];
            value[k] = !p ? NAN : field == FIELD_LOSS ? p->loss : p->accuracy;
        }
        const unroll_mean m = unroll_mean_of(value, seeds);
        compare_drawing_set(d, i, x, &m);
    }
    compare_drawing_finish(d, v + 1);
}

/* The last x of any series. */
static double last_x(const compare_drawing *d)
{
    double most = 0;
    for (size_t i = 0; i < d->count; i++)
        most = fmax(most, d->series[i].count ? d->series[i].x[d->series[i].count - 1] : 0);
    return most;
}

/* Decades apart, and nothing at or below zero. */
static bool wants_log(const compare_drawing *d)
{
    double low = INFINITY, high = 0;
    for (size_t i = 0; i < d->count; i++)
        for (size_t k = 0; k < d->series[i].count; k++) {
            low = fmin(low, d->series[i].y[k]);
            high = fmax(high, d->series[i].y[k]);
        }
    return low > 0 && high > 30 * low;
}

static void draw_learning(compare_drawing *d, const char *title)
{
    const compare_study *s = d->study;
    for (size_t v = 0; v < s->variants; v++)
        add_learning(d, v, FIELD_LOSS);
    add_guesses(d, FIELD_LOSS, last_x(d));
    compare_drawing_flush(d, &(unroll_plot){.name = "learning",
                                            .title = title,
                                            .x_label = "update",
                                            .y_label = s->squared ? "training squared error"
                                                                  : "training loss (nats per target)",
                                            .log_y = wants_log(d)});
    for (size_t v = 0; v < s->variants; v++)
        add_learning(d, v, FIELD_ACCURACY);
    add_guesses(d, FIELD_ACCURACY, last_x(d));
    compare_drawing_flush(d, &(unroll_plot){.name = "accuracy",
                                            .title = title,
                                            .x_label = "update",
                                            .y_label = "training accuracy"});
}

/* ---- gradient curves ---- */

static bool is_shown(const compare_distance *e, int when, size_t top)
{
    return e->when == when && e->row.state == 'h' && e->row.layer == top;
}

/* The distances of a variant's curves.
 * @param without  seeds that have none, because they diverged or nothing could be measured */
static size_t gradient_count(const compare_study *s, size_t v, int when, size_t *without)
{
    const size_t top = (size_t)s->variant[v].config->layers - 1;
    size_t count = 0;
    *without = 0;
    for (size_t k = 0; k < s->seeds; k++) {
        const compare_result *r = compare_at(s, v, k);
        bool any = false;
        for (size_t i = 0; i < r->distances; i++)
            if (is_shown(&r->distance[i], when, top)) {
                const size_t distance = r->distance[i].row.distance;
                any = true;
                count = distance >= count ? distance + 1 : count;
            }
        *without += !any;
    }
    return count;
}

/* @param value  [count][seeds] */
static void get_gradients(const compare_study *s, size_t v, int when, size_t count, double *value)
{
    const size_t seeds = (size_t)s->seeds, top = (size_t)s->variant[v].config->layers - 1;
    for (size_t i = 0; i < count * seeds; i++)
        value[i] = NAN;
    for (size_t k = 0; k < seeds; k++) {
        const compare_result *r = compare_at(s, v, k);
        for (size_t i = 0; i < r->distances; i++)
            if (is_shown(&r->distance[i], when, top))
                value[r->distance[i].row.distance * seeds + k] = r->distance[i].row.point.gmean;
    }
}

static void add_gradient(compare_drawing *d, size_t v, int when)
{
    const compare_study *s = d->study;
    const size_t seeds = (size_t)s->seeds;
    char label[LABEL];
    size_t without, zeros = 0, from = 0;
    const size_t count = gradient_count(s, v, when, &without);
    double *value = unroll_alloc(count * seeds, sizeof *value);
    if (!value)
        compare_drawing_lack_memory(d);
    if (!value || count == 0) {
        unroll_free(value);
        return;
    }
    get_gradients(s, v, when, count, value);
    for (; from < count && zeros == 0; from++)
        for (size_t k = 0; k < seeds; k++)
            zeros += value[from * seeds + k] == 0;
    compare_plot_label(&s->variant[v], label);
    if (without)
        compare_drawing_note(label, "%zu of %zu seeds without a curve", without, seeds);
    if (zeros)
        compare_drawing_note(label, "0 in %zu of %zu seeds at distance %zu", zeros, seeds - without,
                             from - 1);
    const bool drawn = compare_drawing_add(d, label, v + 1, count);
    for (size_t i = 0; i < count && drawn; i++) {
        const unroll_mean m = compare_geometric_mean(value + i * seeds, seeds);
        compare_drawing_set(d, i, (double)i, &m);
    }
    if (drawn)
        compare_drawing_finish(d, v + 1);
    unroll_free(value);
}

/* Where sequences have a step or two, a curve against distance shows nothing. */
static void draw_gradients(compare_drawing *d, const char *title)
{
    enum { LEAST_DISTANCES = 4 };
    static const char *const names[COMPARE_WHENS] = {"gradient-start", "gradient-middle",
                                                     "gradient-end"};
    static const char *const words[COMPARE_WHENS] = {"before training", "half-way", "after training"};
    for (int when = 0; when < COMPARE_WHENS; when++) {
        char text[200], y_label[80];
        snprintf(y_label, sizeof y_label, "|dL_t/dh_s| (%s), top layer, geometric mean",
                 unroll_loss_unit(d->study->squared));
        snprintf(text, sizeof text, "Gradient against distance, %s, in doubles: %.120s",
                 words[when], title);
        size_t reach = 0, without;
        for (size_t v = 0; v < d->study->variants; v++)
            reach = (size_t)fmax((double)reach, (double)gradient_count(d->study, v, when, &without));
        if (reach && reach < LEAST_DISTANCES)
            continue;
        for (size_t v = 0; v < d->study->variants; v++)
            add_gradient(d, v, when);
        compare_drawing_flush(d, &(unroll_plot){.name = names[when],
                                                .title = text,
                                                .log_y = true,
                                                .x_label = "distance k = t - s (steps)",
                                                .y_label = y_label});
    }
}

/* ---- gradient against layer ---- */

static void add_depth(compare_drawing *d, size_t v)
{
    const compare_study *s = d->study;
    const size_t seeds = (size_t)s->seeds;
    const size_t layers = (size_t)s->variant[v].config->layers;
    char label[LABEL];
    compare_plot_label(&s->variant[v], label);
    if (!compare_drawing_add(d, label, v + 1, layers))
        return;
    d->series[d->count - 1].points = true;
    for (size_t l = 0; l < layers; l++) {
        double value[COMPARE_SEEDS_MAX];
        for (size_t k = 0; k < seeds; k++) {
            const compare_result *r = compare_at(s, v, k);
            value[k] = NAN;
            for (size_t i = 0; i < r->distances; i++)
                if (is_shown(&r->distance[i], COMPARE_START, l) && r->distance[i].row.distance == 0)
                    value[k] = r->distance[i].row.point.gmean;
        }
        const unroll_mean m = compare_geometric_mean(value, seeds);
        compare_drawing_set(d, l, (double)l + 1, &m);
    }
    compare_drawing_finish(d, v + 1);
}

static bool has_layers(const compare_study *s)
{
    for (size_t v = 0; v < s->variants; v++)
        if (s->variant[v].config->layers > 1)
            return true;
    return false;
}

static void draw_depth(compare_drawing *d, const char *title)
{
    char text[200], y_label[80];
    snprintf(y_label, sizeof y_label, "|dL_t/dh_t| (%s), geometric mean",
             unroll_loss_unit(d->study->squared));
    snprintf(text, sizeof text, "Gradient against layer, before training: %.120s", title);
    for (size_t v = 0; v < d->study->variants; v++)
        add_depth(d, v);
    compare_drawing_flush(d, &(unroll_plot){.name = "gradient-layers",
                                            .title = text,
                                            .log_y = true,
                                            .x_label = "layer, from the input",
                                            .y_label = y_label});
}

/* ---- what the sweep and the half-life say ---- */

/* The first variant's guesses, value by value. */
static void add_sweep_guess(compare_drawing *d, size_t values, enum field field)
{
    const compare_study *s = d->study;
    if (isnan(guess(&s->variant[0], field)) || !compare_drawing_add(d, guess_name(field), 0, values))
        return;
    unroll_series *one = &d->series[d->count - 1];
    one->reference = true;
    one->low = one->high = NULL;
    for (size_t v = 0; v < values; v++)
        compare_drawing_set(d, v, s->variant[v].sweep,
                            &(unroll_mean){.mean = guess(&s->variant[v], field)});
}

/* The variants of one kind stand together, value by value. */
static void draw_sweep(compare_drawing *d, const char *title, enum field field, const char *name,
                       const char *y_label)
{
    const compare_study *s = d->study;
    size_t first = 0, look = 0;
    for (size_t from = 0, to; from < s->variants; from = to) {
        char label[LABEL], tail[80];
        size_t diverged = 0;
        to = from + 1;
        while (to < s->variants && s->variant[to].sweep > s->variant[to - 1].sweep)
            to++;
        compare_plot_label(&s->variant[from], label);
        snprintf(tail, sizeof tail, ", %.40s=", s->sweep_key);
        char *cut = strstr(label, tail);
        if (cut) { /* the label without the value, which is the axis */
            const char *after = cut + 2 + strcspn(cut + 2, " ");
            memmove(cut, after, strlen(after) + 1);
        }
        for (size_t i = from * s->seeds; i < to * s->seeds; i++)
            diverged += s->result[i].diverged;
        if (diverged && field != FIELD_SOLVED)
            compare_drawing_note(label, "without %zu runs that diverged", diverged);
        if (!compare_drawing_add(d, label, ++look, to - from))
            continue;
        d->series[d->count - 1].points = true;
        for (size_t v = from; v < to; v++) {
            compare_summary m;
            compare_summarise(s, v, &m);
            const double share = m.done ? (double)m.solved / (double)m.done : NAN;
            const unroll_mean solved = {.mean = share, .low = share, .high = share};
            compare_drawing_set(d, v - from, s->variant[v].sweep,
                                field == FIELD_SOLVED ? &solved
                                : field == FIELD_LOSS ? &m.loss
                                                      : &m.accuracy);
        }
        if (field == FIELD_SOLVED) /* a share of all seeds, not one of each */
            d->series[d->count - 1].low = d->series[d->count - 1].high = NULL;
        else
            compare_drawing_finish(d, look);
        first = first ? first : to;
    }
    add_sweep_guess(d, first, field);
    compare_drawing_flush(d, &(unroll_plot){.name = name,
                                            .title = title,
                                            .x_label = s->sweep_key,
                                            .y_label = y_label});
}

static void draw_half_life(compare_drawing *d, const char *title)
{
    const compare_study *s = d->study;
    for (size_t v = 0; v < s->variants; v++) {
        char label[LABEL];
        size_t n = 0;
        compare_plot_label(&s->variant[v], label);
        unroll_series *one = compare_drawing_add(d, label, v + 1, (size_t)s->seeds);
        for (size_t k = 0; one && k < s->seeds; k++) {
            const compare_result *r = compare_at(s, v, k);
            const double steps = (double)r->steps_to_solve;
            if (r->done && r->solved && isfinite(r->half_life[COMPARE_START]) &&
                r->half_life[COMPARE_START] > 0)
                compare_drawing_set(d, n++, r->half_life[COMPARE_START],
                                    &(unroll_mean){.mean = steps});
        }
        if (!one)
            continue;
        one->marks = true;
        one->low = one->high = NULL;
        one->count = n;
        if (n == 0) /* nothing solved: it has no place here */
            unroll_free(d->block[--d->count]);
    }
    compare_drawing_flush(d, &(unroll_plot){.name = "half-life",
                                            .title = title,
                                            .log_x = true,
                                            .x_label =
                                                "half-life of the gradient before training (steps)",
                                            .y_label = "updates until solved"});
}

/* ---- translations by length ---- */

static void draw_lengths(compare_drawing *d, const char *title, bool bleu)
{
    const compare_study *s = d->study;
    const size_t count = compare_length_count(s);
    for (size_t v = 0; v < s->variants && count; v++) {
        char label[LABEL];
        compare_plot_label(&s->variant[v], label);
        if (!compare_drawing_add(d, label, v + 1, count))
            continue;
        d->series[d->count - 1].points = true;
        for (size_t i = 0; i < count; i++) {
            const compare_length *of = compare_length_at(s, i);
            const unroll_mean m = compare_length_mean(s, v, of, bleu);
            compare_drawing_set(d, i, (double)(of->min + of->max) / 2, &m);
        }
        compare_drawing_finish(d, v + 1);
    }
    compare_drawing_flush(d, &(unroll_plot){
                                 .name = bleu ? "length-bleu" : "length-exact",
                                 .title = title,
                                 .y_to = bleu ? 102 : 1.02,
                                 .x_label = "tokens of the source",
                                 .y_label = bleu ? "BLEU of held-out sentences"
                                                 : "share of held-out sentences translated exactly"});
}

/* ---- targets against sources ---- */

/* Of each variant the first seed's. */
static void draw_maps(compare_drawing *d)
{
    for (size_t v = 0; v < d->study->variants; v++) {
        const compare_map *m = &compare_at(d->study, v, 0)->map;
        const unroll_status status = m->norm ? compare_map_draw(d->study, d->folder, v) : UNROLL_OK;
        d->status = d->status ? d->status : status;
    }
}

/* ---- all ---- */

unroll_status compare_draw(const compare_study *s, const char *title)
{
    compare_drawing d = {.study = s};
    unroll_status status = compare_drawing_start(&d);
    if (status == UNROLL_OK) {
        draw_learning(&d, title);
        if (s->ask.probe)
            draw_gradients(&d, title);
        if (s->ask.probe && has_layers(s))
            draw_depth(&d, title);
        if (s->sweep_key) {
            draw_sweep(&d, title, FIELD_SOLVED, "solved", "share of seeds that solved it");
            draw_sweep(&d, title, FIELD_LOSS, "sweep-loss",
                       s->squared ? "held-out squared error" : "held-out loss (nats per target)");
            draw_sweep(&d, title, FIELD_ACCURACY, "sweep", "held-out accuracy");
        }
        draw_half_life(&d, title);
        draw_lengths(&d, title, false);
        draw_lengths(&d, title, true);
        draw_maps(&d);
        const unroll_status drawn = compare_generalization_draw(s, d.folder, title);
        status = d.status ? d.status : drawn;
    }
    compare_drawing_free(&d);
    return status;
}
