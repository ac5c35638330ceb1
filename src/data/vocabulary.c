#include "data/vocabulary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "base/versioned.h"
#include "data/text.h"
#include "data/token_store.h"

static const char unknown_name[] = "<unk>";
/* What the vocabularies of a translation begin with. */
static const char *const special_names[] = {unknown_name, "<s>", "</s>"};
enum { SPECIALS = sizeof special_names / sizeof *special_names, BYTES = 256 };

struct unroll_vocabulary {
    unroll_text_rules rules;
    unroll_token_store tokens;
    uint32_t unknown;
    bool special; /* <unk>, <s> and </s> come first once it is settled */
};

/* ---- ids ---- */

unroll_status unroll_ids_reserve(unroll_ids *ids, size_t more)
{
    size_t need;
    if (!unroll_add(ids->count, more, &need))
        need = SIZE_MAX;
    if (need <= ids->room)
        return UNROLL_OK;
    uint32_t *id = unroll_realloc(ids->id, need, sizeof *id);
    if (!id)
        return UNROLL_EMEMORY;
    ids->id = id;
    ids->room = need;
    return UNROLL_OK;
}

static unroll_status ids_add(unroll_ids *ids, uint32_t id)
{
    if (ids->count == ids->room)
        UNROLL_TRY(unroll_ids_reserve(ids, ids->count / 2 + 64));
    ids->id[ids->count++] = id;
    return UNROLL_OK;
}

void unroll_ids_free(unroll_ids *ids)
{
    unroll_free(ids->id);
    *ids = (unroll_ids){0};
}

/* As many tokens as there can be of bytes and code points; the others are fewer, and grow. */
static size_t expected_tokens(enum unroll_tokens tokens, const unroll_text *text)
{
    if (tokens == UNROLL_BYTE)
        return text->length;
    if (tokens == UNROLL_WORD)
        return text->length / 5;
    size_t points = 0;
    for (size_t i = 0; i < text->length; i++)
        points += ((unsigned char)text->bytes[i] & 0xC0) != 0x80;
    return points;
}

/* ---- numbering ---- */

static unroll_status take_rules(const unroll_text_rules *from, unroll_text_rules *rules)
{
    UNROLL_TRY(unroll_versioned_copy("unroll_text_rules", from, rules, sizeof *rules));
    if ((unsigned)rules->tokens > UNROLL_WORD || (unsigned)rules->normalize > UNROLL_NO_NORMALIZE)
        return unroll_fail(UNROLL_EUSAGE, "tokens %d or normalize %d is no value of its enumeration",
                           (int)rules->tokens, (int)rules->normalize);
    return UNROLL_OK;
}

static unroll_status add_bytes(unroll_token_store *s)
{
    for (int byte = 0; byte < BYTES; byte++)
        UNROLL_TRY(unroll_token_store_add(s, &(char){(char)byte}, 1));
    return UNROLL_OK;
}

unroll_status unroll_vocabulary_begin(const unroll_text_rules *rules, unroll_vocabulary **out)
{
    unroll_text_rules own;
    *out = NULL;
    UNROLL_TRY(take_rules(rules, &own));
    unroll_vocabulary *v = unroll_alloc(1, sizeof *v);
    if (!v)
        return UNROLL_EMEMORY;
    v->rules = own;
    v->unknown = UNROLL_NO_TOKEN;
    unroll_status status = unroll_token_store_new(&v->tokens);
    if (status == UNROLL_OK && own.tokens == UNROLL_BYTE)
        status = add_bytes(&v->tokens);
    if (status == UNROLL_OK)
        *out = v;
    else
        unroll_vocabulary_free(v);
    return status;
}

void unroll_vocabulary_specials(unroll_vocabulary *v)
{
    v->special = true;
}

static unroll_status fail_unseen(const char *name, const unroll_text *text, const char *token,
                                 size_t length)
{
    enum { SHOWN = 40 };
    size_t line = 1 + text->lines, shown = length;
    for (const char *p = text->bytes; p < token; p++)
        line += *p == '\n';
    if (shown > SHOWN)
        for (shown = SHOWN; ((unsigned char)token[shown] & 0xC0) == 0x80;)
            shown--;
    char code[16] = "";
    if (length == 1)
        snprintf(code, sizeof code, " (U+%04X)", (unsigned char)token[0]);
    return unroll_fail(UNROLL_EDATA,
                       "%s:%zu: '%.*s%s'%s is not in the vocabulary, which has no <unk>; leave it out, or train "
                       "with " UNROLL_OPTION "min-count 2",
                       name, line, (int)shown, token, shown < length ? "…" : "", code);
}

