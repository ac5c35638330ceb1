/* Jacobian products and Lyapunov exponents: held against matrices formed in other ways, cases known by hand, and the
 * measured rate of gradients. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cell/cells.h"
#include "probe_nets.h"
#include "runner.h"
#include "work_options.h"

static unroll_status jacobian_of(const probed *p, size_t distances, size_t samples, size_t vectors,
                                 unroll_jacobian **out)
{
    const unroll_jacobian_options o = {
        .size = sizeof o, .distances = distances, .samples = samples, .vectors = vectors, .seed = 1};
    return unroll_jacobian_measure(p->probe, &p->batch, &o, out);
}

static unroll_status lyapunov_of(const probed *p, size_t count, size_t samples, unroll_lyapunov **out)
{
    const unroll_lyapunov_options o = {
        .size = sizeof o, .count = count, .samples = samples, .seed = 1};
    return unroll_lyapunov_measure(p->probe, &p->batch, &o, out);
}

static float *get(const probed *p, const char *name)
{
    const unroll_parameter *a = parameter_of(p->net, name);
    float *plain = calloc(a->rows * (a->cols ? a->cols : 1), sizeof *plain);
    ck_assert_ptr_nonnull(plain);
    unroll_parameter_get(a, unroll_net_weights(p->net), plain);
    return plain;
}

static void clear(probed *p, const char *name)
{
    const unroll_parameter *a = parameter_of(p->net, name);
    float *plain = calloc(a->rows * (a->cols ? a->cols : 1), sizeof *plain);
    ck_assert_ptr_nonnull(plain);
    unroll_parameter_set(a, unroll_net_weights(p->net), plain);
    free(plain);
}

static void norms_of(const double *J, size_t n, double *frobenius, double *spectral)
{
    double *v = new_doubles(n), *u = new_doubles(n), sum = 0, length = 0;
    for (size_t i = 0; i < n * n; i++)
        sum += J[i] * J[i];
    for (size_t i = 0; i < n; i++)
        v[i] = 1 + 0.1 * (double)(i % 5);
    for (int turn = 0; turn < 20000; turn++) {
        memset(u, 0, n * sizeof *u);
        for (size_t i = 0; i < n; i++) {
            double dot = 0;
            for (size_t j = 0; j < n; j++)
                dot += J[i * n + j] * v[j];
            for (size_t j = 0; j < n; j++)
                u[j] += J[i * n + j] * dot;
        }
        length = 0;
        for (size_t j = 0; j < n; j++)
            length += u[j] * u[j];
        length = sqrt(length);
        for (size_t j = 0; j < n; j++)
            v[j] = u[j] / length;
    }
    *frobenius = sqrt(sum);
    *spectral = sqrt(length);
    free(u);
    free(v);
}

/* ---- Jacobian norms ---- */

/* J_k = prod diag(1 - h^2) W, formed in doubles. */
START_TEST(tanh_by_hand)
{
    enum { H = 7, T = 24, S = 5 };
    probed p;
    const fresh f = {.cell = "rnn",
                     .init = "xavier",
                     .layers = 1,
                     .hidden = H,
                     .symbols = S,
                     .T = T,
                     .B = 1,
                     .forget_bias = NAN,
                     .seed = 3};
    open_fresh(&p, &f);
    float *Wx = get(&p, "rnn.weight_ih_l0"), *Wh = get(&p, "rnn.weight_hh_l0");
    float *bias = get(&p, "rnn.bias_ih_l0");
    double h[T + 1][H] = {{0}}, J[H * H] = {0}, next[H * H];
    for (size_t t = 0; t < T; t++)
        for (size_t i = 0; i < H; i++) {
            double a = Wx[i * S + p.input[t]] + bias[i];
            for (size_t j = 0; j < H; j++)
                a += Wh[i * H + j] * h[t][j];
            h[t + 1][i] = tanh(a);
        }
    unroll_jacobian *got;
    OK(jacobian_of(&p, T, 1, 0, &got));
    ck_assert(unroll_jacobian_exact(got) && unroll_jacobian_size(got) == H);
    for (size_t i = 0; i < H; i++)
        J[i * H + i] = 1;
    for (size_t k = 0; k < T; k++) {
        double frobenius, spectral;
        norms_of(J, H, &frobenius, &spectral);
        ck_assert_double_lt(fabs(unroll_jacobian_frobenius(got)[k] / frobenius - 1), 1e-5);
        ck_assert_double_lt(fabs(unroll_jacobian_spectral(got)[k] / spectral - 1), 1e-4);
        for (size_t i = 0; i < H; i++)
            for (size_t j = 0; j < H; j++) {
                next[i * H + j] = 0;
                for (size_t m = 0; m < H; m++)
                    next[i * H + j] += J[i * H + m] * (1 - h[T - k][m] * h[T - k][m]) * Wh[m * H + j];
            }
        memcpy(J, next, sizeof J);
    }
    unroll_jacobian_free(got);
    free(Wx);
    free(Wh);
    free(bias);
    close_probed(&p);
}
END_TEST

