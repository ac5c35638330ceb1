#include "store/checkpoint.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/fail.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/path.h"
#include "config/config.h"
#include "config/options.h"
#include "store/model.h"

static const char PREFIX[] = "checkpoint-", SUFFIX[] = ".safetensors";

bool unroll_checkpoint_step(const char *name, uint64_t *step)
{
    char digits[24];
    const size_t n = strlen(name), prefix = sizeof PREFIX - 1, suffix = sizeof SUFFIX - 1;
    if (n <= prefix + suffix || n - prefix - suffix >= sizeof digits ||
        memcmp(name, PREFIX, prefix) != 0 || strcmp(name + n - suffix, SUFFIX) != 0)
        return false;
    memcpy(digits, name + prefix, n - prefix - suffix);
    digits[n - prefix - suffix] = '\0';
    return unroll_parse_size(digits, step);
}

/** DIRECTORY/checkpoint-STEP.safetensors, freed by unroll_free(). */
static char *file_name(const char *directory, uint64_t step)
{
    char name[64];
    snprintf(name, sizeof name, "%s%" PRIu64 "%s", PREFIX, step, SUFFIX);
    return unroll_path_join(directory, name);
}

static int newest_first(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? 1 : x > y ? -1 : 0;
}

/** The steps of a directory's checkpoints, newest first; freed by unroll_free(). */
static unroll_status list_steps(const char *directory, uint64_t **out, size_t *count)
{
    uint64_t *steps = NULL;
    size_t used = 0, room = 0;
    *out = NULL;
    *count = 0;
    DIR *dir = opendir(directory);
    if (dir == NULL)
        return unroll_fail(errno == ENOMEM ? UNROLL_EMEMORY : UNROLL_ENOINPUT,
                           "%s: cannot be read: %s", directory, strerror(errno));
    unroll_status status = UNROLL_OK;
    for (const struct dirent *d; status == UNROLL_OK && (d = readdir(dir)) != NULL;) {
        uint64_t step;
        if (!unroll_checkpoint_step(d->d_name, &step))
            continue;
        uint64_t *grown = unroll_reserve(steps, &room, used + 1, sizeof *steps);
        if (grown == NULL) {
            status = UNROLL_EMEMORY;
            break;
        }
        steps = grown;
        steps[used++] = step;
    }
    closedir(dir);
    if (status != UNROLL_OK) {
        unroll_free(steps);
        return status;
    }
    if (used > 0)
        qsort(steps, used, sizeof *steps, newest_first);
    *out = steps;
    *count = used;
    return UNROLL_OK;
}

/* ---- saving ---- */

enum { NAME_ROOM = 96 };

/** The trainer's fields as tensors. */
typedef struct gathering {
    unroll_tensor *tensor;
    char (*name)[NAME_ROOM];
    size_t count, room;
    unroll_status status;
} gathering;

static enum unroll_dtype dtype_of(enum unroll_field_kind kind)
{
    if (kind == UNROLL_FIELD_REAL)
        return sizeof(unroll_real) == sizeof(double) ? UNROLL_F64 : UNROLL_F32;
    return kind == UNROLL_FIELD_F64 ? UNROLL_F64 : UNROLL_U64;
}

static size_t size_of(enum unroll_field_kind kind)
{
    return kind == UNROLL_FIELD_REAL ? sizeof(unroll_real) : 8;
}

/** The model's tensors carry the weights. */
static bool is_weights(const char *name)
{
    return strcmp(name, "weights") == 0;
}

static unroll_status grow(gathering *g)
{
    const size_t room = g->room ? 2 * g->room : 16;
    unroll_tensor *tensor = unroll_realloc(g->tensor, room, sizeof *tensor);
    if (tensor == NULL)
        return UNROLL_EMEMORY;
    g->tensor = tensor;
    char(*name)[NAME_ROOM] = unroll_realloc(g->name, room, sizeof *name);
    if (name == NULL)
        return UNROLL_EMEMORY;
    g->name = name;
    g->room = room;
    return UNROLL_OK;
}

static void gather(void *arg, const char *name, enum unroll_field_kind kind, void *data, size_t count)
{
    gathering *g = arg;
    if (is_weights(name) || g->status != UNROLL_OK)
        return;
    if (g->count == g->room && (g->status = grow(g)) != UNROLL_OK)
        return;
    const int n = snprintf(g->name[g->count], NAME_ROOM, "%s%s", UNROLL_TRAINER_PREFIX, name);
    if (n < 0 || n >= NAME_ROOM) {
        g->status = unroll_fail(UNROLL_EBUG, "the trainer's '%s' has too long a name", name);
        return;
    }
    g->tensor[g->count++] =
        (unroll_tensor){.dtype = dtype_of(kind), .rank = 1, .shape = {count}, .data = data};
}

