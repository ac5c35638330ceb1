/* When a training ends, and what it does about steps that are not finite. */
#include <check.h>
#include <math.h>
#include <string.h>
#include <unroll/train.h>

#include "runner.h"
#include "toy_training.h"

START_TEST(no_validation_data)
{
    prepare(&one);
    one.y.eval_batches = 0;
    one.learning.patience = 1;
    train_until(&one, UNROLL_STOP_STEPS);
    ck_assert_uint_eq(one.evaluations, 0);
    ck_assert(isinf(unroll_trainer_best_loss(one.trainer)));
    finish(&one);
    prepare(&one);
    one.y.task.eval_T = one.y.task.eval_B = 0;
    train_until(&one, UNROLL_STOP_STEPS);
    ck_assert_uint_eq(one.evaluations, 0);
    finish(&one);
}
END_TEST

START_TEST(stops_by_epochs)
{
    one.learning.steps = 0;
    one.learning.epochs = 2.5;
    train_until(&one, UNROLL_STOP_EPOCHS);
    ck_assert_uint_eq(one.steps, 20);
    ck_assert_uint_eq(one.last.last_step, 20);
    ck_assert_double_eq(one.last.epoch, 2.5);
    ck_assert_uint_eq(one.evaluations, 3);
    ck_assert_uint_eq(one.evaluation.step, 20);
}
END_TEST

START_TEST(stops_by_time)
{
    one.learning.steps = 0;
    one.learning.epochs = 0;
    one.learning.seconds = 0.02;
    train_until(&one, UNROLL_STOP_TIME);
    ck_assert_uint_eq(one.last.last_step, 0);
    ck_assert_uint_eq(one.evaluation.step, one.steps);
}
END_TEST

/* A learning rate that moves no weight: each evaluation is the same to the last bit. */
START_TEST(stops_by_patience)
{
    stand_still(&one);
    one.learning.eval_every = 2;
    one.learning.patience = 3;
    train_until(&one, UNROLL_STOP_PATIENCE);
    ck_assert_uint_eq(one.steps, 8);
    ck_assert_uint_eq(one.evaluations, 4);
    ck_assert(!one.evaluation.best);
}
END_TEST

START_TEST(plateau_cuts)
{
    stand_still(&one);
    one.learning.schedule = "plateau";
    one.learning.decay = 0.1;
    one.learning.decay_every = 2;
    one.learning.eval_every = 3;
    train_until(&one, UNROLL_STOP_STEPS);
    /* best at 3, none at 6, cut at 9, none at 12, cut at 15 */
    ck_assert_double_eq_tol(one.lr[9], 1e-30, 1e-36);
    ck_assert_double_eq_tol(one.lr[10], 1e-31, 1e-37);
    ck_assert_double_eq_tol(one.lr[15], 1e-31, 1e-37);
    ck_assert_double_eq_tol(one.lr[16], 1e-32, 1e-38);
}
END_TEST

START_TEST(stops_when_told)
{
    one.stop_at = 8;
    train_until(&one, UNROLL_STOP_INTERRUPTED);
    ck_assert_uint_eq(one.steps, 8);
    ck_assert_uint_eq(one.evaluations, 0); /* due, but put off … */
    one.stop_at = 0;
    ck_assert_int_eq(run(&one, UNROLL_STOP_STEPS), UNROLL_OK);
    ck_assert_uint_eq(one.evaluations, 3); /* … until here: 8, 16, 20 */
    ck_assert_int_eq(run(&one, UNROLL_STOP_STEPS), UNROLL_OK);
    ck_assert_uint_eq(one.steps, 20);
    ck_assert_uint_eq(one.evaluations, 3);
}
END_TEST

START_TEST(callbacks_carry_their_size)
{
    make_net(&one, "lstm", 0, 1);
    one.callbacks.size = 0;
    ck_assert_int_eq(unroll_trainer_new(one.net, &one.y.task, &one.learning, &one.callbacks,
                                        &one.trainer),
                     UNROLL_EUSAGE);
    ck_assert_ptr_null(one.trainer);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "unroll_callbacks"));
    one.callbacks.size = offsetof(unroll_callbacks, stop); /* as one who does not know `stop` */
    one.stop_at = 3;
    train_until(&one, UNROLL_STOP_STEPS);
    ck_assert_uint_eq(one.steps, 20);
}
END_TEST

