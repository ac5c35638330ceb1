#include "cell/cells.h"

#include <string.h>

#include "base/fail.h"

static const unroll_cell *const *all_cells(void)
{
    return unroll_kernels_table[0]->cells;
}

/* ---- cells ---- */

const char *unroll_cell_name(size_t i)
{
    const unroll_cell *const *cells = all_cells();
    for (size_t k = 0; cells[k]; k++) {
        if (k && strcmp(cells[k]->name, cells[k - 1]->name) == 0)
            continue; /* another variant of the same cell */
        if (i-- == 0)
            return cells[k]->name;
    }
    return NULL;
}

size_t unroll_cell_count(void)
{
    size_t count = 0;
    while (unroll_cell_name(count))
        count++;
    return count;
}

const char *unroll_cell_summary(size_t i)
{
    const char *name = unroll_cell_name(i);
    return name ? unroll_cell_find(name)->summary : NULL;
}

const unroll_spec_key *unroll_cell_keys(size_t i)
{
    const char *name = unroll_cell_name(i);
    return name ? unroll_cell_find(name)->keys : NULL;
}

/* The option of the cell's name; NULL: it was not given, or the cell has one form alone. */
static const char *form_of(const unroll_cell *cell, const unroll_cell_forms *forms)
{
    const struct {
        const char *cell, *form;
    } rows[] = {{"gru", forms->gru}, {"lstm", forms->lstm}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].cell, cell->name) == 0)
            return rows[i].form;
    return NULL;
}

static const unroll_cell *find(const unroll_cell *const *cell, const char *spec,
                               const unroll_cell_forms *forms)
{
    for (; *cell; cell++) {
        if (!unroll_spec_is(spec, (*cell)->name))
            continue;
        const char *form = form_of(*cell, forms);
        if (!form || strcmp((*cell)->variant, form) == 0)
            break;
    }
    return *cell;
}

const unroll_cell *unroll_cell_find_form(const char *spec, const unroll_cell_forms *forms)
{
    return find(all_cells(), spec, forms);
}

const unroll_cell *unroll_cell_find(const char *spec)
{
    return find(all_cells(), spec, &(unroll_cell_forms){0});
}

unroll_status unroll_cell_parse(const unroll_kernels *kernels, const char *spec,
                                const unroll_cell_forms *forms, const unroll_cell **cell,
                                double *option)
{
    *cell = find(kernels->cells, spec, forms);
    if (!*cell) {
        const unroll_cell *known = unroll_cell_find(spec);
        return unroll_fail(UNROLL_EUSAGE, "there is no cell '%s'%s%s", spec,
                           known ? " in the form " : "", known ? form_of(known, forms) : "");
    }
    return unroll_spec_parse(spec, "cell", (*cell)->name, (*cell)->keys, NULL, option);
}

/* ---- variants ---- */

static const unroll_cell *cell_of_variant(const char *name, size_t i)
{
    const unroll_cell *const *cell = all_cells();
    for (; *cell; cell++)
        if (strcmp((*cell)->name, name) == 0 && *(*cell)->variant && i-- == 0)
            break;
    return *cell;
}

const char *unroll_cell_variant(const char *name, size_t i)
{
    const unroll_cell *cell = cell_of_variant(name, i);
    return cell ? cell->variant : NULL;
}

const char *unroll_cell_variant_summary(const char *name, size_t i)
{
    const unroll_cell *cell = cell_of_variant(name, i);
    return cell ? cell->summary : NULL;
}

const char *unroll_cell_form_text(const char *spec, const unroll_cell_forms *forms,
                                  const char *activation)
{
    const unroll_cell *cell = unroll_cell_find_form(spec, forms);
    if (!cell)
        return "";
    if (cell->has_activation)
        return activation;
    return cell == unroll_cell_find(spec) ? "" : cell->variant;
}

/* ---- activations ---- */

const char *unroll_activation_name(size_t i)
{
    const unroll_activation *const *activations = unroll_kernels_table[0]->activations;
    return activations[i] ? activations[i]->name : NULL;
}

const char *unroll_activation_summary(size_t i)
{
    return unroll_activation_name(i) ? unroll_kernels_table[0]->activations[i]->summary : NULL;
}
