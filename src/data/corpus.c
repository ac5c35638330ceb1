#include "data/corpus.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/input.h"
#include "base/memory.h"
#include "data/vocabulary.h"

enum { PARTS = 3 };
static const char *const part_names[PARTS] = {"training", "validation", "test"};

/* The ids of one text or of several, and where their lines begin. */
typedef struct source {
    unroll_ids ids;
    size_t *line;
    size_t lines;
} source;

struct unroll_corpus {
    unroll_corpus_options options;
    char *name;
    unroll_vocabulary *built; /* NULL where it is the caller's */
    const unroll_vocabulary *vocabulary;
    source source[PARTS]; /* [0] is cut; a validation or test file has its own */
    unroll_part part[PARTS];
    size_t tokens, unknown;
};

void unroll_corpus_options_default(unroll_corpus_options *options)
{
    *options = (unroll_corpus_options){.rules = UNROLL_TEXT_RULES_INIT, .split = {0.9, 0.05, 0.05}};
}

static void note(const unroll_corpus *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void note(const unroll_corpus *c, const char *format, ...)
{
    char text[1024];
    if (!c->options.note)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    c->options.note(c->options.arg, text);
}

/* ---- texts to ids ---- */

static unroll_status add_text(unroll_corpus *c, source *s, const char *name, const char *text,
                              size_t length)
{
    const size_t replaced = s->ids.replaced;
    s->ids.bom = false;
    if (c->vocabulary)
        UNROLL_TRY(unroll_vocabulary_encode(c->vocabulary, name, text, length, &s->ids));
    else
        UNROLL_TRY(unroll_vocabulary_learn(c->built, name, text, length, &s->ids));
    if (s->ids.bom)
        note(c, "%s: a byte order mark at its start is left out", name);
    if (s->ids.replaced > replaced)
        note(c, "%s: %zu invalid UTF-8 sequences became U+FFFD", name, s->ids.replaced - replaced);
    return UNROLL_OK;
}

static const char *file_name(const char *file)
{
    return strcmp(file, "-") == 0 ? "standard input" : file;
}

static unroll_status add_file(unroll_corpus *c, source *s, const char *file)
{
    char *text;
    size_t length;
    UNROLL_TRY(unroll_input_slurp(file, c->options.max_input, &text, &length));
    const unroll_status status = add_text(c, s, file_name(file), text, length);
    unroll_free(text);
    return status;
}

/* The vocabulary is complete: settle it, and see what there is. */
static unroll_status settle(unroll_corpus *c)
{
    unroll_ids *ids = &c->source[0].ids;
    if (ids->count == 0)
        return unroll_fail(UNROLL_EDATA, "%s: is empty; give a text of at least two tokens", c->name);
    if (!c->vocabulary) {
        if (c->options.lines)
            UNROLL_TRY(unroll_vocabulary_keep(c->built, "\n"));
        UNROLL_TRY(unroll_vocabulary_settle(c->built, ids));
        c->vocabulary = c->built;
        if (ids->unknown)
            note(c, "%s: %zu of %zu tokens come less than %" PRIu64 " times and became <unk>",
                 c->name, ids->unknown, ids->count, c->options.rules.min_count);
    }
    return UNROLL_OK;
}

/* ---- lines ---- */

/* Write every line that is not empty as newline, tokens, newline, where neighbours share theirs. */
static unroll_status cut_lines(source *s, uint32_t newline)
{
    size_t most = 1;
    for (size_t i = 0; i < s->ids.count; i++)
        most += s->ids.id[i] == newline;
    uint32_t *id = unroll_alloc(s->ids.count + 2, sizeof *id);
    s->line = unroll_alloc(most + 1, sizeof *s->line);
    if (!id || !s->line) {
        unroll_free(id);
        return UNROLL_EMEMORY;
    }
    size_t count = 0;
    id[count++] = newline;
    for (size_t i = 0; i < s->ids.count; i++) {
        const bool ends = s->ids.id[i] == newline;
        if (ends && id[count - 1] == newline)
            continue;
        id[count++] = s->ids.id[i];
        if (ends)
            s->line[++s->lines] = count - 1;
    }
    if (id[count - 1] != newline) {
        id[count++] = newline;
        s->line[++s->lines] = count - 1;
    }
    unroll_free(s->ids.id);
    s->ids.id = id;
    s->ids.room = s->ids.count + 2;
    s->ids.count = count;
    return UNROLL_OK;
}

static unroll_status find_lines(unroll_corpus *c)
{
    const uint32_t newline = unroll_vocabulary_find(c->vocabulary, "\n", 1);
    if (newline == UINT32_MAX)
        return unroll_fail(UNROLL_EDATA,
                           "%s: " UNROLL_OPTION "lines needs a newline in the model's vocabulary",
                           c->name);
    for (int i = 0; i < PARTS; i++)
        if (c->source[i].ids.count)
            UNROLL_TRY(cut_lines(&c->source[i], newline));
    if (c->source[0].lines == 0)
        return unroll_fail(UNROLL_EDATA, "%s: has only empty lines", c->name);
    return UNROLL_OK;
}

/* ---- parts ---- */

/* Units are lines or tokens. `least` of them are what a part can predict anything from. */
static void take_part(unroll_corpus *c, int part, const source *s, size_t first, size_t units)
{
    unroll_part *p = &c->part[part];
    const size_t least = c->options.lines ? 1 : 2;
    if (units < least) {
        *p = (unroll_part){0};
        return;
    }
    if (c->options.lines)
        *p = (unroll_part){.id = s->ids.id,
                           .count = s->line[first + units] - s->line[first] + 1,
                           .line = s->line + first,
                           .lines = units};
    else
        *p = (unroll_part){.id = s->ids.id + first, .count = units};
}

static size_t share(double fraction, size_t units)
{
    const double n = fraction * (double)units;
    return fraction >= 1 - 1e-9 || n >= (double)units ? units : (size_t)n;
}

/* A lone token to learn from is taken twice, so that there is something to predict. */
static unroll_status double_token(unroll_corpus *c)
{
    source *s = &c->source[0];
    note(c, "%s: has one token only, which is taken twice; there is nothing to learn from it",
         c->name);
    UNROLL_TRY(unroll_ids_reserve(&s->ids, 1));
    s->ids.id[1] = s->ids.id[0];
    s->ids.count = 2;
    return UNROLL_OK;
}

static unroll_status cut_parts(unroll_corpus *c)
{
    const source *s = &c->source[0];
    double fraction[PARTS];
    for (int i = 0; i < PARTS; i++)
        fraction[i] = c->options.split[i];
    for (int i = 1; i < PARTS; i++)
        if (c->source[i].ids.count) {
            fraction[0] += fraction[i];
            fraction[i] = 0;
        }
    if (c->built && !c->options.lines && s->ids.count == 1)
        UNROLL_TRY(double_token(c));

    const size_t units = c->options.lines ? s->lines : s->ids.count;
    size_t first = 0;
    for (int i = 0; i < PARTS; i++) {
        size_t n = share(fraction[i], units);
        if (n > units - first)
            n = units - first;
        take_part(c, i, s, first, n);
        if (c->part[i].count == 0 && fraction[i] > 0) {
            if (i == UNROLL_TRAIN) /* too small to be cut at all */
                take_part(c, i, s, 0, n = units);
            note(c, "%s: too small for a %s part of %g: %s", c->name, part_names[i], fraction[i],
                 c->part[i].count ? "all of it is for training" : "it is left empty");
        }
        first += n;
    }
    for (int i = 1; i < PARTS; i++) {
        const source *own = &c->source[i];
        if (own->ids.count == 0)
            continue;
        take_part(c, i, own, 0, c->options.lines ? own->lines : own->ids.count);
        if (c->part[i].count == 0)
            note(c, "the %s file is too small to predict anything: it is left out", part_names[i]);
    }
    return UNROLL_OK;
}

/* ---- the whole ---- */

static unroll_status check_split(const double split[PARTS])
{
    double sum = 0;
    for (int i = 0; i < PARTS; i++) {
        if (!(split[i] >= 0))
            return unroll_fail(UNROLL_EUSAGE,
                               UNROLL_OPTION "split: %g is not a share; give three from 0 to 1",
                               split[i]);
        sum += split[i];
    }
    if (!(sum <= 1 + 1e-9))
        return unroll_fail(UNROLL_EUSAGE,
                           UNROLL_OPTION
                           "split: the shares add up to %g; give three that make at most 1",
                           sum);
    return UNROLL_OK;
}

static unroll_status begin(const unroll_corpus_options *options, const char *name, unroll_corpus **out)
{
    *out = NULL;
    UNROLL_TRY(check_split(options->split));
    unroll_corpus *c = unroll_alloc(1, sizeof *c);
    if (!c)
        return UNROLL_EMEMORY;
    c->options = *options;
    c->vocabulary = options->vocabulary;
    c->name = unroll_strndup(name, strlen(name));
    unroll_status status = c->name ? UNROLL_OK : UNROLL_EMEMORY;
    if (status == UNROLL_OK && !c->vocabulary)
        status = unroll_vocabulary_begin(&options->rules, &c->built);
    if (status == UNROLL_OK)
        *out = c;
    else
        unroll_corpus_free(c);
    return status;
}

static bool one_symbol(const unroll_ids *ids)
{
    for (size_t i = 1; i < ids->count; i++)
        if (ids->id[i] != ids->id[0])
            return false;
    return ids->count > 1;
}

static unroll_status finish(unroll_corpus *c, const char *valid, const char *test)
{
    UNROLL_TRY(settle(c));
    const char *const files[PARTS] = {NULL, valid, test};
    for (int i = 1; i < PARTS; i++) {
        if (!files[i])
            continue;
        UNROLL_TRY(add_file(c, &c->source[i], files[i]));
        if (c->source[i].ids.count == 0)
            return unroll_fail(UNROLL_EDATA, "%s: is empty; give a text of at least two tokens",
                               files[i]);
    }
    for (int i = 0; i < PARTS; i++) {
        c->tokens += c->source[i].ids.count;
        c->unknown += c->source[i].ids.unknown;
    }
    if (c->built && one_symbol(&c->source[0].ids))
        note(c, "%s: has one symbol only; there is nothing to learn from it", c->name);
    if (c->options.lines)
        UNROLL_TRY(find_lines(c));
    return cut_parts(c);
}

unroll_status unroll_corpus_read(const unroll_corpus_options *options, const char *const *files,
                                 size_t count, const char *valid, const char *test,
                                 unroll_corpus **out)
{
    unroll_corpus *c;
    const char *name = count == 1 ? file_name(files[0]) : "the corpus";
    *out = NULL;
    UNROLL_TRY(begin(options, name, &c));
    unroll_status status = UNROLL_OK;
    for (size_t i = 0; i < count && status == UNROLL_OK; i++)
        status = add_file(c, &c->source[0], files[i]);
    if (status == UNROLL_OK)
        status = finish(c, valid, test);
    if (status == UNROLL_OK)
        *out = c;
    else
        unroll_corpus_free(c);
    return status;
}

unroll_status unroll_corpus_from_text(const unroll_corpus_options *options, const char *name,
                                      const char *text, size_t length, unroll_corpus **out)
{
    unroll_corpus *c;
    *out = NULL;
    UNROLL_TRY(begin(options, name, &c));
    unroll_status status = add_text(c, &c->source[0], name, text, length);
    if (status == UNROLL_OK)
        status = finish(c, NULL, NULL);
    if (status == UNROLL_OK)
        *out = c;
    else
        unroll_corpus_free(c);
    return status;
}

void unroll_corpus_free(unroll_corpus *corpus)
{
    if (!corpus)
        return;
    for (int i = 0; i < PARTS; i++) {
        unroll_ids_free(&corpus->source[i].ids);
        unroll_free(corpus->source[i].line);
    }
    unroll_vocabulary_free(corpus->built);
    unroll_free(corpus->name);
    unroll_free(corpus);
}

const unroll_part *unroll_corpus_part(const unroll_corpus *corpus, enum unroll_split split)
{
    return &corpus->part[split];
}

const unroll_vocabulary *unroll_corpus_vocabulary(const unroll_corpus *corpus)
{
    return corpus->vocabulary;
}

unroll_vocabulary *unroll_corpus_take_vocabulary(unroll_corpus *corpus)
{
    unroll_vocabulary *v = corpus->built;
    corpus->built = NULL;
    return v;
}

const char *unroll_corpus_name(const unroll_corpus *corpus)
{
    return corpus->name;
}

size_t unroll_corpus_tokens(const unroll_corpus *corpus)
{
    return corpus->tokens;
}

size_t unroll_corpus_unknown(const unroll_corpus *corpus)
{
    return corpus->unknown;
}

/* FNV-1a, on words of up to 64 bits. */
static uint64_t mix(uint64_t h, uint64_t word)
{
    return (h ^ word) * 0x100000001b3u;
}

uint64_t unroll_corpus_fingerprint(const unroll_corpus *corpus)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t id = 0; id < unroll_vocabulary_size(corpus->vocabulary); id++) {
        size_t length;
        const char *token = unroll_vocabulary_token(corpus->vocabulary, (uint32_t)id, &length);
        h = mix(h, length);
        for (size_t i = 0; i < length; i++)
            h = mix(h, (unsigned char)token[i]);
    }
    for (int i = 0; i < PARTS; i++) {
        const unroll_part *p = &corpus->part[i];
        const uint32_t *id = p->lines ? p->id + p->line[0] : p->id;
        h = mix(mix(h, p->count), p->lines);
        for (size_t k = 0; k < p->count; k++)
            h = mix(h, id[k]);
    }
    return h;
}