/* A token that has no id gets the next one where `learner`, which is v or NULL, learns, else that of <unk>. */
static unroll_status number_unseen(const unroll_vocabulary *v, unroll_vocabulary *learner,
                                   const char *name, const unroll_text *text, const char *token,
                                   size_t length, unroll_ids *ids, uint32_t *id)
{
    if (learner) {
        *id = (uint32_t)learner->tokens.count;
        return unroll_token_store_add(&learner->tokens, token, length);
    }
    if (v->unknown == UNROLL_NO_TOKEN)
        return fail_unseen(name, text, token, length);
    *id = v->unknown;
    ids->unknown++;
    return UNROLL_OK;
}

/* Bytes and code points by tables; ids has room for all of them. */
static unroll_status number_points(const unroll_vocabulary *v, unroll_vocabulary *learner,
                                   const char *name, const unroll_text *text, unroll_ids *ids)
{
    const bool bytes = v->rules.tokens == UNROLL_BYTE;
    const char *at = text->bytes, *end = at + text->length;
    for (size_t length; at < end; at += length) {
        const unsigned char first = (unsigned char)*at;
        uint32_t id;
        if (bytes || first < 0x80) {
            length = 1;
            id = v->tokens.single[first];
        } else {
            id = unroll_token_store_find_point(&v->tokens, (uint32_t)unroll_utf8_decode(at, &length));
        }
        if (id == UNROLL_NO_TOKEN)
            UNROLL_TRY(number_unseen(v, learner, name, text, at, length, ids, &id));
        if (learner)
            learner->tokens.entry[id].count++;
        ids->id[ids->count++] = id;
    }
    return UNROLL_OK;
}

static unroll_status number_others(const unroll_vocabulary *v, unroll_vocabulary *learner,
                                   const char *name, const unroll_text *text, unroll_ids *ids)
{
    unroll_splitter s = {v->rules.tokens, text->bytes, text->bytes + text->length};
    const char *token;
    size_t length;
    while (unroll_splitter_next(&s, &token, &length)) {
        uint32_t id = unroll_token_store_find(&v->tokens, token, length);
        if (id == UNROLL_NO_TOKEN)
            UNROLL_TRY(number_unseen(v, learner, name, text, token, length, ids, &id));
        if (learner)
            learner->tokens.entry[id].count++;
        UNROLL_TRY(ids_add(ids, id));
    }
    return UNROLL_OK;
}

static unroll_status number_text(const unroll_vocabulary *v, unroll_vocabulary *learner,
                                 const char *name, const unroll_text *text, unroll_ids *ids)
{
    UNROLL_TRY(unroll_ids_reserve(ids, expected_tokens(v->rules.tokens, text)));
    return (v->rules.tokens <= UNROLL_CODEPOINT ? number_points : number_others)(v, learner, name,
                                                                                 text, ids);
}

unroll_status unroll_vocabulary_learn_text(unroll_vocabulary *v, const unroll_text *text,
                                           unroll_ids *ids)
{
    return number_text(v, v, NULL, text, ids);
}

unroll_status unroll_vocabulary_learn(unroll_vocabulary *v, const char *name, const char *text,
                                      size_t length, unroll_ids *ids)
{
    unroll_text ready;
    UNROLL_TRY(unroll_text_prepare(&v->rules, name, text, length, &ready));
    const unroll_status status = unroll_vocabulary_learn_text(v, &ready, ids);
    ids->bom |= ready.bom;
    ids->replaced += ready.replaced;
    unroll_text_free(&ready);
    return status;
}

unroll_status unroll_vocabulary_keep(unroll_vocabulary *v, const char *token)
{
    const size_t length = strlen(token);
    uint32_t id = unroll_token_store_find(&v->tokens, token, length);
    if (id == UNROLL_NO_TOKEN) {
        id = (uint32_t)v->tokens.count;
        UNROLL_TRY(unroll_token_store_add(&v->tokens, token, length));
    }
    v->tokens.entry[id].count += v->rules.min_count;
    return UNROLL_OK;
}

