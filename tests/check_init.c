/* What the weights of a network are before it learns: each initialisation's spread against its formula. */
#include <check.h>
#include <math.h>
#include <string.h>
#include <unroll/net.h>

#include "net/init.h"
#include "parameter.h"
#include "runner.h"

enum { IN = 30, HIDDEN = 60 };

static unroll_net *started(const unroll_net_spec *spec, const unroll_init *init)
{
    unroll_net *net = NULL;
    ck_assert_msg(unroll_net_new(spec, &net) == UNROLL_OK, "%s", unroll_message());
    ck_assert_msg(unroll_net_init(net, init) == UNROLL_OK, "%s", unroll_message());
    return net;
}

static unroll_net_spec spec_of(const char *cell)
{
    return (unroll_net_spec){.size = sizeof(unroll_net_spec),
                             .inputs = IN,
                             .outputs = 25,
                             .cell = cell,
                             .layers = 2,
                             .hidden = HIDDEN};
}

static unroll_init init_of(const char *kind, double scale)
{
    return (unroll_init){
        .size = sizeof(unroll_init), .kind = kind, .scale = scale, .forget_bias = NAN, .seed = 5};
}

static size_t size_of(const unroll_parameter *p)
{
    return p->rows * (p->cols ? p->cols : 1);
}

/* All values of the parameters whose names hold `part` are `value`, and there are some. */
static void all_are(unroll_net *net, const char *part, double value)
{
    const unroll_parameter *list;
    const size_t n = unroll_net_parameters(net, &list);
    size_t found = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; strstr(list[i].name, part) && k < size_of(&list[i]); k++, found++)
            ck_assert_msg(unroll_net_weights(net)[list[i].offset + k] == (unroll_real)value,
                          "%s [%zu]: %g", list[i].name, k,
                          (double)unroll_net_weights(net)[list[i].offset + k]);
    ck_assert_msg(found > 0, "no parameter %s", part);
}

START_TEST(what_scales_begins_as_its_source_says)
{
    unroll_net_spec spec = spec_of("lstm");
    unroll_init init = init_of("uniform", 1);
    spec.norm = "layer";
    unroll_net *net = started(&spec, &init);
    all_are(net, "norm_ih_l", 1);
    all_are(net, "norm_c_l", 1);
    all_are(net, "norm_c_bias", 0);
    unroll_net_free(net);
    spec.norm = "recurrent-batch";
    net = started(&spec, &init);
    all_are(net, "norm_hh_l", 0.1);
    all_are(net, "mean", 0);
    all_are(net, "var", 1);
    unroll_net_free(net);
    init.norm_gamma = 0.5;
    net = started(&spec, &init);
    all_are(net, "norm_c_l", 0.5);
    unroll_net_free(net);
    spec = spec_of("rnn");
    spec.activation = "prelu";
    net = started(&spec, &init);
    all_are(net, "prelu", 0.25);
    unroll_net_free(net);
}
END_TEST

/* A bound where values are uniform, else a deviation, of each matrix. */
static const struct spread {
    const char *kind;
    double bound_ih, bound_hh, bound_out, deviation_ih, deviation_hh, deviation_out;
} spreads[] = {
    {"uniform", 0.129099, 0.129099, 0.129099, 0, 0, 0},    /* 1/sqrt(60) */
    {"normal", 0, 0, 0, 0.129099, 0.129099, 0.129099},     /* the same */
    {"xavier", 0.258199, 0.223607, 0.265684, 0, 0, 0},     /* sqrt(6/90), sqrt(6/120), sqrt(6/85) */
    {"he", 0, 0, 0, 0.258199, 0.182574, 0.182574},         /* sqrt(2/30), sqrt(2/60) twice */
    {"orthogonal", 0.129099, 0, 0.129099, 0, 0.129099, 0}, /* rows of length 1 */
    {"identity", 0, 0, 0, 0.001, 0.129099, 0.001},         /* as large in the mean square */
    {"sparse", 0, 0, 0, 0.01, 0, 0.01},
};

static void spread_is(unroll_net *net, const char *name, double bound, double deviation)
{
    const unroll_parameter *p = parameter_of(net, name);
    const unroll_real *w = weights_of(net, name);
    double sum = 0, squares = 0, least = INFINITY, most = -INFINITY;
    const double n = (double)size_of(p);
    for (size_t i = 0; i < size_of(p); i++) {
        sum += (double)w[i];
        squares += (double)w[i] * (double)w[i];
        least = fmin(least, (double)w[i]);
        most = fmax(most, (double)w[i]);
    }
    if (bound > 0)
        ck_assert_msg(least < -0.99 * bound && least >= -1.0001 * bound && most > 0.99 * bound &&
                          most <= 1.0001 * bound,
                      "%s: from %g to %g, not within %g", name, least, most, bound);
    if (bound > 0)
        deviation = bound / sqrt(3);
    if (deviation > 0) /* 1500 values at least: 5 standard errors are 9% */
        ck_assert_msg(fabs(sqrt(squares / n) / deviation - 1) < 0.09,
                      "%s: root of mean square %g, not %g", name, sqrt(squares / n), deviation);
    if (deviation > 0 && strcmp(name, "rnn.weight_hh_l0") != 0)
        ck_assert_msg(fabs(sum / n) < 5 * deviation / sqrt(n), "%s: mean %g", name, sum / n);
}

