/* The way back through encoder–decoders: held against training, against identities, and against a plain loop in
 * doubles. Built a second time as check_pair_flow_double, with -DUNROLL_DOUBLE against the double library. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "align.h"
#include "allowance.h"
#include "base/rng.h"
#include "difference.h"
#include "net/encoder.h"
#include "net/net.h"
#include "parameter.h"
#include "probe/gradient_flow.h"
#include "probe/inject.h"
#include "probe/pair_flow.h"
#include "probe/probe.h"
#include "runner.h"

#ifdef UNROLL_DOUBLE
enum { DOUBLES = 1 };
#else
enum { DOUBLES = 0 };
#endif
static const double near = DOUBLES ? 1e-12 : 1e-5;

enum { WORDS = 7, SYMBOLS = 5 };

/* clang-format off */
static const unroll_net_spec shapes[] = {
    {.cell = "rnn", .layers = 1},
    {.cell = "lstm", .layers = 3},
    {.cell = "gru", .layers = 2, .embedding = 4, .attention = "dot"},
    {.cell = "lstm", .layers = 2, .embedding = 4, .attention = "general", .residual = true},
    {.cell = "rnn", .activation = "sigmoid", .layers = 2, .attention = "additive"},
    {.cell = "lstm", .layers = 1, .embedding = 3, .bidirectional = true},
    {.cell = "gru", .layers = 3, .attention = "general", .bidirectional = true, .residual = true},
    {.cell = "rnn", .layers = 2, .embedding = 4, .attention = "additive", .bidirectional = true},
    {.cell = "lstm", .layers = 2, .attention = "additive", .bidirectional = true, .norm = "layer"},
    {.cell = "rnn", .layers = 3, .embedding = 4, .attention = "dot", .residual = true, .norm = "layer"},
};
/* clang-format on */
enum { SHAPES = sizeof shapes / sizeof *shapes };

typedef struct pairs {
    unroll_net *net;
    unroll_work *work;
    unroll_batch batch;
    uint32_t *source, *input, *target;
    uint8_t *source_mode, *mode, *inject;
    unroll_real *weight;
} pairs;

static void *new_array(size_t count, size_t size)
{
    void *array = calloc(count ? count : 1, size);
    ck_assert_ptr_nonnull(array);
    return array;
}

/* Weights that floats and doubles hold alike. */
static void round_weights(unroll_net *net)
{
    unroll_real *w = unroll_net_weights(net);
    for (size_t i = 0; i < unroll_net_size(net); i++)
        w[i] = (unroll_real)(float)w[i];
    unroll_net_pack(net, 1);
}

/* Row r of a padded batch has r words less, and r symbols less. */
static void fill(pairs *p, size_t S, size_t T, size_t B, bool padded, uint64_t seed)
{
    unroll_rng rng;
    unroll_rng_seed(&rng, seed, 7);
    p->source = new_array(S * B, sizeof *p->source);
    p->source_mode = new_array(S * B, 1);
    p->input = new_array(T * B, sizeof *p->input);
    p->target = new_array(T * B, sizeof *p->target);
    p->mode = new_array(T * B, 1);
    p->inject = new_array(T * B, 1);
    p->weight = new_array(T * B, sizeof *p->weight);
    for (size_t i = 0; i < S * B; i++) {
        p->source[i] = (uint32_t)unroll_rng_below(&rng, WORDS);
        p->source_mode[i] = padded && i / B + i % B >= S ? UNROLL_HOLD : UNROLL_RUN;
    }
    for (size_t i = 0; i < T * B; i++) {
        const bool runs = !padded || i / B + i % B < T;
        p->input[i] = (uint32_t)unroll_rng_below(&rng, SYMBOLS);
        p->target[i] = (uint32_t)unroll_rng_below(&rng, SYMBOLS);
        p->mode[i] = runs ? UNROLL_RUN : UNROLL_HOLD;
        p->weight[i] = runs;
    }
    p->batch = (unroll_batch){.T = T,
                              .B = B,
                              .S = S,
                              .source = p->source,
                              .input = p->input,
                              .target = p->target,
                              .source_mode = p->source_mode,
                              .mode = p->mode,
                              .weight = p->weight};
}

