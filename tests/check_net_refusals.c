/* What a network refuses: numbers that are not finite, sizes, batches, no memory; and how its
 * parameters lie. */
#include <check.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unroll/net.h>

#include "allowance.h"
#include "base/memory.h"
#include "net_bodies.h"
#include "runner.h"
#include "work_options.h"

/* --- what is not finite ------------------------------------------------------------------ */

START_TEST(bad_weights_are_found)
{
    const unroll_net_spec spec = make_spec(_i);
    unroll_net *net = new_net(spec);
    unroll_work *work = new_work(net, STEPS, ROWS, 2);
    float *grad = new_array(unroll_net_size(net), sizeof *grad);
    unroll_result r;
    window w;
    open_window(&w, &spec, STEPS, ROWS, false);
    weights_of(net, "rnn.weight_hh_l1")[0] = NAN;
    unroll_net_pack(net, 1);
    ck_assert_int_eq(unroll_net_evaluate(net, &w.batch, work, &r, NULL), UNROLL_OK);
    ck_assert(!r.finite);
    ck_assert_uint_eq(r.bad_layer, 1);
    ck_assert_uint_eq(r.bad_step, 0);
    ck_assert_int_eq(unroll_net_gradient(net, &w.batch, work, grad, &r), UNROLL_OK);
    ck_assert(!r.finite);
    ck_assert_uint_eq(r.bad_layer, 1);
    close_window(&w);
    free(grad);
    unroll_work_free(work);
    unroll_net_free(net);
}
END_TEST

/* States of 1, 1e20, 1e40: infinite from the third step on. */
START_TEST(explosion_is_found)
{
    const unroll_net_spec spec = {.size = sizeof spec,
                                  .inputs = 2,
                                  .outputs = 2,
                                  .cell = "rnn",
                                  .activation = "relu",
                                  .layers = 1,
                                  .hidden = 1};
    unroll_net *net = new_net(spec);
    unroll_work *work = new_work(net, STEPS, 1, 1);
    unroll_result r;
    window w;
    open_window(&w, &spec, STEPS, 1, false);
    *weights_of(net, "rnn.weight_hh_l0") = 1e20f;
    *weights_of(net, "rnn.bias_ih_l0") = 1;
    for (size_t i = 0; i < 2; i++)
        weights_of(net, "rnn.weight_ih_l0")[i] = 0;
    unroll_net_pack(net, 1);
    ck_assert_int_eq(unroll_net_evaluate(net, &w.batch, work, &r, NULL), UNROLL_OK);
    ck_assert(!r.finite);
    ck_assert_uint_eq(r.bad_layer, 0);
    ck_assert_uint_eq(r.bad_step, 2);
    close_window(&w);
    unroll_work_free(work);
    unroll_net_free(net);
}
END_TEST

/* --- refusals ---------------------------------------------------------------------------- */

START_TEST(bad_specs_are_refused)
{
    const unroll_net_spec good = make_spec(0);
    unroll_net_spec s[40], pair = good;
    size_t n = 0;
    unroll_net *net = NULL;
    s[n] = good, s[n++].cell = "elman";
    s[n] = good, s[n++].activation = "swish";
    s[n] = good, s[n].cell = "gru", s[n++].gru = "reset-never";
    s[n] = good, s[n].cell = "lstm", s[n++].lstm = "reset-after";
    s[n] = good, s[n].cell = "lstm", s[n].lstm = "peephole", s[n++].norm = "layer";
    s[n] = good, s[n++].inputs = 0;
    s[n] = good, s[n++].outputs = 0;
    s[n] = good, s[n++].layers = 0;
    s[n] = good, s[n++].hidden = 0;
    s[n] = good, s[n++].dropout = 1;
    s[n] = good, s[n++].dropout = -0.1;
    s[n] = good, s[n++].dropout = NAN;
    s[n] = good, s[n++].tie = true;
    s[n] = good, s[n].tie = true, s[n++].embedding = UNITS + 1;
    s[n] = good, s[n].features = true, s[n++].embedding = 3;
    s[n] = good, s[n++].omega = -1;
    s[n] = good, s[n++].omega = NAN;
    s[n] = good, s[n++].omega = INFINITY;
    s[n] = good, s[n++].norm = "instance";
    s[n] = good, s[n++].inputs = (size_t)UINT32_MAX + 1;
    s[n] = good, s[n++].bidirectional = true;
    s[n] = good, s[n++].attention = "dot";
    s[n] = good, s[n++].scheduled_sampling = 0.5;
    s[n] = good, s[n++].label_smoothing = -0.1;
    s[n] = good, s[n++].label_smoothing = 1;
    s[n] = good, s[n].squared = true, s[n++].label_smoothing = 0.1;
    s[n] = good, s[n].cell = "lstm", s[n++].omega = 1;
    s[n] = good, s[n].norm = "layer", s[n++].omega = 1;
    pair.source = 5;
    s[n] = pair, s[n++].source = (size_t)UINT32_MAX + 1;
    s[n] = pair, s[n++].features = true;
    s[n] = pair, s[n++].squared = true;
    s[n] = pair, s[n++].norm = "batch";
    s[n] = pair, s[n++].attention = "hard";
    s[n] = pair, s[n].bidirectional = true, s[n++].attention = "dot";
    s[n] = pair, s[n++].omega = 1;
    s[n] = pair, s[n++].skip_input = true;
    s[n] = pair, s[n++].scheduled_sampling = 1.5;
    for (size_t i = 0; i < n; i++) {
        ck_assert_msg(unroll_net_new(&s[i], &net) == UNROLL_EUSAGE, "spec %zu was taken", i);
        ck_assert(*unroll_message());
    }
}
END_TEST

