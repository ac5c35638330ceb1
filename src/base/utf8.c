#include "base/utf8.h"

#include <string.h>
#include <utf8proc.h>

size_t unroll_utf8_length(const char *text, size_t length)
{
    const unsigned char *s = (const unsigned char *)text;
    if (length == 0 || s[0] < 0x80)
        return length > 0;
    const size_t n = s[0] >= 0xc2 && s[0] <= 0xdf   ? 2
                     : (s[0] & 0xf0) == 0xe0        ? 3
                     : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4
                                                    : 0;
    const unsigned char low = s[0] == 0xe0 ? 0xa0 : s[0] == 0xf0 ? 0x90 : 0x80;
    const unsigned char high = s[0] == 0xed ? 0x9f : s[0] == 0xf4 ? 0x8f : 0xbf;
    if (n == 0 || n > length || s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

size_t unroll_utf8_prefix(const char *text, size_t length)
{
    size_t at = 0, n;
    while (at < length && (n = unroll_utf8_length(text + at, length - at)) > 0)
        at += n;
    return at;
}

int unroll_utf8_fit(const char *text, size_t most)
{
    const size_t length = strnlen(text, most + 4);
    size_t at = 0, n;
    while (at < length && at < most && (n = unroll_utf8_length(text + at, length - at)) <= most - at)
        at += n ? n : 1;
    return (int)at;
}

bool unroll_utf8_shows(const char *character, size_t length)
{
    utf8proc_int32_t c;
    if (utf8proc_iterate((const utf8proc_uint8_t *)character, (utf8proc_ssize_t)length, &c) < 1)
        return false;
    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_CS: return false;
    case UTF8PROC_CATEGORY_CF:
        return c == 0x200c || c == 0x200d; /* joiners shape scripts and emoji */
    default: return true;
    }
}
