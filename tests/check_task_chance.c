/* What a guess without memory gets of each synthetic task, what counts as near enough, and as solved. */
#include <check.h>
#include <math.h>
#include <string.h>
#include <unroll/net.h>

#include "parameter.h"
#include "runner.h"
#include "synthetic_examples.h"
#include "task/solved.h"
#include "work_options.h"

enum { ROWS = 16, BATCHES = 250, SEQUENCES = ROWS * BATCHES, CHANCE_BATCHES = 1000 };

/* ---- chance ---- */

static unroll_net *constant_net(const example *e, unroll_real bias)
{
    const unroll_net_spec spec = {.size = sizeof spec,
                                  .inputs = e->task.inputs,
                                  .outputs = e->task.outputs,
                                  .features = e->task.features,
                                  .squared = e->task.squared,
                                  .cell = "rnn",
                                  .layers = 1,
                                  .hidden = 2};
    unroll_net *net;
    ck_assert_int_eq(unroll_net_new(&spec, &net), UNROLL_OK);
    memset(unroll_net_weights(net), 0, unroll_net_size(net) * sizeof(unroll_real));
    for (size_t j = 0; j < spec.outputs; j++)
        weights_of(net, "decoder.bias")[j] = bias;
    unroll_net_pack(net, 1);
    return net;
}

/* A network that gives the same whatever it sees gets the baseline and the chance that the row states. */
static const struct guess {
    const char *spec;
    unroll_real bias;
    double spread; /* standard deviation of one sequence's loss */
} GUESSES[] = {
    {"temporal-order:length=10", 0, 0},     {"latch:delay=1,cue=1", 0, 0},
    {"two-sequence:delay=1,start=1", 0, 0}, {"parity:length=4", 0, 0},
    {"adding:length=4", 1, 0.198},          {"multiplication:length=4", 0.25, 0.0714},
    {"trigger:lag=2,distractors=3", 0, 0},  {"signed-adding:length=22", 0.5, 0.05},
};

START_TEST(chance)
{
    const struct guess *g = &GUESSES[_i];
    example e = make_example(g->spec, ROWS, 9);
    unroll_net *net = constant_net(&e, g->bias);
    unroll_work *work;
    ck_assert_int_eq(unroll_work_new(net, WORK(.T = e.task.train_T, .B = ROWS, .threads = 1), &work),
                     UNROLL_OK);
    const double n = (double)CHANCE_BATCHES * ROWS;
    double loss = 0, correct = 0, counted = 0;
    for (int i = 0; i < CHANCE_BATCHES; i++) {
        const unroll_batch batch = next_batch(&e);
        unroll_result r;
        ck_assert_int_eq(unroll_net_evaluate(net, &batch, work, &r, NULL), UNROLL_OK);
        loss += r.loss;
        correct += r.correct;
        counted += r.counted;
    }
    const double p = e.row->chance(e.value);
    ck_assert_double_eq(counted, n);
    ck_assert_double_eq_tol(loss / n, e.row->baseline(e.value), 5 * g->spread / sqrt(n) + 1e-6);
    ck_assert_double_eq_tol(correct / n, p, 5 * sqrt(p * (1 - p) / n));
    unroll_work_free(work);
    unroll_net_free(net);
    free_example(&e);
}
END_TEST

/* Reversing: blanks for certain, each symbol with the same chance. */
START_TEST(reverse_chance)
{
    example e = make_example("reverse:length=6,symbols=5", ROWS, 9);
    double loss = 0, weight = 0, right = 0, counted = 0;
    for (int i = 0; i < BATCHES; i++) {
        const unroll_batch batch = next_batch(&e);
        for (size_t k = 0; k < batch.T * ROWS; k++) {
            weight += (double)batch.weight[k];
            loss += batch.target[k] ? log(5) : 0;
            counted += batch.counted[k];
            right += batch.counted[k] && batch.target[k] == 1;
        }
    }
    ck_assert_double_eq_tol(loss / weight, e.row->baseline(e.value), 1e-9);
    ck_assert_double_eq_tol(right / counted, e.row->chance(e.value), 5 * sqrt(0.2 * 0.8 / counted));
    free_example(&e);
}
END_TEST

