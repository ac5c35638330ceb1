#ifndef UNROLL_SESSION_SESSION_H
#define UNROLL_SESSION_SESSION_H
#include "base/option.h"
#include "store/checkpoint.h"
#include "store/model.h"
#include "task/task.h"

/** A task and a model by a config's options: what training and probing begin with. Zero-initialise and set
 *  the first group; unroll_session_open() makes the second. */
typedef struct unroll_session {
    unroll_config *config; /**< the caller's; batch, seq_length, tokens, corpus and what --init-from
                                   says are brought up to date */
    /** Was this option asked for? What was not gives way: a batch or a window to the data, the kind of
     *  tokens to a toy language, rules of tokens to the model of --init-from. NULL:
     *  unroll_session_changed(). */
    bool (*was_given)(const void *arg, const unroll_option *option);
    const void *was_given_arg;
    /** Told what the user should know: one line, no newline. May be NULL. */
    void (*note)(void *arg, const char *text);
    void *note_arg;
    const char *text; /**< [length] a text, or pairs as TSV, instead of files; NULL: none */
    size_t length;
    bool keep_text; /**< pairs keep their sentences, for scores */

    unroll_corpus *corpus; /**< NULL for a task without a text */
    unroll_pairs *pairs;   /**< of a translation, else NULL */
    unroll_task task;
    bool has_task;
    unroll_model *model;
    uint64_t fingerprint; /**< of the corpus or the pairs; 0 without one */
} unroll_session;

/** Has an option another value than its default? */
bool unroll_session_changed(const unroll_config *config, const unroll_option *option);

/** Open the data and make the model; unroll_session_close() in any case.
 *  @param files       texts or pairs; none: config->corpus, else the corpus that ships with the program, for
 *                     a translation the toy pairs
 *  @param checkpoint  NULL, or whose model goes on
 *  @return as unroll_corpus_read(), unroll_model_create(); UNROLL_EMEMORY where the model cannot fit
 *          this machine, before any text is read, or its training cannot; UNROLL_EMISMATCH where
 *          options deny the model of --init-from */
unroll_status unroll_session_open(unroll_session *s, char *const *files, size_t count,
                                  const unroll_checkpoint *checkpoint);
void unroll_session_close(unroll_session *s);

/** Bytes that training will take, about. */
double unroll_session_bytes(const unroll_session *s);
#endif
