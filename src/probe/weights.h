#ifndef UNROLL_PROBE_WEIGHTS_H
#define UNROLL_PROBE_WEIGHTS_H
#include "probe/gradient_flow.h"

/** What each distance adds to the gradient of a layer's recurrent matrix: with g_b = Σ δa_b ⊗ h_b, sample b's part
 *  by way of the step k before its loss,
 *    ‖G_k‖_F of G_k = mean_b g_b, and ‖G_k‖ over the deviation of g_b: signal over noise.
 *  No matrix is formed: ‖Σ_b g_b‖² = Σ_{b,b'} (δa_b·δa_b')(h_b·h_b'). Samples without anything in common have a
 *  signal-to-noise of about 1/√n. */
typedef struct unroll_weight_curve {
    size_t layers, distances, samples;
    double *norm;            /**< [layers][distances] ‖G_k‖_F; at the first step of a window, where h is 0, it is 0 */
    double *ratio;           /**< [layers][distances] signal to noise; NAN of one sample or where all is 0 */
} unroll_weight_curve;

/** Probe the last loss of each row of a batch.
 *  @param distances  at most what every row's last loss reaches: unroll_batch_reach()
 *  @return as unroll_gradient_flow_run(); UNROLL_EMEMORY; freed by unroll_weight_curve_free() */
unroll_status unroll_weight_curve_measure(const unroll_net *net, unroll_work *work,
                                          const unroll_batch *batch, size_t distances,
                                          unroll_weight_curve *out);
void unroll_weight_curve_free(unroll_weight_curve *curve);
#endif