static void open_pairs(pairs *p, unroll_net_spec spec, size_t S, size_t T, size_t B, bool padded)
{
    const unroll_init init = {
        .size = sizeof init, .kind = "uniform", .scale = 1.5, .forget_bias = 1, .seed = 3};
    *p = (pairs){0};
    spec.size = sizeof spec;
    spec.source = WORDS;
    spec.inputs = spec.outputs = SYMBOLS;
    spec.hidden = spec.hidden ? spec.hidden : 9;
    OK(unroll_net_new(&spec, &p->net));
    OK(unroll_net_init(p->net, &init));
    round_weights(p->net);
    fill(p, S, T, B, padded, 1);
    const unroll_work_options options = {
        .size = sizeof options, .T = T, .B = B, .S = S, .threads = 2, .training = true};
    OK(unroll_work_new(p->net, &options, &p->work));
}

static void close_pairs(pairs *p)
{
    unroll_work_free(p->work);
    unroll_net_free(p->net);
    free(p->source), free(p->source_mode), free(p->input), free(p->target);
    free(p->mode), free(p->inject), free(p->weight);
}

/* ---- scaled and unscaled ---- */

/* All norms of a run: of the decoder's states, the encoder's, and the words. */
typedef struct norms {
    size_t target, source, words;
    double *at;
} norms;

static norms norms_of(pairs *p, bool unscaled)
{
    const unroll_net_spec *s = unroll_net_get_spec(p->net);
    const size_t states = s->layers * UNROLL_STATES * p->batch.B;
    norms n = {.target = p->batch.T * states,
               .source = s->bidirectional ? 0 : p->batch.S * states,
               .words = p->batch.S * p->batch.B};
    n.at = new_array(n.target + n.source + n.words, sizeof *n.at);
    OK(unroll_gradient_flow_run(p->net, p->work,
                                &(unroll_gradient_flow){.batch = &p->batch,
                                                        .inject = p->inject,
                                                        .unscaled = unscaled,
                                                        .norm = n.at,
                                                        .source_norm = n.source ? n.at + n.target : NULL,
                                                        .word_norm = n.at + n.target + n.source}));
    return n;
}

static void require_near(const double *a, const double *b, size_t n, double tolerance)
{
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(fabs(a[i] - b[i]) <= tolerance * fabs(b[i]), "%zu of %zu: %.17g and %.17g", i,
                      n, a[i], b[i]);
}

/* Small shapes, none of whose gradients leaves the range of floats; all shapes whose gradients leave that of
 * floats, but not that of doubles. */
START_TEST(scaled_is_unscaled)
{
    const bool far = _i >= 2 * SHAPES;
    pairs p;
    if (far && !DOUBLES)
        return;
    open_pairs(&p, shapes[_i % SHAPES], far ? 30 : 6, far ? 40 : 5, 3, _i >= SHAPES);
    unroll_inject_last(&p.batch, p.inject);
    const norms scaled = norms_of(&p, false), unscaled = norms_of(&p, true);
    const size_t n = scaled.target + scaled.source + scaled.words;
    size_t positive = 0;
    for (size_t i = 0; i < n; i++)
        positive += scaled.at[i] > 0;
    ck_assert_uint_gt(positive, n / 3);
    require_near(scaled.at, unscaled.at, n, near);
    free(scaled.at);
    free(unscaled.at);
    close_pairs(&p);
}
END_TEST

/* ---- identities ---- */

/* All vectors that a flow shows, as doubles: [T + S][layers][2][B][H], the source's after the target's. */
typedef struct vectors {
    const pairs *p;
    size_t B, H, layers, count;
    double *at;
} vectors;

static void see(void *arg, const unroll_flow_step *s)
{
    const vectors *v = arg;
    const size_t step = s->t + (s->source ? v->p->batch.T : 0);
    for (size_t r = 0; r < s->rows; r++)
        for (size_t j = 0; j < v->H; j++) {
            const size_t from = r * s->pitch + j;
            double *to =
                v->at + (((step * v->layers + s->layer) * 2) * v->B + s->row0 + r) * v->H + j;
            to[0] = ldexp((double)s->dh[from], s->exponent[r]);
            to[v->B * v->H] = s->dc ? ldexp((double)s->dc[from], s->exponent[r]) : 0;
        }
}

static void see_hook(void *arg, size_t layer, size_t t, size_t row0, size_t rows, size_t pitch,
                     const unroll_real *dh, const unroll_real *dc)
{
    const int zero[8] = {0};
    see(arg, &(unroll_flow_step){layer, t, row0, rows, pitch, dh, dc, zero, false});
}

