/* The gradient laboratory as another program sees it: through the installed headers alone, and linked with the library
 * that is installed. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unroll.h>

#include "parameter.h"
#include "public_nets.h"
#include "runner.h"

/* ---- the curve ---- */

static size_t read_record(FILE *f, char name[64], double **data)
{
    size_t count;
    ck_assert_int_eq(fscanf(f, "%63s %zu", name, &count), 2);
    ck_assert_int_eq(fgetc(f), '\n');
    *data = calloc(count, sizeof **data);
    ck_assert_uint_eq(fread(*data, sizeof **data, count, f), count);
    return count;
}

static void set_weight(unroll_net *net, const char *name, const double *data, size_t count)
{
    float plain[4 * HIDDEN * HIDDEN];
    ck_assert_uint_le(count, sizeof plain / sizeof *plain);
    for (size_t i = 0; i < count; i++)
        plain[i] = (float)data[i];
    unroll_parameter_set(parameter_of(net, name), unroll_net_weights(net), plain);
}

/* @param want  [T][layers][2][B], as autograd found them */
static void compare(const unroll_curve *c, const double *want, size_t B)
{
    const size_t T = unroll_curve_distances(c), layers = unroll_curve_layers(c);
    ck_assert_uint_eq(unroll_curve_samples(c), B);
    for (size_t l = 0; l < layers; l++)
        for (size_t s = 0; s <= unroll_curve_has_c(c); s++) {
            unroll_curve_point point[200];
            double gmean[200];
            OK(unroll_curve_points(c, l, (enum unroll_state)s, point));
            OK(unroll_curve_gmean(c, l, (enum unroll_state)s, gmean));
            for (size_t k = 0; k < T; k++) {
                double mean = 0, logs = 0;
                for (size_t r = 0; r < B; r++) {
                    const double x = want[((T - 1 - k) * layers * 2 + l * 2 + s) * B + r];
                    ck_assert_double_eq_tol(unroll_curve_sample(c, r, l, (enum unroll_state)s)[k] / x,
                                            1, 1e-4);
                    mean += x / (double)B;
                    logs += log(x) / (double)B;
                }
                ck_assert_double_eq_tol(point[k].mean / mean, 1, 1e-4);
                ck_assert_double_eq_tol(point[k].gmean / exp(logs), 1, 1e-4);
                ck_assert_double_eq(point[k].gmean, gmean[k]);
                ck_assert(point[k].q10 <= point[k].median && point[k].median <= point[k].q90);
                ck_assert_uint_eq(point[k].n, B);
            }
        }
}

START_TEST(curve_agrees_with_autograd)
{
    char cell[32], name[64];
    size_t layers, hidden, symbols, T, B;
    int cases = 0;
    FILE *f = fopen(source_path("tests/golden/probe.bin"), "rb");
    ck_assert_msg(f != NULL, "probe.bin is missing");
    while (fscanf(f, " case %31s %zu %zu %zu %zu %zu", cell, &layers, &hidden, &symbols, &T, &B) ==
           6) {
        const unroll_net_spec spec = {.size = sizeof spec,
                                      .inputs = symbols,
                                      .outputs = symbols,
                                      .cell = cell,
                                      .layers = layers,
                                      .hidden = hidden};
        unroll_net *net = new_net(&spec, "uniform");
        uint32_t *input = calloc(T * B, sizeof *input), *target = calloc(T * B, sizeof *target);
        double *data;
        for (size_t n = read_record(f, name, &data); strcmp(name, "norm") != 0;
             n = read_record(f, name, &data)) {
            if (strcmp(name, "input") == 0)
                for (size_t i = 0; i < n; i++)
                    input[i] = (uint32_t)data[i];
            else if (strcmp(name, "target") == 0)
                for (size_t i = 0; i < n; i++)
                    target[(T - 1) * B + i] = (uint32_t)data[i];
            else
                set_weight(net, name, data, n);
            free(data);
        }
        unroll_net_pack(net, 1);
        unroll_curve *c;
        unroll_probe *probe = new_probe(net, T, B);
        OK(unroll_curve_new(net, NULL, &c));
        OK(unroll_curve_add(c, probe,
                            &(unroll_batch){.T = T, .B = B, .input = input, .target = target}));
        ck_assert_uint_eq(unroll_curve_distances(c), T);
        compare(c, data, B);
        unroll_curve_free(c);
        unroll_probe_free(probe);
        unroll_net_free(net);
        free(data);
        free(target);
        free(input);
        cases++;
    }
    fclose(f);
    ck_assert_int_eq(cases, 3);
}
END_TEST

