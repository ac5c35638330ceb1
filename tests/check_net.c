/* Networks beyond the truth of their numbers (check_golden, check_gradient): the same bits at
 * any number of threads, windows that can be cut, no allocation between steps, and refusals. */
#include <check.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unroll/net.h>

#include "base/memory.h"
#include "base/rng.h"
#include "cell/cell.h"

enum { STEPS = 8, ROWS = 5, SYMBOLS = 21, UNITS = 10, FEATURES = 6, BODIES_MAX = 32 };

static struct body {
    const char *cell, *form, *activation;
    size_t states;
} bodies[BODIES_MAX];
static int body_count;

static void list_bodies(void)
{
    const unroll_kernels *k = unroll_kernels_get();
    for (size_t c = 0; k->cells[c]; c++)
        for (size_t a = 0; k->activations[a] && (a == 0 || k->cells[c]->has_activation); a++)
            bodies[body_count++] = (struct body){
                k->cells[c]->name, *k->cells[c]->variant ? k->cells[c]->variant : NULL,
                k->cells[c]->has_activation ? k->activations[a]->name : NULL, k->cells[c]->states,
            };
}

static unroll_net_spec make_spec(int body)
{
    return (unroll_net_spec){
        .inputs = SYMBOLS, .outputs = SYMBOLS, .cell = bodies[body].cell, .gru = bodies[body].form,
        .activation = bodies[body].activation, .layers = 2, .hidden = UNITS,
    };
}

static unroll_net *new_net(unroll_net_spec spec)
{
    unroll_net *net = NULL;
    ck_assert_msg(unroll_net_new(&spec, &net) == UNROLL_OK, "%s", unroll_message());
    const unroll_init init = {.kind = "xavier", .scale = 1, .forget_bias = 1, .seed = 3};
    ck_assert_int_eq(unroll_net_init(net, &init), UNROLL_OK);
    unroll_net_pack(net, 1);
    return net;
}

static unroll_work *new_work(const unroll_net *net, size_t T, size_t B, size_t threads)
{
    unroll_work *work = NULL;
    ck_assert_msg(unroll_work_new(net, T, B, true, threads, &work) == UNROLL_OK, "%s",
                  unroll_message());
    return work;
}

static void *new_array(size_t count, size_t size)
{
    void *array = calloc(count, size);
    ck_assert_ptr_nonnull(array);
    return array;
}

/* A batch with data of its own. */
typedef struct window {
    unroll_batch batch;
    uint32_t *input, *target;
    float *feature, *value, *weight;
    uint8_t *mode;
} window;

static void open_window(window *w, const unroll_net_spec *spec, size_t T, size_t B, bool padded)
{
    const size_t n = T * B;
    unroll_rng rng;
    unroll_rng_seed(&rng, 5, 99);
    w->input = new_array(n, sizeof *w->input);
    w->target = new_array(n, sizeof *w->target);
    w->weight = new_array(n, sizeof *w->weight);
    w->mode = new_array(n, 1);
    w->feature = new_array(n * FEATURES, sizeof *w->feature);
    w->value = new_array(n * (spec->squared ? spec->outputs : 1), sizeof *w->value);
    for (size_t i = 0; i < n; i++) {
        w->input[i] = (uint32_t)unroll_rng_below(&rng, spec->inputs);
        w->target[i] = (uint32_t)unroll_rng_below(&rng, spec->outputs);
        w->mode[i] = (uint8_t)(unroll_rng_below(&rng, 4) ? 0 : unroll_rng_below(&rng, 3));
        w->weight[i] = w->mode[i] == UNROLL_RUN ? (float)unroll_rng_below(&rng, 3) : 0;
    }
    for (size_t i = 0; i < n * FEATURES; i++)
        w->feature[i] = (float)unroll_rng_normal(&rng);
    for (size_t i = 0; spec->squared && i < n * spec->outputs; i++)
        w->value[i] = (float)unroll_rng_normal(&rng);
    w->batch = (unroll_batch){
        .T = T, .B = B, .input = spec->features ? NULL : w->input,
        .feature = spec->features ? w->feature : NULL, .target = spec->squared ? NULL : w->target,
        .value = spec->squared ? w->value : NULL, .weight = padded ? w->weight : NULL,
        .mode = padded ? w->mode : NULL,
    };
}

