/* Gradients by layer and step: held against training, against identities and against a plain loop in doubles; and
 * against definitions that give another curve. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "difference.h"
#include "probe/curve.h"
#include "probe/gradient_flow.h"
#include "probe/inject.h"
#include "probe_nets.h"
#include "runner.h"

/* ---- identities ---- */

static const fresh small[] = {
    {"rnn", NULL, "xavier", 2, 20, 9, 24, 24, NAN, 3},
    {"lstm", NULL, "xavier", 3, 17, 9, 24, 24, NAN, 4},
    {"gru", NULL, "orthogonal", 2, 16, 9, 24, 24, NAN, 5},
};
enum { SMALL = sizeof small / sizeof *small };

/* All vectors that a probe sees, as doubles: [T][layers][2][B][H]. */
typedef struct vectors {
    size_t B, H, layers;
    double *at;
} vectors;

static void see(void *arg, const unroll_flow_step *s)
{
    const vectors *v = arg;
    for (size_t r = 0; r < s->rows; r++)
        for (size_t j = 0; j < v->H; j++) {
            const size_t at = r * s->pitch + j;
            double *to =
                v->at + (((s->t * v->layers + s->layer) * 2) * v->B + s->row0 + r) * v->H + j;
            to[0] = ldexp((double)s->dh[at], s->exponent[r]);
            to[v->B * v->H] = s->dc ? ldexp((double)s->dc[at], s->exponent[r]) : 0;
        }
}

static vectors see_vectors(probed *p, const uint8_t *inject)
{
    const unroll_net_spec *s = unroll_net_get_spec(p->net);
    vectors v = {.B = p->batch.B, .H = s->hidden, .layers = s->layers};
    v.at = new_doubles(p->batch.T * v.layers * 2 * v.B * v.H);
    OK(unroll_gradient_flow_run(p->net, p->work,
                                &(unroll_gradient_flow){
                                    .batch = &p->batch, .inject = inject, .visit = see, .arg = &v}));
    return v;
}

/* As the training's own backward sees them. */
static void see_hook(void *arg, size_t layer, size_t t, size_t row0, size_t rows, size_t pitch,
                     const unroll_real *dh, const unroll_real *dc)
{
    const int zero[64] = {0};
    see(arg, &(unroll_flow_step){layer, t, row0, rows, pitch, dh, dc, zero, false});
}

/* Accumulated gradients are what training propagates, but for the mean over all targets. */
START_TEST(accumulated_is_training_gradient)
{
    probed p;
    unroll_result result;
    open_residual(&p, &small[_i % SMALL], _i >= SMALL);
    const size_t T = p.batch.T, B = p.batch.B;
    unroll_inject_all(&p.batch, p.inject);
    vectors probe = see_vectors(&p, p.inject), hook = probe;
    hook.at = new_doubles(T * hook.layers * 2 * B * hook.H);
    unroll_real *grad = calloc(unroll_net_size(p.net), sizeof *grad);
    unroll_work_set_hook(p.work, &(unroll_hook){.after = see_hook, .arg = &hook});
    OK(unroll_net_gradient(p.net, &p.batch, p.work, grad, &result));
    const size_t n = T * hook.layers * 2 * B * hook.H;
    for (size_t i = 0; i < n; i++)
        hook.at[i] *= (double)(T * B);
    const double error = relative_difference(probe.at, hook.at, n);
    ck_assert_msg(error < 1e-5, "%s: %g", small[_i % SMALL].cell, error);
    free(grad);
    free(probe.at);
    free(hook.at);
    close_probed(&p);
}
END_TEST

/* Give every row the same window, the one of row 0. */
static void same_rows(probed *p)
{
    for (size_t t = 0; t < p->batch.T; t++)
        for (size_t r = 1; r < p->batch.B; r++) {
            p->input[t * p->batch.B + r] = p->input[t * p->batch.B];
            p->target[t * p->batch.B + r] = p->target[t * p->batch.B];
        }
}

