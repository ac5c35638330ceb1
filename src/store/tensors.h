#ifndef UNROLL_STORE_TENSORS_H
#define UNROLL_STORE_TENSORS_H
#include <stddef.h>
#include <stdint.h>
#include <unroll/status.h>

/* safetensors: 8 bytes little-endian header length, a JSON header, raw tensors. Read strictly,
 * written atomically. Files of ours carry metadata "crc32" (payload) and "header_crc32" (the
 * header text with that value's digits as zeros), both 8 lower-case hex digits. */

enum unroll_dtype { UNROLL_F32, UNROLL_F64, UNROLL_U64 };
enum { UNROLL_RANK_MAX = 4 };

typedef struct unroll_tensor {
    const char *name;
    enum unroll_dtype dtype;
    size_t rank, shape[UNROLL_RANK_MAX];
    const void *data; /**< reading: aligned to 8 */
} unroll_tensor;

typedef struct unroll_metadata {
    const char *key, *value; /**< UTF-8 */
} unroll_metadata;

/** Write all tensors and metadata as one file, through unroll_output. */
unroll_status unroll_tensors_write(const char *path, const unroll_tensor *tensors, size_t count,
                                   const unroll_metadata *metadata, size_t metadata_count);

typedef struct unroll_tensors {
    unroll_tensor *tensor;
    size_t count;
    unroll_metadata *metadata;
    size_t metadata_count;
    void *block_; /**< what the above point into */
} unroll_tensors;

/** Every fault of faults.md's model rows is UNROLL_EDATA naming file and fault; no allocation is
 *  sized by an unchecked number. A pickle or other known format is named. dtypes other than the
 *  three are UNROLL_EDATA. */
unroll_status unroll_tensors_read(const char *path, unroll_tensors *out);
void unroll_tensors_free(unroll_tensors *t);
const unroll_tensor *unroll_tensors_find(const unroll_tensors *t, const char *name);
const char *unroll_tensors_metadata(const unroll_tensors *t, const char *key); /**< NULL: none */
#endif
