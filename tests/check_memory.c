/* base/memory and base/versioned: what is allocated, and structs that carry their size. */
#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/versioned.h"
#include "runner.h"

/* Memory */

/* check writes a record an assertion: loops over bytes or draws count first and assert once. */
static size_t bytes_not(const unsigned char *p, size_t n, unsigned char value)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += p[i] != value;
    return count;
}

START_TEST(memory_is_aligned_and_zeroed)
{
    static const size_t sizes[] = {0, 1, 63, 64, 65, 1000, 100000, 3000000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        unsigned char *const p = unroll_alloc(sizes[i], 1);
        ck_assert_ptr_nonnull(p);
        ck_assert_uint_eq((size_t)p % 64, 0);
        ck_assert_uint_eq(bytes_not(p, sizes[i], 0), 0);
        memset(p, 0xaa, sizes[i]); /* a freed block must not come back dirty */
        unroll_free(p);
    }
    unroll_free(NULL);
}
END_TEST

START_TEST(memory_realloc_keeps_the_content)
{
    unsigned char *p = NULL;
    size_t had = 0, wrong = 0;
    static const size_t sizes[] = {1, 100, 5000, 200000, 3000000, 700000, 1000, 3, 0, 50};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        p = unroll_realloc(p, sizes[i], 1);
        ck_assert_ptr_nonnull(p);
        ck_assert_uint_eq((size_t)p % 64, 0);
        for (size_t k = 0; k < had && k < sizes[i]; k++)
            wrong += p[k] != k % 251;
        for (size_t k = 0; k < sizes[i]; k++)
            p[k] = (unsigned char)(k % 251);
        had = sizes[i];
    }
    ck_assert_uint_eq(wrong, 0);
    unroll_free(p);
}
END_TEST

START_TEST(memory_refuses_overflow)
{
    size_t out;
    char *const small = unroll_strndup("kept", 4);

    ck_assert_ptr_null(unroll_alloc(SIZE_MAX, 2));
    ck_assert_ptr_nonnull(strstr(unroll_message(), "18446744073709551615 times 2 bytes"));
    ck_assert_ptr_null(unroll_alloc(SIZE_MAX, 1));
    ck_assert_ptr_null(unroll_alloc(1, (size_t)PTRDIFF_MAX));
    ck_assert_ptr_null(unroll_realloc(small, SIZE_MAX / 2, 3));
    ck_assert_ptr_null(unroll_strndup("", SIZE_MAX));
    ck_assert_str_eq(small, "kept");
    unroll_free(small);

    ck_assert(unroll_mul(SIZE_MAX / 2, 2, &out) && out == SIZE_MAX - 1);
    ck_assert(!unroll_mul(SIZE_MAX / 2 + 1, 2, &out));
    ck_assert(unroll_mul(SIZE_MAX, 0, &out) && out == 0);
    ck_assert(unroll_add(SIZE_MAX, 0, &out) && out == SIZE_MAX);
    ck_assert(!unroll_add(SIZE_MAX, 1, &out));
}
END_TEST

START_TEST(memory_strndup_copies_every_byte)
{
    char *const copy = unroll_strndup("a\0bcd", 3);
    ck_assert_mem_eq(copy, "a\0b", 4);
    unroll_free(copy);
}
END_TEST

START_TEST(memory_fails_after_n)
{
    void *p[4];
    const unsigned long before = unroll_alloc_count();

    unroll_alloc_fail_after(2);
    for (int i = 0; i < 4; i++) {
        p[i] = i == 1 ? unroll_realloc(p[0], 10, 10) : unroll_alloc(10, 10);
        ck_assert_int_eq(p[i] != NULL, i < 2);
    }
    ck_assert_ptr_nonnull(strstr(unroll_message(), "100 bytes"));
    ck_assert_ptr_null(unroll_realloc(p[1], 1, 1));
    unroll_alloc_fail_after(-1);
    memset(p[1], 1, 100); /* as large as it was */
    unroll_free(p[1]);
    p[0] = unroll_alloc(1, 1);
    ck_assert_ptr_nonnull(p[0]);
    unroll_free(p[0]);
    ck_assert_uint_eq(unroll_alloc_count() - before, 3);
}
END_TEST

