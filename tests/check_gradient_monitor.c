/* What is recorded beside a training: histograms and curves, of texts and of translations; and that nothing of the net
 * changes. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allowance.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "cell/cells.h"
#include "net/net.h"
#include "probe_nets.h"
#include "runner.h"
#include "store/curve_csv.h"

/* Count by hand what the histogram counts by bits. */
START_TEST(histograms_count_every_gradient)
{
    const fresh f = {unroll_cell_name((size_t)_i), NULL, "uniform", 2, 19, 7, 30, 5, NAN, 2};
    probed p;
    unroll_histograms *h;
    unroll_result result;
    const unroll_parameter *list;
    open_fresh(&p, &f);
    OK(unroll_histograms_new(p.net, &h));
    OK(unroll_histograms_measure(h, p.probe, &p.batch));
    OK(unroll_histograms_measure(h, p.probe, &p.batch)); /* anew, not on top */
    float *grad = calloc(unroll_net_size(p.net), sizeof *grad);
    OK(unroll_net_gradient(p.net, &p.batch, p.work, grad, &result));
    unroll_net_parameters(p.net, &list);
    size_t elements = 0;
    const size_t parameters = unroll_histograms_parameters(h), count = unroll_histograms_count(h);
    for (size_t i = 0, index = 0; i < parameters; i++, index++) {
        const unroll_histogram *one = unroll_histograms_at(h, i);
        while (p.net->parameters.use[index].trained == 0) /* what never learns is left out */
            index++;
        const unroll_parameter *q = &list[index];
        const size_t n = p.net->parameters.use[index].trained;
        const size_t first = q->offset + p.net->parameters.use[index].first;
        uint64_t expected[UNROLL_BINS] = {0}, zero = 0;
        ck_assert_str_eq(one->name, q->name);
        for (size_t k = first; k < first + n; k++)
            if (grad[k] == 0)
                zero++;
            else
                expected[(size_t)floor(2 * (log10(fabs((double)grad[k])) - UNROLL_BINS_LOW))]++;
        ck_assert_uint_eq(zero, one->zero);
        for (size_t b = 0; b < UNROLL_BINS; b++)
            ck_assert_uint_eq(expected[b], one->bin[b]);
        elements += n;
    }
    ck_assert_uint_eq(elements, unroll_net_trainable(p.net));
    ck_assert_uint_eq(count - parameters, 2 * p.net->stack.cell->states);
    for (size_t i = parameters; i < count; i++) {
        const unroll_histogram *one = unroll_histograms_at(h, i);
        uint64_t all = one->zero;
        for (size_t b = 0; b < UNROLL_BINS; b++)
            all += one->bin[b];
        ck_assert_uint_eq(all, f.T * f.B * f.hidden);
    }
    ck_assert_str_eq(unroll_histograms_at(h, count - 1)->name,
                     p.net->stack.cell->states > 1 ? "c_l1" : "h_l1");
    free(grad);
    unroll_histograms_free(h);
    close_probed(&p);
}
END_TEST

START_TEST(recording_leaves_the_net_alone)
{
    const fresh f = {"lstm", NULL, "uniform", 2, 20, 7, 40, 6, NAN, 1};
    probed p;
    unroll_gradient_monitor *monitor;
    unroll_buffer rows = {0}, again = {0};
    open_fresh(&p, &f);
    const size_t bytes = unroll_net_size(p.net) * sizeof(float);
    float *before = malloc(bytes);
    memcpy(before, unroll_net_weights(p.net), bytes);
    const unroll_gradient_monitor_options o = {.size = sizeof o, .distances = 20, .threads = 1};
    OK(unroll_gradient_monitor_new(p.net, &p.batch, &o, &monitor));
    OK(unroll_gradient_monitor_take(monitor));
    unroll_curve_csv_rows(&rows, 7, unroll_gradient_monitor_curve(monitor));
    unroll_histogram_csv_rows(&rows, 7, unroll_gradient_monitor_histograms(monitor));
    OK(unroll_gradient_monitor_take(monitor));
    unroll_curve_csv_rows(&again, 7, unroll_gradient_monitor_curve(monitor));
    unroll_histogram_csv_rows(&again, 7, unroll_gradient_monitor_histograms(monitor));
    ck_assert(memcmp(before, unroll_net_weights(p.net), bytes) == 0);
    ck_assert_str_eq(rows.text, again.text);
    ck_assert(!rows.failed && strncmp(rows.text, "7,0,h,0,", 8) == 0);
    /* two chains in the first row, one in the others */
    ck_assert_uint_eq(unroll_curve_samples(unroll_gradient_monitor_curve(monitor)), 7);
    size_t lines = 0;
    for (const char *c = rows.text; *c; c++)
        lines += *c == '\n';
    ck_assert_uint_gt(lines, 2 * 2 * 20);
    unroll_free(rows.text);
    unroll_free(again.text);
    unroll_gradient_monitor_free(monitor);
    free(before);
    close_probed(&p);
}
END_TEST