static vectors new_vectors(const pairs *p)
{
    const unroll_net_spec *s = unroll_net_get_spec(p->net);
    vectors v = {.p = p, .B = p->batch.B, .H = s->hidden, .layers = s->layers};
    v.count = (p->batch.T + p->batch.S) * v.layers * 2 * v.B * v.H;
    v.at = new_array(v.count, sizeof *v.at);
    return v;
}

static vectors see_vectors(pairs *p, bool unscaled)
{
    vectors v = new_vectors(p);
    double *words = new_array(p->batch.S * p->batch.B, sizeof *words);
    OK(unroll_gradient_flow_run(p->net, p->work,
                                &(unroll_gradient_flow){.batch = &p->batch,
                                                        .inject = p->inject,
                                                        .unscaled = unscaled,
                                                        .word_norm = words,
                                                        .visit = see,
                                                        .arg = &v}));
    free(words);
    return v;
}

/* Row r has the loss of step r alone: the sum over rows is what all losses together give. */
START_TEST(single_losses_add_up)
{
    enum { S = 6, T = 5 };
    pairs p;
    open_pairs(&p, shapes[_i], S, T, T, false);
    const size_t H = unroll_net_get_spec(p.net)->hidden;
    for (size_t r = 1; r < T; r++) {
        for (size_t s = 0; s < S; s++)
            p.source[s * T + r] = p.source[s * T];
        for (size_t t = 0; t < T; t++) {
            p.input[t * T + r] = p.input[t * T];
            p.target[t * T + r] = p.target[t * T];
        }
    }
    unroll_inject_all(&p.batch, p.inject);
    const vectors all = see_vectors(&p, false);
    memset(p.inject, UNROLL_INJECT_NONE, T * T);
    for (size_t r = 0; r < T; r++)
        p.inject[r * T + r] = UNROLL_INJECT_RESTART;
    const vectors one = see_vectors(&p, false);
    double *sum = new_array(H, sizeof *sum);
    for (size_t i = 0; i < all.count / (T * H); i++) {
        memset(sum, 0, H * sizeof *sum);
        for (size_t r = 0; r < T; r++)
            for (size_t j = 0; j < H; j++)
                sum[j] += one.at[(i * T + r) * H + j];
        ck_assert_double_le(relative_difference(sum, all.at + i * T * H, H), near);
    }
    free(sum);
    free(one.at);
    free(all.at);
    close_pairs(&p);
}
END_TEST

/* Accumulated gradients are training's, but for the mean over all targets: in the decoder's states, and in the
 * weights that belong to the encoder, for which the flow leaves what training would. */
START_TEST(accumulated_is_training_gradient)
{
    pairs p;
    unroll_result result;
    const unroll_parameter *list;
    open_pairs(&p, shapes[_i % SHAPES], 6, 5, 3, _i >= SHAPES);
    const size_t size = unroll_net_size(p.net), n = unroll_net_parameters(p.net, &list);
    vectors hook = new_vectors(&p);
    unroll_real *grad = new_array(size, sizeof *grad), *own = new_array(size, sizeof *own);
    unroll_work_set_hook(p.work, &(unroll_hook){.after = see_hook, .arg = &hook});
    OK(unroll_net_gradient(p.net, &p.batch, p.work, grad, &result));
    unroll_work_set_hook(p.work, NULL);
    unroll_inject_all(&p.batch, p.inject);
    const vectors flow = see_vectors(&p, true);
    p.work->grad = own;
    for (size_t thread = 0; thread < 2; thread++)
        unroll_encoder_weights(p.net, p.work, thread);
    const size_t target = flow.count / (p.batch.T + p.batch.S) * p.batch.T;
    for (size_t i = 0; i < target; i++)
        hook.at[i] *= result.weight;
    ck_assert_double_le(relative_difference(flow.at, hook.at, target), near);
    size_t compared = 0;
    for (size_t i = 0; i < n; i++) {
        const struct unroll_parameter_use *use = &p.net->parameters.use[i];
        if (use->trained == 0 ||
            (strncmp(list[i].name, "encoder.", 8) != 0 && strncmp(list[i].name, "bridge.", 7) != 0))
            continue;
        double difference = 0, whole = 0;
        const size_t first = list[i].offset + use->first;
        for (size_t k = first; k < first + use->trained; k++) {
            difference += pow((double)own[k] - (double)grad[k] * result.weight, 2);
            whole += pow((double)grad[k] * result.weight, 2);
        }
        ck_assert_msg(sqrt(difference) <= near * sqrt(whole) && whole > 0, "%s: %g of %g",
                      list[i].name, sqrt(difference), sqrt(whole));
        compared++;
    }
    ck_assert_uint_ge(compared, 3);
    free(flow.at), free(hook.at), free(own), free(grad);
    close_pairs(&p);
}
END_TEST

