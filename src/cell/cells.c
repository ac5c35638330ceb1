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

static const unroll_cell *find(const unroll_cell *const *cell, const char *spec, const char *variant)
{
    while (*cell && !(unroll_spec_is(spec, (*cell)->name) &&
                      (!variant || !*(*cell)->variant || strcmp((*cell)->variant, variant) == 0)))
        cell++;
    return *cell;
}

const unroll_cell *unroll_cell_find_variant(const char *spec, const char *variant)
{
    return find(all_cells(), spec, variant);
}

const unroll_cell *unroll_cell_find(const char *spec)
{
    return find(all_cells(), spec, NULL);
}

unroll_status unroll_cell_parse(const unroll_kernels *kernels, const char *spec,
                                const char *variant, const unroll_cell **cell, double *option)
{
    *cell = find(kernels->cells, spec, variant);
    if (!*cell)
        return unroll_fail(UNROLL_EUSAGE, "there is no cell '%s'%s%s", spec,
                           variant ? " in the form " : "", variant ? variant : "");
    return unroll_spec_parse(spec, "cell", (*cell)->name, (*cell)->keys, NULL, option);
}

/* ---- variants ---- */

static const unroll_cell *cell_of_variant(size_t i)
{
    const unroll_cell *const *cell = all_cells();
    for (; *cell; cell++)
        if (*(*cell)->variant && i-- == 0)
            break;
    return *cell;
}

const char *unroll_cell_variant(size_t i)
{
    const unroll_cell *cell = cell_of_variant(i);
    return cell ? cell->variant : NULL;
}

const char *unroll_cell_variant_summary(size_t i)
{
    const unroll_cell *cell = cell_of_variant(i);
    return cell ? cell->summary : NULL;
}

const char *unroll_cell_variant_owner(void)
{
    const unroll_cell *cell = cell_of_variant(0);
    return cell ? cell->name : NULL;
}

const char *unroll_cell_form(const char *spec, const char *variant, const char *activation)
{
    const unroll_cell *cell = unroll_cell_find_variant(spec, variant);
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