/** Model, trainer, options and place in one file. */
static unroll_status write_file(const char *path, const unroll_model_image *image,
                                const gathering *g, const unroll_metadata *extra, size_t extra_count)
{
    const size_t count = image->count + g->count;
    unroll_tensor *all = unroll_alloc(count, sizeof *all);
    if (all == NULL)
        return UNROLL_EMEMORY;
    unroll_metadata meta[8];
    memcpy(all, image->tensor, image->count * sizeof *all);
    for (size_t i = 0; i < g->count; i++) {
        all[image->count + i] = g->tensor[i];
        all[image->count + i].name = g->name[i];
    }
    memcpy(meta, image->metadata, image->metadata_count * sizeof *meta);
    memcpy(meta + image->metadata_count, extra, extra_count * sizeof *meta);
    const unroll_status status =
        unroll_tensors_write(path, all, count, meta, image->metadata_count + extra_count);
    unroll_free(all);
    return status;
}

/** Options that say where and how a process runs, not what it trains: the bytes do not depend on
 *  them. */
static const char *const INVOCATION[] = {"out",     "resume", "force", "dry-run",
                                         "threads", "quiet",  "json",  NULL};

static unroll_status save_as(const char *path, const unroll_model *model,
                             const unroll_config *config, unroll_trainer *trainer, uint64_t corpus)
{
    char step_text[24], corpus_text[24];
    snprintf(step_text, sizeof step_text, "%" PRIu64, unroll_trainer_steps(trainer));
    snprintf(corpus_text, sizeof corpus_text, "%016" PRIx64, corpus);
    gathering g = {0};
    unroll_model_image image;
    UNROLL_TRY(unroll_model_image_make(model, &image));
    char *options = unroll_options_json(config, ~0u, INVOCATION, NULL, false);
    unroll_status status = options ? UNROLL_OK : UNROLL_EMEMORY;
    if (status == UNROLL_OK) {
        unroll_trainer_state(trainer, gather, &g);
        status = g.status;
    }
    if (status == UNROLL_OK) {
        const unroll_metadata extra[] = {
            {"options", options}, {"step", step_text}, {"corpus", corpus_text}};
        status = write_file(path, &image, &g, extra, 3);
    }
    unroll_free(g.name);
    unroll_free(g.tensor);
    unroll_free(options);
    unroll_model_image_free(&image);
    return status;
}

/** Newer ones than `step` are none of this run's sound ones: they neither count nor go. What
 *  cannot be removed stays, and is tried again after the next save. */
static void remove_old(const char *directory, uint64_t step, uint64_t keep)
{
    uint64_t *steps;
    size_t count;
    if (list_steps(directory, &steps, &count) != UNROLL_OK)
        return;
    uint64_t seen = 0;
    for (size_t i = 0; i < count; i++) {
        if (steps[i] > step || ++seen <= (keep > 0 ? keep : 1))
            continue;
        char *path = file_name(directory, steps[i]);
        if (path != NULL)
            unlink(path);
        unroll_free(path);
    }
    unroll_free(steps);
}

unroll_status unroll_checkpoint_save(const char *directory, const unroll_model *model,
                                     const unroll_config *config, unroll_trainer *trainer,
                                     uint64_t corpus, uint64_t keep)
{
    const uint64_t step = unroll_trainer_steps(trainer);
    char *path = file_name(directory, step);
    if (path == NULL)
        return UNROLL_EMEMORY;
    const unroll_status status = save_as(path, model, config, trainer, corpus);
    unroll_free(path);
    if (status == UNROLL_OK)
        remove_old(directory, step, keep);
    return status;
}

/* ---- reading ---- */

void unroll_checkpoint_free(unroll_checkpoint *c)
{
    unroll_tensors_free(&c->tensors);
    unroll_free(c->path);
    *c = (unroll_checkpoint){0};
}

static bool parse_hex(const char *text, uint64_t *out)
{
    if (strlen(text) != 16 || strspn(text, "0123456789abcdef") != 16)
        return false;
    *out = strtoull(text, NULL, 16);
    return true;
}

static unroll_status open_one(const char *directory, uint64_t step, unroll_checkpoint *out)
{
    uint64_t said;
    *out = (unroll_checkpoint){.step = step, .path = file_name(directory, step)};
    if (out->path == NULL)
        return UNROLL_EMEMORY;
    unroll_status status = unroll_tensors_read(out->path, &out->tensors);
    const char *text = unroll_tensors_metadata(&out->tensors, "step");
    const char *corpus = unroll_tensors_metadata(&out->tensors, "corpus");
    if (status == UNROLL_OK && (text == NULL || !unroll_parse_size(text, &said) || said != step ||
                                corpus == NULL || !parse_hex(corpus, &out->corpus)))
        status =
            unroll_fail(UNROLL_EDATA, "%s: is not the checkpoint of step %" PRIu64, out->path, step);
    if (status != UNROLL_OK)
        unroll_checkpoint_free(out);
    return status;
}