/* ---- range ---- */

/* h' = σ(x + Wh h + b) of one token, and what of d comes to the state before. */
typedef struct plain_side {
    const unroll_real *Wx, *Wh, *b;
} plain_side;

enum { H = 24, FAR_S = 70, FAR_T = 60, FAR = FAR_S + FAR_T };

static void plain_step(const plain_side *w, uint32_t x, const double *from, double *to)
{
    for (size_t j = 0; j < H; j++) {
        double z = (double)w->b[j] + (double)w->Wx[x * H + j];
        for (size_t k = 0; k < H; k++)
            z += (double)w->Wh[j * H + k] * from[k];
        to[j] = 1 / (1 + exp(-z));
    }
}

/* @param d  dL/dh of h, which becomes that of the state before */
static void plain_back(const plain_side *w, const double *h, double *d)
{
    double e[H] = {0};
    for (size_t j = 0; j < H; j++)
        for (size_t k = 0; k < H; k++)
            e[k] += d[j] * h[j] * (1 - h[j]) * (double)w->Wh[j * H + k];
    memcpy(d, e, sizeof e);
}

/* Sigmoid nets of one layer without attention: norms by distance of the last loss, row 0. They stay within
 * doubles. */
static void plain_pair(pairs *p, double *norm)
{
    const plain_side side[2] = {{weights_of(p->net, "encoder.rnn.weight_ih_l0"),
                                 weights_of(p->net, "encoder.rnn.weight_hh_l0"),
                                 weights_of(p->net, "encoder.rnn.bias_ih_l0")},
                                {weights_of(p->net, "decoder.rnn.weight_ih_l0"),
                                 weights_of(p->net, "decoder.rnn.weight_hh_l0"),
                                 weights_of(p->net, "decoder.rnn.bias_ih_l0")}};
    const unroll_real *Wo = weights_of(p->net, "decoder.output.weight"),
                      *bo = weights_of(p->net, "decoder.output.bias");
    double h[FAR + 1][H] = {{0}}, y[SYMBOLS], d[H] = {0}, total = 0;
    for (size_t i = 0; i < FAR; i++)
        plain_step(&side[i >= FAR_S],
                   i < FAR_S ? p->source[i * p->batch.B] : p->input[(i - FAR_S) * p->batch.B], h[i],
                   h[i + 1]);
    for (size_t v = 0; v < SYMBOLS; v++) {
        y[v] = (double)bo[v];
        for (size_t k = 0; k < H; k++)
            y[v] += (double)Wo[v * H + k] * h[FAR][k];
        total += exp(y[v]);
    }
    for (size_t v = 0; v < SYMBOLS; v++)
        for (size_t k = 0; k < H; k++)
            d[k] += (exp(y[v]) / total - (v == p->target[(FAR_T - 1) * p->batch.B])) *
                    (double)Wo[v * H + k];
    for (size_t k = 0; k < FAR; k++) {
        double sum = 0;
        for (size_t j = 0; j < H; j++)
            sum += d[j] * d[j];
        norm[k] = sqrt(sum);
        plain_back(&side[FAR - 1 - k >= FAR_S], h[FAR - k], d);
    }
}

START_TEST(range_of_a_sigmoid)
{
    pairs p;
    unroll_probe *probe;
    unroll_curve *curve;
    double expected[FAR];
    open_pairs(&p,
               (unroll_net_spec){.cell = "rnn", .activation = "sigmoid", .layers = 1, .hidden = H},
               FAR_S, FAR_T, 2, false);
    OK(unroll_probe_new(p.net,
                        &(unroll_probe_options){
                            .size = sizeof(unroll_probe_options), .T = FAR_T, .B = 2, .S = FAR_S},
                        &probe));
    OK(unroll_curve_new(p.net, NULL, &curve));
    OK(unroll_curve_add(curve, probe, &p.batch));
    ck_assert_uint_eq(unroll_curve_distances(curve), FAR);
    plain_pair(&p, expected);
    ck_assert_double_lt(expected[FAR - 1], 1e-60);
    require_near(unroll_curve_sample(curve, 0, 0, UNROLL_STATE_H), expected, FAR,
                 DOUBLES ? 1e-11 : 1e-4);
    unroll_curve_free(curve);
    unroll_probe_free(probe);
    close_pairs(&p);
}
END_TEST

