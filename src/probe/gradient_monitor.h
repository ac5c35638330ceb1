#ifndef UNROLL_PROBE_GRADIENT_MONITOR_H
#define UNROLL_PROBE_GRADIENT_MONITOR_H
#include "probe/curve.h"
#include "probe/fit.h"
#include "probe/histogram.h"

/* The same windows probed again and again while a net learns. */

/** A batch with arrays of its own. */
typedef struct unroll_probe_set {
    unroll_batch batch;
    void *block_;
} unroll_probe_set;

/** Windows [first, first+B) of `all` windows of T steps, spread evenly over a text: the first
 *  begins at token 0, the last ends with the text, window w at ⌊w·(count − T − 1)/(all − 1)⌋.
 *  Inputs x_0 … x_{T−1}, targets x_1 … x_T; states begin at zero.
 *  @param count  tokens, at least T + 1
 *  @return UNROLL_EMEMORY; freed by unroll_probe_set_free() */
unroll_status unroll_probe_windows(const uint32_t *id, size_t count, size_t T, size_t first,
                                   size_t B,
                                   size_t all, unroll_probe_set *out);
/** The same of `sequences` windows in all, each of them in `positions` rows: for unroll_inject_stacked(). */
unroll_status unroll_probe_stacked(const uint32_t *id, size_t count, size_t T, size_t sequences,
                                   size_t positions, unroll_probe_set *out);

/** Rows [first, first+rows) of a batch, states beginning at zero.
 *  @param inputs, outputs  of the task: numbers in a step's features and values */
unroll_status unroll_probe_rows(const unroll_batch *from, size_t first, size_t rows, size_t inputs,
                                size_t outputs,
                                unroll_probe_set *out);
void unroll_probe_set_free(unroll_probe_set *set);

/** Distances that every row's last loss reaches: the smallest of last step + 1. */
size_t unroll_probe_reach(const unroll_batch *batch);

/** Which losses begin a chain. */
typedef struct unroll_gradient_monitor_plan {
    size_t distances;           /**< of a curve: the comb's spacing; 0: the last loss of each row alone */
    size_t positions;           /**< 0: a comb; else rows are stacked as unroll_inject_stacked() says */
    size_t window;              /**< steps that histograms count; 0: as many as distances, or all */
} unroll_gradient_monitor_plan;

typedef struct unroll_gradient_monitor {
    const unroll_net *net;
    unroll_net *plain;          /**< of an encoder–decoder: what `net` then is, unroll_net_plain() */
    unroll_probe_set set;
    unroll_work *work;
    uint8_t *inject;            /**< NULL for an encoder–decoder */
    unroll_curve curve;
    size_t window;              /**< steps that histograms count */
    unroll_histograms histograms;
    unroll_fit fit;             /**< of the top layer's h */
} unroll_gradient_monitor;

/** @param set      taken over, in any case
 *  @return UNROLL_EMEMORY; freed by unroll_gradient_monitor_free() */
unroll_status unroll_gradient_monitor_new(const unroll_net *net, unroll_probe_set *set, const unroll_gradient_monitor_plan *plan,
                              size_t threads, unroll_gradient_monitor *out);
/** Probe the net as it is now. Nothing of the net or its training changes. */
unroll_status unroll_gradient_monitor_take(unroll_gradient_monitor *live);
void unroll_gradient_monitor_free(unroll_gradient_monitor *live);
#endif