/* The state after steps [from,to) of the batch. */
static void run_from(const probed *p, unroll_work *work, const unroll_real *state, size_t from,
                     size_t to, unroll_real *after)
{
    unroll_batch b = p->batch;
    unroll_result result;
    b.T = to - from;
    b.input += from * b.B;
    b.target += from * b.B;
    b.carry = 1;
    unroll_work_set_state(work, state);
    OK(unroll_net_evaluate(p->net, &b, work, &result, NULL));
    unroll_work_get_state(work, after);
}

static void check_differences(const unroll_net_spec *spec)
{
    enum { T = 9, K = 3 };
    static const unroll_real step = (unroll_real)0.003;
    const unroll_init init = {
        .size = sizeof init, .kind = "xavier", .scale = 1, .forget_bias = NAN, .seed = 5};
    probed p;
    unroll_work *work;
    open_probed(&p, spec, T, 1, 5);
    OK(unroll_net_init(p.net, &init));
    unroll_net_pack(p.net, 1);
    OK(unroll_work_new(p.net, WORK(.T = T, .B = 1, .threads = 1), &work));
    const size_t n = unroll_work_state_size(work);
    unroll_real *state = calloc(3 * n, sizeof *state), *up = state + n, *down = up + n;
    double *J = new_doubles(n * n), frobenius, spectral;
    ck_assert_ptr_nonnull(state);
    run_from(&p, work, state, 0, T - K, state);
    for (size_t j = 0; j < n; j++) {
        const unroll_real here = state[j];
        state[j] = here + step;
        run_from(&p, work, state, T - K, T, up);
        state[j] = here - step;
        run_from(&p, work, state, T - K, T, down);
        state[j] = here;
        for (size_t i = 0; i < n; i++)
            J[i * n + j] = ((double)up[i] - (double)down[i]) / (2 * (double)step);
    }
    norms_of(J, n, &frobenius, &spectral);
    unroll_jacobian *got;
    OK(jacobian_of(&p, K + 1, 1, 0, &got));
    ck_assert_uint_eq(unroll_jacobian_size(got), n);
    ck_assert_double_eq_tol(unroll_jacobian_frobenius(got)[0], sqrt((double)n), 1e-9);
    ck_assert_double_eq_tol(unroll_jacobian_spectral(got)[0], 1, 1e-6);
    ck_assert_msg(fabs(unroll_jacobian_frobenius(got)[K] / frobenius - 1) < 1e-3, "%s: %g, %g",
                  spec->cell, unroll_jacobian_frobenius(got)[K], frobenius);
    ck_assert_msg(fabs(unroll_jacobian_spectral(got)[K] / spectral - 1) < 1e-3, "%s: %g, %g",
                  spec->cell, unroll_jacobian_spectral(got)[K], spectral);
    unroll_jacobian_free(got);
    unroll_work_free(work);
    free(state);
    free(J);
    close_probed(&p);
}

START_TEST(finite_differences)
{
    const unroll_cell *const *cells = unroll_kernels_get()->cells;
    for (size_t i = 0; cells[i]; i++)
        for (int layers = 1; layers <= 3; layers++) {
            unroll_net_spec spec = {.size = sizeof spec,
                                    .inputs = 6,
                                    .outputs = 6,
                                    .cell = cells[i]->name,
                                    .gru = cells[i]->variant,
                                    .lstm = cells[i]->variant,
                                    .hidden = 5,
                                    .layers = (size_t)layers};
            check_differences(&spec);
            spec.residual = layers > 1;
            check_differences(&spec);
            spec.norm = "layer";
            if (cells[i]->norm_gates)
                check_differences(&spec);
        }
}
END_TEST

