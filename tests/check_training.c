/* The course of a training as the library has it: what it tells, what it leaves, and going on. */
#include <check.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "config/config.h"
#include "own_directory.h"
#include "run_directory.h"
#include "runner.h"
#include "session/training.h"

/* How often each callback came, and the order of the first ones. */
typedef struct told {
    unsigned step, evaluated, sample, solved, note, fault, overridden;
    uint64_t stop_at;  /* 0: never */
    const char *steps; /* what `override` sets; NULL: nothing */
    char order[8];
} told;

static void mark(told *seen, char what)
{
    const size_t n = strlen(seen->order);
    if (n + 1 < sizeof seen->order)
        seen->order[n] = what;
}

static void on_note(void *arg, const char *text)
{
    ck_assert_ptr_null(strchr(text, '\n'));
    ((told *)arg)->note++;
}

static void on_fault(void *arg)
{
    ((told *)arg)->fault++;
}

static void on_step(void *arg, const unroll_progress *progress)
{
    told *seen = arg;
    ck_assert_uint_gt(progress->step, 0);
    seen->step++;
    mark(seen, 's');
}

static void on_evaluated(void *arg, const unroll_evaluation *e)
{
    ck_assert_int_eq(e->split, UNROLL_VALID);
    ((told *)arg)->evaluated++;
    mark(arg, 'e');
}

static unroll_status on_sample(void *arg, uint64_t step)
{
    (void)step;
    ((told *)arg)->sample++;
    mark(arg, 't');
    return UNROLL_OK;
}

static bool on_stop(void *arg)
{
    const told *seen = arg;
    return seen->stop_at && seen->step + 1 == seen->stop_at;
}

static unroll_status override(void *arg, unroll_config *config)
{
    told *seen = arg;
    seen->overridden++;
    return seen->steps ? unroll_config_set(config, "steps", seen->steps) : UNROLL_OK;
}

static unroll_config *copy_task(const char *out)
{
    unroll_config *c = default_config();
    const char *const set[][2] = {{"task", "copy:length=1,delay=2"},
                                  {"hidden", "6"},
                                  {"batch", "4"},
                                  {"steps", "20"},
                                  {"eval-every", "5"},
                                  {"threads", "1"},
                                  {"save-every", "10"},
                                  {"out", out}};
    for (size_t i = 0; i < sizeof set / sizeof *set; i++)
        OK(unroll_config_set(c, set[i][0], set[i][1]));
    return c;
}

/* The whole course; what it says at its end is checked by the caller. */
static enum unroll_stop train(unroll_config *config, told *seen, unroll_evaluation *tested)
{
    enum unroll_stop why;
    bool saved;
    unroll_training t = {.config = config,
                         .callbacks = {.arg = seen,
                                       .note = on_note,
                                       .fault = on_fault,
                                       .override = override,
                                       .step = on_step,
                                       .evaluated = on_evaluated,
                                       .sample = on_sample,
                                       .stop = on_stop}};
    OK(unroll_training_open(&t, NULL, 0));
    OK(unroll_training_begin(&t));
    OK(unroll_training_proceed(&t, &why));
    ck_assert_uint_eq(t.recent_count, seen->step);
    ck_assert(isfinite(unroll_training_recent_loss(&t)));
    OK(unroll_training_finish(&t, why, &saved, tested));
    ck_assert(saved);
    OK(unroll_training_close(&t));
    ck_assert_ptr_null(t.directory);
    unroll_config_free(config);
    return why;
}

START_TEST(a_training_tells_and_leaves_all)
{
    told seen = {0};
    unroll_evaluation tested;
    ck_assert_int_eq(train(copy_task(dir), &seen, &tested), UNROLL_STOP_STEPS);
    ck_assert_uint_eq(seen.step, 20);
    ck_assert_uint_eq(seen.evaluated, 4);
    ck_assert_uint_eq(seen.sample, 4);
    ck_assert_uint_eq(seen.fault, 0);
    ck_assert_uint_eq(seen.overridden, 0);
    ck_assert_str_eq(seen.order, "sssse"
                                 "ts"); /* a step's validation comes before the step */
    ck_assert(tested.targets > 0 && tested.split == UNROLL_TEST);
    ck_assert(there(in("config.json")) && there(in("model.safetensors")) && there(in("metrics.csv")));
    ck_assert(there(in("checkpoint-20.safetensors")) && there(in("checkpoint-10.safetensors")));
    ck_assert(!there(in(".lock")));
    ck_assert_ptr_nonnull(strstr(get_text(in("metrics.csv")), ",test,"));
}
END_TEST

START_TEST(going_on_gives_the_same_bytes)
{
    static char whole[1 << 17], parts[1 << 17];
    told seen = {0};
    unroll_evaluation tested;
    train(copy_task(dir), &seen, &tested);
    const size_t n = get(in("checkpoint-20.safetensors"), whole, sizeof whole);
    leave_directory();
    enter_run();

    seen = (told){.stop_at = 12};
    ck_assert_int_eq(train(copy_task(dir), &seen, &tested), UNROLL_STOP_INTERRUPTED);
    ck_assert_uint_eq(seen.step, 12);
    ck_assert(!(tested.targets > 0)); /* nothing is tested that has not ended */
    unroll_config *c = default_config();
    OK(unroll_config_set(c, "resume", dir));
    seen = (told){0};
    ck_assert_int_eq(train(c, &seen, &tested), UNROLL_STOP_STEPS);
    ck_assert_uint_eq(seen.step, 8);
    ck_assert_uint_eq(seen.overridden, 1);
    ck_assert_uint_eq(get(in("checkpoint-20.safetensors"), parts, sizeof parts), n);
    ck_assert_mem_eq(whole, parts, n);
}
END_TEST

START_TEST(bounds_of_a_resumed_run_may_be_given_anew)
{
    told seen = {0};
    unroll_evaluation tested;
    train(copy_task(dir), &seen, &tested);
    unroll_config *c = default_config();
    OK(unroll_config_set(c, "resume", dir));
    seen = (told){.steps = "23"};
    train(c, &seen, &tested);
    ck_assert_uint_eq(seen.step, 3);
    ck_assert(there(in("checkpoint-23.safetensors")));
}
END_TEST

START_TEST(what_cannot_be_opened_leaves_nothing)
{
    unroll_config *c = copy_task(dir);
    OK(unroll_config_set(c, "task", "copy:delay=x"));
    unroll_training t = {.config = c};
    ck_assert_int_eq(unroll_training_open(&t, NULL, 0), UNROLL_EUSAGE);
    OK(unroll_training_close(&t));
    ck_assert(!there(in(".")));
    unroll_config_free(c);
}
END_TEST

Suite *make_suite(void)
{
    Suite *s = suite_create("training");
    TCase *t = new_case(s, "training");
    tcase_add_checked_fixture(t, enter_run, leave_directory);
    tcase_add_test(t, a_training_tells_and_leaves_all);
    tcase_add_test(t, going_on_gives_the_same_bytes);
    tcase_add_test(t, bounds_of_a_resumed_run_may_be_given_anew);
    tcase_add_test(t, what_cannot_be_opened_leaves_nothing);
    return s;
}
