/* A gradient monitor as a training loop of another program has it: through the installed headers alone. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unroll.h>

#include "parameter.h"
#include "public_nets.h"
#include "runner.h"

typedef struct loop {
    unroll_net *net;
    unroll_work *work;
    unroll_real *grad;
    unroll_windows *windows;
} loop;

static void open_loop(loop *p)
{
    p->net = new_cell("lstm", "uniform");
    p->windows = new_windows(20, 8);
    OK(unroll_work_new(p->net,
                       &(unroll_work_options){.size = sizeof(unroll_work_options),
                                              .T = 20,
                                              .B = 8,
                                              .threads = 1,
                                              .training = true},
                       &p->work));
    p->grad = calloc(unroll_net_size(p->net), sizeof *p->grad);
}

static void step(loop *p)
{
    unroll_result result;
    unroll_real *weights = unroll_net_weights(p->net);
    OK(unroll_net_gradient(p->net, unroll_windows_batch(p->windows), p->work, p->grad, &result));
    for (size_t i = 0; i < unroll_net_size(p->net); i++)
        weights[i] -= (unroll_real)0.5 * p->grad[i];
    unroll_net_pack(p->net, 1);
}

static void close_loop(loop *p)
{
    free(p->grad);
    unroll_work_free(p->work);
    unroll_windows_free(p->windows);
    unroll_net_free(p->net);
}

/* The record is what a probe of its own finds, and the training has the same bits as one that nobody watches. */
START_TEST(monitor_of_an_own_loop)
{
    const enum unroll_precision precision = (enum unroll_precision)_i;
    loop watched, alone;
    unroll_gradient_monitor *monitor;
    unroll_curve *c;
    unroll_fit fit;
    open_loop(&watched);
    open_loop(&alone);
    unroll_windows *held_out = new_windows(STEPS, ROWS);
    unroll_probe *probe =
        new_probe_in(precision ? precision : UNROLL_PRECISION_FLOAT, watched.net, STEPS, ROWS);
    const unroll_gradient_monitor_options o = {.size = sizeof o, .threads = 1, .precision = precision};
    OK(unroll_gradient_monitor_new(watched.net, unroll_windows_batch(held_out), &o, &monitor));
    ck_assert_uint_eq(unroll_curve_samples(unroll_gradient_monitor_curve(monitor)), 0);
    ck_assert(isnan(unroll_gradient_monitor_fit(monitor)->slope));
    double before = 0;
    for (int i = 0; i < 6; i++) {
        step(&watched);
        step(&alone);
        if (i % 3 != 0)
            continue;
        OK(unroll_gradient_monitor_take(monitor));
        const unroll_curve *seen = unroll_gradient_monitor_curve(monitor);
        OK(unroll_curve_new(watched.net, NULL, &c));
        OK(unroll_curve_add(c, probe, unroll_windows_batch(held_out)));
        ck_assert(unroll_curve_samples(seen) == ROWS && unroll_curve_distances(seen) == STEPS);
        for (size_t r = 0; r < ROWS; r++)
            ck_assert_mem_eq(unroll_curve_sample(c, r, 1, UNROLL_STATE_C),
                             unroll_curve_sample(seen, r, 1, UNROLL_STATE_C), STEPS * sizeof(double));
        OK(unroll_fit_curve(c, 1, UNROLL_STATE_H, 1, &fit));
        ck_assert_double_eq(fit.slope, unroll_gradient_monitor_fit(monitor)->slope);
        ck_assert_double_ne(fit.slope, before); /* it learns, so each record is another one */
        before = fit.slope;
        unroll_curve_free(c);
    }
    ck_assert_mem_eq(unroll_net_weights(watched.net), unroll_net_weights(alone.net),
                     unroll_net_size(alone.net) * sizeof(unroll_real));
    unroll_probe_free(probe);
    unroll_gradient_monitor_free(monitor);
    unroll_windows_free(held_out);
    close_loop(&alone);
    close_loop(&watched);
}
END_TEST

