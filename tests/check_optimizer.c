/* Optimisers, schedules, clipping and the median of speeds, against values worked out beside the library. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runner.h"
#include "train/clip.h"
#include "train/optimizer_row.h"
#include "train/schedule.h"
#include "train/throughput.h"

enum { LONG = UNROLL_BLOCK };

/* ---- optimisers ---- */

static const unroll_real start[3] = {0.5F, -1.0F, 0.25F};
static const unroll_real gradients[4][3] = {
    {0.1F, -0.2F, 0.3F}, {0.4F, 0, -0.5F}, {-0.3F, 0.6F, 0.2F}, {0.05F, -0.1F, 1}};

/* The weights after those four gradients, from the papers' formulas in double, with lr 0.1, momentum 0.9,
 * beta1 0.8, beta2 0.95, rho 0.9. */
static const struct {
    const char *name;
    double weight_decay, w[3];
} expected[] = {
    {"sgd", 0, {0.475000000, -1.030000000, 0.150000000}},
    {"sgd", 0.01, {0.473082928, -1.026005936, 0.149011459}},
    {"momentum", 0, {0.409210000, -1.035220000, 0.144330000}},
    {"momentum", 0.01, {0.404904615, -1.026305309, 0.142171985}},
    {"nesterov", 0, {0.393289000, -1.061698000, 0.054897000}},
    {"nesterov", 0.01, {0.387741267, -1.049779243, 0.052038678}},
    {"adagrad", 0, {0.352061590, -0.979250954, 0.118179355}},
    {"adagrad", 0.01, {0.350776739, -0.972681015, 0.117562227}},
    {"rmsprop", 0, {0.035207358, -0.934188713, -0.177117342}},
    {"rmsprop", 0.01, {0.035344293, -0.916457531, -0.178102389}},
    {"adam", 0, {0.282368791, -0.917378055, 0.129760049}},
    {"adam", 0.01, {0.279398955, -0.909377482, 0.128535181}},
    {"adamw", 0, {0.282368791, -0.917378055, 0.129760049}},
    {"adamw", 0.01, {0.280863901, -0.913759127, 0.128990711}},
};
enum { EXPECTED = sizeof expected / sizeof *expected };

static unroll_real weights[LONG], gradient[LONG], slots[UNROLL_SLOTS_MAX][LONG];

/* Four updates of the first n parameters, which repeat the three above. */
static void four_updates(const char *name, double weight_decay, size_t n)
{
    const unroll_optimizer_row *o = unroll_optimizer_find(name);
    ck_assert_ptr_nonnull(o);
    memset(slots, 0, sizeof slots);
    for (size_t i = 0; i < n; i++)
        weights[i] = start[i % 3];
    for (size_t k = 0; k < 4; k++) {
        const unroll_update u = {
            .count = k + 1,
            .lr = 0.1,
            .momentum = 0.9,
            .beta1 = 0.8,
            .beta2 = 0.95,
            .rho = 0.9,
            .epsilon = o->epsilon,
            .weight_decay = weight_decay,
        };
        unroll_real *slot[UNROLL_SLOTS_MAX];
        for (size_t s = 0; s < UNROLL_SLOTS_MAX; s++)
            slot[s] = o->slot[s] != NULL ? slots[s] : NULL;
        for (size_t i = 0; i < n; i++)
            gradient[i] = gradients[k][i % 3];
        o->update(&u, n, weights, gradient, slot);
    }
}

/* Four updates in float, each rounded a few times at magnitudes up to 1: a few ulp of 6e-8. */
START_TEST(optimizer_follows_its_formula)
{
    four_updates(expected[_i].name, expected[_i].weight_decay, 3);
    for (size_t i = 0; i < 3; i++)
        ck_assert_double_eq_tol((double)weights[i], expected[_i].w[i], 1e-6);
}
END_TEST

START_TEST(whole_block_as_its_tail)
{
    four_updates(expected[_i].name, expected[_i].weight_decay, LONG);
    for (size_t i = 0; i < LONG; i++)
        ck_assert_double_eq_tol((double)weights[i], expected[_i].w[i % 3], 1e-6);
}
END_TEST

START_TEST(every_optimizer_is_expected)
{
    for (size_t i = 0; unroll_optimizer_table[i] != NULL; i++) {
        bool found = false;
        ck_assert_str_eq(unroll_optimizer_name(i), unroll_optimizer_table[i]->name);
        for (size_t k = 0; k < EXPECTED; k++)
            found |= strcmp(expected[k].name, unroll_optimizer_name(i)) == 0;
        ck_assert_msg(found, "no test of %s", unroll_optimizer_name(i));
    }
    ck_assert_ptr_null(unroll_optimizer_find("adamax"));
}
END_TEST

