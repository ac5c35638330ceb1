#ifndef UNROLL_DATA_TOKEN_STORE_H
#define UNROLL_DATA_TOKEN_STORE_H
#include <stddef.h>
#include <stdint.h>
#include <unroll/status.h>

/* The strings of a vocabulary's tokens. */

#define UNROLL_NO_TOKEN UINT32_MAX

typedef struct unroll_token_entry {
    size_t start, length; /**< in the blob; a NUL stands behind */
    uint64_t count;       /**< how often it was seen, while a vocabulary learns */
} unroll_token_entry;

/** Token strings by id, and ids by token string. */
typedef struct unroll_token_store {
    unroll_token_entry *entry;
    size_t count, room;
    char *blob;
    size_t blob_length, blob_room;
    uint32_t *slot; /**< open addressing; a power of two, at most half full */
    size_t slots;
    uint32_t single[256]; /**< ids of tokens of one byte: most lookups need no hash */
    uint32_t **page; /**< [code point / 256], of tokens that are one code point of more bytes; NULL: no such */
} unroll_token_store;

/** An empty store. @return UNROLL_EMEMORY; unroll_token_store_free() in any case */
unroll_status unroll_token_store_new(unroll_token_store *s);
void unroll_token_store_free(unroll_token_store *s);
/** The token's id, or UNROLL_NO_TOKEN. @param token  [length] bytes */
uint32_t unroll_token_store_find(const unroll_token_store *s, const char *token, size_t length);
/** The same of the token that is this code point, above 0x7F and below 0x110000. */
static inline uint32_t unroll_token_store_find_point(const unroll_token_store *s, uint32_t point)
{
    const uint32_t *page = s->page[point >> 8];
    return page ? page[point & 0xFF] : UNROLL_NO_TOKEN;
}
/** Give the next id to a token that is not there yet.
 *  @return UNROLL_EMEMORY; UNROLL_EDATA where ids run out */
unroll_status unroll_token_store_add(unroll_token_store *s, const char *token, size_t length);
#endif
