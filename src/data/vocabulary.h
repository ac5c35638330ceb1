#ifndef UNROLL_DATA_VOCABULARY_H
#define UNROLL_DATA_VOCABULARY_H
#include <unroll/vocabulary.h>

#include "data/text.h"

/* unroll_vocabulary_build() in its three steps, for a corpus of several texts. Until it is
 * settled a vocabulary numbers tokens as they come, and is good for nothing but to learn more. */

unroll_status unroll_vocabulary_begin(const unroll_text_rules *rules, unroll_vocabulary **out);

/** Let it begin with <unk>, <s> and </s>, ids 0 to 2, once it is settled; rare and unseen tokens are
 *  <unk>. */
void unroll_vocabulary_specials(unroll_vocabulary *v);

/** Cut a text and append its tokens' provisional ids. */
unroll_status unroll_vocabulary_learn(unroll_vocabulary *v, const char *name, const char *text,
                                      size_t length, unroll_ids *ids);

/** The same, and unroll_vocabulary_encode(), of a text that unroll_text_prepare() has seen. */
unroll_status unroll_vocabulary_learn_text(unroll_vocabulary *v, const unroll_text *text,
                                           unroll_ids *ids);
unroll_status unroll_vocabulary_encode_text(const unroll_vocabulary *v, const char *name,
                                            const unroll_text *text, unroll_ids *ids);

/** Make sure that this token is in the vocabulary, however rare. */
unroll_status unroll_vocabulary_keep(unroll_vocabulary *v, const char *token);

/** Drop rare tokens, put the others in order and rewrite the ids that were given out: all that it learned. */
unroll_status unroll_vocabulary_settle(unroll_vocabulary *v, unroll_ids *ids);
/** The same, and leave the rewriting to the caller.
 *  @param map      takes the new id of each old one, freed by unroll_free(); NULL where none changes
 *  @param dropped  takes how many of the tokens that were read became <unk> */
unroll_status unroll_vocabulary_settle_map(unroll_vocabulary *v, uint32_t **map, uint64_t *dropped);

/** Make room for `more` ids. */
unroll_status unroll_ids_reserve(unroll_ids *ids, size_t more);
#endif
