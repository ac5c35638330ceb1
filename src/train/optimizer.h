#ifndef UNROLL_TRAIN_OPTIMIZER_H
#define UNROLL_TRAIN_OPTIMIZER_H
#include <unroll/train.h>

#include "train/clip.h"
#include "train/optimizer_row.h"

/** A row at work on one array of parameters. */
struct unroll_optimizer {
    const unroll_optimizer_row *row;
    const unroll_kernels *kernels;
    size_t count, threads;
    unroll_update numbers;               /**< its lr and count are the last update's */
    unroll_real *slot[UNROLL_SLOTS_MAX]; /**< [count] each, or NULL */
    unroll_clip_block *block; /**< one for each UNROLL_BLOCK parameters, for clipping, too */
};

/** @param l      checked and complete, as in unroll_plan
 *  @param count  parameters at the most */
unroll_status unroll_optimizer_make(const unroll_optimizer_row *row, const unroll_learning *l,
                                    size_t count, unroll_optimizer **out);

/** Update the first n parameters, after their gradient was multiplied with `factor` where that is below 1; its
 *  numbers are in o->numbers.
 *  @return UNROLL_ENUMERIC, without a message, where a weight is then not finite */
unroll_status unroll_optimizer_update(const unroll_optimizer *o, double factor, size_t n,
                                      unroll_real *weights, unroll_real *gradient);
#endif
