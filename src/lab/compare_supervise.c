/* All jobs of a comparison: a process each, some at a time, results kept as they come. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/display.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/output.h"
#include "base/parallel.h"
#include "base/path.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "config/config.h"
#include "lab/compare.h"
#include "report/picture.h"
#include "session/session.h"
#include "store/lock.h"
#include "task/task.h"

typedef struct supervisor {
    compare_study *study;
    char *folder, *lock; /* DIRECTORY/jobs, DIRECTORY/lock */
    pid_t *process;      /* [variants·seeds]; 0: none */
    double *share; /* [variants·seeds] how far each job is, then [variants] seconds; shared with their processes */
    size_t jobs, running, next, finished, total;
    int signal;           /* that came; 0: none */
    unroll_status status; /* of the first job that failed */
    sigset_t waited, before;
    double start;
} supervisor;

/* ---- before anything is made ---- */

static void report(const compare_study *s, enum compare_event event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void report(const compare_study *s, enum compare_event event, const char *format, ...)
{
    enum { MOST = 1 << 14 }; /* more than the longest message */
    char text[MOST];
    va_list args;
    if (!s->listener)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    unroll_marks_to_dashes(text);
    s->listener(s->listener_arg, event, text);
}

static void report_note(void *arg, const char *text)
{
    report(arg, COMPARE_NOTE, "%s", text);
}

bool compare_was_given(const void *config, const unroll_option *option)
{
    return strcmp(option->name, "batch") == 0 || strcmp(option->name, "seq-length") == 0 ||
           unroll_session_changed(config, option);
}

static unroll_status check_variant(compare_study *s, size_t i)
{
    compare_variant *v = &s->variant[i];
    unroll_config *c = v->config;
    const uint64_t threads = c->threads;
    unroll_session opened = {.config = c,
                             .was_given = compare_was_given,
                             .was_given_arg = c,
                             .note = report_note,
                             .note_arg = s};
    if ((strcmp(c->task, "char") == 0 || strcmp(c->task, "translate") == 0) && c->corpus &&
        strcmp(c->corpus, "-") == 0)
        return unroll_fail(UNROLL_EUSAGE, "a text that is read once for each job cannot come from "
                                          "standard input; give a FILE");
    /* No thread may be started here: the jobs are copies of this process. */
    c->threads = 1;
    const unroll_status status = unroll_session_open(&opened, NULL, 0, NULL);
    const bool squared = status == UNROLL_OK && opened.task.squared;
    v->corpus = opened.fingerprint;
    unroll_session_close(&opened);
    c->threads = threads;
    if (status != UNROLL_OK)
        return s->variants > 1 ? unroll_fail_prefix(status, "%s", v->label) : status;
    if (i > 0 && squared != s->squared)
        return unroll_fail(UNROLL_EUSAGE,
                           "%s: its loss is %s, that of %s is not; they cannot be "
                           "compared",
                           v->label, squared ? "a squared error" : "in nats", s->variant[0].label);
    s->squared = squared;
    return UNROLL_OK;
}

static unroll_status find_baseline(compare_variant *v)
{
    const unroll_task_row *row;
    double keys[UNROLL_TASK_KEYS];
    v->baseline = v->chance = NAN;
    if (strcmp(v->config->task, "char") == 0 || unroll_task_translates(v->config->task))
        return UNROLL_OK;
    UNROLL_TRY(unroll_task_parse(v->config->task, &row, keys));
    v->baseline = row->baseline(keys);
    v->chance = row->chance(keys);
    return UNROLL_OK;
}

unroll_status compare_check(compare_study *s)
{
    if (s->seeds < 1 || s->seeds > COMPARE_SEEDS_MAX)
        return unroll_fail(UNROLL_EUSAGE, "%llu seeds; give 1 to %d", (unsigned long long)s->seeds,
                           COMPARE_SEEDS_MAX);
    for (size_t i = 0; i < s->variants; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(s->variant[i].label, s->variant[k].label) == 0)
                return unroll_fail(UNROLL_EUSAGE, "two variants are called \"%.120s\"",
                                   s->variant[i].label);
    for (size_t i = 0; i < s->variants; i++)
        UNROLL_TRY(check_variant(s, i));
    for (size_t i = 0; i < s->variants; i++) {
        compare_variant *v = &s->variant[i];
        UNROLL_TRY(find_baseline(v));
        s->baseline = i == 0 || v->baseline == s->baseline ? v->baseline : NAN;
        s->chance = i == 0 || v->chance == s->chance ? v->chance : NAN;
    }
    return UNROLL_OK;
}

/* ---- the directory ---- */

static unroll_status read_names(const char *directory, bool (*visit)(void *arg, const char *name),
                                bool *found)
{
    *found = false;
    if (unroll_directory_each(directory, visit, found))
        return UNROLL_OK;
    return unroll_fail(errno == ENOMEM ? UNROLL_EMEMORY : UNROLL_ECREATE,
                       "%s: cannot be read: %s; give another " UNROLL_OPTION "out", directory,
                       strerror(errno));
}

static bool find_any(void *found, const char *name)
{
    (void)name;
    *(bool *)found = true;
    return false;
}

/* In the directory, besides what one that was ended before its first result has. */
static bool find_other(void *found, const char *name)
{
    *(bool *)found = strcmp(name, "jobs") != 0 && strcmp(name, "lock") != 0;
    return !*(bool *)found;
}

/* In jobs/, besides results and the temporaries of those that were being written. */
static bool find_no_result(void *found, const char *name)
{
    const size_t n = strlen(name);
    *(bool *)found = (n < 5 || strcmp(name + n - 5, ".json") != 0) && !strstr(name, ".tmp-");
    return !*(bool *)found;
}

/* A directory that is there is empty, or one that a comparison made. */
static unroll_status check_directory(const char *directory, const char *folder)
{
    struct stat there;
    bool jobs = false, foreign = false;
    if (stat(directory, &there) != 0 && errno == ENOENT)
        return UNROLL_OK;
    const bool begun = lstat(folder, &there) == 0;
    UNROLL_TRY(unroll_check_own(folder, true));
    if (begun) {
        UNROLL_TRY(read_names(folder, find_any, &jobs));
        UNROLL_TRY(read_names(folder, find_no_result, &foreign));
    }
    if (!jobs)
        UNROLL_TRY(read_names(directory, begun ? find_other : find_any, &foreign));
    if (!foreign)
        return UNROLL_OK;
    return unroll_fail(UNROLL_ECREATE,
                       "%s: is not empty and holds no comparison; give another " UNROLL_OPTION "out",
                       directory);
}

static unroll_status open_directory(supervisor *r)
{
    const char *directory = r->study->directory;
    r->folder = unroll_path_join(directory, "jobs");
    r->lock = unroll_path_join(directory, "lock");
    if (!r->folder || !r->lock)
        return UNROLL_EMEMORY;
    UNROLL_TRY(check_directory(directory, r->folder));
    return unroll_make_directory(r->folder);
}

/* LABEL-SEED.json; what a file name should not have becomes '_', and a hash then keeps labels
 * apart. */
static char *job_path(const supervisor *r, size_t job)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_.=,+-";
    enum { LABEL_MAX = 120 };
    const compare_study *s = r->study;
    const char *label = s->variant[job / s->seeds].label;
    char name[LABEL_MAX + 64];
    uint64_t hash = 0;
    size_t at = 0;
    bool changed = strlen(label) > LABEL_MAX || *label == '.';
    for (const char *c = label; *c; c++) {
        const bool good = strchr(plain, *c) != NULL && !(c == label && *c == '.');
        hash = unroll_rng_hash(hash, (unsigned char)*c);
        changed = changed || !good;
        if (at < LABEL_MAX)
            name[at++] = good ? *c : '_';
    }
    if (changed)
        at += (size_t)snprintf(name + at, 12, "-%08x", (unsigned)(hash >> 32));
    snprintf(name + at, sizeof name - at, "-%llu.json",
             (unsigned long long)(s->seed + job % s->seeds));
    return unroll_path_join(r->folder, name);
}

