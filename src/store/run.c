#include "store/run.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <unroll/version.h>

#include "base/fail.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/output.h"
#include "base/path.h"
#include "config/config.h"
#include "config/options.h"
#include "store/checkpoint.h"
#include "store/lock.h"
#include "store/log.h"
#include "store/model.h"

static const char METRICS_HEADER[] =
    "step,epoch,split,loss,bits_per_token,accuracy,lr,grad_norm,clip_scale,tokens_per_s,seconds";

struct unroll_run {
    char *directory, *lock_path, *model_path;
    int lock;
    bool created, nats; /**< nats: bits mean something */
    unroll_log *metrics;
    unroll_status model_saved, checkpoint_saved; /**< how the last try went */
    unroll_model_image best; /**< room for the weights of the last unroll_run_save_model() */
    bool owed;               /**< they are not in their file yet */
};

char *unroll_run_path(const unroll_run *run, const char *name)
{
    return unroll_path_join(run->directory, name);
}

unroll_status unroll_run_clear(const unroll_run *run)
{
    return unroll_run_directory_clear(run->directory);
}

/* ---- opening ---- */

static unroll_status make_directory(unroll_run *run)
{
    run->created = mkdir(run->directory, 0777) == 0;
    if (!run->created && errno != EEXIST)
        return unroll_fail(UNROLL_ECREATE,
                           "%s: cannot be made: %s; give another " UNROLL_OPTION "out",
                           run->directory, strerror(errno));
    return unroll_sync_parent(run->directory); /* one that was killed may have just made it */
}

/** A held lock is told before a full directory is; afterwards the directory is looked at again,
 *  since another may have come first. */
static unroll_status open_run(unroll_run *run, enum unroll_run_mode mode)
{
    int probe;
    struct stat st;
    if (stat(run->directory, &st) == 0 ? !S_ISDIR(st.st_mode) : errno == ENOTDIR)
        return unroll_run_directory_check(run->directory, mode); /* no place for a lock */
    UNROLL_TRY(unroll_lock_take(run->lock_path, false, &probe));
    if (probe >= 0)
        run->lock = probe;
    UNROLL_TRY(unroll_run_directory_check(run->directory, mode));
    UNROLL_TRY(make_directory(run));
    if (run->lock < 0)
        UNROLL_TRY(unroll_lock_take(run->lock_path, true, &run->lock));
    UNROLL_TRY(unroll_run_directory_check(run->directory, mode));
    unroll_run_directory_clean(run->directory);
    return UNROLL_OK;
}

unroll_status unroll_run_open(const char *directory, enum unroll_run_mode mode, unroll_run **out)
{
    *out = NULL;
    unroll_run *run = unroll_alloc(1, sizeof *run);
    if (run == NULL)
        return UNROLL_EMEMORY;
    run->lock = -1;
    run->directory = unroll_strndup(directory, strlen(directory));
    run->lock_path = unroll_path_join(directory, UNROLL_RUN_LOCK);
    run->model_path = unroll_path_join(directory, UNROLL_RUN_MODEL);
    const unroll_status status =
        run->directory && run->lock_path && run->model_path ? open_run(run, mode) : UNROLL_EMEMORY;
    if (status == UNROLL_OK)
        *out = run;
    else
        unroll_run_close(run);
    return status;
}

static unroll_status fail_unsaved(const unroll_run *run)
{
    const bool checkpoint = run->checkpoint_saved != UNROLL_OK;
    const bool memory = (checkpoint ? run->checkpoint_saved : run->model_saved) == UNROLL_EMEMORY;
    return unroll_fail(memory ? UNROLL_EMEMORY : UNROLL_EIO, "%s: the last %s could not be saved; %s",
                       run->directory, checkpoint ? "checkpoint" : "model",
                       memory ? "there was not enough memory" : "free some space");
}

unroll_status unroll_run_close(unroll_run *run)
{
    if (run == NULL)
        return UNROLL_OK;
    unroll_status status = unroll_log_close(run->metrics);
    if (run->model_saved != UNROLL_OK || run->checkpoint_saved != UNROLL_OK)
        status = fail_unsaved(run);
    if (run->lock >= 0)
        unroll_lock_release(run->lock_path, run->lock);
    if (run->created)
        rmdir(run->directory); /* only where it is still empty */
    unroll_model_image_free(&run->best);
    unroll_free(run->model_path);
    unroll_free(run->lock_path);
    unroll_free(run->directory);
    unroll_free(run);
    return status;
}

/* ---- config.json ---- */

unroll_status unroll_run_config(unroll_run *run, const unroll_config *config)
{
    char *path = unroll_run_path(run, UNROLL_RUN_CONFIG);
    char *text = unroll_options_json(config, ~0u, NULL, UNROLL_VERSION, true);
    const unroll_status status =
        path && text ? unroll_output_file(path, text, strlen(text)) : UNROLL_EMEMORY;
    unroll_free(text);
    unroll_free(path);
    return status;
}

