#ifndef UNROLL_DATA_CORPUS_H
#define UNROLL_DATA_CORPUS_H
#include <unroll/task.h>
#include <unroll/vocabulary.h>

#include "base/id_store.h"

/** How texts become a corpus. Start from unroll_corpus_options_default(). */
typedef struct unroll_corpus_options {
    unroll_text_rules rules;
    /** Number with this one, whose rules then count; it must outlive the corpus. NULL: build one
     *  over the whole text, validation and test parts included. */
    const unroll_vocabulary *vocabulary;
    bool lines;         /**< each line is a sequence of its own */
    double split[3];    /**< shares of training, validation, test; the rest is left out */
    uint64_t max_input; /**< bytes of a file after inflation; 0: no bound */
    /** Told what the user should know: one line, no newline at its end. May be NULL. */
    void (*note)(void *arg, const char *text);
    void *arg;
} unroll_corpus_options;

void unroll_corpus_options_default(unroll_corpus_options *options);

/** One part of a corpus. With lines, sequence k is ids[line[k]] … ids[line[k+1]], both of them
 *  newlines (which it shares with its neighbours), and no prediction crosses from one to the
 *  next. */
typedef struct unroll_part {
    unroll_id_span ids;
    size_t count;
    const size_t *line; /**< [lines + 1], or NULL */
    size_t lines;
} unroll_part;

typedef struct unroll_corpus unroll_corpus;

/** Texts one after the other, in order; `valid` and `test` are files of their own, or NULL. Where
 *  one is given, its share of the split belongs to training.
 *  @return UNROLL_EUSAGE for shares below 0 or above 1 in sum; UNROLL_EDATA for an empty corpus,
 *          and as unroll_vocabulary_build() and _encode(); UNROLL_ENOINPUT */
unroll_status unroll_corpus_read(const unroll_corpus_options *options, const char *const *files,
                                 size_t count, const char *valid, const char *test,
                                 unroll_corpus **out);

/** The same from a text in memory. @param name  what messages call it */
unroll_status unroll_corpus_from_text(const unroll_corpus_options *options, const char *name,
                                      const char *text, size_t length, unroll_corpus **out);
void unroll_corpus_free(unroll_corpus *corpus);

/** A part that is too small to predict anything is empty. */
const unroll_part *unroll_corpus_part(const unroll_corpus *corpus, enum unroll_split split);
const unroll_vocabulary *unroll_corpus_vocabulary(const unroll_corpus *corpus);
/** The vocabulary as the caller's own; the corpus goes on reading it, so it must live as long. */
unroll_vocabulary *unroll_corpus_take_vocabulary(unroll_corpus *corpus);
/** What messages call it: its only file's name, or "the corpus". */
const char *unroll_corpus_name(const unroll_corpus *corpus);
size_t unroll_corpus_tokens(const unroll_corpus *corpus);  /**< of all texts */
size_t unroll_corpus_unknown(const unroll_corpus *corpus); /**< those of them that are <unk> */
/** Equal for equal tokens, parts and lines: resume compares it. */
uint64_t unroll_corpus_fingerprint(const unroll_corpus *corpus);
#endif
