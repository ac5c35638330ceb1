/* Sampling: which token is drawn at which temperature, top-k and top-p, and how often. */
#include <check.h>
#include <math.h>

#include <unroll/generate.h>

#include "base/memory.h"
#include "runner.h"

enum { V = 6, DRAWS = 60000 };

static unroll_sampler *sampler(size_t outputs, double temperature, uint64_t top_k, double top_p,
                               uint64_t seed)
{
    const unroll_choice choice = {sizeof choice, temperature, top_k, top_p};
    unroll_sampler *s;
    ck_assert_int_eq(unroll_sampler_new(outputs, &choice, seed, &s), UNROLL_OK);
    return s;
}

/** Softmax at a temperature over those of `keep`. */
static void expected(const unroll_real *logits, double temperature, const int *keep, double *p)
{
    double sum = 0;
    for (size_t i = 0; i < V; i++)
        sum += p[i] = keep[i] ? exp((double)logits[i] / temperature) : 0;
    for (size_t i = 0; i < V; i++)
        p[i] /= sum;
}

static const unroll_real LOGITS[V] = {0.5f, 2, -1, 1.25f, 0.5f, -3};

static const struct {
    double temperature;
    uint64_t top_k;
    double top_p;
    int keep[V];
} CASES[] = {
    {1, 0, 0, {1, 1, 1, 1, 1, 1}},    {0.5, 0, 0, {1, 1, 1, 1, 1, 1}},
    {3, 0, 1, {1, 1, 1, 1, 1, 1}},    {1, 2, 0, {0, 1, 0, 1, 0, 0}},
    {1, 3, 0, {1, 1, 0, 1, 0, 0}}, /* of two equals the lower id */
    {1, 100, 0, {1, 1, 1, 1, 1, 1}},  {1, 0, 0.5, {0, 1, 0, 0, 0, 0}},
    {1, 0, 0.6, {0, 1, 0, 1, 0, 0}},  {1, 0, 0.9, {1, 1, 0, 1, 1, 0}},
    {1, 2, 0.9, {0, 1, 0, 1, 0, 0}},  {1, 2, 0.6, {0, 1, 0, 0, 0, 0}},
    {2, 4, 0.99, {1, 1, 0, 1, 1, 0}},
};

START_TEST(frequencies)
{
    double p[V], chi2 = 0;
    size_t count[V] = {0}, freedom = 0;
    expected(LOGITS, CASES[_i].temperature, CASES[_i].keep, p);
    unroll_sampler *s =
        sampler(V, CASES[_i].temperature, CASES[_i].top_k, CASES[_i].top_p, 7 + (uint64_t)_i);
    for (size_t i = 0; i < DRAWS; i++) {
        const uint32_t id = unroll_sampler_next(s, LOGITS);
        ck_assert_uint_lt(id, V);
        count[id]++;
    }
    unroll_sampler_free(s);
    for (size_t i = 0; i < V; i++) {
        const double want = p[i] * DRAWS;
        if (!CASES[_i].keep[i]) {
            ck_assert_msg(count[i] == 0, "%zu was drawn", i);
            continue;
        }
        chi2 += ((double)count[i] - want) * ((double)count[i] - want) / want;
        freedom++;
    }
    /* 99.9% of chi-square with 5 degrees of freedom is 20.5 */
    ck_assert_msg(chi2 < 20.5, "chi-square %g", chi2);
    ck_assert_uint_ge(freedom, 1);
}
END_TEST

START_TEST(greedy)
{
    static const unroll_real ties[V] = {1, 3, 3, -1, 3, 0};
    unroll_sampler *s = sampler(V, 0, 0, 0, 1);
    ck_assert_uint_eq(unroll_sampler_next(s, ties), 1);
    ck_assert_uint_eq(unroll_sampler_next(s, LOGITS), 1);
    unroll_sampler_free(s);
    s = sampler(V, 1, 1, 0, 1);
    for (int i = 0; i < 100; i++)
        ck_assert_uint_eq(unroll_sampler_next(s, ties), 1);
    unroll_sampler_free(s);
}
END_TEST

