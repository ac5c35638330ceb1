#include "report/loss_plot.h"

#include <string.h>

#include "base/fail.h"
#include "base/input.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/output.h"
#include "base/path.h"
#include "report/picture.h"
#include "report/plot.h"

/* One split's losses from metrics.csv. */
typedef struct curve {
    double *x, *y;
    size_t count, room;
} curve;

static unroll_status curve_add(curve *c, double x, double y)
{
    if (c->count == c->room) {
        const size_t room = c->room ? 2 * c->room : 256;
        double *a = unroll_realloc(c->x, room, sizeof *a);
        if (!a)
            return UNROLL_EMEMORY;
        c->x = a;
        double *b = unroll_realloc(c->y, room, sizeof *b);
        if (!b)
            return UNROLL_EMEMORY;
        c->y = b;
        c->room = room;
    }
    c->x[c->count] = x;
    c->y[c->count++] = y;
    return UNROLL_OK;
}

/* Training losses are logged every few steps and noisy: at most `most` points, each the mean of its share. */
static void curve_thin(curve *c, size_t most)
{
    if (c->count <= most)
        return;
    for (size_t i = 0; i < most; i++) {
        const size_t a = c->count * i / most, b = c->count * (i + 1) / most;
        double x = 0, y = 0;
        for (size_t k = a; k < b; k++) {
            x += c->x[k];
            y += c->y[k];
        }
        c->x[i] = x / (double)(b - a);
        c->y[i] = y / (double)(b - a);
    }
    c->count = most;
}

enum { TRAIN, VALID, CURVES };

/* step,epoch,split,loss,… */
static unroll_status read_row(char *row, curve *curves)
{
    char *save = NULL, *field[4];
    for (size_t i = 0; i < 4; i++)
        if (!(field[i] = strtok_r(i ? NULL : row, ",", &save)))
            return UNROLL_OK;
    double step, loss;
    if (!unroll_parse_double(field[0], &step) || !unroll_parse_double(field[3], &loss))
        return UNROLL_OK; /* the header, or a loss that is not finite */
    if (strcmp(field[2], "train") == 0)
        return curve_add(&curves[TRAIN], step, loss);
    if (strcmp(field[2], "valid") == 0)
        return curve_add(&curves[VALID], step, loss);
    return UNROLL_OK;
}

static unroll_status read_curves(const char *directory, curve *curves)
{
    char *path = unroll_path_join(directory, "metrics.csv"), *line;
    size_t length;
    unroll_lines *lines;
    if (!path)
        return UNROLL_EMEMORY;
    unroll_status status = unroll_lines_open(path, &lines);
    unroll_free(path);
    if (status != UNROLL_OK)
        return status;
    while ((status = unroll_lines_next(lines, &line, &length)) == UNROLL_OK && line)
        if ((status = read_row(line, curves)) != UNROLL_OK)
            break;
    unroll_lines_close(lines);
    return status;
}

static unroll_status draw(const unroll_plot *plot, char **text, size_t columns, size_t rows)
{
    UNROLL_TRY(unroll_make_directory(plot->directory));
    UNROLL_TRY(unroll_plot_write(plot));
    UNROLL_TRY(unroll_plot_draw(plot));
    return text ? unroll_plot_text(plot, columns, rows, text) : UNROLL_OK;
}

unroll_status unroll_loss_plot(const char *directory, const char *title, const char *y_label,
                               const char *baseline, double level, char **text, size_t columns,
                               size_t rows)
{
    curve curves[CURVES] = {0};
    char *folder = unroll_plots_folder(directory);
    unroll_status status = folder ? read_curves(directory, curves) : UNROLL_EMEMORY;
    if (status == UNROLL_ENOINPUT) /* of a picture that says that gnuplot is not there */
        status = UNROLL_EIO;
    if (status == UNROLL_OK && curves[TRAIN].count + curves[VALID].count > 0) {
        curve_thin(&curves[TRAIN], 400);
        unroll_series series[3];
        size_t count = 0;
        const curve *t = &curves[TRAIN], *v = &curves[VALID];
        if (t->count)
            series[count++] =
                (unroll_series){.label = "training", .x = t->x, .y = t->y, .count = t->count};
        if (v->count)
            series[count++] = (unroll_series){
                .label = "validation", .x = v->x, .y = v->y, .count = v->count, .points = true};
        const curve *any = t->count ? t : v;
        const double ends[2] = {any->x[0], any->x[any->count - 1]}, flat[2] = {level, level};
        if (baseline)
            series[count++] = (unroll_series){
                .label = baseline, .x = ends, .y = flat, .count = 2, .reference = true};
        status = draw(&(unroll_plot){.directory = folder,
                                     .name = "loss",
                                     .title = title,
                                     .x_label = "step",
                                     .y_label = y_label,
                                     .series = series,
                                     .count = count},
                      text, columns, rows);
    }
    for (size_t i = 0; i < CURVES; i++) {
        unroll_free(curves[i].x);
        unroll_free(curves[i].y);
    }
    unroll_free(folder);
    return status;
}
