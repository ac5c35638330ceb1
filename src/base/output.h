#ifndef UNROLL_BASE_OUTPUT_H
#define UNROLL_BASE_OUTPUT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <unroll/status.h>

/** A file that appears whole or not at all: a temporary in the same directory (O_EXCL, mode by umask),
 *  then write, fsync, close, rename, fsync of the directory. The process must ignore SIGXFSZ, as the
 *  program does, or a file-size limit kills it where UNROLL_EIO was due. */
typedef struct unroll_output unroll_output;

/** @return UNROLL_ECREATE where the directory is missing or read-only, or `path` is there and not a
 *          regular file (a rename would replace a device); UNROLL_EIO where the disk is full */
unroll_status unroll_output_open(const char *path, unroll_output **out);
/** Both remember a failure: the commit then fails too. */
unroll_status unroll_output_write(unroll_output *out, const void *data, size_t length);
/** Numbers are those of the C locale. */
unroll_status unroll_output_printf(unroll_output *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/** Make it appear; only after UNROLL_OK may anybody say "saved". Closes `out` in either case: on failure
 *  (UNROLL_EIO) the temporary is gone and an old file of that name is as it was. One exception: where
 *  only the last step fails, fsync of the directory, the new file is there, and the message says that
 *  it may not outlive a power cut. */
unroll_status unroll_output_commit(unroll_output *out);
void unroll_output_abort(unroll_output *out); /**< removes the temporary; NULL is fine */

/** write() until all of `data` is in `fd`. @return false where it cannot be; errno says why */
bool unroll_write_all(int fd, const char *data, size_t length);

/** The whole of `data` as `path`, through the steps above. */
unroll_status unroll_output_file(const char *path, const void *data, size_t length);

/** Remove temporaries that a killed process left in `directory`: names this module makes, whose
 *  process is gone. Only where no other host or container writes there: hold the directory's lock. */
void unroll_output_clean(const char *directory);

/** What is behind the last '/' of a path; and the directory that it is in, freed by unroll_free(),
 *  NULL without memory. */
const char *unroll_file_name(const char *path);
char *unroll_directory_of(const char *path);

/** mkdir -p. An existing directory is fine; UNROLL_ECREATE else. */
unroll_status unroll_make_directory(const char *path);

/** fsync the directory that holds `path`, so that a name that was made there outlives a power cut. A file system that
 *  has no such thing is no failure. @return UNROLL_EIO, UNROLL_EMEMORY */
unroll_status unroll_sync_parent(const char *path);

/** Flush and check a stdio stream: UNROLL_EIO naming `name` where anything written to it was lost.
 *  errno then says why (EPIPE: the reader has gone), 0 where that is no longer known. */
unroll_status unroll_flush(FILE *stream, const char *name);
#endif
