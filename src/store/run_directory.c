/* What is in the directory of a run, and what of it may be taken or removed. */
#include "store/run_directory.h"

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

/* ---- what a run makes ---- */

static bool is_one_of(const char *name, const char *const *list)
{
    while (*list && strcmp(name, *list) != 0)
        list++;
    return *list != NULL;
}

/** STEP.txt */
static bool is_sample(const char *name)
{
    const size_t digits = strspn(name, "0123456789");
    return digits > 0 && strcmp(name + digits, ".txt") == 0;
}

static bool is_record(const char *name)
{
    static const char *const made[] = {"distance.csv", "histogram.csv", NULL};
    return is_one_of(name, made);
}

static bool is_plot(const char *name)
{
    static const char *const made[] = {"loss", "gradient-steps", "gradient-steps-lines", NULL};
    static const char *const endings[] = {".csv", ".gp", ".svg", ".png", NULL};
    char stem[64];
    const char *dot = strrchr(name, '.');
    if (dot == NULL || (size_t)(dot - name) >= sizeof stem || !is_one_of(dot, endings))
        return false;
    memcpy(stem, name, (size_t)(dot - name));
    stem[dot - name] = '\0';
    return is_one_of(stem, made);
}

static bool is_file(const char *name)
{
    static const char *const made[] = {UNROLL_RUN_METRICS, UNROLL_RUN_MODEL, NULL};
    uint64_t step;
    return is_one_of(name, made) || unroll_checkpoint_step(name, &step);
}

/** "" is the run's directory itself. config.json and the lock are apart: they tell whose it is. */
static const struct folder {
    const char *name;
    bool (*is_made)(const char *name);
} FOLDERS[] = {{"samples", is_sample}, {"gradient", is_record}, {"plots", is_plot}, {"", is_file}};

enum { FOLDER_COUNT = sizeof FOLDERS / sizeof FOLDERS[0] };

/** Freed by unroll_free(); NULL with a message. */
static char *folder_path(const char *directory, const struct folder *f)
{
    return *f->name ? unroll_path_join(directory, f->name)
                    : unroll_strndup(directory, strlen(directory));
}

