#include "store/run_name.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/output.h"
#include "base/path.h"
#include "base/utf8.h"
#include "config/config.h"
#include "store/run_directory.h"
#include "task/task.h"

#define RUNS "runs"
#define LATEST "latest"

/* ---- names ---- */

enum { NAME_MAX_BYTES = 48 };

/* A file's name without its endings; what a shell would need to have quoted becomes a hyphen. */
static void name_of_text(const char *path, char name[NAME_MAX_BYTES + 1])
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-";
    const char *base = unroll_file_name(path);
    base += strspn(base, ".-");
    size_t length = strcspn(base, "."), used = 0;
    char cut[4 * NAME_MAX_BYTES];
    snprintf(cut, sizeof cut, "%.*s", (int)(length < sizeof cut ? length : sizeof cut - 1), base);
    length = (size_t)unroll_utf8_fit(cut, NAME_MAX_BYTES);
    while (used < length) {
        const size_t bytes = unroll_utf8_length(cut + used, length - used);
        const bool shows = bytes > 1 && unroll_utf8_shows(cut + used, bytes);
        if (shows || strchr(plain, cut[used]))
            memcpy(name + used, cut + used, bytes);
        else
            memset(name + used, '-', bytes ? bytes : 1);
        used += bytes ? bytes : 1;
    }
    name[used] = '\0';
}

/* The first line of what is kept of the texts' names. */
static void name_of(const unroll_config *c, const char *text, char name[NAME_MAX_BYTES + 1])
{
    char first[4096] = "";
    const bool reads = strcmp(c->task, "char") == 0 || strcmp(c->task, "translate") == 0;
    if (reads && !text && c->corpus) {
        snprintf(first, sizeof first, "%.*s", (int)strcspn(c->corpus, "\n"), c->corpus);
        text = first;
    }
    name[0] = '\0';
    if (reads && text && *text && strcmp(text, "-") != 0)
        name_of_text(text, name);
    else if (strcmp(c->task, "char") == 0 && !(text && *text))
        snprintf(name, NAME_MAX_BYTES + 1, "english");
    if (!*name)
        snprintf(name, NAME_MAX_BYTES + 1, "%.*s", (int)strcspn(c->task, ":"), c->task);
}

static bool is_taken(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

unroll_status unroll_run_free_name(const unroll_config *c, const char *text, char **out)
{
    char of[NAME_MAX_BYTES + 1], name[240];
    const int cell = (int)strcspn(c->cell, ":");
    name_of(c, text, of);
    UNROLL_TRY(unroll_make_directory(RUNS));
    for (unsigned i = 1; i < 10000; i++) {
        const int n = snprintf(name, sizeof name, RUNS "/%s-%.*s-%" PRIu64 "x%" PRIu64, of, cell,
                               c->cell, c->layers, c->hidden);
        if (i > 1)
            snprintf(name + n, sizeof name - (size_t)n, "-%u", i);
        if (!is_taken(name)) {
            *out = unroll_strndup(name, strlen(name));
            return *out ? UNROLL_OK : UNROLL_EMEMORY;
        }
    }
    return unroll_fail(UNROLL_ECREATE,
                       RUNS "/ is full of runs of this kind; give " UNROLL_OPTION "out");
}

/* ---- the newest ---- */

void unroll_run_point_latest(const char *directory)
{
    struct stat st;
    char fresh[64];
    const char *name = directory + strlen(RUNS "/");
    if (strncmp(directory, RUNS "/", strlen(RUNS "/")) != 0 || !*name || strchr(name, '/') ||
        strcmp(name, LATEST) == 0)
        return;
    if (lstat(RUNS "/" LATEST, &st) == 0 && !S_ISLNK(st.st_mode))
        return;
    snprintf(fresh, sizeof fresh, RUNS "/.latest-%ld", (long)getpid());
    if (symlink(name, fresh) == 0 && rename(fresh, RUNS "/" LATEST) != 0)
        unlink(fresh);
}

typedef struct newest {
    char *name;
    struct timespec time;
    bool failed;
} newest;

static bool has_model(const char *name, struct stat *st)
{
    char *directory = unroll_path_join(RUNS, name);
    char *model = directory ? unroll_path_join(directory, UNROLL_RUN_MODEL) : NULL;
    const bool has = model && stat(model, st) == 0;
    unroll_free(model);
    unroll_free(directory);
    return has;
}

static bool compare_run(void *arg, const char *name)
{
    newest *n = arg;
    struct stat st;
    if (!has_model(name, &st))
        return true;
    if (n->name && (st.st_mtim.tv_sec < n->time.tv_sec ||
                    (st.st_mtim.tv_sec == n->time.tv_sec && st.st_mtim.tv_nsec <= n->time.tv_nsec)))
        return true;
    unroll_free(n->name);
    n->name = unroll_strndup(name, strlen(name));
    n->time = st.st_mtim;
    n->failed = !n->name;
    return !n->failed;
}

unroll_status unroll_run_newest(char **out)
{
    newest n = {0};
    struct stat st;
    char target[512];
    const ssize_t length = readlink(RUNS "/" LATEST, target, sizeof target - 1);
    if (length > 0) {
        target[length] = '\0';
        if (!strchr(target, '/') && has_model(target, &st))
            n.name = unroll_strndup(target, (size_t)length);
    }
    if (!n.name && !n.failed)
        unroll_directory_each(RUNS, compare_run, &n);
    if (n.failed)
        return UNROLL_EMEMORY;
    if (!n.name)
        return unroll_fail(UNROLL_ENOINPUT,
                           "no model is given, and " RUNS "/ holds no run; train one by "
                           "'unroll train', or give MODEL");
    *out = unroll_path_join(RUNS, n.name);
    unroll_free(n.name);
    return *out ? UNROLL_OK : UNROLL_EMEMORY;
}
