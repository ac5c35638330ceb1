/* Options: what each row accepts, what it says about the rest, and what the table promises. */
#include <check.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "config/config.h"
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

static bool is_numeric(const unroll_option *o)
{
    return o->type == UNROLL_SIZE || o->type == UNROLL_NUMBER ||
           (o->type == UNROLL_CUSTOM && o->max > o->min);
}

static void assert_says(const char *what)
{
    ck_assert_int_ne(strncmp(unroll_message(), "--", 2), 0); /* dashes are the program's part */
    ck_assert_msg(strstr(program_message(), what), "'%s' does not say '%s'", program_message(), what);
}

/* ---- numbers ---- */

START_TEST(every_bad_number_is_refused_by_every_option)
{
    /* clang-format off */
    static const char *const bad[] = {"-1",  "nan",  "inf",  "-inf", "",      "1x",   "0x10",
                                      "1e99", " 1",  "1 ",   "1,5",  "--",    "NaN",  "+",
                                      "1e",   ".",   "\n1",  "1e400", "99999999999999999999999"};
    /* clang-format on */
    for (size_t i = 0; i < unroll_config_rows; i++) {
        const unroll_option *o = &unroll_config_table[i];
        if (!is_numeric(o))
            continue;
        char *before = unroll_option_get(o, 0, config);
        for (size_t b = 0; b < sizeof bad / sizeof *bad; b++) {
            if (strcmp(o->name, "forget-bias") == 0 && strcmp(bad[b], "-1") == 0)
                continue; /* a bias may be negative */
            ck_assert_msg(unroll_option_set(o, 0, config, bad[b]) == UNROLL_EUSAGE,
                          "--%s took '%s'", o->name, bad[b]);
            char name[64], range[96];
            snprintf(name, sizeof name, "--%s:", o->name);
            assert_says(name);
            if (o->parse == NULL)
                assert_says(unroll_option_range(o, range));
        }
        char *after = unroll_option_get(o, 0, config);
        ck_assert_str_eq(before, after); /* a refused value leaves no trace */
        unroll_free(before);
        unroll_free(after);
    }
}
END_TEST

START_TEST(every_bound_is_where_it_says)
{
    for (size_t i = 0; i < unroll_config_rows; i++) {
        const unroll_option *o = &unroll_config_table[i];
        if (!is_numeric(o))
            continue;
        ck_assert_msg(o->max > o->min && o->max < 1e99, "--%s has no range", o->name);
        char text[40];
        snprintf(text, sizeof text, "%.0f", o->min);
        ck_assert_msg((unroll_option_set(o, 0, config, text) == UNROLL_OK) == !o->open_min,
                      "--%s %s: %s", o->name, text, unroll_message());
        snprintf(text, sizeof text, "%.0f", o->max);
        ck_assert_msg((unroll_option_set(o, 0, config, text) == UNROLL_OK) == !o->open_max,
                      "--%s %s: %s", o->name, text, unroll_message());
        snprintf(text, sizeof text, "%.0f", o->max * 2 + 1);
        ck_assert_msg(unroll_option_set(o, 0, config, text) == UNROLL_EUSAGE, "--%s took %s",
                      o->name, text);
    }
}
END_TEST

START_TEST(a_range_in_words)
{
    static const struct {
        unroll_option row;
        const char *words;
    } cases[] = {
        {{.min = 1, .max = 8}, "from 1 to 8"},
        {{.min = 1, .max = UNROLL_OPTION_NO_MAX}, "of at least 1"},
        {{.min = 0, .max = 1, .open_max = true}, "from 0 to below 1"},
        {{.min = 0, .max = 1, .open_min = true}, "above 0, up to 1"},
        {{.min = 0, .max = 0.5, .open_min = true, .open_max = true}, "above 0 and below 0.5"},
        {{.min = 0, .max = 0}, ""},
    };
    char range[96];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_str_eq(unroll_option_range(&cases[i].row, range), cases[i].words);
}
END_TEST

/* ---- values with a syntax of their own ---- */

