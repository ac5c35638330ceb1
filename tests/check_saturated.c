/* What is outside the cells' gates and saturates all the same: the output of attention, its weights, the bridge from an
 * encoder, and the normalised state c of an LSTM. Their derivatives are known far out, where 1 − tanh² or a difference of
 * two weights' gradients is nothing but rounding. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unroll/net.h>

#include "parameter.h"
#include "runner.h"
#include "work_options.h"

enum { HIDDEN = 3, ROWS = 2, MOST_SOURCE = 2 };

typedef struct subject {
    unroll_net *net;
    unroll_work *work;
    size_t S;
    unroll_real *grad;
} subject;

static void open_subject(subject *s, unroll_net_spec spec, size_t S)
{
    spec.size = sizeof spec;
    spec.inputs = spec.outputs = 4;
    spec.source = S ? 4 : 0;
    spec.layers = 1;
    spec.hidden = HIDDEN;
    unroll_init init = UNROLL_INIT_DEFAULT;
    *s = (subject){.S = S};
    OK(unroll_net_new(&spec, &s->net));
    OK(unroll_net_init(s->net, &init));
    OK(unroll_work_new(s->net, WORK(.T = 1, .B = ROWS, .S = S, .threads = 1, .training = true),
                       &s->work));
    s->grad = calloc(unroll_net_size(s->net), sizeof *s->grad);
    ck_assert_ptr_nonnull(s->grad);
}

static void close_subject(subject *s)
{
    free(s->grad);
    unroll_work_free(s->work);
    unroll_net_free(s->net);
}

static void fill(subject *s, const char *name, double value)
{
    const unroll_parameter *p = parameter_of(s->net, name);
    unroll_real *w = weights_of(s->net, name);
    for (size_t i = 0; i < p->rows * (p->cols ? p->cols : 1); i++)
        w[i] = (unroll_real)value;
}

/* One step of two rows. @param to  [elements] takes the gradient of a tensor */
static void take_gradient(subject *s, const char *name, double *to)
{
    static const uint32_t source[MOST_SOURCE * ROWS] = {1, 1, 3, 3}, token[ROWS] = {2, 2},
                                               target[ROWS] = {1, 1};
    const unroll_batch b = {
        .T = 1, .B = ROWS, .S = s->S, .source = source, .input = token, .target = target};
    const unroll_parameter *p = parameter_of(s->net, name);
    unroll_result result;
    memset(s->grad, 0, unroll_net_size(s->net) * sizeof *s->grad);
    unroll_net_pack(s->net, 1);
    OK(unroll_net_gradient(s->net, &b, s->work, s->grad, &result));
    for (size_t i = 0; i < p->rows * (p->cols ? p->cols : 1); i++)
        to[i] = s->grad[p->offset + i];
}

/* Every `apart`-th element of `name`, times `by`, is what a unit's tanh is of: the slope falls by exp(−2) from 12
 * to 13 and all else stays, since tanh is 1 to the last digit of a float in both. */
static void check_slope(subject *s, const char *name, size_t apart, double by)
{
    double at[2][2 * HIDDEN * HIDDEN];
    for (int i = 0; i < 2; i++) {
        fill(s, name, 0);
        for (size_t j = 0; j < HIDDEN; j++)
            weights_of(s->net, name)[j * apart] = (unroll_real)((j % 2 ? -1 : 1) * (12 + i) / by);
        take_gradient(s, name, at[i]);
    }
    for (size_t j = 0; j < HIDDEN; j++) {
        const double ratio = at[1][j * apart] / at[0][j * apart];
        ck_assert_msg(fabs(ratio / exp(-2) - 1) < 1e-5, "%s, unit %zu: %g after %g", name, j,
                      at[1][j * apart], at[0][j * apart]);
    }
}

/* h̃ = tanh(W [c; h]), where all of c and h are tanh(1/2). */
START_TEST(output_of_attention)
{
    static const char *const zero[] = {"encoder.rnn.weight_ih_l0", "encoder.rnn.weight_hh_l0",
                                       "decoder.rnn.weight_ih_l0", "decoder.rnn.weight_hh_l0"};
    subject s;
    open_subject(&s, (unroll_net_spec){.cell = "rnn", .attention = "dot"}, MOST_SOURCE);
    for (size_t i = 0; i < sizeof zero / sizeof *zero; i++)
        fill(&s, zero[i], 0);
    fill(&s, "encoder.rnn.bias_ih_l0", 0.5);
    fill(&s, "decoder.rnn.bias_ih_l0", 0.5);
    check_slope(&s, "attention.combine.weight", 2 * HIDDEN, tanh(0.5));
    close_subject(&s);
}
END_TEST

START_TEST(bridge_of_an_encoder)
{
    subject s;
    open_subject(&s, (unroll_net_spec){.cell = "gru", .bidirectional = true}, MOST_SOURCE);
    fill(&s, "bridge.weight_h_l0", 0);
    check_slope(&s, "bridge.bias_h_l0", 1, 1);
    close_subject(&s);
}
END_TEST

/* h = o tanh(gain·normalised c + bias), here without the first term. */
START_TEST(normalised_state)
{
    subject s;
    open_subject(&s, (unroll_net_spec){.cell = "lstm", .norm = "recurrent-batch"}, 0);
    fill(&s, "rnn.norm_c_l0", 0);
    check_slope(&s, "rnn.norm_c_bias_l0", 1, 1);
    close_subject(&s);
}
END_TEST

/* Of two weights the gradient of the scores' matrix is a multiple of q (k1 − k2)^T, however small the lesser one is. */
START_TEST(weights_of_attention)
{
    static const char name[] = "attention.weight";
    double level[HIDDEN * HIDDEN], far[HIDDEN * HIDDEN], most = 0, last = INFINITY, scale = 1;
    subject s;
    open_subject(&s, (unroll_net_spec){.cell = "rnn", .attention = "general"}, MOST_SOURCE);
    fill(&s, name, 0);
    take_gradient(&s, name, level);
    for (size_t i = 0; i < HIDDEN * HIDDEN; i++)
        most = fmax(most, fabs(level[i]));
    while (last > 1e-10 * most) {
        last = 0;
        for (size_t i = 0; i < HIDDEN * HIDDEN; i++)
            weights_of(s.net, name)[i] = (unroll_real)(scale * level[i] / most);
        take_gradient(&s, name, far);
        for (size_t i = 0; i < HIDDEN * HIDDEN; i++)
            last = fmax(last, fabs(far[i]));
        scale *= 1.2;
        ck_assert_msg(scale < 1e6, "the weights do not part");
    }
    for (size_t i = 0; i < HIDDEN * HIDDEN; i++)
        ck_assert_msg(fabs(far[i] / far[0] / (level[i] / level[0]) - 1) < 1e-4,
                      "element %zu: %g of %g, where both weights are 1/2 %g of %g", i, far[i],
                      far[0], level[i], level[0]);
    close_subject(&s);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("saturated");
    TCase *tests = new_case(suite, "saturated");
    tcase_add_test(tests, output_of_attention);
    tcase_add_test(tests, weights_of_attention);
    tcase_add_test(tests, bridge_of_an_encoder);
    tcase_add_test(tests, normalised_state);
    return suite;
}
