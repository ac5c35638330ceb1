#include "math/kernels.h"
#include <config.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "base/fail.h"

/* Compiled without any set's flags, so that asking is safe on every processor.
 * __builtin_cpu_supports also asks whether the system saves the registers. */
bool UNROLL_OF(supported, generic)(void);
bool UNROLL_OF(supported, generic)(void)
{
    return true;
}
extern const unroll_kernels UNROLL_OF(kernels, generic);

#ifdef UNROLL_X86_64
bool UNROLL_OF(supported, avx2)(void);
bool UNROLL_OF(supported, avx2)(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
extern const unroll_kernels UNROLL_OF(kernels, avx2);

bool UNROLL_OF(supported, avx512)(void);
bool UNROLL_OF(supported, avx512)(void)
{
    return UNROLL_OF(supported, avx2)() && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl");
}
extern const unroll_kernels UNROLL_OF(kernels, avx512);
#endif

#ifdef UNROLL_AARCH64
bool UNROLL_OF(supported, neon)(void);
bool UNROLL_OF(supported, neon)(void)
{
    return true; /* part of the architecture */
}
extern const unroll_kernels UNROLL_OF(kernels, neon);
#endif

/* clang-format off */
const unroll_kernels *const unroll_kernels_table[] = {
#ifdef UNROLL_X86_64
    &UNROLL_OF(kernels, avx512),
    &UNROLL_OF(kernels, avx2),
#endif
#ifdef UNROLL_AARCH64
    &UNROLL_OF(kernels, neon),
#endif
    &UNROLL_OF(kernels, generic),
    NULL,
};
/* clang-format on */

static const unroll_kernels *choose(void)
{
    const char *name = getenv("UNROLL_KERNELS");
    if (name && !*name)
        name = NULL;
    char known[64] = "";
    for (const unroll_kernels *const *k = unroll_kernels_table; *k; k++) {
        const bool supported = (*k)->supported();
        if (name ? strcmp((*k)->name, name) == 0 && supported : supported)
            return *k;
        if (supported) {
            strcat(known, known[0] ? ", " : "");
            strcat(known, (*k)->name);
        }
    }
    unroll_fail(UNROLL_EUSAGE, "UNROLL_KERNELS: this machine has no '%s' kernels; give one of %s",
                name, known);
    return NULL;
}

const unroll_kernels *unroll_kernels_get(void)
{
    static const unroll_kernels *_Atomic chosen;
    const unroll_kernels *k = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (!k) {
        k = choose();
        atomic_store_explicit(&chosen, k, memory_order_relaxed);
    }
    return k;
}
