#ifndef UNROLL_REPORT_CHART_H
#define UNROLL_REPORT_CHART_H
#include "report/plot.h"

/** A plot in plain characters that needs no gnuplot: title, axes with a few numbers, one mark a
 *  series, a legend. y is logarithmic where the plot says so; references are dotted.
 *  @param columns, rows  of the whole, at least 40 by 10
 *  @return lines of text, freed by unroll_free(); NULL with a message */
char *unroll_chart(const unroll_plot *plot, size_t columns, size_t rows);
#endif
