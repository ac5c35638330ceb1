/* Every call fails once: for each command and each kind of call, the call with the number n fails, once or from then
 * on, and what the program then does is judged by doc/reliability.md.
 *   sweep PROGRAM SHIM   in a directory with the texts `english` and `pairs`
 *   STRIDE=N             only every N-th; "sites": those that come by a way that none before had come by
 *   COMMANDS, KINDS      only these, with spaces between
 * Prints how many calls of each kind there were, how the failures ended, and how many went wrong. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "files.h"

#define RUN                                                                               \
    "english --hidden 4 --layers 1 --batch 4 --seq-length 10 --threads 1 --grad-every 1 " \
    "--sample-every 1 --save-every 1 --log-every 1 --eval-every 1 --quiet"
#define TINY "--task copy:delay=2,length=1,symbols=2 --hidden 4 --layers 1 --batch 4 --steps 2 "

/* What may be checked after a failure. */
enum after {
    PRINTS, /* it leaves no files */
    FILES,  /* it leaves the directory `run`; the same again makes it whole */
    TRAINS  /* the same, and a training that failed is resumed */
};
typedef struct command {
    const char *name, *arguments;
    const char *start; /* what `run` is before; NULL: it is not there */
    enum after after;
    const char *stop; /* SIGTERM comes when a file with this in its name has been renamed */
} command;

static const command commands[] = {
    {"train", "train " RUN " --steps 5 --out run", NULL, TRAINS, NULL},
    {"resume", "train --resume run --steps 5 --quiet", "half", TRAINS, NULL},
    {"sample", "sample half --length 50", NULL, PRINTS, NULL},
    {"eval", "eval half english --json", NULL, PRINTS, NULL},
    {"inspect", "inspect half --json", NULL, PRINTS, NULL},
    {"gradient", "gradient half english --window 10 --windows 2 --out run --json", NULL, FILES, NULL},
    {"compare",
     "compare " TINY
     "--variant cell=rnn --variant cell=gru --seeds 1 --jobs 1 --out run --quiet --json",
     NULL, FILES, NULL},
    {"translate", "translate words pairs", NULL, PRINTS, NULL},
    {"generate", "generate adding:length=5 --json", NULL, PRINTS, NULL},
};

/* The errors that a call of this kind may fail with, and the exit codes that may follow; 0 always may. */
typedef struct kind {
    const char *name, *errors;
    int codes[5];
} kind;
static const kind kinds[] = {
    {"alloc", "ENOMEM", {71}},
    {"open", "EACCES EMFILE EINTR", {66, 71, 73, 74}},
    {"read", "EIO", {65, 66, 74}},
    {"write", "ENOSPC EINTR", {73, 74}},
    {"short", "EIO", {0}},
    {"fsync", "EIO", {73, 74}},
    {"rename", "EACCES EIO", {73, 74}},
    {"close", "EIO", {73, 74}},
    {"stat", "EACCES EIO", {66, 73, 74}},
    {"mmap", "ENOMEM", {71}},
    {"mkdir", "EACCES EIO", {73, 74}},
    {"flock", "ENOLCK EINTR", {73, 74}},
    {"unlink", "EACCES EIO", {73, 74}},
    {"truncate", "EIO", {73, 74}},
};
enum {
    COMMANDS = sizeof commands / sizeof *commands,
    KINDS = sizeof kinds / sizeof *kinds,
    CODES = 128
};

static const char *program, *shim;
static char reference[64]; /* directory: what the command leaves when nothing fails */
static char *said;         /* and what it says on standard output */

/* ---- running ---- */

/* @param fault  as shim.c's FAULT; NULL: without the shim
 * @return the exit code, or -signal */
static int run(const char *arguments, const char *fault, const char *stop)
{
    char words[512], *argv[64];
    int argc = 0, status = 0;
    snprintf(words, sizeof words, "unroll %s", arguments);
    for (char *rest = words, *word; (word = strsep(&rest, " "));)
        if (*word)
            argv[argc++] = word;
    argv[argc] = NULL;
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        if (!freopen("/dev/null", "r", stdin) || !freopen("out", "w", stdout) ||
            !freopen("err", "w", stderr))
            _exit(99);
        if (fault) {
            setenv("FAULT", fault, 1);
            setenv("LD_PRELOAD", shim, 1);
        }
        if (stop)
            setenv("FAULT_STOP", stop, 1);
        alarm(300); /* what hangs is found */
        execv(program, argv);
        _exit(99);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) {
        perror("sweep");
        exit(99);
    }
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void prepare(const command *c)
{
    tree_remove("run");
    if (c->start)
        tree_copy(c->start, "run");
}

