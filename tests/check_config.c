/* The public options of a model and its training. */
#include <check.h>
#include <math.h>
#include <string.h>
#include <unroll.h>

#include "runner.h"

static unroll_config *config;

static void setup(void)
{
    ck_assert_int_eq(unroll_config_new(&config), UNROLL_OK);
}

static void teardown(void)
{
    unroll_config_free(config);
}

/* Options are named without the dashes of the command line. */
static void assert_says(const char *what)
{
    ck_assert_msg(!strstr(unroll_message(), "--"), "dashes in '%s'", unroll_message());
    ck_assert_msg(strstr(unroll_message(), what), "'%s' does not say '%s'", unroll_message(), what);
}

static void assert_text(const unroll_config *c, const char *name, const char *expected)
{
    char text[64];
    size_t length;
    OK(unroll_config_get(c, name, text, sizeof text, &length));
    ck_assert_str_eq(text, expected);
    ck_assert_uint_eq(length, strlen(expected));
}

START_TEST(every_option_has_its_default)
{
    size_t n = 0;
    for (const char *name; (name = unroll_config_name(n)); n++) {
        const char *preset = unroll_config_default(name);
        ck_assert_msg(unroll_config_help(name) && preset, "%s", name);
        char text[64], again[64];
        OK(unroll_config_get(config, name, text, sizeof text, NULL));
        OK(unroll_config_set(config, name, preset[0] ? preset : text));
        OK(unroll_config_get(config, name, again, sizeof again, NULL));
        ck_assert_str_eq(text, again);
    }
    ck_assert_uint_gt(n, 60);
    ck_assert_ptr_null(unroll_config_name(n + 1));
}
END_TEST

START_TEST(kinds_and_getters_agree)
{
    for (size_t i = 0; unroll_config_name(i); i++) {
        const char *name = unroll_config_name(i);
        const enum unroll_config_kind kind = unroll_config_kind(name);
        int64_t integer = -7;
        double real = -7;
        bool flag;
        ck_assert_int_eq(unroll_config_get_integer(config, name, &integer) == UNROLL_OK,
                         kind == UNROLL_CONFIG_INTEGER);
        ck_assert_int_eq(unroll_config_get_real(config, name, &real) == UNROLL_OK,
                         kind == UNROLL_CONFIG_INTEGER || kind == UNROLL_CONFIG_REAL);
        ck_assert_int_eq(unroll_config_get_flag(config, name, &flag) == UNROLL_OK,
                         kind == UNROLL_CONFIG_FLAG);
        if (kind == UNROLL_CONFIG_INTEGER) {
            ck_assert_double_eq(real, (double)integer);
            OK(unroll_config_set_integer(config, name, integer));
        } else if (kind == UNROLL_CONFIG_REAL) {
            OK(unroll_config_set_real(config, name, real));
            ck_assert_int_eq(integer, -7);
        } else {
            ck_assert_double_eq(real, -7);
        }
    }
    ck_assert_int_eq(unroll_config_kind("hidden"), UNROLL_CONFIG_INTEGER);
    ck_assert_int_eq(unroll_config_kind("max-input"), UNROLL_CONFIG_INTEGER);
    ck_assert_int_eq(unroll_config_kind("lr"), UNROLL_CONFIG_REAL);
    ck_assert_int_eq(unroll_config_kind("time"), UNROLL_CONFIG_REAL);
    ck_assert_int_eq(unroll_config_kind("lines"), UNROLL_CONFIG_FLAG);
    ck_assert_int_eq(unroll_config_kind("cell"), UNROLL_CONFIG_TEXT);
    ck_assert_int_eq(unroll_config_kind("forget-bias"), UNROLL_CONFIG_TEXT);
}
END_TEST

START_TEST(values_of_each_kind)
{
    int64_t integer;
    double real;
    bool flag;
    OK(unroll_config_set_integer(config, "hidden", 77));
    OK(unroll_config_get_integer(config, "rnn_size", &integer)); /* an alias, with '_' for '-' */
    ck_assert_int_eq(integer, 77);
    OK(unroll_config_set_integer(config, "max-input", 3 << 20));
    assert_text(config, "max-input", "3M");
    OK(unroll_config_set_integer(config, "seed", 9007199254740991)); /* 2^53 - 1 */
    OK(unroll_config_get_integer(config, "seed", &integer));
    ck_assert_int_eq(integer, 9007199254740991);
    OK(unroll_config_set_real(config, "steps", 1e6));
    assert_text(config, "steps", "1000000");
    OK(unroll_config_set_real(config, "lr", 0.1 + 0.2));
    OK(unroll_config_get_real(config, "learning-rate", &real));
    ck_assert_double_eq(real, 0.1 + 0.2);
    OK(unroll_config_set_integer(config, "time", 90));
    assert_text(config, "time", "90s");
    OK(unroll_config_get_real(config, "time", &real));
    ck_assert_double_eq(real, 90);
    OK(unroll_config_set_real(config, "forget-bias", -1.5));
    assert_text(config, "forget-bias", "-1.5");
    OK(unroll_config_set_flag(config, "lines", true));
    OK(unroll_config_get_flag(config, "lines", &flag));
    ck_assert(flag);
    OK(unroll_config_set_flag(config, "lines", false));
    assert_text(config, "lines", "false");
    OK(unroll_config_set(config, "valid", "a b.txt"));
    assert_text(config, "valid", "a b.txt");
    OK(unroll_config_set(config, "valid", ""));
    assert_text(config, "valid", "");
}
END_TEST