static void close_window(window *w)
{
    free(w->input);
    free(w->target);
    free(w->feature);
    free(w->value);
    free(w->weight);
    free(w->mode);
}

static void gradient(const unroll_net *net, const unroll_batch *batch, unroll_work *work,
                     float *grad, unroll_result *result)
{
    unroll_work_set_dropout_key(work, 77);
    ck_assert_msg(unroll_net_gradient(net, batch, work, grad, result) == UNROLL_OK, "%s",
                  unroll_message());
    ck_assert(result->finite);
}

/* Result, gradient and carried state of two windows in a row, at `threads`. */
typedef struct outcome {
    unroll_result result[2];
    float *grad, *state;
    size_t grads, states;
} outcome;

static void run_two(const unroll_net *net, const window *w, size_t threads, outcome *o)
{
    unroll_work *work = new_work(net, w->batch.T, w->batch.B, threads);
    unroll_batch batch = w->batch;
    o->grads = unroll_net_size(net);
    o->states = unroll_work_state_size(work);
    o->grad = new_array(2 * o->grads, sizeof *o->grad);
    o->state = new_array(o->states, sizeof *o->state);
    gradient(net, &batch, work, o->grad, &o->result[0]);
    batch.carry = 1;
    gradient(net, &batch, work, o->grad + o->grads, &o->result[1]);
    unroll_work_get_state(work, o->state);
    unroll_work_free(work);
}

static void close_outcome(outcome *o)
{
    free(o->grad);
    free(o->state);
}

static void require_same_gradient(const unroll_net *net, const outcome *one, const outcome *many,
                                  size_t threads)
{
    const unroll_parameter *list;
    const size_t n = unroll_net_parameters(net, &list);
    for (size_t pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < n; i++) {
            const size_t at = pass * one->grads + list[i].offset;
            for (size_t k = 0; k < list[i].rows * (list[i].cols ? list[i].cols : 1); k++)
                ck_assert_msg(memcmp(&one->grad[at + k], &many->grad[at + k], sizeof(float)) == 0,
                              "%s, %zu units, %zu inputs: %s[%zu] is %a, at %zu threads %a",
                              unroll_net_get_spec(net)->cell, unroll_net_get_spec(net)->hidden,
                              unroll_net_get_spec(net)->inputs, list[i].name, k,
                              (double)one->grad[at + k], threads, (double)many->grad[at + k]);
        }
}

static void require_same_bits(unroll_net_spec spec, size_t T, size_t B, bool padded)
{
    static const size_t threads[] = {2, 3};
    unroll_net *net = new_net(spec);
    window w;
    outcome one, many;
    open_window(&w, &spec, T, B, padded);
    run_two(net, &w, 1, &one);
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        unroll_net_pack(net, threads[i]);
        run_two(net, &w, threads[i], &many);
        for (size_t k = 0; k < 2; k++) {
            ck_assert(memcmp(&one.result[k].loss, &many.result[k].loss, sizeof(double)) == 0);
            ck_assert(one.result[k].correct == many.result[k].correct);
            ck_assert(one.result[k].weight == many.result[k].weight);
        }
        require_same_gradient(net, &one, &many, threads[i]);
        ck_assert(memcmp(one.state, many.state, one.states * sizeof *one.state) == 0);
        close_outcome(&many);
    }
    close_outcome(&one);
    close_window(&w);
    unroll_net_free(net);
}

START_TEST(threads_change_nothing)
{
    const unroll_net_spec plain = make_spec(_i);
    unroll_net_spec s = plain;
    require_same_bits(s, STEPS, ROWS, true);
    s.layers = 1;
    s.hidden = 37;
    require_same_bits(s, STEPS, 13, false);
    s = plain;
    s.embedding = 19;
    s.dropout = 0.3;
    require_same_bits(s, STEPS, ROWS, false);
    s = plain;
    s.embedding = UNITS;
    s.tie = true;
    require_same_bits(s, STEPS, ROWS, true);
    s = plain;
    s.layers = 3;
    s.residual = true;
    s.dropout = 0.3;
    require_same_bits(s, STEPS, ROWS, true);
    for (size_t i = 1; unroll_norm_name(i); i++) {
        s = plain;
        s.norm = unroll_norm_name(i);
        s.embedding = i;
        require_same_bits(s, STEPS, ROWS, true);
    }
    s = plain;
    s.omega = strcmp(s.cell, "rnn") == 0;
    require_same_bits(s, STEPS, ROWS, true);
    s = plain;
    s.features = s.squared = true;
    s.inputs = FEATURES;
    require_same_bits(s, STEPS, ROWS, true);
}
END_TEST