START_TEST(random_vectors)
{
    probed p;
    const fresh f = {.cell = "lstm",
                     .init = "xavier",
                     .layers = 2,
                     .hidden = 12,
                     .symbols = 6,
                     .T = 30,
                     .B = 2,
                     .forget_bias = NAN,
                     .seed = 3};
    open_fresh(&p, &f);
    unroll_jacobian *all, *some, *again;
    OK(jacobian_of(&p, 30, 2, 0, &all));
    OK(jacobian_of(&p, 30, 2, 2000, &some));
    OK(jacobian_of(&p, 30, 2, 2000, &again));
    ck_assert(unroll_jacobian_exact(all) && !unroll_jacobian_exact(some));
    for (size_t k = 0; k < 30; k++) {
        ck_assert_double_lt(fabs(unroll_jacobian_frobenius(some)[k] /
                                     unroll_jacobian_frobenius(all)[k] -
                                 1),
                            0.1);
        ck_assert_double_le(unroll_jacobian_spectral(all)[k],
                            unroll_jacobian_frobenius(all)[k] * (1 + 1e-9));
        ck_assert(isnan(unroll_jacobian_spectral(some)[k]));
    }
    ck_assert_mem_eq(unroll_jacobian_frobenius(some), unroll_jacobian_frobenius(again),
                     30 * sizeof(double));
    unroll_jacobian_free(all);
    unroll_jacobian_free(some);
    unroll_jacobian_free(again);
    close_probed(&p);
}
END_TEST

/* ---- exponents ---- */

/* An rnn that stays where tanh is a straight line: no inputs, no biases. */
static void open_linear(probed *p, size_t hidden, size_t T, double scale)
{
    const unroll_net_spec spec = {
        .size = sizeof spec, .inputs = 4, .outputs = 4, .cell = "rnn", .layers = 1, .hidden = hidden};
    const unroll_init init = {
        .size = sizeof init, .kind = "orthogonal", .scale = scale, .forget_bias = NAN, .seed = 2};
    open_probed(p, &spec, T, 2, 1);
    OK(unroll_net_init(p->net, &init));
    clear(p, "rnn.weight_ih_l0");
    clear(p, "rnn.bias_ih_l0");
    unroll_net_pack(p->net, 1);
}

START_TEST(orthogonal_is_exact)
{
    static const double scales[] = {0.2, 0.9, 1, 1.3};
    for (size_t i = 0; i < 4; i++) {
        probed p;
        unroll_lyapunov *l;
        unroll_jacobian *j;
        open_linear(&p, 12, 200, scales[i]);
        OK(lyapunov_of(&p, 99, 2, &l));
        ck_assert_uint_eq(unroll_lyapunov_count(l), 12);
        ck_assert_uint_eq(unroll_lyapunov_steps(l), 199 - 2 * 24);
        for (size_t k = 0; k < unroll_lyapunov_count(l); k++) {
            ck_assert_double_eq_tol(unroll_lyapunov_exponents(l)[k], log(scales[i]), 1e-6);
            ck_assert_double_lt(unroll_lyapunov_deviations(l)[k], 1e-6);
        }
        OK(jacobian_of(&p, 200, 2, 0, &j));
        for (size_t k = 0; k < 200; k++) {
            const double expected = (double)k * log10(scales[i]);
            ck_assert_double_eq_tol(log10(unroll_jacobian_spectral(j)[k]), expected, 1e-4);
            ck_assert_double_eq_tol(log10(unroll_jacobian_frobenius(j)[k]),
                                    expected + 0.5 * log10(12), 1e-4);
        }
        unroll_jacobian_free(j);
        unroll_lyapunov_free(l);
        close_probed(&p);
    }
}
END_TEST

START_TEST(one_exponent_a_unit)
{
    static const float rates[5] = {0.25F, 1.1F, 0.6F, 0, -0.8F};
    static const double sorted[4] = {1.1, 0.8, 0.6, 0.25};
    float W[25] = {0};
    probed p;
    unroll_lyapunov *l;
    open_linear(&p, 5, 300, 1);
    for (size_t i = 0; i < 5; i++)
        W[i * 6] = rates[i];
    unroll_parameter_set(parameter_of(p.net, "rnn.weight_hh_l0"), unroll_net_weights(p.net), W);
    unroll_net_pack(p.net, 1);
    OK(lyapunov_of(&p, 5, 1, &l));
    for (size_t i = 0; i < 4; i++)
        ck_assert_double_eq_tol(unroll_lyapunov_exponents(l)[i], log(sorted[i]), 1e-5);
    ck_assert(unroll_lyapunov_exponents(l)[4] < -10); /* dead, but for rounding */
    ck_assert(isnan(unroll_lyapunov_deviations(l)[0]) && isnan(unroll_lyapunov_errors(l)[0]));
    ck_assert_uint_eq(unroll_lyapunov_starts(l), 8); /* one sample, eight starts */
    unroll_lyapunov_free(l);
    close_probed(&p);
}
END_TEST

