#include "base/buffer.h"

#include <stdarg.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"

void unroll_buffer_add(unroll_buffer *buffer, const char *text, size_t length)
{
    size_t need, room;
    if (buffer->failed || !unroll_add(buffer->length, length, &need) || !unroll_add(need, 1, &need)) {
        buffer->failed = true;
        return;
    }
    if (need > buffer->room) {
        if (!unroll_mul(need, 2, &room))
            room = need;
        char *more = unroll_realloc(buffer->text, room, 1);
        if (!more) {
            buffer->failed = true;
            return;
        }
        buffer->text = more;
        buffer->room = room;
    }
    if (length) /* `text` may then be NULL */
        memcpy(buffer->text + buffer->length, text, length);
    buffer->length += length;
    buffer->text[buffer->length] = '\0';
}

void unroll_buffer_text(unroll_buffer *buffer, const char *text)
{
    unroll_buffer_add(buffer, text, strlen(text));
}

void unroll_buffer_printf(unroll_buffer *buffer, const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    const int length = unroll_vformat(line, sizeof line, format, args);
    va_end(args);
    unroll_buffer_add(buffer, line,
                      length < 0                      ? 0
                      : (size_t)length >= sizeof line ? sizeof line - 1
                                                      : (size_t)length);
}

void unroll_buffer_csv(unroll_buffer *buffer, const char *text)
{
    const bool quoted = strpbrk(text, ",\"\r\n") != NULL;
    unroll_buffer_text(buffer, quoted ? "\"" : "");
    if (*text && strchr("=+-@\t\r", *text))
        unroll_buffer_text(buffer, "'");
    for (const char *c = text; *c; c++)
        unroll_buffer_add(buffer, *c == '"' ? "\"\"" : c, *c == '"' ? 2 : 1);
    unroll_buffer_text(buffer, quoted ? "\"" : "");
}

void *unroll_reserve(void *block, size_t *room, size_t wanted, size_t size)
{
    if (block && wanted <= *room)
        return block;
    size_t more;
    if (!unroll_add(*room, *room / 2, &more) || more < wanted)
        more = wanted;
    void *grown = unroll_realloc(block, more, size);
    if (grown)
        *room = more;
    return grown;
}
