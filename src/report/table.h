#ifndef UNROLL_REPORT_TABLE_H
#define UNROLL_REPORT_TABLE_H
#include "base/buffer.h"

/** A table of texts that a page or a terminal lays out; its first row is the heads. Zero-initialise, set the
 *  columns, add the cells row by row; release it with unroll_table_free(). */
typedef struct unroll_table {
    size_t columns;
    size_t cells;       /**< that were added */
    unroll_buffer text; /**< of all cells, a NUL behind each; its `failed` says that not all are there */
} unroll_table;

void unroll_table_text(unroll_table *table, const char *text);
/** A cell of at most 511 bytes, as printf makes it. */
void unroll_table_cell(unroll_table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/** A number with three digits; a dash for NAN. */
void unroll_table_number(unroll_table *table, double x);
/** A cell for each column. */
void unroll_table_row(unroll_table *table, const char *const *cell);
void unroll_table_free(unroll_table *table);

/** The first cell's text; the cell behind `cell`, where there is one. */
const char *unroll_table_first(const unroll_table *table);
const char *unroll_table_next(const char *cell);
#endif
