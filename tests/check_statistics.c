/* Intervals, and times of which some are censored: against tables, published data, and how often
 * an interval covers what it says. */
#include <check.h>
#include <math.h>

#include "base/rng.h"
#include "runner.h"
#include "score/statistics.h"

START_TEST(student_t_is_that_of_the_tables)
{
    /* Two-sided 95%, from printed tables. */
    static const struct {
        size_t freedom;
        double t;
    } known[] = {{1, 12.7062047},  {2, 4.30265273},  {3, 3.18244631},
                 {4, 2.77644511},  {5, 2.57058184},  {9, 2.26215716},
                 {10, 2.22813885}, {30, 2.04227246}, {120, 1.97993041}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        ck_assert_double_eq_tol(unroll_student_t(known[i].freedom, 0.95), known[i].t, 1e-6);
    ck_assert_double_eq_tol(unroll_student_t(10, 0.99), 3.16927267, 1e-6);
    ck_assert_double_eq_tol(unroll_student_t(1, 0.5), 1, 1e-9);
}
END_TEST

/* ---- means ---- */

START_TEST(mean_of_a_known_sample)
{
    double value[] = {1, 2, NAN, 3, 4, INFINITY, 5};
    const unroll_mean m = unroll_mean_of(value, 7);
    ck_assert_uint_eq(m.n, 5);
    ck_assert_double_eq_tol(m.mean, 3, 1e-12);
    ck_assert(m.low == 1 && m.high == 5);
    /* sd = sqrt(2.5), t(4) = 2.776445, n = 5: at least Student's, at most three times as far */
    const double usual = 2.77644511 * sqrt(2.5 / 5);
    ck_assert(m.interval.low <= 3 - usual + 1e-6 && m.interval.low >= 3 - 3 * usual - 1e-6);
    ck_assert(m.interval.high >= 3 + usual - 1e-6 && m.interval.high <= 3 + 3 * usual + 1e-6);
}
END_TEST

START_TEST(few_values_have_no_interval)
{
    double value[] = {7, 8, 9, 10};
    for (size_t n = 0; n <= 4; n++) {
        const unroll_mean m = unroll_mean_of(value, n);
        ck_assert_uint_eq(m.n, n);
        ck_assert(isnan(m.mean) == (n == 0));
        ck_assert(isnan(m.interval.low) == (n < 4) && isnan(m.interval.high) == (n < 4));
    }
}
END_TEST

START_TEST(intervals_of_odd_samples)
{
    const double equal[] = {0.1, 0.1, 0.1, 0.1, 0.1}, bad[] = {1, 2, 3, NAN, 4},
                 endless[] = {1, 2, 3, INFINITY}, nearly[] = {1, 1, 1, 1 - 1e-12, 0.5};
    unroll_interval i = unroll_mean_interval(equal, 5, 1);
    ck_assert_double_eq_tol(i.low, 0.1, 1e-15);
    ck_assert_double_eq_tol(i.high, 0.1, 1e-15);
    ck_assert(isnan(unroll_mean_interval(bad, 5, 1).low));
    ck_assert(isnan(unroll_mean_interval(endless, 4, 1).high));
    i = unroll_mean_interval(nearly, 5, 1); /* most resamples without 0.5 have next to no deviation */
    ck_assert(i.low > -0.1 && i.high < 2 && i.low < 0.9 && i.high > 0.9);
}
END_TEST

static double normal(unroll_rng *rng)
{
    return unroll_rng_normal(rng);
}

static double exponential(unroll_rng *rng)
{
    return -log1p(-unroll_rng_uniform(rng)) - 1;
}

static double lognormal(unroll_rng *rng)
{
    return exp(unroll_rng_normal(rng) / 2) - exp(0.125);
}

/* The share of intervals of `n` values that hold the mean, which is 0. */
static double coverage(double (*draw)(unroll_rng *), size_t n, size_t draws)
{
    unroll_rng rng;
    size_t covered = 0;
    unroll_rng_seed(&rng, 1, UNROLL_STREAM_DATA);
    for (size_t k = 0; k < draws; k++) {
        double value[32];
        for (size_t i = 0; i < n; i++)
            value[i] = draw(&rng);
        const unroll_interval of = unroll_mean_interval(value, n, k);
        covered += of.low <= 0 && 0 <= of.high;
    }
    return (double)covered / (double)draws;
}

/* The percentile bootstrap covers 83 to 89% at n = 8, Student's t 90% of exponential samples. */
START_TEST(intervals_cover_what_they_say)
{
    static double (*const draws[])(unroll_rng *) = {normal, exponential, lognormal};
    static const struct {
        size_t n, draws;
        double least, most;
    } at[] = {{4, 300, 0.93, 0.995}, {8, 1500, 0.93, 0.98}, {32, 150, 0.92, 0.99}};
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        const double got = coverage(draws[_i], at[i].n, at[i].draws);
        ck_assert_msg(at[i].least <= got && got <= at[i].most, "distribution %d, n = %zu: %g", _i,
                      at[i].n, got);
    }
}
END_TEST

