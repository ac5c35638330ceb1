#ifndef UNROLL_BASE_ID_STORE_H
#define UNROLL_BASE_ID_STORE_H
#include <stddef.h>
#include <stdint.h>
#include <unroll/status.h>

/* Token ids of a long text in as few bytes each as the largest of them needs: one, two or four. */

/** Ids that lie side by side, to be read. One for each needs no length of its own: who has it knows it. */
typedef struct unroll_id_span {
    const void *id;
    unsigned bytes; /**< of each id: 1, 2 or 4 */
} unroll_id_span;

static inline uint32_t unroll_id_at(unroll_id_span s, size_t i)
{
    return s.bytes == 1   ? ((const uint8_t *)s.id)[i]
           : s.bytes == 2 ? ((const uint16_t *)s.id)[i]
                          : ((const uint32_t *)s.id)[i];
}

/** The span from id `at` on. */
static inline unroll_id_span unroll_id_from(unroll_id_span s, size_t at)
{
    return (unroll_id_span){(const char *)s.id + at * s.bytes, s.bytes};
}

/** The first `count` ids to to[0], to[stride], to[2·stride], … */
void unroll_id_copy(unroll_id_span s, size_t count, uint32_t *to, size_t stride);

/** A growing array of ids. Begin with {0}. */
typedef struct unroll_id_store {
    void *id;
    size_t count, room;
    unsigned bytes; /**< of each id; 0 as long as there is no room */
} unroll_id_store;

/** Make room for `more` ids. Memory that is never written is never taken. @return UNROLL_EMEMORY */
unroll_status unroll_id_store_reserve(unroll_id_store *s, size_t more);
/** Append ids, with more bytes for each where one of them needs it.
 *  @param id  [count]
 *  @return UNROLL_EMEMORY; the store is as it was */
unroll_status unroll_id_store_add(unroll_id_store *s, const uint32_t *id, size_t count);
/** Each id i becomes map[i], and as many bytes are taken for each as `most`, the largest, needs.
 *  @return UNROLL_EMEMORY; the store is as it was */
unroll_status unroll_id_store_map(unroll_id_store *s, const uint32_t *map, uint32_t most);
/** @param id  needs no more bytes than the store has for each */
void unroll_id_store_set(unroll_id_store *s, size_t i, uint32_t id);
/** Give back the room that is left. */
void unroll_id_store_fit(unroll_id_store *s);
unroll_id_span unroll_id_store_span(const unroll_id_store *s);
void unroll_id_store_free(unroll_id_store *s);
#endif