/* clang-format off */
static const struct syntax {
    const char *name, *text, *back; /* back: NULL where it is refused */
} syntaxes[] = {
    {"max-input", "10M", "10M"},      {"max-input", "1048576", "1M"},
    {"max-input", "3k", "3K"},        {"max-input", "1000", "1000"},
    {"max-input", "0", "0"},          {"max-input", "1.5G", NULL},
    {"max-input", "M", NULL},         {"max-input", "10MB", NULL},
    {"max-input", "9000000T", NULL},  {"max-input", "-1K", NULL},
    {"time", "90", "90s"},            {"time", "90s", "90s"},
    {"time", "1.5m", "90s"},          {"time", "1h", "3600s"},
    {"time", "2d", "172800s"},        {"time", "h", NULL},
    {"time", "1w", NULL},             {"time", "-5s", NULL},
    {"split", "0.8,0.1,0.1", "0.8,0.1,0.1"},
    {"split", "1,0,0", "1,0,0"},      {"split", "0.5,0.1,0.1", "0.5,0.1,0.1"},
    {"split", "0,0.5,0.5", NULL},     {"split", "0.9,0.1", NULL},
    {"split", "0.9,0.2,0.1", NULL},   {"split", "0.9,0.05,0.05,0", NULL},
    {"split", "0.9,-0.1,0.1", NULL},  {"split", ",,", NULL},
    {"split", "nan,0,0", NULL},       {"split", "0.9,0.05,0.05,", NULL},
    {"forget-bias", "auto", "auto"},  {"forget-bias", "2.5", "2.5"},
    {"forget-bias", "-1", "-1"},      {"forget-bias", "Auto", NULL},
    {"forget-bias", "chrono", "chrono"}, {"forget-bias", "chrono:100", "chrono:100"},
    {"forget-bias", "chrono:", NULL}, {"forget-bias", "chrono:2", NULL},
    {"forget-bias", "chrono100", NULL}, {"forget-bias", "101", NULL},
    {"tokens", "byte", "byte"},       {"tokens", "Byte", NULL},
    {"tokens", "", NULL},             {"cell", "gru", "gru"},
    {"cell", "", NULL},               {"lines", "true", "true"},
    {"lines", "false", "false"},      {"lines", "yes", NULL},
    {"lines", "", NULL},              {"valid", "a b.txt", "a b.txt"},
    {"valid", "", ""},
    {"task", "copy:delay=3", "copy:delay=3"}, {"task", "", NULL}, /* fault 1 */
};
/* clang-format on */

START_TEST(syntax_of_one_option)
{
    const struct syntax *s = &syntaxes[_i];
    size_t base;
    const unroll_option *o = unroll_option_find(unroll_config_lists, s->name, &base);
    const unroll_status status = unroll_config_set(config, s->name, s->text);
    ck_assert_msg(status == (s->back ? UNROLL_OK : UNROLL_EUSAGE), "--%s '%s': %s", s->name,
                  s->text, unroll_message());
    if (!s->back) {
        assert_says(s->name);
        return;
    }
    char *back = unroll_option_get(o, base, config);
    ck_assert_str_eq(back, s->back);
    ck_assert_int_eq(unroll_option_set(o, base, config, back), UNROLL_OK);
    unroll_free(back);
}
END_TEST

START_TEST(chrono_and_number_replace_each_other)
{
    ck_assert_int_eq(unroll_config_set(config, "forget-bias", "chrono:50"), UNROLL_OK);
    ck_assert(config->chrono);
    ck_assert_double_eq(config->chrono_max, 50);
    ck_assert_int_eq(unroll_config_set(config, "forget-bias", "3"), UNROLL_OK);
    ck_assert(!config->chrono);
    ck_assert_double_eq(config->chrono_max, 0);
    ck_assert_double_eq(config->forget_bias, 3);
}
END_TEST

/* ---- names ---- */

