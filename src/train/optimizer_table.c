#include <string.h>

#include "train/optimizer_row.h"

/* The rows are made from the list of files in module.am. */
#define OPTIMIZER(name) extern const unroll_optimizer_row name;
#include "train/optimizer_rows.h"
#undef OPTIMIZER
#define OPTIMIZER(name) &name,

/* clang-format off */
const unroll_optimizer_row *const unroll_optimizer_table[] = {
#include "train/optimizer_rows.h"
    NULL,
};
/* clang-format on */

const unroll_optimizer_row *unroll_optimizer_find(const char *name)
{
    for (size_t i = 0; unroll_optimizer_table[i] != NULL; i++)
        if (strcmp(unroll_optimizer_table[i]->name, name) == 0)
            return unroll_optimizer_table[i];
    return NULL;
}

const char *unroll_optimizer_name(size_t i)
{
    return unroll_optimizer_table[i] != NULL ? unroll_optimizer_table[i]->name : NULL;
}
