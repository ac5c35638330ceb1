/* Recomputation from states between segments: the same bits of loss, gradient and carried state as with the
 * whole window in memory, and what it cannot do is refused. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unroll/net.h>

#include "base/rng.h"
#include "net/net.h"
#include "net/readout.h"
#include "net/stack_place.h"
#include "runner.h"
#include "work_options.h"

/* Three rows make segments of 85 steps: two whole ones and a rest, then a window of less. */
enum { STEPS = 201, SHORT = 120, ROWS = 3, SYMBOLS = 7, UNITS = 10, FEATURES = 5 };

typedef struct variant {
    const char *name, *form, *activation, *norm;
    size_t layers, embedding;
    bool tie, features, squared, residual, skip;
    double dropout;
} variant;

static const variant variants[] = {
    {.name = "rnn", .activation = "tanh", .layers = 1},
    {.name = "rnn", .activation = "prelu", .layers = 2, .dropout = 0.3},
    {.name = "rnn", .norm = "layer", .layers = 2, .skip = true},
    {.name = "lstm", .layers = 1},
    {.name = "lstm", .layers = 3, .dropout = 0.3, .embedding = 6},
    {.name = "lstm", .layers = 2, .embedding = UNITS, .tie = true, .residual = true, .dropout = 0.2},
    {.name = "lstm", .layers = 2, .features = true, .squared = true, .skip = true},
    {.name = "lstm", .layers = 2, .norm = "layer", .residual = true},
    {.name = "gru", .layers = 1, .features = true},
    {.name = "gru", .layers = 3, .residual = true, .skip = true, .embedding = 6},
    {.name = "gru", .form = "reset-before", .layers = 2, .dropout = 0.5},
    {.name = "gru", .layers = 2, .norm = "layer"},
};
enum { VARIANTS = sizeof variants / sizeof *variants };

/* These, and behind them every cell of the table. */
static variant variant_of(int i)
{
    if (i < VARIANTS)
        return variants[i];
    const unroll_cell *cell = unroll_kernels_get()->cells[i - VARIANTS];
    return (variant){.name = cell->name, .form = cell->variant, .layers = 2, .residual = true};
}

static int count_variants(void)
{
    int count = VARIANTS;
    while (unroll_kernels_get()->cells[count - VARIANTS])
        count++;
    return count;
}

static unroll_net *new_net(const variant *v)
{
    const unroll_net_spec spec = {
        .size = sizeof spec,
        .inputs = v->features ? FEATURES : SYMBOLS,
        .outputs = SYMBOLS,
        .features = v->features,
        .squared = v->squared,
        .cell = v->name,
        .gru = v->form,
        .lstm = v->form,
        .activation = v->activation,
        .layers = v->layers,
        .hidden = UNITS,
        .embedding = v->embedding,
        .tie = v->tie,
        .dropout = v->dropout,
        .residual = v->residual,
        .norm = v->norm,
        .skip_input = v->skip,
    };
    const unroll_init init = {
        .size = sizeof init, .kind = "xavier", .scale = 1, .forget_bias = 1, .seed = 3};
    unroll_net *net = NULL;
    ck_assert_msg(unroll_net_new(&spec, &net) == UNROLL_OK, "%s", unroll_message());
    ck_assert_int_eq(unroll_net_init(net, &init), UNROLL_OK);
    unroll_net_pack(net, 1);
    return net;
}

/* A window with padding, resets and weights, where `padded`. */
typedef struct window {
    unroll_batch batch;
    uint32_t input[STEPS * ROWS], target[STEPS * ROWS];
    unroll_real feature[STEPS * ROWS * FEATURES], value[STEPS * ROWS * SYMBOLS], weight[STEPS * ROWS];
    uint8_t mode[STEPS * ROWS];
} window;

static window *new_window(const variant *v, bool padded)
{
    window *w = calloc(1, sizeof *w);
    ck_assert_ptr_nonnull(w);
    unroll_rng rng;
    unroll_rng_seed(&rng, 5, 99);
    for (size_t i = 0; i < STEPS * ROWS; i++) {
        w->input[i] = (uint32_t)unroll_rng_below(&rng, SYMBOLS);
        w->target[i] = (uint32_t)unroll_rng_below(&rng, SYMBOLS);
        w->mode[i] = (uint8_t)(unroll_rng_below(&rng, 8) ? 0 : unroll_rng_below(&rng, 3));
        w->weight[i] = w->mode[i] == UNROLL_RUN ? (unroll_real)unroll_rng_below(&rng, 3) : 0;
    }
    for (size_t i = 0; i < STEPS * ROWS * FEATURES; i++)
        w->feature[i] = (unroll_real)unroll_rng_normal(&rng);
    for (size_t i = 0; i < STEPS * ROWS * SYMBOLS; i++)
        w->value[i] = (unroll_real)unroll_rng_normal(&rng);
    /* around the segments' borders, too */
    w->mode[84 * ROWS] = w->mode[85 * ROWS] = w->mode[170 * ROWS] = UNROLL_HOLD;
    w->mode[84 * ROWS + 1] = w->mode[85 * ROWS + 2] = w->mode[169 * ROWS + 1] = UNROLL_RESET;
    w->batch = (unroll_batch){
        .T = STEPS,
        .B = ROWS,
        .input = v->features ? NULL : w->input,
        .feature = v->features ? w->feature : NULL,
        .target = v->squared ? NULL : w->target,
        .value = v->squared ? w->value : NULL,
        .weight = padded ? w->weight : NULL,
        .mode = padded ? w->mode : NULL,
    };
    return w;
}

