#ifndef UNROLL_LAB_COMPARE_SUMMARY_H
#define UNROLL_LAB_COMPARE_SUMMARY_H
#include "lab/compare.h"
#include "report/table.h"
#include "score/statistics.h"

/** A variant's seeds taken together. Where a run diverged it has no loss, no accuracy and no
 *  half-life at the end; the means are of the others, and `diverged` is shown beside them. */
typedef struct compare_summary {
    size_t done, solved, diverged;
    size_t growing_start, growing_end; /**< jobs whose curve did not fall; left out of the means */
    unroll_mean loss, accuracy, half_life_start, half_life_end;
    unroll_survival steps_to_solve; /**< up to compare_solve_horizon() */
} compare_summary;
void compare_summarise(const compare_study *s, size_t variant, compare_summary *out);

/** Updates up to which all variants were watched, so that their steps to solve can be compared:
 *  the τ of their restricted means. Where a whole variant stopped unsolved it is where that one
 *  stopped; NaN where nothing is done. */
double compare_solve_horizon(const compare_study *s);
/** Steps to solve of a variant's seeds, up to `horizon` updates. A run that used up its updates
 *  is censored there; one that diverged never solves. */
unroll_survival compare_steps_to_solve(const compare_study *s, size_t variant, double horizon);

/** Geometric mean over seeds, without an interval: 0 where one of them is 0, as a gradient that
 *  is gone.
 *  @param value  [count] at least 0; NaN: not measured; is overwritten */
unroll_mean compare_geometric_mean(double *value, size_t count);

/** A row for each variant: its label and its means with their intervals. */
void compare_means_table(const compare_study *s, unroll_table *out);
enum { COMPARE_WORDS = 400 };
/** What that table's intervals and steps to solve are, in a sentence or two. */
const char *compare_means_words(const compare_study *s, char words[COMPARE_WORDS]);

/* ---- translations by the length of their source ---- */

enum { COMPARE_LENGTHS = 12 };
size_t compare_length_count(const compare_study *s); /**< up to COMPARE_LENGTHS; 0: no translations */
const compare_length *compare_length_at(const compare_study *s, size_t i);
/** Over a variant's seeds: exact match, or BLEU. */
unroll_mean compare_length_mean(const compare_study *s, size_t variant, const compare_length *of,
                                bool bleu);
/** A row for each variant, a column for each length; no cells where there are no translations. */
void compare_lengths_table(const compare_study *s, bool bleu, unroll_table *out);
#endif
