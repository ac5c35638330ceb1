#ifndef UNROLL_TRAIN_OPTIMIZER_ROW_H
#define UNROLL_TRAIN_OPTIMIZER_ROW_H
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <unroll/real.h>

/* An optimiser is one `const unroll_optimizer_row` and one line in optimizer_table.c. Each computes what
 * torch.optim computes, in its order of operations. */

enum {
    UNROLL_SLOTS_MAX = 2,
    /** Parameters of one update() call: short enough to stay in the first cache between the passes
     *  over them, and cut at the same places whatever thread takes them. */
    UNROLL_BLOCK = 4096
};

/** One step's numbers, read by all threads. */
typedef struct unroll_update {
    uint64_t count; /**< updates with this one, from 1 */
    double lr;
    double momentum, beta1, beta2, rho, epsilon, weight_decay;
} unroll_update;

typedef struct unroll_optimizer_row {
    const char *name;    /**< as in --optimizer */
    const char *summary; /**< one line with the source, for help */
    double epsilon;      /**< where none is asked for */
    /** What it keeps for each parameter, as a checkpoint names it; NULL: none. */
    const char *slot[UNROLL_SLOTS_MAX];
    /** Update n <= UNROLL_BLOCK parameters w by their gradients g; both slots are given, those
     *  without a name as NULL. A parameter that is 0 and whose gradient is 0 stays 0. */
    void (*update)(const unroll_update *u, size_t n, unroll_real *restrict w,
                   const unroll_real *restrict g, unroll_real *const *slot);
} unroll_optimizer_row;

extern const unroll_optimizer_row *const unroll_optimizer_table[]; /**< NULL at the end */

const unroll_optimizer_row *unroll_optimizer_find(const char *name); /**< NULL: no such */
const char *unroll_optimizer_name(size_t i);                         /**< NULL at the end */

/** `body` for each parameter i of a block: once with a constant count, so that gcc vectorises it at
 *  -O2 too, and once for the last, shorter block. */
#define UNROLL_EACH_PARAMETER(i, n, body)             \
    do {                                              \
        if ((n) == UNROLL_BLOCK) {                    \
            for (size_t i = 0; i < UNROLL_BLOCK; i++) \
                body;                                 \
        } else {                                      \
            for (size_t i = 0; i < (n); i++)          \
                body;                                 \
        }                                             \
    } while (0)

static inline unroll_real unroll_root(unroll_real x)
{
#ifdef UNROLL_DOUBLE
    return sqrt(x);
#else
    return sqrtf(x);
#endif
}
#endif