static void copy_weights(unroll_net *from, const char *name, unroll_net *to, const char *prefix,
                         const char *rest)
{
    char full[80];
    snprintf(full, sizeof full, "%s%s", prefix, rest);
    const unroll_parameter *x = parameter_of(from, name), *y = parameter_of(to, full);
    ck_assert(x->rows == y->rows && x->cols == y->cols);
    memcpy(unroll_net_weights(to) + y->offset, unroll_net_weights(from) + x->offset,
           x->rows * (x->cols ? x->cols : 1) * sizeof(float));
}

/* An encoder and a decoder of the same weights are one network that reads source and target in a row. Sources
 * of 5 and 3 words, targets of 4 and 6; hidden to the end by padding. */
START_TEST(pairs_are_one_long_sequence)
{
    enum { V = 6, S = 5, T = 6, B = 2 };
    static const size_t words[B] = {5, 3}, targets[B] = {4, 6};
    const fresh f = {unroll_cell_name((size_t)_i), NULL, "xavier", 2, 7, V, S + T, 1, NAN, 4};
    unroll_net_spec spec = {.size = sizeof spec,
                            .source = V,
                            .inputs = V,
                            .outputs = V,
                            .cell = unroll_cell_name((size_t)_i),
                            .layers = 2,
                            .hidden = 7,
                            .dropout = 0.5};
    uint32_t source[S * B] = {0}, input[T * B] = {0}, target[T * B] = {0};
    uint8_t source_mode[S * B], mode[T * B];
    float weight[T * B];
    unroll_gradient_monitor *monitor;
    probed p;
    unroll_net *net;
    open_fresh(&p, &f);
    OK(unroll_net_new(&spec, &net));
    for (int i = 0; i < 8; i++) {
        static const char *const parts[] = {"rnn.weight_ih_l", "rnn.weight_hh_l", "rnn.bias_ih_l",
                                            "rnn.bias_hh_l"};
        char name[32];
        snprintf(name, sizeof name, "%s%d", parts[i % 4], i / 4);
        copy_weights(p.net, name, net, "encoder.", name);
        copy_weights(p.net, name, net, "decoder.", name);
    }
    copy_weights(p.net, "decoder.weight", net, "decoder.output.", "weight");
    copy_weights(p.net, "decoder.bias", net, "decoder.output.", "bias");
    unroll_net_pack(net, 1);
    for (size_t i = 0; i < S * B; i++) {
        source_mode[i] = i / B < words[i % B] ? UNROLL_RUN : UNROLL_HOLD;
        source[i] = (uint32_t)(i * i + 1) % V;
    }
    for (size_t i = 0; i < T * B; i++) {
        mode[i] = i / B < targets[i % B] ? UNROLL_RUN : UNROLL_HOLD;
        weight[i] = mode[i] == UNROLL_RUN;
        input[i] = (uint32_t)(3 * i + i / 4) % V;
        target[i] = (uint32_t)(5 * i + i / 3) % V;
    }
    const unroll_batch pairs = {.T = T,
                                .B = B,
                                .S = S,
                                .source = source,
                                .input = input,
                                .source_mode = source_mode,
                                .target = target,
                                .mode = mode,
                                .weight = weight};
    const unroll_gradient_monitor_options o = {.size = sizeof o, .threads = 1};
    OK(unroll_gradient_monitor_new(net, &pairs, &o, &monitor));
    OK(unroll_gradient_monitor_take(monitor));
    const unroll_curve *curve = unroll_gradient_monitor_curve(monitor);
    ck_assert_uint_eq(unroll_curve_distances(curve), 9);
    ck_assert_uint_eq(unroll_curve_samples(curve), B);
    for (size_t r = 0; r < B; r++) {
        const size_t length = words[r] + targets[r];
        for (size_t t = 0; t < length; t++) {
            const size_t k = t < words[r] ? t * B + r : (t - words[r]) * B + r;
            p.input[t] = t < words[r] ? source[k] : input[k];
            p.target[t] = t < words[r] ? 0 : target[k];
        }
        p.batch.T = length;
        unroll_curve *one = last_curve(&p, 9);
        for (size_t l = 0; l < 2; l++)
            for (int c = 0; c <= (_i == 1); c++)
                for (size_t k = 0; k < 9; k++) {
                    const enum unroll_state state = (enum unroll_state)c;
                    const double want = unroll_curve_sample(one, 0, l, state)[k];
                    ck_assert_double_gt(want, 0);
                    ck_assert_double_eq_tol(unroll_curve_sample(curve, r, l, state)[k] / want, 1,
                                            1e-4);
                }
        unroll_curve_free(one);
    }
    unroll_gradient_monitor_free(monitor);
    unroll_net_free(net);
    close_probed(&p);
}
END_TEST

