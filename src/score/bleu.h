#ifndef UNROLL_SCORE_BLEU_H
#define UNROLL_SCORE_BLEU_H
#include <stddef.h>
#include <stdint.h>
#include <unroll/status.h>
#include <unroll/version.h>

/* Corpus BLEU (Papineni et al. 2002) as sacrebleu 2 measures it by default (Post 2018). */

enum { UNROLL_BLEU_ORDER = 4 };

/** Sums over a corpus, or over a part of it. Zero-initialise; sums of parts may be added. */
typedef struct unroll_bleu {
    uint64_t length, reference;          /**< tokens */
    uint64_t correct[UNROLL_BLEU_ORDER]; /**< n-grams that the reference has, too */
    uint64_t total[UNROLL_BLEU_ORDER];
} unroll_bleu;

#define UNROLL_BLEU_SIGNATURE \
    "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:unroll-" UNROLL_VERSION

/** Add a translation and its reference, UTF-8. @return UNROLL_EMEMORY */
unroll_status unroll_bleu_add(unroll_bleu *bleu, const char *text, size_t length,
                              const char *reference, size_t reference_length);
void unroll_bleu_join(unroll_bleu *bleu, const unroll_bleu *part);

/** 0 to 100: BP · exp(mean of ln p_n), BP = exp(1 − reference/length) for a translation that is
 *  shorter; 0 where nothing is right or nothing is as long as 4 tokens. The k-th order in a row without a
 *  match counts 1/2^k (Chen and Cherry 2014, method 3). */
double unroll_bleu_score(const unroll_bleu *bleu);

/** Cut as mteval-v13a does: tokens parted by single blanks; freed by unroll_free().
 *  @return UNROLL_EMEMORY */
unroll_status unroll_bleu_tokens(const char *text, size_t length, char **out, size_t *out_length);
#endif
