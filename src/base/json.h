#ifndef UNROLL_BASE_JSON_H
#define UNROLL_BASE_JSON_H
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <unroll/status.h>

/** Parse strictly: one value, no duplicate keys, bounded depth.
 *  @param path, part  what messages call it: "FILE: byte N: the PART is …"
 *  @param nul         strings may hold a NUL
 *  @return UNROLL_EDATA naming byte and fault, or UNROLL_EMEMORY; *out is freed by json_decref() */
unroll_status unroll_json_parse(const char *path, const char *part, const char *text, size_t length,
                                bool nul, json_t **out);

/** Text that grows. Zero-initialise; `failed` stays set after the first allocation that did, so
 *  that only the end needs a check. */
typedef struct unroll_json_text {
    char *data;             /**< NUL-terminated once anything was added; freed by unroll_free() */
    size_t length, room;
    bool failed;
} unroll_json_text;

void unroll_json_add(unroll_json_text *t, const char *text, size_t length);
void unroll_json_addz(unroll_json_text *t, const char *text);
/** A JSON string, quoted and escaped; `string` must be UTF-8. */
void unroll_json_quote(unroll_json_text *t, const char *string, size_t length);
#endif