static unroll_curve *curve_in(enum unroll_precision precision, const unroll_net *net,
                              const unroll_batch *batch)
{
    unroll_probe *probe = new_probe_in(precision, net, batch->T, batch->B);
    unroll_curve *c;
    ck_assert_str_eq(unroll_probe_precision(probe),
                     precision == UNROLL_PRECISION_FLOAT ? "float" : "double");
    OK(unroll_curve_new(net, NULL, &c));
    OK(unroll_curve_add(c, probe, batch));
    unroll_probe_free(probe);
    return c;
}

/* A short curve of a fresh net is the same to what floats hold, and not the same number: of tokens, and of all that a
 * batch has beside them. */
START_TEST(floats_and_doubles)
{
    enum { FEATURES = 3, VALUES = 2, T = 12, B = 2 };
    const bool real = _i;
    static unroll_real feature[T * B * FEATURES], value[T * B * VALUES], weight[T * B];
    static uint8_t mode[T * B];
    const unroll_net_spec spec = {.size = sizeof spec,
                                  .inputs = FEATURES,
                                  .outputs = VALUES,
                                  .features = true,
                                  .squared = true,
                                  .cell = "lstm",
                                  .layers = 2,
                                  .hidden = HIDDEN};
    for (size_t i = 0; i < T * B * FEATURES; i++)
        feature[i] = (unroll_real)sin(1.7 * (double)i);
    for (size_t i = 0; i < T * B * VALUES; i++)
        value[i] = (unroll_real)cos(2.3 * (double)i);
    for (size_t i = 0; i < T * B; i++) {
        weight[i] = i < (T - 2) * B; /* so that the last loss is two steps before the end */
        mode[i] = i / B == 0 ? UNROLL_HOLD : UNROLL_RUN;
    }
    unroll_windows *windows = new_windows(T, B);
    const unroll_batch rich = {.T = T,
                               .B = B,
                               .feature = feature,
                               .value = value,
                               .weight = weight,
                               .mode = mode},
                       *batch = real ? &rich : unroll_windows_batch(windows);
    unroll_net *net = real ? new_net(&spec, "uniform") : new_cell("lstm", "uniform");
    unroll_curve *floats = curve_in(UNROLL_PRECISION_FLOAT, net, batch);
    unroll_curve *doubles = curve_in(UNROLL_PRECISION_DOUBLE, net, batch);
    const size_t K = unroll_curve_distances(floats);
    ck_assert_uint_eq(K, real ? T - 2 : T);
    ck_assert_uint_eq(unroll_curve_distances(doubles), K);
    for (size_t r = 0; r < B; r++)
        for (size_t k = 0; k < K; k++) {
            const double a = unroll_curve_sample(floats, r, 0, UNROLL_STATE_C)[k];
            const double b = unroll_curve_sample(doubles, r, 0, UNROLL_STATE_C)[k];
            ck_assert(fabs(a - b) <= 1e-3 * b && (b == 0 || a != b)); /* 0 at padding */
        }
    unroll_curve_free(doubles);
    unroll_curve_free(floats);
    unroll_net_free(net);
    unroll_windows_free(windows);
}
END_TEST