/* The probe and everything that it measures, in doubles or in floats. */
static unroll_status measure_all(enum unroll_precision precision, const probed *p)
{
    const unroll_probe_options o = {
        .size = sizeof o, .T = p->batch.T, .B = p->batch.B, .threads = 1, .precision = precision};
    unroll_probe *probe = NULL;
    unroll_curve *c = NULL;
    unroll_histograms *h = NULL;
    unroll_diagnosis *d = NULL;
    unroll_jacobian *j = NULL;
    unroll_lyapunov *l = NULL;
    unroll_weight_curve *w = NULL;
    unroll_status status = unroll_probe_new(p->net, &o, &probe);
    if (status == UNROLL_OK)
        status = unroll_curve_new(p->net, NULL, &c);
    if (status == UNROLL_OK)
        status = unroll_histograms_new(p->net, &h);
    if (status == UNROLL_OK)
        status = unroll_curve_add(c, probe, &p->batch);
    if (status == UNROLL_OK)
        status = unroll_histograms_measure(h, probe, &p->batch);
    if (status == UNROLL_OK)
        status = unroll_diagnosis_measure(probe, &p->batch, 0, &d);
    if (status == UNROLL_OK)
        status = unroll_jacobian_measure(probe, &p->batch, NULL, &j);
    if (status == UNROLL_OK)
        status = unroll_lyapunov_measure(probe, &p->batch, NULL, &l);
    if (status == UNROLL_OK)
        status = unroll_weight_curve_measure(probe, &p->batch, 0, &w);
    unroll_weight_curve_free(w);
    unroll_lyapunov_free(l);
    unroll_jacobian_free(j);
    unroll_diagnosis_free(d);
    unroll_histograms_free(h);
    unroll_curve_free(c);
    unroll_probe_free(probe);
    return status;
}

START_TEST(any_allocation_of_a_probe_may_fail)
{
    const fresh f = {"lstm", NULL, "uniform", 2, 8, 7, 12, 3, NAN, 1};
    long n = 0;
    probed p;
    open_fresh(&p, &f);
    for (; allow(n); n++) {
        const unroll_status status = measure_all((enum unroll_precision)_i, &p);
        allowed(status);
        ck_assert(status == UNROLL_OK || status == UNROLL_EMEMORY);
    }
    ck_assert(n > 30 && n < 1000);
    close_probed(&p);
}
END_TEST

START_TEST(any_allocation_may_fail)
{
    const fresh f = {"lstm", NULL, "uniform", 2, 8, 7, 20, 4, NAN, 1};
    probed p;
    open_fresh(&p, &f);
    for (long n = 0; allow(n); n++) {
        const unroll_gradient_monitor_options o = {.size = sizeof o, .threads = 1};
        unroll_gradient_monitor *monitor = NULL;
        unroll_diagnosis *d = NULL;
        unroll_status status = unroll_gradient_monitor_new(p.net, &p.batch, &o, &monitor);
        if (status == UNROLL_OK)
            status = unroll_gradient_monitor_take(monitor);
        if (status == UNROLL_OK)
            status = unroll_diagnosis_measure(p.probe, &p.batch, 20, &d);
        allowed(status);
        unroll_diagnosis_free(d);
        unroll_gradient_monitor_free(monitor);
        ck_assert(status == UNROLL_OK || status == UNROLL_EMEMORY);
    }
    close_probed(&p);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("gradient monitor");
    TCase *tests = new_case(suite, "all");
    tcase_add_loop_test(tests, histograms_count_every_gradient, 0, (int)unroll_cell_count());
    tcase_add_test(tests, recording_leaves_the_net_alone);
    tcase_add_loop_test(tests, pairs_are_one_long_sequence, 0, (int)unroll_cell_count());
    tcase_add_test(tests, any_allocation_may_fail);
    tcase_add_loop_test(tests, any_allocation_of_a_probe_may_fail, UNROLL_PRECISION_DOUBLE,
                        UNROLL_PRECISION_FLOAT + 1);
    return suite;
}
