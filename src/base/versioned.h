#ifndef UNROLL_BASE_VERSIONED_H
#define UNROLL_BASE_VERSIONED_H
#include <stddef.h>
#include <unroll/status.h>

/* A public struct of options begins with `size_t size`, which a caller sets to sizeof of the struct as the
 * caller was compiled. So the library can append fields later: a program that does not know them gets 0
 * for each. A new field must not lie where the struct had padding at its end, because that is within the
 * old size. */

/** Copy a caller's struct into one of this library's size, with zeros behind what the caller knows.
 *  @param name  of the type, for the message
 *  @param from  begins with its size_t size in bytes
 *  @param to    takes `known` bytes; its own size becomes `known`
 *  @return UNROLL_EUSAGE where from's size is 0 or too small to be one, or where the caller sets a field
 *          that lies beyond `known`; *to is unchanged then */
unroll_status unroll_versioned_copy(const char *name, const void *from, void *to, size_t known);
#endif