START_TEST(choices_are_what_is_accepted)
{
    size_t n = 0;
    for (const char *cell; (cell = unroll_config_choice("cell", n)); n++)
        OK(unroll_config_set(config, "cell", cell));
    ck_assert_uint_ge(n, 3);
    ck_assert_str_eq(unroll_config_choice("tokens", 0), "byte");
    ck_assert_ptr_null(unroll_config_choice("tokens", 4));
    ck_assert_ptr_null(unroll_config_choice("hidden", 0));
}
END_TEST

/* The message says which option, what it got and what it takes; the config stays as it was. */
START_TEST(refusals)
{
    ck_assert_int_eq(unroll_config_set(config, "hidden", "0"), UNROLL_EUSAGE);
    assert_says("hidden: '0' is out of range; give a whole number from 1 to 1048576");
    ck_assert_int_eq(unroll_config_set_integer(config, "hidden", -1), UNROLL_EUSAGE);
    assert_says("hidden: '-1' is out of range");
    ck_assert_int_eq(unroll_config_set_real(config, "hidden", 2.5), UNROLL_EUSAGE);
    assert_says("hidden: '2.5' is not a whole number");
    ck_assert_int_eq(unroll_config_set_real(config, "hidden", 1e300), UNROLL_EUSAGE);
    assert_says("hidden: ");
    ck_assert_int_eq(unroll_config_set_real(config, "dropout", 1), UNROLL_EUSAGE);
    assert_says("dropout: '1' is out of range; give a number from 0 to below 1");
    ck_assert_int_eq(unroll_config_set_real(config, "lr", NAN), UNROLL_EUSAGE);
    assert_says("lr: ");
    ck_assert_int_eq(unroll_config_set_flag(config, "hidden", true), UNROLL_EUSAGE);
    assert_says("hidden is an integer, not a flag");
    ck_assert_int_eq(unroll_config_set_integer(config, "lines", 1), UNROLL_EUSAGE);
    assert_says("lines: '1' is neither true nor false");
    ck_assert_int_eq(unroll_config_set_integer(config, "valid", 1), UNROLL_EUSAGE);
    assert_says("valid is a text, not an integer");
    ck_assert_int_eq(unroll_config_set(config, "cell", "lsmt"), UNROLL_EUSAGE);
    assert_says("did you mean lstm?");
    assert_text(config, "hidden", "128");
    assert_text(config, "dropout", "0");
    assert_text(config, "lr", "0.002");
    assert_text(config, "lines", "false");
    assert_text(config, "valid", "");
    assert_text(config, "cell", "lstm");
}
END_TEST

START_TEST(names_that_do_not_exist)
{
    int64_t integer = 5;
    double real = 5;
    bool flag = true;
    char text[8] = "before";
    ck_assert_int_eq(unroll_config_set(config, "hiden", "1"), UNROLL_EUSAGE);
    assert_says("there is no option 'hiden'; did you mean hidden?");
    ck_assert_int_eq(unroll_config_set_integer(config, "hiden", 1), UNROLL_EUSAGE);
    ck_assert_int_eq(unroll_config_set_real(config, "hiden", 1), UNROLL_EUSAGE);
    ck_assert_int_eq(unroll_config_set_flag(config, "hiden", true), UNROLL_EUSAGE);
    ck_assert_int_eq(unroll_config_get(config, "hiden", text, sizeof text, NULL), UNROLL_EUSAGE);
    ck_assert_str_eq(text, "");
    ck_assert_int_eq(unroll_config_get_integer(config, "hiden", &integer), UNROLL_EUSAGE);
    ck_assert_int_eq(unroll_config_get_real(config, "hiden", &real), UNROLL_EUSAGE);
    ck_assert_int_eq(unroll_config_get_flag(config, "hiden", &flag), UNROLL_EUSAGE);
    ck_assert(integer == 5 && real >= 5 && flag);
    ck_assert_ptr_null(unroll_config_help("hiden"));
    ck_assert_ptr_null(unroll_config_default("hiden"));
    ck_assert_ptr_null(unroll_config_choice("hiden", 0));
    ck_assert_int_eq(unroll_config_kind("hiden"), UNROLL_CONFIG_TEXT);
}
END_TEST

