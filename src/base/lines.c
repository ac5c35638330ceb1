/* An input, line by line. */
#include <inttypes.h>
#include <string.h>

#include "base/fail.h"
#include "base/input.h"
#include "base/memory.h"

enum { FIRST_ROOM = 1 << 16 };

struct unroll_lines {
    unroll_input *in;
    char *buffer;
    size_t room, at, scanned, end; /* [at, scanned) has no newline, [scanned, end) may */
    uint64_t number;               /* of the line at `at`, from 1 */
};

unroll_status unroll_lines_open(const char *path, unroll_lines **out)
{
    unroll_lines *const lines = unroll_alloc(1, sizeof *lines);
    unroll_status status = lines ? unroll_input_open(path, &lines->in) : UNROLL_EMEMORY;

    *out = NULL;
    if (status == UNROLL_OK) {
        lines->number = 1;
        lines->room = FIRST_ROOM;
        if (!(lines->buffer = unroll_alloc(lines->room, 1)))
            status = UNROLL_EMEMORY;
    }
    if (status == UNROLL_OK)
        *out = lines;
    else
        unroll_lines_close(lines);
    return status;
}

void unroll_lines_close(unroll_lines *lines)
{
    if (!lines)
        return;
    unroll_free(lines->buffer);
    unroll_input_close(lines->in);
    unroll_free(lines);
}

/* Make room behind `end` for a byte and a NUL: by moving the line to the front, else by growing. */
static unroll_status lines_room(unroll_lines *lines)
{
    if (lines->end + 1 < lines->room)
        return UNROLL_OK;
    if (lines->at > 0) {
        memmove(lines->buffer, lines->buffer + lines->at, lines->end - lines->at);
        lines->scanned -= lines->at;
        lines->end -= lines->at;
        lines->at = 0;
        return UNROLL_OK;
    }
    if (lines->end > UNROLL_LINE_MAX)
        return unroll_fail(UNROLL_EDATA, "%s:%" PRIu64 ": line is longer than %d bytes; break it up",
                           unroll_input_title(lines->in), lines->number, UNROLL_LINE_MAX);
    char *const grown = unroll_realloc(lines->buffer, lines->room * 2, 1);
    if (!grown)
        return UNROLL_EMEMORY;
    lines->buffer = grown;
    lines->room *= 2;
    return UNROLL_OK;
}

unroll_status unroll_lines_next(unroll_lines *lines, char **line, size_t *length)
{
    char *newline;
    size_t got = 1;

    *line = NULL;
    *length = 0;
    while (!(newline = memchr(lines->buffer + lines->scanned, '\n', lines->end - lines->scanned))) {
        lines->scanned = lines->end;
        UNROLL_TRY(lines_room(lines));
        UNROLL_TRY(unroll_input_read(lines->in, lines->buffer + lines->end,
                                     lines->room - lines->end - 1, &got));
        if (got == 0)
            break;
        lines->end += got;
    }
    if (!newline && lines->at == lines->end)
        return UNROLL_OK;
    *line = lines->buffer + lines->at;
    *length = (newline ? (size_t)(newline - lines->buffer) : lines->end) - lines->at;
    (*line)[*length] = '\0';
    lines->at += *length + (newline != NULL);
    lines->scanned = lines->at;
    lines->number++;
    return UNROLL_OK;
}
