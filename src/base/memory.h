#ifndef UNROLL_BASE_MEMORY_H
#define UNROLL_BASE_MEMORY_H
#include <stdbool.h>
#include <stddef.h>

/* Every allocation of the library goes through here, zlib's too, so that a test can make the n-th
 * one fail. */

/** count·size bytes, zeroed, aligned to 64; NULL with a message (bytes wanted) where there are not
 *  that many or the product overflows. Freed by unroll_free(). count 0 gives a valid pointer. */
void *unroll_alloc(size_t count, size_t size);

/** Grow or shrink a block from unroll_alloc(); new bytes are not zeroed. NULL: `old` is untouched.
 *  `old` may be NULL. */
void *unroll_realloc(void *old, size_t count, size_t size);

/** A copy of `length` bytes with a NUL behind; NULL with a message. */
char *unroll_strndup(const char *text, size_t length);

void unroll_free(void *block); /**< NULL is fine */

/** a·b and a+b into *out; false where they overflow size_t. */
bool unroll_mul(size_t a, size_t b, size_t *out);
bool unroll_add(size_t a, size_t b, size_t *out);

/** Count jansson's allocations here, and let them fail, too. For the program and the tests, before
 *  their first JSON value: the library itself leaves alone what its host chose for jansson. Blocks
 *  are still malloc()'s, so values made before and after mix. */
void unroll_memory_hook_jansson(void);

/** For tests: let the next `n` allocations succeed and all after that fail; −1 lifts it. */
void unroll_alloc_fail_after(long n);
/** For tests: allocations made since the start, by all threads. */
unsigned long unroll_alloc_count(void);
#endif
