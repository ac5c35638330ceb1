#ifndef UNROLL_DATA_PAIRS_H
#define UNROLL_DATA_PAIRS_H
#include <unroll/task.h>
#include <unroll/translate.h>
#include <unroll/vocabulary.h>

/* Pairs of sentences, to learn a translation from. */

/** Ids that both vocabularies of a translation begin with. No text can produce them. */
enum {
    UNROLL_ID_UNKNOWN, /**< "<unk>" */
    UNROLL_ID_BEGIN,   /**< "<s>", what a decoder reads first */
    UNROLL_ID_END,     /**< "</s>", what ends a source and a target */
    UNROLL_ID_FIRST    /**< of the tokens */
};

enum unroll_side { UNROLL_SOURCE, UNROLL_TARGET, UNROLL_SIDES };

/** How texts become pairs. Start from unroll_pairs_options_default(). */
typedef struct unroll_pairs_options {
    unroll_text_rules rules; /**< of both sides */
    /** Number with these, whose rules then count; they must outlive the pairs. NULL: build them over
     *  the training pairs. Both or none. */
    const unroll_vocabulary *vocabulary[UNROLL_SIDES];
    double split[3];    /**< shares of training, validation, test; the rest is left out */
    bool swap;          /**< the first column is the target */
    bool skip_bad;      /**< leave bad lines out and count them */
    bool keep_text;     /**< unroll_pair.text, for scores */
    size_t max_length;  /**< tokens of a side; 0: no bound */
    uint64_t max_input; /**< bytes of a file after inflation; 0: no bound */
    /** Told what the user should know: one line, no newline at its end. May be NULL. */
    void (*note)(void *arg, const char *text);
    void *arg;
} unroll_pairs_options;

void unroll_pairs_options_default(unroll_pairs_options *options);

/** One pair; all it points to is owned by the unroll_pairs. By enum unroll_side. */
typedef struct unroll_pair {
    const uint32_t *id[UNROLL_SIDES]; /**< the tokens, then UNROLL_ID_END */
    size_t length[UNROLL_SIDES];      /**< with it: at least 2 */
    const char *text[UNROLL_SIDES];   /**< by the rules, no NUL behind; NULL without keep_text */
    size_t bytes[UNROLL_SIDES];       /**< of the text */
} unroll_pair;

typedef struct unroll_pairs_part {
    const unroll_pair *pair;
    size_t count;
    size_t longest[UNROLL_SIDES]; /**< greatest unroll_pair.length */
} unroll_pairs_part;

typedef struct unroll_pairs unroll_pairs;

/** Read TSV as Tatoeba and Anki export it: source, tab, target; further columns are ignored. CR at line
 *  ends, a BOM, and blanks around a side are stripped. A hash of its source, as the rules normalise it,
 *  decides on a pair's part, so that no source stands on both sides of a split.
 *  @param files        "-" and gzip are fine
 *  @param valid, test  files of their own, or NULL; their shares of the split then belong to training
 *  @return UNROLL_EDATA "FILE:LINE: …" for a line without a tab, with an empty side or with more than
 *          max_length tokens, unless skip_bad; for no training pair at all, and as
 *          unroll_vocabulary_build() and _encode(); UNROLL_EUSAGE for shares that make no split;
 *          UNROLL_ENOINPUT */
unroll_status unroll_pairs_read(const unroll_pairs_options *options, const char *const *files,
                                size_t count, const char *valid, const char *test,
                                unroll_pairs **out);

/** The same from TSV in memory. @param name  what messages call it */
unroll_status unroll_pairs_from_text(const unroll_pairs_options *options, const char *name,
                                     const char *text, size_t length, unroll_pairs **out);
void unroll_pairs_free(unroll_pairs *pairs);

/** In the order of the files. */
const unroll_pairs_part *unroll_pairs_get_part(const unroll_pairs *pairs, enum unroll_split split);
const unroll_vocabulary *unroll_pairs_vocabulary(const unroll_pairs *pairs, enum unroll_side side);
/** The vocabulary as the caller's own; NULL where it was the caller's already. It must outlive the
 *  pairs. */
unroll_vocabulary *unroll_pairs_take_vocabulary(unroll_pairs *pairs, enum unroll_side side);
/** What messages call them: their only file's name, or "the pairs". */
const char *unroll_pairs_name(const unroll_pairs *pairs);
size_t unroll_pairs_bad(const unroll_pairs *pairs); /**< lines that skip_bad left out */
size_t unroll_pairs_tokens(const unroll_pairs *pairs, enum unroll_side side);  /**< of all parts */
size_t unroll_pairs_unknown(const unroll_pairs *pairs, enum unroll_side side); /**< that are <unk> */
/** Equal for equal tokens and parts: resume compares it. */
uint64_t unroll_pairs_fingerprint(const unroll_pairs *pairs);

/** Does it begin with the three special tokens? */
bool unroll_pairs_fits(const unroll_vocabulary *v);

/** Number one source line (no newline at its end) with a model's source vocabulary and its rules.
 *  @param name  what messages call the text
 *  @param out   zero before; unroll_source_free() in any case
 *  @return UNROLL_EDATA for text that is not UTF-8, unless the rules replace it; UNROLL_EMEMORY */
unroll_status unroll_source_encode(const unroll_vocabulary *v, const char *name, const char *line,
                                   size_t length, bool reverse, unroll_source *out);
void unroll_source_free(unroll_source *source);
/** The place with the largest weight, the end left out unless there is nothing else.
 *  @param weight  [source->length] of attention */
size_t unroll_source_pointed_at(const unroll_source *source, const unroll_real *weight);

/** Target ids as text, up to the first UNROLL_ID_END, joined by the vocabulary's glue.
 *  @param source, from  from[i] is the place in the source whose token stands for id[i] where that is
 *                       <unk>; NULL: "<unk>" is written
 *  @param text          with a NUL behind, freed by unroll_free() */
unroll_status unroll_target_text(const unroll_vocabulary *v, const uint32_t *id, size_t count,
                                 const unroll_source *source, const size_t *from, char **text,
                                 size_t *length);
#endif
