/* What a training computes: that it learns, and that threads, stops, evaluations and dropout change no bit they should
 * not. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unroll/train.h>

#include "base/memory.h"
#include "runner.h"
#include "toy_training.h"
#include "work_options.h"

/* The pattern's unigram entropy is 1.277 nats; whoever has learnt its order loses next to nothing. */
START_TEST(learns_a_pattern)
{
    one.y.noise = 0;
    one.learning.steps = 300;
    train_until(&one, UNROLL_STOP_STEPS);
    ck_assert_double_lt(one.last.loss, 0.3);
    ck_assert_double_gt(one.last.accuracy, 0.9);
    ck_assert_double_lt(one.evaluation.loss, 0.5);
    ck_assert_double_eq_tol(one.evaluation.bits, one.evaluation.loss / log(2), 1e-12);
    ck_assert_double_le(unroll_trainer_best_loss(one.trainer), one.evaluation.loss);
    ck_assert_double_gt(unroll_trainer_median_rate(one.trainer), 0);
    ck_assert_double_eq(one.last.tokens, T * B);
}
END_TEST

static const char *const optimizers[] = {"sgd",     "momentum", "nesterov", "adagrad",
                                         "rmsprop", "adam",     "adamw"};

START_TEST(threads_change_no_bit)
{
    for (size_t threads = 1; threads <= 3; threads++) {
        prepare(&one);
        one.learning.optimizer = optimizers[_i];
        one.learning.threads = threads;
        one.learning.steps = 10;
        one.learning.clip_value = 0.05;
        one.learning.clip_norm = 0.2;
        make_net(&one, "gru", 0.3, 1);
        train_until(&one, UNROLL_STOP_STEPS);
        ck_assert_uint_gt(one.clipped, 0);
        save(&one, threads == 1 ? &image_one : &image_two, NULL);
        if (threads > 1)
            same(&image_one, &image_two);
        finish(&one);
    }
}
END_TEST

/* Interrupted in mid-epoch, at a step whose evaluation is due, just after it, and between two evaluations of
 * a plateau: with so small a rate no evaluation gains, and the rate is halved at 15 and 25. */
static const struct {
    const char *cell;
    uint64_t stop_at;
    size_t threads;
    const char *optimizer;
    double lr;
} resumes[] = {
    {"rnn", 13, 2, "adam", 0.1},     {"gru", 13, 2, "adam", 0.1}, {"lstm", 13, 2, "adam", 0.1},
    {"lstm", 10, 1, "rmsprop", 0.1}, {"lstm", 11, 1, "sgd", 0.1}, {"lstm", 25, 2, "adamw", 0.1},
    {"gru", 13, 1, "sgd", 1e-30},
};

START_TEST(resume_is_as_never_stopped)
{
    for (int part = 0; part < 3; part++) { /* whole, first half, second half */
        training *g = part == 0 ? &one : &two;
        const size_t evaluations = g->evaluations;
        prepare(g);
        g->learning.steps = 25;
        g->learning.eval_every = 5;
        g->learning.schedule = "plateau";
        g->learning.decay_every = 2;
        g->learning.optimizer = resumes[_i].optimizer;
        g->learning.lr = resumes[_i].lr;
        g->learning.threads = part == 1 ? resumes[_i].threads : 1;
        g->stop_at = part == 1 ? resumes[_i].stop_at : 0;
        make_net(g, resumes[_i].cell, 0.4, part == 2 ? 99 : 1);
        begin(g);
        if (part == 2) {
            restore(g, &image_two);
            g->evaluations = evaluations;
        }
        ck_assert_int_eq(run(g, part == 1 ? UNROLL_STOP_INTERRUPTED : UNROLL_STOP_STEPS), UNROLL_OK);
        if (part == 1)
            ck_assert_uint_eq(unroll_trainer_steps(g->trainer), resumes[_i].stop_at);
        save(g, part == 0 ? &image_one : &image_two, NULL);
        finish(g);
    }
    same(&image_one, &image_two);
    ck_assert_uint_eq(one.evaluations, 5);
    ck_assert_uint_eq(two.evaluations, 5);
    for (uint64_t k = resumes[_i].stop_at + 1; k <= 25; k++)
        ck_assert_double_eq(one.lr[k], two.lr[k]);
    if (resumes[_i].lr < 0.1)
        ck_assert_double_eq_tol(two.lr[25] / resumes[_i].lr, 0.5, 1e-12);
}
END_TEST

