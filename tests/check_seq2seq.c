/* The encoder–decoder's gradients against finite differences in doubles, element by element; its decoding
 * against the training forward pass; and threads. Built with -DUNROLL_DOUBLE against the double library. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unroll/net.h>

#include "base/rng.h"
#include "gradient_check.h"
#include "math/kernels.h"
#include "cell/cell.h"

enum { SOURCE = 4, TARGET = 3, LINES = 3, WORDS = 5, SYMBOLS = 4 };

typedef struct pairs {
    char name[256];
    unroll_net *net;
    unroll_work *work;
    unroll_batch batch;
    uint32_t source[SOURCE * LINES], input[TARGET * LINES], target[TARGET * LINES];
    uint8_t source_mode[SOURCE * LINES], mode[TARGET * LINES];
    double weight[TARGET * LINES];
    double *grad;
    unroll_result result;
} pairs;

static unroll_rng rng;

/* Rows of lengths 4, 2, 3 in the source and 2, 3, 1 in the target. */
static void draw_batch(pairs *p, bool padded)
{
    static const size_t source[LINES] = {4, 2, 3}, target[LINES] = {2, 3, 1};
    for (size_t i = 0; i < SOURCE * LINES; i++) {
        p->source[i] = (uint32_t)unroll_rng_below(&rng, WORDS);
        p->source_mode[i] = i / LINES < source[i % LINES] ? UNROLL_RUN : UNROLL_HOLD;
    }
    for (size_t i = 0; i < TARGET * LINES; i++) {
        const bool runs = i / LINES < target[i % LINES];
        p->input[i] = (uint32_t)unroll_rng_below(&rng, SYMBOLS);
        p->target[i] = (uint32_t)unroll_rng_below(&rng, SYMBOLS);
        p->mode[i] = runs ? UNROLL_RUN : UNROLL_HOLD;
        p->weight[i] = runs ? 1 : 0;
    }
    p->batch = (unroll_batch){
        .T = TARGET, .B = LINES, .S = SOURCE, .source = p->source, .input = p->input,
        .target = p->target, .source_mode = padded ? p->source_mode : NULL,
        .mode = padded ? p->mode : NULL, .weight = padded ? p->weight : NULL,
    };
}

static void open_pairs(pairs *p, unroll_net_spec spec, bool padded, uint64_t seed, size_t threads)
{
    memset(p, 0, sizeof *p);
    spec.source = WORDS;
    spec.inputs = spec.outputs = SYMBOLS;
    spec.hidden = spec.hidden ? spec.hidden : 3;
    const unroll_init init = {.kind = "uniform", .scale = 1.5, .forget_bias = 1, .seed = seed};
    snprintf(p->name, sizeof p->name, "%s %s, %zu layers, embedding %zu, attention %s%s%s%s%s%s%s",
             spec.cell, spec.gru ? spec.gru : "", spec.layers, spec.embedding,
             spec.attention ? spec.attention : "none", spec.bidirectional ? ", bidirectional" : "",
             spec.dropout > 0 ? ", dropout" : "", spec.residual ? ", residual" : "",
             spec.label_smoothing > 0 ? ", smoothing" : "", spec.sampling > 0 ? ", sampling" : "",
             padded ? ", padded" : "");
    ck_assert_msg(unroll_net_new(&spec, &p->net) == UNROLL_OK, "%s: %s", p->name, unroll_message());
    ck_assert_msg(unroll_net_init(p->net, &init) == UNROLL_OK, "%s: %s", p->name, unroll_message());
    unroll_rng_seed(&rng, seed, 99);
    draw_batch(p, padded);
    ck_assert_msg(unroll_work_new_pairs(p->net, SOURCE, TARGET, LINES, true, threads, &p->work) ==
                  UNROLL_OK, "%s: %s", p->name, unroll_message());
    unroll_work_set_dropout_key(p->work, 4711);
    p->grad = calloc(unroll_net_size(p->net), sizeof *p->grad);
    ck_assert_ptr_nonnull(p->grad);
}

static void close_pairs(pairs *p)
{
    free(p->grad);
    unroll_work_free(p->work);
    unroll_net_free(p->net);
}

static void gradient_into(pairs *p, double *grad)
{
    unroll_net_pack(p->net, 1);
    ck_assert_msg(unroll_net_gradient(p->net, &p->batch, p->work, grad, &p->result) == UNROLL_OK,
                  "%s: %s", p->name, unroll_message());
    ck_assert(p->result.finite);
}

/* The loss that is trained on: dropout, smoothing and sampling are part of it. */
static double training_loss(void *arg)
{
    pairs *p = arg;
    double *spare = calloc(unroll_net_size(p->net), sizeof *spare);
    ck_assert_ptr_nonnull(spare);
    gradient_into(p, spare);
    free(spare);
    return p->result.loss / p->result.weight;
}

static size_t check_all(pairs *p)
{
    const unroll_parameter *list;
    const size_t n = unroll_net_parameters(p->net, &list);
    size_t checked = 0;
    gradient_into(p, p->grad);
    for (size_t i = 0; i < n; i++) {
        gradient_report r = {0};
        if (list[i].frozen)
            continue;
        if (strstr(list[i].name, "bias_hh") && strcmp(unroll_net_get_spec(p->net)->cell, "gru") == 0)
            continue; /* a part of it learns; check_gradient looks at it */
        gradient_check(training_loss, p, list[i].rows * (list[i].cols ? list[i].cols : 1),
                       unroll_net_weights(p->net) + list[i].offset, p->grad + list[i].offset, &r);
        ck_assert_msg(r.wrong == 0 && r.kinks == 0,
                      "%s: %zu of %zu wrong, worst %s[%zu]: %.12g, by differences %.12g, error %.2g",
                      p->name, r.wrong, r.checked, list[i].name, r.index, r.analytic, r.numeric,
                      r.worst);
        checked += r.checked;
    }
    unroll_net_pack(p->net, 1);
    return checked;
}

static const struct body {
    const char *cell, *gru;
} bodies[] = {{"rnn", NULL}, {"lstm", NULL}, {"gru", "reset-after"}, {"gru", "reset-before"}};
enum { BODIES = sizeof bodies / sizeof *bodies };

static unroll_net_spec of_body(const struct body *b, unroll_net_spec spec)
{
    spec.cell = b->cell;
    spec.gru = b->gru;
    return spec;
}

START_TEST(gradients)
{
    const unroll_net_spec specs[] = {
        {.layers = 1},
        {.layers = 2, .embedding = 2},
        {.layers = 2, .embedding = 3, .tie = true},
        {.layers = 2, .embedding = 2, .dropout = 0.4},
        {.layers = 3, .residual = true, .dropout = 0.3},
        {.layers = 2, .norm = "layer"},
        {.layers = 1, .attention = "dot"},
        {.layers = 2, .attention = "general", .embedding = 2},
        {.layers = 2, .attention = "additive", .dropout = 0.3},
        {.layers = 1, .label_smoothing = 0.2},
        {.layers = 2, .bidirectional = true},
        {.layers = 2, .bidirectional = true, .embedding = 2, .attention = "general"},
        {.layers = 2, .bidirectional = true, .attention = "additive", .dropout = 0.3,
         .residual = true},
        {.layers = 1, .sampling = 0.7, .embedding = 2, .attention = "dot"},
    };
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++)
        for (int padded = 0; padded < 2; padded++) {
            pairs p;
            open_pairs(&p, of_body(&bodies[_i], specs[i]), padded, 10 + i, 1);
            ck_assert_uint_gt(check_all(&p), 50);
            close_pairs(&p);
        }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("seq2seq");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, gradients, 0, BODIES);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
