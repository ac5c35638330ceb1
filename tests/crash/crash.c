/* What a power cut or a kill may leave of a directory, and how the program goes on from there.
 *   crash states NAME MOST TRY STRIDE RECORDING  each state that a power cut may leave at a moment of
 *                                                the recording
 *   crash kills NAME COMMAND                     the command is killed before each call
 *   crash again NAME MOST TRY STRIDE COMMAND     the same; it goes on, and then the power is cut
 *   crash random NAME COUNT COMMAND              the command is killed at random moments
 * MOST is that of states.h; the program goes on in every TRY-th of the states that differ, and only
 * every STRIDE-th moment counts.
 * All are run in a directory in which are: record.so; before/, what is there when the command begins;
 * reference-*, what may be there when all has gone well; state/, empty, where commands are run; and
 * the file `recover`, a line per command by which the program goes on. The first that ends with exit
 * code 0 counts; where a checkpoint was promised it must be the first of all.
 * Prints what went wrong and a row of figures. */
#define _GNU_SOURCE
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "disk.h"
#include "recover.h"
#include "states.h"

enum { TOLD_MAX = 10, BUCKETS = 1 << 16 };

/* A tree that was laid out; trees are told apart by 64 bits. */
typedef struct known {
    uint64_t hash;
    int command; /* as recover() returns; 0 where it was not tried, too */
    struct known *next;
} known;

typedef struct crash {
    const char *name;
    recovery recovery;
    tree before;
    known *bucket[BUCKETS];
    const disk *disk;
    const disk_recording *recording;
    size_t most, try, stride;
    size_t moment, moments, laid, distinct, tried, restarted, findings;
    char *told[TOLD_MAX];
    size_t told_count;
} crash;

/* Each trouble once, with the first call after which it was seen. */
static void tell(crash *c, const char *what, const char *why)
{
    static const char *const kinds[] = {"open",   "write", "truncate", "sync", "rename",
                                        "unlink", "mkdir", "rmdir",    "exit"};
    const disk_step *const s =
        c->moment && c->moment <= c->recording->count ? &c->recording->step[c->moment - 1] : NULL;
    c->findings++;
    for (size_t i = 0; i < c->told_count; i++)
        if (strcmp(c->told[i], what) == 0)
            return;
    if (c->told_count == TOLD_MAX)
        return;
    c->told[c->told_count++] = strdup(what);
    printf("FAIL: %s: after call %zu (%s %s): %s%s\n", c->name, c->moment,
           s ? kinds[s->head.kind] : "", s ? s->path : "", what, why);
}

static void tell_path(crash *c, const char *path, const char *what)
{
    char text[300];
    snprintf(text, sizeof text, "%s %s", path, what);
    tell(c, text, "");
}

/* ---- promises ---- */

static bool is_kept(const disk *d, const disk_promise *p, const tree *t)
{
    const tree_entry *const e = tree_find(t, p->path);
    if (!e)
        return false;
    /* A log has grown since, and what is newer may be there already. */
    if (e->bytes.length >= p->bytes.length &&
        memcmp(e->bytes.data, p->bytes.data, p->bytes.length) == 0)
        return true;
    for (const disk_promise *q = p + 1; q < d->promise + d->promises; q++)
        if (strcmp(q->path, p->path) == 0 && tree_same_bytes(q->bytes, e->bytes))
            return true;
    return false;
}

static bool is_own(const char *path)
{
    return !strstr(path, ".tmp-") && !strstr(path, "lock");
}

/* @return whether a checkpoint is promised */
static bool check_promises(crash *c, const tree *t)
{
    bool checkpoint = false;
    for (size_t i = 0; i < c->disk->promises; i++) {
        const disk_promise *const p = &c->disk->promise[i];
        if (!p->kept)
            continue;
        checkpoint = checkpoint || strstr(p->path, "/checkpoint-");
        if (!is_kept(c->disk, p, t))
            tell_path(c, p->path, "was saved, and is not there whole");
    }
    if (!c->disk->ended)
        return checkpoint;
    tree all;
    disk_tree(c->disk, &all);
    for (size_t i = 0; i < all.count; i++) {
        const tree_entry *const e = tree_find(t, all.entry[i].path);
        if (is_own(all.entry[i].path) && (!e || !tree_same_bytes(e->bytes, all.entry[i].bytes)))
            tell_path(c, all.entry[i].path, "is not there whole after exit code 0");
    }
    tree_free(&all, false);
    return checkpoint;
}