/* The last of p targets is one of two, those before it are certain or one of six. */
START_TEST(long_lag_chance)
{
    static const char *const specs[] = {"long-lag:lag=7,symbols=6",
                                        "long-lag:lag=7,symbols=6,regular=0"};
    example e = make_example(specs[_i], ROWS, 9);
    const unroll_batch batch = next_batch(&e);
    double loss = 0, weight = 0, counted = 0;
    for (size_t k = 0; k < batch.T * ROWS; k++) {
        const bool last = k / ROWS == batch.T - 1;
        weight += (double)batch.weight[k];
        counted += batch.counted[k];
        loss += last ? log(2) : _i ? log(6) : 0;
        ck_assert(batch.counted[k] == last);
    }
    ck_assert_double_eq(counted, ROWS);
    ck_assert_double_eq_tol(loss / weight, e.row->baseline(e.value), 1e-9);
    ck_assert_double_eq(e.row->chance(e.value), 0.5);
    free_example(&e);
}
END_TEST

/* Reber: all known but the last but one, where T and P are a half each. */
START_TEST(reber_chance)
{
    static const char *const specs[] = {"reber", "reber:strings=3,longest=7", "reber:longest=5",
                                        "reber:longest=60"};
    example e = make_example(specs[_i], ROWS, 9);
    const double mean = 0.5 / e.row->baseline(e.value);
    double sum = 0, squares = 0;
    for (int i = 0; i < BATCHES; i++) {
        const unroll_batch batch = next_batch(&e);
        for (size_t b = 0; b < ROWS; b++) {
            double steps = 0;
            for (size_t t = 0; t < batch.T; t++)
                steps += (double)batch.weight[t * ROWS + b];
            sum += steps;
            squares += steps * steps;
        }
    }
    const double measured = sum / SEQUENCES;
    const double sigma = sqrt(fmax(0, squares / SEQUENCES - measured * measured));
    ck_assert_double_eq_tol(measured, mean, 5 * sigma / sqrt(SEQUENCES) + 1e-9);
    ck_assert_double_eq_tol(e.row->chance(e.value), 1 - 0.5 / mean, 1e-12);
    if (_i == 3) /* B x E and Reber's 8 symbols on average, from the grammar's equations */
        ck_assert_double_eq_tol(mean, 11, 1e-4);
    free_example(&e);
}
END_TEST

/* Arithmetic: the best that the character before tells of the next, counted anew. */
START_TEST(arithmetic_chance)
{
    enum { SHOWN = 14 };
    double follows[SHOWN][SHOWN] = {{0}}, loss = 0, right = 0, all = 0;
    example e = make_example("arithmetic:digits=4,distractors=0", ROWS, 9);
    for (int i = 0; i < CHANCE_BATCHES; i++) {
        const unroll_batch batch = next_batch(&e);
        for (size_t k = 0; k < batch.T * ROWS; k++)
            if (batch.weight[k] > 0) {
                ck_assert(batch.input[k] < SHOWN && batch.target[k] < SHOWN);
                follows[batch.input[k]][batch.target[k]]++;
            }
    }
    for (size_t i = 0; i < SHOWN; i++) {
        double sum = 0, most = 0;
        for (size_t j = 0; j < SHOWN; j++) {
            sum += follows[i][j];
            most = fmax(most, follows[i][j]);
        }
        for (size_t j = 0; j < SHOWN; j++)
            loss -= follows[i][j] > 0 ? follows[i][j] * log(follows[i][j] / sum) : 0;
        right += most;
        all += sum;
    }
    ck_assert_double_eq_tol(loss / all, e.row->baseline(e.value), 0.02);
    ck_assert_double_eq_tol(right / all, e.row->chance(e.value), 0.01);
    free_example(&e);
}
END_TEST

/* ---- near enough ---- */

