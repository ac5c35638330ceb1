#ifndef UNROLL_PROBE_CURVE_H
#define UNROLL_PROBE_CURVE_H
#include "probe/gradient_flow.h"

/** Norms |δ| of samples by layer, state and distance. Every distance has the same samples. */
typedef struct unroll_curve {
    size_t layers, distances;   /**< distances 0 … distances − 1 */
    bool has_c;
    bool through;               /**< as in unroll_gradient_flow; set it before measuring */
    size_t samples, room;
    double *norm;               /**< [samples][layers][2][distances] */
} unroll_curve;

/** What a distance's samples say together; n is how many they are. */
typedef struct unroll_curve_point {
    double mean, gmean, q10, median, q90;
    size_t n;
} unroll_curve_point;

/** @param has_c  the cell has a state c
 *  Freed by unroll_curve_free(). */
unroll_status unroll_curve_new(size_t layers, bool has_c, size_t distances, unroll_curve *out);
/** For what a net's probe will see. */
unroll_status unroll_curve_for(const unroll_net *net, size_t distances, unroll_curve *out);
void unroll_curve_free(unroll_curve *curve);

/** Probe a batch and add its samples: each chain that a RESTART of `inject` begins and that
 *  runs back over all the curve's distances before another begins or the window ends. Positions
 *  that add (accumulated gradients) belong to the chain they fall into.
 *  @return as unroll_gradient_flow_run(); UNROLL_EMEMORY */
unroll_status unroll_curve_measure(const unroll_net *net, unroll_work *work,
                                   const unroll_batch *batch,
                                   const uint8_t *inject, unroll_curve *curve);

/** Distances that every row's last loss reaches in an encoder–decoder: its decoder's steps, and the source's words
 *  where the encoder reads one way. */
size_t unroll_curve_reach_pairs(const unroll_net *net, const unroll_batch *batch);

/** The same of an encoder–decoder: one sample a row, the loss of its last target alone. Distances go back through
 *  the decoder's steps to its first state, which is the encoder's last, and on through the words read, where the
 *  encoder reads one way. δ is the total derivative: with attention it holds the way past the recurrence too.
 *  One pass in the training's precision, not rescaled.
 *  @param net   as unroll_net_plain() gives it; the work was made for it
 *  @param batch each row has a target
 *  @param grad  [unroll_net_size()] is overwritten
 *  @return UNROLL_EMEMORY; UNROLL_ENUMERIC where the loss is not finite */
unroll_status unroll_curve_measure_pairs(const unroll_net *net, unroll_work *work,
                                         const unroll_batch *batch, unroll_real *grad,
                                         unroll_curve *curve);

/** [distances] norms of one sample. */
static inline const double *unroll_curve_of(const unroll_curve *c, size_t sample, size_t layer,
                                            enum unroll_state state)
{
    return c->norm + ((sample * c->layers + layer) * UNROLL_STATES + state) * c->distances;
}

/** Statistics over the samples of one distance. gmean is 0 where a sample is 0. Quantiles are
 *  interpolated between neighbours, as NumPy's default.
 *  @param scratch  [samples] */
unroll_curve_point unroll_curve_at(const unroll_curve *curve, size_t layer,
                                   enum unroll_state state, size_t distance, double *scratch);

/** The headline: geometric means of all distances. @param out [distances] */
void unroll_curve_gmean(const unroll_curve *curve, size_t layer, enum unroll_state state,
                        double *out);
#endif
