/* base/fail: the messages of what fails. */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "runner.h"

START_TEST(fail_escapes_what_drives_a_terminal)
{
    static const struct {
        const char *raw, *shown;
    } row[] = {
        {"plain \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
         "plain \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"a\nb\r\t", "a\\x0ab\\x0d\\x09"},
        {"\x1b[31m\x7f", "\\x1b[31m\\x7f"},
        {"\xc2\x9b"
         "31m \xc2\xa0",
         "\\xc2\\x9b"
         "31m \xc2\xa0"},                                      /* C1, and the first after it */
        {"\xff\xc3", "\\xff\\xc3"},                            /* no lead byte; cut off */
        {"\xc0\x9b\xe0\x80\x9b", "\\xc0\\x9b\\xe0\\x80\\x9b"}, /* overlong */
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"},                   /* surrogate */
        {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},          /* above 10FFFF */
        {"\xe2\x82 x", "\\xe2\\x82 x"},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        ck_assert_int_eq(unroll_fail(UNROLL_EDATA, "%s", row[i].raw), UNROLL_EDATA);
        ck_assert_str_eq(unroll_message(), row[i].shown);
    }
}
END_TEST

START_TEST(fail_prefix_goes_in_front)
{
    unroll_fail(UNROLL_EIO, "byte %d: \x01", 7);
    ck_assert_int_eq(unroll_fail_prefix(UNROLL_EDATA, "%s", "a\nfile"), UNROLL_EDATA);
    ck_assert_str_eq(unroll_message(), "a\\x0afile: byte 7: \\x01");
}
END_TEST

/* The program names an option with its dashes, the library without. */
START_TEST(fail_marks_options)
{
    char *kept;
    unroll_fail(UNROLL_EUSAGE, UNROLL_OPTION "omega is %d%s; lower " UNROLL_OPTION "%s", 2,
                UNROLL_OPTION "lr\x1f\x1f-\x01", "hidden");
    ck_assert_str_eq(unroll_message(), "omega is 2lr\\x1f\\x1f-\\x01; lower hidden");
    ck_assert_str_eq(program_message(), "--omega is 2--lr\\x1f\\x1f-\\x01; lower --hidden");
    unroll_fail_prefix(UNROLL_EUSAGE, UNROLL_OPTION "variant a\nb");
    ck_assert_str_eq(unroll_message(), "variant a\\x0ab: omega is 2lr\\x1f\\x1f-\\x01; lower hidden");
    ck_assert_str_eq(program_message(),
                     "--variant a\\x0ab: --omega is 2--lr\\x1f\\x1f-\\x01; lower --hidden");

    kept = strdup(unroll_marked_message());
    unroll_fail(UNROLL_EIO, "another");
    ck_assert_str_eq(program_message(), "another");
    unroll_fail(UNROLL_EUSAGE, "%s", kept);
    ck_assert_str_eq(unroll_message(), "variant a\\x0ab: omega is 2lr\\x1f\\x1f-\\x01; lower hidden");
    ck_assert_str_eq(program_message(),
                     "--variant a\\x0ab: --omega is 2--lr\\x1f\\x1f-\\x01; lower --hidden");
    unroll_marks_drop(kept);
    ck_assert_str_eq(kept, unroll_message());
    free(kept);
}
END_TEST

START_TEST(fail_cuts_what_is_too_long)
{
    static char text[100000];
    memset(text, 'x', sizeof text - 1);
    for (int i = 0; i < 3; i++) { /* again and again in front: still bounded */
        i ? unroll_fail_prefix(UNROLL_EIO, "%s", text) : unroll_fail(UNROLL_EIO, "%s", text);
        ck_assert_uint_gt(strlen(unroll_message()), 4096);
        ck_assert_uint_lt(strlen(unroll_message()), 8192);
    }
    memset(text, '\n', sizeof text - 1);
    unroll_fail(UNROLL_EIO, "%s", text);
    ck_assert_str_eq(unroll_message() + strlen(unroll_message()) - 7, "\\x0a...");
}
END_TEST

static void *other_thread(void *arg)
{
    *(size_t *)arg = strlen(unroll_message());
    unroll_fail(UNROLL_EIO, "theirs");
    return NULL;
}

START_TEST(fail_message_is_the_threads_own)
{
    pthread_t thread;
    size_t length = 1;
    unroll_fail(UNROLL_EIO, "ours");
    ck_assert_int_eq(pthread_create(&thread, NULL, other_thread, &length), 0);
    pthread_join(thread, NULL);
    ck_assert_uint_eq(length, 0);
    ck_assert_str_eq(unroll_message(), "ours");
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("messages");
    TCase *t = new_case(suite, "fail");
    tcase_add_test(t, fail_escapes_what_drives_a_terminal);
    tcase_add_test(t, fail_prefix_goes_in_front);
    tcase_add_test(t, fail_marks_options);
    tcase_add_test(t, fail_cuts_what_is_too_long);
    tcase_add_test(t, fail_message_is_the_threads_own);
    return suite;
}
