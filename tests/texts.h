#ifndef TESTS_TEXTS_H
#define TESTS_TEXTS_H
#include "data/pairs.h"
#include "data/text.h"

/* Texts in memory, and what is read from them; where that fails, the calling test does. */

/** The default rules, but for what a token is. */
unroll_text_rules rules_for(enum unroll_tokens tokens);

/** A vocabulary of `length` bytes, and their numbers, added to *ids. */
unroll_vocabulary *vocabulary_of(const unroll_text_rules *rules, const char *text, size_t length,
                                 unroll_ids *ids);

extern char notes[4096];                     /**< what take_note() was told, a line each */
void take_note(void *arg, const char *text); /**< for the options' `note` */

/** All pairs are for training; what there is to note is added to `notes`, which this clears. */
unroll_pairs_options pair_options(enum unroll_tokens tokens);
unroll_pairs *pairs_of(const unroll_pairs_options *o, const char *text);

/** The text of `count` pairs of few sources, so that many come several times; free(). */
char *many_pairs(size_t count, uint64_t seed);
#endif