START_TEST(zero_stays_zero)
{
    const unroll_optimizer_row *o = unroll_optimizer_find(expected[_i].name);
    memset(weights, 0, sizeof weights);
    memset(gradient, 0, sizeof gradient);
    memset(slots, 0, sizeof slots);
    for (size_t k = 1; k < 4; k++) {
        const unroll_update u = {
            .count = k,
            .lr = 0.1,
            .momentum = 0.9,
            .beta1 = 0.9,
            .beta2 = 0.999,
            .rho = 0.99,
            .epsilon = o->epsilon,
            .weight_decay = 0.1,
        };
        o->update(&u, LONG, weights, gradient, (unroll_real *[]){slots[0], slots[1]});
    }
    for (size_t i = 0; i < LONG; i++)
        ck_assert_double_eq((double)weights[i], 0);
}
END_TEST

/* ---- clipping ---- */

static unroll_clip clip(double max_value, double max_norm, size_t n, unroll_real *g, size_t threads)
{
    static unroll_clip_block block[64];
    unroll_clip c;
    ck_assert(n <= 64 * UNROLL_BLOCK);
    unroll_clip_gradient(unroll_kernels_get(), max_value, max_norm, n, g, block, threads, &c);
    return c;
}

START_TEST(clips_by_norm)
{
    unroll_real g[2] = {3, -4};
    unroll_clip c = clip(0, 2.5, 2, g, 1);
    ck_assert_double_eq_tol(c.norm, 5, 1e-12);
    ck_assert_double_eq_tol(c.factor, 2.5 / (5 + 1e-6), 1e-12);
    ck_assert_double_eq(c.scale, c.factor);
    ck_assert(c.clipped);
    ck_assert_double_eq((double)g[0], 3); /* the update multiplies */

    c = clip(0, 5, 2, g, 1);
    ck_assert(!c.clipped);
    ck_assert_double_eq(c.factor, 1);
    c = clip(0, 0, 2, g, 1);
    ck_assert(!c.clipped);
    ck_assert_double_eq(c.scale, 1);
}
END_TEST

START_TEST(clips_by_value_first)
{
    unroll_real g[3] = {6, -8, 0.5F};
    unroll_clip c = clip(3, 0, 3, g, 1);
    ck_assert_double_eq((double)g[0], 3);
    ck_assert_double_eq((double)g[1], -3);
    ck_assert_double_eq((double)g[2], 0.5);
    ck_assert(c.clipped);
    ck_assert_double_eq(c.factor, 1);
    ck_assert_double_eq_tol(c.norm, sqrt(100.25), 1e-12);
    ck_assert_double_eq_tol(c.scale, sqrt(18.25 / 100.25), 1e-12);

    unroll_real h[2] = {6, -8};
    c = clip(4, 1, 2, h, 1);
    ck_assert_double_eq_tol(c.norm, 10, 1e-12);
    ck_assert_double_eq_tol(c.factor, 1 / (sqrt(32) + 1e-6), 1e-12);
    ck_assert_double_eq_tol(c.scale, 0.1, 1e-6);
}
END_TEST

START_TEST(no_gradient_is_clipped)
{
    unroll_real g[2] = {0, 0};
    const unroll_clip c = clip(1, 1, 2, g, 2);
    ck_assert_double_eq(c.norm, 0);
    ck_assert_double_eq(c.scale, 1);
    ck_assert(!c.clipped);
}
END_TEST

START_TEST(norm_shows_what_is_not_finite)
{
    unroll_real g[3] = {1, INFINITY, 2}, h[2] = {NAN, 1};
    ck_assert(!isfinite(clip(1, 1, 3, g, 1).norm));
    ck_assert(!isfinite(clip(1, 1, 2, h, 1).norm));
}
END_TEST

START_TEST(norm_is_the_same_at_any_thread_count)
{
    enum { N = 10 * UNROLL_BLOCK + 77 };
    unroll_real *g = malloc(N * sizeof *g);
    ck_assert_ptr_nonnull(g);
    for (size_t i = 0; i < N; i++)
        g[i] = (unroll_real)(sin((double)i) * exp2((double)(i % 40) - 20));
    const unroll_clip one = clip(0, 1, N, g, 1);
    for (size_t threads = 2; threads <= 13; threads++) {
        const unroll_clip many = clip(0, 1, N, g, threads);
        ck_assert(memcmp(&one.norm, &many.norm, sizeof one.norm) == 0);
        ck_assert(memcmp(&one.factor, &many.factor, sizeof one.factor) == 0);
    }
    free(g);
}
END_TEST

/* ---- schedules ---- */

