#ifndef UNROLL_PROBE_HISTOGRAM_H
#define UNROLL_PROBE_HISTOGRAM_H
#include <unroll/net.h>

/* Histograms of log10 |gradient|, half a decade a bin. */

enum { UNROLL_BINS_LOW = -330, UNROLL_BINS_HIGH = 320,
       UNROLL_BINS = 2 * (UNROLL_BINS_HIGH - UNROLL_BINS_LOW) };

typedef struct unroll_histogram {
    char name[64];              /**< of a parameter; "h_l0", "c_l0" for the states of layer 0 */
    uint64_t zero;              /**< elements that are exactly 0 */
    uint64_t bin[UNROLL_BINS];
} unroll_histogram;

/** Parameters in the net's order (those that never learn are left out), then states by layer. */
typedef struct unroll_histograms {
    unroll_histogram *at;
    size_t count, parameters;
    size_t *index;              /**< [parameters] of the net's list */
    unroll_real *grad;          /**< [net size] */
    int16_t *table;             /**< [2048] lowest bin of each binary exponent */
    double *edge;               /**< [2048] where the next bin begins */
    bool has_c;
} unroll_histograms;

/** log10 of where a bin begins; it is half a decade wide. */
static inline double unroll_bin_low(size_t bin)
{
    return UNROLL_BINS_LOW + (double)bin / 2;
}

/** Freed by unroll_histograms_free(). */
unroll_status unroll_histograms_new(const unroll_net *net, unroll_histograms *out);
void unroll_histograms_free(unroll_histograms *h);

/** Count anew: the gradient of the batch's mean loss, as training would take it (accumulated
 *  over all its losses, before clipping), in every parameter and every state.
 *  @param work  for training; left as after unroll_net_gradient()
 *  @return as unroll_net_gradient() */
unroll_status unroll_histograms_take(unroll_histograms *h, const unroll_net *net, unroll_work *work,
                                     const unroll_batch *batch);
#endif
