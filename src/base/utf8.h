#ifndef UNROLL_BASE_UTF8_H
#define UNROLL_BASE_UTF8_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/** The code point at `p`, of a text known to be valid; *length its bytes. */
static inline int32_t unroll_utf8_decode(const char *p, size_t *length)
{
    const unsigned char *b = (const unsigned char *)p;
    if (b[0] < 0x80) {
        *length = 1;
        return b[0];
    }
    if (b[0] < 0xE0) {
        *length = 2;
        return (b[0] & 0x1F) << 6 | (b[1] & 0x3F);
    }
    if (b[0] < 0xF0) {
        *length = 3;
        return (b[0] & 0x0F) << 12 | (b[1] & 0x3F) << 6 | (b[2] & 0x3F);
    }
    *length = 4;
    return (b[0] & 0x07) << 18 | (b[1] & 0x3F) << 12 | (b[2] & 0x3F) << 6 | (b[3] & 0x3F);
}
#endif
