#include "base/id_store.h"

#include "base/fail.h"
#include "base/memory.h"

void unroll_id_copy(unroll_id_span s, size_t count, uint32_t *to, size_t stride)
{
    const uint8_t *one = s.id;
    const uint16_t *two = s.id;
    const uint32_t *four = s.id;
    if (s.bytes == 1)
        for (size_t i = 0; i < count; i++)
            to[i * stride] = one[i];
    else if (s.bytes == 2)
        for (size_t i = 0; i < count; i++)
            to[i * stride] = two[i];
    else
        for (size_t i = 0; i < count; i++)
            to[i * stride] = four[i];
}

static unsigned bytes_for(uint32_t id)
{
    return id <= UINT8_MAX ? 1 : id <= UINT16_MAX ? 2 : 4;
}

static void put(unroll_id_store *s, size_t i, unsigned bytes, uint32_t id)
{
    if (bytes == 1)
        ((uint8_t *)s->id)[i] = (uint8_t)id;
    else if (bytes == 2)
        ((uint16_t *)s->id)[i] = (uint16_t)id;
    else
        ((uint32_t *)s->id)[i] = id;
}

void unroll_id_store_set(unroll_id_store *s, size_t i, uint32_t id)
{
    put(s, i, s->bytes, id);
}

/* Room for `room` ids of `bytes` bytes each, which are no fewer than they have. */
static unroll_status resize(unroll_id_store *s, size_t room, unsigned bytes)
{
    void *id = unroll_realloc(s->id, room, bytes);
    if (!id)
        return UNROLL_EMEMORY;
    const unroll_id_span old = {id, s->bytes};
    s->id = id;
    s->room = room;
    if (s->bytes && s->bytes < bytes)
        for (size_t i = s->count; i-- > 0;) /* from the end, where what is written has been read */
            put(s, i, bytes, unroll_id_at(old, i));
    s->bytes = bytes;
    return UNROLL_OK;
}

unroll_status unroll_id_store_reserve(unroll_id_store *s, size_t more)
{
    size_t need;
    if (!unroll_add(s->count, more, &need))
        need = SIZE_MAX;
    return need <= s->room ? UNROLL_OK : resize(s, need, s->bytes ? s->bytes : 1);
}

unroll_status unroll_id_store_add(unroll_id_store *s, const uint32_t *id, size_t count)
{
    uint32_t all = 0; /* as large as the largest, as far as bytes go */
    for (size_t i = 0; i < count; i++)
        all |= id[i];
    const unsigned least = bytes_for(all), bytes = least > s->bytes ? least : s->bytes;
    size_t room = s->room;
    if (room - s->count < count && !unroll_add(s->count, s->count / 2 + count, &room))
        return unroll_fail(UNROLL_EMEMORY, "%zu tokens are more than memory can hold", s->count);
    if (room > s->room || bytes > s->bytes)
        UNROLL_TRY(resize(s, room, bytes));
    for (size_t i = 0; i < count; i++)
        put(s, s->count + i, bytes, id[i]);
    s->count += count;
    return UNROLL_OK;
}

unroll_status unroll_id_store_map(unroll_id_store *s, const uint32_t *map, uint32_t most)
{
    const unsigned bytes = bytes_for(most);
    if (s->count == 0)
        return UNROLL_OK;
    if (bytes > s->bytes)
        UNROLL_TRY(resize(s, s->room, bytes));
    const unroll_id_span old = unroll_id_store_span(s);
    for (size_t i = 0; i < s->count; i++) /* from the start, where as few bytes or fewer are written */
        put(s, i, bytes, map[unroll_id_at(old, i)]);
    s->bytes = bytes;
    return UNROLL_OK;
}

void unroll_id_store_fit(unroll_id_store *s)
{
    void *id = s->count ? unroll_realloc(s->id, s->count, s->bytes) : NULL;
    if (!id)
        return;
    s->id = id;
    s->room = s->count;
}

unroll_id_span unroll_id_store_span(const unroll_id_store *s)
{
    return (unroll_id_span){s->id, s->bytes};
}

void unroll_id_store_free(unroll_id_store *s)
{
    unroll_free(s->id);
    *s = (unroll_id_store){0};
}