/* ---- states ---- */

static uint64_t hash_tree(const tree *t)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < t->count; i++) {
        hash = tree_hash_bytes(hash, t->entry[i].path, strlen(t->entry[i].path) + 1);
        hash = tree_hash_bytes(hash, &t->entry[i].hash, sizeof t->entry[i].hash);
    }
    return hash;
}

static known *find_known(const crash *c, uint64_t hash)
{
    known *k = c->bucket[hash % BUCKETS];
    while (k && k->hash != hash)
        k = k->next;
    return k;
}

/* The program goes on; 1 + the number of the command by which it does. */
static int go_on(crash *c, const tree *t, bool there, bool promised)
{
    if (!there) {
        tree_clear(c->recovery.state);
        tree_write(c->recovery.state, t);
    }
    const int command = recover(&c->recovery, promised);
    c->tried++;
    c->restarted += command > 1;
    if (command == 0)
        tell(c, "does not go on: ", c->recovery.trouble);
    return command;
}

/* @param there  is it in the directory `state` already? */
static void try_tree(crash *c, const tree *t, bool there)
{
    const bool promised = check_promises(c, t);
    const uint64_t hash = hash_tree(t);
    known *k = find_known(c, hash);
    c->laid++;
    if (k && promised && k->command > 1)
        tell(c, "a checkpoint was saved, and cannot be resumed", "");
    if (k)
        return;
    k = tree_grow(NULL, 1, sizeof *k);
    *k = (known){.hash = hash, .next = c->bucket[hash % BUCKETS]};
    c->bucket[hash % BUCKETS] = k;
    if (c->distinct++ % c->try == 0)
        k->command = go_on(c, t, there, promised);
}

static void visit(void *arg, const tree *t)
{
    try_tree(arg, t, false);
}

/* @param from  the first moment that is looked at; what was before, a killed process did */
static void each_state(crash *c, size_t from)
{
    disk d;
    disk_new(&c->before, &d);
    c->disk = &d;
    for (c->moment = 0; c->moment <= c->recording->count; c->moment++) {
        if (c->moment)
            disk_apply(&d, &c->recording->step[c->moment - 1]);
        if (from > 0 && c->moment == from)
            disk_killed(&d);
        if (c->moment < c->recording->count)
            disk_before(&d, &c->recording->step[c->moment]);
        if (c->moment < from || (c->moment % c->stride != 0 && c->moment < c->recording->count))
            continue;
        c->moments++;
        states_each(&d, c->most, c->moment, visit, c);
    }
    disk_free(&d);
}

/* ---- kills ---- */

/* Nothing that was written is lost by a kill: what is there is what the recording says. */
static void check_killed(crash *c, bool between_calls)
{
    disk d;
    tree want, got;
    disk_new(&c->before, &d);
    c->disk = &d;
    for (c->moment = 0; c->moment < c->recording->count; c->moment++) {
        disk_before(&d, &c->recording->step[c->moment]);
        disk_apply(&d, &c->recording->step[c->moment]);
    }
    disk_tree(&d, &want);
    tree_read(c->recovery.state, &got);
    size_t same = 0;
    for (size_t i = 0; i < got.count; i++) {
        const tree_entry *const e = tree_find(&want, got.entry[i].path);
        same += e && tree_same_bytes(e->bytes, got.entry[i].bytes);
    }
    if (between_calls && (same != got.count || got.count != want.count))
        tell(c, "the recording and the directory differ", "");
    for (size_t i = 0; i < got.count; i++)
        got.entry[i].hash = tree_hash_bytes(0, got.entry[i].bytes.data, got.entry[i].bytes.length);
    try_tree(c, &got, true);
    tree_free(&got, true);
    tree_free(&want, false);
    disk_free(&d);
}

/* @return the exit code of the command */
static int kill_once(crash *c, const recover_command *command, const char *kill_at, double after)
{
    disk_recording recording;
    char *const record = tree_join(c->recovery.state, "../killed");
    tree_clear(c->recovery.state);
    tree_write(c->recovery.state, &c->before);
    unlink(record);
    const pid_t process = recover_start(&c->recovery, command, record, kill_at);
    if (after >= 0) {
        nanosleep(&(struct timespec){(time_t)after, (long)((after - (double)(time_t)after) * 1e9)},
                  NULL);
        kill(-process, SIGKILL);
        kill(process, SIGKILL);
    }
    const int code = recover_wait(process);
    disk_recording_read(record, &recording);
    c->recording = &recording;
    c->moments++;
    if (code == 0 || code == 128 + SIGKILL)
        check_killed(c, code != 0 && after < 0);
    else
        tell(c, "the command failed", "");
    disk_recording_free(&recording);
    free(record);
    return code;
}

