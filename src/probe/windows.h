#ifndef UNROLL_PROBE_WINDOWS_H
#define UNROLL_PROBE_WINDOWS_H
#include <unroll/batch.h>
#include <unroll/status.h>

/** A batch with arrays of its own, whose states begin at zero. Freed by unroll_windows_free(). */
typedef struct unroll_windows unroll_windows;

/** Which windows of a text, and how often each. */
typedef struct unroll_windows_options {
    size_t steps;    /**< T of every window */
    size_t windows;  /**< how many are spread over the text */
    size_t first;    /**< the first of them that is taken */
    size_t rows;     /**< how many are taken; 0: all from the first on */
    size_t copies;   /**< rows in turn that hold the same window, for unroll_inject_stacked(); 0: 1 */
} unroll_windows_options;

/** Windows spread evenly over a text: the first begins at token 0, the last ends with the text, window w begins at
 *  ⌊w·(count − T − 1)/(windows − 1)⌋. Inputs x_0 … x_{T−1}, targets x_1 … x_T.
 *  @param id     [count] tokens, at least T + 1
 *  @return UNROLL_EUSAGE where the text is too short or the options do not fit together; UNROLL_EMEMORY */
unroll_status unroll_windows_of_tokens(const uint32_t *id, size_t count, const unroll_windows_options *options,
                                       unroll_windows **out);

/** A copy of rows [first, first+rows) of a batch.
 *  @param inputs, outputs  numbers in a step's features and values, where the batch has these
 *  @return UNROLL_EMEMORY */
unroll_status unroll_windows_of_batch(const unroll_batch *from, size_t first, size_t rows, size_t inputs,
                                      size_t outputs, unroll_windows **out);

/** Owned by the windows. */
const unroll_batch *unroll_windows_batch(const unroll_windows *windows);
void unroll_windows_free(unroll_windows *windows);
#endif
