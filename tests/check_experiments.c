/* Published experiments: what their checks measure, and that each can be set up. */
#include <check.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "config/config.h"
#include "lab/compare.h"
#include "lab/experiment.h"
#include "runner.h"

static unroll_config *common;

static void setup(void)
{
    ck_assert_int_eq(unroll_config_new(&common), UNROLL_OK);
    ck_assert_int_eq(unroll_config_set(common, "task", "copy:delay=5,length=2"), UNROLL_OK);
}

static void teardown(void)
{
    unroll_config_free(common);
}

START_TEST(checks_measure_what_they_say)
{
    compare_variant v[2] = {
        {.label = (char *)"a", .config = common, .baseline = 0.5, .chance = 0.25},
        {.label = (char *)"b", .config = common, .baseline = 0.5, .chance = 0.25}};
    compare_distance near = {COMPARE_START, {0, 0, 'h', 0, {0, 1e-3, 0, 0, 0, 1}}};
    compare_length lengths[] = {{1, 6, 9, 0.75, 60}, {7, 12, 9, 0.25, 40}};
    compare_result r[4] = {
        {.done = true,
         .solved = true,
         .steps = 9,
         .steps_to_solve = 5,
         .loss = 0.1,
         .accuracy = 1,
         .length = lengths,
         .lengths = 2},
        {.done = true, .steps = 9, .loss = 0.3, .accuracy = 0.5, .length = lengths, .lengths = 2},
        {.done = true, .steps = 9, .diverged = true, .loss = NAN, .accuracy = NAN},
        {.done = true, .steps = 9, .loss = 0.5, .accuracy = 0.25, .distance = &near, .distances = 1}};
    const compare_study s = {.variant = v, .variants = 2, .seeds = 2, .result = r};
    const struct {
        experiment_check check;
        double value;
        bool holds;
    } known[] = {{{"", "", EXPERIMENT_SOLVED, "a", NULL, EXPERIMENT_AT_LEAST, 0.5, 0}, 0.5, true},
                 {{"", "", EXPERIMENT_STEPS, "a", NULL, EXPERIMENT_AT_MOST, 6.9, 0}, 7, false},
                 {{"", "", EXPERIMENT_LOSS, "a", NULL, EXPERIMENT_AT_MOST, 0.2001, 0}, 0.2, true},
                 {{"", "", EXPERIMENT_BASELINE, "a", NULL, EXPERIMENT_AT_LEAST, 0.5, 0}, 0.4, false},
                 {{"", "", EXPERIMENT_ACCURACY, "b", NULL, EXPERIMENT_AT_MOST, 0.2, 0}, 0.125, true},
                 {{"", "", EXPERIMENT_LOSS, "b", NULL, EXPERIMENT_AT_MOST, 9, 0}, INFINITY, false},
                 {{"", "", EXPERIMENT_ACCURACY, "a", "b", EXPERIMENT_AT_LEAST, 0.6, 0}, 0.625, true},
                 {{"", "", EXPERIMENT_DECADES, "b", NULL, EXPERIMENT_AT_LEAST, -9, 0}, NAN, false},
                 {{"", "", EXPERIMENT_EXACT, "a", NULL, EXPERIMENT_AT_LEAST, 0.2, 12}, 0.25, true},
                 {{"", "", EXPERIMENT_BLEU, "a", NULL, EXPERIMENT_AT_LEAST, 0.2, 1}, 60, true},
                 {{"", "", EXPERIMENT_BLEU, "a", NULL, EXPERIMENT_AT_LEAST, 0.2, 13}, NAN, false},
                 {{"", "", EXPERIMENT_ACCURACY, "c", NULL, EXPERIMENT_AT_LEAST, 0, 0}, NAN, false},
                 {{"", "", EXPERIMENT_ACCURACY, "c", NULL, EXPERIMENT_AT_MOST, 0, 0}, NAN, false}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        double value;
        ck_assert_int_eq(experiment_holds(&s, &known[i].check, &value), known[i].holds);
        ck_assert(isnan(known[i].value)   ? isnan(value)
                  : isinf(known[i].value) ? isinf(value)
                                          : fabs(value - known[i].value) < 1e-12);
    }
}
END_TEST

/* A label that no variant has would measure nothing, for ever. */
static void check_setting(const experiment *e, const experiment_setting *setting)
{
    compare_variant all, v[EXPERIMENT_VARIANTS];
    compare_sweep sweep = {0};
    size_t count = 0;
    ck_assert_msg(compare_variant_parse(setting->common, common, &all) == UNROLL_OK, "%s: %s",
                  e->name, unroll_message());
    compare_variant *list = unroll_alloc(EXPERIMENT_VARIANTS, sizeof *list);
    for (; setting->variant[count]; count++)
        ck_assert_msg(compare_variant_parse(setting->variant[count], all.config, &v[count]) ==
                          UNROLL_OK,
                      "%s: %s", e->name, unroll_message());
    memcpy(list, v, count * sizeof *v);
    if (setting->sweep) {
        ck_assert_int_eq(compare_sweep_parse(setting->sweep, &sweep), UNROLL_OK);
        ck_assert_int_eq(compare_sweep_apply(&sweep, &list, &count), UNROLL_OK);
    }
    ck_assert(count > 0 && setting->check[0].what && setting->seeds > 0);
    for (const experiment_check *c = setting->check; c->what; c++) {
        bool found = false, other = !c->minus;
        for (size_t i = 0; i < count; i++) {
            found = found || strcmp(list[i].label, c->variant) == 0;
            other = other || strcmp(list[i].label, c->minus) == 0;
        }
        ck_assert_msg(found && other, "%s: no variant for '%s'", e->name, c->what);
    }
    for (size_t i = 0; i < count; i++)
        compare_variant_free(&list[i]);
    unroll_free(list);
    compare_sweep_free(&sweep);
    compare_variant_free(&all);
}

START_TEST(every_experiment_can_be_set_up)
{
    for (size_t i = 0; experiment_table[i]; i++) {
        check_setting(experiment_table[i], &experiment_table[i]->full);
        check_setting(experiment_table[i], &experiment_table[i]->quick);
    }
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("experiments");
    TCase *t = new_case(suite, "experiments");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, checks_measure_what_they_say);
    tcase_add_test(t, every_experiment_can_be_set_up);
    return suite;
}
