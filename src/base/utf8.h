#ifndef UNROLL_BASE_UTF8_H
#define UNROLL_BASE_UTF8_H
#include <stdbool.h>
#include <stddef.h>

/* Texts that come from outside, such as paths, labels and names in a file: are they UTF-8? By Unicode's table 3-7: no
 * overlong forms, no surrogates, nothing above 10FFFF. */

/** Bytes of the character at `text`; 0 where its first bytes are none, or it is cut off after `length` bytes. */
size_t unroll_utf8_length(const char *text, size_t length);
/** Bytes from the start of `text` that are UTF-8: all `length` of them, or where the first one is that is not. */
size_t unroll_utf8_prefix(const char *text, size_t length);
/** May a character of `length` bytes be shown? Not where it moves the cursor, changes the direction of writing or
 *  cannot be seen at all. */
bool unroll_utf8_shows(const char *character, size_t length);
/** Bytes of `text` up to its NUL, at most `most` and with no character cut: for "%.*s" of printf(). */
int unroll_utf8_fit(const char *text, size_t most);
#endif
