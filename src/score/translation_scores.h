#ifndef UNROLL_SCORE_TRANSLATION_SCORES_H
#define UNROLL_SCORE_TRANSLATION_SCORES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "score/bleu.h"
#include "score/chrf.h"

/* How good translations are, by the length of their source. */

enum { UNROLL_LENGTH_BUCKETS = 12 };

typedef struct unroll_score_sums {
    uint64_t pairs, exact;
    unroll_bleu bleu;
    unroll_chrf chrf;
} unroll_score_sums;

/** Bucket i has the sources of i·width + 1 to (i + 1)·width tokens. */
typedef struct unroll_translation_scores {
    size_t width, count;
    unroll_score_sums bucket[UNROLL_LENGTH_BUCKETS];
    unroll_score_sums all;
} unroll_translation_scores;

/** Set to zero; buckets of 6 tokens, or 12, 24, … where there would be too many.
 *  @param longest  tokens of the longest source */
void unroll_translation_scores_begin(unroll_translation_scores *s, size_t longest);

/** Add a translation and its reference.
 *  @param tokens  of the source, 1 to `longest`
 *  @param exact   whether it is the reference
 *  @return UNROLL_EMEMORY */
unroll_status unroll_translation_scores_add(unroll_translation_scores *s, size_t tokens,
                                            const char *text, size_t length, const char *reference,
                                            size_t reference_length, bool exact);

double unroll_exact_match(const unroll_score_sums *sums); /**< share of pairs; NaN where there are none */

/** DIRECTORY/length.csv: source_min,source_max,pairs,exact_match,bleu,chrf, a row a bucket that has
 *  pairs. @return UNROLL_ECREATE, UNROLL_EIO */
unroll_status unroll_translation_scores_write(const unroll_translation_scores *s,
                                              const char *directory);
#endif
