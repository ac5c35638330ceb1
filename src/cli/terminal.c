#include "cli/terminal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/display.h"
#include "base/memory.h"

/* ---- what a terminal is and may be shown ---- */

size_t terminal_width(int fd)
{
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

static bool dumb(void)
{
    const char *term = getenv("TERM");
    return !term || !*term || strcmp(term, "dumb") == 0;
}

const char *terminal_style(int fd, enum terminal_style style)
{
    static const char *const sequences[] = {"\033[0m", "\033[1m", "\033[32m", "\033[31m"};
    const char *no_color = getenv("NO_COLOR");
    if ((no_color && *no_color) || dumb() || !isatty(fd))
        return "";
    return sequences[style];
}

bool terminal_asks(void)
{
    return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

void terminal_say(const char *text)
{
    char *line = unroll_display_escape_line(text, strlen(text));
    fprintf(stderr, "%s\n", line ? line : "(no memory for this line)");
    unroll_free(line);
}

/* ---- the progress line ---- */

void terminal_progress_start(terminal_progress *p, bool quiet, double interval)
{
    const bool redraw = isatty(STDERR_FILENO) && !dumb();
    *p = (terminal_progress){.on = !quiet, .redraw = redraw, .interval = redraw ? 0.1 : interval};
    p->last = unroll_seconds();
}

bool terminal_progress_due(const terminal_progress *p)
{
    return p->on && unroll_seconds() - p->last >= p->interval;
}

void terminal_progress_show(terminal_progress *p, const char *format, ...)
{
    char line[512];
    va_list args;
    if (!p->on)
        return;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (p->redraw) {
        const size_t width = terminal_width(STDERR_FILENO);
        /* The last column stays free: some terminals wrap there. */
        fprintf(stderr, "\r%.*s\033[K", (int)(width > 1 ? width - 1 : 1), line);
        fflush(stderr);
        p->drawn = true;
    } else {
        fprintf(stderr, "%s\n", line);
    }
    p->last = unroll_seconds();
}

void terminal_progress_clear(terminal_progress *p)
{
    if (p->drawn)
        fputs("\r\033[K", stderr);
    p->drawn = false;
}

void terminal_progress_end(terminal_progress *p)
{
    if (p->drawn)
        fputc('\n', stderr);
    p->drawn = false;
}
