/* base/number: numbers read from text and written as text. */
#include <check.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/number.h"
#include "base/rng.h"
#include "runner.h"

START_TEST(number_size)
{
    static const char *const bad[] = {"",
                                      " ",
                                      "-1",
                                      "+1",
                                      "1 ",
                                      " 1",
                                      "1x",
                                      "x",
                                      "0x10",
                                      "1.0",
                                      "1e3",
                                      "1,000",
                                      "18446744073709551616",
                                      "99999999999999999999999",
                                      "\xd9\xa1",
                                      "nan",
                                      "1\n"};
    static const struct {
        const char *text;
        uint64_t value;
    } good[] = {{"0", 0}, {"7", 7}, {"007", 7}, {"18446744073709551615", UINT64_MAX}};
    uint64_t x = 42;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!unroll_parse_size(bad[i], &x) && x == 42, "'%s' was taken", bad[i]);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        ck_assert(unroll_parse_size(good[i].text, &x));
        ck_assert_uint_eq(x, good[i].value);
    }
}
END_TEST

START_TEST(number_int)
{
    static const char *const bad[] = {"",
                                      "-",
                                      "+",
                                      "--1",
                                      "+-1",
                                      "- 1",
                                      " 1",
                                      "1 ",
                                      "1.",
                                      "0x1",
                                      "9223372036854775808",
                                      "-9223372036854775809"};
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {{"0", 0},
                {"-0", 0},
                {"+5", 5},
                {"-5", -5},
                {"9223372036854775807", INT64_MAX},
                {"-9223372036854775808", INT64_MIN}};
    int64_t x = 42;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!unroll_parse_int(bad[i], &x) && x == 42, "'%s' was taken", bad[i]);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        ck_assert(unroll_parse_int(good[i].text, &x));
        ck_assert_int_eq(x, good[i].value);
    }
}
END_TEST

/* Bits are compared, so that -0 and the last digit count. */
static void same_double(double a, double b)
{
    ck_assert_msg(memcmp(&a, &b, sizeof a) == 0, "%.17g is not %.17g", a, b);
}

static void number_double(void)
{
    static const char *const bad[] = {"",
                                      " ",
                                      ".",
                                      "-",
                                      "+",
                                      "-.",
                                      "e5",
                                      ".e5",
                                      "1e",
                                      "1e+",
                                      "1e-",
                                      "1e5.",
                                      "1e5x",
                                      "1..2",
                                      "1.2.3",
                                      " 1",
                                      "1 ",
                                      "1\n",
                                      "0x10",
                                      "0x1p3",
                                      "nan",
                                      "NaN",
                                      "-nan",
                                      "nan(1)",
                                      "inf",
                                      "-inf",
                                      "INFINITY",
                                      "1e999",
                                      "-1e999",
                                      "1e-999",
                                      "-1e-400",
                                      "1,5",
                                      "1_000",
                                      "3x",
                                      "--1",
                                      "1e99999999999999999999",
                                      "1e-99999999999999999999",
                                      "1d5",
                                      "1f"};
    static const struct {
        const char *text;
        double value;
    } good[] = {{"0", 0},
                {"-0", -0.0},
                {"0.5", 0.5},
                {".5", 0.5},
                {"5.", 5},
                {"+2", 2},
                {"-2.25", -2.25},
                {"1e3", 1000},
                {"1E3", 1000},
                {"1e+3", 1000},
                {"1e-38", 1e-38},
                {"007", 7},
                {"5e-324", 5e-324},
                {"2.2250738585072011e-308", 2.2250738585072011e-308},
                {"1.7976931348623157e308", DBL_MAX},
                {"0e999", 0},
                {"0.000e-999", 0},
                {"0.1", 0.1},
                {"123456789012345678901234567890", 123456789012345678901234567890.0}};
    double x = 42;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!unroll_parse_double(bad[i], &x) && x == 42, "'%s' was taken", bad[i]);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        ck_assert_msg(unroll_parse_double(good[i].text, &x), "'%s' was refused", good[i].text);
        same_double(x, good[i].value);
        x = 42;
    }
}