unroll_status unroll_run_read_config(const unroll_run *run, unroll_config *config)
{
    json_t *object;
    UNROLL_TRY(unroll_run_directory_config(run->directory, &object));
    const unroll_status status = unroll_options_read(run->directory, object, ~0u, config);
    json_decref(object);
    return status;
}

/* ---- metrics.csv ---- */

unroll_status unroll_run_metrics(unroll_run *run, uint64_t last_step, bool nats)
{
    char *path = unroll_run_path(run, UNROLL_RUN_METRICS);
    if (path == NULL)
        return UNROLL_EMEMORY;
    run->nats = nats;
    /* the test comes after the last checkpoint, so it comes again */
    const unroll_status status =
        unroll_log_open_before(path, METRICS_HEADER, last_step, ",test,", &run->metrics);
    unroll_free(path);
    return status;
}

unroll_status unroll_run_sync(unroll_run *run)
{
    return unroll_log_sync(run->metrics);
}

typedef struct row {
    char text[512];
    size_t used;
} row;

static void add_text(row *r, const char *text)
{
    const int n =
        snprintf(r->text + r->used, sizeof r->text - r->used, "%s%s", r->used ? "," : "", text);
    r->used += (size_t)n;
}

/* What the seed decides reads back as the same number; what the clock does has six digits. */
static void add_number(row *r, double value)
{
    char number[32];
    add_text(r, unroll_format_double(number, value));
}

static void add_clocked(row *r, double value)
{
    char number[32];
    add_text(r, unroll_format_digits(number, value, 6));
}

static void begin_row(row *r, uint64_t step, double epoch, const char *split)
{
    char number[24];
    r->used = 0;
    snprintf(number, sizeof number, "%" PRIu64, step);
    add_text(r, number);
    add_number(r, epoch);
    add_text(r, split);
}

static void add_loss(const unroll_run *run, row *r, double loss, double accuracy)
{
    add_number(r, loss);
    if (run->nats)
        add_number(r, loss / log(2));
    else
        add_text(r, "");
    add_number(r, accuracy);
}

unroll_status unroll_run_step(unroll_run *run, const unroll_progress *p)
{
    row r;
    begin_row(&r, p->step, p->epoch, "train");
    add_loss(run, &r, p->loss, p->accuracy);
    add_number(&r, p->lr);
    add_number(&r, p->grad_norm);
    add_number(&r, p->clip_scale);
    add_clocked(&r, p->tokens_per_s);
    add_clocked(&r, p->seconds);
    return unroll_log_row(run->metrics, r.text);
}

unroll_status unroll_run_evaluated(unroll_run *run, const unroll_evaluation *e)
{
    static const char *const names[] = {"train", "valid", "test"};
    row r;
    begin_row(&r, e->step, e->epoch, names[e->split]);
    add_loss(run, &r, e->loss, e->accuracy);
    for (int i = 0; i < 4; i++)
        add_text(&r, "");
    add_clocked(&r, e->seconds);
    return unroll_log_row(run->metrics, r.text);
}

/* ---- what is saved ---- */

unroll_status unroll_run_sample(unroll_run *run, uint64_t step, const char *text, size_t length)
{
    char name[64];
    snprintf(name, sizeof name, "samples/%" PRIu64 ".txt", step);
    char *folder = unroll_run_path(run, "samples"), *path = unroll_run_path(run, name);
    unroll_status status = folder && path ? unroll_check_own(folder, true) : UNROLL_EMEMORY;
    if (status == UNROLL_OK)
        status = unroll_make_directory(folder);
    if (status == UNROLL_OK)
        status = unroll_output_file(path, text, length);
    unroll_free(path);
    unroll_free(folder);
    return status;
}

unroll_status unroll_run_reserve(unroll_run *run, const unroll_model *model)
{
    return run->best.count > 0 ? UNROLL_OK : unroll_model_image_make(model, &run->best);
}

unroll_status unroll_run_save_model(unroll_run *run, const unroll_model *model)
{
    run->model_saved = unroll_run_reserve(run, model);
    if (run->model_saved != UNROLL_OK)
        return run->model_saved;
    unroll_model_image_take(&run->best, model);
    run->owed = true;
    return unroll_run_save_owed(run);
}

unroll_status unroll_run_save_owed(unroll_run *run)
{
    const unroll_model_image *m = &run->best;
    if (!run->owed)
        return UNROLL_OK;
    run->model_saved =
        unroll_tensors_write(run->model_path, m->tensor, m->count, m->metadata, m->metadata_count);
    run->owed = run->model_saved != UNROLL_OK;
    return run->model_saved;
}

bool unroll_run_has_model(const unroll_run *run)
{
    return run->model_saved == UNROLL_OK && access(run->model_path, F_OK) == 0;
}

unroll_status unroll_run_save_checkpoint(unroll_run *run, const unroll_model *model,
                                         const unroll_config *config, unroll_trainer *trainer,
                                         uint64_t corpus)
{
    run->checkpoint_saved =
        unroll_checkpoint_save(run->directory, model, config, trainer, corpus, config->keep);
    return run->checkpoint_saved;
}