START_TEST(aliases_of_the_contract)
{
    static const char *const pairs[][2] = {
        {"rnn-size", "hidden"},         {"hidden-size", "hidden"}, {"nhid", "hidden"},
        {"num-layers", "layers"},       {"nlayers", "layers"},     {"model", "cell"},
        {"rnn-type", "cell"},           {"bptt", "seq-length"},    {"block-size", "seq-length"},
        {"learning-rate", "lr"},        {"batch-size", "batch"},   {"max-grad-norm", "clip-norm"},
        {"grad-clip", "clip-value"},    {"rnn_size", "hidden"},    {"seq_length", "seq-length"},
        {"max_grad_norm", "clip-norm"}, {"no_carry", "no-carry"},
    };
    size_t base;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const unroll_option *o = unroll_option_find(unroll_config_lists, pairs[i][0], &base);
        ck_assert_msg(o != NULL, "--%s is unknown", pairs[i][0]);
        ck_assert_str_eq(o->name, pairs[i][1]);
    }
    ck_assert_ptr_null(unroll_option_find(unroll_config_lists, "hid", &base));
    ck_assert_ptr_null(unroll_option_find(unroll_config_lists, "", &base));
    ck_assert_ptr_null(unroll_option_find(unroll_config_lists, "rnn-size hidden-size", &base));
    ck_assert_ptr_null(unroll_option_find(unroll_config_lists, "Hidden", &base));
}
END_TEST

START_TEST(did_you_mean)
{
    static const char *const cases[][2] = {
        {"hiden", "hidden"},
        {"hidedn", "hidden"},
        {"layer", "layers"},
        {"drop", "dropout"},
        {"rl", "lr"},
        {"lerning-rate", "lr"},
        {"seq_lenght", "seq-length"},
        {"optimiser", "optimizer"},
        {"xyzzy", NULL},
        {"", NULL},
        {"q", NULL},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *near = unroll_option_nearest(unroll_config_lists, cases[i][0]);
        if (cases[i][1])
            ck_assert_pstr_eq(near, cases[i][1]);
        else
            ck_assert_ptr_null(near);
    }
    ck_assert_int_eq(unroll_config_set(config, "hiden", "1"), UNROLL_EUSAGE);
    assert_says("did you mean hidden?");
    ck_assert_int_eq(unroll_config_set(config, "cell", "lsmt"), UNROLL_EUSAGE);
    assert_says("did you mean lstm?");
    ck_assert_int_eq(unroll_config_set(config, "cell", "transformer"), UNROLL_EUSAGE);
    assert_says("rnn, lstm, gru");
}
END_TEST

/* ---- the table ---- */

START_TEST(names_and_aliases_are_unique)
{
    for (size_t i = 0; i < unroll_config_rows; i++) {
        size_t base;
        const unroll_option *o = &unroll_config_table[i];
        ck_assert_ptr_eq(unroll_option_find(unroll_config_lists, o->name, &base), o);
        ck_assert_msg(o->help && o->group && o->role, "--%s lacks help, group or role", o->name);
        ck_assert_msg((o->type == UNROLL_FLAG) == (o->meta == NULL), "--%s: meta", o->name);
        const char *alias = o->aliases;
        while (alias && *alias) {
            char name[64];
            const size_t length = strcspn(alias, " ");
            snprintf(name, sizeof name, "%.*s", (int)length, alias);
            ck_assert_ptr_eq(unroll_option_find(unroll_config_lists, name, &base), o);
            alias += length + strspn(alias + length, " ");
        }
    }
}
END_TEST

START_TEST(what_is_got_can_be_set)
{
    for (size_t i = 0; i < unroll_config_rows; i++) {
        const unroll_option *o = &unroll_config_table[i];
        char *text = unroll_option_get(o, 0, config);
        ck_assert_ptr_nonnull(text);
        ck_assert_msg(unroll_option_set(o, 0, config, text) == UNROLL_OK, "%s", unroll_message());
        char *again = unroll_option_get(o, 0, config);
        ck_assert_str_eq(text, again);
        unroll_free(text);
        unroll_free(again);
    }
}
END_TEST

