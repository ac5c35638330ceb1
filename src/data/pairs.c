/* Sentence pairs, from lines of TSV to ids.
 *
 * Each file is read and normalised whole. A first pass finds the sides of every line, counts their
 * tokens and hashes the source, which decides on the part. The vocabularies are then learned from
 * the training part alone: what is held out must look like text that nobody has seen. */
#include "data/pairs.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/input.h"
#include "base/memory.h"
#include "base/rng.h"
#include "data/text.h"
#include "data/vocabulary.h"

enum { PARTS = 3, OUTSIDE = PARTS };
static const char *const part_names[PARTS] = {"training", "validation", "test"};

/* One line: where its sides stand in the texts. */
typedef struct line {
    const char *text[UNROLL_SIDES];
    size_t bytes[UNROLL_SIDES];
    size_t tokens[UNROLL_SIDES];
    uint64_t hash; /* of the source's tokens */
    int part;
} line;

struct unroll_pairs {
    unroll_pairs_options options;
    char *name;
    unroll_vocabulary *built[UNROLL_SIDES]; /* NULL where they are the caller's */
    const unroll_vocabulary *vocabulary[UNROLL_SIDES];
    unroll_text *text; /* of each file; `raw` is what it was made from */
    char **raw;
    size_t texts;
    line *line; /* until all are numbered */
    size_t lines, room, bad;
    uint32_t *id[UNROLL_SIDES];
    unroll_pair *pair;
    unroll_pairs_part part[PARTS];
    size_t tokens[UNROLL_SIDES], unknown[UNROLL_SIDES];
};

void unroll_pairs_options_default(unroll_pairs_options *options)
{
    *options = (unroll_pairs_options){.rules = UNROLL_TEXT_RULES_INIT, .split = {0.9, 0.05, 0.05}};
}

