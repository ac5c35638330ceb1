/* Encoder-decoders: sources of any length, and inputs that are the net's own guesses. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unroll/net.h>

#include "net/net.h"
#include "runner.h"
#include "work_options.h"

enum { WORDS = 11, SYMBOLS = 9, S_MAX = 20, T = 7, B = 5 };

static unroll_net *new_net(const char *attention, double sampling)
{
    const unroll_net_spec spec = {.size = sizeof spec,
                                  .source = WORDS,
                                  .inputs = SYMBOLS,
                                  .outputs = SYMBOLS,
                                  .cell = "gru",
                                  .layers = 1,
                                  .hidden = 12,
                                  .attention = attention,
                                  .scheduled_sampling = sampling};
    const unroll_init init = {
        .size = sizeof init, .kind = "xavier", .scale = 2, .forget_bias = NAN, .seed = 4};
    unroll_net *net = NULL;
    ck_assert_msg(unroll_net_new(&spec, &net) == UNROLL_OK, "%s", unroll_message());
    ck_assert_int_eq(unroll_net_init(net, &init), UNROLL_OK);
    unroll_net_pack(net, 1);
    return net;
}

typedef struct pairs {
    uint32_t source[S_MAX * B], input[T * B], target[T * B];
    uint8_t source_mode[S_MAX * B], mode[T * B];
    float weight[T * B];
} pairs;

/* Words of the rows, and padding behind the first `words` of them. */
static unroll_batch fill(pairs *p, size_t S, size_t words)
{
    for (size_t i = 0; i < S * B; i++) {
        p->source[i] = (uint32_t)(i * i + 3 * i / B) % WORDS;
        p->source_mode[i] = i / B < words ? UNROLL_RUN : UNROLL_HOLD;
    }
    for (size_t i = 0; i < T * B; i++) {
        p->input[i] = (uint32_t)(i * 5 + i / B) % SYMBOLS;
        p->target[i] = (uint32_t)(i * 7 + i / B) % SYMBOLS;
        p->mode[i] = UNROLL_RUN;
        p->weight[i] = 1;
    }
    return (unroll_batch){.T = T,
                          .B = B,
                          .S = S,
                          .source = p->source,
                          .input = p->input,
                          .target = p->target,
                          .source_mode = p->source_mode,
                          .mode = p->mode,
                          .weight = p->weight};
}

static unroll_work *gradient(const unroll_net *net, const unroll_batch *b, float *grad, double *loss)
{
    unroll_work *work;
    unroll_result result;
    ck_assert_int_eq(unroll_work_new(net,
                                     WORK(.T = T, .B = B, .S = b->S, .threads = 1, .training = true),
                                     &work),
                     UNROLL_OK);
    unroll_work_set_dropout_key(work, 3);
    ck_assert_int_eq(unroll_net_gradient(net, b, work, grad, &result), UNROLL_OK);
    *loss = result.loss;
    return work;
}

/* A source fills its panels or leaves some of the last one over, and means the same with padding behind it. */
START_TEST(sources_of_any_length)
{
    static const char *const kinds[] = {"dot", "general", "additive"};
    unroll_net *net = new_net(kinds[_i], 0);
    const size_t size = unroll_net_size(net);
    float *one = calloc(size, sizeof *one), *other = calloc(size, sizeof *other);
    ck_assert(one && other);
    for (size_t S = 1; S <= S_MAX - 3; S++) {
        pairs p;
        double loss, padded;
        unroll_batch b = fill(&p, S, S);
        unroll_work_free(gradient(net, &b, one, &loss));
        b = fill(&p, S + 3, S);
        unroll_work_free(gradient(net, &b, other, &padded));
        ck_assert_msg(fabs(loss - padded) <= 1e-6 * loss, "%s, %zu words: loss %.9g, padded %.9g",
                      kinds[_i], S, loss, padded);
        for (size_t i = 0; i < size; i++)
            ck_assert_msg(fabsf(one[i] - other[i]) <= 1e-5f, "%s, %zu words: gradient [%zu] %g, %g",
                          kinds[_i], S, i, (double)one[i], (double)other[i]);
    }
    free(one);
    free(other);
    unroll_net_free(net);
}
END_TEST

/* Each step but the first reads the likeliest output of the step before, and that is what is trained. */
START_TEST(sampled_inputs_are_guesses)
{
    unroll_net *net = new_net("dot", 1), *plain = new_net("dot", 0);
    float *grad = calloc(unroll_net_size(net), sizeof *grad);
    pairs p;
    unroll_batch b = fill(&p, 6, 6);
    double sampled, given;
    size_t differ = 0;
    ck_assert_ptr_nonnull(grad);
    unroll_work *work = gradient(net, &b, grad, &sampled);
    for (size_t i = 0; i < T * B; i++) {
        ck_assert_uint_eq(work->sampled[i], i < B ? p.input[i] : work->guess[i - B]);
        differ += work->sampled[i] != p.input[i];
    }
    ck_assert_uint_gt(differ, T * B / 2);
    memcpy(p.input, work->sampled, sizeof p.input);
    unroll_work_free(work);
    unroll_work_free(gradient(plain, &b, grad, &given));
    ck_assert_double_eq(sampled, given);
    free(grad);
    unroll_net_free(plain);
    unroll_net_free(net);
}
END_TEST

START_TEST(sources_that_overflow_are_refused)
{
    static const size_t lengths[] = {SIZE_MAX, SIZE_MAX - 3, SIZE_MAX / 4, SIZE_MAX / 16,
                                     SIZE_MAX / 64};
    unroll_net *net = new_net("general", 0);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        const unroll_work_options o = {
            .size = sizeof o, .T = 1, .B = 1, .S = lengths[i], .threads = 1, .training = true};
        unroll_work *work = NULL;
        ck_assert_uint_eq(unroll_work_bytes(net, &o), SIZE_MAX);
        ck_assert_int_eq(unroll_work_new(net, &o, &work), UNROLL_EMEMORY);
        ck_assert_ptr_null(work);
    }
    unroll_net_free(net);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("encoder-decoders");
    TCase *tests = new_case(suite, "all");
    tcase_add_loop_test(tests, sources_of_any_length, 0, 3);
    tcase_add_test(tests, sources_that_overflow_are_refused);
    tcase_add_test(tests, sampled_inputs_are_guesses);
    return suite;
}
