#ifndef UNROLL_PROBE_WINDOWS_H
#define UNROLL_PROBE_WINDOWS_H
#include <unroll/probe.h>

#include "base/id_store.h"

/** unroll_windows_of_tokens() of a text's ids, whatever their bytes. */
unroll_status unroll_windows_of_span(unroll_id_span ids, size_t count,
                                     const unroll_windows_options *options, unroll_windows **out);

/** unroll_gradient_monitor_new_tokens() of a text's ids, whatever their bytes. */
unroll_status unroll_gradient_monitor_new_span(const unroll_net *net, unroll_id_span ids,
                                               size_t count,
                                               const unroll_gradient_monitor_options *options,
                                               unroll_gradient_monitor **out);

/** A copy of rows [first, first+rows) of a batch; states begin at zero.
 *  @param inputs, outputs  numbers in a step's features and values, where the batch has these
 *  @param out  freed by unroll_windows_free()
 *  @return UNROLL_EUSAGE where the batch has not so many rows; UNROLL_EMEMORY */
unroll_status unroll_windows_of_batch(const unroll_batch *from, size_t first, size_t rows,
                                      size_t inputs, size_t outputs, unroll_windows **out);
#endif
