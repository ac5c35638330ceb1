/* What is recorded beside a training: windows, histograms, saturation, rows; and that nothing
 * of the net changes. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "cell/cells.h"
#include "net/net.h"
#include "probe/inject.h"
#include "probe/probe.h"
#include "probe/windows.h"
#include "probe_nets.h"
#include "runner.h"
#include "store/curve_csv.h"

START_TEST(windows_are_spread_evenly)
{
    uint32_t id[100];
    unroll_windows *windows;
    for (uint32_t i = 0; i < 100; i++)
        id[i] = i;
    need_ok(unroll_windows_of_tokens(id, 100,
                                     &(unroll_windows_options){
                                         .size = sizeof(unroll_windows_options), .T = 10, .windows = 4},
                                     &windows));
    const unroll_batch *b = unroll_windows_batch(windows);
    const uint32_t first[] = {0, 29, 59, 89};
    for (size_t r = 0; r < 4; r++)
        for (uint32_t t = 0; t < 10; t++) {
            ck_assert_uint_eq(b->input[t * 4 + r], first[r] + t);
            ck_assert_uint_eq(b->target[t * 4 + r], first[r] + t + 1);
        }
    unroll_windows_free(windows);
    const unroll_windows_options turn = {
        .size = sizeof turn, .T = 10, .windows = 4, .first = 2, .rows = 2};
    need_ok(unroll_windows_of_tokens(id, 100, &turn, &windows)); /* the same in turns */
    ck_assert_uint_eq(unroll_windows_batch(windows)->input[0], 59);
    unroll_windows_free(windows);
    const unroll_windows_options one = {.size = sizeof one, .T = 10, .windows = 1};
    need_ok(unroll_windows_of_tokens(id, 11, &one, &windows));
    ck_assert_uint_eq(unroll_windows_batch(windows)->target[9], 10);
    unroll_windows_free(windows);
    ck_assert_int_eq(unroll_windows_of_tokens(id, 10, &one, &windows), UNROLL_EUSAGE);
}
END_TEST

START_TEST(rows_of_a_batch)
{
    unroll_windows *windows;
    const float feature[2 * 3 * 2] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    const float value[2 * 3] = {0, 1, 2, 3, 4, 5}, weight[6] = {0, 0, 0, 1, 1, 0};
    const unroll_batch from = {.T = 2, .B = 3, .feature = feature, .value = value, .weight = weight};
    need_ok(unroll_windows_of_batch(&from, 0, 2, 2, 1, &windows));
    const unroll_batch *b = unroll_windows_batch(windows);
    ck_assert(b->T == 2 && b->B == 2 && !b->input && !b->target && !b->mode);
    ck_assert(b->feature[3] == 3 && b->feature[4] == 6 && b->feature[7] == 9);
    ck_assert(b->value[1] == 1 && b->value[2] == 3 && b->weight[0] == 0 && b->weight[3] == 1);
    ck_assert_uint_eq(unroll_batch_reach(b), 2);
    unroll_windows_free(windows);
    need_ok(unroll_windows_of_batch(&from, 1, 2, 2, 1, &windows));
    b = unroll_windows_batch(windows);
    ck_assert(b->feature[0] == 2 && b->feature[7] == 11 && b->value[3] == 5);
    ck_assert_uint_eq(unroll_batch_reach(&from), 0);
    unroll_windows_free(windows);
}
END_TEST

/* Count by hand what the histogram counts by bits. */
START_TEST(histograms_count_every_gradient)
{
    const fresh f = {unroll_cell_name((size_t)_i), NULL, "uniform", 2, 19, 7, 30, 5, NAN, 2};
    probed p;
    unroll_histograms *h;
    unroll_result result;
    const unroll_parameter *list;
    open_fresh(&p, &f);
    need_ok(unroll_histograms_new(p.net, &h));
    need_ok(unroll_histograms_measure(h, p.probe, &p.batch));
    need_ok(unroll_histograms_measure(h, p.probe, &p.batch)); /* anew, not on top */
    float *grad = calloc(unroll_net_size(p.net), sizeof *grad);
    need_ok(unroll_net_gradient(p.net, &p.batch, p.work, grad, &result));
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
    ck_assert_str_eq(unroll_histograms_at(h, count - 1)->name, _i == 1 ? "c_l1" : "h_l1");
    free(grad);
    unroll_histograms_free(h);
    close_probed(&p);
}
END_TEST

static void set_bias(probed *p, const char *name, float value)
{
    const unroll_parameter *a = parameter_of(p->net, name);
    for (size_t k = 0; k < a->rows; k++)
        unroll_net_weights(p->net)[a->offset + k] = value;
    unroll_net_pack(p->net, 1);
}

