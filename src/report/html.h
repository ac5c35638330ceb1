#ifndef UNROLL_REPORT_HTML_H
#define UNROLL_REPORT_HTML_H
#include <unroll/config.h>

#include "report/table.h"

/* report.html: one file that opens without a network. Every text is escaped; pictures are SVG
 * files drawn by gnuplot, taken in whole. The page is light or dark as its reader's system is. */

/** A page that is being written. The first failure stays and is what unroll_page_end() returns. */
typedef struct unroll_page unroll_page;

/** Begin DIRECTORY/NAME. @return UNROLL_ECREATE, UNROLL_EMEMORY */
unroll_status unroll_page_begin(const char *path, const char *title, unroll_page **out);
/** Make it appear, whole or not at all. Frees the page. */
unroll_status unroll_page_end(unroll_page *page);
void unroll_page_drop(unroll_page *page); /**< without writing it; NULL is fine */

void unroll_page_heading(unroll_page *page, const char *text);
void unroll_page_text(unroll_page *page, const char *text); /**< a paragraph */
void unroll_page_code(unroll_page *page, const char *text); /**< as it stands, lines kept */

/** Cells that read as numbers are set to the right. */
void unroll_page_table(unroll_page *page, const unroll_table *table);

/** DIRECTORY/NAME.svg with a caption; where the file is not there (no gnuplot), a line that says
 *  so. */
void unroll_page_picture(unroll_page *page, const char *directory, const char *name,
                         const char *caption);

/** How it was made: the command, the options as JSON, version, kernels, machine and date. */
void unroll_page_made(unroll_page *page, int argc, char *const *argv, const unroll_config *config);

/** Text with & < > " ' as entities, control characters and what is not UTF-8 as U+FFFD; freed by unroll_free(), NULL
 *  with a message. */
char *unroll_html_escape(const char *text);

/** A command line that a POSIX shell reads back to the same arguments; freed by unroll_free(),
 *  NULL with a message. */
char *unroll_shell_quote(int argc, char *const *argv);
#endif
