#ifndef UNROLL_STORE_CURVE_CSV_H
#define UNROLL_STORE_CURVE_CSV_H
#include <stdint.h>
#include <unroll/probe.h>

#include "base/buffer.h"

/* The rows of distance.csv and histogram.csv. */

#define UNROLL_DISTANCE_HEADER "step,layer,state,distance,mean,gmean,q10,median,q90,n"

/** A row of distance.csv: one distance of a curve that was measured at a step of the training. */
typedef struct unroll_curve_row {
    uint64_t step;
    size_t layer;
    char state; /**< 'h' or 'c' */
    size_t distance;
    unroll_curve_point point;
} unroll_curve_row;

/** The row with its newline.
 *  @param blank  what is no number leaves its field empty, as tables of a spreadsheet have it; else it is nan */
void unroll_curve_csv_put(unroll_buffer *rows, const unroll_curve_row *row, bool blank);
/** Take such a line apart, which is written over; what is no finite number becomes NAN.
 *  @return false for another line, the header among them */
bool unroll_curve_csv_get(char *line, unroll_curve_row *out);

#define UNROLL_HISTOGRAM_HEADER "step,name,bin_lo,bin_hi,count"

/** Rows of a curve, each with its newline. Layers are numbered from 0, as in the tensors' names. */
void unroll_curve_csv_rows(unroll_buffer *rows, uint64_t step, const unroll_curve *curve);
/** Bins that hold something; exact zeros are a bin from -inf to -inf. Bounds are log10. */
void unroll_histogram_csv_rows(unroll_buffer *rows, uint64_t step, const unroll_histograms *h);
#endif
