#ifndef UNROLL_SCORE_TASK_LOSS_H
#define UNROLL_SCORE_TASK_LOSS_H
#include <unroll/model.h>

#include "task/task.h"

/** Who hears of each batch once it is measured. */
typedef struct unroll_loss_listener {
    /** @param sum         up to and with this batch
     *  @param token_loss  [T][B] of the batch's targets in nats, 0 where one has weight 0
     *  @return false: enough; what is summed up to here stands */
    bool (*on_batch)(void *arg, const unroll_batch *batch, const unroll_result *sum,
                     const double *token_loss);
    void *arg;
} unroll_loss_listener;

/** Run a net over a split of a task once, each target predicted from what stands before it.
 *  @param threads   0: one for each core
 *  @param listener  NULL: none
 *  @param sum       is added to: losses, weights, what was counted and what was correct
 *  @return as the task's eval() and unroll_net_evaluate(); UNROLL_EMEMORY */
unroll_status unroll_task_loss(const unroll_net *net, const unroll_task *task,
                               enum unroll_split split, size_t threads,
                               const unroll_loss_listener *listener, unroll_result *sum);

/** Run a net over the test of a synthetic task: UNROLL_TASK_HELD_OUT sequences that follow from seed, row and value.
 *  @param sum  is added to
 *  @return UNROLL_EUSAGE where the net does not read and give what the task has; else as unroll_task_loss() */
unroll_status unroll_synthetic_loss(const unroll_net *net, const unroll_task_row *row,
                                    const double *value, uint64_t seed, size_t threads,
                                    const unroll_loss_listener *listener, unroll_result *sum);
#endif
