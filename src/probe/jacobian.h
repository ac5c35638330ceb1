#ifndef UNROLL_PROBE_JACOBIAN_H
#define UNROLL_PROBE_JACOBIAN_H
#include <stdint.h>
#include <unroll/net.h>

typedef struct unroll_jacobian {
    size_t distances, samples;
    size_t size;                 /**< J_k is [size][size] */
    bool exact;                  /**< all its rows were followed */
    double *frobenius;           /**< [distances] geometric means over samples; 0 where one is 0 */
    double *spectral;            /**< [distances] likewise; NAN unless exact */
} unroll_jacobian;

enum {
    UNROLL_JACOBIAN_EXACT = 512, /**< up to this size all rows are followed, unless told */
    UNROLL_JACOBIAN_VECTORS = 64
};

/** Norms of J_k for k in [0, distances), each chain from its row's last loss.
 *
 *  Frobenius: of all rows, or E|v·J|² over random vectors of ±1 (Hutchinson 1990). Spectral: power iteration on
 *  J·J^T, begun at each distance with the last one's vector; needs all rows.
 *  @param samples  rows of the batch that are looked at, the first ones; more than there are: all
 *  @param vectors  random ones; 0: all rows of J up to UNROLL_JACOBIAN_EXACT, else UNROLL_JACOBIAN_VECTORS
 *  @return UNROLL_EMEMORY; UNROLL_ENUMERIC where a gradient is not finite; freed by unroll_jacobian_free() */
unroll_status unroll_jacobian_measure(const unroll_net *net, unroll_work *work, const unroll_batch *batch,
                                      size_t distances, size_t samples, size_t vectors,
                                      uint64_t seed, unroll_jacobian *out);
void unroll_jacobian_free(unroll_jacobian *jacobian);
#endif
