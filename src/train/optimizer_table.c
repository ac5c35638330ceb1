#include <string.h>

#include "train/optimizer_row.h"

extern const unroll_optimizer_row unroll_optimizer_sgd, unroll_optimizer_momentum,
    unroll_optimizer_nesterov, unroll_optimizer_adagrad, unroll_optimizer_rmsprop,
    unroll_optimizer_adam, unroll_optimizer_adamw;

/* clang-format off */
const unroll_optimizer_row *const unroll_optimizer_table[] = {
    &unroll_optimizer_sgd,     &unroll_optimizer_momentum, &unroll_optimizer_nesterov,
    &unroll_optimizer_adagrad, &unroll_optimizer_rmsprop,  &unroll_optimizer_adam,
    &unroll_optimizer_adamw,   NULL,
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
