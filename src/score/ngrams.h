#ifndef UNROLL_SCORE_NGRAMS_H
#define UNROLL_SCORE_NGRAMS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unroll/status.h>

/* What n-gram scores of translations share. */

/** What n-grams are made of: a word, or a character. */
typedef struct unroll_symbol {
    const char *bytes;
    size_t length; /**< never 0, but in the symbol that ends a sequence */
} unroll_symbol;

enum { UNROLL_NGRAMS_MAX = 6 };

/** Count n-grams that two sequences have in common, each as often as it is in both.
 *  @param a, b   [count + 1], the last of length 0
 *  @param order  longest n-grams, at most UNROLL_NGRAMS_MAX
 *  @param match  [order] by n − 1
 *  @return UNROLL_EMEMORY */
unroll_status unroll_ngrams_match(const unroll_symbol *a, size_t a_count, const unroll_symbol *b,
                                  size_t b_count, size_t order, uint64_t *match);

/** n-grams in a sequence of `count` symbols. */
static inline uint64_t unroll_ngrams_count(size_t count, size_t n)
{
    return count < n ? 0 : count - n + 1;
}

/** The code point at `text`, as bytes: 1 to 4, or 1 where it is no valid UTF-8. *space says whether
 *  Python's str.split() takes it for a blank: sacrebleu cuts with that. */
size_t unroll_ngrams_character(const char *text, size_t length, bool *space);
#endif
