#ifndef UNROLL_CLI_TERMINAL_H
#define UNROLL_CLI_TERMINAL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- what a terminal is and may be shown ---- */

/** Columns of the terminal behind file descriptor `fd`; 80 where it is none. */
size_t terminal_width(int fd);

enum terminal_style { STYLE_PLAIN, STYLE_BOLD, STYLE_GOOD, STYLE_BAD };
/** The sequence that begins a style, "" where fd is no terminal, NO_COLOR is set or TERM is dumb.
 *  End it with STYLE_PLAIN. */
const char *terminal_style(int fd, enum terminal_style style);

enum { TERMINAL_ESCAPE_MAX = 16 };
/** One character of text as it may be shown: control and direction-changing characters and
 *  invalid UTF-8 come out as \n, \x1b or \u202e (backslash as \\ only where `keep` is ""). Bytes
 *  in `keep` are left alone.
 *  @param shown  NUL-terminated result
 *  @return bytes of `text` that were used, at least 1 */
size_t terminal_escape(const char *text, size_t length, const char *keep,
                       char shown[TERMINAL_ESCAPE_MAX]);
/** A whole string escaped for one line; unroll_alloc'ed, NULL with a message. */
char *terminal_escape_line(const char *text, size_t length);

/* ---- the progress line, on standard error ---- */

typedef struct terminal_progress {
    bool on, redraw;
    double interval, last; /**< seconds */
    bool drawn;            /**< a line without newline is on the screen */
} terminal_progress;

/** @param interval  seconds between plain lines where standard error is no terminal; where it is
 *                   one, the line is redrawn ten times a second at most */
void terminal_progress_start(terminal_progress *p, bool quiet, double interval);
/** Is it time for a new line? Ask before making an expensive one. */
bool terminal_progress_due(const terminal_progress *p);
/** Show this line, without newline, at once. */
void terminal_progress_show(terminal_progress *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/** Take the line off the screen, before anything else is printed there. */
void terminal_progress_clear(terminal_progress *p);
/** Leave the last line standing and go to the next. */
void terminal_progress_end(terminal_progress *p);

double terminal_seconds(void); /**< a clock that only goes forward */

/* ---- numbers for people; the same in every locale ---- */

enum { TERMINAL_NUMBER_MAX = 32 };
/** "1,234,567" */
const char *terminal_count(char buffer[TERMINAL_NUMBER_MAX], uint64_t n);
/** "812", "71.4k", "1.20M" */
const char *terminal_short(char buffer[TERMINAL_NUMBER_MAX], double n);
/** "812 B", "12.7 MB": powers of 1000 */
const char *terminal_bytes(char buffer[TERMINAL_NUMBER_MAX], double bytes);
/** "0.8 s", "2m 05s", "1h 12m" */
const char *terminal_duration(char buffer[TERMINAL_NUMBER_MAX], double seconds);
#endif
