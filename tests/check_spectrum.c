/* Spectral radius and norm of matrices whose answers are known on paper. */
#include <check.h>
#include <math.h>
#include <unroll/net.h>

#include "base/memory.h"
#include "base/rng.h"
#include "parameter.h"
#include "probe/spectrum.h"
#include "runner.h"

enum { MOST = 48 };

static double radius(size_t n, const float *W)
{
    double r;
    ck_assert_int_eq(unroll_spectral_radius(n, W, &r), UNROLL_OK);
    return r;
}

static double norm(size_t rows, size_t cols, const float *W)
{
    double s;
    ck_assert_int_eq(unroll_spectral_norm(rows, cols, W, &s), UNROLL_OK);
    return s;
}

START_TEST(small_matrices)
{
    static const struct {
        size_t n;
        float W[9];
        double radius, norm; /* norm −1: not known */
    } cases[] = {
        {1, {-0.5f}, 0.5, 0.5},
        {1, {0}, 0, 0},
        {2, {0, 1, 0, 0}, 0, 1},                              /* nilpotent */
        {2, {0, -0.9f, 0.9f, 0}, 0.9, 0.9},                   /* a rotation: a complex pair */
        {2, {2, 0, 0, -2}, 2, 2},                             /* equal moduli */
        {2, {0.5f, 100, 0, 0.25f}, 0.5, 100.0015624},         /* far from normal */
        {3, {0, 0, 1, 1, 0, 0, 0, 1, 0}, 1, 1},               /* a permutation */
        {3, {0, 1, 0, 0, 0, 1, 0.2f, -0.25f, 0.8f}, 0.8, -1}, /* companion of (x−0.8)(x²+0.25) */
        {2, {1e-30f, 0, 0, 1e-31f}, 1e-30, 1e-30},
        {2, {1e30f, 0, 0, 1e29f}, 1e30, 1e30},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const size_t n = cases[i].n;
        const double got = radius(n, cases[i].W), expected = cases[i].radius;
        ck_assert_msg(fabs(got - expected) <= 2e-5 * expected, "case %zu: %.9g, not %.9g", i, got,
                      expected);
        if (cases[i].norm >= 0)
            ck_assert_msg(fabs(norm(n, n, cases[i].W) - cases[i].norm) <= 1e-6 * cases[i].norm,
                          "case %zu: norm %.9g", i, norm(n, n, cases[i].W));
    }
}
END_TEST

/* W = R D R^T with R orthogonal has D's radius and norm; a shear beside it changes the norm
 * alone. */
START_TEST(large_matrix)
{
    static float W[MOST * MOST];
    double v[MOST], length = 0;
    unroll_rng rng;
    unroll_rng_seed(&rng, 5, 1);
    for (size_t i = 0; i < MOST; i++) {
        v[i] = unroll_rng_normal(&rng);
        length += v[i] * v[i];
    }
    /* R = I − 2vv^T/|v|^2, D = 1.1, −1.05, 1.0, … */
    for (size_t i = 0; i < MOST; i++)
        for (size_t j = 0; j < MOST; j++) {
            double sum = 0;
            for (size_t k = 0; k < MOST; k++) {
                const double d = (k % 2 ? -1 : 1) * (1.1 - 0.02 * (double)k);
                sum += d * ((i == k) - 2 * v[i] * v[k] / length) *
                       ((j == k) - 2 * v[j] * v[k] / length);
            }
            W[i * MOST + j] = (float)sum;
        }
    ck_assert_double_eq_tol(radius(MOST, W), 1.1, 1e-5);
    ck_assert_double_eq_tol(norm(MOST, MOST, W), 1.1, 1e-5);
}
END_TEST

START_TEST(norm_of_what_is_not_square)
{
    const float W[6] = {3, 0, 0, 0, 4, 0};
    ck_assert_double_eq_tol(norm(2, 3, W), 4, 1e-7);
    ck_assert_double_eq_tol(norm(3, 2, W), 5, 1e-7);
}
END_TEST

START_TEST(what_is_not_finite_is_nan)
{
    const float W[4] = {1, NAN, 0, 1}, V[4] = {1, INFINITY, 0, 1};
    ck_assert(isnan(radius(2, W)) && isnan(norm(2, 2, W)));
    ck_assert(isnan(radius(2, V)) && isnan(norm(2, 2, V)));
}
END_TEST

START_TEST(no_memory)
{
    const float W[4] = {1, 0, 0, 1};
    double r;
    for (long n = 0; n < 4; n++) {
        unroll_alloc_fail_after(n);
        const unroll_status status = unroll_spectral_radius(2, W, &r);
        unroll_alloc_fail_after(-1);
        ck_assert_int_eq(status, UNROLL_EMEMORY);
    }
}
END_TEST

/* The sparse start: up to 15 weights in each row of each gate's block, and its spectral radius. */
START_TEST(sparse_start)
{
    static const struct {
        const char *cell;
        size_t hidden, row;
        double scale;
    } cases[] = {{"rnn", 40, 15, 1}, {"rnn", 40, 15, 2}, {"rnn", 7, 7, 1}, {"gru", 30, 15, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const size_t H = cases[i].hidden;
        const unroll_net_spec spec = {.size = sizeof spec,
                                      .inputs = 3,
                                      .outputs = 2,
                                      .cell = cases[i].cell,
                                      .layers = 1,
                                      .hidden = H};
        unroll_init init = UNROLL_INIT_DEFAULT;
        unroll_net *net;
        init.kind = "sparse";
        init.scale = cases[i].scale;
        init.seed = i;
        ck_assert_int_eq(unroll_net_new(&spec, &net), UNROLL_OK);
        ck_assert_int_eq(unroll_net_init(net, &init), UNROLL_OK);
        const unroll_real *W = weights_of(net, "rnn.weight_hh_l0");
        for (size_t j = 0; j < parameter_of(net, "rnn.weight_hh_l0")->rows; j++) {
            size_t count = 0;
            for (size_t k = 0; k < H; k++)
                count += W[j * H + k] != 0;
            ck_assert_uint_eq(count, cases[i].row);
            if (j % H == 0)
                ck_assert_double_eq_tol(radius(H, W + j * H), 0.95 * cases[i].scale,
                                        1e-4 * cases[i].scale);
        }
        double square = 0, count = 0;
        for (size_t k = 0; k < parameter_of(net, "rnn.weight_ih_l0")->rows * 3; k++, count++)
            square += pow((double)weights_of(net, "rnn.weight_ih_l0")[k], 2);
        ck_assert_double_eq_tol(sqrt(square / count), 0.01, 0.01 * 5 / sqrt(2 * count));
        unroll_net_free(net);
    }
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("spectrum");
    TCase *tc = new_case(suite, "spectrum");
    tcase_add_test(tc, small_matrices);
    tcase_add_test(tc, large_matrix);
    tcase_add_test(tc, norm_of_what_is_not_square);
    tcase_add_test(tc, what_is_not_finite_is_nan);
    tcase_add_test(tc, no_memory);
    tcase_add_test(tc, sparse_start);
    return suite;
}