START_TEST(evaluation_is_the_forward_pass)
{
    const unroll_net_spec spec = make_spec(_i);
    unroll_net *net = new_net(spec);
    unroll_work *work = new_work(net, STEPS, ROWS, 2);
    float *grad = new_array(unroll_net_size(net), sizeof *grad);
    double token[STEPS * ROWS], sum = 0, weight = 0;
    unroll_result trained, evaluated;
    window w;
    open_window(&w, &spec, STEPS, ROWS, true);
    gradient(net, &w.batch, work, grad, &trained);
    ck_assert_int_eq(unroll_net_evaluate(net, &w.batch, work, &evaluated, token), UNROLL_OK);
    ck_assert(trained.loss == evaluated.loss && trained.weight == evaluated.weight);
    ck_assert(trained.correct == evaluated.correct);
    for (size_t i = 0; i < STEPS * ROWS; i++) {
        sum += (double)w.weight[i] * token[i];
        weight += (double)w.weight[i];
        ck_assert(w.weight[i] > 0 ? token[i] > 0 : token[i] == 0);
    }
    ck_assert(sum == evaluated.loss && weight == evaluated.weight);
    close_window(&w);
    free(grad);
    unroll_work_free(work);
    unroll_net_free(net);
}
END_TEST

static unroll_batch slice(const unroll_batch *b, size_t t0, size_t steps)
{
    unroll_batch s = *b;
    const size_t at = t0 * b->B;
    s.T = steps;
    s.carry = t0 > 0;
    s.input += at;
    s.target += at;
    s.weight = b->weight ? b->weight + at : NULL;
    s.mode = b->mode ? b->mode + at : NULL;
    return s;
}

/* A window cut in two and carried over, in a workspace that is larger than needed. */
START_TEST(windows_can_be_cut)
{
    const unroll_net_spec spec = make_spec(_i);
    unroll_net *net = new_net(spec);
    unroll_work *whole = new_work(net, STEPS, ROWS, 1), *roomy = new_work(net, 2 * STEPS, ROWS, 2);
    double want[STEPS * ROWS], got[STEPS * ROWS];
    unroll_result r;
    window w;
    open_window(&w, &spec, STEPS, ROWS, true);
    const unroll_batch first = slice(&w.batch, 0, 3), second = slice(&w.batch, 3, STEPS - 3);
    ck_assert_int_eq(unroll_net_evaluate(net, &w.batch, whole, &r, want), UNROLL_OK);
    ck_assert_int_eq(unroll_net_evaluate(net, &first, roomy, &r, got), UNROLL_OK);
    ck_assert_int_eq(unroll_net_evaluate(net, &second, roomy, &r, got + 3 * ROWS), UNROLL_OK);
    ck_assert_mem_eq(want, got, sizeof want);
    const size_t n = unroll_work_state_size(whole);
    float *a = new_array(n, sizeof *a), *b = new_array(n, sizeof *b);
    unroll_work_get_state(whole, a);
    unroll_work_get_state(roomy, b);
    ck_assert_mem_eq(a, b, n * sizeof *a);
    free(a);
    free(b);
    close_window(&w);
    unroll_work_free(whole);
    unroll_work_free(roomy);
    unroll_net_free(net);
}
END_TEST

