#ifndef UNROLL_SESSION_SESSION_H
#define UNROLL_SESSION_SESSION_H
#include "base/option.h"
#include "store/checkpoint.h"
#include "store/model.h"
#include "task/task.h"

/* A task and a model by a config's options: what training and probing begin with. */
typedef struct unroll_session {
    unroll_config *config;    /**< the caller's; batch and seq_length may have shrunk */
    /** Was this option given? NULL: all that are not at their defaults were. */
    bool (*was_given)(const void *arg, const unroll_option *option);
    const void *was_given_arg;
    bool user_T, user_B;      /**< --seq-length, --batch were given */
    bool own_tokens;          /**< --tokens was not: a toy language is read as it is meant to be */
    bool keep_text;           /**< pairs keep their sentences, for scores */
    unroll_corpus *corpus;    /**< NULL for a task without a text */
    unroll_pairs *pairs;      /**< of a translation, else NULL */
    unroll_task task;
    bool has_task;
    unroll_model *model;
    uint64_t fingerprint;     /**< of the corpus or the pairs; 0 without one */
} unroll_session;

/** Open the data and make the model. Zero-initialise, set config, user_T, user_B; unroll_session_close() in any case.
 *  @param files       texts or pairs; none: config->corpus, else the corpus that ships with the program, for
 *                     a translation the toy pairs
 *  @param checkpoint  NULL, or whose model goes on
 *  @param note        told what the user should know: one line, no newline
 *  @return as unroll_corpus_read(), unroll_model_new(); UNROLL_EMEMORY where the model cannot fit
 *          this machine, before any text is read, or its training cannot; UNROLL_EMISMATCH where
 *          options deny the model of --init-from */
unroll_status unroll_session_open(unroll_session *s, char *const *files, size_t count,
                           const unroll_checkpoint *checkpoint,
                           void (*note)(void *arg, const char *text), void *arg);
void unroll_session_close(unroll_session *s);

/** Bytes that training will take, about. */
double unroll_session_bytes(const unroll_session *s);
#endif
