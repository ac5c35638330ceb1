#ifndef UNROLL_PROBE_WINDOWS_H
#define UNROLL_PROBE_WINDOWS_H
#include <unroll/probe.h>

/** A copy of rows [first, first+rows) of a batch; states begin at zero.
 *  @param inputs, outputs  numbers in a step's features and values, where the batch has these
 *  @param out  freed by unroll_windows_free()
 *  @return UNROLL_EUSAGE where the batch has not so many rows; UNROLL_EMEMORY */
unroll_status unroll_windows_of_batch(const unroll_batch *from, size_t first, size_t rows,
                                      size_t inputs, size_t outputs, unroll_windows **out);
#endif
