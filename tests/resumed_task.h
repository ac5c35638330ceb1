#ifndef TESTS_RESUMED_TASK_H
#define TESTS_RESUMED_TASK_H
#include "task/task.h"

/** Run `a` for some batches, evaluating in between, put its fresh twin `b` where it is by their states, and fail the
 *  calling test where the two do not go on alike. Frees both. */
void check_resume(unroll_task *a, unroll_task *b, int batches);
#endif
