#ifndef UNROLL_CLI_SCORE_PAIRS_H
#define UNROLL_CLI_SCORE_PAIRS_H
#include "cli/crew.h"
#include "cli/terminal.h"
#include "report/translation_scores.h"

/** Translate a part of the pairs, which must have kept their texts, and score it.
 *  @param most      pairs, evenly from the part; SIZE_MAX: all
 *  @param progress  NULL, or where to tell how far it is
 *  @return as crew_new() and crew_run() */
unroll_status score_pairs(unroll_model *model, const unroll_pairs *pairs, enum unroll_split split,
                          size_t most, const crew_options *options, size_t threads,
                          terminal_progress *progress, unroll_translation_scores *out);
#endif
