#include "resumed_task.h"

#include <check.h>
#include <string.h>

typedef struct saved {
    uint64_t word[16];
    size_t count;
    bool restore;
} saved;

static void visit(void *arg, const char *name, enum unroll_field_kind kind, void *data, size_t count)
{
    saved *s = arg;
    ck_assert_ptr_nonnull(name);
    ck_assert_int_eq(kind, UNROLL_FIELD_U64);
    if (s->restore)
        memcpy(data, s->word + s->count, count * sizeof(uint64_t));
    else
        memcpy(s->word + s->count, data, count * sizeof(uint64_t));
    s->count += count;
}

static void check_same_batch(const unroll_task *a, const unroll_task *b)
{
    unroll_batch x, y;
    ck_assert_int_eq(a->next(a->self, &x), UNROLL_OK);
    ck_assert_int_eq(b->next(b->self, &y), UNROLL_OK);
    ck_assert_int_eq(x.carry, y.carry);
    const size_t n = x.T * x.B;
    if (x.input)
        ck_assert_mem_eq(x.input, y.input, n * sizeof *x.input);
    if (x.target)
        ck_assert_mem_eq(x.target, y.target, n * sizeof *x.target);
    if (x.feature)
        ck_assert_mem_eq(x.feature, y.feature, n * a->inputs * sizeof *x.feature);
    if (x.value)
        ck_assert_mem_eq(x.value, y.value, n * a->outputs * sizeof *x.value);
    if (x.weight)
        ck_assert_mem_eq(x.weight, y.weight, n * sizeof *x.weight);
    if (x.mode)
        ck_assert_mem_eq(x.mode, y.mode, n);
}

void check_resume(unroll_task *a, unroll_task *b, int batches)
{
    unroll_batch batch;
    bool more;
    for (int i = 0; i < batches; i++)
        ck_assert_int_eq(a->next(a->self, &batch), UNROLL_OK);
    saved s = {.count = 0};
    a->state(a->self, visit, &s);
    for (uint64_t i = 0; i < 3; i++)
        ck_assert_int_eq(a->eval(a->self, UNROLL_VALID, i, &batch, &more), UNROLL_OK);
    const size_t count = s.count;
    s.count = 0;
    s.restore = true;
    b->state(b->self, visit, &s);
    ck_assert_uint_eq(s.count, count);
    for (int i = 0; i < 30; i++)
        check_same_batch(a, b);
    a->free(a->self);
    b->free(b->self);
}