START_TEST(states_are_carried_or_not)
{
    const unroll_net_spec spec = make_spec(_i);
    unroll_net *net = new_net(spec);
    unroll_work *work = new_work(net, STEPS, ROWS, 1);
    double fresh[STEPS * ROWS], next[STEPS * ROWS];
    unroll_result r;
    window w;
    open_window(&w, &spec, STEPS, ROWS, false);
    ck_assert_int_eq(unroll_net_evaluate(net, &w.batch, work, &r, fresh), UNROLL_OK);
    ck_assert_int_eq(unroll_net_evaluate(net, &w.batch, work, &r, next), UNROLL_OK);
    ck_assert_mem_eq(fresh, next, sizeof fresh);
    const size_t n = unroll_work_state_size(work);
    ck_assert_uint_eq(n, spec.layers * bodies[_i].states * ROWS * UNITS);
    float *state = new_array(n, sizeof *state), *again = new_array(n, sizeof *again);
    unroll_work_get_state(work, state);
    w.batch.carry = 1;
    ck_assert_int_eq(unroll_net_evaluate(net, &w.batch, work, &r, next), UNROLL_OK);
    ck_assert(memcmp(fresh, next, sizeof fresh) != 0);
    unroll_work_set_state(work, state);
    unroll_work_get_state(work, again);
    ck_assert_mem_eq(state, again, n * sizeof *state);
    double repeated[STEPS * ROWS];
    ck_assert_int_eq(unroll_net_evaluate(net, &w.batch, work, &r, repeated), UNROLL_OK);
    ck_assert_mem_eq(next, repeated, sizeof next);
    unroll_work_reset(work);
    ck_assert_int_eq(unroll_net_evaluate(net, &w.batch, work, &r, repeated), UNROLL_OK);
    ck_assert_mem_eq(fresh, repeated, sizeof fresh);
    free(state);
    free(again);
    close_window(&w);
    unroll_work_free(work);
    unroll_net_free(net);
}
END_TEST

/* −ln softmax(logits)[target], in doubles. */
static double loss_of(size_t n, const float *logits, uint32_t target)
{
    double sum = 0, largest = (double)logits[0];
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, (double)logits[i]);
    for (size_t i = 0; i < n; i++)
        sum += exp((double)logits[i] - largest);
    return log(sum) + largest - (double)logits[target];
}

/* Running statistics that differ from step to step, as after training. */
static void draw_statistics(unroll_net *net)
{
    const unroll_parameter *list;
    const size_t n = unroll_net_parameters(net, &list);
    for (size_t i = 0; i < n; i++) {
        float *w = unroll_net_weights(net) + list[i].offset;
        for (size_t k = 0; list[i].offset >= unroll_net_learned(net) && k < list[i].rows * list[i].cols;
             k++)
            w[k] += (float)(k % 7) / 10;
    }
    unroll_net_pack(net, 1);
}

START_TEST(stepper_agrees)
{
    unroll_net_spec spec = make_spec(_i);
    for (size_t embedding = 0; embedding < 5; embedding++) {
        spec.embedding = 7 * (embedding & 1);
        spec.residual = embedding & 1;
        spec.norm = embedding < 2 ? NULL : unroll_norm_name(embedding - 1);
        spec.norm_steps = 3; /* fewer than the window has */
        unroll_net *net = new_net(spec);
        unroll_work *work = new_work(net, STEPS, ROWS, 1);
        unroll_stepper *stepper = NULL;
        double token[STEPS * ROWS];
        unroll_result r;
        window w;
        open_window(&w, &spec, STEPS, ROWS, false);
        draw_statistics(net);
        ck_assert_int_eq(unroll_net_evaluate(net, &w.batch, work, &r, token), UNROLL_OK);
        ck_assert_int_eq(unroll_stepper_new(net, &stepper), UNROLL_OK);
        for (size_t b = 0; b < ROWS; b++) {
            unroll_stepper_reset(stepper);
            for (size_t t = 0; t < STEPS; t++) {
                const size_t i = t * ROWS + b;
                const float *logits = unroll_stepper_step(stepper, w.input[i]);
                /* the loss is a float's exponentials summed */
                ck_assert_double_eq_tol(loss_of(SYMBOLS, logits, w.target[i]), token[i], 2e-6);
            }
        }
        unroll_stepper_free(stepper);
        close_window(&w);
        unroll_work_free(work);
        unroll_net_free(net);
    }
}
END_TEST

