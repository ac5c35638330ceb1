/* Networks beyond the truth of their numbers (check_golden, check_gradient): the same bits at
 * any number of threads, windows that can be cut, and no allocation between steps. */
#include <check.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unroll/net.h>

#include "base/memory.h"
#include "cell/cells.h"
#include "net_bodies.h"
#include "runner.h"

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
    const unroll_cell *cell = unroll_cell_find_form(s.cell, &(unroll_cell_forms){s.gru, s.lstm});
    for (size_t i = 1; cell->norm_gates && unroll_norm_name(i); i++) {
        s = plain;
        s.norm = unroll_norm_name(i);
        s.embedding = i;
        require_same_bits(s, STEPS, ROWS, true);
    }
    s = plain;
    s.omega = unroll_cell_is_simple(cell);
    require_same_bits(s, STEPS, ROWS, true);
    s = plain;
    s.features = s.squared = true;
    s.inputs = FEATURES;
    require_same_bits(s, STEPS, ROWS, true);
}
END_TEST

/* One thread takes the steps in blocks of 64 here, of which the earliest has a single step; with more threads a block is
 * longer than the window. */
START_TEST(blocks_of_steps_change_nothing)
{
    unroll_net_spec spec = make_spec(0);
    spec.hidden = 16;
    require_same_bits(spec, 65, 64, false);
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
        for (size_t k = 0;
             list[i].offset >= unroll_net_learned(net) && k < list[i].rows * list[i].cols; k++)
            w[k] += (float)(k % 7) / 10;
    }
    unroll_net_pack(net, 1);
}

START_TEST(stepper_agrees)
{
    unroll_net_spec spec = make_spec(_i);
    const unroll_cell *cell =
        unroll_cell_find_form(spec.cell, &(unroll_cell_forms){spec.gru, spec.lstm});
    for (size_t embedding = 0; embedding < 5; embedding++) {
        spec.embedding = 7 * (embedding & 1);
        spec.residual = embedding & 1;
        spec.norm = embedding < 2 || !cell->norm_gates ? NULL : unroll_norm_name(embedding - 1);
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

/* Not nearly 0: there is nothing that it could come from. */
START_TEST(padding_alone_has_no_gradient)
{
    const unroll_net_spec spec = make_spec(_i);
    unroll_net *net = new_net(spec);
    unroll_work *work = new_work(net, STEPS, ROWS, 1);
    float *grad = new_array(unroll_net_size(net), sizeof *grad);
    unroll_result result;
    window w;
    open_window(&w, &spec, STEPS, ROWS, true);
    for (size_t i = 0; i < STEPS * ROWS; i++) {
        w.mode[i] = UNROLL_HOLD;
        w.weight[i] = 0;
    }
    gradient(net, &w.batch, work, grad, &result);
    for (size_t i = 0; i < unroll_net_size(net); i++)
        ck_assert_msg(grad[i] == 0, "%s: %g", spec.cell, (double)grad[i]);
    close_window(&w);
    free(grad);
    unroll_work_free(work);
    unroll_net_free(net);
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

Suite *make_suite(void)
{
    list_bodies();
    Suite *suite = suite_create("net");
    TCase *passes = new_case(suite, "passes");
    tcase_add_loop_test(passes, threads_change_nothing, 0, body_count);
    tcase_add_test(passes, blocks_of_steps_change_nothing);
    tcase_add_loop_test(passes, evaluation_is_the_forward_pass, 0, body_count);
    tcase_add_loop_test(passes, windows_can_be_cut, 0, body_count);
    tcase_add_loop_test(passes, states_are_carried_or_not, 0, body_count);
    tcase_add_loop_test(passes, stepper_agrees, 0, body_count);
    tcase_add_loop_test(passes, steps_allocate_nothing, 0, body_count);
    tcase_add_loop_test(passes, rows_are_independent, 0, body_count);
    tcase_add_loop_test(passes, padding_alone_has_no_gradient, 0, body_count);
    tcase_add_test(passes, many_outputs);
    return suite;
}
