/* base/parallel: threads, and how work is shared among them. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <check.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/parallel.h"
#include "runner.h"

static void mark(void *arg, size_t index)
{
    ((int *)arg)[index]++;
}

static void nest(void *arg, size_t index)
{
    unroll_parallel(5, mark, (int *)arg + 5 * index);
}

START_TEST(parallel_runs_each_index_once)
{
    static const size_t threads[] = {0, 1, 2, 3, 8, 100};
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        int count[101] = {0};
        unroll_parallel(threads[i], mark, count);
        for (size_t k = 0; k <= 100; k++)
            ck_assert_int_eq(count[k], k < threads[i]);
    }
    int count[15] = {0};
    unroll_parallel(3, nest, count);
    for (int k = 0; k < 15; k++)
        ck_assert_int_eq(count[k], 1);
}
END_TEST

/* 64 stacks of 16 terabytes do not fit into 47 bits of addresses. */
static bool forbid_threads(void)
{
#if defined __GLIBC__ && defined __x86_64__ && !defined __SANITIZE_ADDRESS__
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    ck_assert_int_eq(pthread_attr_setstacksize(&attr, (size_t)1 << 44), 0);
    ck_assert_int_eq(pthread_setattr_default_np(&attr), 0);
    return true;
#else
    return false;
#endif
}

START_TEST(parallel_needs_no_threads)
{
    int count[64] = {0};
    if (!forbid_threads())
        return;
    unroll_parallel(64, mark, count);
    for (int k = 0; k < 64; k++)
        ck_assert_int_eq(count[k], 1);
}
END_TEST

static void *call_often(void *count)
{
    for (int i = 0; i < 200; i++)
        unroll_parallel(3, mark, count);
    return NULL;
}

START_TEST(parallel_is_called_from_anywhere)
{
    int mine[3] = {0}, other[3] = {0};
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, call_often, other), 0);
    call_often(mine);
    pthread_join(thread, NULL);
    for (int k = 0; k < 3; k++)
        ck_assert(mine[k] == 200 && other[k] == 200);
    const pid_t child = fork(); /* which has no workers of its parent's */
    if (child == 0) {
        call_often(mine);
        _exit(mine[0] == 400 && mine[2] == 400 ? 0 : 1);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
END_TEST

START_TEST(parallel_knows_what_can_start)
{
    ck_assert_int_eq(unroll_parallel_check(0), UNROLL_OK);
    ck_assert_int_eq(unroll_parallel_check(4), UNROLL_OK);
    if (!forbid_threads())
        return;
    ck_assert_int_eq(unroll_parallel_check(64), UNROLL_EMEMORY);
    ck_assert_ptr_nonnull(strstr(unroll_message(), " of 64 threads can be started"));
}
END_TEST

START_TEST(parallel_counts_cores)
{
    const long online = sysconf(_SC_NPROCESSORS_CONF);
    ck_assert_uint_ge(unroll_cores(), 1);
    ck_assert_uint_le(unroll_cores(), (size_t)online);
}
END_TEST

START_TEST(parallel_shares_all)
{
    static const size_t counts[] = {0, 1, 7, 16, 33, 1000}, grains[] = {1, 8, 16, 64};
    for (size_t c = 0; c < 6; c++)
        for (size_t g = 0; g < 4; g++)
            for (size_t parts = 1; parts < 10; parts++) {
                size_t at = 0, begin, end;
                for (size_t i = 0; i < parts; i++, at = end) {
                    unroll_share(counts[c], grains[g], parts, i, &begin, &end);
                    ck_assert_uint_eq(begin, at);
                    ck_assert_uint_ge(end, begin);
                    ck_assert(end == counts[c] || end % grains[g] == 0);
                }
                ck_assert_uint_eq(at, counts[c]);
            }
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("parallel");
    TCase *t = new_case(suite, "threads");
    tcase_add_test(t, parallel_runs_each_index_once);
    tcase_add_test(t, parallel_is_called_from_anywhere);
    tcase_add_test(t, parallel_knows_what_can_start);
    tcase_add_test(t, parallel_counts_cores);
    tcase_add_test(t, parallel_shares_all);
    t = new_case(suite, "thread limit");
    tcase_add_test(t, parallel_needs_no_threads);
    return suite;
}