/* Padding counts for nothing, and a window of one step has no exponents. */
START_TEST(padding_and_nothing)
{
    probed p;
    unroll_lyapunov *l;
    unroll_jacobian *j;
    uint8_t mode[2 * 40] = {0};
    open_linear(&p, 6, 40, 0.5);
    for (size_t t = 10; t < 20; t++)
        mode[2 * t] = mode[2 * t + 1] = UNROLL_HOLD;
    p.batch.mode = mode;
    OK(lyapunov_of(&p, 3, 2, &l));
    ck_assert_double_eq_tol(unroll_lyapunov_exponents(l)[0], log(0.5), 1e-6);
    ck_assert_uint_eq(unroll_lyapunov_steps(l), 39 - 2 * 4 - 10);
    OK(jacobian_of(&p, 40, 2, 0, &j));
    ck_assert_double_eq_tol(unroll_jacobian_spectral(j)[39] / pow(0.5, 29), 1, 1e-4);
    unroll_jacobian_free(j);
    unroll_lyapunov_free(l);
    mode[2 * 30] = mode[2 * 30 + 1] = UNROLL_RESET;
    OK(jacobian_of(&p, 40, 2, 0, &j));
    ck_assert(unroll_jacobian_spectral(j)[9] > 0 && unroll_jacobian_spectral(j)[10] == 0 &&
              unroll_jacobian_frobenius(j)[39] == 0);
    unroll_jacobian_free(j);
    p.batch.mode = NULL;
    p.batch.T = 1;
    OK(lyapunov_of(&p, 3, 2, &l));
    ck_assert(unroll_lyapunov_steps(l) == 0 && isnan(unroll_lyapunov_exponents(l)[0]));
    unroll_lyapunov_free(l);
    ck_assert_int_eq(jacobian_of(&p, 2, 2, 0, &j), UNROLL_EUSAGE);
    close_probed(&p);
}
END_TEST

START_TEST(predicts_the_rate)
{
    static const struct {
        const char *cell, *activation, *init;
    } nets[] = {
        {"rnn", "tanh", "xavier"},    {"rnn", "tanh", "uniform"},    {"rnn", "tanh", "orthogonal"},
        {"rnn", "sigmoid", "xavier"}, {"rnn", "sigmoid", "uniform"}, {"lstm", NULL, "xavier"},
        {"lstm", NULL, "uniform"},    {"gru", NULL, "xavier"},       {"gru", NULL, "uniform"}};
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
        probed p;
        const fresh f = {.cell = nets[i].cell,
                         .activation = nets[i].activation,
                         .init = nets[i].init,
                         .layers = 1,
                         .hidden = 64,
                         .symbols = 60,
                         .T = 300,
                         .B = 8,
                         .forget_bias = NAN,
                         .seed = 1 + (uint64_t)_i};
        unroll_fit fit;
        unroll_lyapunov *l;
        open_fresh(&p, &f);
        unroll_curve *c = last_curve(&p, 300);
        OK(unroll_fit_curve(c, 0, UNROLL_STATE_H, 1, &fit));
        OK(lyapunov_of(&p, 8, 8, &l));
        const double predicted = unroll_lyapunov_exponents(l)[0] / log(10);
        /* a factor a step; as a share of the logarithm, too, where that is not nearly nothing */
        ck_assert_msg(fabs(pow(10, predicted) / fit.rho - 1) < 0.01 &&
                          (fit.slope > -0.1 || fabs(predicted / fit.slope - 1) < 0.02),
                      "%s %s %s: measured %g decades a step, predicted %g", nets[i].cell,
                      nets[i].activation ? nets[i].activation : "", nets[i].init, fit.slope,
                      predicted);
        unroll_lyapunov_free(l);
        unroll_curve_free(c);
        close_probed(&p);
    }
}
END_TEST

START_TEST(without_memory)
{
    probed p;
    unroll_lyapunov *l;
    unroll_jacobian *j;
    open_linear(&p, 4, 10, 1);
    for (long n = 0; n < 8; n++) {
        unroll_alloc_fail_after(n);
        ck_assert_int_eq(lyapunov_of(&p, 2, 2, &l), UNROLL_EMEMORY);
        unroll_alloc_fail_after(n);
        ck_assert_int_eq(jacobian_of(&p, 9, 2, 0, &j), UNROLL_EMEMORY);
    }
    unroll_alloc_fail_after(-1);
    close_probed(&p);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("lyapunov");
    TCase *all = new_case(suite, "all");
    tcase_set_timeout(all, 120);
    tcase_add_test(all, tanh_by_hand);
    tcase_add_test(all, finite_differences);
    tcase_add_test(all, random_vectors);
    tcase_add_test(all, orthogonal_is_exact);
    tcase_add_test(all, one_exponent_a_unit);
    tcase_add_test(all, padding_and_nothing);
    tcase_add_loop_test(all, predicts_the_rate, 0, 2);
    tcase_add_test(all, without_memory);
    return suite;
}
