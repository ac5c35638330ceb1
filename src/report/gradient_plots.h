#ifndef UNROLL_REPORT_GRADIENT_PLOTS_H
#define UNROLL_REPORT_GRADIENT_PLOTS_H
#include <unroll/probe.h>

/** What the pictures of one probe show. Of a deep stack curves, and histograms that would be too many, show the
 *  first, middle and last layer, and say so. */
typedef struct unroll_gradient_figure {
    const char *directory; /**< the pictures go to DIRECTORY/plots */
    const char *variant;   /**< unroll_variant_text() and what else all figures say */
    const unroll_curve *curve;
    bool accumulated;                    /**< losses of all steps: said on each figure */
    bool squared;                        /**< the loss is a squared error, else in nats */
    const unroll_diagnosis *diagnosis;   /**< theory beside the curve, or NULL */
    const unroll_histograms *histograms; /**< or NULL */
    const unroll_jacobian *jacobian;     /**< or NULL */
    const unroll_lyapunov *lyapunov;     /**< or NULL */
    const unroll_weight_curve *weights;  /**< or NULL */
} unroll_gradient_figure;

/** Draw plots/distance (gradient against distance), plots/layers (against layer),
 *  plots/layer-distance (heat map), plots/histogram-parameters and -states, plots/jacobian (norms of the
 *  product over k steps), plots/lyapunov (the exponents), plots/weights and plots/signal (gradients of the
 *  recurrent matrices by distance).
 *  @return UNROLL_ENOINPUT where there is no gnuplot: data and scripts are then there */
unroll_status unroll_gradient_plots_draw(const unroll_gradient_figure *figure);

/** Gradient against distance in plain characters, without gnuplot or files; freed by
 *  unroll_free(). */
unroll_status unroll_gradient_plots_chart(const unroll_gradient_figure *figure, size_t columns,
                                          size_t rows, char **text);
#endif
