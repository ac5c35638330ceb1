#include "session/recorder.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/output.h"
#include "config/config.h"
#include "probe/inject.h"
#include "probe/windows.h"
#include "store/curve_csv.h"
#include "store/log.h"

enum { SEQUENCES = 10 }; /* enough for a curve, few enough to be quick */

struct unroll_recorder {
    unroll_gradient_monitor *monitor;
    unroll_log *distance, *histogram;
    bool taken;
    unroll_status lost; /* why a record was not even written to the log, if one was not */
    double seconds;
    uint64_t records;
};

/* Pairs come sorted by length: those in the middle are as long as most. Rows of a batch that hold none
 * come last. */
unroll_status unroll_recorder_sequences(const unroll_session *s, unroll_batch *batch, size_t *rows)
{
    bool more;
    const unroll_task *task = &s->task;
    const size_t pairs = s->pairs ? unroll_pairs_get_part(s->pairs, UNROLL_VALID)->count : 0;
    UNROLL_TRY(task->eval(task->self, UNROLL_VALID, (pairs + task->eval_B - 1) / task->eval_B / 2,
                          batch, &more));
    if (!more)
        return unroll_fail(UNROLL_EDATA, UNROLL_OPTION
                           "grad-every needs pairs for validation; give " UNROLL_OPTION
                           "valid FILE or a " UNROLL_OPTION "split with some");
    *rows = batch->B < SEQUENCES ? batch->B : SEQUENCES;
    while (*rows > 1 && s->pairs && unroll_batch_length(batch, *rows - 1) == 0)
        --*rows;
    return UNROLL_OK;
}

/* The record of step 0 is taken again where a run goes on from there. */
static unroll_status open_log(const unroll_run *run, const char *name, const char *header,
                              uint64_t last_step, unroll_log **out)
{
    char *path = unroll_run_path(run, name);
    if (!path)
        return UNROLL_EMEMORY;
    const unroll_status status =
        unroll_log_open_before(path, header, last_step, last_step == 0 ? "" : NULL, out);
    unroll_free(path);
    return status;
}

unroll_status unroll_recorder_sync(unroll_recorder *r)
{
    const unroll_status status = unroll_log_sync(r->distance);
    const unroll_status other = unroll_log_sync(r->histogram);
    return status == UNROLL_OK ? other : status;
}

unroll_status unroll_recorder_open(unroll_recorder *r, const unroll_run *run, uint64_t last_step)
{
    char *folder = unroll_run_path(run, "gradient");
    unroll_status status = folder ? unroll_make_directory(folder) : UNROLL_EMEMORY;
    unroll_free(folder);
    if (status == UNROLL_OK)
        status =
            open_log(run, "gradient/distance.csv", UNROLL_DISTANCE_HEADER, last_step, &r->distance);
    if (status == UNROLL_OK)
        status = open_log(run, "gradient/histogram.csv", UNROLL_HISTOGRAM_HEADER, last_step,
                          &r->histogram);
    return status;
}

/* A text is watched in its validation part, or where that is too short in its training part. */
static unroll_status watch_text(const unroll_session *s, size_t threads, unroll_gradient_monitor **out)
{
    const unroll_config *c = s->config;
    const unroll_gradient_monitor_options o = {
        .size = sizeof o,
        .steps = (size_t)c->seq_length,
        .threads = threads,
        .distances = c->grad_distance ? (size_t)c->grad_distance + 1 : 0};
    const unroll_part *part = unroll_corpus_part(s->corpus, UNROLL_VALID);
    if (part->count < unroll_gradient_monitor_tokens(&o))
        part = unroll_corpus_part(s->corpus, UNROLL_TRAIN);
    return unroll_gradient_monitor_new_span(s->model->net, part->ids, part->count, &o, out);
}

static unroll_status watch_sequences(const unroll_session *s, size_t threads,
                                     unroll_gradient_monitor **out)
{
    unroll_gradient_monitor_options o = {.size = sizeof o, .threads = threads};
    unroll_batch batch;
    UNROLL_TRY(unroll_recorder_sequences(s, &batch, &o.rows));
    return unroll_gradient_monitor_new(s->model->net, &batch, &o, out);
}

unroll_status unroll_recorder_new(const unroll_session *s, size_t threads, unroll_recorder **out)
{
    unroll_recorder *r = unroll_alloc(1, sizeof *r);
    if (!r)
        return UNROLL_EMEMORY;
    const unroll_status status =
        s->corpus ? watch_text(s, threads, &r->monitor) : watch_sequences(s, threads, &r->monitor);
    if (status == UNROLL_OK)
        *out = r;
    else
        unroll_recorder_free(r);
    return status;
}

static unroll_status log_rows(unroll_recorder *r, unroll_log *log, unroll_buffer *rows)
{
    unroll_status status = rows->failed ? UNROLL_EMEMORY : UNROLL_OK;
    if (rows->failed) {
        r->lost = status;
    } else if (rows->length > 0) {
        rows->text[rows->length - 1] = '\0'; /* the log ends the last row itself */
        status = unroll_log_row(log, rows->text);
    }
    unroll_free(rows->text);
    return status;
}

unroll_status unroll_recorder_take(unroll_recorder *r, uint64_t step)
{
    const double start = unroll_seconds();
    unroll_buffer distance = {0}, histogram = {0};
    unroll_status status = unroll_gradient_monitor_take(r->monitor);
    if (status == UNROLL_OK) {
        r->taken = true;
        unroll_curve_csv_rows(&distance, step, unroll_gradient_monitor_curve(r->monitor));
        unroll_histogram_csv_rows(&histogram, step, unroll_gradient_monitor_histograms(r->monitor));
        status = log_rows(r, r->distance, &distance);
        const unroll_status other = log_rows(r, r->histogram, &histogram);
        status = status == UNROLL_OK ? other : status;
    } else if (status != UNROLL_ENUMERIC) { /* that there is nothing to measure is told, and no loss */
        r->lost = status;
    }
    r->seconds += unroll_seconds() - start;
    r->records++;
    return status;
}

const char *unroll_recorder_horizon(const unroll_recorder *r, char buffer[48])
{
    const unroll_fit *f = unroll_gradient_monitor_fit(r->monitor);
    buffer[0] = '\0';
    if (!r->taken || (isnan(f->slope) && f->horizon == SIZE_MAX))
        return buffer;
    if (f->horizon == SIZE_MAX)
        snprintf(buffer, 48, "horizon beyond %zu",
                 unroll_curve_distances(unroll_gradient_monitor_curve(r->monitor)) - 1);
    else
        snprintf(buffer, 48, "horizon %zu", f->horizon);
    return buffer;
}

const char *unroll_recorder_precision(const unroll_recorder *r)
{
    return unroll_gradient_monitor_precision(r->monitor);
}

double unroll_recorder_seconds(const unroll_recorder *r, uint64_t *records)
{
    *records = r->records;
    return r->seconds;
}

unroll_status unroll_recorder_free(unroll_recorder *r)
{
    if (!r)
        return UNROLL_OK;
    unroll_status status = unroll_log_close(r->distance);
    const unroll_status other = unroll_log_close(r->histogram);
    status = status == UNROLL_OK ? other : status;
    if (status == UNROLL_OK && r->lost != UNROLL_OK)
        status = unroll_fail(r->lost, "records of gradients are lost; there was not enough memory");
    unroll_gradient_monitor_free(r->monitor);
    unroll_free(r);
    return status;
}