START_TEST(a_callback_ends_it)
{
    one.answer = UNROLL_EIO;
    begin(&one);
    ck_assert_int_eq(run(&one, UNROLL_STOP_ERROR), UNROLL_EIO);
    ck_assert_uint_eq(one.steps, 1);
}
END_TEST

START_TEST(refuses_to_run_for_ever)
{
    one.learning.steps = 0;
    one.learning.epochs = 0;
    begin(&one);
    ck_assert_int_eq(run(&one, UNROLL_STOP_ERROR), UNROLL_EUSAGE);
}
END_TEST

START_TEST(a_bad_step_is_skipped)
{
    one.y.task.features = true;
    one.y.bad_from = 3;
    one.y.bad_until = 4;
    begin(&one);
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(unroll_trainer_step(one.trainer, NULL), UNROLL_OK);
    const char *const changing = "carry counters toy.at";
    save(&one, &image_one, changing);
    unroll_progress p;
    ck_assert_int_eq(unroll_trainer_step(one.trainer, &p), UNROLL_OK);
    ck_assert(p.skipped);
    ck_assert_uint_eq(p.step, 4);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "step 4: "));
    ck_assert_ptr_nonnull(strstr(unroll_message(), "in layer 0 at step 2 of the window"));
    save(&one, &image_two, changing);
    same(&image_one, &image_two);
    ck_assert_int_eq(unroll_trainer_step(one.trainer, &p), UNROLL_OK);
    ck_assert(!p.skipped);
    ck_assert(isfinite(p.loss));
    save(&one, &image_two, changing);
    ck_assert(memcmp(image_one.bytes, image_two.bytes, image_one.length) != 0);
}
END_TEST

START_TEST(ten_bad_steps_are_too_many)
{
    for (uint64_t bad = 9; bad <= 10; bad++) {
        prepare(&one);
        one.y.task.features = true;
        one.y.bad_from = 2;
        one.y.bad_until = 2 + bad;
        begin(&one);
        const bool over = bad == 10;
        ck_assert_int_eq(run(&one, over ? UNROLL_STOP_DIVERGED : UNROLL_STOP_STEPS),
                         over ? UNROLL_ENUMERIC : UNROLL_OK);
        ck_assert_uint_eq(one.skipped, 9);
        ck_assert_uint_eq(one.steps, over ? 11 : 20);
        ck_assert_ptr_nonnull(strstr(one.message, "skipped"));
        if (over)
            ck_assert_ptr_nonnull(strstr(unroll_message(), "10 steps in a row"));
        finish(&one);
    }
}
END_TEST

START_TEST(weights_that_are_not_finite_end_it)
{
    one.learning.optimizer = "sgd";
    one.learning.lr = 1e300;
    begin(&one);
    ck_assert_int_eq(run(&one, UNROLL_STOP_DIVERGED), UNROLL_ENUMERIC);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "weights"));
    ck_assert_uint_eq(one.steps, 0);
}
END_TEST

Suite *make_suite(void)
{
    Suite *s = suite_create("trainer stops");
    TCase *t = new_case(s, "one training");
    tcase_add_checked_fixture(t, prepare_one, finish_one);
    tcase_add_test(t, stops_by_epochs);
    tcase_add_test(t, stops_by_time);
    tcase_add_test(t, stops_by_patience);
    tcase_add_test(t, plateau_cuts);
    tcase_add_test(t, stops_when_told);
    tcase_add_test(t, callbacks_carry_their_size);
    tcase_add_test(t, a_callback_ends_it);
    tcase_add_test(t, refuses_to_run_for_ever);
    tcase_add_test(t, a_bad_step_is_skipped);
    tcase_add_test(t, weights_that_are_not_finite_end_it);
    t = new_case(s, "several");
    tcase_add_test(t, no_validation_data);
    tcase_add_test(t, ten_bad_steps_are_too_many);
    return s;
}
