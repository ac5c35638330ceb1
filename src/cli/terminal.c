#include "cli/terminal.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <utf8proc.h>

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

/* May it be shown? Not what moves the cursor, changes direction or cannot be seen at all. */
static bool showable(utf8proc_int32_t c)
{
    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_CS: return false;
    case UTF8PROC_CATEGORY_CF: return c == 0x200c || c == 0x200d; /* joiners shape scripts and emoji */
    default: return true;
    }
}

size_t terminal_escape(const char *text, size_t length, const char *keep,
                       char shown[TERMINAL_ESCAPE_MAX])
{
    const unsigned char first = (unsigned char)*text;
    const char *named = "\n\t\r\\", *at = first ? strchr(named, first) : NULL;
    if (first && strchr(keep, first)) {
        snprintf(shown, TERMINAL_ESCAPE_MAX, "%c", first);
        return 1;
    }
    if (at && (first != '\\' || !*keep)) {
        snprintf(shown, TERMINAL_ESCAPE_MAX, "\\%c", "ntr\\"[at - named]);
        return 1;
    }
    utf8proc_int32_t c;
    const utf8proc_ssize_t took = utf8proc_iterate((const utf8proc_uint8_t *)text,
                                                   (utf8proc_ssize_t)length, &c);
    if (took < 1) {
        snprintf(shown, TERMINAL_ESCAPE_MAX, "\\x%02x", first);
        return 1;
    }
    if (showable(c)) {
        memcpy(shown, text, (size_t)took);
        shown[took] = '\0';
    } else {
        snprintf(shown, TERMINAL_ESCAPE_MAX, c < 0x80 ? "\\x%02x" : "\\u%04x", (unsigned)c);
    }
    return (size_t)took;
}

char *terminal_escape_line(const char *text, size_t length)
{
    size_t room, used = 0;
    char shown[TERMINAL_ESCAPE_MAX], *line = NULL;
    if (unroll_mul(length, 7, &room) && unroll_add(room, 1, &room)) /* "\ufeff" for 3 bytes at most */
        line = unroll_alloc(room, 1);
    for (size_t i = 0; line && i < length;) {
        i += terminal_escape(text + i, length - i, "", shown);
        const size_t n = strlen(shown);
        memcpy(line + used, shown, n + 1);
        used += n;
    }
    return line;
}

/* ---- the progress line ---- */

double terminal_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void terminal_progress_start(terminal_progress *p, bool quiet, double interval)
{
    const bool redraw = isatty(STDERR_FILENO) && !dumb();
    *p = (terminal_progress){.on = !quiet, .redraw = redraw, .interval = redraw ? 0.1 : interval};
    p->last = terminal_seconds();
}

bool terminal_progress_due(const terminal_progress *p)
{
    return p->on && terminal_seconds() - p->last >= p->interval;
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
    p->last = terminal_seconds();
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

/* ---- numbers for people ---- */

const char *terminal_count(char buffer[TERMINAL_NUMBER_MAX], uint64_t n)
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
static const char *scaled(char buffer[TERMINAL_NUMBER_MAX], double n, const char *const *units)
{
    size_t unit = 0;
    double size = fabs(n);
    while (size >= 999.5 && units[unit + 1]) {
        size /= 1000;
        n /= 1000;
        unit++;
    }
    const int digits = unit == 0 || size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
    snprintf(buffer, TERMINAL_NUMBER_MAX, "%.*f%s", digits, n, units[unit]);
    return buffer;
}

const char *terminal_short(char buffer[TERMINAL_NUMBER_MAX], double n)
{
    static const char *const units[] = {"", "k", "M", "G", "T", NULL};
    return scaled(buffer, n, units);
}

const char *terminal_bytes(char buffer[TERMINAL_NUMBER_MAX], double bytes)
{
    static const char *const units[] = {" B", " kB", " MB", " GB", " TB", NULL};
    return scaled(buffer, bytes, units);
}

const char *terminal_duration(char buffer[TERMINAL_NUMBER_MAX], double seconds)
{
    if (!(seconds >= 0 && seconds < 1e9)) {
        snprintf(buffer, TERMINAL_NUMBER_MAX, "?");
        return buffer;
    }
    const unsigned long long s = (unsigned long long)(seconds + 0.5);
    if (seconds < 9.95)
        snprintf(buffer, TERMINAL_NUMBER_MAX, "%.1f s", seconds);
    else if (s < 60)
        snprintf(buffer, TERMINAL_NUMBER_MAX, "%llu s", s);
    else if (s < 3600)
        snprintf(buffer, TERMINAL_NUMBER_MAX, "%llum %02llus", s / 60, s % 60);
    else if (s < 86400)
        snprintf(buffer, TERMINAL_NUMBER_MAX, "%lluh %02llum", s / 3600, s / 60 % 60);
    else
        snprintf(buffer, TERMINAL_NUMBER_MAX, "%llud %02lluh", s / 86400, s / 3600 % 24);
    return buffer;
}
