#include "base/display.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

#include "base/memory.h"
#include "base/utf8.h"

/* ---- text ---- */

size_t unroll_display_escape(const char *text, size_t length, const char *keep,
                             char shown[UNROLL_ESCAPE_MAX])
{
    const unsigned char first = (unsigned char)*text;
    const char *named = "\n\t\r\\", *at = first ? strchr(named, first) : NULL;
    if (first && strchr(keep, first)) {
        snprintf(shown, UNROLL_ESCAPE_MAX, "%c", first);
        return 1;
    }
    if (at && (first != '\\' || !*keep)) {
        snprintf(shown, UNROLL_ESCAPE_MAX, "\\%c", "ntr\\"[at - named]);
        return 1;
    }
    utf8proc_int32_t c;
    const utf8proc_ssize_t took =
        utf8proc_iterate((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)length, &c);
    if (took < 1) {
        snprintf(shown, UNROLL_ESCAPE_MAX, "\\x%02x", first);
        return 1;
    }
    if (unroll_utf8_shows(text, (size_t)took)) {
        memcpy(shown, text, (size_t)took);
        shown[took] = '\0';
    } else {
        snprintf(shown, UNROLL_ESCAPE_MAX, c < 0x80 ? "\\x%02x" : "\\u%04x", (unsigned)c);
    }
    return (size_t)took;
}

char *unroll_display_escape_line(const char *text, size_t length)
{
    size_t room, used = 0;
    char shown[UNROLL_ESCAPE_MAX], *line = NULL;
    if (unroll_mul(length, 7, &room) && unroll_add(room, 1, &room)) /* "\ufeff" for 3 bytes at most */
        line = unroll_alloc(room, 1);
    for (size_t i = 0; line && i < length;) {
        i += unroll_display_escape(text + i, length - i, "", shown);
        const size_t n = strlen(shown);
        memcpy(line + used, shown, n + 1);
        used += n;
    }
    return line;
}

/* ---- numbers for people ---- */

const char *unroll_display_count(char buffer[UNROLL_NUMBER_MAX], uint64_t n)
{
    char digits[24];
    const int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    size_t at = 0;
    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            buffer[at++] = ',';
        buffer[at++] = digits[i];
    }
    buffer[at] = '\0';
    return buffer;
}

/* Three digits and a unit. Bounds are where rounding to three digits would give 1000. */
static const char *scaled(char buffer[UNROLL_NUMBER_MAX], double n, const char *const *units)
{
    size_t unit = 0;
    double size = fabs(n);
    while (size >= 999.5 && units[unit + 1]) {
        size /= 1000;
        n /= 1000;
        unit++;
    }
    const int digits = unit == 0 || size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
    snprintf(buffer, UNROLL_NUMBER_MAX, "%.*f%s", digits, n, units[unit]);
    return buffer;
}

const char *unroll_display_short(char buffer[UNROLL_NUMBER_MAX], double n)
{
    static const char *const units[] = {"", "k", "M", "G", "T", NULL};
    return scaled(buffer, n, units);
}

const char *unroll_display_bytes(char buffer[UNROLL_NUMBER_MAX], double bytes)
{
    static const char *const units[] = {" B", " kB", " MB", " GB", " TB", NULL};
    return scaled(buffer, bytes, units);
}

const char *unroll_display_duration(char buffer[UNROLL_NUMBER_MAX], double seconds)
{
    if (!(seconds >= 0 && seconds < 1e9)) {
        snprintf(buffer, UNROLL_NUMBER_MAX, "?");
        return buffer;
    }
    const unsigned long long s = (unsigned long long)(seconds + 0.5);
    if (seconds < 9.95)
        snprintf(buffer, UNROLL_NUMBER_MAX, "%.1f s", seconds);
    else if (s < 60)
        snprintf(buffer, UNROLL_NUMBER_MAX, "%llu s", s);
    else if (s < 3600)
        snprintf(buffer, UNROLL_NUMBER_MAX, "%llum %02llus", s / 60, s % 60);
    else if (s < 86400)
        snprintf(buffer, UNROLL_NUMBER_MAX, "%lluh %02llum", s / 3600, s / 60 % 60);
    else
        snprintf(buffer, UNROLL_NUMBER_MAX, "%llud %02lluh", s / 86400, s / 3600 % 24);
    return buffer;
}