/* What three windows in a row gave, the second of them shorter. */
typedef struct outcome {
    unroll_result result[3];
    unroll_real *grad[3], *state;
    size_t grads, states, calls;
    double seen; /* by a hook */
} outcome;

static void see(void *arg, size_t layer, size_t t, size_t row0, size_t rows, size_t pitch,
                const unroll_real *dh, const unroll_real *dc)
{
    outcome *o = arg;
    o->calls++;
    for (size_t i = 0; i < rows * pitch; i++)
        o->seen += ((double)dh[i] + (dc ? (double)dc[i] : 0)) *
                   (double)(1 + layer + 3 * t + 7 * (row0 + i));
}

static unroll_status train_work(const unroll_net *net, size_t threads, bool recompute,
                                unroll_work **work)
{
    return unroll_work_new(net,
                           WORK(.T = STEPS, .B = ROWS, .threads = threads, .training = true,
                                .recompute = recompute),
                           work);
}

static outcome run(const unroll_net *net, const window *w, bool recompute, size_t threads)
{
    outcome o = {0};
    unroll_work *work;
    unroll_batch b = w->batch;
    ck_assert_msg(train_work(net, threads, recompute, &work) == UNROLL_OK, "%s", unroll_message());
    o.grads = unroll_net_size(net);
    o.states = unroll_work_state_size(work);
    o.state = calloc(o.states, sizeof *o.state);
    ck_assert_ptr_nonnull(o.state);
    for (size_t i = 0; i < 3; i++) {
        o.grad[i] = calloc(o.grads, sizeof **o.grad);
        ck_assert_ptr_nonnull(o.grad[i]);
        b.T = i == 1 ? SHORT : STEPS;
        b.carry = i > 0;
        unroll_work_set_dropout_key(work, 77 + i);
        if (i == 2 && threads == 1)
            unroll_work_set_hook(work, &(unroll_hook){.after = see, .arg = &o});
        ck_assert_msg(unroll_net_gradient(net, &b, work, o.grad[i], &o.result[i]) == UNROLL_OK,
                      "%s", unroll_message());
        ck_assert(o.result[i].finite);
    }
    unroll_work_get_state(work, o.state);
    unroll_work_free(work);
    return o;
}

static void free_outcome(outcome *o)
{
    for (size_t i = 0; i < 3; i++)
        free(o->grad[i]);
    free(o->state);
}

static void check_equal(const outcome *a, const outcome *b)
{
    for (size_t i = 0; i < 3; i++) {
        bool any = false;
        for (size_t j = 0; j < a->grads; j++)
            any |= a->grad[i][j] != 0;
        ck_assert(any);
        ck_assert_mem_eq(a->grad[i], b->grad[i], a->grads * sizeof **a->grad);
        ck_assert_mem_eq(&a->result[i].loss, &b->result[i].loss, sizeof a->result[i].loss);
        ck_assert_double_eq(a->result[i].correct, b->result[i].correct);
        ck_assert_double_eq(a->result[i].counted, b->result[i].counted);
    }
    ck_assert_mem_eq(a->state, b->state, a->states * sizeof *a->state);
}

START_TEST(the_same_bits)
{
    const variant of = variant_of(_i), *v = &of;
    unroll_net *net = new_net(v);
    for (int padded = 0; padded < 2; padded++) {
        window *w = new_window(v, padded);
        outcome whole = run(net, w, false, 1);
        for (size_t threads = 1; threads <= 2; threads++) {
            outcome again = run(net, w, true, threads);
            check_equal(&whole, &again);
            if (threads == 1) {
                ck_assert_uint_eq(whole.calls, v->layers * STEPS);
                ck_assert_uint_eq(again.calls, whole.calls);
                ck_assert(fabs(again.seen - whole.seen) <= 1e-9 * (1 + fabs(whole.seen)));
            }
            free_outcome(&again);
        }
        free_outcome(&whole);
        free(w);
    }
    unroll_net_free(net);
}
END_TEST