/* 10 steps an epoch, 100 steps. */
static unroll_plan plan(const char *schedule, double decay, uint64_t every, uint64_t after,
                        double lr_min, uint64_t warmup)
{
    unroll_learning l = UNROLL_LEARNING_INIT;
    unroll_plan p;
    l.lr = 1;
    l.steps = 100;
    l.schedule = schedule;
    l.decay = decay;
    l.decay_every = every;
    l.decay_after = after;
    l.lr_min = lr_min;
    l.warmup = warmup;
    ck_assert_int_eq(unroll_plan_make(&l, 10, &p), UNROLL_OK);
    return p;
}

#define RATE(p, step, cuts, value) \
    ck_assert_double_eq_tol(unroll_plan_lr(&(p), step, cuts), value, 1e-12)

START_TEST(schedule_constant)
{
    const unroll_plan p = plan("constant", 0, 0, 0, 0, 0);
    RATE(p, 0, 0, 1);
    RATE(p, 99, 7, 1);
}
END_TEST

START_TEST(schedule_exponential)
{
    unroll_plan p = plan("exponential", 0.5, 0, 0, 0.1, 0);
    RATE(p, 0, 0, 1);
    RATE(p, 9, 0, 1);
    RATE(p, 10, 0, 0.5);
    RATE(p, 19, 0, 0.5);
    RATE(p, 20, 0, 0.25);
    RATE(p, 99, 0, 0.1);
    p = plan("exponential", 0, 0, 20, 0, 0);
    RATE(p, 19, 0, 1);
    RATE(p, 20, 0, 0.97);
    RATE(p, 30, 0, 0.97 * 0.97);
    p = plan("exponential", 0, 0, 21, 0, 0);
    RATE(p, 29, 0, 1);
    RATE(p, 30, 0, 0.97);
}
END_TEST

START_TEST(schedule_step)
{
    unroll_plan p = plan("step", 0.1, 30, 0, 0, 0);
    RATE(p, 29, 0, 1);
    RATE(p, 30, 0, 0.1);
    RATE(p, 90, 0, 0.001);
    p = plan("step", 0, 0, 0, 0, 0);
    RATE(p, 9, 0, 1);
    RATE(p, 10, 0, 0.5);
}
END_TEST

START_TEST(schedule_cosine)
{
    const unroll_plan p = plan("cosine", 0, 0, 0, 0.2, 0);
    RATE(p, 0, 0, 1);
    RATE(p, 50, 0, 0.6);
    RATE(p, 25, 0, 0.2 + 0.8 * 0.5 * (1 + sqrt(0.5)));
    RATE(p, 100, 0, 0.2);
    RATE(p, 170, 0, 0.2);
}
END_TEST

START_TEST(schedule_plateau)
{
    const unroll_plan p = plan("plateau", 0, 0, 0, 0, 0);
    ck_assert_uint_eq(p.learning.decay_every, 3);
    RATE(p, 50, 0, 1);
    RATE(p, 0, 2, 0.25);
}
END_TEST

START_TEST(warmup_multiplies)
{
    const unroll_plan p = plan("step", 0.5, 2, 0, 0, 4);
    RATE(p, 0, 0, 0.25);
    RATE(p, 1, 0, 0.5);
    RATE(p, 2, 0, 0.375);
    RATE(p, 3, 0, 0.5);
    RATE(p, 4, 0, 0.25);
}
END_TEST

/* ---- plans ---- */

START_TEST(plan_fills_in)
{
    unroll_learning l = UNROLL_LEARNING_INIT;
    unroll_plan p;
    ck_assert_str_eq(l.optimizer, "adam");
    ck_assert_double_eq(l.lr, 0.002);
    ck_assert_double_eq(l.clip_norm, 5);
    ck_assert_int_eq(unroll_plan_make(&l, 402, &p), UNROLL_OK);
    ck_assert_uint_eq(p.last_step, 4020);
    ck_assert_uint_eq(p.learning.eval_every, 402);
    ck_assert_double_eq(p.learning.epsilon, 1e-8);
    ck_assert_uint_ge(p.learning.threads, 1);

    l.optimizer = "adagrad";
    l.epochs = 0.7;
    ck_assert_int_eq(unroll_plan_make(&l, 10, &p), UNROLL_OK);
    ck_assert_double_eq(p.learning.epsilon, 1e-10);
    ck_assert_uint_eq(p.last_step, 7);
    l.epochs = 0.71;
    ck_assert_int_eq(unroll_plan_make(&l, 10, &p), UNROLL_OK);
    ck_assert_uint_eq(p.last_step, 8);

    l.steps = 30000;
    ck_assert_int_eq(unroll_plan_make(&l, 0, &p), UNROLL_OK);
    ck_assert_uint_eq(p.last_step, 30000);
    ck_assert_uint_eq(p.learning.eval_every, 3000);
    l.steps = 200;
    ck_assert_int_eq(unroll_plan_make(&l, 0, &p), UNROLL_OK);
    ck_assert_uint_eq(p.learning.eval_every, 100);
}
END_TEST