START_TEST(steps_allocate_nothing)
{
    unroll_net_spec spec = make_spec(_i);
    spec.dropout = 0.2;
    spec.embedding = 5;
    spec.residual = true;
    unroll_net *net = new_net(spec);
    unroll_work *work = new_work(net, STEPS, ROWS, 2);
    float *grad = new_array(unroll_net_size(net), sizeof *grad);
    unroll_stepper *stepper = NULL;
    unroll_result r;
    window w;
    open_window(&w, &spec, STEPS, ROWS, true);
    ck_assert_int_eq(unroll_stepper_new(net, &stepper), UNROLL_OK);
    const unsigned long before = unroll_alloc_count();
    for (size_t i = 0; i < 3; i++) {
        gradient(net, &w.batch, work, grad, &r);
        ck_assert_int_eq(unroll_net_evaluate(net, &w.batch, work, &r, NULL), UNROLL_OK);
        unroll_net_pack(net, 2);
        unroll_stepper_step(stepper, 1);
    }
    ck_assert_uint_eq(unroll_alloc_count(), before);
    unroll_stepper_free(stepper);
    close_window(&w);
    free(grad);
    unroll_work_free(work);
    unroll_net_free(net);
}
END_TEST

/* A batch's gradient is the mean of its rows', where the outputs are so many that they are
 * taken in parts too. */
static void require_mean_of_rows(unroll_net_spec spec, size_t T, size_t B)
{
    unroll_net *net = new_net(spec);
    const size_t n = unroll_net_size(net);
    unroll_work *work = new_work(net, T, B, 2), *single = new_work(net, T, 1, 1);
    float *grad = new_array(n, sizeof *grad), *row = new_array(n, sizeof *row);
    double *sum = new_array(n, sizeof *sum), loss = 0, largest = 0;
    uint32_t *input = new_array(T, sizeof *input), *target = new_array(T, sizeof *target);
    unroll_result r;
    window w;
    open_window(&w, &spec, T, B, false);
    for (size_t b = 0; b < B; b++) {
        for (size_t t = 0; t < T; t++) {
            input[t] = w.input[t * B + b];
            target[t] = w.target[t * B + b];
        }
        const unroll_batch one = {.T = T, .B = 1, .input = input, .target = target};
        gradient(net, &one, single, row, &r);
        loss += r.loss;
        for (size_t i = 0; i < n; i++)
            sum[i] += (double)row[i] / (double)B;
    }
    gradient(net, &w.batch, work, grad, &r);
    ck_assert_double_eq_tol(r.loss / loss, 1, 1e-6);
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs(sum[i]));
    for (size_t i = 0; i < n; i++)
        ck_assert_double_eq_tol((double)grad[i], sum[i], 1e-5 * largest);
    close_window(&w);
    free(input);
    free(target);
    free(sum);
    free(row);
    free(grad);
    unroll_work_free(single);
    unroll_work_free(work);
    unroll_net_free(net);
}

START_TEST(rows_are_independent)
{
    require_mean_of_rows(make_spec(_i), STEPS, ROWS);
}
END_TEST

START_TEST(many_outputs)
{
    unroll_net_spec spec = make_spec(0);
    spec.outputs = 60000;
    spec.hidden = 4;
    require_mean_of_rows(spec, 5, 16);
}
END_TEST

/* --- what is not finite ------------------------------------------------------------------ */

static float *weights_of(unroll_net *net, const char *name)
{
    const unroll_parameter *list;
    const size_t n = unroll_net_parameters(net, &list);
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i].name, name) == 0)
            return unroll_net_weights(net) + list[i].offset;
    ck_abort_msg("no parameter %s", name);
    return NULL;
}

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
    const unroll_net_spec spec = {.inputs = 2, .outputs = 2, .cell = "rnn", .activation = "relu",
                                  .layers = 1, .hidden = 1};
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
    unroll_net_spec s[16];
    size_t n = 0;
    unroll_net *net = NULL;
    s[n] = good, s[n++].cell = "elman";
    s[n] = good, s[n++].activation = "swish";
    s[n] = good, s[n].cell = "gru", s[n++].gru = "reset-never";
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
    for (size_t i = 0; i < n; i++) {
        ck_assert_msg(unroll_net_new(&s[i], &net) == UNROLL_EUSAGE, "spec %zu was taken", i);
        ck_assert(*unroll_message());
    }
}
END_TEST

