#ifndef UNROLL_BASE_PLACE_H
#define UNROLL_BASE_PLACE_H
#include <stddef.h>

/* Many arrays in one block of memory. The same code runs twice: with base NULL it counts the bytes, and
 * with the block that was allocated for them it sets the pointers. */

/** Count (base NULL) or place a·b·c elements of `size` bytes behind the first `at` bytes of the block, on
 *  a cache line of their own.
 *  @param to  address of a pointer to the elements, which is set where base is not NULL; it becomes NULL
 *             where there are no elements
 *  @return bytes after the last element, SIZE_MAX where they overflow; `at` may be such a SIZE_MAX, which
 *          stays */
size_t unroll_place(void *to, size_t size, size_t a, size_t b, size_t c, char *base, size_t at);

/** n to the next multiple of `to`. */
static inline size_t unroll_round_up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}
#endif
