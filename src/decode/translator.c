/* A translation model at work: a source line in, the best target lines out. */
#include <math.h>
#include <string.h>
#include <unroll/translate.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/versioned.h"
#include "config/config.h"
#include "data/pairs.h"
#include "decode/beam.h"
#include "store/model.h"

struct unroll_translator {
    const unroll_model *model;
    unroll_translator_options options;
    unroll_decoding *decoding;
    size_t longest; /* source that `decoding` has room for */
    unroll_beam *beam;
    unroll_hypothesis *list; /* [options.best] */
    bool aligned;            /* attention is needed, for itself or to copy by */
};

static unroll_status check_options(const unroll_translator_options *o)
{
    if (o->best > o->beam)
        return unroll_fail(UNROLL_EUSAGE, "the %zu best of a beam of %zu; give 1 to the beam's width",
                           o->best, o->beam);
    if (!(o->length_penalty >= 0 && isfinite(o->length_penalty)))
        return unroll_fail(UNROLL_EUSAGE, "the length penalty is %g; give 0 or more",
                           o->length_penalty);
    return UNROLL_OK;
}

unroll_status unroll_translator_new(const unroll_model *model,
                                    const unroll_translator_options *options, unroll_translator **out)
{
    unroll_translator_options o = UNROLL_TRANSLATOR_OPTIONS_INIT;
    *out = NULL;
    if (!model->source_vocabulary)
        return unroll_fail(UNROLL_EUSAGE,
                           "a model of task %s does not translate; give one that was trained with " UNROLL_OPTION
                           "task translate",
                           model->config->task);
    if (options)
        UNROLL_TRY(unroll_versioned_copy("unroll_translator_options", options, &o, sizeof o));
    o.beam = o.beam ? o.beam : 1;
    o.best = o.best ? o.best : 1;
    UNROLL_TRY(check_options(&o));
    unroll_translator *t = unroll_alloc(1, sizeof *t);
    if (!t)
        return UNROLL_EMEMORY;
    t->model = model;
    t->options = o;
    t->aligned = o.attention || o.unknown == UNROLL_UNKNOWN_COPY;
    unroll_status status = unroll_beam_new(&t->beam);
    if (!status && !(t->list = unroll_alloc(o.best, sizeof *t->list)))
        status = UNROLL_EMEMORY;
    if (status) {
        unroll_translator_free(t);
        return status;
    }
    *out = t;
    return UNROLL_OK;
}

void unroll_translator_free(unroll_translator *t)
{
    if (!t)
        return;
    unroll_decoding_free(t->decoding);
    unroll_beam_free(t->beam);
    unroll_free(t->list);
    unroll_free(t);
}

static void translation_free(unroll_translation *t)
{
    unroll_free(t->text);
    unroll_free(t->id);
    unroll_free(t->attention);
}

void unroll_translations_free(unroll_translations *t)
{
    for (size_t i = 0; i < t->count; i++)
        translation_free(&t->list[i]);
    unroll_free(t->list);
    unroll_source_free(&t->source);
    *t = (unroll_translations){0};
}

static const unroll_real *step(void *self, const uint32_t *id, const uint32_t *from, size_t rows)
{
    return unroll_decoding_step(self, id, from, rows);
}

static const unroll_real *attention(void *self)
{
    return unroll_decoding_attention(self);
}

/* Sources come in all lengths; room for twice the longest so far keeps new decodings few. */
static unroll_status make_room(unroll_translator *t, size_t length)
{
    if (length <= t->longest)
        return UNROLL_OK;
    unroll_decoding_free(t->decoding);
    t->decoding = NULL;
    t->longest = 0;
    UNROLL_TRY(unroll_decoding_new(t->model->net, 2 * length, t->options.beam, &t->decoding));
    t->longest = 2 * length;
    return UNROLL_OK;
}

/* ---- unknown tokens ---- */

