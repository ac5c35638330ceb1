/* How far a Lyapunov exponent is known: its standard error over samples, and the mean over starts. */
#include <check.h>
#include <math.h>

#include "base/rng.h"
#include "probe_nets.h"
#include "runner.h"

/* New tokens for all rows of the batch. */
static void draw_tokens(probed *p, size_t symbols, uint64_t seed)
{
    unroll_rng rng;
    unroll_rng_seed(&rng, seed, UNROLL_STREAM_DATA);
    for (size_t i = 0; i < p->batch.T * p->batch.B; i++)
        p->input[i] = (uint32_t)unroll_rng_below(&rng, symbols);
}

static double largest(const probed *p, size_t samples, size_t starts, uint64_t seed, double *error)
{
    unroll_lyapunov *l;
    const unroll_lyapunov_options o = {
        .size = sizeof o, .count = 1, .samples = samples, .starts = starts, .seed = seed};
    OK(unroll_lyapunov_measure(p->probe, &p->batch, &o, &l));
    const double nats = unroll_lyapunov_exponents(l)[0];
    const double n = (double)unroll_lyapunov_samples(l);
    *error = unroll_lyapunov_errors(l)[0];
    ck_assert(starts == 0 || unroll_lyapunov_starts(l) == starts);
    if (samples > 1)
        ck_assert_double_eq_tol(*error, unroll_lyapunov_deviations(l)[0] / sqrt(n), 1e-15);
    else
        ck_assert(isnan(*error) && isnan(unroll_lyapunov_deviations(l)[0]));
    unroll_lyapunov_free(l);
    return nats;
}

static double deviation(const double *x, size_t n)
{
    double mean = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        mean += x[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        squares += (x[i] - mean) * (x[i] - mean);
    return sqrt(squares / (double)(n - 1));
}

/* The standard error is how far estimates from other samples lie apart. */
START_TEST(errors_are_those_of_new_samples)
{
    enum { TURNS = 24, SYMBOLS = 60 };
    probed p;
    double nats[TURNS], sum = 0;
    const fresh f = {.cell = "rnn",
                     .activation = "tanh",
                     .init = "xavier",
                     .layers = 1,
                     .hidden = 32,
                     .symbols = SYMBOLS,
                     .T = 120,
                     .B = 8,
                     .forget_bias = NAN,
                     .seed = 4};
    open_fresh(&p, &f);
    for (size_t i = 0; i < TURNS; i++) {
        double error;
        draw_tokens(&p, SYMBOLS, 100 + i);
        nats[i] = largest(&p, 8, 0, 1000 * i, &error);
        sum += error / TURNS;
    }
    const double apart = deviation(nats, TURNS);
    ck_assert_msg(apart < 1.4 * sum && apart > sum / 1.4, "%g apart, standard error %g", apart, sum);
    close_probed(&p);
}
END_TEST

/* One window depends on the random vectors it is followed with; the mean of many such starts hardly does. */
START_TEST(starts_are_averaged)
{
    enum { TURNS = 12 };
    probed p;
    double one[TURNS], many[TURNS], error;
    const fresh f = {.cell = "lstm",
                     .init = "uniform",
                     .layers = 2,
                     .hidden = 24,
                     .symbols = 20,
                     .T = 60,
                     .B = 2,
                     .forget_bias = 1,
                     .seed = 4};
    open_fresh(&p, &f);
    for (size_t i = 0; i < TURNS; i++) {
        one[i] = largest(&p, 1, 1, 1000 * i, &error);
        many[i] = largest(&p, 1, 16, 1000 * i, &error);
    }
    const double of_one = deviation(one, TURNS), of_many = deviation(many, TURNS);
    ck_assert_msg(of_many < of_one / 2, "%g of one start, %g of 16", of_one, of_many);
    close_probed(&p);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("lyapunov errors");
    TCase *all = new_case(suite, "all");
    tcase_set_timeout(all, 120);
    tcase_add_test(all, errors_are_those_of_new_samples);
    tcase_add_test(all, starts_are_averaged);
    return suite;
}
