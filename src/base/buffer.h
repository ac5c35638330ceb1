#ifndef UNROLL_BASE_BUFFER_H
#define UNROLL_BASE_BUFFER_H
#include <stdbool.h>
#include <stddef.h>

/** Text that grows. Zero-initialise; release it with unroll_free(text). */
typedef struct unroll_buffer {
    char *text; /**< [length], and a NUL behind it; NULL while nothing was added */
    size_t length, room;
    bool failed; /**< memory ran out: the text is not whole */
} unroll_buffer;

/** Append `length` bytes. A failure is kept in `failed`, so that many calls need one check. */
void unroll_buffer_add(unroll_buffer *buffer, const char *text, size_t length);
/** Append all of `text` up to its NUL. */
void unroll_buffer_text(unroll_buffer *buffer, const char *text);
/** Append at most 511 bytes as printf does, numbers as in the C locale. */
void unroll_buffer_printf(unroll_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Append a text as a field of CSV: in quotes where it has a comma, a quote or a line's end (RFC 4180). Where it begins
 *  as a formula does, a spreadsheet is kept from evaluating it by the apostrophe that its users type before a text. */
void unroll_buffer_csv(unroll_buffer *buffer, const char *text);

/** Let a block from unroll_alloc() have room for `wanted` elements of `size` bytes; it grows by half at least, so
 *  that many small steps cost little. New bytes are not zeroed.
 *  @param block  may be NULL where *room is 0
 *  @param room   elements it has room for; brought up to date
 *  @return the block, moved or not; NULL with a message, and the old one is untouched */
void *unroll_reserve(void *block, size_t *room, size_t wanted, size_t size);
#endif