START_TEST(tolerance)
{
    example like = {.task = {.inputs = 1, .outputs = 2, .squared = true}};
    unroll_net *net = constant_net(&like, 0.5);
    unroll_work *work;
    static const unroll_real value[][2] = {
        {0.5, 0.5}, {0.53125, 0.46875}, {0.5, 0.5625}, {0.4375, 0.5}, {0.5, 0.5}, {9, 9},
    };
    const uint32_t input[6] = {0};
    const unroll_real weight[6] = {1, 2, 4, 8, 0, 16};
    const uint8_t counted[6] = {1, 1, 1, 1, 1, 0}, recalled[6] = {0, 1, 1, 0, 1, 1};
    unroll_batch batch = {.T = 6,
                          .B = 1,
                          .input = input,
                          .value = value[0],
                          .weight = weight,
                          .counted = counted,
                          .tolerance = 0.0625};
    unroll_result r;
    ck_assert_int_eq(unroll_work_new(net, WORK(.T = 6, .B = 1, .threads = 1), &work), UNROLL_OK);
    ck_assert_int_eq(unroll_net_evaluate(net, &batch, work, &r, NULL), UNROLL_OK);
    ck_assert_double_eq(r.weight, 31);
    ck_assert_double_eq(r.counted, 15); /* the bound itself is too far; weight 0 counts nowhere */
    ck_assert_double_eq(r.correct, 3);
    ck_assert_double_eq(r.recalled, 15); /* all that is counted, where none are told apart */
    ck_assert_double_eq(r.recalled_correct, 3);
    batch.recalled = recalled;
    ck_assert_int_eq(unroll_net_evaluate(net, &batch, work, &r, NULL), UNROLL_OK);
    ck_assert_double_eq(r.counted, 15);
    ck_assert_double_eq(r.recalled, 2 + 4); /* what is not counted is not recalled */
    ck_assert_double_eq(r.recalled_correct, 2);
    ck_assert_double_eq(r.recalled_loss, 2 * 0x1p-9 + 4 * 0x1p-8);
    batch.recalled = NULL;
    batch.counted = NULL;
    ck_assert_int_eq(unroll_net_evaluate(net, &batch, work, &r, NULL), UNROLL_OK);
    ck_assert_double_eq(r.counted, 31);
    ck_assert_double_eq(r.correct, 3);
    unroll_work_free(work);
    unroll_net_free(net);
}
END_TEST

/* ---- solved ---- */

START_TEST(solved_by_accuracy)
{
    const unroll_task_row row = {.solved_loss = 0};
    unroll_solved s;
    unroll_solved_start(&s, &row);
    ck_assert(isnan(unroll_solved_mean(&s)));
    for (uint64_t step = 1; step <= 100; step++)
        ck_assert(!unroll_solved_add(&s, step, 9, 0.5));
    /* each of the hundred that is left takes 0.001 off: 0.995 is passed where four are */
    uint64_t step = 101;
    while (!unroll_solved_add(&s, step, 9, 1))
        ck_assert_uint_lt(step++, 2000);
    ck_assert_uint_eq(s.step, 100 + 496);
    ck_assert(unroll_solved_add(&s, step + 1, 9, 0)); /* it stays so, and the mean goes on */
    ck_assert_uint_eq(s.step, 596);
    ck_assert_double_eq_tol(unroll_solved_mean(&s), (496 + 3 * 0.5) / 500, 1e-12);
}
END_TEST

START_TEST(solved_by_loss)
{
    example e = make_example("adding", 1, 1);
    unroll_solved s;
    unroll_solved_start(&s, e.row);
    for (uint64_t step = 1; step < 500; step++)
        ck_assert(!unroll_solved_add(&s, step, 0.009, 0)); /* not before 500 updates */
    ck_assert(unroll_solved_add(&s, 500, 0.009, 0));
    unroll_solved_start(&s, e.row);
    for (uint64_t step = 1; step < 2000; step++)
        ck_assert(!unroll_solved_add(&s, step, 0.0101, 1));
    free_example(&e);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("chance");
    TCase *t = new_case(suite, "tasks");
    tcase_add_loop_test(t, chance, 0, sizeof GUESSES / sizeof *GUESSES);
    tcase_add_test(t, reverse_chance);
    tcase_add_test(t, arithmetic_chance);
    tcase_add_loop_test(t, long_lag_chance, 0, 2);
    tcase_add_loop_test(t, reber_chance, 0, 4);
    tcase_add_test(t, tolerance);
    tcase_add_test(t, solved_by_accuracy);
    tcase_add_test(t, solved_by_loss);
    return suite;
}
