/* What is in the directory of a run, and what of it may be taken or removed. */
#include "store/run_directory.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/input.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/output.h"
#include "base/path.h"
#include "config/config.h"
#include "store/checkpoint.h"

/** What a run makes, for --force; config.json and checkpoints besides. */
static const char *const MADE[] = {UNROLL_RUN_METRICS, UNROLL_RUN_MODEL};
static const char *const MADE_FOLDERS[] = {"samples", "gradient", "plots"};

/** Call `visit` with each name but "." and ".."; it returns false to stop. */
static unroll_status each_name(const char *directory, bool (*visit)(void *arg, const char *name),
                               void *arg)
{
    DIR *dir = opendir(directory);
    if (dir == NULL)
        return unroll_fail(UNROLL_ECREATE, "%s: cannot be read: %s", directory, strerror(errno));
    const struct dirent *d;
    while ((d = readdir(dir)) != NULL)
        if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0 && !visit(arg, d->d_name))
            break;
    closedir(dir);
    return UNROLL_OK;
}

/** Neither our lock nor a temporary of ours, which a killed run may have left. */
static bool counts(const char *name)
{
    return strcmp(name, UNROLL_RUN_LOCK) != 0 && !(name[0] == '.' && strstr(name, ".tmp-") != NULL);
}

static bool find_any(void *arg, const char *name)
{
    bool *found = arg;
    *found = *found || counts(name);
    return !*found;
}

static unroll_status is_empty(const char *directory, bool *empty)
{
    bool found = false;
    const unroll_status status = each_name(directory, find_any, &found);
    *empty = !found;
    return status;
}

unroll_status unroll_run_directory_config(const char *directory, json_t **out)
{
    char *path = unroll_path_join(directory, UNROLL_RUN_CONFIG), *text = NULL;
    size_t length;
    *out = NULL;
    if (path == NULL)
        return UNROLL_EMEMORY;
    unroll_status status = unroll_input_slurp(path, 1 << 20, &text, &length);
    if (status == UNROLL_OK)
        status = unroll_json_parse(path, "configuration", text, length, UNROLL_JSON_OPTIONS, out);
    if (status == UNROLL_OK && (!json_is_string(json_object_get(*out, "version")) ||
                                json_object_get(*out, "seq-length") == NULL)) {
        status = unroll_fail(UNROLL_EDATA, "%s: is not the configuration of a run", path);
        json_decref(*out);
        *out = NULL;
    }
    unroll_free(text);
    unroll_free(path);
    return status;
}

/** Where it is not, the message says why. */
static unroll_status is_run(const char *directory, bool *yes)
{
    json_t *config;
    const unroll_status status = unroll_run_directory_config(directory, &config);
    json_decref(config);
    *yes = status == UNROLL_OK;
    return status == UNROLL_EMEMORY ? status : UNROLL_OK;
}

static bool find_checkpoint(void *arg, const char *name)
{
    bool *found = arg;
    uint64_t step;
    *found = unroll_checkpoint_step(name, &step);
    return !*found;
}

/* ---- removing ---- */

static void remove_file(const char *directory, const char *name)
{
    char *path = unroll_path_join(directory, name);
    if (path != NULL)
        unlink(path);
    unroll_free(path);
}

/** @param arg  points to the directory's name; here and below */
static bool remove_any(void *arg, const char *name)
{
    remove_file(*(const char *const *)arg, name);
    return true;
}

static bool remove_made(void *arg, const char *name)
{
    uint64_t step;
    bool made = unroll_checkpoint_step(name, &step);
    for (size_t i = 0; i < sizeof MADE / sizeof MADE[0]; i++)
        made = made || strcmp(name, MADE[i]) == 0;
    if (made)
        remove_file(*(const char *const *)arg, name);
    return true;
}

