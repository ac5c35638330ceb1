#ifndef UNROLL_DECODE_TRANSLATOR_H
#define UNROLL_DECODE_TRANSLATOR_H
#include <unroll/model.h>

#include "data/pairs.h"

/* A translation model at work: a source line in, the best target lines out. */

enum unroll_unknown { UNROLL_UNKNOWN_COPY, UNROLL_UNKNOWN_UNK };

typedef struct unroll_translator_options {
    size_t beam;            /**< width, at least 1: greedy */
    size_t best;            /**< translations of a line, 1 to beam */
    double length_penalty;  /**< α of Wu et al. (2016), see store/beam.h */
    size_t max_length;      /**< tokens of a translation; 0: 2·source + 10 */
    /** <unk>: the source token that attention points at stands for it; without attention the source's
     *  own unknown tokens, in their order. Or "<unk>" is written. */
    enum unroll_unknown unknown;
    bool attention;         /**< keep the weights */
} unroll_translator_options;

typedef struct unroll_translation {
    char *text;             /**< with a NUL behind */
    size_t length;
    uint32_t *id;           /**< [tokens] of the target vocabulary, the end left out */
    size_t tokens;
    bool ended;             /**< false: cut at max_length */
    double log_probability, score;
    /** [tokens + ended][source.length] of unroll_translations; NULL without attention, or where it was
     *  not asked for */
    unroll_real *attention;
} unroll_translation;

/** The best translations of a line, best first. Zero-initialise; unroll_translations_free(). */
typedef struct unroll_translations {
    unroll_source source;   /**< as the encoder read it */
    unroll_translation *list;
    size_t count;           /**< 1 to `best`; an empty source has one empty translation */
} unroll_translations;
void unroll_translations_free(unroll_translations *t);

/** One thread's translator. What a line becomes does not depend on lines before it. */
typedef struct unroll_translator unroll_translator;

/** Is it a translation model? */
bool unroll_model_translates(const unroll_model *model);

/** @param model  must outlive it; only read, so translators on several threads may share it
 *  @return UNROLL_EUSAGE for a model that does not translate, UNROLL_EMEMORY */
unroll_status unroll_translator_new(unroll_model *model, const unroll_translator_options *options,
                                    unroll_translator **out);
void unroll_translator_free(unroll_translator *t);

/** Translate one line (no newline at its end).
 *  @param name  what messages call the text
 *  @return as unroll_source_encode() */
unroll_status unroll_translator_line(unroll_translator *t, const char *name, const char *line,
                                     size_t length, unroll_translations *out);
#endif
