/* Run directories and logs, and what a full disk and no memory do to them. */
#include <check.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include "base/memory.h"
#include "config/config.h"
#include "config/options.h"
#include "own_directory.h"
#include "run_directory.h"
#include "runner.h"
#include "store/log.h"
#include "store/model.h"
#include "store/run.h"

/* ---- opening ---- */

START_TEST(new_and_empty)
{
    unroll_run *run;
    OK(unroll_run_open(dir, UNROLL_RUN_NEW, &run));
    ck_assert(there(in(".lock")));
    ck_assert_ptr_nonnull(strstr(get_text(in(".lock")), "process "));
    OK(unroll_run_close(run));
    ck_assert_int_ne(access(dir, F_OK), 0); /* nothing was written: it goes again */
    ck_assert_int_eq(mkdir(dir, 0777), 0);
    OK(unroll_run_open(dir, UNROLL_RUN_NEW, &run));
    OK(unroll_run_close(run));
    ck_assert_uint_eq(entries(dir, NULL), 0); /* it was there before, so it stays */
    OK(unroll_run_close(NULL));
}
END_TEST

START_TEST(refused)
{
    unroll_run *run;
    char deep[128];
    snprintf(deep, sizeof deep, "%s/none/run", directory);
    expect(unroll_run_open(deep, UNROLL_RUN_NEW, &run), UNROLL_ECREATE, "cannot be made");
    ck_assert_ptr_null(run);
    expect(unroll_run_open(deep, UNROLL_RUN_RESUME, &run), UNROLL_ENOINPUT, "cannot be resumed");
    expect(unroll_run_open("/proc/self/run", UNROLL_RUN_NEW, &run), UNROLL_ECREATE, "/proc");
    expect(unroll_run_open("/dev/null", UNROLL_RUN_NEW, &run), UNROLL_ECREATE,
           "/dev/null: cannot be made: Not a directory");
    expect(unroll_run_open("/dev/null", UNROLL_RUN_RESUME, &run), UNROLL_ENOINPUT,
           "/dev/null: cannot be resumed: Not a directory");
    expect(unroll_run_open("/dev/null/a", UNROLL_RUN_FORCE, &run), UNROLL_ECREATE, "/dev/null");

    ck_assert_int_eq(mkdir(dir, 0777), 0);
    expect(unroll_run_open(dir, UNROLL_RUN_RESUME, &run), UNROLL_ENOINPUT, "no run to resume");
    put_text(in("config.json"), "{\"mine\": true}");
    put_text(in("notes"), "keep me");
    expect(unroll_run_open(dir, UNROLL_RUN_NEW, &run), UNROLL_ECREATE, "is not empty");
    expect(unroll_run_open(dir, UNROLL_RUN_FORCE, &run), UNROLL_ECREATE, "holds no run");
    expect(unroll_run_open(dir, UNROLL_RUN_RESUME, &run), UNROLL_ENOINPUT, "no run to resume");
    ck_assert_uint_eq(entries(dir, NULL), 2);
    ck_assert_str_eq(get_text(in("config.json")), "{\"mine\": true}");
}
END_TEST

START_TEST(read_only)
{
    unroll_run *run;
    ck_assert_int_eq(mkdir(dir, 0555), 0);
    if (access(dir, W_OK) == 0)
        return; /* root may write anyway */
    expect(unroll_run_open(dir, UNROLL_RUN_NEW, &run), UNROLL_ECREATE, "cannot be created");
    ck_assert_int_eq(chmod(dir, 0755), 0);
}
END_TEST

START_TEST(forced)
{
    unroll_run *run;
    unroll_config *c = default_config();
    OK(unroll_run_open(dir, UNROLL_RUN_NEW, &run));
    OK(unroll_run_config(run, c));
    OK(unroll_run_sample(run, 7, "la", 2));
    ck_assert_str_eq(get_text(in("samples/7.txt")), "la");
    OK(unroll_run_close(run));
    put_text(in("checkpoint-12.safetensors"), "x");
    put_text(in("checkpoint-x.safetensors"), "mine");
    put_text(in("model.safetensors"), "x");
    put_text(in("metrics.csv"), "x");
    put_text(in("notes"), "mine");
    put_text(in("samples/more"), "x");
    ck_assert_int_eq(mkdir(in("plots"), 0777), 0);
    put_text(in("plots/loss.svg"), "x");
    expect(unroll_run_open(dir, UNROLL_RUN_NEW, &run), UNROLL_ECREATE, "--force");
    ck_assert_uint_eq(entries(dir, NULL), 8);
    OK(unroll_run_open(dir, UNROLL_RUN_FORCE, &run));
    ck_assert(there(in("config.json")) && there(in("model.safetensors"))); /* it may still be refused */
    OK(unroll_run_clear(run));
    ck_assert(there(in("notes")));
    ck_assert(there(in("checkpoint-x.safetensors")));
    ck_assert_str_eq(get_text(in("samples/more")), "x"); /* what is not of a run stays */
    ck_assert(!there(in("samples/7.txt")) && !there(in("plots")) && !there(in("metrics.csv")));
    ck_assert_uint_eq(entries(dir, NULL),
                      5); /* with config.json, which will be replaced, and the lock */
    OK(unroll_run_config(run, c));
    OK(unroll_run_close(run));
    OK(unroll_run_open(dir, UNROLL_RUN_RESUME, &run));
    OK(unroll_run_close(run));
    unroll_config_free(c);
}
END_TEST