static char *text_of(const char *path)
{
    size_t n;
    char *text = file_read(path, &n);
    return text ? text : strdup("");
}

/* "5 steps, 3 of them now in 0.0 s, 123k characters/s" is the clock's, and tells which checkpoint could be read. */
static char *output_of(void)
{
    char *text = text_of("out"), *in = strstr(text, " in "), *end = in ? strstr(in, "/s") : NULL;
    if (end)
        memmove(text, end, strlen(end) + 1);
    without_clock(text);
    return text;
}

/* ---- judging ---- */

static char verdict[1024];
__attribute__((format(printf, 1, 2))) static void wrong(const char *format, ...)
{
    va_list list;
    if (*verdict)
        return;
    va_start(list, format);
    vsnprintf(verdict, sizeof verdict, format, list);
    va_end(list);
}

static bool has_checkpoint(void)
{
    char name[64];
    bool found = false;
    for (int i = 0; i <= 5 && !found; i++) {
        snprintf(name, sizeof name, "run/checkpoint-%d.safetensors", i);
        found = access(name, F_OK) == 0;
    }
    return found;
}

/* After exit 0 or a signal that was sent: all is there that should be. */
static void judge_whole(const command *c)
{
    char what[256];
    if (!c->stop) {
        char *now = output_of();
        if (strcmp(now, said) != 0)
            wrong("exit 0, and it says other: %.200s", now);
        free(now);
    }
    if (c->after == PRINTS || c->stop)
        return;
    tree_compare("run", reference, ALL, what);
    /* a comparison tells that a picture is missing, and its exit code does not */
    if (*what && !(strcmp(c->name, "compare") == 0 && strstr(what, "/plots/")))
        wrong("exit 0, and %s", what);
}

/* Once more, without a failure: nothing that was saved is lost, and what was told as lost is all that is. */
static void judge_again(const command *c, const char *told)
{
    char what[256];
    const bool resumes = c->after == TRAINS && has_checkpoint();
    int code = run(resumes ? "train --resume run --steps 5 --quiet" : c->arguments, NULL, NULL);
    if (code == 73 && !resumes) { /* it then says that --force does */
        char again[512];
        snprintf(again, sizeof again, "%s --force", c->arguments);
        code = run(again, NULL, NULL);
    }
    char *err = text_of("err");
    if (code != 0)
        wrong("then it does not go on: exit %d: %.200s", code, err);
    free(err);
    tree_compare("run", reference, resumes ? NO_OTHERS : AGAIN, what);
    if (*what)
        wrong("then it goes on otherwise: %s; told: %.200s", what, told);
    if (!resumes)
        return;
    tree_compare("run", reference, AGAIN, what);
    if (*what && !strstr(told, "run/") && !strstr(told, "memory"))
        wrong("it was not told that %s; told: %.200s", what, told);
}

static void judge(const command *c, const kind *k, const char *error, int code)
{
    char *err = text_of("err"), *out = text_of("out");
    bool known = code == 0 || (c->stop && code == -SIGTERM);
    for (int i = 0; i < 5; i++)
        known |= code > 0 && code == k->codes[i];
    verdict[0] = '\0';
    if (!known || strstr(err, "Sanitizer"))
        wrong("exit %d: %.300s", code, err);
    else if (code > 0 && strcmp(error, "EINTR") == 0 && strcmp(k->name, "close") != 0)
        wrong("interrupted: exit %d: %.300s", code, err);
    if (code > 0 && strncmp(err, "unroll: ", 8) != 0 && !strstr(err, "\nunroll: "))
        wrong("exit %d without a message", code);
    if (c->stop && strstr(err, "to go on:") && !has_checkpoint())
        wrong("it says that it saved, and did not");
    if (code != 0 && strstr(out, "run/model.safetensors") &&
        !file_same("run/model.safetensors", "whole-train/model.safetensors"))
        wrong("it names a model that is not there");
    if (code <= 0)
        judge_whole(c);
    if (c->after != PRINTS && (code != 0 || c->stop))
        judge_again(c, err);
    free(err), free(out);
}

/* ---- sweeping ---- */

typedef struct row {
    long calls, failures, wrong, ended[CODES];
} row;

