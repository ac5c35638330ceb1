#include "lab/compare_drawing.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/output.h"
#include "base/path.h"
#include "base/utf8.h"
#include "config/config.h"

enum { LABEL = COMPARE_PLOT_LABEL };

/* ---- labels ---- */

void compare_plot_label(const compare_variant *v, char out[COMPARE_PLOT_LABEL])
{
    const unroll_config *c = v->config;
    const bool scaled = c->init_scale != 1 && !strstr(v->label, "init-scale=");
    char init[48] = "", gates[48] = "";
    if (!strstr(v->label, "init=") || scaled)
        snprintf(init, sizeof init, "init %.20s", c->init);
    if (*init && c->init_scale != 1) {
        const size_t n = strlen(init);
        snprintf(init + n, sizeof init - n, " x %.4g", c->init_scale);
    }
    if (c->chrono && !strstr(v->label, "chrono"))
        snprintf(gates, sizeof gates, "chrono gate biases");
    else if (!c->chrono && !isnan(c->forget_bias) && !strstr(v->label, "forget-bias=") &&
             !strstr(v->label, "forget bias"))
        snprintf(gates, sizeof gates, "forget bias %.4g", c->forget_bias);
    const bool any = *init || *gates;
    snprintf(out, LABEL, "%.*s%s%s%s%s%s", unroll_utf8_fit(v->label, 140), v->label,
             any ? " (" : "", init, *init && *gates ? ", " : "", gates, any ? ")" : "");
}

void compare_drawing_note(char label[LABEL], const char *format, ...)
{
    const size_t n = strlen(label);
    va_list args;
    va_start(args, format);
    if (n + 2 < LABEL) {
        memcpy(label + n, ", ", 3);
        vsnprintf(label + n + 2, LABEL - n - 2, format, args);
    }
    va_end(args);
}

/* ---- series ---- */

static void drop_series(compare_drawing *d)
{
    for (size_t i = 0; i < d->count; i++)
        unroll_free(d->block[i]);
    d->count = 0;
}

void compare_drawing_lack_memory(compare_drawing *d)
{
    if (d->status == UNROLL_OK)
        d->status = UNROLL_EMEMORY;
}

/* x, y, low, high in a row. */
unroll_series *compare_drawing_add(compare_drawing *d, const char *label, size_t look, size_t count)
{
    double *block = unroll_alloc(4 * count, sizeof *block);
    if (!block)
        compare_drawing_lack_memory(d);
    if (!block || d->count == d->most) {
        unroll_free(block);
        return NULL;
    }
    snprintf(d->label[d->count], LABEL, "%s", label);
    d->block[d->count] = block;
    unroll_series *s = &d->series[d->count];
    *s = (unroll_series){.label = d->label[d->count],
                         .look = look,
                         .x = block,
                         .y = block + count,
                         .low = block + 2 * count,
                         .high = block + 3 * count,
                         .count = count};
    d->count++;
    return s;
}

void compare_drawing_set(compare_drawing *d, size_t i, double x, const unroll_mean *y)
{
    double *block = d->block[d->count - 1];
    const size_t count = d->series[d->count - 1].count;
    block[i] = x;
    block[count + i] = y->mean;
    block[2 * count + i] = y->low;
    block[3 * count + i] = y->high;
}

void compare_drawing_finish(compare_drawing *d, size_t look)
{
    enum { PLACES = 25 };
    unroll_series *one = &d->series[d->count - 1];
    const double *x = one->x, *low = one->low, *high = one->high;
    const size_t apart = (one->count + PLACES - 1) / PLACES;
    const size_t places = one->count ? (one->count - 1) / apart + 1 : 0;
    if (d->study->seeds > 2)
        return;
    one->low = one->high = NULL;
    if (d->study->seeds < 2 || !compare_drawing_add(d, "", look, 2 * places))
        return;
    unroll_series *dots = &d->series[d->count - 1];
    dots->marks = true;
    dots->low = dots->high = NULL;
    for (size_t i = 0; i < places; i++) {
        compare_drawing_set(d, 2 * i, x[i * apart], &(unroll_mean){.mean = low[i * apart]});
        compare_drawing_set(d, 2 * i + 1, x[i * apart], &(unroll_mean){.mean = high[i * apart]});
    }
}

void compare_drawing_level(compare_drawing *d, const char *label, double level, double from, double to)
{
    if (isnan(level) || !(to > from) || !compare_drawing_add(d, label, 0, 2))
        return;
    d->series[d->count - 1].reference = true;
    d->series[d->count - 1].low = d->series[d->count - 1].high = NULL;
    compare_drawing_set(d, 0, from, &(unroll_mean){.mean = level});
    compare_drawing_set(d, 1, to, &(unroll_mean){.mean = level});
}

void compare_drawing_flush(compare_drawing *d, const unroll_plot *like)
{
    unroll_plot plot = *like;
    size_t longest = 0;
    for (size_t i = 0; i < d->count; i++)
        if (!d->series[i].reference && *d->series[i].label &&
            d->series[i].count + d->series[i].marks > longest)
            longest = d->series[i].count + d->series[i].marks;
    if (longest < 2) { /* a point is no curve */
        drop_series(d);
        return;
    }
    plot.directory = d->folder;
    plot.series = d->series;
    plot.count = d->count;
    plot.key_below = true;
    unroll_status status = unroll_plot_write(&plot);
    if (status == UNROLL_OK)
        status = unroll_plot_draw(&plot);
    if (d->status == UNROLL_OK)
        d->status = status;
    drop_series(d);
}

/* ---- memory ---- */

unroll_status compare_drawing_start(compare_drawing *d)
{
    const compare_study *s = d->study;
    d->most = 3 * s->variants; /* dots and reference lines, too */
    d->folder = unroll_path_join(s->directory, "plots");
    d->series = unroll_alloc(d->most, sizeof *d->series);
    d->label = unroll_alloc(d->most, sizeof *d->label);
    d->block = unroll_alloc(d->most, sizeof *d->block);
    if (!d->folder || !d->series || !d->label || !d->block)
        return UNROLL_EMEMORY;
    return unroll_make_directory(d->folder);
}

void compare_drawing_free(compare_drawing *d)
{
    unroll_free(d->block);
    unroll_free(d->label);
    unroll_free(d->series);
    unroll_free(d->folder);
}