static unroll_status read_job(const supervisor *r, size_t job)
{
    const compare_study *s = r->study;
    char *path = job_path(r, job);
    if (!path)
        return UNROLL_EMEMORY;
    const unroll_status status =
        compare_result_read(path, &s->variant[job / s->seeds], s->seed + job % s->seeds, &s->ask,
                            &s->result[job]);
    unroll_free(path);
    return status;
}

static unroll_status read_finished(supervisor *r)
{
    for (size_t job = 0; job < r->total; job++) {
        UNROLL_TRY(read_job(r, job));
        if (r->study->result[job].done)
            r->study->reused++;
    }
    r->finished = r->study->reused;
    return UNROLL_OK;
}

/* ---- a job's process ---- */

static void name_job(const supervisor *r, size_t job, char *out, size_t room)
{
    const compare_study *s = r->study;
    const char *label = s->variant[job / s->seeds].label;
    snprintf(out, room, "%.*s, seed %llu", unroll_utf8_fit(label, 160), label,
             (unsigned long long)(s->seed + job % s->seeds));
}

static size_t threads_of(const supervisor *r)
{
    const compare_study *s = r->study;
    return r->jobs > 1 && s->threads == 0 ? 1 : s->threads;
}

static void note_share(void *share, double value)
{
    *(volatile double *)share = value;
}

