/* Run directories, logs and checkpoints, and what killing, a full disk and no memory do to them. */
#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include "base/memory.h"
#include "base/output.h"
#include "base/rng.h"
#include "store/log.h"
#include "store/model.h"
#include "store/options.h"
#include "store/run.h"
#include "task/task.h"

#define OK(call) ck_assert_msg((call) == UNROLL_OK, "%s: %s", #call, unroll_message())

static char top[] = "/tmp/check_run.XXXXXX";
static char dir[64]; /* of the run, inside top */

static void setup(void)
{
    unroll_memory_hook_jansson();
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_ptr_nonnull(mkdtemp(top));
    snprintf(dir, sizeof dir, "%s/run", top);
}

static void teardown(void)
{
    char command[128];
    unroll_alloc_fail_after(-1);
    snprintf(command, sizeof command, "rm -rf %s", top);
    ck_assert_int_eq(system(command), 0);
}

static const char *in(const char *name)
{
    static char path[4][160];
    static size_t next;
    next = (next + 1) % 4;
    snprintf(path[next], sizeof path[next], "%s/%s", dir, name);
    return path[next];
}

static void put(const char *name, const char *text)
{
    FILE *f = fopen(in(name), "wb");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    ck_assert_int_eq(fclose(f), 0);
}

static const char *get(const char *name)
{
    static char text[65536];
    FILE *f = fopen(in(name), "rb");
    ck_assert_ptr_nonnull(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    return text;
}

static bool there(const char *name)
{
    return access(in(name), F_OK) == 0;
}

/** Names in the run's directory, "." and ".." left out. */
static size_t names_in_dir(void)
{
    size_t count = 0;
    DIR *d = opendir(dir);
    ck_assert_ptr_nonnull(d);
    while (readdir(d) != NULL)
        count++;
    closedir(d);
    return count - 2;
}

static void expect(unroll_status got, unroll_status want, const char *part)
{
    ck_assert_msg(got == want, "status %d, not %d: %s", got, want, unroll_message());
    ck_assert_msg(strstr(unroll_message(), part) != NULL, "'%s' lacks '%s'", unroll_message(),
                  part);
}

/* ---- opening ---- */

START_TEST(new_and_empty)
{
    unroll_run *run;
    OK(unroll_run_open(dir, UNROLL_RUN_NEW, &run));
    ck_assert(there(".lock"));
    ck_assert_ptr_nonnull(strstr(get(".lock"), "process "));
    OK(unroll_run_close(run));
    ck_assert_int_ne(access(dir, F_OK), 0); /* nothing was written: it goes again */
    ck_assert_int_eq(mkdir(dir, 0777), 0);
    OK(unroll_run_open(dir, UNROLL_RUN_NEW, &run));
    OK(unroll_run_close(run));
    ck_assert_uint_eq(names_in_dir(), 0); /* it was there before, so it stays */
    OK(unroll_run_close(NULL));
}
END_TEST

START_TEST(refused)
{
    unroll_run *run;
    char deep[128];
    snprintf(deep, sizeof deep, "%s/none/run", top);
    expect(unroll_run_open(deep, UNROLL_RUN_NEW, &run), UNROLL_ECREATE, "cannot be made");
    ck_assert_ptr_null(run);
    expect(unroll_run_open(deep, UNROLL_RUN_RESUME, &run), UNROLL_ENOINPUT, "cannot be resumed");
    expect(unroll_run_open("/proc/self/run", UNROLL_RUN_NEW, &run), UNROLL_ECREATE, "/proc");
    expect(unroll_run_open("/dev/null", UNROLL_RUN_NEW, &run), UNROLL_ECREATE, "/dev/null");
    expect(unroll_run_open("/dev/null/a", UNROLL_RUN_FORCE, &run), UNROLL_ECREATE, "/dev/null");

    ck_assert_int_eq(mkdir(dir, 0777), 0);
    expect(unroll_run_open(dir, UNROLL_RUN_RESUME, &run), UNROLL_ENOINPUT, "no run to resume");
    put("config.json", "{\"mine\": true}");
    put("notes", "keep me");
    expect(unroll_run_open(dir, UNROLL_RUN_NEW, &run), UNROLL_ECREATE, "is not empty");
    expect(unroll_run_open(dir, UNROLL_RUN_FORCE, &run), UNROLL_ECREATE, "holds no run");
    expect(unroll_run_open(dir, UNROLL_RUN_RESUME, &run), UNROLL_ENOINPUT, "no run to resume");
    ck_assert_uint_eq(names_in_dir(), 2);
    ck_assert_str_eq(get("config.json"), "{\"mine\": true}");
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

static unroll_config *default_config(void)
{
    unroll_config *c;
    OK(unroll_config_new(&c));
    OK(unroll_config_set(c, "hidden", "5"));
    OK(unroll_config_set(c, "layers", "1"));
    OK(unroll_config_set(c, "lr", "0.1"));
    OK(unroll_config_set(c, "embedding", "3"));
    OK(unroll_config_set(c, "batch", "3"));
    OK(unroll_config_set(c, "seq-length", "4"));
    OK(unroll_config_set(c, "threads", "1"));
    return c;
}

START_TEST(forced)
{
    unroll_run *run;
    unroll_config *c = default_config();
    OK(unroll_run_open(dir, UNROLL_RUN_NEW, &run));
    OK(unroll_run_config(run, c));
    OK(unroll_run_sample(run, 7, "la", 2));
    ck_assert_str_eq(get("samples/7.txt"), "la");
    OK(unroll_run_close(run));
    put("checkpoint-12.safetensors", "x");
    put("checkpoint-x.safetensors", "mine");
    put("model.safetensors", "x");
    put("metrics.csv", "x");
    put("notes", "mine");
    put("samples/more", "x");
    ck_assert_int_eq(mkdir(in("plots"), 0777), 0);
    put("plots/loss.svg", "x");
    expect(unroll_run_open(dir, UNROLL_RUN_NEW, &run), UNROLL_ECREATE, "--force");
    ck_assert_uint_eq(names_in_dir(), 8);
    OK(unroll_run_open(dir, UNROLL_RUN_FORCE, &run));
    ck_assert(there("config.json") && there("model.safetensors")); /* it may still be refused */
    OK(unroll_run_clear(run));
    ck_assert(there("notes"));
    ck_assert(there("checkpoint-x.safetensors"));
    ck_assert_uint_eq(names_in_dir(), 3); /* with the lock */
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
    json_t *object = json_loads(get("config.json"), JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(object != NULL, "%s", error.text);
    ck_assert_int_eq(json_integer_value(json_object_get(object, "hidden")), 5);
    ck_assert(json_is_string(json_object_get(object, "version")));
    ck_assert(json_is_integer(json_object_get(object, "seed")));
    ck_assert(json_is_false(json_object_get(object, "tie")));
    ck_assert(json_is_null(json_object_get(object, "test")));
    ck_assert_ptr_nonnull(strstr(get("config.json"), "\"lr\": 0.1,\n"));
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
    put("notes", "x");
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

#define HEADER                                                                                     \
    "step,epoch,split,loss,bits_per_token,accuracy,lr,grad_norm,clip_scale,tokens_per_s,seconds\n"

START_TEST(metrics)
{
    unroll_run *run;
    const unroll_progress p = {.step = 10, .epoch = 0.5, .loss = 2, .accuracy = 0.25, .lr = 0.002,
                               .grad_norm = 1.5, .clip_scale = 1, .tokens_per_s = 1234.5678,
                               .seconds = 0.125};
    const unroll_evaluation e = {.split = UNROLL_VALID, .step = 10, .epoch = 0.5, .loss = 1,
                                 .accuracy = 0.5, .seconds = 0.25};
    OK(unroll_run_open(dir, UNROLL_RUN_NEW, &run));
    OK(unroll_run_metrics(run, 0, true));
    ck_assert_str_eq(get("metrics.csv"), HEADER);
    OK(unroll_run_step(run, &p));
    ck_assert_str_eq(get("metrics.csv"),
                     HEADER "10,0.5,train,2,2.88539008,0.25,0.002,1.5,1,1234.57,0.125\n");
    OK(unroll_run_evaluated(run, &e));
    ck_assert_str_eq(get("metrics.csv"),
                     HEADER "10,0.5,train,2,2.88539008,0.25,0.002,1.5,1,1234.57,0.125\n"
                            "10,0.5,valid,1,1.44269504,0.5,,,,,0.25\n");
    OK(unroll_run_close(run));
    ck_assert_int_eq(unlink(in("metrics.csv")), 0);
    OK(unroll_run_open(dir, UNROLL_RUN_NEW, &run));
    OK(unroll_run_metrics(run, 0, false));
    OK(unroll_run_evaluated(run, &e));
    ck_assert_str_eq(get("metrics.csv"), HEADER "10,0.5,valid,1,,0.5,,,,,0.25\n");
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
    put("log", LOGS[_i].before);
    OK(unroll_log_open(in("log"), "step,a", 5, &log));
    ck_assert_str_eq(get("log"), LOGS[_i].after);
    OK(unroll_log_row(log, "6,9"));
    OK(unroll_log_close(log));
    char want[256];
    snprintf(want, sizeof want, "%s6,9\n", LOGS[_i].after);
    ck_assert_str_eq(get("log"), want);
    ck_assert_uint_eq(names_in_dir(), 1);
}
END_TEST

START_TEST(logs_cut_before)
{
    unroll_log *log;
    ck_assert_int_eq(mkdir(dir, 0777), 0);
    put("log", "step,a\n4,x,test,1\n5,x,valid,1\n5,x,test,1\n5,x,valid,2\n6,x,test,1\n");
    OK(unroll_log_open_before(in("log"), "step,a", 5, ",test,", &log));
    ck_assert_str_eq(get("log"), "step,a\n4,x,test,1\n5,x,valid,1\n5,x,valid,2\n");
    OK(unroll_log_close(log));
}
END_TEST

START_TEST(logs_of_others)
{
    unroll_log *log;
    ck_assert_int_eq(mkdir(dir, 0777), 0);
    put("log", "step,b\n1,2\n");
    expect(unroll_log_open(in("log"), "step,a", 5, &log), UNROLL_EDATA, "not a log of ours");
    ck_assert_ptr_null(log);
    ck_assert_str_eq(get("log"), "step,b\n1,2\n");
    put("log", "something else\n");
    expect(unroll_log_open(in("log"), "step,a", 5, &log), UNROLL_EDATA, "not a log of ours");
    expect(unroll_log_open(in("no/log"), "step,a", 5, &log), UNROLL_ECREATE, "no/log");
}
END_TEST

static void limit_file_size(rlim_t bytes)
{
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(log_on_a_full_disk)
{
    unroll_log *log;
    ck_assert_int_eq(mkdir(dir, 0777), 0);
    OK(unroll_log_open(in("log"), "step,a", 0, &log));
    OK(unroll_log_row(log, "1,1"));
    limit_file_size(13); /* "2," would still fit */
    expect(unroll_log_row(log, "2,2"), UNROLL_EIO, "cannot be written");
    ck_assert_str_eq(get("log"), "step,a\n1,1\n");
    expect(unroll_log_row(log, "3,3"), UNROLL_EIO, "cannot be written");
    limit_file_size(RLIM_INFINITY);
    OK(unroll_log_row(log, "4,4"));
    ck_assert_str_eq(get("log"), "step,a\n1,1\n2,2\n3,3\n4,4\n");
    limit_file_size(5);
    expect(unroll_log_row(log, "5,5"), UNROLL_EIO, "cannot be written");
    expect(unroll_log_close(log), UNROLL_EIO, "cannot be written");
    limit_file_size(RLIM_INFINITY);
    ck_assert_str_eq(get("log"), "step,a\n1,1\n2,2\n3,3\n4,4\n");
}
END_TEST

/* ---- checkpoints ---- */

/** One training, as the program has it. */
typedef struct training {
    unroll_config *config;
    unroll_corpus *corpus;
    unroll_task task;
    unroll_model *model;
    unroll_trainer *trainer;
} training;

static void start(training *t, unroll_config *config, unroll_model *model)
{
    char text[400];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = "abcde \n"[unroll_rng_hash(1, i) % 7];
    *t = (training){.config = config, .model = model};
    unroll_corpus_options o;
    unroll_corpus_options_default(&o);
    unroll_model_rules(config, &o.rules);
    o.lines = config->lines;
    OK(unroll_corpus_from_text(&o, "text", text, sizeof text, &t->corpus));
    const unroll_task_char_options sizes = {(size_t)config->seq_length, (size_t)config->batch,
                                            config->no_carry, config->seed};
    OK(unroll_task_char(t->corpus, &sizes, &t->task));
    if (model == NULL) {
        OK(unroll_model_new(config, unroll_corpus_take_vocabulary(t->corpus), &t->model));
        OK(unroll_model_init(t->model));
    }
    OK(unroll_trainer_new(t->model->net, &t->task, &config->learning, NULL, &t->trainer));
}

static void end(training *t)
{
    unroll_trainer_free(t->trainer);
    t->task.free(t->task.self);
    unroll_corpus_free(t->corpus);
    unroll_model_free(t->model);
    unroll_config_free(t->config);
}

static void train(training *t, int steps)
{
    for (int i = 0; i < steps; i++)
        OK(unroll_trainer_step(t->trainer, NULL));
}

static unroll_status save(training *t, uint64_t keep)
{
    return unroll_checkpoint_save(dir, t->model, t->config, t->trainer,
                                  unroll_corpus_fingerprint(t->corpus), keep);
}

static void go_on(training *t, const unroll_checkpoint *c)
{
    unroll_config *config;
    unroll_model *model;
    OK(unroll_config_new(&config));
    OK(unroll_checkpoint_options(c, config));
    OK(unroll_checkpoint_model(c, &model));
    start(t, config, model);
    OK(unroll_checkpoint_corpus(c, unroll_corpus_fingerprint(t->corpus)));
    OK(unroll_checkpoint_restore(c, t->trainer));
}

static const char *const KINDS[][8] = {
    {"cell", "lstm", "optimizer", "adam", "dropout", "0.3", "layers", "2"},
    {"cell", "gru", "optimizer", "momentum", "schedule", "exponential"},
    {"cell", "rnn", "optimizer", "rmsprop", "activation", "prelu"},
    {"cell", "gru", "gru", "reset-before", "lines", "true", "batch", "2"},
    {"cell", "lstm", "optimizer", "sgd", "no-carry", "true", "embedding", "0"},
    {"cell", "lstm", "norm", "layer", "residual", "true", "layers", "2"},
    {"cell", "gru", "norm", "batch", "optimizer", "adamw", "weight-decay", "0.1"},
    {"cell", "lstm", "norm", "recurrent-batch", "norm-steps", "3", "norm-gamma", "0.2"},
    {"cell", "rnn", "omega", "2", "optimizer", "sgd"},
};

START_TEST(resume_is_exact)
{
    static char whole[1 << 17], parts[1 << 17];
    unroll_config *c = default_config();
    for (size_t i = 0; i + 1 < 8 && KINDS[_i][i] != NULL; i += 2)
        OK(unroll_config_set(c, KINDS[_i][i], KINDS[_i][i + 1]));
    training a, b;
    ck_assert_int_eq(mkdir(dir, 0777), 0);
    start(&a, c, NULL);
    train(&a, 17); /* in the middle of an epoch */
    OK(save(&a, 5));
    train(&a, 40);
    OK(save(&a, 5));
    FILE *f = fopen(in("checkpoint-57.safetensors"), "rb");
    const size_t n = fread(whole, 1, sizeof whole, f);
    fclose(f);
    ck_assert_int_eq(unlink(in("checkpoint-57.safetensors")), 0);

    unroll_checkpoint found;
    OK(unroll_checkpoint_find(dir, NULL, NULL, &found));
    ck_assert_uint_eq(found.step, 17);
    go_on(&b, &found);
    unroll_checkpoint_free(&found);
    ck_assert_uint_eq(unroll_trainer_steps(b.trainer), 17);
    OK(unroll_config_set(b.config, "resume", "somewhere/else")); /* that is no part of it */
    OK(unroll_config_set(b.config, "threads", "2"));
    OK(unroll_options_same(a.config, b.config));
    train(&b, 40);
    OK(save(&b, 5));
    f = fopen(in("checkpoint-57.safetensors"), "rb");
    ck_assert_uint_eq(fread(parts, 1, sizeof parts, f), n);
    fclose(f);
    ck_assert_mem_eq(whole, parts, n);
    unroll_model *loaded; /* and it is a model */
    OK(unroll_model_load(in("checkpoint-57.safetensors"), &loaded));
    unroll_model_free(loaded);
    end(&b);
    end(&a);
}
END_TEST

static void keep_note(void *arg, const char *text)
{
    snprintf(arg, 512, "%s", text);
}

START_TEST(keeps_and_finds)
{
    training t;
    unroll_checkpoint found;
    char note[512] = "";
    ck_assert_int_eq(mkdir(dir, 0777), 0);
    expect(unroll_checkpoint_find(dir, NULL, NULL, &found), UNROLL_ENOINPUT, "holds no checkpoint");
    start(&t, default_config(), NULL);
    put("checkpoint-007.txt", "mine");
    for (int i = 0; i < 4; i++) {
        train(&t, 3);
        OK(save(&t, 2));
    }
    ck_assert_uint_eq(names_in_dir(), 3);
    ck_assert(there("checkpoint-9.safetensors") && there("checkpoint-12.safetensors"));
    put("checkpoint-100.safetensors", "damaged");
    OK(unroll_checkpoint_find(dir, keep_note, note, &found));
    ck_assert_uint_eq(found.step, 12);
    ck_assert_ptr_nonnull(strstr(note, "checkpoint-100.safetensors: is no safetensors file"));
    unroll_checkpoint_free(&found);

    train(&t, 3); /* newer ones that are none of ours neither count nor go */
    OK(save(&t, 2));
    ck_assert(there("checkpoint-100.safetensors") && there("checkpoint-12.safetensors"));
    ck_assert(!there("checkpoint-9.safetensors"));
    ck_assert_int_eq(rename(in("checkpoint-15.safetensors"), in("checkpoint-16.safetensors")), 0);
    put("checkpoint-12.safetensors", "");
    expect(unroll_checkpoint_find(dir, keep_note, note, &found), UNROLL_EDATA, "is empty");
    ck_assert_ptr_nonnull(strstr(note, "is not the checkpoint of step 16"));
    end(&t);
}
END_TEST

START_TEST(does_not_fit)
{
    training t, other;
    unroll_checkpoint found;
    ck_assert_int_eq(mkdir(dir, 0777), 0);
    start(&t, default_config(), NULL);
    train(&t, 2);
    OK(save(&t, 2));
    OK(unroll_checkpoint_find(dir, NULL, NULL, &found));
    expect(unroll_checkpoint_corpus(&found, 1), UNROLL_EMISMATCH, "another text");
    static const char *const changes[][2] = {
        {"optimizer", "sgd"}, {"optimizer", "adagrad"}, {"hidden", "6"}, {"batch", "4"}};
    for (size_t i = 0; i < 4; i++) {
        unroll_config *c = default_config();
        OK(unroll_config_set(c, changes[i][0], changes[i][1]));
        start(&other, c, NULL);
        expect(unroll_checkpoint_restore(&found, other.trainer), UNROLL_EDATA, "checkpoint-2");
        ck_assert_uint_eq(unroll_trainer_steps(other.trainer), 0);
        end(&other);
    }
    unroll_checkpoint_free(&found);
    end(&t);
}
END_TEST

START_TEST(save_on_a_full_disk)
{
    training t;
    unroll_run *run;
    unroll_checkpoint found;
    OK(unroll_run_open(dir, UNROLL_RUN_NEW, &run));
    start(&t, default_config(), NULL);
    train(&t, 1);
    OK(unroll_run_save_checkpoint(run, t.model, t.config, t.trainer, 0));
    OK(unroll_run_save_model(run, t.model));
    const size_t names = names_in_dir();
    static const rlim_t limits[] = {0, 1, 100, 4096};
    for (size_t i = 0; i < 4; i++) {
        train(&t, 1);
        limit_file_size(limits[i]);
        const unroll_status a = unroll_run_save_checkpoint(run, t.model, t.config, t.trainer, 0);
        const unroll_status b = unroll_run_save_model(run, t.model);
        limit_file_size(RLIM_INFINITY);
        ck_assert_int_eq(a, UNROLL_EIO);
        ck_assert_int_eq(b, limits[i] < 4096 ? UNROLL_EIO : UNROLL_OK);
        ck_assert_uint_eq(names_in_dir(), names);
        OK(unroll_checkpoint_find(dir, NULL, NULL, &found));
        ck_assert_uint_eq(found.step, 1);
        unroll_checkpoint_free(&found);
    }
    expect(unroll_run_close(run), UNROLL_EIO, "the last checkpoint could not be saved");
    OK(unroll_run_open(dir, UNROLL_RUN_RESUME, &run));
    OK(unroll_run_save_checkpoint(run, t.model, t.config, t.trainer, 0));
    OK(unroll_run_close(run));
    end(&t);
}
END_TEST

/* What could not be saved is written later, though training has gone on. */
START_TEST(best_is_owed)
{
    training t;
    unroll_run *run;
    unroll_model *loaded;
    OK(unroll_run_open(dir, UNROLL_RUN_NEW, &run));
    start(&t, default_config(), NULL);
    train(&t, 1);
    OK(unroll_run_save_owed(run));
    ck_assert(!unroll_run_has_model(run));
    OK(unroll_run_save_model(run, t.model));
    ck_assert(unroll_run_has_model(run));
    train(&t, 1);
    const size_t bytes = unroll_net_size(t.model->net) * sizeof(unroll_real);
    unroll_real *best = malloc(bytes);
    memcpy(best, unroll_net_weights(t.model->net), bytes);
    limit_file_size(0);
    ck_assert_int_eq(unroll_run_save_model(run, t.model), UNROLL_EIO);
    ck_assert_int_eq(unroll_run_save_owed(run), UNROLL_EIO);
    limit_file_size(RLIM_INFINITY);
    ck_assert(there("model.safetensors") && !unroll_run_has_model(run));
    train(&t, 1);
    OK(unroll_run_save_owed(run));
    ck_assert(unroll_run_has_model(run));
    OK(unroll_model_load(dir, &loaded));
    ck_assert_mem_eq(unroll_net_weights(loaded->net), best, bytes);
    unroll_model_free(loaded);
    free(best);
    OK(unroll_run_close(run));
    end(&t);
}
END_TEST

/** Save on and on, telling each step that was saved through the pipe. */
static void save_forever(int out)
{
    training t;
    unroll_run *run;
    OK(unroll_run_open(dir, UNROLL_RUN_FORCE, &run));
    start(&t, default_config(), NULL);
    OK(unroll_run_config(run, t.config));
    for (;;) {
        train(&t, 1);
        OK(unroll_run_save_checkpoint(run, t.model, t.config, t.trainer,
                                      unroll_corpus_fingerprint(t.corpus)));
        const uint64_t step = unroll_trainer_steps(t.trainer);
        if (write(out, &step, sizeof step) != sizeof step)
            _exit(1);
    }
}

START_TEST(killed_while_saving)
{
    unroll_rng rng;
    unroll_rng_seed(&rng, (uint64_t)_i, 1);
    int pipes[2];
    ck_assert_int_eq(pipe(pipes), 0);
    const pid_t pid = fork();
    if (pid == 0)
        save_forever(pipes[1]);
    close(pipes[1]);
    uint64_t saved = 0, step;
    for (uint64_t i = unroll_rng_below(&rng, 4); i < 5; i++) /* at least one is there */
        ck_assert_int_eq(read(pipes[0], &saved, sizeof saved), sizeof saved);
    usleep((useconds_t)unroll_rng_below(&rng, 15000));
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    while (read(pipes[0], &step, sizeof step) == sizeof step)
        saved = step;
    close(pipes[0]);

    unroll_checkpoint found;
    OK(unroll_checkpoint_find(dir, NULL, NULL, &found));
    ck_assert_uint_ge(found.step, saved);
    training t;
    go_on(&t, &found);
    unroll_checkpoint_free(&found);
    train(&t, 1);
    end(&t);

    unroll_run *run; /* a stale temporary goes when the directory is opened */
    ck_assert_uint_le(names_in_dir(), 6); /* lock, config, up to three checkpoints, temporary */
    OK(unroll_run_open(dir, UNROLL_RUN_RESUME, &run));
    OK(unroll_run_close(run));
    DIR *d = opendir(dir);
    for (const struct dirent *e; (e = readdir(d)) != NULL;)
        ck_assert_msg(strstr(e->d_name, ".tmp-") == NULL, "%s is left", e->d_name);
    closedir(d);
}
END_TEST

START_TEST(allocations_fail)
{
    training t, u;
    long n = 0;
    ck_assert_int_eq(mkdir(dir, 0777), 0);
    start(&t, default_config(), NULL);
    train(&t, 2);
    OK(save(&t, 1));
    train(&t, 2);
    for (unroll_status status = UNROLL_EMEMORY; status != UNROLL_OK; n++) {
        unroll_alloc_fail_after(n);
        status = save(&t, 1);
        unroll_alloc_fail_after(-1);
        ck_assert(there("checkpoint-2.safetensors") || status == UNROLL_OK ||
                  there("checkpoint-4.safetensors"));
        ck_assert_msg(status == UNROLL_OK || status == UNROLL_EMEMORY ||
                          (status == UNROLL_EIO && there("checkpoint-4.safetensors")),
                      "save %ld: %d %s", n, status, unroll_message());
    }
    ck_assert_int_gt(n, 40);
    start(&u, default_config(), NULL);
    n = 0;
    for (unroll_status status = UNROLL_EMEMORY; status != UNROLL_OK; n++) {
        unroll_checkpoint found;
        unroll_config *c;
        OK(unroll_config_new(&c));
        unroll_alloc_fail_after(n);
        status = unroll_checkpoint_find(dir, NULL, NULL, &found);
        if (status == UNROLL_OK)
            status = unroll_checkpoint_options(&found, c);
        if (status == UNROLL_OK)
            status = unroll_checkpoint_restore(&found, u.trainer);
        unroll_alloc_fail_after(-1);
        ck_assert_msg(status == UNROLL_OK || status == UNROLL_EMEMORY, "find %ld: %d %s", n, status,
                      unroll_message());
        unroll_checkpoint_free(&found);
        unroll_config_free(c);
    }
    ck_assert_int_gt(n, 20);
    end(&u);
    end(&t);
}
END_TEST

START_TEST(opening_without_memory)
{
    static const enum unroll_run_mode modes[] = {UNROLL_RUN_NEW, UNROLL_RUN_FORCE,
                                                 UNROLL_RUN_RESUME};
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
            put("checkpoint-1.safetensors", "x");
        if (m == 1) /* the old run is gone whole */
            ck_assert(!there("checkpoint-1.safetensors"));
    }
    unroll_config_free(c);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("run");
    TCase *c = tcase_create("run");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_set_timeout(c, 60);
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
    tcase_add_loop_test(c, resume_is_exact, 0, sizeof KINDS / sizeof KINDS[0]);
    tcase_add_test(c, keeps_and_finds);
    tcase_add_test(c, does_not_fit);
    tcase_add_test(c, save_on_a_full_disk);
    tcase_add_test(c, best_is_owed);
    tcase_add_loop_test(c, killed_while_saving, 0, 12);
    tcase_add_test(c, allocations_fail);
    tcase_add_test(c, opening_without_memory);
    suite_add_tcase(s, c);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    const int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