/* Row r has the loss of step r alone: the sum over rows is what all losses together give. */
START_TEST(single_losses_add_up)
{
    probed p;
    open_fresh(&p, &small[_i]);
    const size_t T = p.batch.T, B = p.batch.B, H = small[_i].hidden, layers = small[_i].layers;
    ck_assert_uint_eq(T, B);
    same_rows(&p);
    unroll_inject_all(&p.batch, p.inject);
    vectors all = see_vectors(&p, p.inject);
    memset(p.inject, UNROLL_INJECT_NONE, T * B);
    for (size_t r = 0; r < B; r++)
        p.inject[r * B + r] = UNROLL_INJECT_RESTART;
    vectors one = see_vectors(&p, p.inject);
    for (size_t i = 0; i < T * layers * 2; i++) {
        double *sum = new_doubles(H);
        for (size_t r = 0; r < B; r++)
            for (size_t j = 0; j < H; j++)
                sum[j] += one.at[(i * B + r) * H + j];
        ck_assert_double_lt(relative_difference(sum, all.at + i * B * H, H), 1e-5);
        free(sum);
    }
    free(all.at);
    free(one.at);
    close_probed(&p);
}
END_TEST

/* The norms of a run, [T][layers][2][B]. */
static double *norms_of(probed *p, const uint8_t *inject)
{
    const size_t layers = unroll_net_get_spec(p->net)->layers;
    double *norm = new_doubles(p->batch.T * layers * 2 * p->batch.B);
    OK(unroll_gradient_flow_run(p->net, p->work,
                                &(unroll_gradient_flow){
                                    .batch = &p->batch, .inject = inject, .norm = norm}));
    return norm;
}

/* The comb, stacked rows, and one loss at a time see the same chains. */
START_TEST(comb_stacked_and_single_agree)
{
    enum { SPACING = 7 };
    probed p;
    open_fresh(&p, &small[_i]);
    const unroll_net_spec *spec = unroll_net_get_spec(p.net);
    const size_t T = p.batch.T, B = p.batch.B;
    same_rows(&p);
    unroll_inject_comb(&p.batch, SPACING, p.inject);
    double *comb = norms_of(&p, p.inject);
    uint8_t *teeth = malloc(T * B);
    memcpy(teeth, p.inject, T * B);
    unroll_inject_stacked(&p.batch, B, 1, p.inject); /* row r: the loss of step r */
    double *stacked = norms_of(&p, p.inject);
    size_t starts = 0;
    for (size_t r = 0; r < B; r++)
        for (size_t t = 0; t < T; t++) {
            if (teeth[t * B + r] != UNROLL_INJECT_RESTART)
                continue;
            starts++;
            memset(p.inject, UNROLL_INJECT_NONE, T * B);
            p.inject[t * B] = UNROLL_INJECT_RESTART;
            double *single = starts % 9 ? NULL : norms_of(&p, p.inject);
            for (size_t k = 0; k < SPACING && k <= t; k++)
                for (size_t l = 0; l < spec->layers; l++)
                    for (int s = 0; s < 2; s++) {
                        const enum unroll_state state = (enum unroll_state)s;
                        const double a = comb[unroll_gradient_flow_at(spec, B, t - k, l, state, r)];
                        const double b =
                            stacked[unroll_gradient_flow_at(spec, B, t - k, l, state, t)];
                        ck_assert_double_le(fabs(a - b), 1e-6 * b);
                        if (single)
                            ck_assert_double_le(
                                fabs(a - single[unroll_gradient_flow_at(spec, B, t - k, l, state, 0)]),
                                1e-6 * b);
                    }
            free(single);
        }
    ck_assert_uint_ge(starts, T * B / SPACING - B);
    free(comb);
    free(stacked);
    free(teeth);
    close_probed(&p);
}
END_TEST

