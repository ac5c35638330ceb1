#ifndef UNROLL_CLI_CREW_H
#define UNROLL_CLI_CREW_H
#include "base/option.h"
#include "store/translator.h"

/* Translators on several threads, for lines side by side. */

/** One line, and what it became. The name and the text are the caller's. */
typedef struct crew_line {
    const char *name;   /**< what messages call it */
    const char *text;
    size_t length;
    unroll_translations result; /**< freed by the caller */
    unroll_status status;
    char *message;      /**< the thread's, where status is no success; NULL: no memory for it */
} crew_line;

typedef struct crew crew;

/** @param threads  0: one for each core
 *  @return as unroll_translator_new() */
unroll_status crew_new(unroll_model *model, const unroll_translator_options *options, size_t threads,
                       crew **out);
void crew_free(crew *c);
size_t crew_size(const crew *c);

/** Translate all lines. What comes of a line does not depend on the threads.
 *  @return the first line's failure, with its message */
unroll_status crew_run(crew *c, crew_line *line, size_t count);
void crew_line_clear(crew_line *line);

/** The options of how a translation is found: --beam and its kin. */
typedef struct crew_options {
    uint64_t beam, max_length;
    double length_penalty;
    int unknown;        /**< enum unroll_unknown */
} crew_options;
enum { CREW_OPTIONS_COUNT = 4 };
extern const unroll_option crew_rows[CREW_OPTIONS_COUNT];
#endif
