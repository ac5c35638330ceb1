/* What the public constructors do where memory ends. */
#include <check.h>
#include <unroll.h>

#include "base/memory.h"
#include "runner.h"

static const char TEXT[] =
    "it was the best of times, it was the worst of times, it was the age of wisdom, "
    "it was the age of foolishness, it was the epoch of belief";
static const char PAIRS[] =
    "a dog\tein Hund\nthe dog\tder Hund\na cat\teine Katze\nthe cat\tdie Katze\n";

START_TEST(a_task_or_an_optimizer)
{
    for (int kind = 0; kind < 4; kind++) {
        unroll_status status = UNROLL_EMEMORY;
        for (long n = 0; status != UNROLL_OK; n++) {
            unroll_task *task = NULL;
            unroll_optimizer *o = NULL;
            unroll_alloc_fail_after(n);
            status = kind == 0   ? unroll_task_new_text(TEXT, sizeof TEXT - 1, NULL, &task)
                     : kind == 1 ? unroll_task_new_pairs(PAIRS, sizeof PAIRS - 1, NULL, &task)
                     : kind == 2 ? unroll_task_new_synthetic("numbers:pairs=9", NULL, &task)
                                 : unroll_optimizer_new(NULL, 10000, &o);
            unroll_alloc_fail_after(-1);
            ck_assert_msg(status == UNROLL_OK || (status == UNROLL_EMEMORY && !task && !o),
                          "kind %d, %ld: %d %s", kind, n, status, unroll_message());
            unroll_task_free(task);
            unroll_optimizer_free(o);
        }
    }
}
END_TEST

Suite *make_suite(void)
{
    Suite *s = suite_create("public memory");
    TCase *t = new_case(s, "memory");
    tcase_add_test(t, a_task_or_an_optimizer);
    return s;
}