START_TEST(sizes_that_overflow_are_refused)
{
    static const size_t hidden[] = {1000000000, SIZE_MAX / 64, SIZE_MAX / 8 + 1, SIZE_MAX / 4 + 1,
                                    SIZE_MAX / 2 + 1, SIZE_MAX - 7, SIZE_MAX};
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
            ck_assert_int_eq(unroll_work_new(net, sizes[i], 1, training, 1, &work), UNROLL_EMEMORY);
            ck_assert_int_eq(unroll_work_new(net, 1, sizes[i], training, 1, &work), UNROLL_EMEMORY);
            if (training || sizes[i] > SIZE_MAX / 64) /* forward alone takes segments */
                ck_assert_uint_eq(unroll_work_bytes(net, sizes[i], 1, training), SIZE_MAX);
            ck_assert_uint_eq(unroll_work_bytes(net, 1, sizes[i], training), SIZE_MAX);
        }
    ck_assert_int_eq(unroll_work_new(net, 0, 1, true, 1, &work), UNROLL_EUSAGE);
    ck_assert_int_eq(unroll_work_new(net, 1, 0, true, 1, &work), UNROLL_EUSAGE);
    ck_assert_uint_lt(unroll_work_bytes(net, 50, 50, false), unroll_work_bytes(net, 50, 50, true));
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
    ck_assert_int_eq(unroll_work_new(net, STEPS, ROWS, false, 1, &forward), UNROLL_OK);
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
    unroll_status status = UNROLL_EMEMORY;
    for (long n = 0; status != UNROLL_OK; n++) {
        unroll_net *net = NULL;
        unroll_work *work = NULL;
        unroll_stepper *stepper = NULL;
        ck_assert_int_lt(n, 100);
        unroll_alloc_fail_after(n);
        status = unroll_net_new(&spec, &net);
        if (status == UNROLL_OK)
            status = unroll_work_new(net, 3, 2, true, 1, &work);
        if (status == UNROLL_OK)
            status = unroll_stepper_new(net, &stepper);
        unroll_alloc_fail_after(-1);
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
    unroll_net_fold(net);
    for (size_t k = 0; k < rows; k++) {
        ck_assert(first[k] == (k < kept ? 101 + (float)k : 100));
        ck_assert(second[k] == (k < kept ? 0 : (float)k + 1));
    }
    unroll_net_free(net);
}
END_TEST

int main(void)
{
    list_bodies();
    Suite *suite = suite_create("net");
    TCase *passes = tcase_create("passes");
    tcase_set_timeout(passes, 30);
    tcase_add_loop_test(passes, threads_change_nothing, 0, body_count);
    tcase_add_loop_test(passes, evaluation_is_the_forward_pass, 0, body_count);
    tcase_add_loop_test(passes, windows_can_be_cut, 0, body_count);
    tcase_add_loop_test(passes, states_are_carried_or_not, 0, body_count);
    tcase_add_loop_test(passes, stepper_agrees, 0, body_count);
    tcase_add_loop_test(passes, steps_allocate_nothing, 0, body_count);
    tcase_add_loop_test(passes, rows_are_independent, 0, body_count);
    tcase_add_test(passes, many_outputs);
    tcase_add_loop_test(passes, bad_weights_are_found, 0, body_count);
    tcase_add_test(passes, explosion_is_found);
    suite_add_tcase(suite, passes);
    TCase *refusals = tcase_create("refusals");
    tcase_add_test(refusals, bad_specs_are_refused);
    tcase_add_loop_test(refusals, sizes_that_overflow_are_refused, 0, body_count);
    tcase_add_loop_test(refusals, windows_that_overflow_are_refused, 0, body_count);
    tcase_add_test(refusals, bad_batches_are_refused);
    tcase_add_loop_test(refusals, failed_allocations, 0, body_count);
    suite_add_tcase(suite, refusals);
    TCase *parameters = tcase_create("parameters");
    tcase_add_test(parameters, parameters_are_pytorchs);
    tcase_add_loop_test(parameters, folding, 0, body_count);
    suite_add_tcase(suite, parameters);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
