#include "report/picture.h"

#include <math.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/output.h"
#include "base/path.h"

unroll_status unroll_picture_draw(const unroll_plot *plot)
{
    UNROLL_TRY(unroll_plot_write(plot));
    return unroll_plot_draw(plot);
}

unroll_series *unroll_picture_add(unroll_picture *p, size_t n, double **x, double **y)
{
    if (p->count == UNROLL_PICTURE_SERIES)
        return NULL;
    *x = p->data[2 * p->count] = unroll_alloc(n, sizeof **x);
    *y = p->data[2 * p->count + 1] = unroll_alloc(n, sizeof **y);
    if (!*x || !*y)
        return NULL;
    unroll_series *s = &p->series[p->count];
    *s = (unroll_series){.label = p->label[p->count], .x = *x, .y = *y, .count = n};
    p->count++;
    return s;
}

void unroll_picture_free(unroll_picture *p)
{
    for (size_t i = 0; i < 2 * UNROLL_PICTURE_SERIES; i++)
        unroll_free(p->data[i]);
}

double unroll_above_zero(double y)
{
    return y > 0 ? y : NAN;
}

unroll_status unroll_picture_heat(const char *folder, const char *name, const char *title,
                                  const char *y_label, const unroll_heat *heat)
{
    return unroll_picture_draw(&(unroll_plot){.directory = folder,
                                              .name = name,
                                              .title = title,
                                              .x_label = "distance t - s (steps)",
                                              .y_label = y_label,
                                              .heat = heat});
}

char *unroll_plots_folder(const char *directory)
{
    return unroll_path_join(directory, "plots");
}

unroll_status unroll_report_clean(const char *directory)
{
    char *folder = unroll_plots_folder(directory);
    if (!folder)
        return UNROLL_EMEMORY;
    unroll_output_clean(directory);
    unroll_output_clean(folder);
    unroll_free(folder);
    return UNROLL_OK;
}
