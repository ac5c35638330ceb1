#ifndef UNROLL_SESSION_RECORDER_H
#define UNROLL_SESSION_RECORDER_H
#include <unroll/probe.h>

#include "session/session.h"
#include "store/run.h"

/* --grad-every: gradients recorded while a model trains, always on the same held-out windows,
 * before clipping. A workspace and a batch of its own: not one bit of the training changes. */

typedef struct unroll_recorder unroll_recorder;

/** What is watched of a synthetic task, or of pairs as below.
 *  @param batch  owned by the task, until its next
 *  @param rows   the first ones of the batch
 *  @return UNROLL_EDATA where there are no pairs for validation */
unroll_status unroll_recorder_sequences(const unroll_session *s, unroll_batch *batch, size_t *rows);

/** Choose what to watch. Texts: windows of the validation part, or where that is too short the training part, as
 *  unroll_gradient_monitor_new_tokens() takes them for --seq-length and --grad-distance. Tasks: sequences of their
 *  validation, the last loss of each. Translations: pairs from the middle of the validation part by length, the last
 *  loss of each. @return UNROLL_EDATA, UNROLL_EMEMORY; freed by unroll_recorder_free() */
unroll_status unroll_recorder_new(const unroll_session *s, size_t threads, unroll_recorder **out);
/** Begin gradient/distance.csv and gradient/histogram.csv in the run directory, or go on with
 *  them: rows after `last_step` are cut, and those of step 0 where that is it. @return UNROLL_ECREATE, UNROLL_EIO, UNROLL_EMEMORY */
unroll_status unroll_recorder_open(unroll_recorder *r, const unroll_run *run, uint64_t last_step);
/** Probe the model as it is now. @return UNROLL_EIO where a row could not be written yet, as
 *  unroll_log_row(); UNROLL_ENUMERIC where the model has diverged; training may go on after
 *  either */
unroll_status unroll_recorder_take(unroll_recorder *r, uint64_t step);
/** Its rows outlive a power cut, as unroll_log_sync(): before a checkpoint is saved. */
unroll_status unroll_recorder_sync(unroll_recorder *r);
/** "horizon 54", "horizon beyond 49"; "" before the first record. */
const char *unroll_recorder_horizon(const unroll_recorder *r, char buffer[48]);
/** What gradients are measured in, as unroll_probe_precision(). */
const char *unroll_recorder_precision(const unroll_recorder *r);
/** Seconds spent and records taken. */
double unroll_recorder_seconds(const unroll_recorder *r, uint64_t *records);
/** UNROLL_EIO where rows are still owed, UNROLL_EMEMORY where records or rows are lost for want of memory. NULL is fine. */
unroll_status unroll_recorder_free(unroll_recorder *r);
#endif