/* Losses that come after a chain has shrunk by hundreds of decades, or none at all between. */
START_TEST(late_losses_do_not_overflow)
{
    const fresh f = {"rnn", "sigmoid", "xavier", 2, 32, 5, 400, 2, NAN, 1};
    probed p;
    open_fresh(&p, &f);
    memset(p.inject, UNROLL_INJECT_NONE, f.T * f.B);
    p.inject[(f.T - 1) * f.B] = UNROLL_INJECT_RESTART;
    for (size_t r = 0; r < f.B; r++)
        p.inject[50 * f.B + r] = UNROLL_INJECT_ADD;
    double *norm = norms_of(&p, p.inject);
    const unroll_net_spec *spec = unroll_net_get_spec(p.net);
    for (size_t l = 0; l < f.layers; l++) {
        const double *at = norm + unroll_gradient_flow_at(spec, f.B, 50, l, UNROLL_STATE_H, 0);
        ck_assert_double_gt(at[0], 1e-4);
        ck_assert_double_gt(at[1], 1e-4);
        ck_assert_double_eq(norm[unroll_gradient_flow_at(spec, f.B, 51, l, UNROLL_STATE_H, 1)], 0);
    }
    free(norm);
    close_probed(&p);
}
END_TEST

/* A layer that remembers below one that forgets: the forgetful one's curve goes on, too. */
START_TEST(layers_have_ranges_of_their_own)
{
    const fresh f = {"rnn", NULL, "orthogonal", 2, 16, 5, 120, 1, NAN, 1};
    probed p;
    open_fresh(&p, &f);
    const size_t upper_weight = parameter_of(p.net, "rnn.weight_hh_l1")->offset;
    for (size_t k = 0; k < 16 * 16; k++)
        unroll_net_weights(p.net)[upper_weight + k] *= 0.1f;
    unroll_net_pack(p.net, 1);
    unroll_curve *c = last_curve(&p, f.T);
    const double upper = decades(c, 1, UNROLL_STATE_H, 119);
    const double lower = decades(c, 0, UNROLL_STATE_H, 119);
    ck_assert_double_lt(upper, -119);
    ck_assert_double_gt(upper, -250);
    ck_assert_double_gt(lower, -60);
    unroll_curve_free(c);
    close_probed(&p);
}
END_TEST

/* ---- range ---- */

/* A sigmoid network of one layer in plain doubles: norms by distance of the loss at the last
 * step, row 0. */
static void plain_sigmoid(probed *p, double *norm)
{
    const unroll_parameter *list;
    const size_t count = unroll_net_parameters(p->net, &list), T = p->batch.T;
    const unroll_net_spec *s = unroll_net_get_spec(p->net);
    const size_t H = s->hidden, V = s->inputs;
    float *w[8] = {0}, *Wx = NULL, *Wh = NULL, *b = NULL, *Wo = NULL, *bo = NULL;
    for (size_t i = 0; i < count && i < 8; i++) {
        w[i] = calloc(list[i].rows * (list[i].cols ? list[i].cols : 1), sizeof *w[i]);
        unroll_parameter_get(&list[i], unroll_net_weights(p->net), w[i]);
        const char *name = list[i].name;
        *(strstr(name, "weight_ih")        ? &Wx
          : strstr(name, "weight_hh")      ? &Wh
          : strstr(name, "bias_ih")        ? &b
          : strstr(name, "decoder.weight") ? &Wo
          : strstr(name, "decoder.bias")   ? &bo
                                           : &(float *){NULL}) = w[i];
    }
    double *h = new_doubles((T + 1) * H), *y = new_doubles(V), *d = new_doubles(H),
           *e = new_doubles(H);
    for (size_t t = 0; t < T; t++)
        for (size_t j = 0; j < H; j++) {
            double z = (double)b[j] + (double)Wx[j * V + p->input[t * p->batch.B]];
            for (size_t k = 0; k < H; k++)
                z += (double)Wh[j * H + k] * h[t * H + k];
            h[(t + 1) * H + j] = 1 / (1 + exp(-z));
        }
    double total = 0;
    for (size_t v = 0; v < V; v++) {
        y[v] = (double)bo[v];
        for (size_t k = 0; k < H; k++)
            y[v] += (double)Wo[v * H + k] * h[T * H + k];
        total += exp(y[v]);
    }
    for (size_t v = 0; v < V; v++)
        y[v] = exp(y[v]) / total - (v == p->target[(T - 1) * p->batch.B]);
    for (size_t k = 0; k < H; k++)
        for (size_t v = 0; v < V; v++)
            d[k] += y[v] * (double)Wo[v * H + k];
    int power = 0; /* the true gradient is d·2^power */
    for (size_t k = 0; k < T; k++) {
        double sum = 0;
        for (size_t j = 0; j < H; j++)
            sum += d[j] * d[j];
        norm[k] = ldexp(sqrt(sum), power);
        const double *out = h + (T - k) * H;
        memset(e, 0, H * sizeof *e);
        for (size_t j = 0; j < H; j++)
            for (size_t i = 0; i < H; i++)
                e[i] += d[j] * out[j] * (1 - out[j]) * (double)Wh[j * H + i];
        for (size_t j = 0; j < H; j++)
            d[j] = ldexp(e[j], 2);
        power -= 2;
    }
    free(h), free(y), free(d), free(e);
    for (size_t i = 0; i < 8; i++)
        free(w[i]);
}

