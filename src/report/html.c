#include "report/html.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <unroll/version.h>

#include "base/buffer.h"
#include "base/fail.h"
#include "base/input.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/output.h"
#include "base/parallel.h"
#include "base/path.h"
#include "base/utf8.h"
#include "config/options.h"
#include "math/kernels.h"

struct unroll_page {
    unroll_output *out;
    bool failed; /* no memory for a text; writes remember their own failures */
};

/* ---- texts ---- */

static const char *entity(char c)
{
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    case '\t':
    case '\n': return NULL;
    }
    return (unsigned char)c < 0x20 || c == 0x7f ? "&#xfffd;" : NULL;
}

char *unroll_html_escape(const char *text)
{
    unroll_buffer out = {0};
    const size_t length = strlen(text);
    unroll_buffer_text(&out, "");
    for (size_t i = 0, n; i < length; i += n ? n : 1) {
        n = unroll_utf8_length(text + i, length - i);
        const char *e = n ? entity(text[i]) : "&#xfffd;";
        unroll_buffer_add(&out, e ? e : text + i, e ? strlen(e) : n);
    }
    if (!out.failed)
        return out.text;
    unroll_free(out.text);
    return NULL;
}

/* Nothing in it means anything to a shell. */
static bool is_plain(const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_@%+=:,./-";
    return *text && text[strspn(text, plain)] == '\0';
}

char *unroll_shell_quote(int argc, char *const *argv)
{
    size_t room = 1, at = 0;
    for (int i = 0; i < argc; i++)
        room += 4 * strlen(argv[i]) + 3; /* a quote becomes '\'' */
    char *out = unroll_alloc(room, 1);
    if (!out)
        return NULL;
    for (int i = 0; i < argc; i++) {
        const bool plain = is_plain(argv[i]);
        at += (size_t)sprintf(out + at, "%s%s", i ? " " : "", plain ? argv[i] : "'");
        for (const char *c = plain ? "" : argv[i]; *c; c++)
            if (*c == '\'')
                at += (size_t)sprintf(out + at, "'\\''");
            else
                out[at++] = *c;
        if (!plain)
            out[at++] = '\'';
    }
    return out;
}

static void put(unroll_page *page, const char *raw)
{
    unroll_output_write(page->out, raw, strlen(raw));
}

/* before + text, escaped + after */
static void put_text(unroll_page *page, const char *before, const char *text, const char *after)
{
    char *escaped = unroll_html_escape(text);
    page->failed = page->failed || !escaped;
    put(page, before);
    put(page, escaped ? escaped : "");
    put(page, after);
    unroll_free(escaped);
}

/* ---- the page ---- */

static const char style[] =
    ":root{color-scheme:light dark;--ink:#1b1b1b;--paper:#fff;--faint:#666;--line:#d5d5d5;--block:#f4f4f4}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6e6e6;--paper:#16181b;--faint:#a0a0a0;--line:#3b3f45;"
    "--block:#22252a}}\n"
    "body{margin:2rem auto;padding:0 1rem;max-width:68rem;background:var(--paper);color:var(--ink);"
    "font:16px/1.5 system-ui,sans-serif}\n"
    "h1{font-size:1.6rem}h2{margin-top:2.5rem;font-size:1.2rem;border-bottom:1px solid var(--line)}\n"
    ".wide{overflow-x:auto}table{border-collapse:collapse;font-size:.9rem}\n"
    "th,td{padding:.3rem .7rem;text-align:left;border-bottom:1px solid var(--line);white-space:nowrap}\n"
    "td.n{text-align:right;font-variant-numeric:tabular-nums}\n"
    "pre{background:var(--block);padding:.8rem;overflow-x:auto;font-size:.85rem;white-space:pre-wrap;"
    "overflow-wrap:anywhere}\n"
    "figure{margin:1.5rem 0}figure svg{display:block;width:100%;height:auto;max-height:40rem;"
    "image-rendering:pixelated;background:#fff;border:1px solid var(--line);border-radius:6px}\n"
    "figcaption,.faint{color:var(--faint);font-size:.9rem;margin-top:.4rem}\n";

