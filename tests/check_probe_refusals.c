/* What the gradient laboratory refuses, each with its status and a message that names the value: through the installed
 * headers alone, and linked with the library that is installed. */
#include <math.h>
#include <string.h>
#include <unroll.h>

#include "public_nets.h"
#include "runner.h"

static void refused(unroll_status status, unroll_status expected, const char *message)
{
    ck_assert_msg(status == expected && strstr(unroll_message(), message), "%d: %s; not %d: %s",
                  (int)status, unroll_message(), (int)expected, message);
}

START_TEST(batches_that_do_not_fit)
{
    unroll_net *net = new_cell("rnn", "uniform"), *other = new_cell("lstm", "uniform");
    unroll_probe *probe = new_probe(net, STEPS, ROWS), *none;
    unroll_windows *windows = new_windows(STEPS, ROWS);
    unroll_curve *c, *of_other;
    unroll_jacobian *j;
    unroll_weight_curve *w;
    unroll_diagnosis *d;
    unroll_real weight[STEPS * ROWS];
    unroll_batch b = *unroll_windows_batch(windows);
    OK(unroll_curve_new(net, NULL, &c));
    OK(unroll_curve_new(other, NULL, &of_other));
    b.T = STEPS + 1;
    refused(unroll_curve_add(c, probe, &b), UNROLL_EUSAGE, "41 steps and 6 rows does not fit");
    b.T = 0;
    refused(unroll_curve_add(c, probe, &b), UNROLL_EUSAGE, "0 steps and 6 rows does not fit");
    b = *unroll_windows_batch(windows);
    b.B = ROWS - 1;
    refused(unroll_lyapunov_measure(probe, &b, NULL, &(unroll_lyapunov *){0}), UNROLL_EUSAGE,
            "5 rows does not fit");
    b = *unroll_windows_batch(windows);
    refused(unroll_curve_add(of_other, probe, &b), UNROLL_EUSAGE, "2 layers with a state c");
    b.input = NULL;
    refused(unroll_curve_add(c, probe, &b), UNROLL_EUSAGE, "without input tokens");
    b = *unroll_windows_batch(windows);
    b.target = NULL;
    refused(unroll_curve_add(c, probe, &b), UNROLL_EUSAGE, "without targets");
    b = *unroll_windows_batch(windows);
    for (size_t i = 0; i < STEPS * ROWS; i++)
        weight[i] = i % ROWS != 2;
    b.weight = weight; /* row 2 has no target */
    refused(unroll_curve_add(c, probe, &b), UNROLL_EUSAGE, "a row of the batch has no target");
    ck_assert_uint_eq(unroll_curve_distances(c), 0);
    ck_assert_uint_eq(unroll_curve_reach(net, &b), 0);
    refused(unroll_jacobian_measure(probe, &b, NULL, &j), UNROLL_EUSAGE, "no target");
    b = *unroll_windows_batch(windows);
    const unroll_jacobian_options far = {.size = sizeof far, .distances = STEPS + 1};
    refused(unroll_jacobian_measure(probe, &b, &far, &j), UNROLL_EUSAGE, "over 40 steps, of 39");
    refused(unroll_weight_curve_measure(probe, &b, STEPS + 1, &w), UNROLL_EUSAGE, "41 distances");
    refused(unroll_diagnosis_measure(probe, &b, STEPS + 1, &d), UNROLL_EUSAGE, "41 distances");
    const unroll_probe_options sourced = {.size = sizeof sourced, .T = 5, .B = 2, .S = 4};
    refused(unroll_probe_new(net, &sourced, &none), UNROLL_EUSAGE, "reads no source");
    refused(unroll_probe_new(net, NULL, &none), UNROLL_EUSAGE, "at least one step");
    const unroll_probe_options exact = {
        .size = sizeof exact, .T = 5, .B = 2, .precision = (enum unroll_precision)7};
    refused(unroll_probe_new(net, &exact, &none), UNROLL_EUSAGE, "precision of a probe is 7");
    unroll_curve_free(of_other);
    unroll_curve_free(c);
    unroll_windows_free(windows);
    unroll_probe_free(probe);
    unroll_net_free(other);
    unroll_net_free(net);
}
END_TEST

