#define _GNU_SOURCE
#include "recover.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- running ---- */

recover_command recover_split(const char *line)
{
    recover_command c = {0};
    size_t n = 0;
    for (char *rest = strdup(line), *word; (word = strsep(&rest, " "));) {
        c.argument = tree_grow(c.argument, n + 2, sizeof *c.argument);
        if (*word)
            c.argument[n++] = word;
        c.argument[n] = NULL;
    }
    return c;
}

static void redirect(int to, const char *path)
{
    const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0666);
    if (fd < 0 || dup2(fd, to) < 0)
        _exit(98);
    close(fd);
}

pid_t recover_start(const recovery *r, const recover_command *c, const char *record,
                    const char *kill_at)
{
    const pid_t child = fork();
    if (child != 0)
        return child;
    if (chdir(r->state) != 0)
        _exit(98);
    setpgid(0, 0);
    redirect(STDIN_FILENO, "/dev/null");
    redirect(STDOUT_FILENO, "../said");
    redirect(STDERR_FILENO, "../told");
    setenv("LD_PRELOAD", r->preload, 1);
    if (record)
        setenv("CRASH_RECORD", record, 1);
    if (*kill_at)
        setenv("CRASH_KILL", kill_at, 1);
    setenv("CRASH_FAST", "1", 1);
    execv(c->argument[0], c->argument);
    _exit(98);
}

/* Processes that it has forked and not waited for are waited for, too: they may hold a lock. */
int recover_wait(pid_t process)
{
    int code;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (process < 0 || waitpid(process, &code, 0) != process)
        return 99;
    while (waitpid(-process, NULL, 0) > 0)
        ;
    return WIFEXITED(code) ? WEXITSTATUS(code) : 128 + WTERMSIG(code);
}

/* ---- comparing ---- */

static bool is_clock(const char *name, size_t n)
{
    static const char *const names[] = {"seconds", "tokens_per_s", "peak_rss_mb"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const size_t length = strlen(names[i]);
        if (n >= length && memcmp(name + n - length, names[i], length) == 0)
            return true;
    }
    return false;
}

/* Fields of columns of the clock become empty. */
static void blank_csv(tree_bytes *b)
{
    enum { COLUMNS = 64 };
    bool clock[COLUMNS] = {false}, header = true;
    size_t to = 0, column = 0;
    for (size_t at = 0; at < b->length;) {
        size_t end = at;
        while (end < b->length && b->data[end] != ',' && b->data[end] != '\n')
            end++;
        if (header && column < COLUMNS)
            clock[column] = is_clock((char *)b->data + at, end - at);
        if (header || column >= COLUMNS || !clock[column]) {
            memmove(b->data + to, b->data + at, end - at);
            to += end - at;
        }
        if (end < b->length) {
            column = b->data[end] == ',' ? column + 1 : 0;
            header = header && b->data[end] == ',';
            b->data[to++] = b->data[end];
        }
        at = end + 1;
    }
    b->length = to;
}

/* "...seconds":NUMBER becomes "...seconds":. */
static void blank_json(tree_bytes *b)
{
    size_t to = 0;
    for (size_t at = 0; at < b->length; at++) {
        b->data[to++] = b->data[at];
        if (to < 2 || b->data[to - 1] != ':' || b->data[to - 2] != '"' ||
            !is_clock((char *)b->data, to - 2))
            continue;
        while (at + 1 < b->length && strchr("+-.0123456789e", b->data[at + 1]))
            at++;
    }
    b->length = to;
}

static bool ends_in(const char *path, const char *end)
{
    const size_t n = strlen(path), length = strlen(end);
    return n >= length && strcmp(path + n - length, end) == 0;
}

void recover_normalise(tree *t)
{
    for (size_t i = 0; i < t->count; i++) {
        tree_entry *const e = &t->entry[i];
        if (ends_in(e->path, "config.json") || ends_in(e->path, "report.html"))
            e->bytes.length = 0;
        else if (ends_in(e->path, ".csv"))
            blank_csv(&e->bytes);
        else if (ends_in(e->path, ".json"))
            blank_json(&e->bytes);
    }
}

static bool differ(const tree *got, const tree *want, char *trouble, size_t room)
{
    for (size_t i = 0, k = 0; i < got->count || k < want->count; i++, k++) {
        const int order = i == got->count    ? 1
                          : k == want->count ? -1
                                             : strcmp(got->entry[i].path, want->entry[k].path);
        const char *const path = order > 0 ? want->entry[k].path : got->entry[i].path;
        if (order != 0 || !tree_same_bytes(got->entry[i].bytes, want->entry[k].bytes)) {
            snprintf(trouble, room, "%s %s", path,
                     order > 0   ? "is missing"
                     : order < 0 ? "should not be there"
                                 : "differs");
            return true;
        }
    }
    return false;
}

static void add_told(recovery *r)
{
    const size_t n = strlen(r->trouble);
    char *const path = tree_join(r->state, "../told");
    const int fd = open(path, O_RDONLY);
    const ssize_t got = fd < 0 ? 0 : read(fd, r->trouble + n, sizeof r->trouble - n - 1);
    r->trouble[n + (got > 0 ? (size_t)got : 0)] = '\0';
    if (fd >= 0)
        close(fd);
    free(path);
}

static bool is_as_it_should(recovery *r, size_t command)
{
    tree got;
    bool good = false;
    char trouble[300] = "";
    tree_read(r->state, &got);
    recover_normalise(&got);
    for (size_t i = 0; i < r->references && !good; i++)
        good = !differ(&got, &r->reference[i], trouble, sizeof trouble);
    tree_free(&got, true);
    if (!good)
        snprintf(r->trouble, sizeof r->trouble, "after command %zu, %s; told: ", command + 1,
                 trouble);
    if (!good)
        add_told(r);
    return good;
}

int recover(recovery *r, bool first)
{
    r->trouble[0] = '\0';
    for (size_t i = 0; i < r->commands; i++) {
        const int code = recover_wait(recover_start(r, &r->command[i], NULL, ""));
        if (code == 0)
            return is_as_it_should(r, i) ? 1 + (int)i : 0;
        if (first || i + 1 == r->commands || code > 128 || code < 64) {
            snprintf(r->trouble, sizeof r->trouble, "command %zu: exit %d: ", i + 1, code);
            add_told(r);
            return 0;
        }
    }
    return 0;
}
