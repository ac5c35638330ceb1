#ifndef UNROLL_SCORE_SCORE_PAIRS_H
#define UNROLL_SCORE_SCORE_PAIRS_H
#include "data/pairs.h"
#include "decode/translator_pool.h"
#include "score/translation_scores.h"

/** Whom to tell how far it is. */
typedef struct unroll_score_progress {
    void (*report)(void *arg, size_t done, size_t count);
    void *arg;
} unroll_score_progress;

/** Translate a part of the pairs, which must have kept their texts, and score it.
 *  @param most      pairs, evenly from the part; SIZE_MAX: all
 *  @param progress  NULL, or called now and then with how many of them are translated
 *  @return as unroll_translator_pool_new() and unroll_translator_pool_translate() */
unroll_status unroll_score_pairs(unroll_model *model, const unroll_pairs *pairs,
                                 enum unroll_split split, size_t most,
                                 const unroll_translator_pool_options *options, size_t threads,
                                 const unroll_score_progress *progress,
                                 unroll_translation_scores *out);
#endif