START_TEST(what_is_not_given_is_named)
{
    const unroll_net_spec spec = {
        .size = sizeof spec, .inputs = 2, .outputs = 2, .cell = "gru", .layers = 1, .hidden = 2};
    unroll_net *net = new_net(spec);
    const unroll_net_spec *s = unroll_net_get_spec(net);
    ck_assert_str_eq(s->activation, "tanh");
    ck_assert_str_eq(s->gru, "reset-after");
    ck_assert_str_eq(s->norm, "none");
    ck_assert_str_eq(s->attention, "none");
    ck_assert_uint_eq(s->norm_steps, 1);
    unroll_net_free(net);
}
END_TEST

START_TEST(options_without_their_size_are_refused)
{
    unroll_net_spec spec = make_spec(0);
    unroll_init init = UNROLL_INIT_DEFAULT;
    unroll_work_options options = {.T = 1, .B = 1};
    unroll_net *net = new_net(spec), *none = NULL;
    unroll_work *work = NULL;
    spec.size = init.size = 0;
    ck_assert_int_eq(unroll_net_new(&spec, &none), UNROLL_EUSAGE);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "sizeof(unroll_net_spec)"));
    ck_assert_int_eq(unroll_net_init(net, &init), UNROLL_EUSAGE);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "sizeof(unroll_init)"));
    ck_assert_int_eq(unroll_work_new(net, &options, &work), UNROLL_EUSAGE);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "sizeof(unroll_work_options)"));
    ck_assert_uint_eq(unroll_work_bytes(net, &options), SIZE_MAX);
    unroll_net_free(net);
}
END_TEST

/* Behind the struct of a program that was compiled before a field was added lies anything. */
START_TEST(what_lies_behind_the_size_is_not_read)
{
    unroll_net_spec spec = make_spec(0);
    unroll_work_options options = {.size = offsetof(unroll_work_options, training),
                                   .T = 1,
                                   .B = 1,
                                   .threads = 1,
                                   .training = true,
                                   .recompute = true};
    spec.size = offsetof(unroll_net_spec, source);
    spec.source = 5;
    unroll_net *net = new_net(spec);
    ck_assert_uint_eq(unroll_net_get_spec(net)->source, 0);
    ck_assert_uint_eq(unroll_net_get_spec(net)->size, sizeof spec);
    ck_assert_uint_eq(unroll_work_bytes(net, &options),
                      unroll_work_bytes(net, WORK(.T = 1, .B = 1, .threads = 1)));
    unroll_net_free(net);
}
END_TEST

START_TEST(sizes_that_overflow_are_refused)
{
    static const size_t hidden[] = {1000000000,       SIZE_MAX / 64,    SIZE_MAX / 8 + 1,
                                    SIZE_MAX / 4 + 1, SIZE_MAX / 2 + 1, SIZE_MAX - 7,
                                    SIZE_MAX};
    unroll_net *net = NULL;
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        unroll_net_spec s = make_spec(_i);
        s.hidden = hidden[i];
        unroll_status status = unroll_net_new(&s, &net);
        ck_assert_msg(status == UNROLL_EMEMORY || status == UNROLL_EUSAGE, "hidden %zu: %d",
                      hidden[i], status);
        if (hidden[i] < SIZE_MAX / 64)
            continue;
        s = make_spec(_i);
        s.embedding = hidden[i];
        status = unroll_net_new(&s, &net);
        ck_assert_msg(status == UNROLL_EMEMORY || status == UNROLL_EUSAGE, "embedding %zu: %d",
                      hidden[i], status);
        s = make_spec(_i);
        s.layers = hidden[i];
        status = unroll_net_new(&s, &net);
        ck_assert_msg(status == UNROLL_EMEMORY || status == UNROLL_EUSAGE, "layers %zu: %d",
                      hidden[i], status);
    }
}
END_TEST

