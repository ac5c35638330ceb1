#include "base/fail.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/utf8.h"

enum { ROOM = UNROLL_MESSAGE_MAX };

/* The same text twice: with the marks of options, and without. */
static _Thread_local char marked[ROOM], message[ROOM];

const char *unroll_message(void)
{
    return message;
}

const char *unroll_marked_message(void)
{
    return marked;
}

/* As long as what the program shows for it, and nothing that anybody types. */
static const char mark[] = UNROLL_OPTION;
enum { MARK = sizeof mark - 1 };

void unroll_dashed_message(char text[ROOM])
{
    memcpy(text, marked, ROOM);
    unroll_marks_to_dashes(text);
}

void unroll_marks_to_dashes(char *text)
{
    while ((text = strstr(text, mark)))
        memcpy(text, "--", MARK);
}

void unroll_marks_drop(char *text)
{
    char *to = text;
    while (*text)
        if (strncmp(text, mark, MARK) == 0)
            text += MARK;
        else
            *to++ = *text++;
    *to = '\0';
}

/* Copy `raw` into the message, escaping all but marks; what does not fit is replaced by "...". */
static void set_message(const char *raw)
{
    const unsigned char *s = (const unsigned char *)raw;
    size_t at = 0;

    while (*s) {
        const size_t n = unroll_utf8_length((const char *)s, strnlen((const char *)s, 4));
        if (at + 4 + sizeof "..." > ROOM) {
            memcpy(marked + at, "...", 3);
            at += 3;
            break;
        }
        if (strncmp((const char *)s, mark, MARK) == 0) {
            memcpy(marked + at, mark, MARK);
            at += MARK;
            s += MARK;
            continue;
        }
        if (n == 0 || !unroll_utf8_shows((const char *)s, n)) {
            for (size_t i = 0; i < (n ? n : 1); i++, s++)
                at += (size_t)snprintf(marked + at, 5, "\\x%02x", *s);
            continue;
        }
        memcpy(marked + at, s, n);
        at += n;
        s += n;
    }
    marked[at] = '\0';
    memcpy(message, marked, at + 1);
    unroll_marks_drop(message);
}

unroll_status unroll_fail(unroll_status status, const char *format, ...)
{
    char raw[ROOM];
    va_list args;

    va_start(args, format);
    unroll_vformat(raw, sizeof raw, format, args);
    va_end(args);
    set_message(raw);
    return status;
}

unroll_status unroll_fail_prefix(unroll_status status, const char *format, ...)
{
    char raw[2 * ROOM];
    va_list args;

    va_start(args, format);
    unroll_vformat(raw, ROOM, format, args);
    va_end(args);
    const size_t used = strlen(raw);
    snprintf(raw + used, sizeof raw - used, ": %s", marked);
    set_message(raw);
    return status;
}