static bool chosen(const char *list, const char *name)
{
    const char *wanted = getenv(list), *at = wanted;
    const size_t n = strlen(name);
    if (!wanted || !*wanted)
        return true;
    while ((at = strstr(at, name))) {
        if ((at == wanted || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
            return true;
        at += n;
    }
    return false;
}

static void fail_one(const command *c, const kind *k, const char *error, const char *how, long n,
                     row *r)
{
    char fault[64];
    snprintf(fault, sizeof fault, "%s:%ld:%s:%s", k->name, n, error, how);
    prepare(c);
    const int code = run(c->arguments, fault, c->stop);
    judge(c, k, error, code);
    r->failures++;
    r->ended[code >= 0 && code < CODES ? code : CODES - 1]++;
    if (*verdict) {
        r->wrong++;
        printf("FAIL: %s, %s of %ld: %s\n", c->name, fault, r->calls, verdict);
    }
}

/* The numbers of the calls that are to fail, free() them. */
static long *choose(const char *stride, long calls, long *count)
{
    char *sites = text_of("sites"), *at = sites;
    long *list = malloc((size_t)(calls + 1) * sizeof *list);
    const long step = strcmp(stride, "sites") == 0 ? 0 : atol(stride);
    *count = 0;
    for (long n = 0; step && n < calls; n += step)
        list[(*count)++] = n;
    while (!step && *count < calls && *at)
        list[(*count)++] = strtol(at, &at, 10), at += *at == '\n';
    free(sites);
    return list;
}

static row sweep(const command *c, const kind *k, const char *stride)
{
    char fault[64], errors[64], *rest = errors, *error;
    row r = {0};
    long count;
    snprintf(fault, sizeof fault, "%s:-1", k->name);
    prepare(c);
    unlink("sites");
    setenv("FAULT_COUNT", "count", 1);
    if (strcmp(stride, "sites") == 0)
        setenv("FAULT_SITES", "sites", 1);
    run(c->arguments, fault, c->stop);
    unsetenv("FAULT_COUNT");
    unsetenv("FAULT_SITES");
    char *counted = text_of("count");
    r.calls = atol(counted);
    free(counted);
    long *list = choose(stride, r.calls, &count);
    snprintf(errors, sizeof errors, "%s", k->errors);
    while ((error = strsep(&rest, " ")))
        for (long i = 0; i < count; i++) {
            fail_one(c, k, error, "once", list[i], &r);
            if (strcmp(error, "EINTR") != 0) /* from then on, it has no end */
                fail_one(c, k, error, "on", list[i], &r);
        }
    free(list);
    return r;
}

static void print_row(const char *name, const char *call, const row *r)
{
    printf("%-10s %-9s %7ld %9ld %6ld  ", name, call, r->calls, r->failures, r->wrong);
    for (int i = 0; i < CODES; i++)
        if (r->ended[i] && i < CODES - 1)
            printf(" %d: %ld", i, r->ended[i]);
    if (r->ended[CODES - 1])
        printf(" signal: %ld", r->ended[CODES - 1]);
    puts("");
    fflush(stdout);
}

/* What the command does when nothing fails. */
static bool refer(const command *c)
{
    snprintf(reference, sizeof reference, "whole-%s", c->name);
    prepare(c);
    const int code = run(c->arguments, NULL, NULL);
    char *err = text_of("err");
    if (code != 0)
        printf("%s: exit %d: %s\n", c->name, code, err);
    free(err);
    free(said);
    said = output_of();
    if (code == 0 && c->after != PRINTS && rename("run", reference) != 0)
        perror(reference);
    return code == 0;
}

int main(int argc, char **argv)
{
    const char *stride = getenv("STRIDE") ? getenv("STRIDE") : "1";
    row all = {0};
    bool sound = argc == 3;
    setlinebuf(stdout);
    program = sound ? argv[1] : NULL;
    shim = sound ? argv[2] : NULL;
    sound =
        sound && run("train " RUN " --steps 2 --out half", NULL, NULL) == 0 &&
        run("train --task translate --tokens word --hidden 4 --layers 1 --embedding 4 --batch 1 --split 1,0,0 "
            "--steps 2 --threads 1 pairs --out words --quiet",
            NULL, NULL) == 0;
    if (sound)
        printf("%-10s %-9s %7s %9s %6s   exit codes\n", "command", "kind", "calls", "failures",
               "wrong");
    for (int i = 0; sound && i < COMMANDS; i++) {
        if (!chosen("COMMANDS", commands[i].name))
            continue;
        sound = refer(&commands[i]);
        for (int k = 0; sound && k < KINDS; k++) {
            if (!chosen("KINDS", kinds[k].name))
                continue;
            const row r = sweep(&commands[i], &kinds[k], stride);
            print_row(commands[i].name, kinds[k].name, &r);
            all.calls += r.calls, all.failures += r.failures, all.wrong += r.wrong;
            for (int e = 0; e < CODES; e++)
                all.ended[e] += r.ended[e];
        }
    }
    print_row("all", "", &all);
    return sound && all.failures > 0 && all.wrong == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
