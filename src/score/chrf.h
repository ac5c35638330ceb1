#ifndef UNROLL_SCORE_CHRF_H
#define UNROLL_SCORE_CHRF_H
#include <stddef.h>
#include <stdint.h>
#include <unroll/status.h>
#include <unroll/version.h>

/* Corpus chrF2 (Popović 2015), as sacrebleu 2 measures it by default: character n-grams up to 6
 * without blanks, recall counted twice. */

enum { UNROLL_CHRF_ORDER = 6 };

/** Sums over a corpus, or over a part of it. Zero-initialise; sums of parts may be added. */
typedef struct unroll_chrf {
    uint64_t total[UNROLL_CHRF_ORDER]; /**< the translation's n-grams */
    uint64_t reference[UNROLL_CHRF_ORDER];
    uint64_t match[UNROLL_CHRF_ORDER];
} unroll_chrf;

#define UNROLL_CHRF_SIGNATURE \
    "nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:unroll-" UNROLL_VERSION

/** Add a translation and its reference, UTF-8. @return UNROLL_EMEMORY */
unroll_status unroll_chrf_add(unroll_chrf *chrf, const char *text, size_t length,
                              const char *reference, size_t reference_length);
void unroll_chrf_join(unroll_chrf *chrf, const unroll_chrf *part);

/** 0 to 100: F of the precision and the recall, each a mean over the orders that both sides have. */
double unroll_chrf_score(const unroll_chrf *chrf);
#endif