START_TEST(configuration)
{
    unroll_run *run;
    unroll_config *c = default_config(), *d;
    OK(unroll_config_set(c, "valid", "a \"b\"\\\n\x01.txt"));
    OK(unroll_config_set(c, "forget-bias", "chrono:70"));
    OK(unroll_config_set(c, "time", "90s"));
    OK(unroll_run_open(dir, UNROLL_RUN_NEW, &run));
    OK(unroll_run_config(run, c));
    json_error_t error;
    json_t *object = json_loads(get_text(in("config.json")), JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(object != NULL, "%s", error.text);
    ck_assert_int_eq(json_integer_value(json_object_get(object, "hidden")), 5);
    ck_assert(json_is_string(json_object_get(object, "version")));
    ck_assert(json_is_integer(json_object_get(object, "seed")));
    ck_assert(json_is_false(json_object_get(object, "tie")));
    ck_assert(json_is_null(json_object_get(object, "test")));
    ck_assert_ptr_nonnull(strstr(get_text(in("config.json")), "\"lr\": 0.1,\n"));
    json_decref(object);

    OK(unroll_config_new(&d));
    expect(unroll_options_same(c, d), UNROLL_EMISMATCH, "--");
    OK(unroll_run_read_config(run, d));
    OK(unroll_options_same(c, d));
    ck_assert_str_eq(d->valid, c->valid);
    ck_assert_double_eq(d->chrono_max, 70);
    ck_assert_double_eq(d->learning.seconds, 90);
    OK(unroll_config_set(d, "threads", "3")); /* may be given anew, like bounds */
    OK(unroll_config_set(d, "steps", "3"));
    OK(unroll_options_same(c, d));
    OK(unroll_config_set(d, "lr", "0.2"));
    expect(unroll_options_same(c, d), UNROLL_EMISMATCH, "--lr: the run has '0.1', not '0.2'");
    OK(unroll_run_close(run));
    unroll_config_free(d);
    unroll_config_free(c);
}
END_TEST

/** A child that holds the run and says so through a pipe, until it is killed. */
static pid_t holder(void)
{
    int pipes[2];
    char byte;
    ck_assert_int_eq(pipe(pipes), 0);
    const pid_t pid = fork();
    if (pid == 0) {
        unroll_run *run;
        const bool held = unroll_run_open(dir, UNROLL_RUN_NEW, &run) == UNROLL_OK;
        if (write(pipes[1], held ? "y" : "n", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    ck_assert_int_eq(read(pipes[0], &byte, 1), 1);
    ck_assert_int_eq(byte, 'y');
    close(pipes[0]);
    close(pipes[1]);
    return pid;
}

START_TEST(two_trainers)
{
    unroll_run *run;
    char who[64];
    const pid_t pid = holder();
    snprintf(who, sizeof who, "process %ld on ", (long)pid);
    expect(unroll_run_open(dir, UNROLL_RUN_NEW, &run), UNROLL_EBUSY, who);
    expect(unroll_run_open(dir, UNROLL_RUN_FORCE, &run), UNROLL_EBUSY, who);
    put_text(in("notes"), "x");
    expect(unroll_run_open(dir, UNROLL_RUN_NEW, &run), UNROLL_EBUSY, who);
    expect(unroll_run_open(dir, UNROLL_RUN_RESUME, &run), UNROLL_EBUSY, who);
    ck_assert_int_eq(unlink(in("notes")), 0);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    OK(unroll_run_open(dir, UNROLL_RUN_NEW, &run)); /* the stale lock file does not count */
    OK(unroll_run_close(run));
}
END_TEST

/* ---- metrics.csv ---- */

#define HEADER \
    "step,epoch,split,loss,bits_per_token,accuracy,lr,grad_norm,clip_scale,tokens_per_s,seconds\n"

START_TEST(metrics)
{
    unroll_run *run;
    const unroll_progress p = {.step = 10,
                               .epoch = 0.5,
                               .loss = 2,
                               .accuracy = 0.25,
                               .lr = 0.002,
                               .grad_norm = 1.5,
                               .clip_scale = 1,
                               .tokens_per_s = 1234.5678,
                               .seconds = 0.125};
    const unroll_evaluation e = {
        .split = UNROLL_VALID, .step = 10, .epoch = 0.5, .loss = 1, .accuracy = 0.5, .seconds = 0.25};
    OK(unroll_run_open(dir, UNROLL_RUN_NEW, &run));
    OK(unroll_run_metrics(run, 0, true));
    ck_assert_str_eq(get_text(in("metrics.csv")), HEADER);
    OK(unroll_run_step(run, &p));
    ck_assert_str_eq(get_text(in("metrics.csv")),
                     HEADER "10,0.5,train,2,2.8853900817779268,0.25,0.002,1.5,1,1234.57,0.125\n");
    OK(unroll_run_evaluated(run, &e));
    ck_assert_str_eq(get_text(in("metrics.csv")),
                     HEADER "10,0.5,train,2,2.8853900817779268,0.25,0.002,1.5,1,1234.57,0.125\n"
                            "10,0.5,valid,1,1.4426950408889634,0.5,,,,,0.25\n");
    OK(unroll_run_close(run));
    ck_assert_int_eq(unlink(in("metrics.csv")), 0);
    OK(unroll_run_open(dir, UNROLL_RUN_NEW, &run));
    OK(unroll_run_metrics(run, 0, false));
    OK(unroll_run_evaluated(run, &e));
    ck_assert_str_eq(get_text(in("metrics.csv")), HEADER "10,0.5,valid,1,,0.5,,,,,0.25\n");
    OK(unroll_run_close(run));
}
END_TEST

static const struct {
    const char *before, *after;
} LOGS[] = {
    {"step,a\n", "step,a\n"},
    {"", "step,a\n"},
    {"ste", "step,a\n"},
    {"step,a", "step,a\n"},
    {"step,a\n1,2\n5,6\n", "step,a\n1,2\n5,6\n"},
    {"step,a\n1,2\n5,6\n6,1\n7,", "step,a\n1,2\n5,6\n"},
    {"step,a\n1,2\n5,6\n5,7\n10,1\n", "step,a\n1,2\n5,6\n5,7\n"},
    {"step,a\n1,2\n5,6", "step,a\n1,2\n"},
    {"step,a\n9,2\n1,3\n", "step,a\n1,3\n"},
    {"step,a\n1,2\nx,y\n\n2,3\n", "step,a\n1,2\n2,3\n"},
    {"step,a\n18446744073709551616,2\n3", "step,a\n"},
};

START_TEST(logs_cut)
{
    unroll_log *log;
    ck_assert_int_eq(mkdir(dir, 0777), 0);
    put_text(in("log"), LOGS[_i].before);
    OK(unroll_log_open(in("log"), "step,a", 5, &log));
    ck_assert_str_eq(get_text(in("log")), LOGS[_i].after);
    OK(unroll_log_row(log, "6,9"));
    OK(unroll_log_close(log));
    char want[256];
    snprintf(want, sizeof want, "%s6,9\n", LOGS[_i].after);
    ck_assert_str_eq(get_text(in("log")), want);
    ck_assert_uint_eq(entries(dir, NULL), 1);
}
END_TEST

START_TEST(logs_cut_before)
{
    unroll_log *log;
    ck_assert_int_eq(mkdir(dir, 0777), 0);
    put_text(in("log"), "step,a\n4,x,test,1\n5,x,valid,1\n5,x,test,1\n5,x,valid,2\n6,x,test,1\n");
    OK(unroll_log_open_before(in("log"), "step,a", 5, ",test,", &log));
    ck_assert_str_eq(get_text(in("log")), "step,a\n4,x,test,1\n5,x,valid,1\n5,x,valid,2\n");
    OK(unroll_log_close(log));
}
END_TEST

START_TEST(logs_of_others)
{
    unroll_log *log;
    ck_assert_int_eq(mkdir(dir, 0777), 0);
    put_text(in("log"), "step,b\n1,2\n");
    expect(unroll_log_open(in("log"), "step,a", 5, &log), UNROLL_EDATA, "not a log of ours");
    ck_assert_ptr_null(log);
    ck_assert_str_eq(get_text(in("log")), "step,b\n1,2\n");
    put_text(in("log"), "something else\n");
    expect(unroll_log_open(in("log"), "step,a", 5, &log), UNROLL_EDATA, "not a log of ours");
    expect(unroll_log_open(in("no/log"), "step,a", 5, &log), UNROLL_ECREATE, "no/log");
}
END_TEST

START_TEST(log_on_a_full_disk)
{
    unroll_log *log;
    ck_assert_int_eq(mkdir(dir, 0777), 0);
    OK(unroll_log_open(in("log"), "step,a", 0, &log));
    OK(unroll_log_row(log, "1,1"));
    limit_file_size(13); /* "2," would still fit */
    expect(unroll_log_row(log, "2,2"), UNROLL_EIO, "cannot be written");
    ck_assert_str_eq(get_text(in("log")), "step,a\n1,1\n");
    expect(unroll_log_row(log, "3,3"), UNROLL_EIO, "cannot be written");
    limit_file_size(RLIM_INFINITY);
    OK(unroll_log_row(log, "4,4"));
    ck_assert_str_eq(get_text(in("log")), "step,a\n1,1\n2,2\n3,3\n4,4\n");
    limit_file_size(5);
    expect(unroll_log_row(log, "5,5"), UNROLL_EIO, "cannot be written");
    expect(unroll_log_close(log), UNROLL_EIO, "cannot be written");
    limit_file_size(RLIM_INFINITY);
    ck_assert_str_eq(get_text(in("log")), "step,a\n1,1\n2,2\n3,3\n4,4\n");
}
END_TEST

/* Rows that are there stay; that one is not is told when the log is closed, however many come after it. */
START_TEST(a_row_without_memory_is_lost_and_told)
{
    unroll_log *log;
    ck_assert_int_eq(mkdir(dir, 0777), 0);
    OK(unroll_log_open(in("log"), "step,a", 0, &log));
    unroll_alloc_fail_after(0);
    ck_assert_int_eq(unroll_log_row(log, "1,1"), UNROLL_EMEMORY);
    unroll_alloc_fail_after(-1);
    OK(unroll_log_row(log, "2,2"));
    OK(unroll_log_sync(log));
    expect(unroll_log_close(log), UNROLL_EMEMORY, "lacks rows");
    ck_assert_str_eq(get_text(in("log")), "step,a\n2,2\n");
}
END_TEST

START_TEST(opening_without_memory)
{
    static const enum unroll_run_mode modes[] = {UNROLL_RUN_NEW, UNROLL_RUN_FORCE, UNROLL_RUN_RESUME};
    unroll_config *c = default_config();
    for (size_t m = 0; m < 3; m++) {
        long n = 0;
        for (unroll_status status = UNROLL_EMEMORY; status != UNROLL_OK; n++) {
            unroll_run *run;
            unroll_alloc_fail_after(n);
            status = unroll_run_open(dir, modes[m], &run);
            if (status == UNROLL_OK && modes[m] == UNROLL_RUN_FORCE)
                status = unroll_run_clear(run);
            if (status == UNROLL_OK)
                status = unroll_run_config(run, c);
            if (status == UNROLL_OK)
                status = unroll_run_metrics(run, 0, true);
            unroll_alloc_fail_after(-1);
            ck_assert_msg(status == UNROLL_OK || status == UNROLL_EMEMORY || status == UNROLL_EIO,
                          "open %ld: %d %s", n, status, unroll_message());
            OK(unroll_run_close(run));
            if (status != UNROLL_OK && m == 0) {
                unlink(in("metrics.csv"));
                unlink(in("config.json"));
            }
        }
        ck_assert_int_gt(n, 5);
        if (m == 0)
            put_text(in("checkpoint-1.safetensors"), "x");
        if (m == 1) /* the old run is gone whole */
            ck_assert(!there(in("checkpoint-1.safetensors")));
    }
    unroll_config_free(c);
}
END_TEST

Suite *make_suite(void)
{
    Suite *s = suite_create("run");
    TCase *c = new_case(s, "run");
    tcase_add_checked_fixture(c, enter_run, leave_directory);
    tcase_add_test(c, new_and_empty);
    tcase_add_test(c, refused);
    tcase_add_test(c, read_only);
    tcase_add_test(c, forced);
    tcase_add_test(c, configuration);
    tcase_add_test(c, two_trainers);
    tcase_add_test(c, metrics);
    tcase_add_loop_test(c, logs_cut, 0, sizeof LOGS / sizeof LOGS[0]);
    tcase_add_test(c, logs_cut_before);
    tcase_add_test(c, logs_of_others);
    tcase_add_test(c, log_on_a_full_disk);
    tcase_add_test(c, a_row_without_memory_is_lost_and_told);
    tcase_add_test(c, opening_without_memory);
    return s;
}
