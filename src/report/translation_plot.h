#ifndef UNROLL_REPORT_TRANSLATION_PLOT_H
#define UNROLL_REPORT_TRANSLATION_PLOT_H
#include "score/translation_scores.h"

/** DIRECTORY/plots/length: BLEU and exact match against source length.
 *  @return as unroll_plot_write() and unroll_plot_draw() */
unroll_status unroll_translation_scores_plot(const unroll_translation_scores *s,
                                             const char *directory, const char *title);
#endif