/* Logits of many outputs are kept for a few steps at a time: fewer than a segment. */
START_TEST(the_same_bits_with_many_outputs)
{
    enum { OUTPUTS = 40000 };
    const unroll_net_spec spec = {.size = sizeof spec,
                                  .inputs = SYMBOLS,
                                  .outputs = OUTPUTS,
                                  .cell = "lstm",
                                  .layers = 1,
                                  .hidden = 2};
    const unroll_init init = {
        .size = sizeof init, .kind = "uniform", .scale = 1, .forget_bias = 1, .seed = 3};
    unroll_net *net = NULL;
    ck_assert_int_eq(unroll_net_new(&spec, &net), UNROLL_OK);
    ck_assert_int_eq(unroll_net_init(net, &init), UNROLL_OK);
    unroll_net_pack(net, 1);
    ck_assert_uint_lt(unroll_readout_steps(net, STEPS, ROWS), 85);
    window *w = new_window(&variants[0], false);
    unroll_work *work[2];
    unroll_real *grad[2];
    unroll_result result[2];
    const size_t n = unroll_net_size(net);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(train_work(net, 1, i == 1, &work[i]), UNROLL_OK);
    for (int i = 0; i < 2; i++) {
        grad[i] = calloc(n, sizeof **grad);
        ck_assert_ptr_nonnull(grad[i]);
        ck_assert_int_eq(unroll_net_gradient(net, &w->batch, work[i], grad[i], &result[i]),
                         UNROLL_OK);
        unroll_work_free(work[i]);
    }
    ck_assert_mem_eq(grad[0], grad[1], n * sizeof **grad);
    ck_assert_mem_eq(&result[0].loss, &result[1].loss, sizeof result[0].loss);
    free(grad[0]);
    free(grad[1]);
    free(w);
    unroll_net_free(net);
}
END_TEST

/* Evaluation goes through segments by itself. */
START_TEST(evaluation_gives_the_loss_and_state_of_training)
{
    const variant of = variant_of(_i), *v = &of;
    unroll_net *net = new_net(v);
    window *w = new_window(v, true);
    unroll_work *whole, *forward;
    unroll_result a, b;
    ck_assert_int_eq(train_work(net, 1, false, &whole), UNROLL_OK);
    ck_assert_int_eq(unroll_work_new(net, WORK(.T = STEPS, .B = ROWS, .threads = 2), &forward),
                     UNROLL_OK);
    ck_assert_uint_lt(forward->run.T, STEPS);
    const size_t n = unroll_work_state_size(whole);
    unroll_real *state = calloc(2 * n, sizeof *state);
    double *loss = calloc(2 * STEPS * ROWS, sizeof *loss);
    ck_assert(state && loss);
    for (int carry = 0; carry < 2; carry++) {
        w->batch.carry = carry;
        ck_assert_int_eq(unroll_net_evaluate(net, &w->batch, whole, &a, loss), UNROLL_OK);
        ck_assert_int_eq(unroll_net_evaluate(net, &w->batch, forward, &b, loss + STEPS * ROWS),
                         UNROLL_OK);
        ck_assert_mem_eq(&a.loss, &b.loss, sizeof a.loss);
        ck_assert_mem_eq(loss, loss + STEPS * ROWS, STEPS * ROWS * sizeof *loss);
    }
    unroll_work_get_state(whole, state);
    unroll_work_get_state(forward, state + n);
    ck_assert_mem_eq(state, state + n, n * sizeof *state);
    free(loss);
    free(state);
    unroll_work_free(forward);
    unroll_work_free(whole);
    free(w);
    unroll_net_free(net);
}
END_TEST

/* The first bad state is found in whichever segment it is. */
START_TEST(a_state_that_is_not_finite_is_found)
{
    const variant v = {.name = "rnn", .activation = "relu", .layers = 2, .features = true};
    unroll_net *net = new_net(&v);
    window *w = new_window(&v, false);
    unroll_real *grad = calloc(unroll_net_size(net), sizeof *grad);
    ck_assert_ptr_nonnull(grad);
    for (size_t t = 30; t < STEPS; t += 80)
        for (int recompute = 0; recompute < 2; recompute++) {
            unroll_work *work;
            unroll_result r;
            const unroll_real kept = w->feature[t * ROWS * FEATURES];
            w->feature[t * ROWS * FEATURES] = (unroll_real)NAN;
            ck_assert_int_eq(train_work(net, 1, recompute, &work), UNROLL_OK);
            ck_assert_int_eq(unroll_net_gradient(net, &w->batch, work, grad, &r), UNROLL_OK);
            ck_assert(!r.finite);
            ck_assert_uint_eq(r.bad_layer, 0);
            ck_assert_uint_eq(r.bad_step, t);
            w->feature[t * ROWS * FEATURES] = kept;
            unroll_work_free(work);
        }
    free(grad);
    free(w);
    unroll_net_free(net);
}
END_TEST

