#ifndef UNROLL_TRAIN_SCHEDULE_H
#define UNROLL_TRAIN_SCHEDULE_H
#include <unroll/train.h>
#include "train/optimizer_row.h"

/** What a learner asked for with every default filled in, and where it leads with this task. */
typedef struct unroll_plan {
    unroll_learning learning; /**< its strings are the tables' */
    const unroll_optimizer_row *optimizer;
    const struct unroll_schedule *schedule;
    uint64_t epoch_steps; /**< UNROLL_ENDLESS_EPOCH where a task has no end */
    uint64_t last_step;   /**< 0: unknown */
} unroll_plan;

enum { UNROLL_ENDLESS_EPOCH = 1000 };

typedef struct unroll_schedule {
    const char *name;    /**< as in --schedule */
    const char *summary; /**< for help */
    double decay;        /**< factor where none is asked for */
    bool needs_end;      /**< it must know the last step */
    /** What the learning rate is multiplied with after `step` steps; `cuts`: plateaus met so far. */
    double (*factor)(const unroll_plan *plan, uint64_t step, uint64_t cuts);
} unroll_schedule;

extern const unroll_schedule unroll_schedule_table[]; /**< ends with {NULL} */

const unroll_schedule *unroll_schedule_find(const char *name); /**< NULL: no such */
const char *unroll_schedule_name(size_t i);                    /**< NULL at the end */

/** Check `learning` and fill in what it leaves open.
 *  @param batches_per_epoch  as in unroll_task
 *  @return UNROLL_EUSAGE naming the option */
unroll_status unroll_plan_make(const unroll_learning *learning, uint64_t batches_per_epoch,
                               unroll_plan *out);

/** The learning rate of the step that follows `step` steps. */
double unroll_plan_lr(const unroll_plan *plan, uint64_t step, uint64_t cuts);
#endif
