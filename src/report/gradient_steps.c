#include "report/gradient_steps.h"

#include <math.h>
#include <stdio.h>

#include "base/fail.h"
#include "base/input.h"
#include "base/memory.h"
#include "base/output.h"
#include "base/path.h"
#include "report/picture.h"
#include "store/curve_csv.h"

typedef struct records {
    double *gmean; /* [steps][distances] of the top layer's h */
    double *step;
    size_t steps, distances, room;
    size_t layer;
} records;

/* Twice through the file: the first counts, the second takes. */
static unroll_status read_records(const char *path, bool count, records *r)
{
    unroll_lines *lines;
    char *line;
    size_t length;
    uint64_t last = UINT64_MAX;
    unroll_curve_row row;
    r->steps = 0;
    UNROLL_TRY(unroll_lines_open(path, &lines));
    unroll_status status;
    while ((status = unroll_lines_next(lines, &line, &length)) == UNROLL_OK && line) {
        if (!unroll_curve_csv_get(line, &row) || isnan(row.point.gmean) || row.state != 'h' ||
            row.distance > 1u << 20 || row.layer > 1000)
            continue;
        r->steps += row.step != last;
        last = row.step;
        if (count) {
            r->layer = row.layer > r->layer ? row.layer : r->layer;
            r->distances = row.distance >= r->distances ? row.distance + 1 : r->distances;
        } else if (row.layer == r->layer && r->steps <= r->room && row.distance < r->distances) {
            r->gmean[(r->steps - 1) * r->distances + row.distance] = row.point.gmean;
            r->step[r->steps - 1] = (double)row.step;
        }
    }
    unroll_lines_close(lines);
    return status;
}

/* UNROLL_ENOINPUT of a picture says that gnuplot is not there. */
static unroll_status records_of(const char *path, bool count, records *r)
{
    const unroll_status status = read_records(path, count, r);
    return status == UNROLL_ENOINPUT ? UNROLL_EIO : status;
}

static unroll_status draw_steps(const records *r, const char *folder, const char *title, bool squared)
{
    enum { LINES = 6 };
    unroll_picture p = {0};
    char y_label[64];
    double *x, *y;
    unroll_status status = UNROLL_OK;
    snprintf(y_label, sizeof y_label, "|dL_t/dh_s| (%s), geometric mean", unroll_loss_unit(squared));
    for (size_t i = 0, last = SIZE_MAX; i < LINES; i++) {
        const size_t at = (r->steps - 1) * i / (LINES - 1);
        if (at == last)
            continue;
        last = at;
        if (!unroll_picture_add(&p, r->distances, &x, &y)) {
            status = UNROLL_EMEMORY;
            break;
        }
        snprintf(p.label[p.count - 1], UNROLL_PICTURE_LABEL, "step %.0f", r->step[at]);
        for (size_t k = 0; k < r->distances; k++) {
            x[k] = (double)k;
            y[k] = unroll_above_zero(r->gmean[at * r->distances + k]);
        }
    }
    if (status == UNROLL_OK)
        status = unroll_picture_draw(&(unroll_plot){.directory = folder,
                                                    .name = "gradient-steps-lines",
                                                    .title = title,
                                                    .x_label = "distance t - s (steps)",
                                                    .y_label = y_label,
                                                    .log_y = true,
                                                    .key_below = true,
                                                    .series = p.series,
                                                    .count = p.count});
    unroll_picture_free(&p);
    return status;
}

static unroll_status draw_step_map(const records *r, const char *folder, const char *title,
                                   bool squared)
{
    const size_t cells = r->steps * r->distances;
    char label[64];
    snprintf(label, sizeof label, "log10 |dL/dh| (%s) of the top layer", unroll_loss_unit(squared));
    double *z = unroll_alloc(cells + r->distances, sizeof *z);
    if (!z)
        return UNROLL_EMEMORY;
    for (size_t i = 0; i < cells; i++)
        z[i] = log10(r->gmean[i]);
    for (size_t k = 0; k < r->distances; k++)
        z[cells + k] = (double)k;
    const unroll_status status = unroll_picture_heat(folder, "gradient-steps", title, "training step",
                                                     &(unroll_heat){.z = z,
                                                                    .x = z + cells,
                                                                    .y = r->step,
                                                                    .columns = r->distances,
                                                                    .rows = r->steps,
                                                                    .label = label});
    unroll_free(z);
    return status;
}

/* Without gnuplot the data of both are written all the same. */
static unroll_status draw(const records *r, const char *folder, const char *title, bool squared)
{
    const unroll_status status = draw_step_map(r, folder, title, squared);
    if (status != UNROLL_OK && status != UNROLL_ENOINPUT)
        return status;
    const unroll_status lines = draw_steps(r, folder, title, squared);
    return lines == UNROLL_OK ? status : lines;
}

unroll_status unroll_gradient_steps_draw(const char *directory, const char *variant,
                                         const char *precision, bool squared)
{
    records r = {0};
    char title[UNROLL_PICTURE_LABEL];
    snprintf(title, sizeof title, "%.*s, %s", UNROLL_VARIANT_MAX, variant,
             unroll_precision_text(precision));
    char *path = unroll_path_join(directory, "gradient/distance.csv");
    char *folder = unroll_plots_folder(directory);
    unroll_status status = path && folder ? UNROLL_OK : UNROLL_EMEMORY;
    if (status == UNROLL_OK)
        status = unroll_make_directory(folder);
    if (status == UNROLL_OK)
        status = records_of(path, true, &r);
    if (status == UNROLL_OK && r.steps > 1) {
        r.room = r.steps;
        r.gmean = unroll_alloc(r.steps * r.distances, sizeof *r.gmean);
        r.step = unroll_alloc(r.steps, sizeof *r.step);
        status = r.gmean && r.step ? records_of(path, false, &r) : UNROLL_EMEMORY;
        if (r.steps > r.room) /* somebody has written to it meanwhile */
            r.steps = r.room;
        if (status == UNROLL_OK && r.steps > 1)
            status = draw(&r, folder, title, squared);
    }
    unroll_free(r.step);
    unroll_free(r.gmean);
    unroll_free(folder);
    unroll_free(path);
    return status;
}
