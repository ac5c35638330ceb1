/* "NAME:key=value,…": what is read, what is kept, and what is said of the rest. */
#include <check.h>
#include <stddef.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/option.h"
#include "base/spec.h"
#include "runner.h"

static const unroll_spec_key keys[UNROLL_SPEC_KEYS] = {
    {"rate", "share of the new state", 0.5, 0, 1, true},
    {"period", "steps", 3, 1, 100, false},
};

static void assert_says(const char *what)
{
    ck_assert_msg(strstr(program_message(), what), "'%s' does not say '%s'", program_message(), what);
}

/* ---- specs ---- */

START_TEST(what_is_given_and_what_is_left)
{
    static const struct {
        const char *spec;
        double rate, period;
    } rows[] = {
        {"leaky", 0.5, 3},
        {"leaky:rate=0.25", 0.25, 3},
        {"leaky:period=7", 0.5, 7},
        {"leaky:period=1,rate=1", 1, 1},
        {"leaky:rate=0,period=100", 0, 100},
        {"leaky:rate=1e-3", 1e-3, 3},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double value[UNROLL_SPEC_KEYS] = {9, 9, 9, 9, 9, 9, 9, 9};
        ck_assert_msg(unroll_spec_parse(rows[i].spec, "cell", "leaky", keys, NULL, value) == UNROLL_OK,
                      "%s: %s", rows[i].spec, program_message());
        ck_assert_double_eq(value[0], rows[i].rate);
        ck_assert_double_eq(value[1], rows[i].period);
        for (size_t k = 2; k < UNROLL_SPEC_KEYS; k++)
            ck_assert_double_eq(value[k], 0);
    }
}
END_TEST

static const struct {
    const char *spec, *says;
} wrong[] = {
    {"leaky:rat=1", "cell leaky has no key 'rat'; did you mean 'rate'?"},
    {"leaky:colour=1", "cell leaky has no key 'colour'; it has rate, period"},
    {"leaky:rate=1.5", "cell leaky: rate: '1.5' is not a number from 0 to 1"},
    {"leaky:rate=nan", "'nan' is not a number from 0 to 1"},
    {"leaky:rate=", "'' is not a number from 0 to 1"},
    {"leaky:period=2.5", "'2.5' is not a whole number from 1 to 100"},
    {"leaky:period=0", "'0' is not a whole number from 1 to 100"},
    {"leaky:rate", "'rate' is not key=value"},
    {"leaky:", "'' is not key=value"},
    {"leaky:rate=1,", "'' is not key=value"},
    {"leaky:rate=1,rate=1", "rate is given twice"},
};

START_TEST(what_is_wrong_is_named)
{
    double value[UNROLL_SPEC_KEYS];
    ck_assert_int_eq(unroll_spec_parse(wrong[_i].spec, "cell", "leaky", keys, NULL, value),
                     UNROLL_EUSAGE);
    assert_says(wrong[_i].says);
}
END_TEST

START_TEST(a_thing_without_keys)
{
    double value[UNROLL_SPEC_KEYS];
    static const unroll_spec_key none[UNROLL_SPEC_KEYS];
    ck_assert_int_eq(unroll_spec_parse("rnn", "cell", "rnn", NULL, NULL, value), UNROLL_OK);
    ck_assert_int_eq(unroll_spec_parse("rnn:rate=1", "cell", "rnn", none, NULL, value),
                     UNROLL_EUSAGE);
    assert_says("cell rnn has no key 'rate'; it has none");
    ck_assert_int_eq(unroll_spec_parse("rnn:rate=1", "task", "rnn", none, "unroll generate --list",
                                       value),
                     UNROLL_EUSAGE);
    assert_says("task rnn has no key 'rate'; see unroll generate --list");
    char *text = unroll_spec_text("rnn", none, value);
    ck_assert_str_eq(text, "rnn");
    unroll_free(text);
}
END_TEST

START_TEST(names_are_whole)
{
    ck_assert(unroll_spec_is("leaky", "leaky"));
    ck_assert(unroll_spec_is("leaky:rate=1", "leaky"));
    ck_assert(!unroll_spec_is("leaky", "leak"));
    ck_assert(!unroll_spec_is("leak:rate=1", "leaky"));
}
END_TEST

/* ---- an option whose names have keys ---- */

static const char *name_of(size_t i)
{
    static const char *const names[] = {"rnn", "leaky", NULL};
    return names[i];
}

static const unroll_spec_key *keys_of(size_t i)
{
    return i == 1 ? keys : NULL;
}

typedef struct target {
    char *cell;
} target;

/* clang-format off */
static const unroll_option row = {.name = "cell", .group = "Model", .meta = "NAME", .type = UNROLL_NAME,
                                  .names = name_of, .keys = keys_of, .offset = offsetof(target, cell)};
/* clang-format on */

START_TEST(an_option_keeps_all_keys)
{
    static const char *const rows[][2] = {
        {"rnn", "rnn"},
        {"leaky", "leaky:rate=0.5,period=3"},
        {"leaky:period=04", "leaky:rate=0.5,period=4"},
        {"leaky:rate=0.10", "leaky:rate=0.1,period=3"},
    };
    target t = {NULL};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ck_assert_msg(unroll_option_set(&row, 0, &t, rows[i][0]) == UNROLL_OK, "%s",
                      program_message());
        ck_assert_str_eq(t.cell, rows[i][1]);
    }
    ck_assert_int_eq(unroll_option_set(&row, 0, &t, "leaky:rte=1"), UNROLL_EUSAGE);
    assert_says("did you mean 'rate'?");
    ck_assert_int_eq(unroll_option_set(&row, 0, &t, "leeky:rate=1"), UNROLL_EUSAGE);
    assert_says("--cell: no 'leeky:rate=1'; did you mean leaky?");
    ck_assert_int_eq(unroll_option_set(&row, 0, &t, "rnn:rate=1"), UNROLL_EUSAGE);
    ck_assert_str_eq(t.cell, "leaky:rate=0.1,period=3"); /* a refused value leaves no trace */
    unroll_free(t.cell);
}
END_TEST

START_TEST(no_memory_is_told_and_leaks_nothing)
{
    target t = {NULL};
    unroll_status status = UNROLL_EMEMORY;
    for (long n = 0; status != UNROLL_OK && n < 20; n++) {
        unroll_alloc_fail_after(n);
        status = unroll_option_set(&row, 0, &t, "leaky:rate=1,period=9");
        unroll_alloc_fail_after(-1);
        ck_assert(status == UNROLL_OK || (status == UNROLL_EMEMORY && !t.cell));
    }
    ck_assert_int_eq(status, UNROLL_OK);
    unroll_free(t.cell);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("spec");
    TCase *tc = new_case(suite, "spec");
    tcase_add_test(tc, what_is_given_and_what_is_left);
    tcase_add_loop_test(tc, what_is_wrong_is_named, 0, (int)(sizeof wrong / sizeof *wrong));
    tcase_add_test(tc, a_thing_without_keys);
    tcase_add_test(tc, names_are_whole);
    tcase_add_test(tc, an_option_keeps_all_keys);
    tcase_add_test(tc, no_memory_is_told_and_leaks_nothing);
    return suite;
}