/* Words far from a target, through two layers that read both ways, and a decoder whose layers forget at rates of
 * their own; the values are those that doubles give, scaled or not. */
START_TEST(range_of_an_alignment)
{
    static const struct {
        size_t target, word;
        double norm;
    } known[] = {
        {0, 0, 0.00079156434511},   {0, 35, 5.0493929068e-27},   {30, 20, 8.30588952894e-38},
        {59, 0, 1.97610884422e-43}, {59, 35, 2.62272688515e-66}, {59, 69, 9.79739093457e-43},
    };
    pairs p;
    double *norm = new_array(FAR_T * FAR_S, sizeof *norm);
    open_pairs(&p,
               (unroll_net_spec){.cell = "rnn",
                                 .activation = "sigmoid",
                                 .layers = 2,
                                 .hidden = H,
                                 .embedding = 4,
                                 .bidirectional = true},
               FAR_S, FAR_T, 1, false);
    unroll_real *upper = weights_of(p.net, "decoder.rnn.weight_hh_l1");
    for (size_t i = 0; i < H * H; i++)
        upper[i] /= 4;
    unroll_net_pack(p.net, 1);
    OK(align(p.net, FAR_S, p.source, FAR_T, p.input, p.target, norm, NULL));
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        require_near(norm + known[i].target * FAR_S + known[i].word, &known[i].norm, 1,
                     DOUBLES ? 1e-10 : 1e-4);
    free(norm);
    close_pairs(&p);
}
END_TEST

START_TEST(a_row_without_a_target_is_refused)
{
    const unroll_probe_options o = {.size = sizeof o, .T = 3, .B = 2, .S = 4, .threads = 1};
    pairs p;
    unroll_probe *probe;
    double norm[2];
    open_pairs(&p, shapes[0], 4, 3, 2, false);
    p.weight[1] = p.weight[3] = p.weight[5] = 0;
    OK(unroll_probe_new(p.net, &o, &probe));
    ck_assert_int_eq(unroll_pair_flow_run(probe, &p.batch, 1, norm), UNROLL_EUSAGE);
    unroll_probe_free(probe);
    close_pairs(&p);
}
END_TEST

START_TEST(any_allocation_may_fail)
{
    pairs p;
    double norm[5 * 4];
    open_pairs(&p, shapes[_i], 4, 5, 1, false);
    for (long n = 0; allow(n); n++) {
        const unroll_probe_options o = {.size = sizeof o, .T = 5, .B = 1, .S = 4, .threads = 1};
        unroll_probe *probe = NULL;
        unroll_curve *curve = NULL;
        unroll_status status = unroll_probe_new(p.net, &o, &probe);
        if (status == UNROLL_OK)
            status = unroll_curve_new(p.net, NULL, &curve);
        if (status == UNROLL_OK)
            status = unroll_curve_add(curve, probe, &p.batch);
        if (status == UNROLL_OK)
            status = align(p.net, 4, p.source, 5, p.input, p.target, norm, NULL);
        allowed(status);
        ck_assert(status == UNROLL_OK || status == UNROLL_EMEMORY);
        unroll_curve_free(curve);
        unroll_probe_free(probe);
    }
    close_pairs(&p);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("pair flow");
    TCase *tests = new_case(suite, "gradients of encoder-decoders");
    tcase_add_loop_test(tests, scaled_is_unscaled, 0, 3 * SHAPES);
    tcase_add_loop_test(tests, single_losses_add_up, 0, SHAPES);
    tcase_add_loop_test(tests, accumulated_is_training_gradient, 0, 2 * SHAPES);
    tcase_add_test(tests, range_of_a_sigmoid);
    tcase_add_test(tests, range_of_an_alignment);
    tcase_add_test(tests, a_row_without_a_target_is_refused);
    tcase_add_loop_test(tests, any_allocation_may_fail, 0, SHAPES);
    return suite;
}
