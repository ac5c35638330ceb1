/* Checkpoints: going on where a training stopped, and what killing, a full disk and no memory do to
 * them. */
#include <check.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allowance.h"
#include "base/memory.h"
#include "base/rng.h"
#include "cell/cells.h"
#include "config/config.h"
#include "config/options.h"
#include "own_directory.h"
#include "run_directory.h"
#include "runner.h"
#include "store/checkpoint.h"
#include "store/model.h"
#include "store/run.h"
#include "task/task.h"

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
        OK(unroll_model_create(config, NULL, unroll_corpus_take_vocabulary(t->corpus), &t->model));
        OK(unroll_model_init(t->model));
    }
    const unroll_learning learning = unroll_config_learning(config);
    OK(unroll_trainer_new(t->model->net, &t->task, &learning, NULL, &t->trainer));
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
    {"cell", "lstm", "lstm", "peephole", "layers", "2"},
    {"cell", "lstm", "lstm", "no-forget-peephole", "no-carry", "true", "batch", "2"},
    {"cell", "lstm", "optimizer", "sgd", "no-carry", "true", "embedding", "0"},
    {"cell", "lstm", "norm", "layer", "residual", "true", "layers", "2"},
    {"cell", "gru", "norm", "batch", "optimizer", "adamw", "weight-decay", "0.1"},
    {"cell", "lstm", "norm", "recurrent-batch", "norm-steps", "3", "norm-gamma", "0.2"},
    {"cell", "rnn", "omega", "2", "optimizer", "sgd"},
};

enum { KIND_COUNT = sizeof KINDS / sizeof *KINDS };