START_TEST(evaluating_changes_no_bit)
{
    for (int often = 0; often < 2; often++) {
        prepare(&one);
        one.learning.eval_every = often ? 1 : 1000;
        make_net(&one, "lstm", 0.4, 1);
        train_until(&one, UNROLL_STOP_STEPS);
        ck_assert_uint_eq(one.evaluations, often ? 20 : 1);
        save(&one, often ? &image_two : &image_one, "counters best_loss");
        finish(&one);
    }
    same(&image_one, &image_two);
}
END_TEST

/* Weights as good as fixed, the same batch: without dropout the same loss, with it another mask each step. */
START_TEST(each_step_has_its_dropout)
{
    double loss[2][2];
    for (int with = 0; with < 2; with++) {
        prepare(&one);
        one.y.again = true;
        stand_still(&one);
        make_net(&one, "lstm", with ? 0.5 : 0, 1);
        begin(&one);
        for (int k = 0; k < 2; k++) {
            unroll_progress p;
            ck_assert_int_eq(unroll_trainer_step(one.trainer, &p), UNROLL_OK);
            loss[with][k] = p.loss;
        }
        finish(&one);
    }
    ck_assert_double_eq(loss[0][0], loss[0][1]);
    ck_assert_double_ne(loss[1][0], loss[1][1]);
}
END_TEST

/* The same gradient again and again: with its moments corrected, Adam goes lr a step, no more and no less. */
START_TEST(adam_counts_its_updates)
{
    one.y.again = true;
    one.learning.lr = 1e-5;
    begin(&one);
    const size_t n = unroll_net_size(one.net);
    unroll_real *before = malloc(n * sizeof *before);
    ck_assert_ptr_nonnull(before);
    memcpy(before, unroll_net_weights(one.net), n * sizeof *before);
    for (int k = 0; k < 5; k++)
        ck_assert_int_eq(unroll_trainer_step(one.trainer, NULL), UNROLL_OK);
    double farthest = 0;
    for (size_t i = 0; i < n; i++)
        farthest = fmax(farthest, fabs((double)(unroll_net_weights(one.net)[i] - before[i])));
    ck_assert_double_eq_tol(farthest, 5e-5, 1e-6);
    free(before);
}
END_TEST

START_TEST(steps_allocate_nothing)
{
    one.learning.threads = 2;
    one.learning.eval_every = 3;
    train_until(&one, UNROLL_STOP_STEPS);
    ck_assert_uint_eq(one.steps, 20);
    ck_assert_uint_eq(one.allocations, 0);
}
END_TEST

START_TEST(a_failed_allocation_leaks_nothing)
{
    make_net(&one, "lstm", 0, 1);
    long n = 0;
    for (unroll_status status = UNROLL_EMEMORY; status != UNROLL_OK; n++) {
        unroll_alloc_fail_after(n);
        status = unroll_trainer_new(one.net, &one.y.task, &one.learning, NULL, &one.trainer);
        unroll_alloc_fail_after(-1);
        if (status != UNROLL_OK) {
            ck_assert_int_eq(status, UNROLL_EMEMORY);
            ck_assert_ptr_null(one.trainer);
        }
    }
    ck_assert_int_gt(n, 6);
}
END_TEST

