#ifndef TESTS_SYNTHETIC_EXAMPLES_H
#define TESTS_SYNTHETIC_EXAMPLES_H
#include "task/task.h"

/** A synthetic task by its spec. */
typedef struct example {
    const unroll_task_row *row;
    double value[UNROLL_TASK_KEYS];
    unroll_task task;
} example;

example make_example(const char *spec, size_t B, uint64_t seed);
unroll_batch next_batch(const example *e); /**< of training */
void free_example(example *e);
#endif