/* Units are saturated from step 5 on, where the row has no loss any more. */
START_TEST(steps_behind_the_last_loss_do_not_count)
{
    const fresh f = {"rnn", "relu", "xavier", 1, 16, 7, 20, 2, NAN, 1};
    float weight[20 * 2] = {[4 * 2] = 1, [4 * 2 + 1] = 1};
    probed p;
    unroll_diagnosis *d;
    open_fresh(&p, &f);
    p.batch.weight = weight;
    for (size_t i = 0; i < 20 * 2; i++)
        p.input[i] = i / 2 < 5 ? 0 : 1;
    const unroll_parameter *w = parameter_of(p.net, "rnn.weight_ih_l0");
    float *column = calloc(w->rows * w->cols, sizeof *column);
    for (size_t j = 0; j < w->rows; j++) {
        column[j * w->cols] = -50;
        column[j * w->cols + 1] = 50;
    }
    unroll_parameter_set(w, unroll_net_weights(p.net), column);
    unroll_net_pack(p.net, 1);
    need_ok(unroll_diagnosis_measure(p.probe, &p.batch, 5, &d));
    ck_assert_double_eq(unroll_diagnosis_saturation(d, 0)->high, 0);
    ck_assert_double_eq(unroll_diagnosis_saturation(d, 0)->dead, 1);
    ck_assert_double_eq(unroll_diagnosis_slope_square(d, 0), 0);
    unroll_diagnosis_free(d);
    free(column);
    close_probed(&p);
}
END_TEST

START_TEST(saturated_and_dead_units)
{
    fresh f = {"rnn", NULL, "xavier", 1, 16, 7, 20, 3, NAN, 1};
    probed p;
    unroll_diagnosis *d;
    open_fresh(&p, &f);
    set_bias(&p, "rnn.bias_ih_l0", 50);
    need_ok(unroll_diagnosis_measure(p.probe, &p.batch, 20, &d));
    ck_assert(!unroll_diagnosis_saturation(d, 1) && unroll_diagnosis_saturation(d, 0)->high == 1 &&
              isnan(unroll_diagnosis_saturation(d, 0)->low) &&
              isnan(unroll_diagnosis_saturation(d, 0)->dead));
    ck_assert(unroll_diagnosis_slope_square(d, 0) == 0 && unroll_diagnosis_mean_field(d, 0) == 0 &&
              !unroll_diagnosis_keep(d, 0));
    unroll_diagnosis_free(d);
    close_probed(&p);
    f.activation = "relu";
    open_fresh(&p, &f);
    set_bias(&p, "rnn.bias_ih_l0", -50);
    need_ok(unroll_diagnosis_measure(p.probe, &p.batch, 20, &d));
    ck_assert(unroll_diagnosis_saturation(d, 0)->dead == 1);
    unroll_diagnosis_free(d);
    close_probed(&p);
    f = (fresh){"lstm", NULL, "xavier", 1, 16, 7, 20, 3, 50, 1};
    open_fresh(&p, &f); /* the forget gate is wide open */
    need_ok(unroll_diagnosis_measure(p.probe, &p.batch, 20, &d));
    ck_assert(unroll_diagnosis_saturation(d, 4) && !unroll_diagnosis_saturation(d, 5));
    ck_assert(strcmp(unroll_diagnosis_saturation(d, 2)->name, "f") == 0 &&
              unroll_diagnosis_saturation(d, 2)->high == 1 &&
              unroll_diagnosis_saturation(d, 2)->low == 0);
    ck_assert(isnan(unroll_diagnosis_bound(d, 0)) && isnan(unroll_diagnosis_mean_field(d, 0)));
    for (size_t k = 0; k < 20; k++)
        ck_assert_double_eq_tol(unroll_diagnosis_keep(d, 0)[k], 1, 1e-6);
    unroll_diagnosis_free(d);
    close_probed(&p);
}
END_TEST

