#ifndef UNROLL_BASE_JSON_READER_H
#define UNROLL_BASE_JSON_READER_H
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <unroll/status.h>

/* JSON (RFC 8259) read piece by piece, strictly and without an allocation: strings are unescaped where they stand, and
 * a tree is made only of what a caller asks for, up to a number of values. jansson's own parser is not used: it makes
 * a tree of everything first, and takes a token for whole that it had no memory to grow. */

typedef struct unroll_json_reader {
    const char *path, *part; /**< how messages begin: "FILE: byte N: the PART is no valid JSON: …" */
    char *text;              /**< [length], and one byte behind it that may be written, too */
    size_t length;
    bool nul; /**< strings, but no keys, may hold a NUL */
    size_t at, depth;
    char close[32];      /**< [depth]: what closes them */
    bool first;          /**< nothing was read of what was entered last */
    size_t values, most; /**< of the tree that is made */
} unroll_json_reader;

/** All functions return UNROLL_EDATA naming byte and fault; where they do, nothing more can be read. */

/** Does the next value begin with this character? One of { [ " or of a number or word. */
bool unroll_json_begins(unroll_json_reader *r, char first);
/** Into an object or an array: `open` is { or [. Then, until there is no more, read what unroll_json_next() has found:
 *  a value, or a key and a value. At most 32 of them may lie in each other. */
unroll_status unroll_json_enter(unroll_json_reader *r, char open);
/** Go on to the next value or key. @param more  false: it was the last, and what closes them is passed over */
unroll_status unroll_json_next(unroll_json_reader *r, bool *more);
/** @param key  stands in the text, with a NUL behind; so do strings */
unroll_status unroll_json_key(unroll_json_reader *r, char **key);
unroll_status unroll_json_string(unroll_json_reader *r, char **string, size_t *length);
/** Any value, checked as strictly, and left as it is. */
unroll_status unroll_json_skip(unroll_json_reader *r);
/** Any value as a tree. @param most  values that it may have, itself included
 *  @return UNROLL_EDATA also for a key that is there twice; UNROLL_EMEMORY; *out is freed by json_decref() */
unroll_status unroll_json_value(unroll_json_reader *r, size_t most, json_t **out);
/** Nothing but space may follow. */
unroll_status unroll_json_end(unroll_json_reader *r);
#endif
