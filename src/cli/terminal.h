#ifndef UNROLL_CLI_TERMINAL_H
#define UNROLL_CLI_TERMINAL_H
#include <stdbool.h>
#include <stddef.h>

/* ---- what a terminal is and may be shown ---- */

/** Columns of the terminal behind file descriptor `fd`; 80 where it is none. */
size_t terminal_width(int fd);

enum terminal_style { STYLE_PLAIN, STYLE_BOLD, STYLE_GOOD, STYLE_BAD };
/** The sequence that begins a style, "" where fd is no terminal, NO_COLOR is set or TERM is dumb.
 *  End it with STYLE_PLAIN. */
const char *terminal_style(int fd, enum terminal_style style);

/** Does somebody type, and see what is asked: are standard input and standard error terminals? */
bool terminal_asks(void);

/** A line on standard error; what may not be shown is escaped. */
void terminal_say(const char *text);

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
#endif