/* As the curve: of this batch's statistics, not of the running ones, which a fresh net has not yet. */
START_TEST(saturation_is_of_the_states_probed)
{
    const unroll_net_spec spec = {.size = sizeof spec,
                                  .cell = "rnn",
                                  .layers = 1,
                                  .inputs = 7,
                                  .outputs = 7,
                                  .hidden = 16,
                                  .norm = "batch"};
    probed p;
    unroll_diagnosis *d;
    open_probed(&p, &spec, 20, 6, 1);
    const unroll_init init = {
        .size = sizeof init, .kind = "uniform", .scale = 1, .seed = 1, .norm_gamma = 1};
    need_ok(unroll_net_init(p.net, &init));
    unroll_real *weights = unroll_net_weights(p.net);
    const unroll_parameter *w = parameter_of(p.net, "rnn.weight_ih_l0");
    for (size_t i = 0; i < w->rows * w->cols; i++)
        weights[w->offset + i] *= 0.1f; /* tanh comes to 0.9 by unit variance alone */
    unroll_net_pack(p.net, 1);
    need_ok(unroll_diagnosis_measure(p.probe, &p.batch, 20, &d));
    ck_assert_double_gt(unroll_diagnosis_saturation(d, 0)->high, 0.01);
    unroll_diagnosis_free(d);
    close_probed(&p);
}
END_TEST

/* The product of forget gates alone, against what the gates say one by one: back from each row's last loss, behind
 * which no step counts. */
START_TEST(products_of_gates)
{
    const fresh f = {"lstm", NULL, "xavier", 2, 8, 7, 12, 2, 1, 1};
    static const float weight[12 * 2] = {[7 * 2] = 1, [3 * 2 + 1] = 1, [9 * 2 + 1] = 1};
    static const size_t ends[2][2] = {{12, 12}, {8, 10}};
    const size_t *end = ends[_i], distances = _i ? 8 : 12;
    probed p;
    unroll_diagnosis *d;
    open_fresh(&p, &f);
    if (_i)
        p.batch.weight = weight;
    need_ok(unroll_diagnosis_measure(p.probe, &p.batch, distances, &d));
    const size_t pitch = p.net->stack.pitch;
    for (size_t l = 0; l < 2; l++) {
        double logs = 0;
        for (size_t r = 0; r < 2; r++) {
            double mean = 0;
            for (size_t j = 0; j < 8; j++) {
                double product = 1;
                for (size_t t = end[r] - 5; t < end[r]; t++)
                    product *= (double)p.work->run.at[l].z[((t * 2 + r) * 4 + 1) * pitch + j];
                mean += product / 8;
            }
            logs += log(mean) / 2;
        }
        ck_assert_double_eq_tol(unroll_diagnosis_keep(d, l)[5], exp(logs), 1e-9);
        ck_assert_double_eq(unroll_diagnosis_keep(d, l)[0], 1);
    }
    unroll_diagnosis_free(d);
    close_probed(&p);
}
END_TEST

