#ifndef UNROLL_STORE_CHECKPOINT_H
#define UNROLL_STORE_CHECKPOINT_H
#include <stdint.h>
#include <unroll/model.h>

#include "store/tensors.h"

/* checkpoint-STEP.safetensors: a model's file with all options that outlive a process in
 * "options", the corpus in "corpus", the step in "step", and the trainer's state as tensors
 * "trainer.NAME". It alone is all that exact resume needs, and it loads as a model, too. */

/** Save everything as DIRECTORY/checkpoint-STEP.safetensors, STEP being the trainer's; then
 *  remove all but the newest `keep` (at least 1) of those up to STEP.
 *  @param config  all options as resolved
 *  @param corpus  unroll_corpus_fingerprint(), 0 for a task without a text
 *  @return when it is not UNROLL_OK, older ones are as they were and no temporary is left */
unroll_status unroll_checkpoint_save(const char *directory, const unroll_model *model,
                                     const unroll_config *config, unroll_trainer *trainer,
                                     uint64_t corpus, uint64_t keep);

typedef struct unroll_checkpoint {
    uint64_t step;
    char *path;
    uint64_t corpus;
    unroll_tensors tensors;
} unroll_checkpoint;

/** The newest checkpoint of a directory that reads without a fault.
 *  @param note  told of each newer one that does not: one line, no newline. May be NULL
 *  @return UNROLL_ENOINPUT where there is none, UNROLL_EDATA where none is sound, UNROLL_EMEMORY */
unroll_status unroll_checkpoint_find(const char *directory, void (*note)(void *arg, const char *text),
                                     void *arg, unroll_checkpoint *out);
void unroll_checkpoint_free(unroll_checkpoint *checkpoint);

/** Set all options as they were. */
unroll_status unroll_checkpoint_options(const unroll_checkpoint *checkpoint, unroll_config *config);
/** Its model, weights as they were. */
unroll_status unroll_checkpoint_model(const unroll_checkpoint *checkpoint, unroll_model **out);
/** UNROLL_EMISMATCH where the corpus is another one. */
unroll_status unroll_checkpoint_corpus(const unroll_checkpoint *checkpoint, uint64_t corpus);
/** Put a trainer, made with the same options on the checkpoint's model, where it was. Nothing is
 *  changed unless all fits. @return UNROLL_EDATA naming the field that does not */
unroll_status unroll_checkpoint_restore(const unroll_checkpoint *checkpoint, unroll_trainer *trainer);

/** The step of a file name "checkpoint-STEP.safetensors"; false for any other. */
bool unroll_checkpoint_step(const char *name, uint64_t *step);
#endif
