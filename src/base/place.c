#include "base/place.h"

#include <stdint.h>
#include <string.h>

#include "base/memory.h"

size_t unroll_place(void *to, size_t size, size_t a, size_t b, size_t c, char *base, size_t at)
{
    size_t bytes, end;
    if (at == SIZE_MAX || !unroll_mul(a, b, &bytes) || !unroll_mul(bytes, c, &bytes) ||
        !unroll_mul(bytes, size, &bytes) || !unroll_add(bytes, 63, &bytes) ||
        !unroll_add(at, bytes / 64 * 64, &end))
        return SIZE_MAX;
    if (base) {
        void *p = bytes / 64 ? base + at : NULL;
        memcpy(to, &p, sizeof p);
    }
    return end;
}