START_TEST(questions_out_of_range)
{
    unroll_net *net = new_cell("gru", "uniform");
    unroll_probe *probe = new_probe(net, STEPS, ROWS);
    unroll_windows *windows = new_windows(STEPS, ROWS);
    unroll_curve *c, *none;
    unroll_curve_point point[STEPS];
    double gmean[STEPS];
    unroll_fit fit;
    OK(unroll_curve_new(net, NULL, &c));
    OK(unroll_curve_add(c, probe, unroll_windows_batch(windows)));
    refused(unroll_curve_points(c, 2, UNROLL_STATE_H, point), UNROLL_EUSAGE,
            "layer 2 of a curve of 2 layers");
    refused(unroll_curve_gmean(c, 1, UNROLL_STATE_C, gmean), UNROLL_EUSAGE, "no state c");
    refused(unroll_fit_curve(c, 7, UNROLL_STATE_H, 1, &fit), UNROLL_EUSAGE, "layer 7");
    ck_assert(unroll_curve_sample(c, 0, 0, UNROLL_STATE_H) &&
              !unroll_curve_sample(c, ROWS, 0, UNROLL_STATE_H) &&
              !unroll_curve_sample(c, 0, 2, UNROLL_STATE_H) &&
              !unroll_curve_sample(c, 0, 0, UNROLL_STATE_C));
    const unroll_curve_options unsized = {.distances = 3},
                               all = {.size = sizeof all, .losses = (enum unroll_curve_losses)9};
    refused(unroll_curve_new(net, &unsized, &none), UNROLL_EUSAGE, "unroll_curve_options is 0");
    refused(unroll_curve_new(net, &all, &none), UNROLL_EUSAGE, "losses of a curve is 9");
    const unroll_curve_options through = {.size = sizeof through, .through_statistics = true};
    OK(unroll_curve_new(net, &through, &none));
    refused(unroll_curve_add(none, probe, unroll_windows_batch(windows)), UNROLL_EUSAGE,
            "recurrent batch");
    unroll_curve_free(none);
    unroll_curve_free(c);
    unroll_windows_free(windows);
    unroll_probe_free(probe);
    unroll_net_free(net);
}
END_TEST

START_TEST(texts_that_are_too_short)
{
    uint32_t id[10] = {0};
    unroll_windows *w;
    unroll_gradient_monitor *monitor;
    unroll_net *net = new_cell("rnn", "uniform");
    const unroll_windows_options longer = {.size = sizeof longer, .T = 10},
                                 more = {.size = sizeof more,
                                         .T = 4,
                                         .windows = 3,
                                         .first = 2,
                                         .rows = 2},
                                 beyond = {.size = sizeof beyond, .T = 4, .windows = 3, .first = 3};
    refused(unroll_windows_of_tokens(id, 10, &longer, &w), UNROLL_EUSAGE,
            "10 tokens has no window of 10 steps");
    refused(unroll_windows_of_tokens(id, 0, NULL, &w), UNROLL_EUSAGE, "0 tokens");
    refused(unroll_windows_of_tokens(id, 10, &more, &w), UNROLL_EUSAGE, "2 windows from window 2 on");
    refused(unroll_windows_of_tokens(id, 10, &beyond, &w), UNROLL_EUSAGE,
            "1 windows from window 3 on");
    refused(unroll_gradient_monitor_new_tokens(net, id, 1, NULL, &monitor), UNROLL_EUSAGE,
            "at least 2 tokens");
    const unroll_batch b = {.T = 5, .B = 2, .input = id, .target = id};
    const unroll_gradient_monitor_options rows = {.size = sizeof rows, .rows = 3};
    refused(unroll_gradient_monitor_new(net, &b, &rows, &monitor), UNROLL_EUSAGE, "of a batch of 2");
    const unroll_batch blind = {.T = 5, .B = 2, .target = id};
    refused(unroll_gradient_monitor_new(net, &blind, NULL, &monitor), UNROLL_EUSAGE,
            "without input tokens");
    unroll_net_free(net);
}
END_TEST