START_TEST(range_of_a_sigmoid)
{
    const fresh f = {"rnn", "sigmoid", "xavier", 1, 128, 65, 250, 1, NAN, 1 + (uint64_t)_i};
    probed p;
    open_fresh(&p, &f);
    double *expected = new_doubles(f.T), *norm = new_doubles(f.T * 2);
    plain_sigmoid(&p, expected);
    double *scaled = norms_of(&p, NULL);
    for (size_t k = 0; k <= 240; k++)
        ck_assert_double_lt(fabs(log10(scaled[(f.T - 1 - k) * 2] / expected[k])), 1e-3);
    OK(unroll_gradient_flow_run(p.net, p.work,
                                &(unroll_gradient_flow){
                                    .batch = &p.batch, .norm = norm, .unscaled = true}));
    size_t zero = 0;
    while (zero < f.T && norm[(f.T - 1 - zero) * 2] > 0)
        zero++;
    ck_assert_msg(zero >= 69 && zero <= 77, "zero at %zu", zero);
    free(expected), free(norm), free(scaled);
    close_probed(&p);
}
END_TEST

/* ---- definitions that must not slip back ---- */

/* A loss summed over the steps keeps every gradient alive, however short the true memory is. */
START_TEST(summed_loss_is_another_curve)
{
    const fresh f = {"rnn", NULL, "uniform", 1, 128, 65, 100, 8, NAN, 1};
    probed p;
    open_fresh(&p, &f);
    unroll_curve *one = last_curve(&p, 51), *all = all_curve(&p, 51);
    ck_assert_double_le(decades(one, 0, UNROLL_STATE_H, 50), -8);
    ck_assert_double_le(fabs(decades(all, 0, UNROLL_STATE_H, 50)), 0.3);
    unroll_curve_free(one);
    unroll_curve_free(all);
    close_probed(&p);
}
END_TEST

/* Averaged over the batch before the norm is taken, samples cancel. */
START_TEST(batch_average_is_another_curve)
{
    const fresh f = {"rnn", NULL, "xavier", 1, 64, 65, 30, 32, NAN, 1};
    probed p;
    open_fresh(&p, &f);
    const size_t T = f.T, B = f.B, H = f.hidden;
    unroll_inject_last(&p.batch, p.inject);
    vectors v = see_vectors(&p, p.inject);
    unroll_curve *c = last_curve(&p, T);
    for (size_t k = 0; k < T; k++) {
        double averaged = 0, mean = 0;
        for (size_t j = 0; j < H; j++) {
            double sum = 0;
            for (size_t r = 0; r < B; r++)
                sum += v.at[((T - 1 - k) * 2 * B + r) * H + j] / (double)B;
            averaged += sum * sum;
        }
        for (size_t r = 0; r < B; r++) {
            double square = 0;
            for (size_t j = 0; j < H; j++)
                square += pow(v.at[((T - 1 - k) * 2 * B + r) * H + j], 2);
            mean += sqrt(square) / (double)B;
        }
        const double measured = point_at(c, 0, UNROLL_STATE_H, k).mean;
        ck_assert_double_le(fabs(measured - mean), 1e-5 * mean);
        ck_assert_double_lt(sqrt(averaged), 0.6 * measured);
    }
    free(v.at);
    unroll_curve_free(c);
    close_probed(&p);
}
END_TEST

