#ifndef UNROLL_DECODE_SAMPLE_TRANSLATIONS_H
#define UNROLL_DECODE_SAMPLE_TRANSLATIONS_H
#include "session/session.h"

/* Held-out sentences as the model translates them while it learns: samples/STEP.txt. */

typedef struct unroll_sample_translations unroll_sample_translations;

/** A few sentences of the validation part, or of the training part where that is empty, of growing
 *  length.
 *  @param s  of a translation; must outlive it
 *  @return UNROLL_EMEMORY */
unroll_status unroll_sample_translations_new(const unroll_session *s, unroll_sample_translations **out);
void unroll_sample_translations_free(unroll_sample_translations *t);

/** Translate them with the weights as they are. Each is three lines: source, what it should become,
 *  what the model makes of it; then an empty line.
 *  @param last    NULL, or where the longest one's three lines begin in *text
 *  @param text    with a NUL behind, freed by unroll_free() */
unroll_status unroll_sample_translations_write(unroll_sample_translations *t, char **text, size_t *length, size_t *last);
#endif
