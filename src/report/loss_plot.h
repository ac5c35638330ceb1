#ifndef UNROLL_REPORT_LOSS_PLOT_H
#define UNROLL_REPORT_LOSS_PLOT_H
#include <stddef.h>
#include <unroll/status.h>

/** Draw loss against step from DIRECTORY/metrics.csv, as DIRECTORY/plots/loss.csv, .gp, .svg and .png.
 *  @param title     for people
 *  @param y_label   what the loss is in
 *  @param baseline  a dotted line with this label at `level`, or NULL
 *  @param text      NULL, or takes the plot in characters (unroll_free()); columns by rows
 *  @return UNROLL_ENOINPUT where there is no gnuplot: the data and the script are then there */
unroll_status unroll_loss_plot(const char *directory, const char *title, const char *y_label,
                               const char *baseline, double level, char **text, size_t columns,
                               size_t rows);
#endif
