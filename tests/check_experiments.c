/* Published experiments: what their checks measure, and that each can be set up. */
#include <check.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/samples.h"
#include "config/config.h"
#include "lab/compare.h"
#include "lab/experiment.h"
#include "lab/reproduce.h"
#include "runner.h"
#include "task/task.h"

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

static bool same(double a, double b)
{
    return isnan(b) ? isnan(a) : isinf(b) ? isinf(a) : fabs(a - b) < 1e-4 * (1 + fabs(b));
}

enum { SEEDS = 4 };

/* What one check makes of four seeds. */
typedef struct judgement {
    experiment_check check;
    double value[SEEDS]; /* of each */
    double low, high;    /* of a share's interval; 0 and 0: that of the mean of the values */
    size_t diverged;
    enum experiment_verdict verdict;
} judgement;

static void check_judgement(const compare_study *s, const judgement *j)
{
    const double *v = j->value;
    experiment_outcome o;
    unroll_interval interval = {j->low, j->high};
    if (j->low == 0 && j->high == 0)
        interval = unroll_mean_interval(v, SEEDS, 1);
    experiment_judge(s, &j->check, &o);
    const bool right = same(o.mean, (v[0] + v[1] + v[2] + v[3]) / SEEDS) &&
                       same(o.low, interval.low) && same(o.high, interval.high) &&
                       o.diverged == j->diverged;
    ck_assert_msg(right, "quantity %d of %s: %g [%g, %g], %zu diverged", (int)j->check.quantity,
                  j->check.variant, o.mean, o.low, o.high, o.diverged);
    ck_assert_msg(o.verdict == j->verdict, "quantity %d of %s: verdict %d", (int)j->check.quantity,
                  j->check.variant, (int)o.verdict);
}

