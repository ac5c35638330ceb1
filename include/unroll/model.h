#ifndef UNROLL_MODEL_H
#define UNROLL_MODEL_H
#include <unroll/config.h>
#include <unroll/net.h>
#include <unroll/train.h>
#include <unroll/vocabulary.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A network with all that its use needs: options, and the vocabulary of what it reads and writes. */
typedef struct unroll_model unroll_model;

/* ---- making one ---- */

/** What a model must know that its network and vocabulary do not tell. */
typedef struct unroll_model_options {
    size_t size;                                /**< sizeof(unroll_model_options) */
    const unroll_vocabulary *source_vocabulary; /**< of a translation: what the encoder reads; copied */
    const char *task; /**< a synthetic task's "NAME:key=value,…", of a network that has no text; else NULL */
    bool lines;          /**< of a text: each line was a sequence of its own, from the zero state */
    bool reverse_source; /**< of a translation: the encoder read sources from their end */
} unroll_model_options;
#define UNROLL_MODEL_OPTIONS_INIT            \
    {                                        \
        .size = sizeof(unroll_model_options) \
    }

/** Make a network a model, which can be saved, and which the program and unroll_model_load() then take. Its options are
 *  those of the network's spec. It may be trained before and after.
 *  @param net         the model's own once this returns UNROLL_OK: unroll_model_free() frees it
 *  @param vocabulary  of the tokens that it writes, copied; with an encoder both vocabularies begin with <unk>, <s> and
 *                     </s>, as those of unroll_task_new_pairs() do. NULL with options->task
 *  @param options     NULL: a text's model
 *  @param out         freed by unroll_model_free()
 *  @return UNROLL_EUSAGE where network, vocabularies and task do not fit each other; UNROLL_EMEMORY */
unroll_status unroll_model_new(unroll_net *net, const unroll_vocabulary *vocabulary,
                               const unroll_model_options *options, unroll_model **out);

/** Train a model in memory, with the config's options; no file is written.
 *  @param config     its task is "char", a text's, or "translate". Batch and seq-length that were left at their
 *                    defaults shrink to what there is to learn from
 *  @param text       [length] bytes: a text, or a pair per line, source, tab, target
 *  @param callbacks  NULL, or what the caller is told meanwhile
 *  @param out        with the weights of the best validation, where there was one; freed by unroll_model_free()
 *  @return as unroll_config_check(), unroll_task_new_text(), unroll_task_new_pairs() and unroll_trainer_train() */
unroll_status unroll_model_train(const unroll_config *config, const char *text, size_t length,
                                 const unroll_callbacks *callbacks, unroll_model **out);

/** Read a model file, or a run directory's model.safetensors, from here or from PyTorch. Everything in it is checked.
 *  @param out  freed by unroll_model_free()
 *  @return UNROLL_ENOINPUT, UNROLL_EDATA naming file and fault, UNROLL_EMEMORY */
unroll_status unroll_model_load(const char *path, unroll_model **out);

/** Write it atomically: when this returns UNROLL_OK the file is on disk, else an old one is as it was.
 *  @return UNROLL_ECREATE, UNROLL_EIO, UNROLL_EMEMORY */
unroll_status unroll_model_save(const unroll_model *model, const char *path);

void unroll_model_free(unroll_model *model); /**< NULL is allowed */

/* ---- what it is made of: all the model's own ---- */

unroll_net *unroll_model_net(unroll_model *model);
/** Of what it writes; NULL for a task without a text. */
const unroll_vocabulary *unroll_model_vocabulary(const unroll_model *model);
/** Of what a translation reads; NULL for any other model. Ids 0 to 2 of both are <unk>, <s> and </s>. */
const unroll_vocabulary *unroll_model_source_vocabulary(const unroll_model *model);
const unroll_config *unroll_model_config(const unroll_model *model);

#ifdef __cplusplus
}
#endif
#endif