START_TEST(fit_is_least_squares)
{
    unroll_net *net = new_cell("rnn", "orthogonal");
    unroll_probe *probe = new_probe(net, STEPS, ROWS);
    unroll_windows *windows = new_windows(STEPS, ROWS);
    unroll_curve *c;
    unroll_fit fit;
    double y[STEPS], x_mean = (UNROLL_FIT_FROM + STEPS - 1) / 2.0, xy = 0, xx = 0;
    OK(unroll_curve_new(net, NULL, &c));
    OK(unroll_fit_curve(c, 0, UNROLL_STATE_H, 1, &fit)); /* without samples */
    ck_assert(isnan(fit.slope) && isnan(fit.half_life) && fit.horizon == SIZE_MAX);
    OK(unroll_curve_add(c, probe, unroll_windows_batch(windows)));
    OK(unroll_fit_curve(c, 1, UNROLL_STATE_H, 1, &fit));
    OK(unroll_curve_gmean(c, 1, UNROLL_STATE_H, y));
    for (size_t k = UNROLL_FIT_FROM; k < STEPS; k++) {
        xy += ((double)k - x_mean) * log10(y[k]);
        xx += ((double)k - x_mean) * ((double)k - x_mean);
    }
    ck_assert(fit.first == UNROLL_FIT_FROM && fit.last == STEPS - 1 && fit.slope < 0);
    ck_assert_double_eq_tol(fit.slope, xy / xx, 1e-12);
    ck_assert_double_eq_tol(fit.rho, pow(10, fit.slope), 1e-12);
    ck_assert_double_eq_tol(pow(fit.rho, fit.half_life), 0.5, 1e-9);
    ck_assert(fit.low <= fit.slope && fit.slope <= fit.high && fit.r2 > 0.9 && fit.r2 <= 1);
    unroll_curve_free(c);
    unroll_windows_free(windows);
    unroll_probe_free(probe);
    unroll_net_free(net);
}
END_TEST

/* One loss in every ten steps is the curve that a window of ten steps has, up to the state it begins with. */
START_TEST(losses_are_chosen)
{
    enum { DISTANCES = 10 };
    unroll_net *net = new_cell("gru", "uniform");
    unroll_probe *probe = new_probe(net, STEPS, ROWS);
    unroll_windows *windows = new_windows(STEPS, ROWS);
    const unroll_batch *b = unroll_windows_batch(windows);
    static const enum unroll_curve_losses losses[] = {UNROLL_LOSSES_LAST, UNROLL_LOSSES_ALL,
                                                      UNROLL_LOSSES_SPACED};
    double half_life[3], farthest[3];
    for (size_t i = 0; i < 3; i++) {
        const unroll_curve_options o = {.size = sizeof o, .distances = DISTANCES, .losses = losses[i]};
        unroll_curve *c;
        unroll_fit fit;
        double y[DISTANCES];
        OK(unroll_curve_new(net, &o, &c));
        OK(unroll_curve_add(c, probe, b));
        if (losses[i] == UNROLL_LOSSES_SPACED)
            ck_assert_uint_gt(unroll_curve_samples(c), 3 * ROWS);
        else
            ck_assert_uint_eq(unroll_curve_samples(c), ROWS);
        OK(unroll_fit_curve(c, 1, UNROLL_STATE_H, 1, &fit));
        OK(unroll_curve_gmean(c, 1, UNROLL_STATE_H, y));
        half_life[i] = fit.half_life;
        farthest[i] = y[DISTANCES - 1];
        unroll_curve_free(c);
    }
    ck_assert_double_eq_tol(half_life[2] / half_life[0], 1, 0.2);
    ck_assert_double_gt(farthest[1],
                        10 * farthest[0]); /* accumulated: each step has a loss of its own */
    unroll_windows_free(windows);
    unroll_probe_free(probe);
    unroll_net_free(net);
}
END_TEST