/* ---- times ---- */

/* Weeks of remission under 6-mercaptopurine, Freireich et al. (1963). By hand from the Kaplan–Meier
 * curve: a restricted mean of 23.287 up to 35 weeks and a median of 23. */
START_TEST(survival_of_published_data)
{
    static const double weeks[] = {6,  6,  6,  6,  7,  9,  10, 10, 11, 13, 16,
                                   17, 19, 20, 22, 23, 25, 32, 32, 34, 35};
    static const bool ended[] = {1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0};
    double room[21];
    ck_assert(unroll_survival_horizon(weeks, ended, 21) == 35);
    const unroll_survival s = unroll_survival_of(weeks, ended, 21, 35, room);
    ck_assert(s.n == 21 && s.happened == 9 && s.median == 23);
    ck_assert_double_eq_tol(s.mean, 23.287, 5e-4);
    /* its standard error after Greenwood is 2.83 */
    ck_assert(s.interval.low < s.mean - 1.9 * 2.83 && s.interval.low > s.mean - 2.6 * 2.83);
    ck_assert(s.interval.high > s.mean + 1.9 * 2.83 && s.interval.high < s.mean + 2.6 * 2.83);
}
END_TEST

START_TEST(survival_by_hand)
{
    const double time[] = {100, 300, 1000, INFINITY, 1000};
    const bool solved[] = {true, true, false, false, false};
    double room[5];
    ck_assert(isinf(unroll_survival_horizon(time, solved, 5)));
    unroll_survival s = unroll_survival_of(time, solved, 5, 1000, room);
    ck_assert(s.n == 5 && s.happened == 2 && isinf(s.median));
    ck_assert_double_eq_tol(s.mean, (100 + 300 + 3 * 1000) / 5.0, 1e-9);
    ck_assert(s.interval.low < s.mean && s.interval.high > s.mean);
    s = unroll_survival_of(time, solved, 3, 200, room); /* what comes after the horizon is not seen */
    ck_assert(s.happened == 1 && isnan(s.interval.low));
    ck_assert_double_eq_tol(s.mean, (100 + 200 + 200) / 3.0, 1e-9);
    s = unroll_survival_of(time, solved, 2, 1000, room);
    ck_assert(s.mean == 200 && s.median == 100);
    ck_assert(isinf(unroll_survival_horizon(time, solved, 2)));
    ck_assert(unroll_survival_horizon(time, solved, 3) == 1000);
    s = unroll_survival_of(time, solved, 0, 1000, room);
    ck_assert(s.n == 0 && isnan(s.mean) && isnan(s.median));
}
END_TEST

/* One that is censored early says nothing of what comes later: it is neither solved nor counted
 * as the horizon. */
START_TEST(survival_of_an_early_end)
{
    const double time[] = {50, 100, 200, 400};
    const bool solved[] = {false, true, true, true};
    double room[4];
    const unroll_survival s = unroll_survival_of(time, solved, 4, 400, room);
    ck_assert_double_eq_tol(s.mean, (100 + 200 + 400) / 3.0, 1e-9);
    ck_assert(s.median == 200);
    ck_assert(s.interval.low < s.mean && s.interval.high > s.mean);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("statistics");
    TCase *all = new_case(suite, "all");
    tcase_set_timeout(all, 60);
    tcase_add_test(all, student_t_is_that_of_the_tables);
    tcase_add_test(all, mean_of_a_known_sample);
    tcase_add_test(all, few_values_have_no_interval);
    tcase_add_test(all, intervals_of_odd_samples);
    tcase_add_loop_test(all, intervals_cover_what_they_say, 0, 3);
    tcase_add_test(all, survival_of_published_data);
    tcase_add_test(all, survival_by_hand);
    tcase_add_test(all, survival_of_an_early_end);
    return suite;
}