START_TEST(extremes)
{
    static const double temperatures[] = {1e-320, 1e-38, 1e-9, 1e9, 1e300};
    const unroll_real large[V] = {3e38f, -3e38f, 1e38f, 0, 2.9e38f, 1};
    const unroll_real broken[V] = {NAN, -INFINITY, INFINITY, 1, NAN, 0};
    const unroll_real none[V] = {NAN, NAN, NAN, NAN, NAN, NAN};
    for (size_t t = 0; t < sizeof temperatures / sizeof temperatures[0]; t++) {
        unroll_sampler *s = sampler(V, temperatures[t], 0, 0.95, 3);
        for (int i = 0; i < 200; i++) {
            const uint32_t a = unroll_sampler_next(s, LOGITS), b = unroll_sampler_next(s, large);
            ck_assert_uint_lt(a, V);
            ck_assert_uint_lt(b, V);
            if (temperatures[t] < 1e-3) {
                ck_assert_uint_eq(a, 1);
                ck_assert_uint_eq(b, 0);
            }
        }
        ck_assert_uint_eq(unroll_sampler_next(s, broken), 2);
        ck_assert_uint_lt(unroll_sampler_next(s, none), V);
        unroll_sampler_free(s);
    }
}
END_TEST

START_TEST(only_output)
{
    const unroll_real one[1] = {-5};
    unroll_sampler *s = sampler(1, 1, 0, 0.5, 9);
    for (int i = 0; i < 50; i++)
        ck_assert_uint_eq(unroll_sampler_next(s, one), 0);
    unroll_sampler_free(s);
}
END_TEST

START_TEST(seeds)
{
    unroll_sampler *a = sampler(V, 1, 0, 0, 11), *b = sampler(V, 1, 0, 0, 11),
                   *c = sampler(V, 1, 0, 0, 12);
    int differ = 0;
    for (int i = 0; i < 200; i++) {
        const uint32_t id = unroll_sampler_next(a, LOGITS);
        ck_assert_uint_eq(id, unroll_sampler_next(b, LOGITS));
        differ += id != unroll_sampler_next(c, LOGITS);
    }
    ck_assert_int_gt(differ, 20);
    unroll_sampler_free(a);
    unroll_sampler_free(b);
    unroll_sampler_free(c);
}
END_TEST

START_TEST(fault_11_a_seed_begins_anew)
{
    unroll_sampler *a = sampler(V, 1, 0, 0, 11), *b = sampler(V, 1, 0, 0, 12);
    for (int i = 0; i < 7; i++)
        unroll_sampler_next(b, LOGITS);
    unroll_sampler_seed(b, 11);
    for (int i = 0; i < 200; i++)
        ck_assert_uint_eq(unroll_sampler_next(a, LOGITS), unroll_sampler_next(b, LOGITS));
    unroll_sampler_free(a);
    unroll_sampler_free(b);
}
END_TEST

START_TEST(refused)
{
    enum { SIZE = sizeof(unroll_choice) };
    static const unroll_choice bad[] = {
        {SIZE, -1, 0, 0},   {SIZE, NAN, 0, 0}, {SIZE, INFINITY, 0, 0},
        {SIZE, 1, 0, -0.1}, {SIZE, 1, 0, 1.1}, {SIZE, 1, 0, NAN},
        {0, 1, 0, 0}};
    unroll_sampler *s;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_int_eq(unroll_sampler_new(V, &bad[i], 1, &s), UNROLL_EUSAGE);
        ck_assert_ptr_null(s);
    }
    ck_assert_int_eq(unroll_sampler_new(0, &(unroll_choice){SIZE, 1, 0, 0}, 1, &s), UNROLL_EUSAGE);
    for (long n = 0; n < 2; n++) {
        unroll_alloc_fail_after(n);
        ck_assert_int_eq(unroll_sampler_new(V, &(unroll_choice){SIZE, 1, 0, 0}, 1, &s),
                         UNROLL_EMEMORY);
    }
    unroll_alloc_fail_after(-1);
}
END_TEST

Suite *make_suite(void)
{
    Suite *s = suite_create("sampler");
    TCase *c = new_case(s, "sampler");
    tcase_add_loop_test(c, frequencies, 0, sizeof CASES / sizeof CASES[0]);
    tcase_add_test(c, greedy);
    tcase_add_test(c, extremes);
    tcase_add_test(c, only_output);
    tcase_add_test(c, seeds);
    tcase_add_test(c, fault_11_a_seed_begins_anew);
    tcase_add_test(c, refused);
    return s;
}
