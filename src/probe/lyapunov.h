#ifndef UNROLL_PROBE_LYAPUNOV_H
#define UNROLL_PROBE_LYAPUNOV_H
#include <stdint.h>
#include <unroll/net.h>

/** Lyapunov exponents of a net driven by its inputs: how fast, a step and on average, the volumes of 1, 2, … directions of
 *  its state (all layers, h and c) shrink or grow. The first is the rate at which gradients do. */
typedef struct unroll_lyapunov {
    size_t count;            /**< exponents */
    size_t samples, steps;   /**< of the batch, and the steps of the shortest that were averaged */
    double *nats;            /**< [count] means over samples, a step; −INFINITY where a direction dies, NAN
                                  where there is no step. Over ln 10: decades */
    double *deviation;       /**< [count] standard deviation over samples; NAN of one */
} unroll_lyapunov;

enum { UNROLL_LYAPUNOV_COUNT = 16, UNROLL_LYAPUNOV_SAMPLES = 8 };

/** The largest exponents, by propagating vectors back through each sample's steps from its last loss and making
 *  them orthonormal at every step. The transposed product has the same exponents. The first eighth of a
 *  chain, at most 50 steps, only turns the vectors into place; as many at its other end, where the state
 *  comes from zero, are not of the long run.
 *  @param count    exponents; at most as many as there are states
 *  @param samples  rows of the batch, the first ones; more than there are: all
 *  @return UNROLL_EMEMORY; UNROLL_ENUMERIC where a gradient is not finite; freed by unroll_lyapunov_free()
 *  Source: Benettin et al. (1980); Engelken, Wolf and Abbott (2020); Vogt et al. (2020). */
unroll_status unroll_lyapunov_measure(const unroll_net *net, unroll_work *work, const unroll_batch *batch,
                                      size_t count, size_t samples, uint64_t seed,
                                      unroll_lyapunov *out);
void unroll_lyapunov_free(unroll_lyapunov *lyapunov);
#endif
