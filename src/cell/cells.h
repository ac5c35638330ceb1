#ifndef UNROLL_CELL_CELLS_H
#define UNROLL_CELL_CELLS_H
#include "cell/cell.h"

/* The tables of cells and activations by name, for options, help and reports. What they tell is the same in every
 * kernel row; forward and backward are those of the first row. */

/** Names of cells, those of several variants once, and a line and the keys of each; NULL at the end. */
const char *unroll_cell_name(size_t i);
size_t unroll_cell_count(void);
const char *unroll_cell_summary(size_t i);
const unroll_spec_key *unroll_cell_keys(size_t i);

/** Which form is meant of each cell that has several, by the option of the cell's name; NULL: the first. */
typedef struct unroll_cell_forms {
    const char *gru, *lstm;
} unroll_cell_forms;

/** The first cell of that "NAME" or "NAME:key=value,…"; NULL: none. */
const unroll_cell *unroll_cell_find(const char *spec);
/** The cell of that name in its form, whatever the forms of other cells; NULL: none. */
const unroll_cell *unroll_cell_find_form(const char *spec, const unroll_cell_forms *forms);
/** The same in one kernel row, and the values of its keys.
 *  @param option  [UNROLL_SPEC_KEYS]
 *  @return UNROLL_EUSAGE naming what is wrong */
unroll_status unroll_cell_parse(const unroll_kernels *kernels, const char *spec,
                                const unroll_cell_forms *forms, const unroll_cell **cell,
                                double *option);

/** The forms of the cell of that name, if it has several, and a line on each; NULL at the end. */
const char *unroll_cell_variant(const char *name, size_t i);
const char *unroll_cell_variant_summary(const char *name, size_t i);

const char *unroll_activation_name(size_t i);
const char *unroll_activation_summary(size_t i);

/** Is h_t = f(z_t) of the one recurrent matrix, f as --activation says? Then Ω is defined. */
static inline bool unroll_cell_is_simple(const unroll_cell *cell)
{
    return cell->gates == 1 && cell->carry_gate == 0 && cell->gate[0].kind == UNROLL_GATE_ACTIVATION;
}

/** What "lstm" and the like leave open, in words: the activation, or a variant that is not the first; "". */
const char *unroll_cell_form_text(const char *spec, const unroll_cell_forms *forms,
                                  const char *activation);
#endif
