#include "score/chrf.h"

#include "base/fail.h"
#include "base/memory.h"
#include "score/ngrams.h"

/* All characters but blanks; [*count + 1], the last of length 0. */
static unroll_symbol *characters(const char *text, size_t length, size_t *count)
{
    unroll_symbol *symbol = unroll_alloc(length + 1, sizeof *symbol);
    *count = 0;
    for (size_t i = 0, size; i < length && symbol; i += size) {
        bool space;
        size = unroll_ngrams_character(text + i, length - i, &space);
        if (!space)
            symbol[(*count)++] = (unroll_symbol){text + i, size};
    }
    return symbol;
}

unroll_status unroll_chrf_add(unroll_chrf *chrf, const char *text, size_t length,
                              const char *reference, size_t reference_length)
{
    size_t a_count, b_count;
    uint64_t match[UNROLL_CHRF_ORDER];
    unroll_symbol *a = characters(text, length, &a_count);
    unroll_symbol *b = characters(reference, reference_length, &b_count);
    unroll_status status = a && b ? UNROLL_OK : UNROLL_EMEMORY;
    if (!status)
        status = unroll_ngrams_match(a, a_count, b, b_count, UNROLL_CHRF_ORDER, match);
    for (size_t n = 1; n <= UNROLL_CHRF_ORDER && !status; n++) {
        const uint64_t there = unroll_ngrams_count(b_count, n);
        /* sacrebleu leaves out what a reference is too short for */
        chrf->total[n - 1] += there ? unroll_ngrams_count(a_count, n) : 0;
        chrf->reference[n - 1] += there;
        chrf->match[n - 1] += match[n - 1];
    }
    unroll_free(a);
    unroll_free(b);
    return status;
}

void unroll_chrf_join(unroll_chrf *chrf, const unroll_chrf *part)
{
    for (size_t n = 0; n < UNROLL_CHRF_ORDER; n++) {
        chrf->total[n] += part->total[n];
        chrf->reference[n] += part->reference[n];
        chrf->match[n] += part->match[n];
    }
}

double unroll_chrf_score(const unroll_chrf *chrf)
{
    const double beta = 2, factor = beta * beta;
    double precision = 0, recall = 0, orders = 0;
    for (size_t n = 0; n < UNROLL_CHRF_ORDER; n++) {
        if (!chrf->total[n] || !chrf->reference[n])
            continue;
        precision += (double)chrf->match[n] / (double)chrf->total[n];
        recall += (double)chrf->match[n] / (double)chrf->reference[n];
        orders++;
    }
    if (precision + recall == 0)
        return 0;
    precision /= orders;
    recall /= orders;
    return 100 * (1 + factor) * precision * recall / (factor * precision + recall);
}
