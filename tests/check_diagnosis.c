/* What is said of the states that a gradient goes through: saturated and dead units, gates that stay open, and bounds
 * and means that theory gives. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "net/net.h"
#include "probe_nets.h"
#include "runner.h"

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
    OK(unroll_diagnosis_measure(p.probe, &p.batch, 5, &d));
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
    OK(unroll_diagnosis_measure(p.probe, &p.batch, 20, &d));
    ck_assert(!unroll_diagnosis_saturation(d, 1) && unroll_diagnosis_saturation(d, 0)->high == 1 &&
              isnan(unroll_diagnosis_saturation(d, 0)->low) &&
              isnan(unroll_diagnosis_saturation(d, 0)->dead));
    /* as good as none, but no zero */
    ck_assert(unroll_diagnosis_slope_square(d, 0) > 0 && unroll_diagnosis_slope_square(d, 0) < 1e-60 &&
              unroll_diagnosis_mean_field(d, 0) < 1e-30 && !unroll_diagnosis_keep(d, 0));
    unroll_diagnosis_free(d);
    close_probed(&p);
    f.activation = "relu";
    open_fresh(&p, &f);
    set_bias(&p, "rnn.bias_ih_l0", -50);
    OK(unroll_diagnosis_measure(p.probe, &p.batch, 20, &d));
    ck_assert(unroll_diagnosis_saturation(d, 0)->dead == 1);
    unroll_diagnosis_free(d);
    close_probed(&p);
    f = (fresh){"lstm", NULL, "xavier", 1, 16, 7, 20, 3, 50, 1};
    open_fresh(&p, &f); /* the forget gate is wide open */
    OK(unroll_diagnosis_measure(p.probe, &p.batch, 20, &d));
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
    OK(unroll_net_init(p.net, &init));
    unroll_real *weights = unroll_net_weights(p.net);
    const unroll_parameter *w = parameter_of(p.net, "rnn.weight_ih_l0");
    for (size_t i = 0; i < w->rows * w->cols; i++)
        weights[w->offset + i] *= 0.1f; /* tanh comes to 0.9 by unit variance alone */
    unroll_net_pack(p.net, 1);
    OK(unroll_diagnosis_measure(p.probe, &p.batch, 20, &d));
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
    OK(unroll_diagnosis_measure(p.probe, &p.batch, distances, &d));
    const size_t pitch = p.net->stack.pitch;
    for (size_t l = 0; l < 2; l++) {
        double logs = 0;
        for (size_t r = 0; r < 2; r++) {
            double mean = 0;
            for (size_t j = 0; j < 8; j++) {
                double product = 1;
                for (size_t t = end[r] - 5; t < end[r]; t++)
                    product *=
                        unroll_kept_sigmoid(p.work->run.at[l].z[((t * 2 + r) * 4 + 1) * pitch + j]).value;
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
    OK(unroll_diagnosis_measure(p.probe, &p.batch, 20, &d));
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

Suite *make_suite(void)
{
    Suite *suite = suite_create("diagnosis");
    TCase *tests = new_case(suite, "all");
    tcase_add_test(tests, steps_behind_the_last_loss_do_not_count);
    tcase_add_test(tests, saturated_and_dead_units);
    tcase_add_test(tests, saturation_is_of_the_states_probed);
    tcase_add_loop_test(tests, products_of_gates, 0, 2);
    tcase_add_test(tests, theory_of_a_known_matrix);
    return suite;
}