START_TEST(curve_of_a_text)
{
    static const char text[] =
        "the cat sat on the mat. the dog sat on the log. the cat and the dog sat.";
    const unroll_text_rules rules = UNROLL_TEXT_RULES_INIT;
    unroll_vocabulary *vocabulary;
    unroll_ids ids = {0};
    unroll_windows *windows;
    unroll_curve *c, *steps;
    OK(unroll_vocabulary_build(&rules, "cat", text, sizeof text - 1, &vocabulary, &ids));
    const size_t V = unroll_vocabulary_size(vocabulary);
    unroll_net *net = new_net(&(unroll_net_spec){.size = sizeof(unroll_net_spec),
                                                 .inputs = V,
                                                 .outputs = V,
                                                 .cell = "lstm",
                                                 .layers = 1,
                                                 .hidden = HIDDEN},
                              "uniform");
    const unroll_windows_options o = {.size = sizeof o, .T = 20, .windows = 4};
    OK(unroll_curve_of_text(net, vocabulary, text, sizeof text - 1, &o, &c));
    OK(unroll_windows_of_tokens(ids.id, ids.count, &o, &windows));
    unroll_probe *probe = new_probe(net, 20, 4);
    OK(unroll_curve_new(net, NULL, &steps));
    OK(unroll_curve_add(steps, probe, unroll_windows_batch(windows)));
    ck_assert(unroll_curve_samples(c) == 4 && unroll_curve_distances(c) == 20 &&
              unroll_curve_has_c(c));
    for (size_t i = 0; i < 4; i++)
        ck_assert_mem_eq(unroll_curve_sample(c, i, 0, UNROLL_STATE_C),
                         unroll_curve_sample(steps, i, 0, UNROLL_STATE_C), 20 * sizeof(double));
    unroll_curve_free(c);
    OK(unroll_curve_of_text(net, vocabulary, text, sizeof text - 1, NULL, &c)); /* as long as the text */
    ck_assert(unroll_curve_samples(c) == 1 && unroll_curve_distances(c) == sizeof text - 2);
    unroll_curve_free(c);
    ck_assert_int_eq(unroll_curve_of_text(net, vocabulary, "the fox", 7, &o, &c), UNROLL_EDATA);
    unroll_curve_free(steps);
    unroll_probe_free(probe);
    unroll_windows_free(windows);
    unroll_ids_free(&ids);
    unroll_vocabulary_free(vocabulary);
    unroll_net_free(net);
}
END_TEST

/* ---- what stands beside the curve ---- */

START_TEST(jacobians)
{
    unroll_net *net = new_cell("lstm", "uniform");
    unroll_probe *probe = new_probe(net, STEPS, ROWS);
    unroll_windows *windows = new_windows(STEPS, ROWS);
    const unroll_batch *b = unroll_windows_batch(windows);
    unroll_jacobian *j;
    unroll_lyapunov *l;
    unroll_weight_curve *w;
    OK(unroll_jacobian_measure(probe, b, NULL, &j));
    const double n = 2 * 2 * HIDDEN, *frobenius = unroll_jacobian_frobenius(j),
                 *spectral = unroll_jacobian_spectral(j);
    ck_assert(unroll_jacobian_size(j) == 4 * HIDDEN && unroll_jacobian_exact(j));
    ck_assert(unroll_jacobian_distances(j) == STEPS && unroll_jacobian_samples(j) == ROWS);
    ck_assert_double_eq_tol(frobenius[0], sqrt(n), 1e-9); /* the unit matrix */
    ck_assert_double_eq_tol(spectral[0], 1, 1e-6);
    for (size_t k = 0; k < STEPS; k++)
        ck_assert_msg(spectral[k] <= frobenius[k] * (1 + 1e-6) &&
                          frobenius[k] <= spectral[k] * sqrt(n) * (1 + 1e-6),
                      "J_%zu: %.10g, %.10g", k, spectral[k], frobenius[k]);
    OK(unroll_lyapunov_measure(probe, b, NULL, &l));
    ck_assert(unroll_lyapunov_count(l) == 16 && unroll_lyapunov_samples(l) == ROWS &&
              unroll_lyapunov_steps(l) > 20);
    for (size_t i = 0; i < 16; i++) {
        ck_assert_double_lt(unroll_lyapunov_exponents(l)[i],
                            i ? unroll_lyapunov_exponents(l)[i - 1] : 0);
        ck_assert_double_gt(unroll_lyapunov_deviations(l)[i], 0);
    }
    OK(unroll_weight_curve_measure(probe, b, 0, &w));
    ck_assert(unroll_weight_curve_layers(w) == 2 && unroll_weight_curve_distances(w) == STEPS &&
              unroll_weight_curve_samples(w) == ROWS);
    ck_assert(unroll_weight_curve_norm(w, 1)[0] > 0 && unroll_weight_curve_norm(w, 1)[STEPS - 1] == 0);
    ck_assert(unroll_weight_curve_ratio(w, 0)[3] > 0 && !unroll_weight_curve_norm(w, 2) &&
              !unroll_weight_curve_ratio(w, 2));
    unroll_weight_curve_free(w);
    unroll_lyapunov_free(l);
    unroll_jacobian_free(j);
    unroll_windows_free(windows);
    unroll_probe_free(probe);
    unroll_net_free(net);
}
END_TEST

