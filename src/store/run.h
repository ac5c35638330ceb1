#ifndef UNROLL_STORE_RUN_H
#define UNROLL_STORE_RUN_H
#include <stdbool.h>
#include <unroll/model.h>

#include "store/run_directory.h"

/** A run directory, held by this process. */
typedef struct unroll_run unroll_run;

/** Take hold of a directory. A lock in it goes with this process, however it ends. Temporaries
 *  that a killed one left are removed.
 *  @return UNROLL_ECREATE where it is not empty (NEW), holds what is no run (FORCE), or cannot be
 *          made or written, UNROLL_EBUSY naming who holds it, UNROLL_ENOINPUT (RESUME) where
 *          there is no run; nothing is then touched */
unroll_status unroll_run_open(const char *directory, enum unroll_run_mode mode, unroll_run **out);

/** Remove what an old run made; other files stay. Only when nothing can refuse the new one any more.
 *  @return UNROLL_ECREATE, UNROLL_EMEMORY */
unroll_status unroll_run_clear(const unroll_run *run);

/** Let it go; a new directory into which nothing was written goes. NULL is fine.
 *  @return UNROLL_EIO where a save or a row of metrics.csv is still owed after all tries, UNROLL_EMEMORY where there was
 *          no memory for the last save or for a row */
unroll_status unroll_run_close(unroll_run *run);

/** DIRECTORY/name, freed by unroll_free(); NULL with a message. */
char *unroll_run_path(const unroll_run *run, const char *name);

/** Write config.json: every option as resolved, and the version. */
unroll_status unroll_run_config(unroll_run *run, const unroll_config *config);
/** Read it back. @return UNROLL_EDATA naming the fault */
unroll_status unroll_run_read_config(const unroll_run *run, unroll_config *config);

/** Begin metrics.csv, or go on with it: rows after `last_step` (0: of a new run) are cut off, and
 *  the test row of that step, which is written after its checkpoint.
 *  @param nats  losses are in nats: bits_per_token applies */
unroll_status unroll_run_metrics(unroll_run *run, uint64_t last_step, bool nats);
unroll_status unroll_run_step(unroll_run *run, const unroll_progress *progress);
unroll_status unroll_run_evaluated(unroll_run *run, const unroll_evaluation *evaluation);

/** Its rows outlive a power cut, as unroll_log_sync(): before a checkpoint is saved. */
unroll_status unroll_run_sync(unroll_run *run);

/** samples/STEP.txt @return also UNROLL_ENOINPUT where samples/ is no directory of ours */
unroll_status unroll_run_sample(unroll_run *run, uint64_t step, const char *text, size_t length);

/** Make room for weights of this model, so that unroll_run_save_model() keeps them whatever happens.
 *  @return UNROLL_EMEMORY */
unroll_status unroll_run_reserve(unroll_run *run, const unroll_model *model);
/** The best weights so far, as model.safetensors; or a checkpoint, as unroll_checkpoint_save().
 *  Where either fails, training may go on: what was saved before is still there. Save again at
 *  the next interval; unroll_run_close() tells whether the last try of each went well. Weights that
 *  could not be written are kept: `model` stays until the run is closed, its weights need not. */
unroll_status unroll_run_save_model(unroll_run *run, const unroll_model *model);
/** Another try at what is kept; UNROLL_OK where nothing is. */
unroll_status unroll_run_save_owed(unroll_run *run);
/** Is model.safetensors there, and is it the last that was to be saved? */
bool unroll_run_has_model(const unroll_run *run);
unroll_status unroll_run_save_checkpoint(unroll_run *run, const unroll_model *model,
                                         const unroll_config *config, unroll_trainer *trainer,
                                         uint64_t corpus);
#endif
