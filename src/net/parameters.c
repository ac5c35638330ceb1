#include "net/parameters.h"

#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"

/* Tensors begin at whole cache lines; what lies between them stays zero. */
enum { ALIGN = 64 / sizeof(unroll_real) };

static unroll_status grow(unroll_parameters *p)
{
    const size_t room = p->room ? 2 * p->room : 16;
    unroll_parameter *list = unroll_realloc(p->list, room, sizeof *list);
    if (!list)
        return UNROLL_EMEMORY;
    p->list = list;
    struct unroll_parameter_use *use = unroll_realloc(p->use, room, sizeof *use);
    if (!use)
        return UNROLL_EMEMORY;
    p->use = use;
    p->room = room;
    return UNROLL_OK;
}

unroll_status unroll_parameters_add(unroll_parameters *p, const unroll_tensor *tensor, size_t *index)
{
    const size_t rows = tensor->rows, cols = tensor->cols;
    size_t count, end;
    if (p->count == p->room)
        UNROLL_TRY(grow(p));
    if (!unroll_mul(rows, cols ? cols : 1, &count) || !unroll_add(p->size, count, &end) ||
        end > SIZE_MAX / 64)
        return unroll_fail(UNROLL_EMEMORY,
                           "%s%s of %zu x %zu numbers is more than memory can hold; lower " UNROLL_OPTION
                           "hidden or " UNROLL_OPTION "layers",
                           tensor->prefix, tensor->name, rows, cols);
    unroll_parameter *t = &p->list[p->count];
    memset(t, 0, sizeof *t);
    t->rows = rows;
    t->cols = cols;
    t->offset = p->size;
    if (tensor->kind < UNROLL_P_EMBEDDING)
        snprintf(t->name, sizeof t->name, "%s%s_l%zu", tensor->prefix, tensor->name, tensor->layer);
    else
        snprintf(t->name, sizeof t->name, "%s%s", tensor->prefix, tensor->name);
    p->use[p->count] = (struct unroll_parameter_use){
        .kind = tensor->kind, .cell = tensor->cell, .first = 0, .trained = count};
    p->trainable += count;
    p->size = (end + ALIGN - 1) / ALIGN * ALIGN;
    *index = p->count++;
    return UNROLL_OK;
}

void unroll_parameters_free(unroll_parameters *p)
{
    unroll_free(p->list);
    unroll_free(p->use);
}

void unroll_parameter_get(const unroll_parameter *p, const unroll_real *flat, float *plain)
{
    const unroll_real *x = flat + p->offset;
    const size_t cols = p->cols ? p->cols : 1;
    for (size_t r = 0; r < p->rows; r++)
        for (size_t c = 0; c < cols; c++)
            plain[r * cols + c] = (float)x[p->transposed ? c * p->rows + r : r * cols + c];
}

void unroll_parameter_set(const unroll_parameter *p, unroll_real *flat, const float *plain)
{
    unroll_real *x = flat + p->offset;
    const size_t cols = p->cols ? p->cols : 1;
    for (size_t r = 0; r < p->rows; r++)
        for (size_t c = 0; c < cols; c++)
            x[p->transposed ? c * p->rows + r : r * cols + c] = (unroll_real)plain[r * cols + c];
}
