#ifndef UNROLL_CLI_OUT_H
#define UNROLL_CLI_OUT_H
#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <unroll/status.h>

#include "report/table.h"

/* Standard output. Only results go there. It is written through a buffer of its own, because
 * stdio forgets why a write failed, and a closed pipe (`sample | head`) must end quietly where a
 * full disk must not. */

void out_write(const char *data, size_t length);
void out_text(const char *text);
void out_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
void out_vprintf(const char *format, va_list args) __attribute__((format(printf, 1, 0)));
/** A path or another text of one line: on a terminal characters that may not be shown are escaped. */
void out_shown(const char *text);
/** Each column as wide as its widest cell, two blanks between; cells are shown as by out_shown(). */
void out_table(const unroll_table *table);
/** Columns for texts: of the terminal, from 60 to 160, and the last one free; else 79. */
size_t out_columns(void);
/** Words of `text` from column `at` on, lines after the first indented; ends with a newline. A blank line in the
 *  text stays one. */
void out_wrap(const char *text, size_t at, size_t indent);
/** A line; on a terminal its words are wrapped, below where they begin. */
void out_labelled(const char *label, const char *text);
void out_flush(void);

/** Nobody reads any more, or the disk is full: a command that streams can stop. */
bool out_broken(void);
bool out_is_terminal(void);

/** One JSON value on a line of its own; releases it. NULL: a message about memory. */
unroll_status out_json(json_t *value);
/** A real that may be NaN or infinite: those become null. NULL: no memory. */
json_t *out_json_real(double value);
/** A string of any bytes: JSON is UTF-8, so each byte that is not becomes U+FFFD. NULL: no
 *  memory. */
json_t *out_json_text(const char *text, size_t length);

/** Flush. UNROLL_OK also where the reader closed the pipe; UNROLL_EIO with a message where output
 *  was lost. */
unroll_status out_finish(void);

/** Text from a model or a file, in pieces that may cut a character: on a terminal control
 *  characters are escaped, elsewhere the bytes go out as they are. Zero-initialise. */
typedef struct out_stream {
    char pending[4]; /**< the beginning of a UTF-8 sequence */
    size_t count;
} out_stream;
void out_stream_write(out_stream *stream, const char *data, size_t length);
void out_stream_end(out_stream *stream); /**< shows what is left of a cut sequence */

/** A field of tab-separated text: \\, \t, \n and \r are spelled out; on a terminal all control
 *  characters. */
void out_field(const char *data, size_t length);
#endif