START_TEST(evaluation_is_the_mean_over_all_targets)
{
    begin(&one);
    unroll_evaluation e;
    ck_assert_int_eq(unroll_trainer_evaluate(one.trainer, UNROLL_VALID, &e), UNROLL_OK);
    ck_assert(e.best);
    ck_assert_double_eq(e.targets, (2 * EVAL_T + 3) * EVAL_B);
    unroll_work *work;
    double loss = 0;
    ck_assert_int_eq(unroll_work_new(one.net, WORK(.T = EVAL_T, .B = EVAL_B, .threads = 1), &work),
                     UNROLL_OK);
    for (uint64_t i = 0; i < 3; i++) {
        unroll_batch batch;
        unroll_result r;
        bool more;
        toy_eval(&one.y, UNROLL_VALID, i, &batch, &more);
        ck_assert_int_eq(unroll_net_evaluate(one.net, &batch, work, &r, NULL), UNROLL_OK);
        loss += r.loss;
    }
    unroll_work_free(work);
    ck_assert_double_eq_tol(e.loss, loss / e.targets, 1e-9);
    ck_assert_int_eq(unroll_trainer_evaluate(one.trainer, UNROLL_TEST, &e), UNROLL_EDATA);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "test"));
}
END_TEST

static double distance(const unroll_net *net, const unroll_real *a, const unroll_real *b)
{
    double sum = 0;
    for (size_t i = 0; i < unroll_net_size(net); i++)
        sum += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    return sqrt(sum);
}

START_TEST(a_clipped_step_is_as_long_as_allowed)
{
    one.learning.optimizer = "sgd";
    one.learning.lr = 2;
    one.learning.clip_norm = 0.01;
    begin(&one);
    const size_t bytes = unroll_net_size(one.net) * sizeof(unroll_real);
    unroll_real *before = malloc(bytes);
    ck_assert_ptr_nonnull(before);
    memcpy(before, unroll_net_weights(one.net), bytes);
    unroll_progress p;
    ck_assert_int_eq(unroll_trainer_step(one.trainer, &p), UNROLL_OK);
    ck_assert_double_gt(p.grad_norm, 0.01);
    ck_assert_double_eq_tol(p.grad_norm * p.clip_scale, 0.01, 1e-5);
    ck_assert_double_eq(p.clipped_share, 1);
    ck_assert_double_eq_tol(distance(one.net, before, unroll_net_weights(one.net)), 0.02, 2e-5);
    free(before);
}
END_TEST

START_TEST(what_does_not_learn_stays_zero)
{
    one.learning.optimizer = optimizers[_i];
    one.learning.weight_decay = 0.1;
    train_until(&one, UNROLL_STOP_STEPS);
    const unroll_parameter *p;
    const size_t count = unroll_net_parameters(one.net, &p);
    size_t seen = 0;
    for (size_t i = 0; i < count; i++)
        if (strstr(p[i].name, "bias_hh") != NULL)
            for (size_t k = 0; k < p[i].rows; k++, seen++)
                ck_assert_double_eq((double)unroll_net_weights(one.net)[p[i].offset + k], 0);
    ck_assert_uint_eq(seen, 2 * 4 * 12);
}
END_TEST

Suite *make_suite(void)
{
    Suite *s = suite_create("trainer");
    TCase *t = new_case(s, "one training");
    tcase_add_checked_fixture(t, prepare_one, finish_one);
    tcase_add_test(t, learns_a_pattern);
    tcase_add_test(t, adam_counts_its_updates);
    tcase_add_test(t, steps_allocate_nothing);
    tcase_add_test(t, a_failed_allocation_leaks_nothing);
    tcase_add_test(t, evaluation_is_the_mean_over_all_targets);
    tcase_add_test(t, a_clipped_step_is_as_long_as_allowed);
    tcase_add_loop_test(t, what_does_not_learn_stays_zero, 0, 7);
    t = new_case(s, "several");
    tcase_add_loop_test(t, threads_change_no_bit, 0, 7);
    tcase_add_loop_test(t, resume_is_as_never_stopped, 0, sizeof resumes / sizeof *resumes);
    tcase_add_test(t, evaluating_changes_no_bit);
    tcase_add_test(t, each_step_has_its_dropout);
    return s;
}