/* ---- settling ---- */

typedef struct ranked {
    const char *token;
    size_t length;
    uint64_t count;
    uint32_t id;
} ranked;

/* UTF-8 sorts by bytes as by code points. */
static int by_bytes(const void *left, const void *right)
{
    const ranked *a = left, *b = right;
    const int order = memcmp(a->token, b->token, a->length < b->length ? a->length : b->length);
    return order ? order : (a->length > b->length) - (a->length < b->length);
}

static int by_count(const void *left, const void *right)
{
    const ranked *a = left, *b = right;
    return a->count == b->count ? by_bytes(a, b) : a->count < b->count ? 1 : -1;
}

/* The kept tokens in order, into `fresh`; map[old id] = new id.
 * @param dropped  takes how often the others were seen */
static unroll_status settle_into(unroll_token_store *fresh, const unroll_vocabulary *v,
                                 ranked *order, uint32_t *map, uint64_t *dropped)
{
    const bool bytes = v->rules.tokens == UNROLL_BYTE;
    size_t kept = 0;
    *dropped = 0;
    for (size_t id = 0; id < v->tokens.count; id++) {
        const unroll_token_entry *e = &v->tokens.entry[id];
        map[id] = 0; /* <unk>, unless it is kept */
        if (bytes || e->count >= v->rules.min_count)
            order[kept++] = (ranked){v->tokens.blob + e->start, e->length, e->count, (uint32_t)id};
        else
            *dropped += e->count;
    }
    if (!bytes)
        qsort(order, kept, sizeof *order, v->rules.tokens == UNROLL_CODEPOINT ? by_bytes : by_count);
    const size_t specials = v->special ? SPECIALS : v->rules.min_count > 1 ? 1 : 0;
    for (size_t i = 0; i < specials; i++)
        UNROLL_TRY(unroll_token_store_add(fresh, special_names[i], strlen(special_names[i])));
    for (size_t i = 0; i < kept; i++) {
        map[order[i].id] = (uint32_t)fresh->count;
        UNROLL_TRY(unroll_token_store_add(fresh, order[i].token, order[i].length));
    }
    return UNROLL_OK;
}

unroll_status unroll_vocabulary_settle_map(unroll_vocabulary *v, uint32_t **out, uint64_t *dropped)
{
    *out = NULL;
    *dropped = 0;
    if (v->rules.tokens == UNROLL_BYTE && !v->special)
        return UNROLL_OK;
    unroll_token_store fresh = {0};
    ranked *order = unroll_alloc(v->tokens.count, sizeof *order);
    uint32_t *map = unroll_alloc(v->tokens.count, sizeof *map);
    unroll_status status = order && map ? unroll_token_store_new(&fresh) : UNROLL_EMEMORY;
    if (status == UNROLL_OK)
        status = settle_into(&fresh, v, order, map, dropped);
    if (status == UNROLL_OK) {
        if (v->special || v->rules.min_count > 1)
            v->unknown = 0;
        const unroll_token_store old = v->tokens;
        v->tokens = fresh;
        fresh = old;
        *out = map;
    } else {
        unroll_free(map);
    }
    unroll_token_store_free(&fresh);
    unroll_free(order);
    return status;
}

unroll_status unroll_vocabulary_settle(unroll_vocabulary *v, unroll_ids *ids)
{
    uint32_t *map;
    uint64_t dropped;
    UNROLL_TRY(unroll_vocabulary_settle_map(v, &map, &dropped));
    for (size_t i = 0; map && i < ids->count; i++)
        ids->id[i] = map[ids->id[i]];
    ids->unknown += (size_t)dropped;
    unroll_free(map);
    return UNROLL_OK;
}