/* mean φ'² by hand, the bound by a matrix whose singular values are known. */
START_TEST(theory_of_a_known_matrix)
{
    const fresh f = {"rnn", "sigmoid", "orthogonal", 1, 16, 7, 20, 3, NAN, 1};
    probed p;
    unroll_diagnosis *d;
    open_fresh(&p, &f);
    need_ok(unroll_diagnosis_measure(p.probe, &p.batch, 20, &d));
    const size_t pitch = p.net->stack.pitch;
    double sum = 0;
    for (size_t i = 3; i < 21 * 3; i++)
        for (size_t j = 0; j < 16; j++) {
            const double h = (double)p.work->run.at[0].h[i * pitch + j];
            sum += pow(h * (1 - h), 2) / (20 * 3 * 16);
        }
    ck_assert_double_eq_tol(unroll_diagnosis_slope_square(d, 0), sum, 1e-6);
    ck_assert_double_eq_tol(unroll_diagnosis_bound(d, 0), 0.25, 1e-6);
    ck_assert_double_eq_tol(unroll_diagnosis_mean_field(d, 0), sqrt(sum), 1e-5);
    unroll_diagnosis_free(d);
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
    need_ok(unroll_gradient_monitor_new(p.net, &p.batch, &o, &monitor));
    need_ok(unroll_gradient_monitor_take(monitor));
    unroll_curve_csv_rows(&rows, 7, unroll_gradient_monitor_curve(monitor));
    unroll_histogram_csv_rows(&rows, 7, unroll_gradient_monitor_histograms(monitor));
    need_ok(unroll_gradient_monitor_take(monitor));
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

/* Stacked rows: each chain is what a window that ends with its loss shows. */
START_TEST(stacked_rows_are_single_losses)
{
    enum { T = 40, DISTANCES = 30, SEQUENCES = 2, POSITIONS = 3 };
    static const size_t end[POSITIONS] = {29, 34, 39};
    const fresh f = {"lstm", NULL, "uniform", 2, 20, 7, T, 1, NAN, 1};
    uint32_t id[100];
    probed p;
    unroll_windows *windows;
    unroll_probe *probe;
    unroll_curve *stacked;
    for (uint32_t i = 0; i < 100; i++)
        id[i] = (i * i + i / 7) % 7;
    open_fresh(&p, &f);
    need_ok(unroll_windows_of_tokens(id, 100,
                                     &(unroll_windows_options){.size = sizeof(unroll_windows_options),
                                                               .T = T,
                                                               .windows = SEQUENCES,
                                                               .copies = POSITIONS},
                                     &windows));
    need_ok(unroll_probe_new(p.net,
                             &(unroll_probe_options){.size = sizeof(unroll_probe_options),
                                                     .T = T,
                                                     .B = SEQUENCES * POSITIONS,
                                                     .threads = 1},
                             &probe));
    need_ok(unroll_curve_new(p.net,
                             &(unroll_curve_options){.size = sizeof(unroll_curve_options),
                                                     .distances = DISTANCES,
                                                     .losses = UNROLL_LOSSES_STACKED,
                                                     .copies = POSITIONS},
                             &stacked));
    need_ok(unroll_curve_add(stacked, probe, unroll_windows_batch(windows)));
    ck_assert_uint_eq(unroll_curve_samples(stacked), SEQUENCES * POSITIONS);
    ck_assert_uint_eq(unroll_curve_distances(stacked), DISTANCES);
    for (size_t i = 0; i < SEQUENCES * POSITIONS; i++) { /* samples come in the order of their steps */
        const size_t sequence = i % SEQUENCES, length = end[i / SEQUENCES] + 1;
        for (size_t t = 0; t < length; t++) {
            p.input[t] = id[59 * sequence + t];
            p.target[t] = id[59 * sequence + t + 1];
        }
        p.batch.T = length;
        unroll_curve *one = last_curve(&p, DISTANCES);
        for (size_t l = 0; l < 2; l++)
            for (int c = 0; c < 2; c++)
                for (size_t k = 0; k < DISTANCES; k++) {
                    const enum unroll_state state = (enum unroll_state)c;
                    ck_assert_double_eq_tol(unroll_curve_sample(stacked, i, l, state)[k] /
                                                unroll_curve_sample(one, 0, l, state)[k],
                                            1, 1e-5);
                }
        unroll_curve_free(one);
    }
    unroll_curve_free(stacked);
    unroll_probe_free(probe);
    unroll_windows_free(windows);
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
    need_ok(unroll_net_new(&spec, &net));
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
    need_ok(unroll_gradient_monitor_new(net, &pairs, &o, &monitor));
    need_ok(unroll_gradient_monitor_take(monitor));
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

START_TEST(any_allocation_may_fail)
{
    const fresh f = {"lstm", NULL, "uniform", 2, 8, 7, 20, 4, NAN, 1};
    probed p;
    open_fresh(&p, &f);
    unroll_status status = UNROLL_EMEMORY;
    for (long n = 0; status == UNROLL_EMEMORY; n++) {
        const unroll_gradient_monitor_options o = {.size = sizeof o, .threads = 1};
        unroll_gradient_monitor *monitor = NULL;
        unroll_diagnosis *d = NULL;
        unroll_alloc_fail_after(n);
        status = unroll_gradient_monitor_new(p.net, &p.batch, &o, &monitor);
        if (status == UNROLL_OK)
            status = unroll_gradient_monitor_take(monitor);
        if (status == UNROLL_OK)
            status = unroll_diagnosis_measure(p.probe, &p.batch, 20, &d);
        unroll_alloc_fail_after(-1);
        unroll_diagnosis_free(d);
        unroll_gradient_monitor_free(monitor);
        ck_assert(status == UNROLL_OK || status == UNROLL_EMEMORY);
        ck_assert_int_lt((int)n, 200);
    }
    close_probed(&p);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("recorded gradients");
    TCase *tests = new_case(suite, "all");
    tcase_add_test(tests, windows_are_spread_evenly);
    tcase_add_test(tests, rows_of_a_batch);
    tcase_add_loop_test(tests, histograms_count_every_gradient, 0, (int)unroll_cell_count());
    tcase_add_test(tests, steps_behind_the_last_loss_do_not_count);
    tcase_add_test(tests, saturated_and_dead_units);
    tcase_add_test(tests, saturation_is_of_the_states_probed);
    tcase_add_loop_test(tests, products_of_gates, 0, 2);
    tcase_add_test(tests, theory_of_a_known_matrix);
    tcase_add_test(tests, recording_leaves_the_net_alone);
    tcase_add_test(tests, stacked_rows_are_single_losses);
    tcase_add_loop_test(tests, pairs_are_one_long_sequence, 0, (int)unroll_cell_count());
    tcase_add_test(tests, any_allocation_may_fail);
    return suite;
}