/* The beginning of a child: it ends with its parent, and signals end it at once. */
static void begin_child(const supervisor *r, pid_t parent)
{
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
    if (getppid() != parent) /* it died before that was said */
        _exit(UNROLL_EBUG);
    sigprocmask(SIG_SETMASK, &r->before, NULL);
}

/* In the child. What it wrote is whole or not there. */
static _Noreturn void work(supervisor *r, size_t job, pid_t parent)
{
    compare_study *s = r->study;
    compare_variant *v = &s->variant[job / s->seeds];
    const uint64_t seed = s->seed + job % s->seeds;
    compare_result result;
    char name[220];
    begin_child(r, parent);
    compare_ask ask = s->ask;
    ask.progress = note_share;
    ask.progress_arg = &r->share[job];
    char *path = job_path(r, job);
    unroll_status status =
        path ? compare_train(v, seed, threads_of(r), &ask, &result) : UNROLL_EMEMORY;
    if (status == UNROLL_OK)
        status = compare_result_write(path, v, seed, &s->ask, &result);
    if (status != UNROLL_OK) {
        name_job(r, job, name, sizeof name);
        report(s, COMPARE_FAILED, "%s: %s", name, unroll_marked_message());
    }
    _exit((int)status);
}

static unroll_status start_job(supervisor *r, size_t job)
{
    const pid_t parent = getpid();
    fflush(NULL);
    const pid_t child = fork();
    if (child < 0)
        return unroll_fail(UNROLL_EMEMORY, "no process can be started: %s", strerror(errno));
    if (child == 0)
        work(r, job, parent);
    r->process[job] = child;
    r->running++;
    return UNROLL_OK;
}

static void report_finished(const supervisor *r, size_t job)
{
    const compare_study *s = r->study;
    const compare_result *f = &s->result[job];
    char name[220], took[UNROLL_NUMBER_MAX];
    name_job(r, job, name, sizeof name);
    if (f->diverged)
        report(s, COMPARE_NEWS, "%s: diverged at step %llu", name, (unsigned long long)f->steps);
    else if (f->solved)
        report(s, COMPARE_NEWS, "%s: solved at step %llu, %s", name,
               (unsigned long long)f->steps_to_solve, unroll_display_duration(took, f->seconds));
    else
        report(s, COMPARE_NEWS, "%s: loss %.4g, accuracy %.4g after %llu steps, %s", name, f->loss,
               f->accuracy, (unsigned long long)f->steps, unroll_display_duration(took, f->seconds));
}