/* Of these, and of every cell. */
START_TEST(resume_is_exact)
{
    static char whole[1 << 17], parts[1 << 17];
    unroll_config *c = default_config();
    if (_i >= KIND_COUNT)
        OK(unroll_config_set(c, "cell", unroll_cell_name((size_t)(_i - KIND_COUNT))));
    else
        for (size_t i = 0; i + 1 < 8 && KINDS[_i][i] != NULL; i += 2)
            OK(unroll_config_set(c, KINDS[_i][i], KINDS[_i][i + 1]));
    training a, b;
    ck_assert_int_eq(mkdir(dir, 0777), 0);
    start(&a, c, NULL);
    train(&a, 17); /* in the middle of an epoch */
    OK(save(&a, 5));
    train(&a, 40);
    OK(save(&a, 5));
    const size_t n = get(in("checkpoint-57.safetensors"), whole, sizeof whole);
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
    ck_assert_uint_eq(get(in("checkpoint-57.safetensors"), parts, sizeof parts), n);
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
    put_text(in("checkpoint-007.txt"), "mine");
    for (int i = 0; i < 4; i++) {
        train(&t, 3);
        OK(save(&t, 2));
    }
    ck_assert_uint_eq(entries(dir, NULL), 3);
    ck_assert(there(in("checkpoint-9.safetensors")) && there(in("checkpoint-12.safetensors")));
    put_text(in("checkpoint-100.safetensors"), "damaged");
    OK(unroll_checkpoint_find(dir, keep_note, note, &found));
    ck_assert_uint_eq(found.step, 12);
    ck_assert_ptr_nonnull(strstr(note, "checkpoint-100.safetensors: is no safetensors file"));
    unroll_checkpoint_free(&found);

    train(&t, 3); /* newer ones that are none of ours neither count nor go */
    OK(save(&t, 2));
    ck_assert(there(in("checkpoint-100.safetensors")) && there(in("checkpoint-12.safetensors")));
    ck_assert(!there(in("checkpoint-9.safetensors")));
    ck_assert_int_eq(rename(in("checkpoint-15.safetensors"), in("checkpoint-16.safetensors")), 0);
    put_text(in("checkpoint-12.safetensors"), "");
    expect(unroll_checkpoint_find(dir, keep_note, note, &found), UNROLL_EDATA, "is empty");
    ck_assert_ptr_nonnull(strstr(note, "is not the checkpoint of step 16"));
    train(&t, 3); /* the newest stays, however few are asked for */
    OK(save(&t, 0));
    ck_assert(there(in("checkpoint-18.safetensors")) && !there(in("checkpoint-16.safetensors")) &&
              !there(in("checkpoint-12.safetensors")));
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
    const size_t names = entries(dir, NULL);
    static const rlim_t limits[] = {0, 1, 100, 4096};
    for (size_t i = 0; i < 4; i++) {
        train(&t, 1);
        limit_file_size(limits[i]);
        const unroll_status a = unroll_run_save_checkpoint(run, t.model, t.config, t.trainer, 0);
        const unroll_status b = unroll_run_save_model(run, t.model);
        limit_file_size(RLIM_INFINITY);
        ck_assert_int_eq(a, UNROLL_EIO);
        ck_assert_int_eq(b, limits[i] < 4096 ? UNROLL_EIO : UNROLL_OK);
        ck_assert_uint_eq(entries(dir, NULL), names);
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

/* With room for them made before, the best weights are kept without any memory. */
START_TEST(best_needs_no_memory)
{
    training t;
    unroll_run *run;
    unroll_model *loaded;
    OK(unroll_run_open(dir, UNROLL_RUN_NEW, &run));
    start(&t, default_config(), NULL);
    OK(unroll_run_reserve(run, t.model));
    train(&t, 1);
    const size_t bytes = unroll_net_size(t.model->net) * sizeof(unroll_real);
    unroll_real *best = malloc(bytes);
    memcpy(best, unroll_net_weights(t.model->net), bytes);
    unroll_alloc_fail_after(0);
    ck_assert_int_eq(unroll_run_save_model(run, t.model), UNROLL_EMEMORY);
    ck_assert_int_eq(unroll_run_save_owed(run), UNROLL_EMEMORY);
    unroll_alloc_fail_after(-1);
    train(&t, 1);
    OK(unroll_run_save_owed(run));
    OK(unroll_model_load(dir, &loaded));
    ck_assert_mem_eq(unroll_net_weights(loaded->net), best, bytes);
    unroll_model_free(loaded);
    free(best);
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
    ck_assert(there(in("model.safetensors")) && !unroll_run_has_model(run));
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
    ck_assert_uint_le(entries(dir, NULL), 6); /* lock, config, up to three checkpoints, temporary */
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
    /* That an old checkpoint stays for want of memory is no failure, so the first success is the end. */
    for (unroll_status status = UNROLL_EMEMORY; status != UNROLL_OK; n++) {
        unroll_alloc_fail_after(n);
        status = save(&t, 1);
        unroll_alloc_fail_after(-1);
        ck_assert(there(in("checkpoint-2.safetensors")) || status == UNROLL_OK ||
                  there(in("checkpoint-4.safetensors")));
        ck_assert_msg(status == UNROLL_OK || status == UNROLL_EMEMORY ||
                          (status == UNROLL_EIO && there(in("checkpoint-4.safetensors"))),
                      "save %ld: %d %s", n, status, unroll_message());
    }
    ck_assert_int_gt(n, 40);
    start(&u, default_config(), NULL);
    unroll_config *c;
    OK(unroll_config_new(&c));
    for (n = 0; allow(n); n++) {
        unroll_checkpoint found;
        unroll_status status = unroll_checkpoint_find(dir, NULL, NULL, &found);
        if (status == UNROLL_OK)
            status = unroll_checkpoint_options(&found, c);
        if (status == UNROLL_OK)
            status = unroll_checkpoint_restore(&found, u.trainer);
        allowed(status);
        ck_assert_msg(status == UNROLL_OK || status == UNROLL_EMEMORY, "find %ld: %d %s", n, status,
                      unroll_message());
        unroll_checkpoint_free(&found);
    }
    unroll_config_free(c);
    ck_assert_int_gt(n, 20);
    end(&u);
    end(&t);
}
END_TEST

/* The run's end tells why its last save failed. */
START_TEST(fault_16_no_memory_for_the_last_save)
{
    training t;
    unroll_run *run;
    OK(unroll_run_open(dir, UNROLL_RUN_NEW, &run));
    start(&t, default_config(), NULL);
    train(&t, 1);
    unroll_alloc_fail_after(0);
    const unroll_status a = _i == 0
                                ? unroll_run_save_checkpoint(run, t.model, t.config, t.trainer, 0)
                                : unroll_run_save_model(run, t.model);
    unroll_alloc_fail_after(-1);
    ck_assert_int_eq(a, UNROLL_EMEMORY);
    expect(unroll_run_close(run), UNROLL_EMEMORY,
           _i == 0 ? "the last checkpoint could not be saved; there was not enough memory"
                   : "the last model could not be saved; there was not enough memory");
    end(&t);
}
END_TEST

Suite *make_suite(void)
{
    Suite *s = suite_create("resume");
    TCase *c = new_case(s, "resume");
    tcase_add_checked_fixture(c, enter_run, leave_directory);
    tcase_add_loop_test(c, resume_is_exact, 0, KIND_COUNT + (int)unroll_cell_count());
    tcase_add_test(c, keeps_and_finds);
    tcase_add_test(c, does_not_fit);
    tcase_add_test(c, save_on_a_full_disk);
    tcase_add_test(c, best_is_owed);
    tcase_add_test(c, best_needs_no_memory);
    tcase_add_loop_test(c, killed_while_saving, 0, 12);
    tcase_add_test(c, allocations_fail);
    tcase_add_loop_test(c, fault_16_no_memory_for_the_last_save, 0, 2);
    return s;
}