/* The next unknown place in reading order, the end (nothing to copy) where none is left. */
static size_t next_unknown(const unroll_source *source, bool reversed, size_t *at)
{
    const size_t tokens = source->length - 1;
    for (; *at < tokens; (*at)++) {
        const size_t place = reversed ? tokens - *at : *at;
        if (source->id[place] == UNROLL_ID_UNKNOWN) {
            (*at)++;
            return place;
        }
    }
    return source->end;
}

static void align(const unroll_translator *t, const unroll_source *source,
                  const unroll_hypothesis *h, size_t *from)
{
    size_t at = 0;
    const bool reversed = t->model->config->reverse_source;
    for (size_t i = 0; i < h->length; i++) {
        from[i] = source->end;
        if (h->id[i] != UNROLL_ID_UNKNOWN)
            continue;
        from[i] = h->attention ? unroll_source_pointed_at(source, h->attention + i * source->length)
                               : next_unknown(source, reversed, &at);
    }
}

/* ---- a line ---- */

static void *copy_of(const void *block, size_t count, size_t size)
{
    void *copy = unroll_alloc(count, size);
    if (copy && count)
        memcpy(copy, block, count * size);
    return copy;
}

static unroll_status keep(const unroll_translator *t, const unroll_source *source,
                          const unroll_hypothesis *h, unroll_translation *out)
{
    size_t *from = NULL;
    *out = (unroll_translation){.tokens = h->length,
                                .ended = h->ended,
                                .penalised = h->penalised,
                                .log_probability = h->log_probability};
    if (!(out->id = copy_of(h->id, h->length, sizeof *h->id)))
        return UNROLL_EMEMORY;
    if (t->options.attention && h->attention &&
        !(out->attention =
              copy_of(h->attention, (h->length + h->ended) * source->length, sizeof *h->attention)))
        return UNROLL_EMEMORY;
    if (t->options.unknown == UNROLL_UNKNOWN_COPY) {
        if (!(from = unroll_alloc(h->length, sizeof *from)))
            return UNROLL_EMEMORY;
        align(t, source, h, from);
    }
    const unroll_status status = unroll_target_text(t->model->vocabulary, h->id, h->length, source,
                                                    from, &out->text, &out->length);
    unroll_free(from);
    return status;
}

static unroll_status search(unroll_translator *t, unroll_source *source, size_t *count)
{
    if (source->length == 1) {
        t->list[0] = (unroll_hypothesis){.ended = true};
        *count = 1;
        return UNROLL_OK;
    }
    UNROLL_TRY(make_room(t, source->length));
    UNROLL_TRY(unroll_decoding_begin(t->decoding, source->id, source->length));
    const unroll_beam_decoder decoder = {t->decoding,
                                         unroll_vocabulary_size(t->model->vocabulary),
                                         unroll_decoding_pitch(t->decoding),
                                         step,
                                         attention,
                                         t->longest};
    const unroll_beam_options o = {
        .width = t->options.beam,
        .best = t->options.best,
        .begin = UNROLL_ID_BEGIN,
        .end = UNROLL_ID_END,
        .length_penalty = t->options.length_penalty,
        .max_length = t->options.max_length ? t->options.max_length : 2 * (source->length - 1) + 10};
    return unroll_beam_search(t->beam, &decoder, &o, t->aligned ? source->length : 0, t->list, count);
}

unroll_status unroll_translator_line(unroll_translator *t, const char *name, const char *line,
                                     size_t length, unroll_translations *out)
{
    size_t count = 0;
    *out = (unroll_translations){0};
    unroll_status status =
        unroll_source_encode(t->model->source_vocabulary, name ? name : "the line", line, length,
                             t->model->config->reverse_source, &out->source);
    if (!status)
        status = search(t, &out->source, &count);
    if (!status && !(out->list = unroll_alloc(count, sizeof *out->list)))
        status = UNROLL_EMEMORY;
    for (size_t i = 0; i < count && !status; i++) {
        status = keep(t, &out->source, &t->list[i], &out->list[i]);
        out->count = i + 1;
    }
    if (status)
        unroll_translations_free(out);
    return status;
}