START_TEST(plan_refuses)
{
    unroll_plan p;
    unroll_learning good = UNROLL_LEARNING_INIT;
    struct {
        size_t field;
        double value;
        const char *named;
    } rows[] = {
        {offsetof(unroll_learning, lr), -1, "lr"},
        {offsetof(unroll_learning, lr), NAN, "lr"},
        {offsetof(unroll_learning, lr), INFINITY, "lr"},
        {offsetof(unroll_learning, momentum), 1, "momentum"},
        {offsetof(unroll_learning, beta2), 1, "beta2"},
        {offsetof(unroll_learning, clip_norm), -5, "clip-norm"},
        {offsetof(unroll_learning, epochs), NAN, "epochs"},
        {offsetof(unroll_learning, epochs), 1e30, "epochs"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unroll_learning l = good;
        memcpy((char *)&l + rows[i].field, &rows[i].value, sizeof rows[i].value);
        ck_assert_int_eq(unroll_plan_make(&l, 10, &p), UNROLL_EUSAGE);
        ck_assert_ptr_nonnull(strstr(unroll_message(), rows[i].named));
    }
    unroll_learning l = good;
    l.optimizer = "adamax";
    ck_assert_int_eq(unroll_plan_make(&l, 10, &p), UNROLL_EUSAGE);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "adamax"));
    l = good;
    l.schedule = "sawtooth";
    ck_assert_int_eq(unroll_plan_make(&l, 10, &p), UNROLL_EUSAGE);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "sawtooth"));
    l.schedule = "cosine";
    l.epochs = 0;
    l.seconds = 3;
    ck_assert_int_eq(unroll_plan_make(&l, 10, &p), UNROLL_EUSAGE);
    l = good;
    l.size = 0;
    ck_assert_int_eq(unroll_plan_make(&l, 10, &p), UNROLL_EUSAGE);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "unroll_learning"));
}
END_TEST

/* ---- speeds ---- */

START_TEST(medians)
{
    static unroll_throughput r;
    ck_assert_double_eq(unroll_throughput_median(&r), 0);
    ck_assert_double_eq(unroll_throughput_recent(&r), 0);
    unroll_throughput_add(&r, 1000);
    ck_assert_double_eq(unroll_throughput_recent(&r), 1000);
    ck_assert_double_eq_tol(unroll_throughput_median(&r), 1000, 6);
    for (size_t i = 1; i < 1001; i++)
        unroll_throughput_add(&r, 1000 + (double)(i * 7919 % 1000));
    ck_assert_double_eq_tol(unroll_throughput_median(&r), 1500, 9);
    for (size_t i = 0; i < UNROLL_THROUGHPUT_RECENT; i++)
        unroll_throughput_add(&r, (double)(i * 12 % UNROLL_THROUGHPUT_RECENT));
    ck_assert_double_eq(unroll_throughput_recent(&r), UNROLL_THROUGHPUT_RECENT / 2);
    unroll_throughput_add(&r, INFINITY);
    unroll_throughput_add(&r, 0);
    ck_assert_double_eq_tol(unroll_throughput_median(&r), 1490, 20);
}
END_TEST

Suite *make_suite(void)
{
    Suite *s = suite_create("optimizer");
    TCase *t = new_case(s, "all");
    tcase_add_loop_test(t, optimizer_follows_its_formula, 0, EXPECTED);
    tcase_add_loop_test(t, whole_block_as_its_tail, 0, EXPECTED);
    tcase_add_loop_test(t, zero_stays_zero, 0, EXPECTED);
    tcase_add_test(t, every_optimizer_is_expected);
    tcase_add_test(t, clips_by_norm);
    tcase_add_test(t, clips_by_value_first);
    tcase_add_test(t, no_gradient_is_clipped);
    tcase_add_test(t, norm_shows_what_is_not_finite);
    tcase_add_test(t, norm_is_the_same_at_any_thread_count);
    tcase_add_test(t, schedule_constant);
    tcase_add_test(t, schedule_exponential);
    tcase_add_test(t, schedule_step);
    tcase_add_test(t, schedule_cosine);
    tcase_add_test(t, schedule_plateau);
    tcase_add_test(t, warmup_multiplies);
    tcase_add_test(t, plan_fills_in);
    tcase_add_test(t, plan_refuses);
    tcase_add_test(t, medians);
    return s;
}
