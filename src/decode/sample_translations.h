#ifndef UNROLL_DECODE_SAMPLE_TRANSLATIONS_H
#define UNROLL_DECODE_SAMPLE_TRANSLATIONS_H
#include "base/buffer.h"
#include "session/session.h"

/* Held-out sentences as the model translates them while it learns: samples/STEP.txt. */

typedef struct unroll_sample_translations unroll_sample_translations;

/** A few sentences of the validation part, or of the training part where that is empty, of growing
 *  length.
 *  @param s  of a translation; must outlive it
 *  @return UNROLL_EMEMORY */
unroll_status unroll_sample_translations_new(const unroll_session *s,
                                             unroll_sample_translations **out);
void unroll_sample_translations_free(unroll_sample_translations *t);

/** Translate them with the weights as they are. Each is three lines: source, what it should become,
 *  what the model makes of it; then an empty line.
 *  @param text  appended to
 *  @param last  where the longest one's three lines begin in `text`
 *  @return UNROLL_EMEMORY */
unroll_status unroll_sample_translations_write(unroll_sample_translations *t, unroll_buffer *text,
                                               size_t *last);
#endif