START_TEST(a_text_that_does_not_fit)
{
    char text[5] = "????";
    size_t length = 0;
    OK(unroll_config_set(config, "valid", "12345"));
    ck_assert_int_eq(unroll_config_get(config, "valid", text, sizeof text, &length), UNROLL_EUSAGE);
    assert_says("6 bytes");
    ck_assert_str_eq(text, "");
    ck_assert_uint_eq(length, 5);
    length = 0;
    OK(unroll_config_get(config, "valid", NULL, 0, &length));
    ck_assert_uint_eq(length, 5);
    OK(unroll_config_set(config, "valid", "1234"));
    OK(unroll_config_get(config, "valid", text, sizeof text, NULL));
    ck_assert_str_eq(text, "1234");
}
END_TEST

START_TEST(a_copy_has_values_of_its_own)
{
    unroll_config *copy;
    OK(unroll_config_set(config, "optimizer", "sgd"));
    OK(unroll_config_set(config, "hidden", "9"));
    OK(unroll_config_set(config, "forget-bias", "chrono:30"));
    OK(unroll_config_copy(config, &copy));
    for (size_t i = 0; unroll_config_name(i); i++) {
        char text[64];
        OK(unroll_config_get(config, unroll_config_name(i), text, sizeof text, NULL));
        assert_text(copy, unroll_config_name(i), text);
    }
    OK(unroll_config_set(config, "optimizer", "adam"));
    OK(unroll_config_set(copy, "hidden", "10"));
    assert_text(copy, "optimizer", "sgd");
    assert_text(config, "hidden", "9");
    unroll_config_free(copy);
    unroll_config_free(NULL);
}
END_TEST

START_TEST(what_several_options_must_agree_on)
{
    OK(unroll_config_check(config));
    OK(unroll_config_set_flag(config, "tie", true));
    ck_assert_int_eq(unroll_config_check(config), UNROLL_EUSAGE);
    assert_says("tie: embedding is 0 and hidden 128; they must be equal");
    OK(unroll_config_set(config, "embedding", "128"));
    OK(unroll_config_check(config));
}
END_TEST

/* Everything that is set by name reaches training, whichever setter was used. */
START_TEST(what_is_set_is_trained_with)
{
    static const char text[] =
        "the cat sat on the mat, the cat sat on the mat, the cat sat on the mat";
    static const struct {
        const char *name, *value;
    } base[] = {{"hidden", "4"}, {"layers", "1"},    {"seq-length", "4"}, {"batch", "2"},
                {"steps", "3"},  {"split", "1,0,0"}, {"threads", "1"}},
      others[] = {
          {"", ""}, {"seed", "2"}, {"optimizer", "sgd"}, {"schedule", "cosine"}, {"lr", "0.1"}};
    float first[5] = {0};
    for (size_t k = 0; k < 5; k++) {
        unroll_config *c;
        unroll_model *model;
        OK(unroll_config_new(&c));
        for (size_t i = 0; i < sizeof base / sizeof *base; i++)
            OK(unroll_config_set(c, base[i].name, base[i].value));
        if (k > 0)
            OK(unroll_config_set(c, others[k].name, others[k].value));
        OK(unroll_model_train(c, text, sizeof text - 1, NULL, &model));
        first[k] = (float)unroll_net_weights(unroll_model_net(model))[0];
        for (size_t i = 0; i < k; i++)
            ck_assert_msg(memcmp(&first[i], &first[k], sizeof *first) != 0, "%s did nothing",
                          others[k].name);
        unroll_model_free(model);
        unroll_config_free(c);
    }
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("config");
    TCase *tc = new_case(suite, "config");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, every_option_has_its_default);
    tcase_add_test(tc, kinds_and_getters_agree);
    tcase_add_test(tc, values_of_each_kind);
    tcase_add_test(tc, choices_are_what_is_accepted);
    tcase_add_test(tc, refusals);
    tcase_add_test(tc, names_that_do_not_exist);
    tcase_add_test(tc, a_text_that_does_not_fit);
    tcase_add_test(tc, a_copy_has_values_of_its_own);
    tcase_add_test(tc, what_several_options_must_agree_on);
    tcase_add_test(tc, what_is_set_is_trained_with);
    return suite;
}