static void kill_each(crash *c, const recover_command *command)
{
    char text[32];
    int code = 128 + SIGKILL;
    for (size_t n = 0; code == 128 + SIGKILL; n++) {
        snprintf(text, sizeof text, "%zu", n);
        code = kill_once(c, command, text, -1);
    }
}

/* Two misfortunes: it goes on with what a killed one left, of which not all is on the disk. */
static void kill_and_cut(crash *c, const recover_command *command)
{
    char text[32], *const record = tree_join(c->recovery.state, "../killed");
    for (size_t n = 0, code = 128 + SIGKILL; code == 128 + SIGKILL; n += c->stride) {
        disk_recording recording;
        snprintf(text, sizeof text, "%zu", n);
        tree_clear(c->recovery.state);
        tree_write(c->recovery.state, &c->before);
        unlink(record);
        code = (size_t)recover_wait(recover_start(&c->recovery, command, record, text));
        disk_recording_read(record, &recording);
        const size_t from = recording.count;
        disk_recording_free(&recording);
        for (size_t i = 0; i < c->recovery.commands; i++)
            if (recover_wait(recover_start(&c->recovery, &c->recovery.command[i], record, "")) == 0)
                break;
        disk_recording_read(record, &recording);
        c->recording = &recording;
        each_state(c, from);
        disk_recording_free(&recording);
    }
    free(record);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void kill_random(crash *c, const recover_command *command, size_t count)
{
    tree_clear(c->recovery.state);
    tree_write(c->recovery.state, &c->before);
    const double start = now();
    recover_wait(recover_start(&c->recovery, command, NULL, ""));
    const double whole = now() - start;
    srand(1);
    for (size_t n = 0; n < count; n++)
        kill_once(c, command, "", whole * rand() / RAND_MAX);
}

/* ---- the directory ---- */

static void open_all(crash *c)
{
    glob_t found;
    char line[4096];
    char *const here = get_current_dir_name();
    FILE *const file = fopen("recover", "r");
    if (!here || !file || glob("reference-*", 0, NULL, &found) != 0)
        exit(99);
    c->recovery.preload = tree_join(here, "record.so");
    c->recovery.state = tree_join(here, "state");
    tree_read("before", &c->before);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        c->recovery.reference =
            tree_grow(c->recovery.reference, i + 1, sizeof *c->recovery.reference);
        tree_read(found.gl_pathv[i], &c->recovery.reference[c->recovery.references++]);
        recover_normalise(&c->recovery.reference[i]);
    }
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        c->recovery.command =
            tree_grow(c->recovery.command, c->recovery.commands + 1, sizeof *c->recovery.command);
        c->recovery.command[c->recovery.commands++] = recover_split(line);
    }
    fclose(file);
}

int main(int count, char **argument)
{
    static crash c = {.try = 1, .stride = 1};
    disk_recording recording;
    if (count < 4)
        return 99;
    const char *const what = argument[1], *const last = argument[count - 1];
    const recover_command command = recover_split(last);
    c.name = argument[2];
    open_all(&c);
    if (count == 7) {
        c.most = (size_t)atol(argument[3]);
        c.try = (size_t)atol(argument[4]);
        c.stride = (size_t)atol(argument[5]);
    }
    if (strcmp(what, "states") == 0 && count == 7) {
        disk_recording_read(last, &recording);
        c.recording = &recording;
        each_state(&c, 0);
    } else if (strcmp(what, "kills") == 0) {
        kill_each(&c, &command);
    } else if (strcmp(what, "again") == 0 && count == 7) {
        kill_and_cut(&c, &command);
    } else if (strcmp(what, "random") == 0 && count == 5) {
        kill_random(&c, &command, (size_t)atol(argument[3]));
    } else {
        return 99;
    }
    printf("%-9s %-7s %7zu %9zu %9zu %7zu %9zu %6zu\n", c.name, what, c.moments, c.laid, c.distinct,
           c.tried, c.restarted, c.findings);
    return c.findings > 0;
}
