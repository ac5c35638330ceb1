#ifndef UNROLL_PROBE_TRANSPORT_H
#define UNROLL_PROBE_TRANSPORT_H
#include <unroll/net.h>

/* J_k = d(h,c)_t/d(h,c)_{t-k} of all layers together, along one sample's window. Its rows travel as any
 * gradient does, but all through the same sample: the window goes forward once, and each step on the way
 * back is copied to as many rows as there are vectors. */

/** Row vectors over all states, [layers][h, c][hidden] each, on their way back. */
typedef struct unroll_transport {
    const unroll_net *net;
    size_t rows;
    size_t size;       /**< numbers in a vector: layers · states · hidden */
    unroll_work *step; /**< one step, each row a copy of the sample's */
    unroll_real *block;
    unroll_real *dh[2], *dc[2]; /**< [layers][rows][pitch] */
    unroll_real *dx, *dy;       /**< [rows][pitch] */
    int *exponent;              /**< [rows] a vector is what is held times 2^exponent */
} unroll_transport;

/** Numbers in a vector of a network's. */
size_t unroll_transport_size(const unroll_net *net);
/** @return UNROLL_EMEMORY; freed by unroll_transport_free(), in any case */
unroll_status unroll_transport_new(const unroll_net *net, size_t rows, unroll_transport *out);
void unroll_transport_free(unroll_transport *transport);
/** @param v  [size] */
void unroll_transport_set(unroll_transport *transport, size_t row, const double *v);
/** v·2^exponent is the vector. @param v  [size] */
void unroll_transport_get(const unroll_transport *transport, size_t row, double *v, int *exponent);
/** Every vector v becomes v·d(h,c)_t/d(h,c)_{t-1}: unchanged where the step is held, zero where it resets.
 *  @param forward  as unroll_transport_forward() left it; only read */
void unroll_transport_back(unroll_transport *transport, const unroll_work *forward, size_t sample,
                           size_t t);

/** A forward pass whose steps stay in the work, which must be one for training. Batch normalisation takes
 *  this batch's statistics as constants, as the probe does. */
unroll_status unroll_transport_forward(const unroll_net *net, unroll_work *work,
                                       const unroll_batch *batch);
/** The step of a row's last loss, where its chain begins; 0 where it has none. */
size_t unroll_transport_start(const unroll_batch *batch, size_t row);

/** Follow one sample. @param scratch  this thread's own */
typedef void unroll_transport_follow(void *arg, unroll_transport *transport, double *scratch,
                                     size_t sample);
/** Forward, then `follow` for rows [0, samples) of the batch, side by side in the work's threads.
 *  @param rows     of each transport
 *  @param scratch  doubles that follow() gets
 *  @return UNROLL_EMEMORY, or as unroll_transport_forward() */
unroll_status unroll_transport_each(const unroll_net *net, unroll_work *work,
                                    const unroll_batch *batch, size_t samples, size_t rows,
                                    size_t scratch, unroll_transport_follow *follow, void *arg);
#endif