static void note(const unroll_pairs *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void note(const unroll_pairs *p, const char *format, ...)
{
    char text[1024];
    if (!p->options.note)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    p->options.note(p->options.arg, text);
}

/* ---- lines ---- */

/* Tokens of a side, and their hash: FNV-1a, each token ended by a byte that UTF-8 never has. */
static size_t count_tokens(enum unroll_tokens tokens, const char *text, size_t length, uint64_t *hash)
{
    unroll_splitter s = {tokens, text, text + length};
    const char *token;
    size_t bytes, count = 0;
    uint64_t h = 0xcbf29ce484222325u;
    for (; unroll_splitter_next(&s, &token, &bytes); count++) {
        for (size_t i = 0; i < bytes; i++)
            h = (h ^ (unsigned char)token[i]) * 0x100000001b3u;
        h = (h ^ 0xFF) * 0x100000001b3u;
    }
    *hash = unroll_rng_hash(h, 0);
    return count;
}

/* The part that a hash falls into. */
static int part_of(const unroll_pairs *p, uint64_t hash)
{
    const double at = (double)(hash >> 11) * 0x1p-53;
    double end = 0;
    for (int i = 0; i < PARTS; i++) {
        end += p->options.split[i];
        if (at < end || (p->options.split[i] > 0 && end > 1 - 1e-9))
            return i;
    }
    return OUTSIDE;
}

/* What is wrong with a line: "" for nothing, which also fills it in. */
static const char *read_line(const unroll_pairs *p, const char *text, size_t length, line *out,
                             char buffer[160])
{
    const char *tab = memchr(text, '\t', length);
    if (!tab)
        return "has no tab; a line is source, tab, target";
    const char *column[2] = {text, tab + 1};
    size_t bytes[2] = {(size_t)(tab - text), length - (size_t)(tab + 1 - text)};
    const char *next = memchr(column[1], '\t', bytes[1]);
    if (next)
        bytes[1] = (size_t)(next - column[1]);
    for (int i = 0; i < UNROLL_SIDES; i++) {
        const int side = p->options.swap ? 1 - i : i;
        uint64_t hash;
        unroll_text_trim(&column[i], &bytes[i]);
        out->text[side] = column[i];
        out->bytes[side] = bytes[i];
        out->tokens[side] = count_tokens(p->options.rules.tokens, column[i], bytes[i], &hash);
        if (side == UNROLL_SOURCE)
            out->hash = hash;
        if (out->tokens[side] == 0)
            return i == 0 ? "has nothing before the tab" : "has nothing after the tab";
        if (p->options.max_length && out->tokens[side] > p->options.max_length) {
            snprintf(buffer, 160,
                     "has %zu tokens %s the tab, more than " UNROLL_OPTION "max-length %zu",
                     out->tokens[side], i == 0 ? "before" : "after", p->options.max_length);
            return buffer;
        }
    }
    return "";
}

static unroll_status add_line(unroll_pairs *p, const line *l)
{
    if (p->lines == p->room) {
        const size_t room = p->room ? 2 * p->room : 1024;
        line *grown = unroll_realloc(p->line, room, sizeof *grown);
        if (!grown)
            return UNROLL_EMEMORY;
        p->line = grown;
        p->room = room;
    }
    p->line[p->lines++] = *l;
    return UNROLL_OK;
}

/* @param part  of all lines; OUTSIDE: by their hashes */
static unroll_status read_lines(unroll_pairs *p, const char *name, const unroll_text *text, int part)
{
    const char *at = text->bytes, *end = text->bytes + text->length;
    const size_t bad = p->bad;
    for (size_t number = 1; at < end; number++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline ? newline : end;
        char buffer[160];
        line l = {0};
        const char *fault = read_line(p, at, (size_t)(stop - at), &l, buffer);
        if (*fault && !p->options.skip_bad)
            return unroll_fail(UNROLL_EDATA, "%s:%zu: %s; mend it, or use " UNROLL_OPTION "skip-bad",
                               name, number, fault);
        l.part = part == OUTSIDE ? part_of(p, l.hash) : part;
        if (*fault)
            p->bad++;
        else if (l.part != OUTSIDE)
            UNROLL_TRY(add_line(p, &l));
        at = newline ? newline + 1 : end;
    }
    if (p->bad > bad)
        note(p, "%s: %zu bad lines are left out", name, p->bad - bad);
    return UNROLL_OK;
}

/* ---- texts ---- */

/* A text's lines; `raw` is the pairs' own from now on, NULL where the caller keeps it. */
static unroll_status add_text(unroll_pairs *p, const char *name, char *raw, const char *bytes,
                              size_t length, int part)
{
    unroll_text *text = unroll_realloc(p->text, p->texts + 1, sizeof *text);
    if (text)
        p->text = text;
    char **owned = unroll_realloc(p->raw, p->texts + 1, sizeof *owned);
    if (owned)
        p->raw = owned;
    if (!text || !owned) {
        unroll_free(raw);
        return UNROLL_EMEMORY;
    }
    text += p->texts;
    p->raw[p->texts] = raw;
    *text = (unroll_text){0};
    p->texts++;
    const size_t bom = unroll_text_bom(bytes, length);
    const size_t skip = p->options.rules.tokens == UNROLL_BYTE ? bom : 0; /* else it is seen to */
    UNROLL_TRY(unroll_text_prepare(&p->options.rules, name, bytes + skip, length - skip, text));
    if (bom)
        note(p, "%s: a byte order mark at its start is left out", name);
    if (text->replaced)
        note(p, "%s: %zu invalid UTF-8 sequences became U+FFFD", name, text->replaced);
    if (text->length == 0)
        return unroll_fail(UNROLL_EDATA, "%s: is empty; give pairs as source, tab, target", name);
    return read_lines(p, name, text, part);
}

static unroll_status add_file(unroll_pairs *p, const char *file, int part)
{
    char *raw;
    size_t length;
    UNROLL_TRY(unroll_input_slurp(file, p->options.max_input, &raw, &length));
    return add_text(p, unroll_input_name(file), raw, raw, length, part);
}

static void free_texts(unroll_pairs *p)
{
    for (size_t i = 0; i < p->texts; i++) {
        unroll_text_free(&p->text[i]);
        unroll_free(p->raw[i]);
    }
    unroll_free(p->text);
    unroll_free(p->raw);
    p->text = NULL;
    p->raw = NULL;
    p->texts = 0;
}

/* ---- ids ---- */

static unroll_text side_text(const line *l, enum unroll_side side)
{
    return (unroll_text){.bytes = l->text[side], .length = l->bytes[side]};
}

/* The ids of one side's lines, part after part, each part in the order of the files. */
static unroll_status number_side(unroll_pairs *p, enum unroll_side side, unroll_ids *ids)
{
    size_t most = 0, longest = 0;
    for (size_t i = 0; i < p->lines; i++) {
        most += p->line[i].tokens[side];
        if (p->line[i].bytes[side] > longest)
            longest = p->line[i].bytes[side];
    }
    UNROLL_TRY(unroll_ids_reserve(ids, most + longest)); /* what it guesses for one line, too */
    for (int part = 0; part < PARTS; part++) {
        for (size_t i = 0; i < p->lines; i++) {
            if (p->line[i].part != part)
                continue;
            const unroll_text text = side_text(&p->line[i], side);
            if (p->vocabulary[side])
                UNROLL_TRY(unroll_vocabulary_encode_text(p->vocabulary[side], p->name, &text, ids));
            else
                UNROLL_TRY(unroll_vocabulary_learn_text(p->built[side], &text, ids));
        }
        if (!p->vocabulary[side]) {
            UNROLL_TRY(unroll_vocabulary_settle(p->built[side], ids));
            p->vocabulary[side] = p->built[side];
        }
    }
    return UNROLL_OK;
}

/* One side of all pairs, with the ends that a network reads and writes. */
static unroll_status take_side(unroll_pairs *p, enum unroll_side side, const unroll_ids *ids)
{
    uint32_t *to = unroll_alloc(ids->count + p->lines, sizeof *to);
    const uint32_t *from = ids->id;
    if (!to)
        return UNROLL_EMEMORY;
    p->id[side] = to;
    p->tokens[side] = ids->count;
    p->unknown[side] = ids->unknown;
    unroll_pair *pair = p->pair;
    for (int part = 0; part < PARTS; part++) {
        unroll_pairs_part *whole = &p->part[part];
        *whole = (unroll_pairs_part){pair, 0, {whole->longest[0], whole->longest[1]}};
        for (size_t i = 0; i < p->lines; i++) {
            const line *l = &p->line[i];
            if (l->part != part)
                continue;
            const size_t n = l->tokens[side];
            memcpy(to, from, n * sizeof *to);
            to[n] = UNROLL_ID_END;
            pair->id[side] = to;
            pair->length[side] = n + 1;
            if (p->options.keep_text) {
                pair->text[side] = l->text[side];
                pair->bytes[side] = l->bytes[side];
            }
            if (n + 1 > whole->longest[side])
                whole->longest[side] = n + 1;
            whole->count++;
            pair++;
            from += n;
            to += n + 1;
        }
    }
    return UNROLL_OK;
}

static unroll_status number_sides(unroll_pairs *p)
{
    p->pair = unroll_alloc(p->lines, sizeof *p->pair);
    if (!p->pair)
        return UNROLL_EMEMORY;
    for (int side = 0; side < UNROLL_SIDES; side++) {
        unroll_ids ids = {0};
        unroll_status status = number_side(p, (enum unroll_side)side, &ids);
        if (status == UNROLL_OK)
            status = take_side(p, (enum unroll_side)side, &ids);
        unroll_ids_free(&ids);
        UNROLL_TRY(status);
        if (p->unknown[side])
            note(p, "%s: %zu of %zu %s tokens are <unk>", p->name, p->unknown[side],
                 p->tokens[side], side == UNROLL_SOURCE ? "source" : "target");
    }
    return UNROLL_OK;
}

/* ---- the whole ---- */

static int by_value(const void *left, const void *right)
{
    const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* A file of its own may hold what is trained on: tell it. */
static unroll_status note_overlap(const unroll_pairs *p, int part)
{
    size_t trained = 0, seen = 0, all = 0;
    uint64_t *hash = unroll_alloc(p->lines, sizeof *hash);
    if (!hash)
        return UNROLL_EMEMORY;
    for (size_t i = 0; i < p->lines; i++)
        if (p->line[i].part == UNROLL_TRAIN)
            hash[trained++] = p->line[i].hash;
    qsort(hash, trained, sizeof *hash, by_value);
    for (size_t i = 0; i < p->lines; i++)
        if (p->line[i].part == part) {
            all++;
            seen += bsearch(&p->line[i].hash, hash, trained, sizeof *hash, by_value) != NULL;
        }
    unroll_free(hash);
    if (seen)
        note(p, "%zu of %zu %s sources are trained on, too", seen, all, part_names[part]);
    return UNROLL_OK;
}

static unroll_status begin(const unroll_pairs_options *options, const char *name, unroll_pairs **out)
{
    *out = NULL;
    unroll_pairs *p = unroll_alloc(1, sizeof *p);
    if (!p)
        return UNROLL_EMEMORY;
    p->options = *options;
    if (options->vocabulary[0])
        p->options.rules = *unroll_vocabulary_rules(options->vocabulary[0]);
    p->name = unroll_strndup(name, strlen(name));
    unroll_status status = p->name ? UNROLL_OK : UNROLL_EMEMORY;
    for (int side = 0; side < UNROLL_SIDES && status == UNROLL_OK; side++) {
        p->vocabulary[side] = options->vocabulary[side];
        if (p->vocabulary[side])
            continue;
        status = unroll_vocabulary_begin(&options->rules, &p->built[side]);
        if (status == UNROLL_OK)
            unroll_vocabulary_specials(p->built[side]);
    }
    if (status == UNROLL_OK)
        *out = p;
    else
        unroll_pairs_free(p);
    return status;
}

static unroll_status finish(unroll_pairs *p, const char *valid, const char *test)
{
    const char *const files[PARTS] = {NULL, valid, test};
    size_t count[PARTS] = {0};
    for (int i = 1; i < PARTS; i++)
        if (files[i]) {
            UNROLL_TRY(add_file(p, files[i], i));
            UNROLL_TRY(note_overlap(p, i));
        }
    for (size_t i = 0; i < p->lines; i++)
        count[p->line[i].part]++;
    if (count[UNROLL_TRAIN] == 0 && p->options.split[UNROLL_TRAIN] > 0)
        return unroll_fail(UNROLL_EDATA,
                           "%s: no pair is left to train on (%zu are held out, %zu lines are bad); give more, or "
                           "raise the first share of " UNROLL_OPTION "split",
                           p->name, p->lines, p->bad);
    UNROLL_TRY(number_sides(p));
    for (int i = 1; i < PARTS; i++)
        if (p->part[i].count == 0 && (p->options.split[i] > 0 || files[i]))
            note(p, "%s: no pair falls into the %s part", p->name, part_names[i]);
    unroll_free(p->line);
    p->line = NULL;
    if (!p->options.keep_text)
        free_texts(p);
    return UNROLL_OK;
}

unroll_status unroll_pairs_read(const unroll_pairs_options *options, const char *const *files,
                                size_t count, const char *valid, const char *test, unroll_pairs **out)
{
    unroll_pairs *p;
    UNROLL_TRY(begin(options, count == 1 ? unroll_input_name(files[0]) : "the pairs", &p));
    const char *const own[PARTS] = {NULL, valid, test};
    for (int i = 1; i < PARTS; i++)
        if (own[i]) {
            p->options.split[UNROLL_TRAIN] += p->options.split[i];
            p->options.split[i] = 0;
        }
    unroll_status status = UNROLL_OK;
    for (size_t i = 0; i < count && status == UNROLL_OK; i++)
        status = add_file(p, files[i], OUTSIDE);
    if (status == UNROLL_OK)
        status = finish(p, valid, test);
    if (status == UNROLL_OK)
        *out = p;
    else
        unroll_pairs_free(p), *out = NULL;
    return status;
}

unroll_status unroll_pairs_from_text(const unroll_pairs_options *options, const char *name,
                                     const char *text, size_t length, unroll_pairs **out)
{
    unroll_pairs *p;
    UNROLL_TRY(begin(options, name, &p));
    char *raw = unroll_strndup(text, length); /* it may have to outlive the caller's */
    unroll_status status = raw ? add_text(p, name, raw, raw, length, OUTSIDE) : UNROLL_EMEMORY;
    if (status == UNROLL_OK)
        status = finish(p, NULL, NULL);
    if (status == UNROLL_OK)
        *out = p;
    else
        unroll_pairs_free(p), *out = NULL;
    return status;
}

void unroll_pairs_free(unroll_pairs *pairs)
{
    if (!pairs)
        return;
    free_texts(pairs);
    for (int side = 0; side < UNROLL_SIDES; side++) {
        unroll_free(pairs->id[side]);
        unroll_vocabulary_free(pairs->built[side]);
    }
    unroll_free(pairs->pair);
    unroll_free(pairs->line);
    unroll_free(pairs->name);
    unroll_free(pairs);
}

/* ---- access ---- */

const unroll_pairs_part *unroll_pairs_get_part(const unroll_pairs *pairs, enum unroll_split split)
{
    return &pairs->part[split];
}

const unroll_vocabulary *unroll_pairs_vocabulary(const unroll_pairs *pairs, enum unroll_side side)
{
    return pairs->vocabulary[side];
}

unroll_vocabulary *unroll_pairs_take_vocabulary(unroll_pairs *pairs, enum unroll_side side)
{
    unroll_vocabulary *v = pairs->built[side];
    pairs->built[side] = NULL;
    return v;
}

const char *unroll_pairs_name(const unroll_pairs *pairs)
{
    return pairs->name;
}

size_t unroll_pairs_bad(const unroll_pairs *pairs)
{
    return pairs->bad;
}

size_t unroll_pairs_tokens(const unroll_pairs *pairs, enum unroll_side side)
{
    return pairs->tokens[side];
}

size_t unroll_pairs_unknown(const unroll_pairs *pairs, enum unroll_side side)
{
    return pairs->unknown[side];
}

static uint64_t mix(uint64_t h, uint64_t word)
{
    return (h ^ word) * 0x100000001b3u;
}

uint64_t unroll_pairs_fingerprint(const unroll_pairs *pairs)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (int side = 0; side < UNROLL_SIDES; side++) {
        const unroll_vocabulary *v = pairs->vocabulary[side];
        for (size_t id = 0; id < unroll_vocabulary_size(v); id++) {
            size_t length;
            const char *token = unroll_vocabulary_token(v, (uint32_t)id, &length);
            h = mix(h, length);
            for (size_t i = 0; i < length; i++)
                h = mix(h, (unsigned char)token[i]);
        }
        for (int part = 0; part < PARTS; part++) {
            h = mix(h, pairs->part[part].count);
            for (size_t k = 0; k < pairs->part[part].count; k++) {
                const unroll_pair *pair = &pairs->part[part].pair[k];
                for (size_t i = 0; i < pair->length[side]; i++)
                    h = mix(h, pair->id[side][i]);
            }
        }
    }
    return h;
}

bool unroll_pairs_fits(const unroll_vocabulary *v)
{
    static const char *const names[UNROLL_ID_FIRST] = {"<unk>", "<s>", "</s>"};
    for (uint32_t id = 0; id < UNROLL_ID_FIRST; id++) {
        size_t length;
        if (id >= unroll_vocabulary_size(v))
            return false;
        const char *token = unroll_vocabulary_token(v, id, &length);
        if (length != strlen(names[id]) || memcmp(token, names[id], length) != 0)
            return false;
    }
    return true;
}
