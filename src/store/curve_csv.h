#ifndef UNROLL_STORE_CURVE_CSV_H
#define UNROLL_STORE_CURVE_CSV_H
#include <stdint.h>
#include <unroll/probe.h>

#include "base/buffer.h"

/* The rows of distance.csv and histogram.csv. */

#define UNROLL_DISTANCE_HEADER "step,layer,state,distance,mean,gmean,q10,median,q90,n"
#define UNROLL_HISTOGRAM_HEADER "step,name,bin_lo,bin_hi,count"

/** Rows of a curve, each with its newline. Layers are numbered from 0, as in the tensors' names. */
void unroll_curve_csv_rows(unroll_buffer *rows, uint64_t step, const unroll_curve *curve);
/** Bins that hold something; exact zeros are a bin from -inf to -inf. Bounds are log10. */
void unroll_histogram_csv_rows(unroll_buffer *rows, uint64_t step, const unroll_histograms *h);
#endif