static void allocate_many(void *arg, size_t index)
{
    for (int i = 0; i < 500; i++) {
        void *const p = unroll_alloc(1, 16);
        ((size_t *)arg)[index] += p != NULL;
        unroll_free(p);
    }
}

START_TEST(memory_injection_counts_over_threads)
{
    size_t had[4] = {0};
    unroll_alloc_fail_after(1111);
    unroll_parallel(4, allocate_many, had);
    unroll_alloc_fail_after(-1);
    ck_assert_uint_eq(had[0] + had[1] + had[2] + had[3], 1111);
}
END_TEST

START_TEST(memory_hooks_jansson)
{
    json_t *const before = json_string("made with malloc");
    unroll_memory_hook_jansson();
    unroll_alloc_fail_after(0);
    ck_assert_ptr_null(json_object());
    unroll_alloc_fail_after(-1);
    const unsigned long count = unroll_alloc_count();
    json_t *const after = json_string("made here");
    ck_assert_ptr_nonnull(after);
    ck_assert_uint_gt(unroll_alloc_count(), count);
    json_decref(after);
    json_decref(before);
}
END_TEST

/* Structs that carry their size */

struct first {
    size_t size;
    double a;
};

struct second {
    size_t size;
    double a, b;
};

START_TEST(versioned_fills_what_an_older_caller_does_not_know)
{
    const struct first from = {.size = sizeof from, .a = 3};
    struct second to = {.b = 7};
    ck_assert_int_eq(unroll_versioned_copy("thing", &from, &to, sizeof to), UNROLL_OK);
    ck_assert_uint_eq(to.size, sizeof to);
    ck_assert(to.a == 3 && to.b == 0);
}
END_TEST

START_TEST(versioned_takes_a_newer_caller_who_uses_nothing_new)
{
    struct second from = {.size = sizeof from, .a = 3};
    struct {
        struct first known;
        double behind;
    } to = {.behind = 5};
    ck_assert_int_eq(unroll_versioned_copy("thing", &from, &to, sizeof to.known), UNROLL_OK);
    ck_assert_uint_eq(to.known.size, sizeof to.known);
    ck_assert(to.known.a == 3 && to.behind == 5);
    from.b = 1;
    to.known.a = 4;
    ck_assert_int_eq(unroll_versioned_copy("thing", &from, &to, sizeof to.known), UNROLL_EUSAGE);
    char known[64];
    snprintf(known, sizeof known, "it knows the first %zu bytes", sizeof to.known);
    ck_assert_ptr_nonnull(strstr(unroll_message(), known));
    ck_assert(to.known.a == 4);
}
END_TEST

START_TEST(versioned_refuses_a_struct_without_its_size)
{
    for (size_t size = 0; size < sizeof size; size++) {
        const struct first from = {.size = size, .a = 3};
        struct first to = {.a = 4};
        ck_assert_int_eq(unroll_versioned_copy("unroll_thing", &from, &to, sizeof to), UNROLL_EUSAGE);
        ck_assert_ptr_nonnull(strstr(unroll_message(), "sizeof(unroll_thing)"));
        ck_assert(to.a == 4);
    }
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("memory");
    TCase *t = new_case(suite, "memory");
    tcase_add_test(t, memory_is_aligned_and_zeroed);
    tcase_add_test(t, memory_realloc_keeps_the_content);
    tcase_add_test(t, memory_refuses_overflow);
    tcase_add_test(t, memory_strndup_copies_every_byte);
    tcase_add_test(t, memory_fails_after_n);
    tcase_add_test(t, memory_injection_counts_over_threads);
    tcase_add_test(t, memory_hooks_jansson);
    t = new_case(suite, "versioned");
    tcase_add_test(t, versioned_fills_what_an_older_caller_does_not_know);
    tcase_add_test(t, versioned_takes_a_newer_caller_who_uses_nothing_new);
    tcase_add_test(t, versioned_refuses_a_struct_without_its_size);
    return suite;
}
