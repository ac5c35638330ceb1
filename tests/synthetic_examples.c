#include "synthetic_examples.h"

#include <check.h>

example make_example(const char *spec, size_t B, uint64_t seed)
{
    example e;
    ck_assert_int_eq(unroll_task_parse(spec, &e.row, e.value), UNROLL_OK);
    ck_assert_int_eq(unroll_task_synthetic(e.row, e.value, B, seed, &e.task), UNROLL_OK);
    return e;
}

unroll_batch next_batch(const example *e)
{
    unroll_batch batch;
    ck_assert_int_eq(e->task.next(e->task.self, &batch), UNROLL_OK);
    return batch;
}

void free_example(example *e)
{
    e->task.free(e->task.self);
}