START_TEST(windows_that_overflow_are_refused)
{
    static const size_t sizes[] = {SIZE_MAX / 64, SIZE_MAX / 8, SIZE_MAX / 2 + 1, SIZE_MAX};
    unroll_net *net = new_net(make_spec(_i));
    unroll_work *work = NULL;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int training = 0; training < 2; training++) {
            const unroll_work_options *steps =
                WORK(.T = sizes[i], .B = 1, .threads = 1, .training = training);
            const unroll_work_options *rows =
                WORK(.T = 1, .B = sizes[i], .threads = 1, .training = training);
            ck_assert_int_eq(unroll_work_new(net, steps, &work), UNROLL_EMEMORY);
            ck_assert_int_eq(unroll_work_new(net, rows, &work), UNROLL_EMEMORY);
            if (training || sizes[i] > SIZE_MAX / 64) /* forward alone takes segments */
                ck_assert_uint_eq(unroll_work_bytes(net, steps), SIZE_MAX);
            ck_assert_uint_eq(unroll_work_bytes(net, rows), SIZE_MAX);
        }
    const unroll_work_options *no_steps = WORK(.T = 0, .B = 1, .threads = 1, .training = true);
    const unroll_work_options *no_rows = WORK(.T = 1, .B = 0, .threads = 1, .training = true);
    ck_assert_int_eq(unroll_work_new(net, no_steps, &work), UNROLL_EUSAGE);
    ck_assert_int_eq(unroll_work_new(net, no_rows, &work), UNROLL_EUSAGE);
    ck_assert_uint_eq(unroll_work_bytes(net, no_steps), SIZE_MAX);
    ck_assert_uint_eq(unroll_work_bytes(net, no_rows), SIZE_MAX);
    ck_assert_uint_lt(unroll_work_bytes(net, WORK(.T = 50, .B = 50, .threads = 1)),
                      unroll_work_bytes(net, WORK(.T = 50, .B = 50, .threads = 1, .training = true)));
    unroll_net_free(net);
}
END_TEST

START_TEST(bad_batches_are_refused)
{
    const unroll_net_spec spec = make_spec(0);
    unroll_net *net = new_net(spec);
    unroll_work *work = new_work(net, STEPS, ROWS, 1), *forward = NULL;
    float *grad = new_array(unroll_net_size(net), sizeof *grad);
    unroll_result r;
    window w;
    open_window(&w, &spec, STEPS, ROWS, false);
    unroll_batch b = w.batch;
    b.T = STEPS + 1;
    ck_assert_int_ne(unroll_net_evaluate(net, &b, work, &r, NULL), UNROLL_OK);
    b.T = 0;
    ck_assert_int_ne(unroll_net_evaluate(net, &b, work, &r, NULL), UNROLL_OK);
    b = w.batch;
    b.B = ROWS - 1;
    ck_assert_int_ne(unroll_net_gradient(net, &b, work, grad, &r), UNROLL_OK);
    w.input[3] = SYMBOLS;
    ck_assert_int_ne(unroll_net_gradient(net, &w.batch, work, grad, &r), UNROLL_OK);
    w.input[3] = 0;
    w.target[7] = UINT32_MAX;
    ck_assert_int_ne(unroll_net_evaluate(net, &w.batch, work, &r, NULL), UNROLL_OK);
    w.target[7] = 0;
    ck_assert_int_eq(unroll_work_new(net, WORK(.T = STEPS, .B = ROWS, .threads = 1), &forward),
                     UNROLL_OK);
    ck_assert_int_ne(unroll_net_gradient(net, &w.batch, forward, grad, &r), UNROLL_OK);
    close_window(&w);
    free(grad);
    unroll_work_free(forward);
    unroll_work_free(work);
    unroll_net_free(net);
}
END_TEST

/* Each allocation in turn fails: 71, nothing leaks (the sanitizer's word), and with all of them
 * it works. */
START_TEST(failed_allocations)
{
    unroll_net_spec spec = make_spec(_i);
    spec.embedding = 4;
    for (long n = 0; allow(n); n++) {
        unroll_net *net = NULL;
        unroll_work *work = NULL;
        unroll_stepper *stepper = NULL;
        unroll_status status = unroll_net_new(&spec, &net);
        if (status == UNROLL_OK)
            status =
                unroll_work_new(net, WORK(.T = 3, .B = 2, .threads = 1, .training = true), &work);
        if (status == UNROLL_OK)
            status = unroll_stepper_new(net, &stepper);
        allowed(status);
        ck_assert(status == UNROLL_OK || status == UNROLL_EMEMORY);
        ck_assert(status == UNROLL_OK || *unroll_message());
        if (stepper)
            unroll_stepper_free(stepper);
        if (work)
            unroll_work_free(work);
        if (net)
            unroll_net_free(net);
    }
}
END_TEST

/* --- parameters -------------------------------------------------------------------------- */

