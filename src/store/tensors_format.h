#ifndef UNROLL_STORE_TENSORS_FORMAT_H
#define UNROLL_STORE_TENSORS_FORMAT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

#include "base/memory.h"
#include "store/tensors.h"

/* What reading and writing agree on. https://github.com/huggingface/safetensors gives the format. */

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "tensors are copied as they stand in the file, which is little-endian"
#endif

enum { LENGTH_BYTES = 8, HEADER_MAX = 32000000, CRC_DIGITS = 8, ALIGNMENT = 8 };

#define CRC_KEY "crc32"
#define HEADER_CRC_KEY "header_crc32"
#define META_KEY "__metadata__"

static const struct {
    const char *name;
    size_t size;
} DTYPES[] = {[UNROLL_F32] = {"F32", 4}, [UNROLL_F64] = {"F64", 8}, [UNROLL_U64] = {"U64", 8}};

enum { DTYPE_COUNT = sizeof DTYPES / sizeof DTYPES[0] };

/** Bytes of a tensor; false where they overflow. */
static inline bool tensor_bytes(const unroll_tensor *t, size_t *bytes)
{
    *bytes = DTYPES[t->dtype].size;
    for (size_t i = 0; i < t->rank; i++)
        if (!unroll_mul(*bytes, t->shape[i], bytes))
            return false;
    return true;
}

static inline size_t align_up(size_t n)
{
    return (n + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static inline uint32_t crc_of(uint32_t crc, const void *data, size_t length)
{
    return length > 0 ? (uint32_t)crc32_z(crc, data, length) : crc;
}

/** Where the digits of the header's own CRC stand in its text; NULL: nowhere. A quote inside a
 *  JSON string is escaped, so this can only be the key itself. */
static inline char *find_header_crc(char *header, size_t length)
{
    static const char before[] = "\"header_crc32\":\"";
    const size_t n = sizeof before - 1;
    for (size_t i = 0; i + n + CRC_DIGITS < length; i++)
        if (memcmp(header + i, before, n) == 0)
            return header + i + n;
    return NULL;
}
#endif
