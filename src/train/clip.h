#ifndef UNROLL_TRAIN_CLIP_H
#define UNROLL_TRAIN_CLIP_H
#include <stdbool.h>
#include <stddef.h>
#include "math/kernels.h"

/** What one block of a gradient adds to its norm. */
typedef struct unroll_clip_block {
    double raw, bounded; /**< sums of squares before and after clipping by value */
    bool clipped;        /**< did an element meet the bound? */
} unroll_clip_block;

typedef struct unroll_clip {
    double norm;   /**< L2, of the gradient as it came; not finite where an element is not */
    double factor; /**< what is still to be multiplied with */
    double scale;  /**< norm after all clipping by norm before it */
    bool clipped;
} unroll_clip;

/** Bound each element to ±max_value, in place, then find the factor that brings the L2 norm to
 *  max_norm, as torch.nn.utils.clip_grad_value_ and clip_grad_norm_ do. 0 turns either off. The sums
 *  are taken in one order at any thread count.
 *  @param block  [ceil(n / UNROLL_BLOCK)] scratch
 *  Source: Pascanu et al. (2013); by value: Mikolov (2012). */
void unroll_clip_gradient(const unroll_kernels *kernels, double max_value, double max_norm, size_t n,
                          unroll_real *g, unroll_clip_block *block, size_t threads, unroll_clip *out);
#endif
