#ifndef UNROLL_DECODE_TRANSLATOR_POOL_H
#define UNROLL_DECODE_TRANSLATOR_POOL_H
#include <unroll/translate.h>

#include "base/option.h"

/* Translators on several threads, for lines side by side. */

/** One line, and what it became. The name and the text are the caller's. */
typedef struct unroll_translation_line {
    const char *name; /**< what messages call it */
    const char *text;
    size_t length;
    unroll_translations result; /**< freed by the caller */
    unroll_status status;
    char *message; /**< the thread's, where status is no success; NULL: no memory for it */
} unroll_translation_line;

typedef struct unroll_translator_pool unroll_translator_pool;

/** @param threads  0: one for each core
 *  @return as unroll_translator_new() */
unroll_status unroll_translator_pool_new(const unroll_model *model,
                                         const unroll_translator_options *options, size_t threads,
                                         unroll_translator_pool **out);
void unroll_translator_pool_free(unroll_translator_pool *c);
size_t unroll_translator_pool_size(const unroll_translator_pool *c);

/** Translate all lines. What comes of a line does not depend on the threads.
 *  @return the first line's failure, with its message */
unroll_status unroll_translator_pool_translate(unroll_translator_pool *c,
                                               unroll_translation_line *line, size_t count);
void unroll_translation_line_clear(unroll_translation_line *line);

/** The options of how a translation is found: --beam and its kin. */
typedef struct unroll_translator_pool_options {
    uint64_t beam, max_length;
    double length_penalty;
    int unknown; /**< enum unroll_unknown */
} unroll_translator_pool_options;
enum { UNROLL_TRANSLATOR_POOL_OPTIONS_COUNT = 4 };
extern const unroll_option unroll_translator_pool_rows[UNROLL_TRANSLATOR_POOL_OPTIONS_COUNT];
#endif