unroll_status unroll_vocabulary_build(const unroll_text_rules *rules, const char *name,
                                      const char *text, size_t length, unroll_vocabulary **out,
                                      unroll_ids *ids)
{
    unroll_vocabulary *v;
    unroll_ids fresh = {0};
    *out = NULL;
    UNROLL_TRY(unroll_vocabulary_begin(rules, &v));
    unroll_status status = unroll_vocabulary_learn(v, name, text, length, &fresh);
    if (status == UNROLL_OK && fresh.count == 0)
        status = unroll_fail(UNROLL_EDATA, "%s: %s", name, length ? "holds no token" : "is empty");
    if (status == UNROLL_OK)
        status = unroll_vocabulary_settle(v, &fresh);
    if (status == UNROLL_OK)
        status = unroll_ids_reserve(ids, fresh.count);
    if (status == UNROLL_OK) {
        memcpy(ids->id + ids->count, fresh.id, fresh.count * sizeof *fresh.id);
        ids->count += fresh.count;
        ids->unknown += fresh.unknown;
        ids->replaced += fresh.replaced;
        ids->bom |= fresh.bom;
        *out = v;
    } else {
        unroll_vocabulary_free(v);
    }
    unroll_ids_free(&fresh);
    return status;
}

unroll_status unroll_vocabulary_encode_text(const unroll_vocabulary *v, const char *name,
                                            const unroll_text *text, unroll_ids *ids)
{
    return number_text(v, NULL, name, text, ids);
}

unroll_status unroll_vocabulary_encode(const unroll_vocabulary *v, const char *name,
                                       const char *text, size_t length, unroll_ids *ids)
{
    unroll_text ready;
    UNROLL_TRY(unroll_text_prepare(&v->rules, name, text, length, &ready));
    const size_t count = ids->count, unknown = ids->unknown;
    const unroll_status status = unroll_vocabulary_encode_text(v, name, &ready, ids);
    if (status == UNROLL_OK) {
        ids->bom |= ready.bom;
        ids->replaced += ready.replaced;
    } else {
        ids->count = count;
        ids->unknown = unknown;
    }
    unroll_text_free(&ready);
    return status;
}

/* ---- metadata ---- */

/* The byte that a byte model's spelling stands for, or −1. */
static int spelled_byte(const char *token, size_t length)
{
    if (length == 1 && (unsigned char)token[0] < 0x80)
        return (unsigned char)token[0];
    if (length != 6 || memcmp(token, "<0x", 3) != 0 || token[5] != '>')
        return -1;
    int byte = 0;
    for (int i = 3; i < 5; i++) {
        static const char digits[] = "0123456789ABCDEFabcdef";
        const char *at = token[i] ? strchr(digits, token[i]) : NULL;
        if (!at)
            return -1;
        const int digit = (int)(at - digits);
        byte = 16 * byte + (digit < 16 ? digit : digit - 6);
    }
    return byte >= 0x80 ? byte : -1;
}

static bool is_name(const char *name, const char *token, size_t length)
{
    return length == strlen(name) && memcmp(token, name, length) == 0;
}

static unroll_status take_token(unroll_vocabulary *v, size_t id, const char *token, size_t length)
{
    char byte;
    if (v->special && id < SPECIALS) {
        if (!is_name(special_names[id], token, length))
            return unroll_fail(UNROLL_EDATA, "vocabulary: entry %zu is not %s", id,
                               special_names[id]);
        v->unknown = 0;
    } else if (v->rules.tokens == UNROLL_BYTE) {
        const int value = spelled_byte(token, length);
        if (value < 0)
            return unroll_fail(UNROLL_EDATA,
                               "vocabulary: entry %zu of a byte model is no byte; bytes from 0x80 "
                               "on are spelled \"<0xNN>\"",
                               id);
        byte = (char)value;
        token = &byte;
        length = 1;
    } else {
        static const unroll_text_rules as_it_is = {.tokens = UNROLL_CODEPOINT,
                                                   .normalize = UNROLL_NO_NORMALIZE};
        unroll_text text;
        if (length == 0)
            return unroll_fail(UNROLL_EDATA, "vocabulary: entry %zu is empty", id);
        /* a lone BOM is a token like any other */
        if (!(length == 3 && memcmp(token, "\xEF\xBB\xBF", 3) == 0))
            UNROLL_TRY(unroll_text_prepare(&as_it_is, "vocabulary", token, length, &text));
        if (is_name(unknown_name, token, length))
            v->unknown = (uint32_t)id;
    }
    const uint32_t twin = unroll_token_store_find(&v->tokens, token, length);
    if (twin != UNROLL_NO_TOKEN)
        return unroll_fail(UNROLL_EDATA, "vocabulary: entries %u and %zu are the same", twin, id);
    return unroll_token_store_add(&v->tokens, token, length);
}

