#include "score/score_pairs.h"

#include <string.h>

#include "base/fail.h"

enum { AHEAD = 64 };

/* The same tokens, all of them known; or the same text, as where an unknown one was copied. */
static bool is_exact(const unroll_translation *t, const unroll_pair *pair)
{
    const uint32_t *id = pair->id[UNROLL_TARGET];
    const size_t tokens = pair->length[UNROLL_TARGET] - 1;
    if (t->length == pair->bytes[UNROLL_TARGET] &&
        memcmp(t->text, pair->text[UNROLL_TARGET], t->length) == 0)
        return true;
    if (!t->ended || t->tokens != tokens)
        return false;
    for (size_t i = 0; i < tokens; i++)
        if (t->id[i] != id[i] || id[i] == UNROLL_ID_UNKNOWN)
            return false;
    return true;
}

static unroll_status score(unroll_translation_scores *scores, const unroll_translations *t,
                           const unroll_pair *pair)
{
    const unroll_translation *best = &t->list[0];
    return unroll_translation_scores_add(scores, pair->length[UNROLL_SOURCE] - 1, best->text,
                                         best->length, pair->text[UNROLL_TARGET],
                                         pair->bytes[UNROLL_TARGET], is_exact(best, pair));
}

static unroll_status score_some(unroll_translator_pool *c, const char *name,
                                const unroll_pair *const *pair, size_t count,
                                unroll_translation_scores *scores)
{
    unroll_translation_line line[AHEAD];
    for (size_t i = 0; i < count; i++)
        line[i] = (unroll_translation_line){.name = name,
                                            .text = pair[i]->text[UNROLL_SOURCE],
                                            .length = pair[i]->bytes[UNROLL_SOURCE]};
    unroll_status status = unroll_translator_pool_translate(c, line, count);
    for (size_t i = 0; i < count; i++) {
        if (!status)
            status = score(scores, &line[i].result, pair[i]);
        unroll_translation_line_clear(&line[i]);
    }
    return status;
}

unroll_status unroll_score_pairs(unroll_model *model, const unroll_pairs *pairs,
                                 enum unroll_split split, size_t most,
                                 const unroll_translator_pool_options *options, size_t threads,
                                 const unroll_score_progress *progress,
                                 unroll_translation_scores *out)
{
    unroll_translator_pool *c;
    const unroll_pairs_part *part = unroll_pairs_get_part(pairs, split);
    const size_t count = part->count < most ? part->count : most;
    const unroll_translator_options t = {.size = sizeof t,
                                         .beam = (size_t)options->beam,
                                         .best = 1,
                                         .length_penalty = options->length_penalty,
                                         .max_length = (size_t)options->max_length,
                                         .unknown = (enum unroll_unknown)options->unknown};
    unroll_translation_scores_begin(out, part->count ? part->longest[UNROLL_SOURCE] - 1 : 0);
    UNROLL_TRY(unroll_translator_pool_new(model, &t, threads, &c));
    unroll_status status = UNROLL_OK;
    for (size_t i = 0; i < count && !status;) {
        const unroll_pair *some[AHEAD];
        size_t n = 0;
        for (; n < AHEAD && i < count; i++)
            some[n++] = &part->pair[(size_t)((double)i * (double)part->count / (double)count)];
        status = score_some(c, unroll_pairs_name(pairs), some, n, out);
        if (progress)
            progress->report(progress->arg, i, count);
    }
    unroll_translator_pool_free(c);
    return status;
}
