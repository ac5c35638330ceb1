#include "data/corpus.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/input.h"
#include "base/memory.h"
#include "data/text.h"
#include "data/vocabulary.h"

enum { PARTS = 3 };
static const char *const part_names[PARTS] = {"training", "validation", "test"};

/* The ids of one text or of several, and where their lines begin. */
typedef struct source {
    unroll_id_store ids;
    size_t unknown;
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
    unroll_ids piece; /* of a text, while it is read */
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

/* A text goes through memory in pieces of about this many bytes, which stay in a cache. */
enum { PIECE = 1 << 17 };

/* Where a text is read, and what was seen of it. */
typedef struct reading {
    source *to;
    const char *name;
    uint64_t bytes; /* before the next piece */
    size_t lines;   /* before it, where ids come from a vocabulary that may lack a token */
    size_t replaced;
    bool bom;
} reading;

static size_t count_lines(const unroll_text *text)
{
    size_t lines = 0;
    for (size_t i = 0; i < text->length; i++)
        lines += text->bytes[i] == '\n';
    return lines;
}

static unroll_status number_piece(unroll_corpus *c, reading *r, unroll_text *text)
{
    unroll_ids *ids = &c->piece;
    ids->count = ids->unknown = 0;
    text->lines = r->lines;
    if (c->vocabulary) {
        UNROLL_TRY(unroll_vocabulary_encode_text(c->vocabulary, r->name, text, ids));
        r->lines += count_lines(text);
    } else {
        UNROLL_TRY(unroll_vocabulary_learn_text(c->built, text, ids));
    }
    r->to->unknown += ids->unknown;
    return unroll_id_store_add(&r->to->ids, ids->id, ids->count);
}

static unroll_status add_piece(unroll_corpus *c, reading *r, const char *bytes, size_t length)
{
    const unroll_text_rules *rules =
        unroll_vocabulary_rules(c->vocabulary ? c->vocabulary : c->built);
    unroll_text text;
    UNROLL_TRY(unroll_text_prepare_piece(rules, r->name, bytes, length, r->bytes, &text));
    const unroll_status status = number_piece(c, r, &text);
    r->bytes += length;
    r->replaced += text.replaced;
    r->bom |= text.bom;
    unroll_text_free(&text);
    return status;
}

/* As much as can be cut off; *done bytes of it. All of it where it is the last piece. */
static unroll_status add_pieces(unroll_corpus *c, reading *r, const char *text, size_t length,
                                bool last, size_t *done)
{
    const unroll_text_rules *rules =
        unroll_vocabulary_rules(c->vocabulary ? c->vocabulary : c->built);
    size_t most = PIECE;
    *done = 0;
    while (*done < length) {
        const size_t left = length - *done;
        const size_t n = left <= most && last
                             ? left
                             : unroll_text_piece(rules, text + *done, left < most ? left : most);
        if (n > 0) {
            UNROLL_TRY(add_piece(c, r, text + *done, n));
            *done += n;
            most = PIECE;
        } else if (left > most) {
            most *= 2;
        } else {
            break;
        }
    }
    return UNROLL_OK;
}

static void note_reading(const unroll_corpus *c, const reading *r)
{
    if (r->bom)
        note(c, "%s: a byte order mark at its start is left out", r->name);
    if (r->replaced)
        note(c, "%s: %zu invalid UTF-8 sequences became U+FFFD", r->name, r->replaced);
}

static unroll_status add_text(unroll_corpus *c, source *s, const char *name, const char *text,
                              size_t length)
{
    reading r = {.to = s, .name = name};
    size_t done;
    UNROLL_TRY(add_pieces(c, &r, text, length, true, &done));
    note_reading(c, &r);
    return UNROLL_OK;
}

static const char *file_name(const char *file)
{
    return strcmp(file, "-") == 0 ? "standard input" : file;
}

/* Through *buffer, which the caller frees; it grows where nothing can be cut off. */
static unroll_status add_input(unroll_corpus *c, reading *r, unroll_input *in, char **buffer)
{
    size_t room = 0, used = 0, got = 1;
    UNROLL_TRY(unroll_input_limit(in, c->options.max_input));
    if (unroll_input_length(in) < SIZE_MAX)
        UNROLL_TRY(unroll_id_store_reserve(&r->to->ids, (size_t)unroll_input_length(in)));
    while (got > 0) {
        if (used == room) {
            size_t more;
            if (!unroll_add(room, room ? room : PIECE, &more))
                more = SIZE_MAX;
            char *grown = unroll_realloc(*buffer, more, 1);
            if (!grown)
                return UNROLL_EMEMORY;
            *buffer = grown;
            room = more;
        }
        UNROLL_TRY(unroll_input_read(in, *buffer + used, room - used, &got));
        used += got;
        if (got > 0 && used < room)
            continue;
        size_t done;
        UNROLL_TRY(add_pieces(c, r, *buffer, used, got == 0, &done));
        memmove(*buffer, *buffer + done, used - done);
        used -= done;
    }
    return UNROLL_OK;
}

static unroll_status add_file(unroll_corpus *c, source *s, const char *file)
{
    reading r = {.to = s, .name = file_name(file)};
    unroll_input *in;
    char *buffer = NULL;
    UNROLL_TRY(unroll_input_open(file, &in));
    const unroll_status status = add_input(c, &r, in, &buffer);
    unroll_input_close(in);
    unroll_free(buffer);
    if (status == UNROLL_OK)
        note_reading(c, &r);
    return status;
}

/* The vocabulary is complete: settle it, and see what there is. */
static unroll_status settle(unroll_corpus *c)
{
    source *s = &c->source[0];
    if (s->ids.count == 0)
        return unroll_fail(UNROLL_EDATA, "%s: is empty; give a text of at least two tokens", c->name);
    if (c->vocabulary)
        return UNROLL_OK;
    uint32_t *map;
    uint64_t dropped;
    if (c->options.lines)
        UNROLL_TRY(unroll_vocabulary_keep(c->built, "\n"));
    UNROLL_TRY(unroll_vocabulary_settle_map(c->built, &map, &dropped));
    const size_t size = unroll_vocabulary_size(c->built);
    const unroll_status status =
        map ? unroll_id_store_map(&s->ids, map, (uint32_t)(size - 1)) : UNROLL_OK;
    unroll_free(map);
    UNROLL_TRY(status);
    c->vocabulary = c->built;
    s->unknown = (size_t)dropped;
    if (s->unknown)
        note(c, "%s: %zu of %zu tokens come less than %" PRIu64 " times and became <unk>", c->name,
             s->unknown, s->ids.count, c->options.rules.min_count);
    return UNROLL_OK;
}

/* ---- lines ---- */

/* Write every line that is not empty as newline, tokens, newline, where neighbours share theirs. What is written never
 * overtakes what is read: a newline goes before all, and one behind all. */
static unroll_status cut_lines(source *s, uint32_t newline)
{
    unroll_id_store *ids = &s->ids;
    size_t most = 1, count = 1;
    for (size_t i = 0; i < ids->count; i++)
        most += unroll_id_at(unroll_id_store_span(ids), i) == newline;
    s->line = unroll_alloc(most + 1, sizeof *s->line);
    if (!s->line)
        return UNROLL_EMEMORY;
    UNROLL_TRY(unroll_id_store_add(ids, (uint32_t[]){newline, newline}, 2));
    const unroll_id_span id = unroll_id_store_span(ids);
    memmove((char *)ids->id + ids->bytes, ids->id, (ids->count - 1) * ids->bytes);
    unroll_id_store_set(ids, 0, newline);
    for (size_t i = 1; i < ids->count; i++) {
        const uint32_t now = unroll_id_at(id, i);
        if (now == newline && unroll_id_at(id, count - 1) == newline)
            continue;
        unroll_id_store_set(ids, count++, now);
        if (now == newline)
            s->line[++s->lines] = count - 1;
    }
    ids->count = count;
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
        *p = (unroll_part){.ids = unroll_id_store_span(&s->ids),
                           .count = s->line[first + units] - s->line[first] + 1,
                           .line = s->line + first,
                           .lines = units};
    else
        *p = (unroll_part){.ids = unroll_id_from(unroll_id_store_span(&s->ids), first),
                           .count = units};
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
    const uint32_t token = unroll_id_at(unroll_id_store_span(&s->ids), 0);
    return unroll_id_store_add(&s->ids, &token, 1);
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

static bool one_symbol(const unroll_id_store *ids)
{
    const unroll_id_span id = unroll_id_store_span(ids);
    for (size_t i = 1; i < ids->count; i++)
        if (unroll_id_at(id, i) != unroll_id_at(id, 0))
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
        unroll_id_store_fit(&c->source[i].ids);
        c->tokens += c->source[i].ids.count;
        c->unknown += c->source[i].unknown;
    }
    if (c->built && one_symbol(&c->source[0].ids))
        note(c, "%s: has one symbol only; there is nothing to learn from it", c->name);
    if (c->options.lines)
        UNROLL_TRY(find_lines(c));
    UNROLL_TRY(cut_parts(c));
    unroll_ids_free(&c->piece);
    return UNROLL_OK;
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
        unroll_id_store_free(&corpus->source[i].ids);
        unroll_free(corpus->source[i].line);
    }
    unroll_ids_free(&corpus->piece);
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
        const unroll_id_span id = unroll_id_from(p->ids, p->lines ? p->line[0] : 0);
        h = mix(mix(h, p->count), p->lines);
        for (size_t k = 0; k < p->count; k++)
            h = mix(h, unroll_id_at(id, k));
    }
    return h;
}