START_TEST(parameters_are_pytorchs)
{
    static const struct {
        const char *name;
        size_t rows, cols;
        bool frozen;
    } want[] = {
        {"rnn.weight_ih_l0", 4 * UNITS, SYMBOLS, false},
        {"rnn.weight_hh_l0", 4 * UNITS, UNITS, false},
        {"rnn.bias_ih_l0", 4 * UNITS, 0, false},
        {"rnn.bias_hh_l0", 4 * UNITS, 0, true},
        {"rnn.weight_ih_l1", 4 * UNITS, UNITS, false},
        {"rnn.weight_hh_l1", 4 * UNITS, UNITS, false},
        {"rnn.bias_ih_l1", 4 * UNITS, 0, false},
        {"rnn.bias_hh_l1", 4 * UNITS, 0, true},
        {"decoder.weight", SYMBOLS, UNITS, false},
        {"decoder.bias", SYMBOLS, 0, false},
    };
    unroll_net_spec spec = make_spec(0);
    spec.cell = "lstm";
    spec.activation = NULL;
    unroll_net *net = new_net(spec);
    const unroll_parameter *list;
    size_t trained = 0;
    ck_assert_uint_eq(unroll_net_parameters(net, &list), sizeof want / sizeof *want);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        const size_t count = want[i].rows * (want[i].cols ? want[i].cols : 1);
        ck_assert_str_eq(list[i].name, want[i].name);
        ck_assert_uint_eq(list[i].rows, want[i].rows);
        ck_assert_uint_eq(list[i].cols, want[i].cols);
        ck_assert(list[i].frozen == want[i].frozen);
        ck_assert_uint_le(list[i].offset + count, unroll_net_size(net));
        trained += want[i].frozen ? 0 : count;
        float *plain = new_array(count, sizeof *plain), *back = new_array(count, sizeof *back);
        for (size_t k = 0; k < count; k++)
            plain[k] = (float)(k + 1);
        unroll_parameter_set(&list[i], unroll_net_weights(net), plain);
        unroll_parameter_get(&list[i], unroll_net_weights(net), back);
        ck_assert_mem_eq(plain, back, count * sizeof *plain);
        const float *w = unroll_net_weights(net) + list[i].offset;
        if (want[i].cols) /* element [1][2], where it lies in memory */
            ck_assert(w[list[i].transposed ? 2 * want[i].rows + 1 : want[i].cols + 2] ==
                      plain[want[i].cols + 2]);
        free(plain);
        free(back);
    }
    ck_assert_uint_eq(unroll_net_trainable(net), trained);
    unroll_net_free(net);
}
END_TEST

/* Second biases go where the first are, but for what learns beside them. */
START_TEST(folding)
{
    unroll_net *net = new_net(make_spec(_i));
    const unroll_parameter *list;
    float *first = weights_of(net, "rnn.bias_ih_l1"), *second = weights_of(net, "rnn.bias_hh_l1");
    size_t i = unroll_net_parameters(net, &list), rows;
    while (strcmp(list[i - 1].name, "rnn.bias_hh_l1") != 0)
        i--;
    rows = list[i - 1].rows;
    /* of a GRU that resets after the product, the new state's */
    const size_t kept = list[i - 1].frozen ? rows : 2 * UNITS;
    for (size_t k = 0; k < rows; k++) {
        first[k] = 100;
        second[k] = (float)k + 1;
    }
    unroll_net_merge_biases(net);
    for (size_t k = 0; k < rows; k++) {
        ck_assert(first[k] == (k < kept ? 101 + (float)k : 100));
        ck_assert(second[k] == (k < kept ? 0 : (float)k + 1));
    }
    unroll_net_free(net);
}
END_TEST

Suite *make_suite(void)
{
    list_bodies();
    Suite *suite = suite_create("net_refusals");
    TCase *finite = new_case(suite, "not finite");
    tcase_add_loop_test(finite, bad_weights_are_found, 0, body_count);
    tcase_add_test(finite, explosion_is_found);
    TCase *refusals = new_case(suite, "refusals");
    tcase_add_test(refusals, bad_specs_are_refused);
    tcase_add_test(refusals, what_is_not_given_is_named);
    tcase_add_test(refusals, options_without_their_size_are_refused);
    tcase_add_test(refusals, what_lies_behind_the_size_is_not_read);
    tcase_add_loop_test(refusals, sizes_that_overflow_are_refused, 0, body_count);
    tcase_add_loop_test(refusals, windows_that_overflow_are_refused, 0, body_count);
    tcase_add_test(refusals, bad_batches_are_refused);
    tcase_add_loop_test(refusals, failed_allocations, 0, body_count);
    TCase *parameters = new_case(suite, "parameters");
    tcase_add_test(parameters, parameters_are_pytorchs);
    tcase_add_loop_test(parameters, folding, 0, body_count);
    return suite;
}