unroll_status unroll_checkpoint_find(const char *directory, void (*note)(void *arg, const char *text),
                                     void *arg, unroll_checkpoint *out)
{
    uint64_t *steps;
    size_t count;
    *out = (unroll_checkpoint){0};
    UNROLL_TRY(list_steps(directory, &steps, &count));
    unroll_status status = UNROLL_EDATA;
    for (size_t i = 0; i < count && status != UNROLL_OK && status != UNROLL_EMEMORY; i++) {
        status = open_one(directory, steps[i], out);
        if (status != UNROLL_OK && status != UNROLL_EMEMORY && i + 1 < count && note != NULL)
            note(arg, unroll_marked_message());
    }
    unroll_free(steps);
    if (count == 0)
        return unroll_fail(UNROLL_ENOINPUT,
                           "%s: holds no checkpoint to resume from; start the run again with " UNROLL_OPTION
                           "out and " UNROLL_OPTION "force",
                           directory);
    return status;
}

static unroll_status metadata_json(const unroll_checkpoint *c, const char *key, json_t **out)
{
    const char *text = unroll_tensors_metadata(&c->tensors, key);
    if (text == NULL)
        return unroll_fail(UNROLL_EDATA, "%s: its metadata has no '%s'", c->path, key);
    return unroll_json_parse(c->path, key, text, strlen(text), UNROLL_JSON_OPTIONS, out);
}

unroll_status unroll_checkpoint_options(const unroll_checkpoint *c, unroll_config *config)
{
    json_t *object;
    UNROLL_TRY(metadata_json(c, "options", &object));
    const unroll_status status = unroll_options_read(c->path, object, ~0u, config);
    json_decref(object);
    return status;
}

unroll_status unroll_checkpoint_model(const unroll_checkpoint *c, unroll_model **out)
{
    return unroll_model_from_tensors(c->path, &c->tensors, out);
}

unroll_status unroll_checkpoint_corpus(const unroll_checkpoint *c, uint64_t corpus)
{
    if (c->corpus == corpus)
        return UNROLL_OK;
    return unroll_fail(UNROLL_EMISMATCH,
                       "%s: was trained on another text (fingerprint %016" PRIx64
                       ", not %016" PRIx64 "); give the files that the run began with",
                       c->path, c->corpus, corpus);
}

/** One walk over the trainer's fields: first to see that all fit, then to fill them. */
typedef struct restoring {
    const unroll_checkpoint *checkpoint;
    bool fill;
    size_t seen;
    unroll_status status;
} restoring;

static void restore(void *arg, const char *name, enum unroll_field_kind kind, void *data, size_t count)
{
    restoring *r = arg;
    if (is_weights(name) || r->status != UNROLL_OK)
        return;
    char full[NAME_ROOM];
    snprintf(full, sizeof full, "%s%s", UNROLL_TRAINER_PREFIX, name);
    const unroll_tensor *t = unroll_tensors_find(&r->checkpoint->tensors, full);
    if (t == NULL || t->dtype != dtype_of(kind) || t->rank != 1 || t->shape[0] != count) {
        r->status = unroll_fail(UNROLL_EDATA, "%s: %s %s, so it cannot be resumed",
                                r->checkpoint->path, t ? "does not fit:" : "lacks", full);
        return;
    }
    r->seen++;
    if (r->fill && count > 0)
        memcpy(data, t->data, count * size_of(kind));
}

unroll_status unroll_checkpoint_restore(const unroll_checkpoint *c, unroll_trainer *trainer)
{
    restoring r = {.checkpoint = c};
    unroll_trainer_state(trainer, restore, &r);
    UNROLL_TRY(r.status);
    size_t there = 0;
    for (size_t i = 0; i < c->tensors.count; i++)
        there += strncmp(c->tensors.tensor[i].name, UNROLL_TRAINER_PREFIX,
                         strlen(UNROLL_TRAINER_PREFIX)) == 0;
    if (there != r.seen)
        return unroll_fail(UNROLL_EDATA, "%s: has %zu values of a trainer where this one has %zu",
                           c->path, there, r.seen);
    r.fill = true;
    unroll_trainer_state(trainer, restore, &r);
    unroll_trainer_restored(trainer);
    return UNROLL_OK;
}