static unroll_status each_name(const char *directory, bool (*visit)(void *arg, const char *name),
                               void *arg)
{
    if (unroll_directory_each(directory, visit, arg))
        return UNROLL_OK;
    return unroll_fail(errno == ENOMEM ? UNROLL_EMEMORY : UNROLL_ECREATE, "%s: cannot be read: %s",
                       directory, strerror(errno));
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
    unroll_status status = unroll_input_slurp_own(path, 1 << 20, &text, &length);
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

/* ---- removing, and looking for what is not ours ---- */

typedef struct visit {
    const char *path; /**< of the folder */
    const struct folder *folder;
    unroll_status (*act)(const char *path);
    unroll_status status;
} visit;

static bool visit_made(void *arg, const char *name)
{
    visit *v = arg;
    if (!v->folder->is_made(name))
        return true;
    char *path = unroll_path_join(v->path, name);
    v->status = path ? v->act(path) : UNROLL_EMEMORY;
    unroll_free(path);
    return v->status == UNROLL_OK;
}

/** `act` on each file that a run has made in a folder. */
static unroll_status each_made(const char *path, const struct folder *f,
                               unroll_status (*act)(const char *path))
{
    visit v = {.path = path, .folder = f, .act = act};
    const unroll_status status = each_name(path, visit_made, &v);
    return v.status == UNROLL_OK ? status : v.status;
}

/* What stayed would be taken for the new run's: a checkpoint of a later step, for one. */
static unroll_status remove_file(const char *path)
{
    if (unlink(path) == 0 || errno == ENOENT)
        return UNROLL_OK;
    return unroll_fail(UNROLL_ECREATE, "%s: cannot be removed: %s; give another " UNROLL_OPTION "out",
                       path, strerror(errno));
}

static bool is_directory(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static unroll_status clear_folder(const char *path, const struct folder *f)
{
    if (!is_directory(path) && *f->name)
        return UNROLL_OK;
    UNROLL_TRY(each_made(path, f, remove_file));
    if (*f->name)
        rmdir(path); /* only where nothing else is in it */
    return UNROLL_OK;
}

static unroll_status remove_checkpoint(const char *path)
{
    uint64_t step;
    return unroll_checkpoint_step(unroll_file_name(path), &step) ? remove_file(path) : UNROLL_OK;
}

/* Before all else, for good: as long as one is there its run can be resumed, and then should lack nothing. */
static unroll_status clear_checkpoints(const char *directory)
{
    char *inside = unroll_path_join(directory, UNROLL_RUN_CONFIG);
    unroll_status status = inside ? UNROLL_OK : UNROLL_EMEMORY;
    for (size_t i = 0; i < FOLDER_COUNT && status == UNROLL_OK; i++)
        if (!*FOLDERS[i].name)
            status = each_made(directory, &FOLDERS[i], remove_checkpoint);
    if (status == UNROLL_OK)
        status = unroll_sync_parent(inside);
    unroll_free(inside);
    return status;
}

unroll_status unroll_run_directory_clear(const char *directory)
{
    unroll_status status = clear_checkpoints(directory);
    for (size_t i = 0; i < FOLDER_COUNT && status == UNROLL_OK; i++) {
        char *path = folder_path(directory, &FOLDERS[i]);
        status = path ? clear_folder(path, &FOLDERS[i]) : UNROLL_EMEMORY;
        unroll_free(path);
    }
    return status;
}

void unroll_run_directory_clean(const char *directory)
{
    for (size_t i = 0; i < FOLDER_COUNT; i++) {
        char *path = folder_path(directory, &FOLDERS[i]);
        if (path != NULL)
            unroll_output_clean(path);
        unroll_free(path);
    }
}

static unroll_status check_own_file(const char *path)
{
    return unroll_check_own(path, false);
}

static unroll_status check_own_folder(const char *path, const struct folder *f)
{
    if (!*f->name)
        return each_made(path, f, check_own_file);
    UNROLL_TRY(unroll_check_own(path, true));
    return is_directory(path) ? each_made(path, f, check_own_file) : UNROLL_OK;
}

/** Is all that the run will write to, or remove, a file or folder of its own? */
static unroll_status check_own(const char *directory)
{
    char *config = unroll_path_join(directory, UNROLL_RUN_CONFIG);
    unroll_status status = config ? unroll_check_own(config, false) : UNROLL_EMEMORY;
    unroll_free(config);
    for (size_t i = 0; i < FOLDER_COUNT && status == UNROLL_OK; i++) {
        char *path = folder_path(directory, &FOLDERS[i]);
        status = path ? check_own_folder(path, &FOLDERS[i]) : UNROLL_EMEMORY;
        unroll_free(path);
    }
    return status;
}

/* ---- before it is opened ---- */

/** A checkpoint is enough to go on; config.json is only for people. */
static unroll_status check_resume(const char *directory)
{
    bool yes = false;
    UNROLL_TRY(check_own(directory));
    UNROLL_TRY(each_name(directory, find_checkpoint, &yes));
    if (!yes)
        UNROLL_TRY(is_run(directory, &yes));
    return yes ? UNROLL_OK
               : unroll_fail_prefix(UNROLL_ENOINPUT, "%s: holds no run to resume", directory);
}

static unroll_status check_new(const char *directory)
{
    bool empty, run = false, checkpoint = false;
    UNROLL_TRY(is_empty(directory, &empty));
    if (empty)
        return UNROLL_OK;
    UNROLL_TRY(each_name(directory, find_checkpoint, &checkpoint));
    if (!checkpoint)
        UNROLL_TRY(is_run(directory, &run));
    if (run)
        return unroll_fail(UNROLL_ECREATE,
                           "%s: is not empty, and its run ended before its first checkpoint; give " UNROLL_OPTION
                           "force to start it again, or another " UNROLL_OPTION "out",
                           directory);
    return unroll_fail(UNROLL_ECREATE,
                       "%s: is not empty; give another " UNROLL_OPTION "out, " UNROLL_OPTION
                       "resume to go on with a run, or " UNROLL_OPTION "force to replace it",
                       directory);
}

static unroll_status check_force(const char *directory)
{
    bool empty, run = false;
    UNROLL_TRY(is_empty(directory, &empty));
    if (empty)
        return UNROLL_OK;
    UNROLL_TRY(check_own(directory));
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
        return resume                     ? check_resume(directory)
               : mode == UNROLL_RUN_FORCE ? check_force(directory)
                                          : check_new(directory);
    const int error = stat(directory, &st) == 0 ? ENOTDIR : errno;
    if (resume)
        return unroll_fail(UNROLL_ENOINPUT, "%s: cannot be resumed: %s; give the run's directory",
                           directory, strerror(error));
    if (error == ENOENT) /* making it will tell */
        return UNROLL_OK;
    return unroll_fail(UNROLL_ECREATE, "%s: cannot be made: %s; give another " UNROLL_OPTION "out",
                       directory, strerror(error));
}
