#ifndef UNROLL_BASE_INPUT_H
#define UNROLL_BASE_INPUT_H
#include <stddef.h>
#include <stdint.h>
#include <unroll/status.h>

/** A byte stream from a file, a FIFO or standard input ("-"), inflated where it begins with gzip's
 *  magic bytes. Nothing is mapped: a file that is cut meanwhile is an error, not a signal. */
typedef struct unroll_input unroll_input;

/** @return UNROLL_ENOINPUT where it is missing, unreadable, a directory, socket or device (the message
 *          says which); the caller closes *out with unroll_input_close() */
unroll_status unroll_input_open(const char *path, unroll_input **out);

/** Up to `room` (> 0) bytes into `buffer`; *got = 0 only at the end of the data. For gzip the end is
 *  reached only after the last member's CRC-32 and length have been checked: a cut file, a wrong CRC or
 *  garbage after the last member are UNROLL_EDATA "after N bytes". So is a name in ".gz" whose content
 *  is not gzip, and a regular plain file that changes in size while it is read. */
unroll_status unroll_input_read(unroll_input *in, void *buffer, size_t room, size_t *got);

/** From now on more than `max` bytes after inflation are UNROLL_EDATA naming --max-input (0: no bound): at once where the
 *  length is known; else what is more than some MB is counted, or put aside in a file below TMPDIR (/var/tmp), before
 *  any of it is given. To be called before the first read. */
unroll_status unroll_input_limit(unroll_input *in, uint64_t max);
/** Bytes in all, or 0 as long as they are not known. After unroll_input_limit(). */
uint64_t unroll_input_length(const unroll_input *in);

void unroll_input_close(unroll_input *in); /**< NULL is fine */

/** How messages name it: "standard input" for "-", else the path. */
const char *unroll_input_name(const char *path);
const char *unroll_input_title(const unroll_input *in); /**< the same of one that is open */

/** The whole input, of at most `max` bytes as of unroll_input_limit(). *data has a NUL behind it and is freed by
 *  unroll_free(). */
unroll_status unroll_input_slurp(const char *path, uint64_t max, char **data, size_t *length);

/** The same of a file that the program keeps. @return also as unroll_check_own() */
unroll_status unroll_input_slurp_own(const char *path, uint64_t max, char **data, size_t *length);

enum { UNROLL_LINE_MAX = 16 << 20 }; /**< bytes in a line; more is UNROLL_EDATA */

/** One line at a time of an input that may be interactive: returns as soon as a line is there. */
typedef struct unroll_lines unroll_lines;
unroll_status unroll_lines_open(const char *path, unroll_lines **out);
/** *line without its newline, owned by `lines`, valid until the next call, with a NUL behind it;
 *  NULL at the end. */
unroll_status unroll_lines_next(unroll_lines *lines, char **line, size_t *length);
void unroll_lines_close(unroll_lines *lines); /**< NULL is fine */
#endif
