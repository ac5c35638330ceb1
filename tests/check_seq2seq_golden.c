/* Logits, losses and gradients of small encoder–decoders against what PyTorch gives: tests/golden/seq2seq.bin,
 * whose format and origin are at the head of tests/golden/make_seq2seq_golden.py. Tolerances are shares of a
 * tensor's largest element: one pass in float is good to about 1e-6. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unroll/net.h>

#include "golden_file.h"
#include "runner.h"
#include "work_options.h"

enum { TENSORS_MAX = 96, CASES_MAX = 16, LINE_MAX = 300 };
static const double tolerance = 1e-5;

static struct golden {
    char name[32], cell[8], attention[16];
    unsigned long layers, hidden, embedding, both, S, T, B, source, outputs;
    double smoothing;
    tensor tensor[TENSORS_MAX];
    size_t tensors;
} cases[CASES_MAX];
static size_t case_count;

static void read_case(const char *line, struct golden *g)
{
    golden_need(sscanf(line,
                       "case %31s cell=%7s layers=%lu hidden=%lu embedding=%lu bidirectional=%lu "
                       "attention=%15s smoothing=%lf S=%lu T=%lu B=%lu source=%lu outputs=%lu",
                       g->name, g->cell, &g->layers, &g->hidden, &g->embedding, &g->both, g->attention,
                       &g->smoothing, &g->S, &g->T, &g->B, &g->source, &g->outputs) == 13,
                line);
}

static void read_values(void)
{
    char line[LINE_MAX];
    FILE *f = golden_open("seq2seq.bin");
    struct golden *g = cases;
    while (fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "case ", 5) == 0) {
            golden_need(case_count < CASES_MAX, "too many cases");
            g = &cases[case_count++];
            read_case(line, g);
        } else if (strncmp(line, "tensor ", 7) == 0) {
            golden_need(case_count > 0 && g->tensors < TENSORS_MAX, "too many tensors");
            golden_tensor(f, line, &g->tensor[g->tensors++]);
        }
    }
    golden_need(fclose(f) == 0, "cannot be read");
    golden_need(case_count >= 8, "has lost cases");
}

static const tensor *find(const struct golden *g, const char *prefix, const char *name)
{
    char full[128];
    snprintf(full, sizeof full, "%s%s", prefix, name);
    for (size_t i = 0; i < g->tensors; i++)
        if (strcmp(g->tensor[i].name, full) == 0)
            return &g->tensor[i];
    ck_abort_msg("%s: no tensor %s", g->name, full);
}

static void require_near(const struct golden *g, const char *what, size_t n, const float *got,
                         const float *want)
{
    double largest = 1e-3;
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs((double)want[i]));
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(fabs((double)got[i] - (double)want[i]) <= tolerance * largest,
                      "%s: %s[%zu] is %.9g, PyTorch has %.9g", g->name, what, i, (double)got[i],
                      (double)want[i]);
}

static unroll_net *make_net(const struct golden *g)
{
    const unroll_net_spec spec = {
        .size = sizeof spec,
        .source = g->source,
        .inputs = g->outputs,
        .outputs = g->outputs,
        .cell = g->cell,
        .layers = g->layers,
        .hidden = g->hidden,
        .embedding = g->embedding,
        .bidirectional = g->both,
        .attention = g->attention,
        .label_smoothing = g->smoothing,
    };
    unroll_net *net;
    const unroll_parameter *list;
    ck_assert_msg(unroll_net_new(&spec, &net) == UNROLL_OK, "%s", unroll_message());
    const size_t n = unroll_net_parameters(net, &list);
    for (size_t i = 0; i < n; i++) {
        const tensor *t = find(g, "weight:", list[i].name);
        ck_assert_uint_eq(t->count, list[i].rows * (list[i].cols ? list[i].cols : 1));
        unroll_parameter_set(&list[i], unroll_net_weights(net), t->data);
    }
    unroll_net_pack(net, 1);
    return net;
}

static uint32_t *ids(const tensor *t)
{
    uint32_t *x = calloc(t->count, sizeof *x);
    ck_assert_ptr_nonnull(x);
    for (size_t i = 0; i < t->count; i++)
        x[i] = (uint32_t)t->data[i];
    return x;
}

static void check_decoding(const struct golden *g, const unroll_net *net, const unroll_batch *b)
{
    unroll_decoding *d;
    const tensor *logits = find(g, "", "logits"), *length = find(g, "", "source_length");
    ck_assert_int_eq(unroll_decoding_new(net, g->S, 1, &d), UNROLL_OK);
    for (size_t r = 0; r < g->B; r++) {
        uint32_t source[16];
        for (size_t s = 0; s < g->S; s++)
            source[s] = b->source[s * g->B + r];
        ck_assert_int_eq(unroll_decoding_begin(d, source, (size_t)length->data[r]), UNROLL_OK);
        for (size_t t = 0; t < g->T; t++)
            require_near(g, "logits", g->outputs,
                         unroll_decoding_step(d, &b->input[t * g->B + r], NULL, 1),
                         logits->data + (t * g->B + r) * g->outputs);
    }
    unroll_decoding_free(d);
}

static void check_gradient(const struct golden *g, const unroll_net *net, const unroll_batch *b)
{
    unroll_work *work;
    unroll_result result;
    const unroll_parameter *list;
    const size_t n = unroll_net_parameters(net, &list);
    float *grad = calloc(unroll_net_size(net), sizeof *grad);
    float *plain = calloc(unroll_net_size(net), sizeof *plain);
    ck_assert_ptr_nonnull(grad);
    ck_assert_ptr_nonnull(plain);
    const unroll_status made =
        unroll_work_new(net, WORK(.T = g->T, .B = g->B, .S = g->S, .threads = 2, .training = true),
                        &work);
    ck_assert_int_eq(made, UNROLL_OK);
    ck_assert_int_eq(unroll_net_gradient(net, b, work, grad, &result), UNROLL_OK);
    const float loss = (float)(result.loss / result.weight);
    require_near(g, "loss", 1, &loss, find(g, "", "loss")->data);
    for (size_t i = 0; i < n; i++) {
        const tensor *t = find(g, "grad:", list[i].name);
        unroll_parameter_get(&list[i], grad, plain);
        require_near(g, t->name, t->count, plain, t->data);
    }
    unroll_work_free(work);
    free(plain);
    free(grad);
}

START_TEST(as_pytorch)
{
    const struct golden *g = &cases[_i];
    unroll_net *net = make_net(g);
    const float *source_length = find(g, "", "source_length")->data;
    const float *target_length = find(g, "", "target_length")->data;
    uint8_t source_mode[64] = {0}, mode[64] = {0};
    float weight[64] = {0};
    ck_assert(g->S * g->B <= 64 && g->T * g->B <= 64);
    for (size_t i = 0; i < g->S * g->B; i++)
        source_mode[i] = (float)(i / g->B) >= source_length[i % g->B]; /* UNROLL_HOLD */
    for (size_t i = 0; i < g->T * g->B; i++) {
        mode[i] = (float)(i / g->B) >= target_length[i % g->B];
        weight[i] = mode[i] ? 0 : 1;
    }
    uint32_t *source = ids(find(g, "", "source")), *input = ids(find(g, "", "input"));
    uint32_t *target = ids(find(g, "", "target"));
    const unroll_batch batch = {
        .S = g->S,
        .T = g->T,
        .B = g->B,
        .source = source,
        .input = input,
        .target = target,
        .source_mode = source_mode,
        .mode = mode,
        .weight = weight,
    };
    check_gradient(g, net, &batch);
    check_decoding(g, net, &batch);
    free(target);
    free(input);
    free(source);
    unroll_net_free(net);
}
END_TEST

Suite *make_suite(void)
{
    read_values();
    Suite *suite = suite_create("seq2seq golden");
    TCase *tests = new_case(suite, "all");
    tcase_add_loop_test(tests, as_pytorch, 0, (int)case_count);
    return suite;
}
