/* base/rng: the random numbers, held to the published generator and to their distributions. */
#include <check.h>
#include <float.h>
#include <math.h>

#include "base/rng.h"
#include "runner.h"

START_TEST(rng_is_the_published_generator)
{
    /* From the reference code's sequence for the state 1, 2, 3, 4, and for splitmix64 from 1234567. */
    static const uint64_t xoshiro[] = {
        41943041u,           58720359u, 3588806011781223u, 3591011842654386u, 9228616714210784205u,
        9973669472204895162u};
    static const uint64_t splitmix[] = {6457827717110365317u, 3203168211198807973u,
                                        9817491932198370423u, 4593380528125082431u,
                                        16408922859458223821u};
    unroll_rng rng = {{1, 2, 3, 4}};
    for (size_t i = 0; i < sizeof xoshiro / sizeof *xoshiro; i++)
        ck_assert_uint_eq(unroll_rng_next(&rng), xoshiro[i]);
    for (size_t i = 0; i < sizeof splitmix / sizeof *splitmix; i++)
        ck_assert_uint_eq(unroll_rng_hash(1234567, i), splitmix[i]);
}
END_TEST

START_TEST(rng_seeding_never_changes)
{
    /* Computed apart from this code: splitmix64's output number stream + 1 from `seed` starts a second
     * splitmix64, whose first four outputs are the state. A change here breaks every resumed run. */
    static const struct {
        uint64_t seed, stream, first[4];
    } row[] = {
        {1, 1, {0x1468c9ab219fb32cu, 0x27a0f00d0b9db552u, 0x444e2da8450063acu, 0xeb7b2d6b2681c7d6u}},
        {1, 2, {0x9099102b522be687u, 0xa6b0ef9a1df3b809u, 0x55f5a061c5c44f6eu, 0x1b90b05b96afc6c2u}},
        {0, 0, {0x84f09bf307c1073au, 0xc82ffb597ceee51bu, 0xadf96905c5df4417u, 0xe9d9a8489d042c93u}},
        {UINT64_MAX,
         3,
         {0xfb95795d100fea70u, 0x05a5f95f12b0f897u, 0x6fd21e155bbecd65u, 0xcbc9eda6864484d0u}},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        unroll_rng rng;
        unroll_rng_seed(&rng, row[i].seed, row[i].stream);
        for (int k = 0; k < 4; k++)
            ck_assert_uint_eq(unroll_rng_next(&rng), row[i].first[k]);
    }
}
END_TEST

START_TEST(rng_uniform_is_uniform)
{
    enum { N = 160000, CELLS = 16 };
    unroll_rng rng;
    size_t count[CELLS] = {0}, outside = 0;
    double chi2 = 0;

    unroll_rng_seed(&rng, 1, UNROLL_STREAM_PROBE);
    for (int i = 0; i < N; i++) {
        const double u = unroll_rng_uniform(&rng);
        if (u >= 0 && u < 1)
            count[(size_t)(u * CELLS)]++;
        else
            outside++;
    }
    ck_assert_uint_eq(outside, 0);
    for (int c = 0; c < CELLS; c++)
        chi2 += pow((double)count[c] - N / CELLS, 2) / (N / CELLS);
    ck_assert_double_lt(chi2, 37.7); /* the 99.9% point at 15 degrees of freedom; the seed is fixed */

    /* The largest output there is: (s0 + s3 <<< 23) + s0 = 2^64 − 1. */
    unroll_rng top = {{UINT64_MAX, 0, 0, 1}};
    unroll_rng copy = top;
    ck_assert_uint_eq(unroll_rng_next(&copy), UINT64_MAX);
    ck_assert(unroll_rng_uniform(&top) == 1 - DBL_EPSILON / 2);
}
END_TEST

START_TEST(rng_normal_is_normal)
{
    enum { N = 200000 };
    unroll_rng rng;
    double m[5] = {0};
    size_t beyond2 = 0, infinite = 0;

    unroll_rng_seed(&rng, 2, UNROLL_STREAM_INIT);
    for (int i = 0; i < N; i++) {
        const double x = unroll_rng_normal(&rng);
        infinite += !isfinite(x);
        for (int k = 1; k <= 4; k++)
            m[k] += pow(x, k) / N;
        beyond2 += fabs(x) > 2;
    }
    ck_assert_uint_eq(infinite, 0);
    /* Each bound is about four standard errors: 1, sqrt 2, sqrt 15, sqrt 96 over sqrt N. */
    ck_assert_double_eq_tol(m[1], 0, 0.009);
    ck_assert_double_eq_tol(m[2], 1, 0.013);
    ck_assert_double_eq_tol(m[3], 0, 0.035);
    ck_assert_double_eq_tol(m[4], 3, 0.09);
    ck_assert_double_eq_tol((double)beyond2 / N, 0.0455, 0.002);
}
END_TEST

START_TEST(rng_below_is_unbiased)
{
    enum { N = 30000 };
    const uint64_t quarter = (uint64_t)1 << 62;
    unroll_rng rng;
    size_t low = 0, outside = 0, seen[5] = {0};

    unroll_rng_seed(&rng, 3, UNROLL_STREAM_DATA);
    for (int i = 0; i < N; i++) {
        outside += unroll_rng_below(&rng, 1) != 0;
        seen[unroll_rng_below(&rng, 5)]++;
        /* A bare remainder would hit the first third of three quarters half of the time. */
        const uint64_t x = unroll_rng_below(&rng, 3 * quarter);
        outside += x >= 3 * quarter;
        low += x < quarter;
    }
    ck_assert_uint_eq(outside, 0);
    ck_assert_double_eq_tol((double)low / N, 1.0 / 3, 0.011); /* four standard errors */
    for (int k = 0; k < 5; k++)
        ck_assert_double_eq_tol((double)seen[k] / N, 0.2, 0.0095);
    ck_assert_uint_lt(unroll_rng_below(&rng, UINT64_MAX), UINT64_MAX);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("random");
    TCase *t = new_case(suite, "rng");
    tcase_add_test(t, rng_is_the_published_generator);
    tcase_add_test(t, rng_seeding_never_changes);
    tcase_add_test(t, rng_uniform_is_uniform);
    tcase_add_test(t, rng_normal_is_normal);
    tcase_add_test(t, rng_below_is_unbiased);
    return suite;
}