START_TEST(defaults_of_the_contract)
{
    static const char *const defaults[][2] = {
        {"task", "char"},
        {"tokens", "codepoint"},
        {"normalize", "nfc"},
        {"casefold", "false"},
        {"min-count", "1"},
        {"invalid", "error"},
        {"lines", "false"},
        {"split", "0.9,0.05,0.05"},
        {"cell", "lstm"},
        {"layers", "2"},
        {"hidden", "128"},
        {"embedding", "0"},
        {"activation", "tanh"},
        {"dropout", "0"},
        {"gru", "reset-after"},
        {"tie", "false"},
        {"init", "uniform"},
        {"init-scale", "1"},
        {"forget-bias", "auto"},
        {"optimizer", "adam"},
        {"lr", "0.002"},
        {"weight-decay", "0"},
        {"schedule", "constant"},
        {"warmup", "0"},
        {"clip-norm", "5"},
        {"clip-value", "0"},
        {"batch", "50"},
        {"seq-length", "50"},
        {"no-carry", "false"},
        {"steps", "0"},
        {"epochs", "10"},
        {"time", "0s"},
        {"keep", "2"},
        {"patience", "0"},
        {"seed", "1"},
        {"threads", "0"},
    };
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++) {
        size_t base;
        const unroll_option *o = unroll_option_find(unroll_config_lists, defaults[i][0], &base);
        ck_assert_msg(o != NULL, "--%s is missing", defaults[i][0]);
        char *text = unroll_option_get(o, base, config);
        ck_assert_msg(strcmp(text, defaults[i][1]) == 0, "--%s is %s", o->name, text);
        unroll_free(text);
    }
}
END_TEST