unroll_status unroll_page_begin(const char *path, const char *title, unroll_page **out)
{
    unroll_page *page = unroll_alloc(1, sizeof *page);
    *out = NULL;
    if (!page)
        return UNROLL_EMEMORY;
    const unroll_status status = unroll_output_open(path, &page->out);
    if (status != UNROLL_OK) {
        unroll_free(page);
        return status;
    }
    put(page, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
              "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    put_text(page, "<title>", title, "</title>\n<style>\n");
    put(page, style);
    put_text(page, "</style>\n</head>\n<body>\n<h1>", title, "</h1>\n");
    *out = page;
    return UNROLL_OK;
}

unroll_status unroll_page_end(unroll_page *page)
{
    unroll_status status = UNROLL_EMEMORY;
    put(page, "</body>\n</html>\n");
    if (page->failed)
        unroll_output_abort(page->out);
    else
        status = unroll_output_commit(page->out);
    unroll_free(page);
    return status;
}

void unroll_page_drop(unroll_page *page)
{
    if (page)
        unroll_output_abort(page->out);
    unroll_free(page);
}

void unroll_page_heading(unroll_page *page, const char *text)
{
    put_text(page, "<h2>", text, "</h2>\n");
}

void unroll_page_text(unroll_page *page, const char *text)
{
    put_text(page, "<p>", text, "</p>\n");
}

void unroll_page_code(unroll_page *page, const char *text)
{
    put_text(page, "<pre>", text, "</pre>\n");
}

/* ---- tables ---- */

/* "12", "1.5 ± 2", "0.9 (at least 0.5)", but not "100% of trials". */
static bool is_number(const char *cell)
{
    const char *rest = cell + strcspn(cell, " ");
    rest += strspn(rest, " ");
    const bool word = (*rest | 0x20) >= 'a' && (*rest | 0x20) <= 'z';
    return !word && (*cell == '-' || *cell == '\0' || (*cell >= '0' && *cell <= '9'));
}

void unroll_page_table(unroll_page *page, const unroll_table *table)
{
    page->failed = page->failed || table->text.failed;
    if (page->failed)
        return;
    put(page, "<div class=\"wide\"><table>\n");
    const char *cell = unroll_table_first(table);
    for (size_t i = 0; i < table->cells; i++, cell = unroll_table_next(cell)) {
        const bool head = i < table->columns;
        put(page, i % table->columns == 0 ? "<tr>" : "");
        put_text(page,
                 head              ? "<th>"
                 : is_number(cell) ? "<td class=\"n\">"
                                   : "<td>",
                 cell, head ? "</th>" : "</td>");
        put(page, (i + 1) % table->columns == 0 ? "</tr>\n" : "");
    }
    put(page, "</table></div>\n");
}

/* ---- pictures ---- */

void unroll_page_picture(unroll_page *page, const char *directory, const char *name,
                         const char *caption)
{
    char *svg = NULL;
    size_t length = 0;
    char *path = unroll_path_join_ending(directory, name, ".svg");
    page->failed = page->failed || !path;
    if (!path)
        return;
    const bool there = unroll_input_slurp(path, 64 << 20, &svg, &length) == UNROLL_OK;
    unroll_free(path);
    /* What stands before the element, the XML declaration and the DTD, has no place inside a page. */
    const char *element = there ? strstr(svg, "<svg") : NULL;
    put(page, "<figure>\n");
    if (element)
        put(page, element);
    else
        put_text(page, "<p class=\"faint\">There is no ", name, ".svg: gnuplot did not draw it.</p>");
    put_text(page, "<figcaption>", caption, "</figcaption>\n</figure>\n");
    unroll_free(svg);
}

/* ---- how it was made ---- */

/* "model name : …" of the first processor. */
static void find_processor(char *out, size_t room)
{
    char *line, *colon;
    size_t length;
    unroll_lines *lines;
    snprintf(out, room, "processor not known");
    if (unroll_lines_open("/proc/cpuinfo", &lines) != UNROLL_OK)
        return;
    while (unroll_lines_next(lines, &line, &length) == UNROLL_OK && line)
        if (strncmp(line, "model name", 10) == 0 && (colon = strchr(line, ':'))) {
            snprintf(out, room, "%s", colon + 1 + strspn(colon + 1, " "));
            break;
        }
    unroll_lines_close(lines);
}

void unroll_page_made(unroll_page *page, int argc, char *const *argv, const unroll_config *config)
{
    char text[512], processor[128], date[64] = "";
    struct utsname system = {.sysname = "unknown system"};
    const time_t now = time(NULL);
    struct tm utc;
    char *command = unroll_shell_quote(argc, argv);
    char *options = unroll_options_json(config, ~0u, NULL, UNROLL_VERSION, true);
    page->failed = page->failed || !command || !options;
    if (gmtime_r(&now, &utc))
        strftime(date, sizeof date, "%Y-%m-%d %H:%M UTC", &utc);
    uname(&system);
    find_processor(processor, sizeof processor);
    unroll_page_heading(page, "How this was made");
    unroll_page_code(page, command ? command : "");
    snprintf(text, sizeof text, "unroll %s, %s kernels, on %s, %zu cores, %s %s; %s",
             UNROLL_VERSION, unroll_kernels_get() ? unroll_kernels_get()->name : "no", processor,
             unroll_cores(), system.sysname, system.machine, date);
    unroll_page_text(page, text);
    put(page, "<details><summary>Every option as resolved</summary>\n");
    unroll_page_code(page, options ? options : "");
    put(page, "</details>\n");
    unroll_free(options);
    unroll_free(command);
}