unroll_status unroll_vocabulary_from_tokens(const unroll_text_rules *rules,
                                            const char *const *tokens, const size_t *lengths,
                                            size_t count, unroll_vocabulary **out)
{
    unroll_text_rules own;
    *out = NULL;
    UNROLL_TRY(take_rules(rules, &own));
    const bool bytes = own.tokens == UNROLL_BYTE;
    if (bytes ? count != BYTES && count != BYTES + SPECIALS : count == 0)
        return unroll_fail(UNROLL_EDATA, "vocabulary: %zu entries; %s", count,
                           count ? "a byte model has 256, and three more to translate"
                                 : "at least one is needed");
    unroll_vocabulary *v = unroll_alloc(1, sizeof *v);
    if (!v)
        return UNROLL_EMEMORY;
    v->rules = own;
    v->unknown = UNROLL_NO_TOKEN;
    v->special = bytes && count != BYTES;
    unroll_status status = unroll_token_store_new(&v->tokens);
    for (size_t id = 0; id < count && status == UNROLL_OK; id++)
        status = take_token(v, id, tokens[id], lengths[id]);
    if (status == UNROLL_OK)
        *out = v;
    else
        unroll_vocabulary_free(v);
    return status;
}

const char *unroll_vocabulary_spelling(const unroll_vocabulary *v, uint32_t id, char buffer[8],
                                       size_t *length)
{
    const char *token = unroll_vocabulary_token(v, id, length);
    if (v->rules.tokens != UNROLL_BYTE || (unsigned char)token[0] < 0x80)
        return token;
    *length = (size_t)snprintf(buffer, 8, "<0x%02X>", (unsigned char)token[0]);
    return buffer;
}

/* ---- access ---- */

size_t unroll_vocabulary_size(const unroll_vocabulary *v)
{
    return v->tokens.count;
}

const char *unroll_vocabulary_token(const unroll_vocabulary *v, uint32_t id, size_t *length)
{
    const unroll_token_entry *e = &v->tokens.entry[id];
    *length = e->length;
    return v->tokens.blob + e->start;
}

uint32_t unroll_vocabulary_unknown(const unroll_vocabulary *v)
{
    return v->unknown;
}

uint32_t unroll_vocabulary_find(const unroll_vocabulary *v, const char *token, size_t length)
{
    return unroll_token_store_find(&v->tokens, token, length);
}

const unroll_text_rules *unroll_vocabulary_rules(const unroll_vocabulary *v)
{
    return &v->rules;
}

void unroll_vocabulary_free(unroll_vocabulary *v)
{
    if (!v)
        return;
    unroll_token_store_free(&v->tokens);
    unroll_free(v);
}

const char *unroll_vocabulary_glue(const unroll_vocabulary *v, uint32_t previous, uint32_t id)
{
    if (v->rules.tokens != UNROLL_WORD || previous == UNROLL_NO_TOKEN)
        return "";
    size_t left_length, right_length;
    const char *left = unroll_vocabulary_token(v, previous, &left_length);
    const char *right = unroll_vocabulary_token(v, id, &right_length);
    /* <unk> stands for a word, not for a bracket */
    if (previous == v->unknown)
        left = "x", left_length = 1;
    if (id == v->unknown)
        right = "x", right_length = 1;
    return unroll_text_glue(left, left_length, right, right_length);
}

unroll_status unroll_vocabulary_copy(const unroll_vocabulary *from, unroll_vocabulary **out)
{
    const size_t count = unroll_vocabulary_size(from);
    const char **token = unroll_alloc(count, sizeof *token);
    size_t *length = unroll_alloc(count, sizeof *length);
    char(*buffer)[8] = unroll_alloc(count, sizeof *buffer);
    unroll_status status = token && length && buffer ? UNROLL_OK : UNROLL_EMEMORY;
    for (size_t i = 0; i < count && status == UNROLL_OK; i++)
        token[i] = unroll_vocabulary_spelling(from, (uint32_t)i, buffer[i], &length[i]);
    if (status == UNROLL_OK)
        status =
            unroll_vocabulary_from_tokens(unroll_vocabulary_rules(from), token, length, count, out);
    unroll_free(buffer);
    unroll_free(length);
    unroll_free(token);
    return status;
}
