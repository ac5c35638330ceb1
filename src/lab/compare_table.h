#ifndef UNROLL_LAB_COMPARE_TABLE_H
#define UNROLL_LAB_COMPARE_TABLE_H
#include <jansson.h>

#include "lab/compare.h"
#include "score/statistics.h"

/** A variant's seeds taken together. */
typedef struct compare_summary {
    size_t done, solved, diverged;
    size_t growing_start, growing_end;  /**< jobs whose curve did not fall; left out of the means */
    unroll_mean loss, accuracy, steps_to_solve, half_life_start, half_life_end;
} compare_summary;
void compare_summarise(const compare_study *s, size_t variant, compare_summary *out);

enum { COMPARE_COLUMNS = 7, COMPARE_CELL = 200 };
extern const char *const compare_heads[COMPARE_COLUMNS];
/** A variant's row of the table of means. */
void compare_cells(const compare_study *s, size_t variant,
                   char cell[COMPARE_COLUMNS][COMPARE_CELL]);
/** "0.123 ± 0.004", "growing", "-". */
const char *compare_mean_text(char cell[COMPARE_CELL], const unroll_mean *m, size_t growing);

/** Cells [rows][columns], the first row the heads, on standard output. */
void compare_print_table(const char *const *cell, size_t rows, size_t columns);

/* ---- translations by the length of their source ---- */

enum { COMPARE_LENGTHS = 12 };
size_t compare_length_count(const compare_study *s);  /**< up to COMPARE_LENGTHS; 0: no unroll_sample_translations */
const compare_length *compare_length_at(const compare_study *s, size_t i);
/** Over a variant's seeds: exact match, or BLEU. */
unroll_mean compare_length_mean(const compare_study *s, size_t variant, const compare_length *of,
                                bool bleu);
/** The table's row of a variant, as many cells as there are lengths, and one before them. */
void compare_length_cells(const compare_study *s, size_t variant, bool bleu,
                          char cell[COMPARE_LENGTHS + 1][COMPARE_CELL]);
void compare_length_heads(const compare_study *s, bool bleu,
                          char cell[COMPARE_LENGTHS + 1][COMPARE_CELL]);
/** The table on standard output, with an empty line behind; nothing without translations. */
unroll_status compare_tell_lengths(const compare_study *s, bool bleu);

/** [{variant, seeds, solved, …}]; NULL where there is no memory. */
json_t *compare_json(const compare_study *s);
#endif
