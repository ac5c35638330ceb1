#ifndef UNROLL_LAB_COMPARE_SUMMARY_H
#define UNROLL_LAB_COMPARE_SUMMARY_H
#include "lab/compare.h"
#include "report/table.h"
#include "score/statistics.h"

/** A variant's seeds taken together. */
typedef struct compare_summary {
    size_t done, solved, diverged;
    size_t growing_start, growing_end; /**< jobs whose curve did not fall; left out of the means */
    unroll_mean loss, accuracy, steps_to_solve, half_life_start, half_life_end;
} compare_summary;
void compare_summarise(const compare_study *s, size_t variant, compare_summary *out);

/** A row for each variant: its label and its means with their intervals. */
void compare_means_table(const compare_study *s, unroll_table *out);

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
