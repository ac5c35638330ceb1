#include "score/translation_scores.h"

#include <math.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/output.h"
#include "base/path.h"

void unroll_translation_scores_begin(unroll_translation_scores *s, size_t longest)
{
    *s = (unroll_translation_scores){.width = 6};
    while ((longest - (longest > 0)) / s->width >= UNROLL_LENGTH_BUCKETS)
        s->width *= 2;
    s->count = (longest - (longest > 0)) / s->width + 1;
}

unroll_status unroll_translation_scores_add(unroll_translation_scores *s, size_t tokens,
                                            const char *text, size_t length, const char *reference,
                                            size_t reference_length, bool exact)
{
    unroll_score_sums one = {.pairs = 1, .exact = exact};
    UNROLL_TRY(unroll_bleu_add(&one.bleu, text, length, reference, reference_length));
    UNROLL_TRY(unroll_chrf_add(&one.chrf, text, length, reference, reference_length));
    const size_t place = (tokens - (tokens > 0)) / s->width;
    unroll_score_sums *const to[] = {&s->all, &s->bucket[place < s->count ? place : s->count - 1]};
    for (size_t i = 0; i < 2; i++) {
        to[i]->pairs++;
        to[i]->exact += exact;
        unroll_bleu_join(&to[i]->bleu, &one.bleu);
        unroll_chrf_join(&to[i]->chrf, &one.chrf);
    }
    return UNROLL_OK;
}

double unroll_exact_match(const unroll_score_sums *sums)
{
    return sums->pairs ? (double)sums->exact / (double)sums->pairs : (double)NAN;
}

static unroll_status put_rows(const unroll_translation_scores *s, unroll_output *out)
{
    UNROLL_TRY(unroll_output_printf(out, "source_min,source_max,pairs,exact_match,bleu,chrf\n"));
    for (size_t i = 0; i < s->count; i++) {
        const unroll_score_sums *b = &s->bucket[i];
        if (b->pairs)
            UNROLL_TRY(unroll_output_printf(out, "%zu,%zu,%llu,%.6f,%.4f,%.4f\n", i * s->width + 1,
                                            (i + 1) * s->width, (unsigned long long)b->pairs,
                                            unroll_exact_match(b), unroll_bleu_score(&b->bleu),
                                            unroll_chrf_score(&b->chrf)));
    }
    return UNROLL_OK;
}

unroll_status unroll_translation_scores_write(const unroll_translation_scores *s,
                                              const char *directory)
{
    char *path = unroll_path_join(directory, "length.csv");
    unroll_output *out;
    if (!path)
        return UNROLL_EMEMORY;
    unroll_status status = unroll_output_open(path, &out);
    unroll_free(path);
    if (status)
        return status;
    status = put_rows(s, out);
    if (status == UNROLL_OK)
        return unroll_output_commit(out);
    unroll_output_abort(out);
    return status;
}
