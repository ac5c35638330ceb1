#ifndef UNROLL_PROBE_GRADIENT_MONITOR_H
#define UNROLL_PROBE_GRADIENT_MONITOR_H
#include "probe/curve.h"
#include "probe/fit.h"
#include "probe/histogram.h"
#include "probe/windows.h"

/* The same windows probed again and again while a net learns. */

/** Which losses begin a chain. */
typedef struct unroll_gradient_monitor_plan {
    size_t distances;           /**< of a curve: the comb's spacing; 0: the last loss of each row alone */
    size_t positions;           /**< 0: a comb; else rows are stacked as unroll_inject_stacked() says */
    size_t window;              /**< steps that histograms count; 0: as many as distances, or all */
} unroll_gradient_monitor_plan;

typedef struct unroll_gradient_monitor {
    const unroll_net *net;
    unroll_net *plain;          /**< of an encoder–decoder: what `net` then is, unroll_net_plain() */
    unroll_windows *windows;
    unroll_work *work;
    uint8_t *inject;            /**< NULL for an encoder–decoder */
    unroll_curve curve;
    size_t window;              /**< steps that histograms count */
    unroll_histograms histograms;
    unroll_fit fit;             /**< of the top layer's h */
} unroll_gradient_monitor;

/** @param windows  taken over, in any case
 *  @return UNROLL_EMEMORY; freed by unroll_gradient_monitor_free() */
unroll_status unroll_gradient_monitor_new(const unroll_net *net, unroll_windows *windows,
                                          const unroll_gradient_monitor_plan *plan, size_t threads,
                                          unroll_gradient_monitor *out);
/** Probe the net as it is now. Nothing of the net or its training changes. */
unroll_status unroll_gradient_monitor_take(unroll_gradient_monitor *monitor);
void unroll_gradient_monitor_free(unroll_gradient_monitor *monitor);
#endif