static void finish_job(supervisor *r, size_t job, int code)
{
    unroll_status status = UNROLL_EBUG;
    char name[220];
    r->process[job] = 0;
    r->running--;
    r->finished++;
    if (WIFEXITED(code))
        status = (unroll_status)WEXITSTATUS(code);
    if (r->signal)
        return;
    if (WIFSIGNALED(code)) {
        name_job(r, job, name, sizeof name);
        report(r->study, COMPARE_FAILED, "%s: ended by signal %d (%s)%s", name, WTERMSIG(code),
               strsignal(WTERMSIG(code)),
               WTERMSIG(code) == SIGKILL ? "; perhaps there was not enough memory: lower --jobs"
                                         : "");
    }
    if (status == UNROLL_OK && (status = read_job(r, job)) != UNROLL_OK)
        report(r->study, COMPARE_FAILED, "%s", unroll_marked_message());
    if (status == UNROLL_OK && r->study->result[job].done) {
        report_finished(r, job);
        return;
    }
    r->study->failed++;
    if (r->status == UNROLL_OK)
        r->status = status == UNROLL_OK ? UNROLL_EBUG : status;
}

static void reap(supervisor *r)
{
    for (size_t job = 0; job < r->total; job++) {
        int code;
        if (r->process[job] && waitpid(r->process[job], &code, WNOHANG) == r->process[job])
            finish_job(r, job, code);
    }
}

static void end_all(supervisor *r)
{
    for (size_t job = 0; job < r->total; job++)
        if (r->process[job])
            kill(r->process[job], SIGTERM);
    for (size_t job = 0; job < r->total; job++) {
        int code;
        while (r->process[job] && waitpid(r->process[job], &code, 0) < 0 && errno == EINTR)
            ;
        r->process[job] = 0;
    }
    r->running = 0;
}

/* ---- the loop ---- */

/* Jobs that are done now, and parts of those that run. */
static double jobs_made(const supervisor *r)
{
    double made = (double)(r->finished - r->study->reused);
    for (size_t job = 0; job < r->total; job++)
        if (r->process[job])
            made += *(volatile double *)&r->share[job];
    return made;
}

static void report_progress(const supervisor *r)
{
    char left[UNROLL_NUMBER_MAX] = "?";
    const double made = jobs_made(r), all = (double)(r->total - r->study->reused);
    if (made > 0.01)
        unroll_display_duration(left, (unroll_seconds() - r->start) / made * (all - made));
    report(r->study, COMPARE_PROGRESS, "%3.0f%%  %zu of %zu jobs done, %zu running, about %s left",
           100 * made / all, r->finished, r->total, r->running, left);
}

/* ---- before the first job ---- */

/* Each variant in a process of its own, which may start threads, as the jobs do. */
static void try_variant(const supervisor *r, size_t variant)
{
    enum { TRIAL = 3 }; /* seconds for all */
    const compare_study *s = r->study;
    double *const seconds = &r->share[r->total + variant];
    const double most = fmin(0.3, TRIAL / (double)s->variants);
    const pid_t parent = getpid();
    int code;
    *seconds = NAN;
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        begin_child(r, parent);
        double found;
        if (compare_estimate(&s->variant[variant], s->seed, threads_of(r), most, &found) == UNROLL_OK)
            *seconds = found;
        _exit(0);
    }
    while (child > 0 && waitpid(child, &code, 0) < 0 && errno == EINTR)
        ;
}

static void estimate(supervisor *r)
{
    compare_study *s = r->study;
    char took[UNROLL_NUMBER_MAX];
    size_t open = 0;
    double sum = 0, longest = 0;
    for (size_t v = 0; v < s->variants; v++) {
        size_t missing = 0;
        for (size_t i = 0; i < s->seeds; i++)
            missing += !s->result[v * (size_t)s->seeds + i].done;
        if (missing == 0)
            continue;
        try_variant(r, v);
        const double one = r->share[r->total + v];
        sum += (double)missing * one;
        longest = fmax(longest, one);
        open += missing;
    }
    if (open == 0 || isnan(sum))
        return;
    s->seconds = fmax(longest, sum / (double)r->jobs);
    report(s, COMPARE_ESTIMATE, "%zu trainings, %zu at a time: %sabout %s", open, r->jobs,
           s->ask.stop_solved ? "at most " : "", unroll_display_duration(took, s->seconds));
}

