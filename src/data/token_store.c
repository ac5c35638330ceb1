#include "data/token_store.h"

#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/utf8.h"

enum { PAGES = 0x1100, PAGE = 256 };

void unroll_token_store_free(unroll_token_store *s)
{
    for (size_t i = 0; s->page && i < PAGES; i++)
        unroll_free(s->page[i]);
    unroll_free(s->page);
    unroll_free(s->entry);
    unroll_free(s->blob);
    unroll_free(s->slot);
}

unroll_status unroll_token_store_new(unroll_token_store *s)
{
    *s = (unroll_token_store){.slots = 256};
    memset(s->single, 0xFF, sizeof s->single);
    s->slot = unroll_alloc(s->slots, sizeof *s->slot);
    s->page = unroll_alloc(PAGES, sizeof *s->page);
    if (!s->slot || !s->page)
        return UNROLL_EMEMORY;
    memset(s->slot, 0xFF, s->slots * sizeof *s->slot);
    return UNROLL_OK;
}

static size_t hash(const char *token, size_t length)
{
    uint64_t h = length;
    for (size_t i = 0; i < length; i++)
        h = (h ^ (unsigned char)token[i]) * 0x100000001b3u;
    return (size_t)((h * 0x9e3779b97f4a7c15u) >> 32);
}

/* The slot that holds the token, or the empty one where it would go. */
static uint32_t *find_slot(const unroll_token_store *s, const char *token, size_t length)
{
    for (size_t i = hash(token, length);; i++) {
        uint32_t *slot = &s->slot[i & (s->slots - 1)];
        if (*slot == UNROLL_NO_TOKEN)
            return slot;
        const unroll_token_entry *e = &s->entry[*slot];
        if (e->length == length && memcmp(s->blob + e->start, token, length) == 0)
            return slot;
    }
}

uint32_t unroll_token_store_find(const unroll_token_store *s, const char *token, size_t length)
{
    if (length == 1)
        return s->single[(unsigned char)token[0]];
    return *find_slot(s, token, length);
}

static unroll_status grow(unroll_token_store *s, size_t length)
{
    if (s->count == s->room) {
        const size_t room = s->room ? 2 * s->room : 256;
        unroll_token_entry *grown = unroll_realloc(s->entry, room, sizeof *grown);
        if (!grown)
            return UNROLL_EMEMORY;
        s->entry = grown;
        s->room = room;
    }
    if (s->blob_room - s->blob_length <= length) {
        const size_t room = 2 * s->blob_room + length + 1024;
        char *grown = unroll_realloc(s->blob, room, 1);
        if (!grown)
            return UNROLL_EMEMORY;
        s->blob = grown;
        s->blob_room = room;
    }
    if (2 * (s->count + 1) <= s->slots)
        return UNROLL_OK;
    uint32_t *grown = unroll_alloc(2 * s->slots, sizeof *grown);
    if (!grown)
        return UNROLL_EMEMORY;
    unroll_free(s->slot);
    s->slot = grown;
    s->slots *= 2;
    memset(s->slot, 0xFF, s->slots * sizeof *s->slot);
    for (size_t id = 0; id < s->count; id++) {
        const unroll_token_entry *e = &s->entry[id];
        *find_slot(s, s->blob + e->start, e->length) = (uint32_t)id;
    }
    return UNROLL_OK;
}

/* The code point that a token of UTF-8 is, or 0 where it is none above 0x7F. */
static uint32_t point_of(const char *token, size_t length)
{
    size_t own;
    if (length < 2 || (unsigned char)*token < 0x80)
        return 0;
    const int32_t point = unroll_utf8_decode(token, &own);
    return own == length ? (uint32_t)point : 0;
}

/* Room for where unroll_token_store_find_point() looks. */
static unroll_status add_page(unroll_token_store *s, uint32_t point)
{
    uint32_t **page = &s->page[point / PAGE];
    if (*page)
        return UNROLL_OK;
    if (!(*page = unroll_alloc(PAGE, sizeof **page)))
        return UNROLL_EMEMORY;
    memset(*page, 0xFF, PAGE * sizeof **page);
    return UNROLL_OK;
}

unroll_status unroll_token_store_add(unroll_token_store *s, const char *token, size_t length)
{
    const uint32_t point = point_of(token, length);
    if (s->count == UNROLL_NO_TOKEN - 1)
        return unroll_fail(UNROLL_EDATA, "more than %zu different tokens", s->count);
    UNROLL_TRY(grow(s, length));
    if (point)
        UNROLL_TRY(add_page(s, point));
    unroll_token_entry *e = &s->entry[s->count];
    *e = (unroll_token_entry){.start = s->blob_length, .length = length};
    memcpy(s->blob + e->start, token, length);
    s->blob[e->start + length] = '\0';
    s->blob_length += length + 1;
    *find_slot(s, token, length) = (uint32_t)s->count;
    if (length == 1)
        s->single[(unsigned char)token[0]] = (uint32_t)s->count;
    if (point)
        s->page[point / PAGE][point % PAGE] = (uint32_t)s->count;
    s->count++;
    return UNROLL_OK;
}
