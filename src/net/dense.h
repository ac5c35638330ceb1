#ifndef UNROLL_NET_DENSE_H
#define UNROLL_NET_DENSE_H
#include <unroll/net.h>

#include "net/parameters.h"

/* A layer without recurrence, y = x·W^T + b, for the rows of a batch that fall to one thread. */

/** Columns [first, first+inputs) of a weight matrix [outputs][cols], packed in both directions. */
typedef struct unroll_dense {
    size_t weight, bias; /**< parameter indices; bias: UNROLL_NO_BIAS without one */
    size_t first, cols;
    size_t inputs, outputs;
    size_t input_pitch,
        output_pitch; /**< of arrays of inputs and of outputs: both padded to whole panels */
    unroll_real *forward, *backward; /**< panels, see math/kernels.h */
    unroll_real *padded_bias;        /**< NULL without one */
} unroll_dense;

#define UNROLL_NO_BIAS ((size_t)-1)

/** A band: rows [r0,r1) of each step of arrays [steps][B][pitch]. */
typedef struct unroll_band {
    size_t steps, B, r0, r1;
} unroll_band;

/** Take memory for the packed copies. The caller has set weight, bias, first, cols, inputs and outputs. */
unroll_status unroll_dense_new(unroll_dense *d, const unroll_kernels *k);
void unroll_dense_free(unroll_dense *d);
/** Bring the packed copies up to date. */
void unroll_dense_pack(const unroll_dense *d, const unroll_kernels *k, const unroll_parameter *list,
                       const unroll_real *weights);

/** y = x·W^T + b.
 *  @param add  x·W^T is added to what is in y, without b */
void unroll_dense_forward(const unroll_dense *d, const unroll_kernels *k, const unroll_band *rows,
                          const unroll_real *x, unroll_real *y, bool add);
/** dx = dy·W.
 *  @param add  dy·W is added to what is in dx */
void unroll_dense_backward(const unroll_dense *d, const unroll_kernels *k, const unroll_band *rows,
                           const unroll_real *dy, unroll_real *dx, bool add);
/** dW += dy^T·x and db += Σ dy over `rows` rows of all steps, for this part's columns. */
void unroll_dense_weights(const unroll_dense *d, const unroll_gradient_part *part, size_t rows,
                          const unroll_real *dy, const unroll_real *x);
#endif
