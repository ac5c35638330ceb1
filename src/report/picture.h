#ifndef UNROLL_REPORT_PICTURE_H
#define UNROLL_REPORT_PICTURE_H
#include "report/plot.h"
#include "report/variant.h"

/* What the pictures of gradients share. */

enum { UNROLL_PICTURE_SERIES = 12, UNROLL_PICTURE_LABEL = UNROLL_VARIANT_MAX + 90 };

/** Series whose data live until the picture is drawn. Zero-initialise; unroll_picture_free(). */
typedef struct unroll_picture {
    unroll_series series[UNROLL_PICTURE_SERIES];
    char label[UNROLL_PICTURE_SERIES][UNROLL_PICTURE_LABEL];
    double *data[2 * UNROLL_PICTURE_SERIES];
    size_t count;
} unroll_picture;

/** Room for a series of n points, its label to be written into label[count − 1]; NULL where there is no memory, or
 *  no place left. */
unroll_series *unroll_picture_add(unroll_picture *p, size_t n, double **x, double **y);
void unroll_picture_free(unroll_picture *p);

/** Write and draw. */
unroll_status unroll_picture_draw(const unroll_plot *plot);
/** A map over distances. */
unroll_status unroll_picture_heat(const char *folder, const char *name, const char *title,
                                  const char *y_label, const unroll_heat *heat);

/** NAN for 0: a logarithmic axis has none. */
double unroll_above_zero(double y);
/** DIRECTORY/plots; freed by unroll_free(), NULL without memory. */
char *unroll_plots_folder(const char *directory);
/** Remove the temporaries that a killed process left in a directory of tables and in its plots. */
unroll_status unroll_report_clean(const char *directory);
#endif