/* The last segment may be whole, lack a step, or have a single one. */
START_TEST(windows_of_any_length)
{
    const size_t segment = unroll_stack_segment(STEPS, ROWS);
    const size_t lengths[] = {1, segment - 1, segment, segment + 1, 2 * segment - 1, 2 * segment};
    unroll_net *net = new_net(&variants[0]);
    window *w = new_window(&variants[0], false);
    const size_t size = unroll_net_size(net) * sizeof(unroll_real);
    unroll_real *whole = calloc(1, size), *again = calloc(1, size);
    ck_assert(whole && again && 2 * segment <= STEPS);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        for (int recompute = 0; recompute < 2; recompute++) {
            unroll_batch b = w->batch;
            unroll_work *work;
            unroll_result result;
            b.T = lengths[i];
            ck_assert_int_eq(train_work(net, 1, recompute, &work), UNROLL_OK);
            ck_assert_int_eq(unroll_net_gradient(net, &b, work, recompute ? again : whole, &result),
                             UNROLL_OK);
            unroll_work_free(work);
        }
        ck_assert_msg(memcmp(whole, again, size) == 0, "%zu steps, segment %zu", lengths[i], segment);
    }
    free(whole);
    free(again);
    free(w);
    unroll_net_free(net);
}
END_TEST

START_TEST(memory_follows_the_root)
{
    unroll_net *net = new_net(&variants[3]);
    unroll_work_options o = {.size = sizeof o, .T = 10000, .B = 20, .threads = 1, .training = true};
    const size_t whole = unroll_work_bytes(net, &o);
    o.recompute = true;
    ck_assert_uint_lt(10 * unroll_work_bytes(net, &o), whole);
    o.T = SIZE_MAX;
    o.B = 2;
    ck_assert_uint_eq(unroll_work_bytes(net, &o), SIZE_MAX);
    ck_assert_uint_lt(10 * unroll_work_bytes(net, WORK(.T = 10000, .B = 20, .threads = 1)), whole);
    for (size_t T = 1; T < 100000; T = T * 3 / 2 + 1) {
        const size_t segment = unroll_stack_segment(T, 20);
        ck_assert_uint_le(segment, T);
        ck_assert(segment >= 64 || segment == T);
        ck_assert(segment * segment >= T);
    }
    unroll_net_free(net);
}
END_TEST

START_TEST(what_joins_steps_is_refused)
{
    static const struct {
        variant v;
        double omega;
        size_t source;
        const char *names;
    } bad[] = {
        {{.name = "lstm", .norm = "batch", .layers = 1}, 0, 0, "batch"},
        {{.name = "lstm", .norm = "recurrent-batch", .layers = 1}, 0, 0, "recurrent-batch"},
        {{.name = "rnn", .layers = 1}, 1, 0, "--omega"},
        {{.name = "rnn", .layers = 1}, 0, 5, "an encoder"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const unroll_net_spec spec = {.size = sizeof spec,
                                      .inputs = SYMBOLS,
                                      .outputs = SYMBOLS,
                                      .cell = bad[i].v.name,
                                      .layers = 1,
                                      .hidden = UNITS,
                                      .norm = bad[i].v.norm,
                                      .omega = bad[i].omega,
                                      .source = bad[i].source};
        unroll_net *net = NULL;
        unroll_work *work = NULL;
        ck_assert_int_eq(unroll_net_new(&spec, &net), UNROLL_OK);
        ck_assert_int_eq(train_work(net, 1, true, &work), UNROLL_EUSAGE);
        ck_assert_msg(strstr(program_message(), bad[i].names) != NULL, "%s", program_message());
        unroll_net_free(net);
    }
    unroll_net *net = new_net(&variants[0]);
    unroll_work *work = NULL;
    ck_assert_int_eq(unroll_work_new(net, WORK(.T = STEPS, .B = ROWS, .recompute = true), &work),
                     UNROLL_EUSAGE);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "training"));
    unroll_net_free(net);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("recompute");
    TCase *bits = new_case(suite, "bits");
    tcase_add_loop_test(bits, the_same_bits, 0, count_variants());
    tcase_add_loop_test(bits, evaluation_gives_the_loss_and_state_of_training, 0, count_variants());
    tcase_add_test(bits, the_same_bits_with_many_outputs);
    tcase_add_test(bits, a_state_that_is_not_finite_is_found);
    TCase *rest = new_case(suite, "memory and refusals");
    tcase_add_test(rest, memory_follows_the_root);
    tcase_add_test(rest, windows_of_any_length);
    tcase_add_test(rest, what_joins_steps_is_refused);
    return suite;
}
