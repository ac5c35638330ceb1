#include "cli/out.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/display.h"
#include "base/fail.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "cli/terminal.h"

static char buffer[1 << 15];
static size_t used;
static int error; /* errno of the first write that failed */

void out_flush(void)
{
    size_t done = 0;
    while (done < used && !error) {
        const ssize_t wrote = write(STDOUT_FILENO, buffer + done, used - done);
        if (wrote > 0)
            done += (size_t)wrote;
        else if (wrote == 0 || errno != EINTR)
            error = wrote == 0 ? EIO : errno;
    }
    used = 0;
}

void out_write(const char *data, size_t length)
{
    while (length && !error) {
        const size_t room = sizeof buffer - used, part = length < room ? length : room;
        memcpy(buffer + used, data, part);
        used += part;
        data += part;
        length -= part;
        if (used == sizeof buffer)
            out_flush();
    }
}

void out_text(const char *text)
{
    out_write(text, strlen(text));
}

void out_vprintf(const char *format, va_list args)
{
    char small[512];
    va_list again;
    va_copy(again, args);
    const int length = vsnprintf(small, sizeof small, format, args);
    if (length >= 0 && (size_t)length < sizeof small) {
        out_write(small, (size_t)length);
    } else if (length >= 0) {
        char *large = unroll_alloc((size_t)length + 1, 1);
        if (large) {
            vsnprintf(large, (size_t)length + 1, format, again);
            out_write(large, (size_t)length);
            unroll_free(large);
        } else {
            error = ENOMEM;
        }
    }
    va_end(again);
}

void out_printf(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    out_vprintf(format, args);
    va_end(args);
}