START_TEST(checks_measure_what_they_say)
{
    const enum experiment_verdict NO = EXPERIMENT_FAILS, OPEN = EXPERIMENT_OPEN,
                                  YES = EXPERIMENT_HOLDS;
    const double none = INFINITY;
    common->learning.steps = 9;
    compare_variant v[2] = {
        {.label = (char *)"a", .config = common, .baseline = 0.5, .chance = 0.25},
        {.label = (char *)"b", .config = common, .baseline = 0.5, .chance = 0.25}};
    compare_distance near = {COMPARE_START, {0, 0, 'h', 0, {0, 1e-3, 0, 0, 0, 1}}};
    compare_length lengths[] = {{1, 6, 9, 0.75, 60}, {7, 12, 9, 0.25, 40}};
    const compare_result good = {.done = true,
                                 .solved = true,
                                 .steps = 9,
                                 .steps_to_solve = 5,
                                 .loss = 0.1,
                                 .accuracy = 1,
                                 .length = lengths,
                                 .lengths = 2};
    const compare_result half = {
        .done = true, .steps = 9, .loss = 0.3, .accuracy = 0.5, .length = lengths, .lengths = 2};
    const compare_result broken = {.done = true,
                                   .solved = true,
                                   .steps_to_solve = 3,
                                   .steps = 4,
                                   .diverged = true,
                                   .loss = NAN,
                                   .accuracy = NAN};
    const compare_result bad = {
        .done = true, .steps = 9, .loss = 0.5, .accuracy = 0.25, .distance = &near, .distances = 1};
    compare_result r[2 * SEEDS] = {good, half, good, half, broken, bad, bad, bad};
    const compare_study s = {.variant = v, .variants = 2, .seeds = SEEDS, .result = r};
    const judgement known[] = {
        /* means: the whole interval must be within the bounds */
        {{"", "", EXPERIMENT_LOSS, "a", NULL, -none, 1.5, 0}, {0.1, 0.3, 0.1, 0.3}, 0, 0, 0, YES},
        {{"", "", EXPERIMENT_LOSS, "a", NULL, -none, 0.21, 0}, {0.1, 0.3, 0.1, 0.3}, 0, 0, 0, OPEN},
        {{"", "", EXPERIMENT_LOSS, "a", NULL, 0.19, none, 0}, {0.1, 0.3, 0.1, 0.3}, 0, 0, 0, OPEN},
        {{"", "", EXPERIMENT_LOSS, "a", NULL, 0.21, none, 0}, {0.1, 0.3, 0.1, 0.3}, 0, 0, 0, NO},
        {{"", "", EXPERIMENT_BASELINE, "a", NULL, 0.5, none, 0}, {0.2, 0.6, 0.2, 0.6}, 0, 0, 0, NO},
        {{"", "", EXPERIMENT_EXACT, "a", NULL, 0.2, none, 12}, {0.25, 0.25, 0.25, 0.25}, 0, 0, 0, YES},
        {{"", "", EXPERIMENT_BLEU, "a", NULL, 0.2, none, 1}, {60, 60, 60, 60}, 0, 0, 0, YES},
        /* Wilson's intervals of shares */
        {{"", "", EXPERIMENT_SOLVED, "a", NULL, 0.14, none, 0}, {1, 0, 1, 0}, 0.15004, 0.84996, 0, YES},
        {{"", "", EXPERIMENT_SOLVED, "a", NULL, 0.16, none, 0}, {1, 0, 1, 0}, 0.15004, 0.84996, 0, OPEN},
        {{"", "", EXPERIMENT_SOLVED, "b", NULL, -none, 0.5, 0}, {0}, 0, 0.48990, 1, YES},
        {{"", "", EXPERIMENT_DIVERGED, "b", NULL, 0.1, none, 0}, {1, 0, 0, 0}, 0.04559, 0.69936, 1, OPEN},
        /* Newcombe's: 1/2 − sqrt(0.34996² + 0.48990²), 1/2 + 0.34996 */
        {{"", "", EXPERIMENT_SOLVED, "a", "b", -0.11, none, 0}, {1, 0, 1, 0}, -0.10206, 0.84996, 1, YES},
        /* unsolved and diverged trainings have used all of their 9 updates */
        {{"", "", EXPERIMENT_STEPS, "a", NULL, -none, 6.9, 0}, {5, 9, 5, 9}, 0, 0, 0, NO},
        {{"", "", EXPERIMENT_STEPS, "b", NULL, 8.9, 9.1, 0}, {9, 9, 9, 9}, 0, 0, 1, YES},
        {{"", "", EXPERIMENT_STEPS, "b", "b", -none, -1, 0}, {0, 0, 0, 0}, 0, 0, 2, NO},
        /* one that diverged has no accuracy, and a loss that is in the mean */
        {{"", "", EXPERIMENT_ACCURACY, "b", NULL, -none, 0.2, 0}, {0, 0.25, 0.25, 0.25}, 0, 0, 1, OPEN},
        {{"", "", EXPERIMENT_ACCURACY, "a", "b", -1, none, 0}, {1, 0.25, 0.75, 0.25}, 0, 0, 1, YES},
        {{"", "", EXPERIMENT_LOSS, "b", NULL, -none, 9, 0}, {none, 0, 0, 0}, NAN, NAN, 1, NO},
        {{"", "", EXPERIMENT_LOSS, "b", NULL, 0, none, 0}, {none, 0, 0, 0}, NAN, NAN, 1, NO},
        /* what was not measured */
        {{"", "", EXPERIMENT_DECADES, "b", NULL, -9, none, 0}, {NAN}, NAN, NAN, 1, NO},
        {{"", "", EXPERIMENT_BLEU, "a", NULL, 0.2, none, 13}, {NAN}, NAN, NAN, 0, NO},
        {{"", "", EXPERIMENT_ACCURACY, "c", NULL, 0, none, 0}, {NAN}, NAN, NAN, 0, NO},
        {{"", "", EXPERIMENT_ACCURACY, "c", NULL, -none, 0, 0}, {NAN}, NAN, NAN, 0, NO}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        check_judgement(&s, &known[i]);
}
END_TEST

/* Variants with different budgets are compared up to the smaller one: to solve a task in 7 updates is no later than not to
 * solve it in 6. */
START_TEST(times_are_restricted_to_a_common_budget)
{
    unroll_config *shorter;
    ck_assert_int_eq(unroll_config_new(&shorter), UNROLL_OK);
    ck_assert_int_eq(unroll_config_assign(common, shorter), UNROLL_OK);
    common->learning.steps = 9;
    shorter->learning.steps = 6;
    compare_variant v[2] = {{.label = (char *)"long", .config = common},
                            {.label = (char *)"short", .config = shorter}};
    const compare_result late = {.done = true, .solved = true, .steps = 9, .steps_to_solve = 7};
    const compare_result soon = {.done = true, .solved = true, .steps = 9, .steps_to_solve = 2};
    const compare_result never = {.done = true, .steps = 6};
    compare_result r[2 * SEEDS] = {late, late, soon, soon, never, never, never, never};
    const compare_study s = {.variant = v, .variants = 2, .seeds = SEEDS, .result = r};
    const experiment_check difference = {"", "", EXPERIMENT_STEPS, "long", "short", -INFINITY,
                                         0,  0};
    const experiment_check turned = {"", "", EXPERIMENT_STEPS, "short", "long", -INFINITY, 0, 0};
    const experiment_check alone = {"", "", EXPERIMENT_STEPS, "long", NULL, -INFINITY, 0, 0};
    experiment_outcome o;
    experiment_judge(&s, &difference, &o);
    ck_assert_double_eq(o.mean, -2); /* 6, 6, 2, 2 less 6, 6, 6, 6 */
    experiment_judge(&s, &turned, &o);
    ck_assert_double_eq(o.mean, 2);
    experiment_judge(&s, &alone, &o);
    ck_assert_double_eq(o.mean, 4.5);
    unroll_config_free(shorter);
}
END_TEST

/* Three seeds have no interval, so that no verdict rests on them. */
START_TEST(few_seeds_are_no_verdict)
{
    compare_variant v = {.label = (char *)"a", .config = common, .baseline = 0.5, .chance = 0.25};
    const compare_result one = {
        .done = true, .solved = true, .steps = 9, .steps_to_solve = 5, .accuracy = 1};
    compare_result r[UNROLL_INTERVAL_FROM] = {one, one, one, one};
    static const enum experiment_quantity quantity[] = {EXPERIMENT_SOLVED, EXPERIMENT_ACCURACY};
    for (size_t i = 0; i < 2; i++)
        for (size_t n = 1; n <= UNROLL_INTERVAL_FROM; n++) {
            const compare_study s = {.variant = &v, .variants = 1, .seeds = n, .result = r};
            const experiment_check good = {"", "", quantity[i], "a", NULL, 0.5, INFINITY, 0};
            const experiment_check bad = {"", "", quantity[i], "a", NULL, -INFINITY, 0.5, 0};
            const bool few = n < UNROLL_INTERVAL_FROM;
            experiment_outcome o;
            experiment_judge(&s, &good, &o);
            ck_assert_int_eq(o.verdict, few ? EXPERIMENT_OPEN : EXPERIMENT_HOLDS);
            ck_assert(isnan(o.low) == few && isnan(o.high) == few);
            experiment_judge(&s, &bad, &o);
            ck_assert_int_eq(o.verdict, EXPERIMENT_FAILS);
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
    tcase_add_test(t, times_are_restricted_to_a_common_budget);
    tcase_add_test(t, few_seeds_are_no_verdict);
    tcase_add_test(t, every_experiment_can_be_set_up);
    return suite;
}
