#include "decode/sample_translations.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "config/config.h"

enum { SHOWN = 5 };

struct unroll_sample_translations {
    const unroll_session *session;
    const unroll_pair *pair[SHOWN]; /* by length */
    size_t count;
    size_t most; /* tokens of a translation that does not end by itself */
    unroll_decoding *decoding;
    uint32_t *source, *target; /* of one pair */
};

static int by_length(const void *left, const void *right)
{
    const unroll_pair *a = *(const unroll_pair *const *)left, *b = *(const unroll_pair *const *)right;
    const size_t m = a->length[UNROLL_SOURCE], n = b->length[UNROLL_SOURCE];
    return m == n ? (a > b) - (a < b) : m < n ? -1 : 1;
}

unroll_status unroll_sample_translations_new(const unroll_session *s, unroll_sample_translations **out)
{
    *out = NULL;
    const unroll_pairs_part *part = unroll_pairs_get_part(s->pairs, UNROLL_VALID);
    if (part->count == 0)
        part = unroll_pairs_get_part(s->pairs, UNROLL_TRAIN);
    unroll_sample_translations *t = unroll_alloc(1, sizeof *t);
    if (!t)
        return UNROLL_EMEMORY;
    t->session = s;
    t->count = part->count < SHOWN ? part->count : SHOWN;
    size_t longest = 1;
    for (size_t i = 0; i < t->count; i++) {
        t->pair[i] = &part->pair[i];
        if (t->pair[i]->length[UNROLL_SOURCE] > longest)
            longest = t->pair[i]->length[UNROLL_SOURCE];
        if (t->pair[i]->length[UNROLL_TARGET] > t->most)
            t->most = t->pair[i]->length[UNROLL_TARGET];
    }
    qsort(t->pair, t->count, sizeof *t->pair, by_length);
    t->most += t->most / 2;
    t->source = unroll_alloc(longest, sizeof *t->source);
    t->target = unroll_alloc(t->most, sizeof *t->target);
    unroll_status status = t->source && t->target ? UNROLL_OK : UNROLL_EMEMORY;
    if (status == UNROLL_OK)
        status = unroll_decoding_new(s->model->net, longest, 1, &t->decoding);
    if (status == UNROLL_OK)
        *out = t;
    else
        unroll_sample_translations_free(t);
    return status;
}

void unroll_sample_translations_free(unroll_sample_translations *t)
{
    if (!t)
        return;
    unroll_decoding_free(t->decoding);
    unroll_free(t->source);
    unroll_free(t->target);
    unroll_free(t);
}

static uint32_t largest(const unroll_real *logits, size_t count)
{
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        if (logits[i] > logits[best])
            best = i;
    return (uint32_t)best;
}

/* Greedily; t->source and t->target hold the tokens. */
static unroll_status translate(unroll_sample_translations *t, const unroll_pair *pair, size_t *count)
{
    const unroll_model *model = t->session->model;
    const size_t n = pair->length[UNROLL_SOURCE];
    const size_t outputs = unroll_vocabulary_size(model->vocabulary);
    for (size_t i = 0; i < n; i++)
        t->source[i] = pair->id[UNROLL_SOURCE][model->config->reverse_source ? n - 1 - i : i];
    UNROLL_TRY(unroll_decoding_begin(t->decoding, t->source, n));
    uint32_t id = UNROLL_ID_BEGIN;
    for (*count = 0; *count < t->most && id != UNROLL_ID_END;) {
        id = largest(unroll_decoding_step(t->decoding, &id, NULL, 1), outputs);
        t->target[(*count)++] = id;
    }
    return UNROLL_OK;
}

static unroll_status add_line(unroll_buffer *s, const char *head, const unroll_vocabulary *v,
                              const uint32_t *id, size_t count)
{
    char *text;
    size_t length;
    UNROLL_TRY(unroll_target_text(v, id, count, NULL, NULL, &text, &length));
    unroll_buffer_text(s, head);
    unroll_buffer_text(s, text);
    unroll_buffer_text(s, "\n");
    unroll_free(text);
    return s->failed ? UNROLL_EMEMORY : UNROLL_OK;
}

unroll_status unroll_sample_translations_write(unroll_sample_translations *t, unroll_buffer *text,
                                               size_t *last)
{
    const unroll_model *model = t->session->model;
    *last = text->length;
    for (size_t i = 0; i < t->count; i++) {
        const unroll_pair *pair = t->pair[i];
        size_t count = 0;
        *last = text->length;
        UNROLL_TRY(translate(t, pair, &count));
        UNROLL_TRY(add_line(text, "source  ", model->source_vocabulary, pair->id[UNROLL_SOURCE],
                            pair->length[UNROLL_SOURCE]));
        UNROLL_TRY(add_line(text, "target  ", model->vocabulary, pair->id[UNROLL_TARGET],
                            pair->length[UNROLL_TARGET]));
        UNROLL_TRY(add_line(text, "model   ", model->vocabulary, t->target, count));
        unroll_buffer_text(text, "\n");
    }
    return text->failed ? UNROLL_EMEMORY : UNROLL_OK;
}