/* Neither the size of the batch nor the length of the window divides a sample's gradient. */
START_TEST(samples_do_not_depend_on_each_other)
{
    fresh f = {"lstm", NULL, "uniform", 2, 24, 9, 20, 6, NAN, 2};
    probed p, q;
    open_fresh(&p, &f);
    f.B = 1;
    open_fresh(&q, &f);
    for (size_t t = 0; t < f.T; t++) {
        q.input[t] = p.input[t * 6 + 4];
        q.target[t] = p.target[t * 6 + 4];
    }
    unroll_curve *all = last_curve(&p, 20), *one = last_curve(&q, 20);
    ck_assert_uint_eq(all->samples, 6);
    ck_assert_uint_eq(one->samples, 1);
    for (size_t l = 0; l < 2; l++)
        for (int s = 0; s < 2; s++)
            ck_assert_double_lt(worst(unroll_curve_sample(all, 4, l, (enum unroll_state)s),
                                      unroll_curve_sample(one, 0, l, (enum unroll_state)s), 20),
                                1e-5);
    unroll_curve_free(all);
    unroll_curve_free(one);
    close_probed(&p);
    close_probed(&q);
}
END_TEST

START_TEST(only_whole_chains_count)
{
    const fresh f = {"rnn", NULL, "xavier", 1, 8, 5, 20, 4, NAN, 1};
    probed p;
    open_fresh(&p, &f);
    unroll_curve *c;
    const unroll_curve_options o = {.size = sizeof o, .distances = 8, .losses = UNROLL_LOSSES_SPACED};
    OK(unroll_curve_new(p.net, &o, &c));
    OK(unroll_curve_add(c, p.probe, &p.batch)); /* shifts 0 2 4 6: 2, 2, 2 and 1 chains have 8 steps */
    ck_assert_uint_eq(c->samples, 7);
    unroll_curve_free(c);
    float weight[80];
    for (size_t i = 0; i < 80; i++)
        weight[i] = i / 4 == 3 + 5 * (i % 4);
    p.batch.weight = weight;
    c = last_curve(&p, 8); /* losses at steps 3, 8, 13, 18 */
    ck_assert_uint_eq(c->samples, 3);
    unroll_curve_free(c);
    close_probed(&p);
}
END_TEST

START_TEST(a_diverged_model_is_told)
{
    const fresh f = {"rnn", NULL, "xavier", 1, 8, 5, 20, 4, NAN, 1};
    probed p;
    const unroll_parameter *list;
    open_fresh(&p, &f);
    unroll_net_parameters(p.net, &list);
    unroll_net_weights(p.net)[list[1].offset] = NAN;
    unroll_net_pack(p.net, 1);
    ck_assert_int_eq(unroll_gradient_flow_run(p.net, p.work,
                                              &(unroll_gradient_flow){.batch = &p.batch}),
                     UNROLL_ENUMERIC);
    close_probed(&p);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("gradient flow");
    TCase *exact = new_case(suite, "what it measures");
    tcase_add_loop_test(exact, accumulated_is_training_gradient, 0, 2 * SMALL);
    tcase_add_loop_test(exact, single_losses_add_up, 0, SMALL);
    tcase_add_loop_test(exact, comb_stacked_and_single_agree, 0, SMALL);
    tcase_add_test(exact, late_losses_do_not_overflow);
    tcase_add_test(exact, layers_have_ranges_of_their_own);
    tcase_add_loop_test(exact, range_of_a_sigmoid, 0, 2);
    tcase_add_test(exact, summed_loss_is_another_curve);
    tcase_add_test(exact, batch_average_is_another_curve);
    tcase_add_test(exact, samples_do_not_depend_on_each_other);
    tcase_add_test(exact, only_whole_chains_count);
    tcase_add_test(exact, a_diverged_model_is_told);
    return suite;
}