START_TEST(histograms_of_a_record)
{
    unroll_net *net = new_cell("lstm", "uniform");
    unroll_windows *held_out = new_windows(STEPS, ROWS);
    unroll_gradient_monitor *monitor;
    const unroll_gradient_monitor_options o = {
        .size = sizeof o, .distances = 10, .steps = 15, .rows = 4, .threads = 1};
    OK(unroll_gradient_monitor_new(net, unroll_windows_batch(held_out), &o, &monitor));
    OK(unroll_gradient_monitor_take(monitor));
    const unroll_histograms *h = unroll_gradient_monitor_histograms(monitor);
    size_t elements = 0;
    for (size_t i = 0; i < unroll_histograms_count(h); i++) {
        const unroll_histogram *one = unroll_histograms_at(h, i);
        uint64_t all = one->zero;
        for (size_t b = 0; b < UNROLL_BINS; b++)
            all += one->bin[b];
        if (i < unroll_histograms_parameters(h))
            elements += all;
        else
            ck_assert_uint_eq(all, 15 * 4 * HIDDEN);
    }
    ck_assert_uint_eq(elements, unroll_net_trainable(net));
    ck_assert_uint_eq(unroll_histograms_count(h) - unroll_histograms_parameters(h), 4);
    ck_assert_str_eq(unroll_histograms_at(h, unroll_histograms_parameters(h) + 3)->name, "c_l1");
    ck_assert_ptr_null(unroll_histograms_at(h, unroll_histograms_count(h)));
    ck_assert_uint_eq(unroll_curve_distances(unroll_gradient_monitor_curve(monitor)), 10);
    unroll_gradient_monitor_free(monitor);
    unroll_windows_free(held_out);
    unroll_net_free(net);
}
END_TEST

/* Within a training window a loss in every so many steps; beyond it a few long windows. */
START_TEST(monitor_of_a_text)
{
    static const struct {
        size_t count, distances, expected, samples;
    } cases[] = {
        {1000, 0, 20, 11}, /* ten windows of 40 steps, of which the first alone holds two whole chains */
        {1000, 60, 60, 10}, /* two windows of 75 steps, five losses in each */
        {63, 60, 60, 3},    /* one window of 62 steps, with as many losses as reach over 60 */
        {2, 0, 1, 1},
    };
    uint32_t id[1000];
    unroll_net *net = new_cell("rnn", "uniform");
    fill_tokens(1000, id);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const unroll_gradient_monitor_options o = {
            .size = sizeof o, .distances = cases[i].distances, .steps = 20, .threads = 1};
        unroll_gradient_monitor *monitor;
        OK(unroll_gradient_monitor_new_tokens(net, id, cases[i].count, &o, &monitor));
        OK(unroll_gradient_monitor_take(monitor));
        const unroll_curve *c = unroll_gradient_monitor_curve(monitor);
        ck_assert_uint_eq(unroll_curve_distances(c), cases[i].expected);
        ck_assert_msg(unroll_curve_samples(c) == cases[i].samples, "case %zu: %zu samples", i,
                      unroll_curve_samples(c));
        unroll_gradient_monitor_free(monitor);
    }
    const unroll_gradient_monitor_options far = {.size = sizeof far, .distances = 60, .steps = 20};
    ck_assert_uint_eq(unroll_gradient_monitor_tokens(&far), 75 + 10);
    ck_assert_uint_eq(unroll_gradient_monitor_tokens(NULL), 2 * 50 + 10);
    unroll_net_free(net);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("gradient monitor through its public header");
    TCase *monitor = new_case(suite, "monitor");
    tcase_add_loop_test(monitor, monitor_of_an_own_loop, UNROLL_PRECISION_DEFAULT,
                        UNROLL_PRECISION_FLOAT + 1);
    tcase_add_test(monitor, histograms_of_a_record);
    tcase_add_test(monitor, monitor_of_a_text);
    return suite;
}