/* Columns of the terminal that a text takes: bytes that do not go on with a UTF-8 sequence. */
static size_t text_width(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static size_t column_width(const unroll_table *table, size_t column)
{
    const char *cell = unroll_table_first(table);
    size_t widest = 0;
    for (size_t i = 0; i < table->cells; i++, cell = unroll_table_next(cell))
        if (i % table->columns == column && text_width(cell) > widest)
            widest = text_width(cell);
    return widest;
}

size_t out_columns(void)
{
    enum { LEAST = 60, MOST = 160 };
    const size_t width = out_is_terminal() ? terminal_width(STDOUT_FILENO) : 80;
    return (width < LEAST ? LEAST : width > MOST ? MOST : width) - 1;
}

void out_wrap(const char *text, size_t at, size_t indent)
{
    const size_t width = out_columns();
    bool first = true;
    while (*text) {
        const size_t blanks = strspn(text, " \n");
        if (blanks >= 2 && text[0] == '\n') {
            out_printf("\n\n%*s", (int)indent, "");
            at = indent;
            first = true;
        }
        text += blanks;
        const size_t length = strcspn(text, " \n");
        if (!length)
            break;
        if (!first && at + 1 + length > width) {
            out_printf("\n%*s", (int)indent, "");
            at = indent;
            first = true;
        }
        out_printf("%s%.*s", first ? "" : " ", (int)length, text);
        at += length + !first;
        first = false;
        text += length;
    }
    out_text("\n");
}

void out_labelled(const char *label, const char *text)
{
    out_text(label);
    if (out_is_terminal()) {
        out_wrap(text, text_width(label), text_width(label));
        return;
    }
    out_text(text);
    out_text("\n");
}

bool out_broken(void)
{
    return error != 0;
}

bool out_is_terminal(void)
{
    static int known = -1;
    if (known < 0)
        known = isatty(STDOUT_FILENO);
    return known;
}

unroll_status out_finish(void)
{
    out_flush();
    if (error == 0 || error == EPIPE)
        return UNROLL_OK;
    if (error == ENOMEM) /* before it was written */
        return unroll_fail(UNROLL_EMEMORY, "no memory left for what is printed; it is not complete");
    return unroll_fail(UNROLL_EIO, "standard output: %s; what was printed is not complete",
                       strerror(error));
}

static unroll_status write_piece(void *unused, const char *text, size_t length)
{
    (void)unused;
    out_write(text, length);
    return UNROLL_OK;
}

unroll_status out_json(json_t *value)
{
    /* 15 digits: 0.1 stays 0.1 */
    const unroll_status status =
        unroll_json_write(value, JSON_COMPACT | JSON_REAL_PRECISION(15) | JSON_ENCODE_ANY,
                          write_piece, NULL);
    json_decref(value);
    if (status == UNROLL_OK)
        out_write("\n", 1);
    return status;
}

json_t *out_json_real(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *out_json_text(const char *text, size_t length)
{
    static const char replacement[] = "\xef\xbf\xbd";
    size_t room, filled = 0;
    char *clean = unroll_mul(length, 3, &room) ? unroll_alloc(room, 1) : NULL;
    if (!clean)
        return NULL;
    for (size_t i = 0; i < length;) {
        const size_t n = unroll_utf8_length(text + i, length - i), size = n > 0 ? n : 3;
        memcpy(clean + filled, n > 0 ? text + i : replacement, size);
        filled += size;
        i += n > 0 ? n : 1;
    }
    json_t *string = json_stringn(clean, filled);
    unroll_free(clean);
    return string;
}

static void write_escaped(const char *data, size_t length, const char *keep)
{
    char shown[UNROLL_ESCAPE_MAX];
    for (size_t i = 0; i < length;) {
        const size_t took = unroll_display_escape(data + i, length - i, keep, shown);
        out_text(shown);
        i += took;
    }
}

void out_shown(const char *text)
{
    if (out_is_terminal())
        write_escaped(text, strlen(text), "");
    else
        out_text(text);
}

static void write_table(const unroll_table *table)
{
    if (table->text.failed) {
        error = ENOMEM;
        return;
    }
    const char *cell = unroll_table_first(table);
    for (size_t i = 0; i < table->cells; i++, cell = unroll_table_next(cell)) {
        const size_t column = i % table->columns;
        const bool last = column + 1 == table->columns;
        const int pad = last ? 0 : (int)(column_width(table, column) - text_width(cell));
        out_printf("%s%*s%s", cell, pad, "", last ? "\n" : "  ");
    }
}

/* The table with all cells as a terminal may be shown them. */
static void escape_cells(const unroll_table *table, unroll_table *shown)
{
    const char *cell = unroll_table_first(table);
    shown->columns = table->columns;
    for (size_t i = 0; i < table->cells; i++, cell = unroll_table_next(cell)) {
        char *line = unroll_display_escape_line(cell, strlen(cell));
        unroll_table_text(shown, line ? line : "");
        shown->text.failed = shown->text.failed || !line;
        unroll_free(line);
    }
}

void out_table(const unroll_table *table)
{
    unroll_table shown = {0};
    if (!out_is_terminal() || table->text.failed) {
        write_table(table);
        return;
    }
    escape_cells(table, &shown);
    write_table(&shown);
    unroll_table_free(&shown);
}

/* Bytes that the sequence beginning with `first` should have. */
static size_t sequence_length(unsigned char first)
{
    return first < 0xc2 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 1;
}

void out_stream_write(out_stream *stream, const char *data, size_t length)
{
    if (!out_is_terminal()) {
        out_write(data, length);
        return;
    }
    for (size_t i = 0; i < length; i++) {
        if (stream->count && ((unsigned char)data[i] & 0xc0) != 0x80)
            out_stream_end(stream);
        stream->pending[stream->count++] = data[i];
        if (stream->count == sequence_length((unsigned char)stream->pending[0]))
            out_stream_end(stream);
    }
}

void out_stream_end(out_stream *stream)
{
    write_escaped(stream->pending, stream->count, "\n\t");
    stream->count = 0;
}

void out_field(const char *data, size_t length)
{
    if (out_is_terminal()) {
        write_escaped(data, length, "");
        return;
    }
    for (size_t i = 0; i < length; i++) {
        const char *special = "\\\t\n\r", *at = data[i] ? strchr(special, data[i]) : NULL;
        if (at)
            out_printf("\\%c", "\\tnr"[at - special]);
        else
            out_write(data + i, 1);
    }
}