/* config.json tells that it is a run, so it goes last. */
unroll_status unroll_run_directory_clear(const char *directory)
{
    for (size_t i = 0; i < sizeof MADE_FOLDERS / sizeof MADE_FOLDERS[0]; i++) {
        char *path = unroll_path_join(directory, MADE_FOLDERS[i]);
        const char *folder = path;
        struct stat st;
        if (path == NULL)
            return UNROLL_EMEMORY;
        if (lstat(folder, &st) == 0 && S_ISDIR(st.st_mode)) {
            each_name(folder, remove_any, &folder);
            rmdir(folder);
        }
        unroll_free(path);
    }
    UNROLL_TRY(each_name(directory, remove_made, &directory));
    remove_file(directory, UNROLL_RUN_CONFIG);
    return UNROLL_OK;
}

void unroll_run_directory_clean(const char *directory)
{
    unroll_output_clean(directory);
    for (size_t i = 0; i < sizeof MADE_FOLDERS / sizeof MADE_FOLDERS[0]; i++) {
        char *folder = unroll_path_join(directory, MADE_FOLDERS[i]);
        if (folder != NULL)
            unroll_output_clean(folder);
        unroll_free(folder);
    }
}

/* ---- before it is opened ---- */

/** A checkpoint is enough to go on; config.json is only for people. */
static unroll_status check_resume(const char *directory)
{
    bool yes = false;
    UNROLL_TRY(each_name(directory, find_checkpoint, &yes));
    if (!yes)
        UNROLL_TRY(is_run(directory, &yes));
    return yes ? UNROLL_OK
               : unroll_fail_prefix(UNROLL_ENOINPUT, "%s: holds no run to resume", directory);
}

static unroll_status check_output(const char *directory, bool force)
{
    bool empty, run = false;
    UNROLL_TRY(is_empty(directory, &empty));
    if (empty)
        return UNROLL_OK;
    if (!force)
        return unroll_fail(UNROLL_ECREATE,
                           "%s: is not empty; give another " UNROLL_OPTION "out, " UNROLL_OPTION
                           "resume to go on with a run, or " UNROLL_OPTION "force to replace it",
                           directory);
    UNROLL_TRY(is_run(directory, &run));
    return run ? UNROLL_OK
               : unroll_fail(UNROLL_ECREATE,
                             "%s: is not empty and holds no run, so " UNROLL_OPTION
                             "force leaves it alone; give another " UNROLL_OPTION "out",
                             directory);
}

unroll_status unroll_run_directory_check(const char *directory, enum unroll_run_mode mode)
{
    const bool resume = mode == UNROLL_RUN_RESUME;
    struct stat st;
    if (stat(directory, &st) == 0 && S_ISDIR(st.st_mode))
        return resume ? check_resume(directory) : check_output(directory, mode == UNROLL_RUN_FORCE);
    const int error = stat(directory, &st) == 0 ? ENOTDIR : errno;
    if (resume)
        return unroll_fail(UNROLL_ENOINPUT, "%s: cannot be resumed: %s; give the run's directory",
                           directory, strerror(error));
    if (error == ENOENT) /* making it will tell */
        return UNROLL_OK;
    return unroll_fail(UNROLL_ECREATE, "%s: cannot be made: %s; give another " UNROLL_OPTION "out",
                       directory, strerror(error));
}

static bool is_taken(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

unroll_status unroll_run_free_name(const unroll_config *c, char **out)
{
    char name[160];
    const int task = (int)strcspn(c->task, ":"), cell = (int)strcspn(c->cell, ":");
    UNROLL_TRY(unroll_make_directory("runs"));
    for (unsigned i = 1; i < 10000; i++) {
        const int n = snprintf(name, sizeof name, "runs/%.*s-%.*s-%" PRIu64 "x%" PRIu64, task,
                               c->task, cell, c->cell, c->layers, c->hidden);
        if (i > 1)
            snprintf(name + n, sizeof name - (size_t)n, "-%u", i);
        if (!is_taken(name)) {
            *out = unroll_strndup(name, strlen(name));
            return *out ? UNROLL_OK : UNROLL_EMEMORY;
        }
    }
    return unroll_fail(UNROLL_ECREATE,
                       "runs/ is full of runs of this kind; give " UNROLL_OPTION "out");
}