START_TEST(spread_of_each_kind)
{
    const struct spread *s = &spreads[_i];
    const unroll_net_spec spec = spec_of("rnn");
    ck_assert_str_eq(unroll_init_name((size_t)_i), s->kind);
    for (double scale = 1; scale < 4; scale += 2) {
        const bool fixed = strcmp(s->kind, "identity") == 0 || strcmp(s->kind, "sparse") == 0;
        const double other = fixed ? 1 : scale; /* the small weights beside these are not scaled */
        const unroll_init init = init_of(s->kind, scale);
        unroll_net *net = started(&spec, &init);
        spread_is(net, "rnn.weight_ih_l0", other * s->bound_ih, other * s->deviation_ih);
        spread_is(net, "rnn.weight_hh_l0", scale * s->bound_hh, scale * s->deviation_hh);
        spread_is(net, "decoder.weight", other * s->bound_out, other * s->deviation_out);
        unroll_net_free(net);
    }
}
END_TEST

START_TEST(identity_is_the_identity)
{
    const unroll_net_spec spec = spec_of("rnn");
    const unroll_init init = init_of("identity", 2);
    unroll_net *net = started(&spec, &init);
    const unroll_real *w = weights_of(net, "rnn.weight_hh_l1");
    for (size_t i = 0; i < HIDDEN * HIDDEN; i++)
        ck_assert_double_eq((double)w[i], i % (HIDDEN + 1) == 0 ? 2 : 0);
    unroll_net_free(net);
}
END_TEST

START_TEST(orthogonal_is_orthogonal)
{
    const unroll_net_spec spec = spec_of("gru");
    const unroll_init init = init_of("orthogonal", 1);
    unroll_net *net = started(&spec, &init);
    for (size_t gate = 0; gate < 3; gate++) {
        const unroll_real *w = weights_of(net, "rnn.weight_hh_l0") + gate * HIDDEN * HIDDEN;
        for (size_t i = 0; i < HIDDEN; i++)
            for (size_t j = 0; j < HIDDEN; j++) {
                double dot = 0;
                for (size_t k = 0; k < HIDDEN; k++)
                    dot += (double)w[i * HIDDEN + k] * (double)w[j * HIDDEN + k];
                ck_assert_double_eq_tol(dot, i == j, 1e-5); /* rounding of 60 products */
            }
    }
    unroll_net_free(net);
}
END_TEST

START_TEST(the_list_of_kinds_ends)
{
    const size_t kinds = sizeof spreads / sizeof *spreads;
    ck_assert(unroll_init_summary(kinds - 1) && !unroll_init_name(kinds) &&
              !unroll_init_summary(kinds));
}
END_TEST

/* Only "uniform" draws biases. What PyTorch's two biases add up to is within twice the bound of one. */
START_TEST(biases)
{
    const unroll_net_spec spec = spec_of("rnn");
    unroll_init init = init_of("uniform", 1);
    unroll_net *net = started(&spec, &init);
    const double bound = 1 / sqrt(HIDDEN);
    double most = 0, sum = 0;
    for (size_t i = 0; i < HIDDEN; i++) {
        const double b = (double)weights_of(net, "rnn.bias_ih_l0")[i];
        most = fmax(most, fabs(b));
        sum += b;
    }
    ck_assert(most > 1.2 * bound && most <= 2 * bound && fabs(sum) < bound * HIDDEN / 3);
    for (size_t i = 0; i < 25; i++)
        ck_assert_double_le(fabs((double)weights_of(net, "decoder.bias")[i]), bound);
    unroll_net_free(net);
    init.kind = "normal";
    net = started(&spec, &init);
    all_are(net, "bias", 0);
    unroll_net_free(net);
}
END_TEST

START_TEST(embedded_tokens_are_standard_normal)
{
    unroll_net_spec spec = spec_of("rnn");
    const unroll_init init = init_of("xavier", 1);
    spec.embedding = 60;
    unroll_net *net = started(&spec, &init);
    spread_is(net, "encoder.weight", 0, 1);
    unroll_net_free(net);
}
END_TEST

/* Gates that are to remember up to T steps: ln U(1, T - 1), and what lets in has the negative of it. */
START_TEST(chrono)
{
    const unroll_net_spec spec = spec_of("lstm");
    unroll_init init = init_of("xavier", 1);
    init.chrono = true;
    init.chrono_max = 101;
    unroll_net *net = started(&spec, &init);
    const unroll_real *b = weights_of(net, "rnn.bias_ih_l1");
    double mean = 0;
    for (size_t j = 0; j < HIDDEN; j++) {
        const double forget = (double)b[HIDDEN + j];
        ck_assert(forget >= 0 && forget <= log(100) && (double)b[j] == -forget);
        mean += exp(forget) / HIDDEN;
    }
    ck_assert_double_eq_tol(mean, 50.5, 18.5); /* 5 standard errors of 60 draws from U(1, 100) */
    unroll_net_free(net);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("init");
    TCase *tests = new_case(suite, "all");
    const int kinds = (int)(sizeof spreads / sizeof *spreads);
    tcase_add_test(tests, what_scales_begins_as_its_source_says);
    tcase_add_loop_test(tests, spread_of_each_kind, 0, kinds);
    tcase_add_test(tests, identity_is_the_identity);
    tcase_add_test(tests, orthogonal_is_orthogonal);
    tcase_add_test(tests, the_list_of_kinds_ends);
    tcase_add_test(tests, biases);
    tcase_add_test(tests, embedded_tokens_are_standard_normal);
    tcase_add_test(tests, chrono);
    return suite;
}
