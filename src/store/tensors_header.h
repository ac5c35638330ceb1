#ifndef UNROLL_STORE_TENSORS_HEADER_H
#define UNROLL_STORE_TENSORS_HEADER_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/tensors.h"

/* The header of a safetensors file: a JSON object of tensors by their names, and of metadata. */

/** More than the largest model has. A header of JSON alone could name millions. */
enum { UNROLL_TENSORS_MAX = 100000, UNROLL_METADATA_MAX = 4096 };

/** A tensor with its place in the payload. */
typedef struct unroll_tensor_entry {
    unroll_tensor tensor;
    size_t begin, end;
    size_t at; /**< of its description in the header */
} unroll_tensor_entry;

/** Zero-initialise, set the first three, and release it with unroll_tensors_header_free(). */
typedef struct unroll_tensors_header {
    const char *path; /**< what messages begin with */
    char *text; /**< [length + 1], from unroll_alloc(); taken over. Names and metadata stand in it */
    size_t length;
    unroll_tensor_entry *entries; /**< in the order of the file */
    size_t count, room;
    unroll_metadata *metadata;
    size_t metadata_count, metadata_room;
    bool has_crc;
    uint32_t crc; /**< the payload's, as the header says */
} unroll_tensors_header;

/** Read the text, and check all that it says but the payload's checksum: each tensor's type, shape and place, that they
 *  cover the payload without holes, that no name is there twice, and the header's own checksum. Memory is that of
 *  names and places, whatever else the text may hold.
 *  @param payload  bytes that follow the header
 *  @return UNROLL_EDATA naming the fault, UNROLL_EMEMORY */
unroll_status unroll_tensors_header_read(unroll_tensors_header *h, size_t payload);
void unroll_tensors_header_free(unroll_tensors_header *h);
#endif