START_TEST(saturation_and_theory)
{
    static const char *const names[] = {"h", "i", "f", "g", "o"};
    unroll_windows *windows = new_windows(STEPS, ROWS);
    unroll_diagnosis *d;
    unroll_net *net = new_cell("lstm", "uniform");
    unroll_probe *probe = new_probe(net, STEPS, ROWS);
    OK(unroll_diagnosis_measure(probe, unroll_windows_batch(windows), 10, &d));
    for (size_t i = 0; i < 10; i++) {
        const unroll_saturation *s = unroll_diagnosis_saturation(d, i);
        ck_assert(s->layer == i / 5 && strcmp(s->name, names[i % 5]) == 0 && s->high >= 0 &&
                  s->high <= 1);
    }
    ck_assert(!unroll_diagnosis_saturation(d, 10) && isnan(unroll_diagnosis_bound(d, 0)));
    ck_assert(unroll_diagnosis_layers(d) == 2 && unroll_diagnosis_distances(d) == 10);
    ck_assert_str_eq(unroll_diagnosis_kept_by(d), "forget gates");
    const double *keep = unroll_diagnosis_keep(d, 1);
    for (size_t k = 0; k < 10; k++)
        ck_assert(k ? keep[k] < keep[k - 1] : keep[k] == 1);
    unroll_diagnosis_free(d);
    unroll_probe_free(probe);
    unroll_net_free(net);

    net = new_cell("rnn", "orthogonal"); /* so that the largest singular value is 1 */
    probe = new_probe(net, STEPS, ROWS);
    OK(unroll_diagnosis_measure(probe, unroll_windows_batch(windows), 0, &d));
    for (size_t l = 0; l < 2; l++) {
        const double slope = unroll_diagnosis_slope_square(d, l);
        ck_assert_double_eq_tol(unroll_diagnosis_bound(d, l), 1, 1e-6);
        ck_assert(slope > 0 && slope < 1);
        ck_assert_double_eq_tol(unroll_diagnosis_mean_field(d, l), sqrt(slope), 1e-6);
    }
    ck_assert(!unroll_diagnosis_keep(d, 0) && !unroll_diagnosis_kept_by(d) &&
              !unroll_diagnosis_no_theory(d));
    ck_assert(isnan(unroll_diagnosis_bound(d, 2)) && unroll_diagnosis_distances(d) == STEPS);
    unroll_diagnosis_free(d);
    unroll_probe_free(probe);
    unroll_net_free(net);
    unroll_windows_free(windows);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("probe through its public header");
    TCase *curves = new_case(suite, "curves"), *beside = new_case(suite, "beside the curve");
    tcase_add_test(curves, curve_agrees_with_autograd);
    tcase_add_test(curves, fit_is_least_squares);
    tcase_add_test(curves, losses_are_chosen);
    tcase_add_test(curves, curve_of_a_text);
    tcase_add_loop_test(curves, floats_and_doubles, 0, 2);
    tcase_add_test(beside, jacobians);
    tcase_add_test(beside, saturation_and_theory);
    return suite;
}