/* Two places say them: the library's own struct and the table. */
START_TEST(defaults_agree_with_the_trainer)
{
    unroll_learning l = UNROLL_LEARNING_INIT;
    const unroll_learning learning = unroll_config_learning(config), *c = &learning;
    ck_assert_str_eq(c->optimizer, l.optimizer);
    ck_assert_str_eq(c->schedule, l.schedule);
    const double pairs[][2] = {
        {c->lr, l.lr},
        {c->momentum, l.momentum},
        {c->beta1, l.beta1},
        {c->beta2, l.beta2},
        {c->rho, l.rho},
        {c->epsilon, l.epsilon},
        {c->weight_decay, l.weight_decay},
        {c->decay, l.decay},
        {c->lr_min, l.lr_min},
        {c->clip_norm, l.clip_norm},
        {c->clip_value, l.clip_value},
        {c->epochs, l.epochs},
        {c->seconds, l.seconds},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        ck_assert_msg(!(pairs[i][0] < pairs[i][1] || pairs[i][0] > pairs[i][1]), "pair %zu", i);
    ck_assert_uint_eq(c->decay_every, l.decay_every);
    ck_assert_uint_eq(c->decay_after, l.decay_after);
    ck_assert_uint_eq(c->warmup, l.warmup);
    ck_assert_uint_eq(c->steps, l.steps);
    ck_assert_uint_eq(c->patience, l.patience);
    ck_assert_uint_eq(c->eval_every, l.eval_every);
    ck_assert_uint_eq(c->seed, l.seed);
    ck_assert_uint_eq(c->threads, l.threads);
}
END_TEST

/* "what only logs or saves may be given anew, anything else that differs is 78" */
START_TEST(roles_for_resume)
{
    static const char *const anew[] = {
        "steps",     "epochs",       "time",       "threads",       "out",
        "corpus",    "resume",       "force",      "eval-every",    "save-every",
        "log-every", "sample-every", "grad-every", "grad-distance", "keep",
        "patience",  "dry-run",      "quiet",      "json",          "recompute",
    };
    for (size_t i = 0; i < unroll_config_rows; i++) {
        const unroll_option *o = &unroll_config_table[i];
        bool may = false;
        for (size_t k = 0; k < sizeof anew / sizeof *anew; k++)
            may |= strcmp(o->name, anew[k]) == 0;
        const bool free = !(o->role & ~(unsigned)(UNROLL_ROLE_BOUND | UNROLL_ROLE_RUN));
        ck_assert_msg(free == may, "--%s", o->name);
    }
}
END_TEST

START_TEST(strings_follow_into_learning)
{
    ck_assert_int_eq(unroll_config_set(config, "optimizer", "sgd"), UNROLL_OK);
    ck_assert_int_eq(unroll_config_set(config, "seed", "7"), UNROLL_OK);
    ck_assert_int_eq(unroll_config_set(config, "threads", "3"), UNROLL_OK);
    const unroll_learning learning = unroll_config_learning(config);
    ck_assert_str_eq(learning.optimizer, "sgd");
    ck_assert_uint_eq(learning.seed, 7);
    ck_assert_uint_eq(learning.threads, 3);
}
END_TEST

/* ---- over several options ---- */

START_TEST(bounds_push_each_other_out)
{
    unroll_learning *l = &config->learning;
    l->steps = 500;
    l->seconds = 90;
    unroll_config_bounds(config, false, true, false); /* --epochs */
    ck_assert_uint_eq(l->steps, 0);
    ck_assert_double_eq(l->seconds, 0);
    ck_assert_double_eq(l->epochs, 10);
    l->seconds = 90;
    l->steps = 500;
    unroll_config_bounds(config, true, false, true); /* --steps --time: both hold */
    ck_assert_uint_eq(l->steps, 500);
    ck_assert_double_eq(l->seconds, 90);
    unroll_config_bounds(config, false, false, true); /* --time alone */
    ck_assert_uint_eq(l->steps, 0);
    ck_assert_double_eq(l->epochs, 0);
    ck_assert_double_eq(l->seconds, 90);
    unroll_config_bounds(config, false, false, false);
    ck_assert_double_eq(l->seconds, 90);
}
END_TEST

/* clang-format off */
/* clang-format off */
static const char *const wrong_together[][5] = {
    {"tie", "true", NULL, NULL, "--embedding"},
    {"activation", "relu", NULL, NULL, "--cell"},
    {"gru", "reset-before", NULL, NULL, "--cell"},
    {"lstm", "no-forget", "cell", "gru", "--cell"},
    {"lstm", "peephole", "norm", "layer", "--norm"},
    {"epochs", "0", NULL, NULL, "--time"},
    {"lr", "0.1", "lr-min", "0.2", "--lr-min"},
};
/* clang-format on */
/* clang-format on */

START_TEST(options_that_do_not_fit_together)
{
    const char *const *w = wrong_together[_i];
    ck_assert_int_eq(unroll_config_check(config), UNROLL_OK);
    ck_assert_int_eq(unroll_config_set(config, w[0], w[1]), UNROLL_OK);
    if (w[2])
        ck_assert_int_eq(unroll_config_set(config, w[2], w[3]), UNROLL_OK);
    ck_assert_int_eq(unroll_config_check(config), UNROLL_EUSAGE);
    assert_says(w[4]);
}
END_TEST

/* ---- memory ---- */

START_TEST(no_memory_is_told_and_leaks_nothing)
{
    unroll_config *fresh = NULL;
    unroll_status status = UNROLL_EMEMORY;
    for (long n = 0; status != UNROLL_OK && n < 100; n++) {
        unroll_alloc_fail_after(n);
        status = unroll_config_new(&fresh);
        unroll_alloc_fail_after(-1);
        ck_assert(status == UNROLL_OK || status == UNROLL_EMEMORY);
    }
    ck_assert_int_eq(status, UNROLL_OK);
    unroll_config_free(fresh);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("option");
    TCase *tc = new_case(suite, "option");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, every_bad_number_is_refused_by_every_option);
    tcase_add_test(tc, every_bound_is_where_it_says);
    tcase_add_test(tc, a_range_in_words);
    tcase_add_loop_test(tc, syntax_of_one_option, 0, (int)(sizeof syntaxes / sizeof *syntaxes));
    tcase_add_test(tc, chrono_and_number_replace_each_other);
    tcase_add_test(tc, aliases_of_the_contract);
    tcase_add_test(tc, did_you_mean);
    tcase_add_test(tc, names_and_aliases_are_unique);
    tcase_add_test(tc, what_is_got_can_be_set);
    tcase_add_test(tc, defaults_of_the_contract);
    tcase_add_test(tc, defaults_agree_with_the_trainer);
    tcase_add_test(tc, roles_for_resume);
    tcase_add_test(tc, strings_follow_into_learning);
    tcase_add_test(tc, bounds_push_each_other_out);
    tcase_add_loop_test(tc, options_that_do_not_fit_together, 0,
                        (int)(sizeof wrong_together / sizeof *wrong_together));
    tcase_add_test(tc, no_memory_is_told_and_leaks_nothing);
    return suite;
}
