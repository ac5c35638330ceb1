#ifndef UNROLL_BASE_JSON_H
#define UNROLL_BASE_JSON_H
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <unroll/status.h>

#include "base/buffer.h"

/** A whole text as a tree, read as base/json_reader.h says.
 *  @param path, part  what messages call it: "FILE: byte N: the PART is …"
 *  @param most        values that the tree may have
 *  @return UNROLL_EDATA naming byte and fault, or UNROLL_EMEMORY; *out is freed by json_decref() */
unroll_status unroll_json_parse(const char *path, const char *part, const char *text, size_t length,
                                size_t most, json_t **out);
/** Values that options need by far not. */
enum { UNROLL_JSON_OPTIONS = 10000 };

/** Put a value into an array or under a key of an object, and take it over. Where memory ran out, for `value` (NULL)
 *  or here, the whole is released and becomes NULL: what is made of it fails in turn, so that many calls
 *  need one check. */
void unroll_json_append(json_t **array, json_t *value);
void unroll_json_set(json_t **object, const char *key, json_t *value);

/** Give the text of a value to `sink`, piece by piece. A value of NULL, for which there was no memory, fails.
 *  @param flags  of json_dumps()
 *  @return UNROLL_EMEMORY, or what the sink has returned first that is not UNROLL_OK */
typedef unroll_status unroll_json_sink(void *arg, const char *text, size_t length);
unroll_status unroll_json_write(const json_t *value, size_t flags, unroll_json_sink *sink, void *arg);

/** Append a JSON string, quoted and escaped; `string` must be UTF-8. */
void unroll_json_quote(unroll_buffer *out, const char *string, size_t length);

/* A path may hold any bytes, a JSON string UTF-8 alone. What is not UTF-8 becomes an array of strings and bytes, such
 * as ["caf", 233, ".txt"], which says the same path again. */

/** Append any text without a NUL: a string where it is UTF-8, else such an array. */
void unroll_json_quote_bytes(unroll_buffer *out, const char *text, size_t length);
/** Append to `text` what unroll_json_quote_bytes() wrote; false where the value is neither. */
bool unroll_json_bytes(const json_t *value, unroll_buffer *text);
#endif
