#ifndef UNROLL_REPORT_GRADIENT_PLOTS_H
#define UNROLL_REPORT_GRADIENT_PLOTS_H
#include <unroll/config.h>
#include <unroll/net.h>

#include "probe/curve.h"
#include "probe/histogram.h"
#include "probe/jacobian.h"
#include "probe/lyapunov.h"
#include "probe/saturation.h"
#include "probe/weights.h"

enum { UNROLL_VARIANT_MAX = 160 };
/** What decides a gradient before any training: cell, size, activation, initialisation and gate
 *  biases, such as "rnn tanh 2x128, init xavier" or "lstm 2x128, init uniform, forget bias 1".
 *  Belongs on every figure. */
const char *unroll_variant_text(const unroll_config *config, char buffer[UNROLL_VARIANT_MAX]);

/** What a loss, and so its gradient, is measured in. */
static inline const char *unroll_loss_unit(bool squared)
{
    return squared ? "squared error" : "nats";
}

/** What the pictures of one probe show. Of a deep stack curves, and histograms that would be too many, show the
 *  first, middle and last layer, and say so. */
typedef struct unroll_gradient_figure {
    const char *directory;             /**< the pictures go to DIRECTORY/plots */
    const char *variant;               /**< unroll_variant_text() and what else all figures say */
    const unroll_curve *curve;
    bool accumulated;                  /**< losses of all steps: said on each figure */
    bool squared;                      /**< the loss is a squared error, else in nats */
    const unroll_diagnosis *diagnosis; /**< theory beside the curve, or NULL */
    const unroll_histograms *histograms; /**< or NULL */
    const unroll_jacobian *jacobian;   /**< or NULL */
    const unroll_lyapunov *lyapunov;   /**< or NULL */
    const unroll_weight_curve *weights;/**< or NULL */
} unroll_gradient_figure;

/** Draw plots/distance (gradient against distance), plots/layers (against layer),
 *  plots/layer-distance (heat map), plots/histogram-parameters and -states, plots/jacobian (norms of the
 *  product over k steps), plots/lyapunov (the exponents), plots/weights and plots/signal (gradients of the
 *  recurrent matrices by distance).
 *  @return UNROLL_ENOINPUT where there is no gnuplot: data and scripts are then there */
unroll_status unroll_report_gradient(const unroll_gradient_figure *figure);

/** Gradient against distance in plain characters, without gnuplot or files; freed by
 *  unroll_free(). */
unroll_status unroll_gradient_chart(const unroll_gradient_figure *figure, size_t columns,
                                    size_t rows,
                                    char **text);

/** From DIRECTORY/gradient/distance.csv: plots/gradient-steps, a heat map distance × step of
 *  the top layer's h, and plots/gradient-steps-lines, the curves of some steps. A run without
 *  such records is UNROLL_OK and nothing drawn. */
unroll_status unroll_report_gradient_steps(const char *directory, const char *variant, bool squared);
#endif
