/* What a terminal is shown: escapes and numbers. */
#include <check.h>
#include <math.h>
#include <string.h>

#include "base/display.h"
#include "base/memory.h"
#include "runner.h"

static const struct escape {
    const char *text, *shown;
} escapes[] = {
    {"plain", "plain"},
    {"a\nb\tc\rd", "a\\nb\\tc\\rd"},
    {"back\\slash", "back\\\\slash"},
    {"\033[2J", "\\x1b[2J"},
    {"\x7f", "\\x7f"},
    {"\xc2\x9b"
     "2J",
     "\\u009b2J"},               /* a control of C1 */
    {"\xe2\x80\xae", "\\u202e"}, /* right-to-left override */
    {"\xe2\x80\xa8", "\\u2028"}, /* line separator */
    {"\xef\xbb\xbf", "\\ufeff"},
    {"caf\xc3\xa9 \xe6\xbc\xa2", "caf\xc3\xa9 \xe6\xbc\xa2"},
    {"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x94\xac", "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x94\xac"},
    {"\xff\xc3", "\\xff\\xc3"},
    {"\xed\xa0\x80", "\\xed\\xa0\\x80"}, /* a surrogate */
    {"\xc0\xaf", "\\xc0\\xaf"},          /* overlong */
    {"", ""},
};

START_TEST(escape)
{
    const struct escape *e = &escapes[_i];
    char *shown = unroll_display_escape_line(e->text, strlen(e->text));
    ck_assert_str_eq(shown, e->shown);
    unroll_free(shown);
}
END_TEST

START_TEST(escape_keeps_what_it_is_told)
{
    char shown[UNROLL_ESCAPE_MAX];
    ck_assert_uint_eq(unroll_display_escape("\n", 1, "\n\t", shown), 1);
    ck_assert_str_eq(shown, "\n");
    ck_assert_uint_eq(unroll_display_escape("\\", 1, "\n\t", shown), 1);
    ck_assert_str_eq(shown, "\\");
    ck_assert_uint_eq(unroll_display_escape("\r", 1, "\n\t", shown), 1);
    ck_assert_str_eq(shown, "\\r");
    ck_assert_uint_eq(unroll_display_escape("\0x", 2, "\n\t", shown), 1); /* a NUL is no end */
    ck_assert_str_eq(shown, "\\x00");
    ck_assert_uint_eq(unroll_display_escape("\xe6\xbc\xa2", 2, "", shown), 1); /* cut */
    ck_assert_str_eq(shown, "\\xe6");
}
END_TEST

START_TEST(numbers)
{
    char b[UNROLL_NUMBER_MAX];
    ck_assert_str_eq(unroll_display_count(b, 0), "0");
    ck_assert_str_eq(unroll_display_count(b, 999), "999");
    ck_assert_str_eq(unroll_display_count(b, 1000), "1,000");
    ck_assert_str_eq(unroll_display_count(b, UINT64_MAX), "18,446,744,073,709,551,615");

    ck_assert_str_eq(unroll_display_short(b, 0), "0");
    ck_assert_str_eq(unroll_display_short(b, 812.3), "812");
    ck_assert_str_eq(unroll_display_short(b, 999.4), "999");
    ck_assert_str_eq(unroll_display_short(b, 999.6), "1.00k");
    ck_assert_str_eq(unroll_display_short(b, 71400), "71.4k");
    ck_assert_str_eq(unroll_display_short(b, 99960), "100k");
    ck_assert_str_eq(unroll_display_short(b, 1.2e6), "1.20M");
    ck_assert_str_eq(unroll_display_short(b, 1e18), "1000000T");

    ck_assert_str_eq(unroll_display_bytes(b, 812), "812 B");
    ck_assert_str_eq(unroll_display_bytes(b, 12.7e6), "12.7 MB");

    ck_assert_str_eq(unroll_display_duration(b, 0.84), "0.8 s");
    ck_assert_str_eq(unroll_display_duration(b, 9.96), "10 s");
    ck_assert_str_eq(unroll_display_duration(b, 59.4), "59 s");
    ck_assert_str_eq(unroll_display_duration(b, 59.6), "1m 00s");
    ck_assert_str_eq(unroll_display_duration(b, 125), "2m 05s");
    ck_assert_str_eq(unroll_display_duration(b, 4320), "1h 12m");
    ck_assert_str_eq(unroll_display_duration(b, 90000), "1d 01h");
    ck_assert_str_eq(unroll_display_duration(b, NAN), "?");
    ck_assert_str_eq(unroll_display_duration(b, INFINITY), "?");
    ck_assert_str_eq(unroll_display_duration(b, -1), "?");
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("terminal");
    TCase *tc = new_case(suite, "terminal");
    tcase_add_loop_test(tc, escape, 0, (int)(sizeof escapes / sizeof *escapes));
    tcase_add_test(tc, escape_keeps_what_it_is_told);
    tcase_add_test(tc, numbers);
    return suite;
}
