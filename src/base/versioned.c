#include "base/versioned.h"

#include <string.h>

#include "base/fail.h"

unroll_status unroll_versioned_copy(const char *name, const void *from, void *to, size_t known)
{
    size_t size;
    memcpy(&size, from, sizeof size);
    if (size < sizeof size)
        return unroll_fail(UNROLL_EUSAGE, "the size of a %s is %zu; set its field size to sizeof(%s)",
                           name, size, name);
    for (size_t i = known; i < size; i++)
        if (((const unsigned char *)from)[i] != 0)
            return unroll_fail(UNROLL_EUSAGE,
                               "a %s of %zu bytes sets what this library does not have: "
                               "it knows the first %zu bytes",
                               name, size, known);
    memset(to, 0, known);
    memcpy(to, from, size < known ? size : known);
    memcpy(to, &known, sizeof known);
    return UNROLL_OK;
}