static void number_format(void)
{
    static const struct {
        double value;
        const char *text;
    } row[] = {{0, "0"},
               {-0.0, "-0"},
               {0.5, "0.5"},
               {0.1, "0.1"},
               {1.0 / 3, "0.3333333333333333"},
               {0.1 + 0.2, "0.30000000000000004"},
               {1e-38, "1e-38"},
               {5e-324, "5e-324"},
               {1.5e-310, "1.5e-310"},
               {1e22, "1e+22"},
               {-2.25, "-2.25"},
               {DBL_MAX, "1.7976931348623157e+308"},
               {DBL_MIN, "2.2250738585072014e-308"},
               {(double)NAN, "nan"},
               {-(double)NAN, "nan"},
               {(double)INFINITY, "inf"},
               {-(double)INFINITY, "-inf"}};
    char buffer[32];

    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        ck_assert_str_eq(unroll_format_double(buffer, row[i].value), row[i].text);
    ck_assert_str_eq(unroll_format_digits(buffer, 1234.5678, 6), "1234.57");
    ck_assert_str_eq(unroll_format_digits(buffer, 0.5, 3), "0.5");
    ck_assert_str_eq(unroll_format_digits(buffer, (double)NAN, 3), "nan");
    ck_assert_str_eq(unroll_format_digits(buffer, 1.25, -3), "1");
    ck_assert_str_eq(unroll_format_digits(buffer, 0.1, 1000), "0.10000000000000001");
    unroll_fail(UNROLL_EDATA, "%g", 0.5);
    ck_assert_str_eq(unroll_message(), "0.5");
}

START_TEST(number_double_and_back)
{
    number_double();
    number_format();
}
END_TEST

START_TEST(number_any_double_survives)
{
    unroll_rng rng;
    unroll_rng_seed(&rng, 4, UNROLL_STREAM_DATA);
    for (int i = 0; i < 20000; i++) {
        const uint64_t bits = unroll_rng_next(&rng) >> (i % 3 ? 0 : unroll_rng_below(&rng, 64));
        double value, again;
        char buffer[32];
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value))
            continue;
        unroll_format_double(buffer, value);
        if (!unroll_parse_double(buffer, &again) || memcmp(&value, &again, sizeof value) != 0)
            ck_abort_msg("%.17g became %s", value, buffer);
    }
}
END_TEST

/* A locale that writes 0,5: one that is installed, else one made here from the C library's sources.
 * Where neither is to be had (no package `locales`), the test says so. */
static bool decimal_comma(void)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "tr_TR.UTF-8"};
    char directory[] = "/tmp/unroll-locale-XXXXXX", command[200];
    bool found = false;

    for (size_t i = 0; i < sizeof names / sizeof *names && !found; i++)
        found = setlocale(LC_ALL, names[i]) != NULL;
    if (!found && mkdtemp(directory)) {
        snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 >%s/log 2>&1",
                 directory, directory);
        setenv("LOCPATH", directory, 1);
        found = system(command) == 0 && setlocale(LC_ALL, "de_DE.UTF-8") != NULL;
        snprintf(command, sizeof command, "rm -rf %s", directory);
        if (system(command) != 0)
            fprintf(stderr, "%s is left\n", directory);
    }
    return found && strcmp(localeconv()->decimal_point, ",") == 0;
}

START_TEST(number_knows_no_locale)
{
    char text[8];
    if (!decimal_comma()) {
        fprintf(stderr, "no locale with a decimal comma: install the package locales\n");
        return;
    }
    snprintf(text, sizeof text, "%.1f", 0.5);
    ck_assert_str_eq(text, "0,5"); /* it is in force */
    number_double();
    number_format();
    snprintf(text, sizeof text, "%.1f", 0.5);
    ck_assert_str_eq(text, "0,5"); /* and the host's again afterwards */
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("number");
    TCase *t = new_case(suite, "number");
    tcase_add_test(t, number_size);
    tcase_add_test(t, number_int);
    tcase_add_test(t, number_double_and_back);
    tcase_add_test(t, number_any_double_survives);
    tcase_add_test(t, number_knows_no_locale);
    return suite;
}