/* Of an encoder–decoder the curve alone is measured, of each row's last target. */
START_TEST(encoder_and_decoder)
{
    enum { S = 4, T = 5, B = 2 };
    uint32_t source[S * B], input[T * B], target[T * B];
    unroll_real weight[T * B];
    const unroll_net_spec spec = {.size = sizeof spec,
                                  .source = SYMBOLS,
                                  .inputs = SYMBOLS,
                                  .outputs = SYMBOLS,
                                  .cell = "lstm",
                                  .layers = 1,
                                  .hidden = HIDDEN};
    unroll_net *net = new_net(&spec, "uniform");
    unroll_probe *probe;
    unroll_curve *c, *none;
    const unroll_probe_options o = {.size = sizeof o, .T = T, .B = B, .S = S, .threads = 1};
    fill_tokens(S * B, source);
    fill_tokens(T * B, input);
    fill_tokens(T * B, target);
    unroll_batch b = {.T = T, .B = B, .S = S, .source = source, .input = input, .target = target};
    OK(unroll_probe_new(net, &o, &probe));
    OK(unroll_curve_new(net, NULL, &c));
    OK(unroll_curve_add(c, probe, &b));
    ck_assert(unroll_curve_distances(c) == S + T && unroll_curve_samples(c) == B);
    ck_assert_uint_eq(unroll_curve_reach(net, &b), S + T);
    for (size_t k = 0; k < S + T; k++)
        ck_assert_double_gt(unroll_curve_sample(c, 1, 0, UNROLL_STATE_H)[k], 0);
    for (size_t i = 0; i < T * B; i++)
        weight[i] = i % B != 1;
    b.weight = weight;
    OK(unroll_curve_new(net, NULL, &none));
    refused(unroll_curve_add(none, probe, &b), UNROLL_EUSAGE, "has no target");
    unroll_curve_free(none);
    refused(unroll_curve_add(c, probe, &b), UNROLL_EUSAGE, "not all pairs reach more than 0");
    const unroll_curve_options all = {.size = sizeof all, .losses = UNROLL_LOSSES_ALL};
    refused(unroll_curve_new(net, &all, &none), UNROLL_EUSAGE, "last losses alone");
    refused(unroll_lyapunov_measure(probe, &b, NULL, &(unroll_lyapunov *){0}), UNROLL_EUSAGE,
            "encoder–decoder");
    refused(unroll_jacobian_measure(probe, &b, NULL, &(unroll_jacobian *){0}), UNROLL_EUSAGE,
            "encoder–decoder");
    refused(unroll_diagnosis_measure(probe, &b, 0, &(unroll_diagnosis *){0}), UNROLL_EUSAGE,
            "encoder–decoder");
    unroll_curve_free(c);
    unroll_probe_free(probe);
    unroll_net_free(net);
}
END_TEST

START_TEST(a_diverged_net)
{
    unroll_net *net = new_cell("lstm", "uniform");
    unroll_probe *probe = new_probe(net, STEPS, ROWS);
    unroll_windows *windows = new_windows(STEPS, ROWS);
    unroll_gradient_monitor *monitor;
    unroll_curve *c;
    OK(unroll_gradient_monitor_new(net, unroll_windows_batch(windows), NULL, &monitor));
    OK(unroll_curve_new(net, NULL, &c));
    OK(unroll_curve_add(c, probe, unroll_windows_batch(windows)));
    unroll_net_weights(net)[0] = NAN;
    unroll_net_pack(net, 1);
    refused(unroll_curve_add(c, probe, unroll_windows_batch(windows)), UNROLL_ENUMERIC, "diverged");
    ck_assert_uint_eq(unroll_curve_samples(c), ROWS); /* as it was */
    refused(unroll_gradient_monitor_take(monitor), UNROLL_ENUMERIC, "diverged");
    unroll_curve_free(c);
    unroll_gradient_monitor_free(monitor);
    unroll_windows_free(windows);
    unroll_probe_free(probe);
    unroll_net_free(net);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("refusals of the probe");
    TCase *refusals = new_case(suite, "refusals");
    tcase_add_test(refusals, batches_that_do_not_fit);
    tcase_add_test(refusals, questions_out_of_range);
    tcase_add_test(refusals, texts_that_are_too_short);
    tcase_add_test(refusals, encoder_and_decoder);
    tcase_add_test(refusals, a_diverged_net);
    return suite;
}
