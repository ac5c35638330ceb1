/* The growing buffer and the parts of paths. */
#include <check.h>
#include <stdint.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/output.h"
#include "base/path.h"
#include "runner.h"

START_TEST(texts_follow_each_other)
{
    unroll_buffer b = {0};
    unroll_buffer_text(&b, "one");
    unroll_buffer_add(&b, ", two and more", 5);
    unroll_buffer_printf(&b, ", %d", 3);
    ck_assert_str_eq(b.text, "one, two, 3");
    ck_assert_uint_eq(b.length, strlen(b.text));
    for (int i = 0; i < 1000; i++)
        unroll_buffer_add(&b, "0123456789", 10);
    ck_assert_uint_eq(b.length, 10011);
    ck_assert_str_eq(b.text + 10009, "89");
    ck_assert(!b.failed);
    unroll_free(b.text);
}
END_TEST

START_TEST(a_failure_is_kept)
{
    unroll_buffer b = {0};
    unroll_buffer_text(&b, "whole");
    unroll_alloc_fail_after(0);
    unroll_buffer_add(&b, "0123456789012345678901234567890123456789", 40);
    unroll_alloc_fail_after(-1);
    ck_assert(b.failed);
    unroll_buffer_text(&b, "x");
    ck_assert_str_eq(b.text, "whole");
    unroll_free(b.text);

    b = (unroll_buffer){.length = SIZE_MAX - 2, .room = SIZE_MAX - 2};
    unroll_buffer_add(&b, "abc", 3);
    ck_assert(b.failed);
}
END_TEST

START_TEST(room_is_made_in_steps)
{
    size_t room = 0, moves = 0;
    int *list = NULL;
    for (int i = 0; i < 1000; i++) {
        const size_t before = room;
        int *grown = unroll_reserve(list, &room, (size_t)i + 1, sizeof *list);
        ck_assert_ptr_nonnull(grown);
        ck_assert_uint_gt(room, (size_t)i);
        moves += room != before;
        list = grown;
        list[i] = i;
    }
    ck_assert_uint_lt(moves, 30);
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(list[i], i);
    const size_t before = room;
    ck_assert_ptr_null(unroll_reserve(list, &room, SIZE_MAX, sizeof *list));
    ck_assert_uint_eq(room, before);
    unroll_free(list);
}
END_TEST

static void is(char *found, const char *expected)
{
    ck_assert_str_eq(found, expected);
    unroll_free(found);
}

START_TEST(paths_are_joined_and_parted)
{
    is(unroll_path_join("runs/a", "model.safetensors"), "runs/a/model.safetensors");
    is(unroll_path_join(".", ""), "./");
    is(unroll_path_join_ending("plots", "loss", ".svg"), "plots/loss.svg");
    is(unroll_directory_of("runs/a/b"), "runs/a");
    is(unroll_directory_of("/b"), "/");
    is(unroll_directory_of("b"), ".");
    ck_assert_str_eq(unroll_file_name("runs/a/b"), "b");
    ck_assert_str_eq(unroll_file_name("runs/"), "");
    ck_assert_str_eq(unroll_file_name("b"), "b");
    unroll_alloc_fail_after(0);
    ck_assert_ptr_null(unroll_path_join("a", "b"));
    unroll_alloc_fail_after(-1);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("buffer");
    TCase *t = new_case(suite, "buffer");
    tcase_add_test(t, texts_follow_each_other);
    tcase_add_test(t, a_failure_is_kept);
    tcase_add_test(t, room_is_made_in_steps);
    tcase_add_test(t, paths_are_joined_and_parted);
    return suite;
}
