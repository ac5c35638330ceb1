#ifndef UNROLL_CLI_COMPARE_TEXT_H
#define UNROLL_CLI_COMPARE_TEXT_H
#include <jansson.h>

#include "cli/cli.h"
#include "cli/terminal.h"
#include "lab/compare.h"

/* What unroll compare and unroll reproduce print of a study. */

/** Standard error, as a study's listener; lives as long as the study trains. */
typedef struct compare_terminal {
    const cli_call *call;
    bool quiet;
    const compare_study *study;
    const char *shorter; /**< said behind an estimate of more than two minutes; NULL: nothing. May be set later */
    terminal_progress progress;
} compare_terminal;
void compare_terminal_listen(compare_terminal *t, const cli_call *call, bool quiet, compare_study *s);

/** The pictures of a study. Without gnuplot there are none, and a line says so: their data are there all the same.
 *  @return UNROLL_EMEMORY */
unroll_status compare_pictures(const cli_call *call, const compare_study *s, const char *title);

/** Table of means and intervals on standard output, or one JSON object. */
unroll_status compare_print(const compare_study *s, bool json);
/** [{variant, seeds, solved, …}]; NULL: no memory. */
json_t *compare_json(const compare_study *s);
#endif
