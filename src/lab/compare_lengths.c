/* Translations of a comparison by the length of their source. */
#include <math.h>
#include <stdio.h>

#include "base/fail.h"
#include "base/memory.h"
#include "cli/out.h"
#include "lab/compare_table.h"

/* The job with most: in the others a length may have no pairs. */
static const compare_result *longest(const compare_study *s)
{
    const compare_result *most = &s->result[0];
    for (size_t i = 0; i < s->variants * (size_t)s->seeds; i++)
        if (s->result[i].lengths > most->lengths)
            most = &s->result[i];
    return most;
}

size_t compare_length_count(const compare_study *s)
{
    const size_t count = longest(s)->lengths;
    return count < COMPARE_LENGTHS ? count : COMPARE_LENGTHS;
}

const compare_length *compare_length_at(const compare_study *s, size_t i)
{
    return &longest(s)->length[i];
}

unroll_mean compare_length_mean(const compare_study *s, size_t variant, const compare_length *of,
                                bool bleu)
{
    double value[64];
    const size_t n = s->seeds < 64 ? (size_t)s->seeds : 64;
    for (size_t k = 0; k < n; k++) {
        const compare_result *r = compare_at(s, variant, k);
        value[k] = NAN;
        for (size_t i = 0; i < r->lengths; i++)
            if (r->length[i].min == of->min && r->length[i].max == of->max)
                value[k] = bleu ? r->length[i].bleu : r->length[i].exact;
    }
    return unroll_mean_of(value, n);
}

void compare_length_heads(const compare_study *s, bool bleu,
                          char cell[COMPARE_LENGTHS + 1][COMPARE_CELL])
{
    snprintf(cell[0], COMPARE_CELL, "%s by source tokens", bleu ? "BLEU" : "exact match");
    for (size_t i = 0; i < compare_length_count(s); i++) {
        const compare_length *of = compare_length_at(s, i);
        snprintf(cell[i + 1], COMPARE_CELL, "%zu-%zu", of->min, of->max);
    }
}

void compare_length_cells(const compare_study *s, size_t variant, bool bleu,
                          char cell[COMPARE_LENGTHS + 1][COMPARE_CELL])
{
    snprintf(cell[0], COMPARE_CELL, "%.180s", s->variant[variant].label);
    for (size_t i = 0; i < compare_length_count(s); i++) {
        const unroll_mean m = compare_length_mean(s, variant, compare_length_at(s, i), bleu);
        if (m.n)
            snprintf(cell[i + 1], COMPARE_CELL, bleu ? "%.1f" : "%.3f", m.mean);
        else
            snprintf(cell[i + 1], COMPARE_CELL, "-");
    }
}

unroll_status compare_tell_lengths(const compare_study *s, bool bleu)
{
    const size_t columns = compare_length_count(s) + 1, rows = s->variants + 1;
    if (columns == 1)
        return UNROLL_OK;
    char(*cell)[COMPARE_LENGTHS + 1][COMPARE_CELL] = unroll_alloc(rows, sizeof *cell);
    const char **table = unroll_alloc(rows * columns, sizeof *table);
    const bool there = cell && table;
    for (size_t r = 0; r < rows && there; r++) {
        if (r == 0)
            compare_length_heads(s, bleu, cell[r]);
        else
            compare_length_cells(s, r - 1, bleu, cell[r]);
        for (size_t c = 0; c < columns; c++)
            table[r * columns + c] = cell[r][c];
    }
    if (there) {
        compare_print_table(table, rows, columns);
        out_text("\n");
    }
    unroll_free(table);
    unroll_free(cell);
    return there ? UNROLL_OK : UNROLL_EMEMORY;
}
