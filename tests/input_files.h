#ifndef TESTS_INPUT_FILES_H
#define TESTS_INPUT_FILES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unroll/status.h>

/* Packed files, and what reading files must give. */

/** One gzip member of `length` bytes of text; with `name` also every optional field of the header.
 *  @return its size; `packed` has `room` bytes */
size_t pack_gzip(const void *data, size_t length, unsigned char *packed, size_t room, bool named);

unroll_status slurp(const char *path, uint64_t max, size_t *length);
void is_slurped(const char *path, const void *data, size_t length);
void is_refused(const char *path, unroll_status status, const char *because);

/* Text that deflate takes as a real, coded block. */
static const char text[] =
    "the cat sat on the mat; the cat sat on the hat; the rat ate the cat's mat\n";
enum { LENGTH = sizeof text - 1 };
#endif
