#include "net/dropout.h"

#include "base/rng.h"

void unroll_drop(double dropout, uint64_t key, uint64_t first, size_t n, const unroll_real *x,
                 unroll_real *out)
{
    const uint64_t threshold = (uint64_t)(dropout * 65536 + 0.5);
    const unroll_real scale = (unroll_real)(1 / (1 - (double)threshold / 65536));
    for (size_t q = 0; q < (n + 3) / 4; q++) {
        uint64_t bits = unroll_rng_hash(key, first + q);
        for (size_t j = 4 * q; j < 4 * q + 4 && j < n; j++, bits >>= 16)
            out[j] = (bits & 0xffff) < threshold ? 0 : x[j] * scale;
    }
}
