#ifndef UNROLL_REPORT_PLOT_H
#define UNROLL_REPORT_PLOT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <unroll/status.h>

/* Pictures by gnuplot. Each leaves NAME.csv and NAME.gp beside NAME.svg and NAME.png, so that a
 * user can draw it again. No shell is run, and no text of a user or a file reaches gnuplot
 * unquoted. */

typedef struct unroll_series {
    const char *label;
    const double *x, *y; /**< [count]; a y that is not finite leaves a gap */
    size_t count;
    const double *low,
        *high;      /**< [count] a band behind the line, such as a range over seeds; or NULL */
    size_t look;    /**< its colour, dash and mark, counted from 1; 0: by its place */
    bool points;    /**< marks on the line */
    bool marks;     /**< marks without a line */
    bool reference; /**< a thin dotted line: a baseline or a theory */
} unroll_series;

typedef struct unroll_plot {
    const char *directory, *name; /**< DIRECTORY/NAME.csv and so on */
    const char *title, *x_label, *y_label;
    bool log_x, log_y;
    bool whole_x;        /**< x counts something: no ticks between */
    double y_from, y_to; /**< what the axis shows; both 0: what the data need */
    bool key_below;      /**< long labels: under the picture instead of within */
    const unroll_series *series;
    size_t count;
    const struct unroll_heat *heat; /**< a map instead of series, or NULL */
} unroll_plot;

/** A map of numbers over two axes, in colours whose lightness only rises, so that it reads in
 *  grey too. It has no form in characters. */
typedef struct unroll_heat {
    const double *z;     /**< [rows][columns]; what is not finite stays white */
    const double *x, *y; /**< [columns], [rows] evenly spaced, rising */
    size_t columns, rows;
    const char *const *x_name, *const *y_name; /**< [columns], [rows] what stands at the axes instead of
                                                 numbers, the first row on top; or NULL, both */
    const char *label;                         /**< what z is */
} unroll_heat;

/** Write NAME.csv and NAME.gp. @return UNROLL_ECREATE, UNROLL_EIO */
unroll_status unroll_plot_write(const unroll_plot *plot);

/** Run gnuplot on NAME.gp: NAME.svg and NAME.png. @return UNROLL_ENOINPUT where there is no
 *  gnuplot (the message says what to install; the data are there), UNROLL_EIO where it failed */
unroll_status unroll_plot_draw(const unroll_plot *plot);

/** The plot in characters, after unroll_plot_write(): lines of text, freed by unroll_free().
 *  Errors as for drawing. */
unroll_status unroll_plot_text(const unroll_plot *plot, size_t columns, size_t rows, char **out);
#endif
