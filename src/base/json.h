#ifndef UNROLL_BASE_JSON_H
#define UNROLL_BASE_JSON_H
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <unroll/status.h>

#include "base/buffer.h"

/** Parse strictly: one value, no duplicate keys, bounded depth.
 *  @param path, part  what messages call it: "FILE: byte N: the PART is …"
 *  @param nul         strings may hold a NUL
 *  @return UNROLL_EDATA naming byte and fault, or UNROLL_EMEMORY; *out is freed by json_decref() */
unroll_status unroll_json_parse(const char *path, const char *part, const char *text, size_t length,
                                bool nul, json_t **out);

/** Append a JSON string, quoted and escaped; `string` must be UTF-8. */
void unroll_json_quote(unroll_buffer *out, const char *string, size_t length);
#endif