/* Signals are blocked and asked for, so that none is missed between a look and a wait. */
static void block_signals(supervisor *r)
{
    static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
    sigemptyset(&r->waited);
    sigaddset(&r->waited, SIGCHLD);
    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++) {
        struct sigaction action;
        if (sigaction(ending[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(&r->waited, ending[i]);
    }
    sigprocmask(SIG_BLOCK, &r->waited, &r->before);
}

static unroll_status train_jobs(supervisor *r)
{
    const struct timespec second = {.tv_sec = 1};
    compare_study *s = r->study;
    for (;;) {
        reap(r);
        while (r->running < r->jobs && r->next < r->total) {
            if (!s->result[r->next].done)
                UNROLL_TRY(start_job(r, r->next));
            r->next++;
        }
        if (r->running == 0)
            return UNROLL_OK;
        const int number = sigtimedwait(&r->waited, NULL, &second);
        if (number > 0 && number != SIGCHLD) {
            r->signal = number;
            return UNROLL_OK;
        }
        report_progress(r);
    }
}

static unroll_status supervise(supervisor *r)
{
    compare_study *s = r->study;
    UNROLL_TRY(read_finished(r));
    if (s->reused)
        report(s, COMPARE_NEWS, "%zu of %zu jobs are there already", s->reused, r->total);
    if (s->estimate)
        estimate(r);
    block_signals(r);
    r->start = unroll_seconds();
    unroll_status status = train_jobs(r);
    end_all(r);
    sigprocmask(SIG_SETMASK, &r->before, NULL);
    if (status == UNROLL_OK && r->status != UNROLL_OK)
        status = unroll_fail(r->status,
                             "%zu of %zu jobs failed; the others are done, and the same "
                             "command tries these again",
                             s->failed, r->total);
    for (size_t job = 0; job < r->total; job++)
        s->diverged += s->result[job].done && s->result[job].diverged;
    return status;
}

unroll_status compare_train_all(compare_study *s)
{
    supervisor r = {.study = s, .total = s->variants * (size_t)s->seeds};
    int lock = -1;
    r.jobs = s->jobs ? s->jobs : unroll_cores();
    if (r.jobs > r.total)
        r.jobs = r.total;
    const size_t shared = (r.total + s->variants) * sizeof *r.share;
    s->seconds = NAN;
    s->result = unroll_alloc(r.total, sizeof *s->result);
    r.process = unroll_alloc(r.total, sizeof *r.process);
    r.share = mmap(NULL, shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (r.share == MAP_FAILED)
        r.share = NULL;
    unroll_status status = s->result && r.process ? UNROLL_OK : UNROLL_EMEMORY;
    if (status == UNROLL_OK && !r.share)
        status = unroll_fail(UNROLL_EMEMORY, "no memory that jobs can share: %s", strerror(errno));
    if (status == UNROLL_OK)
        status = open_directory(&r);
    if (status == UNROLL_OK)
        status = unroll_lock_take(r.lock, true, &lock);
    if (status == UNROLL_OK) {
        unroll_output_clean(r.folder);
        status = unroll_report_clean(s->directory);
    }
    if (status == UNROLL_OK)
        status = supervise(&r);
    unroll_lock_release(r.lock, lock);
    if (r.share)
        munmap(r.share, shared);
    unroll_free(r.process);
    unroll_free(r.folder);
    unroll_free(r.lock);
    if (r.signal) {
        report(s, COMPARE_NEWS, "stopped by a signal; the same command goes on");
        raise(r.signal);
    }
    return status;
}

void compare_study_free(compare_study *s)
{
    for (size_t i = 0; s->result && i < s->variants * (size_t)s->seeds; i++)
        compare_result_free(&s->result[i]);
    for (size_t i = 0; i < s->variants; i++)
        compare_variant_free(&s->variant[i]);
    unroll_free(s->result);
    unroll_free(s->variant);
    unroll_free(s->sweep_key);
    *s = (compare_study){0};
}
