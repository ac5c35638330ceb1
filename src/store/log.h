#ifndef UNROLL_STORE_LOG_H
#define UNROLL_STORE_LOG_H
#include <stddef.h>
#include <stdint.h>
#include <unroll/status.h>

/** A CSV file that grows by whole rows, the first column being the step. */
typedef struct unroll_log unroll_log;

/** Begin `path` with this header line, or go on with it where it is there: then rows of steps after
 *  `last_step`, and a last row that was cut short, are dropped, atomically.
 *  @param header  without a newline
 *  @return UNROLL_EDATA where the file has another header, UNROLL_ECREATE, UNROLL_EIO */
unroll_status unroll_log_open(const char *path, const char *header, uint64_t last_step,
                              unroll_log **out);

/** The same; of `last_step` itself rows with `later` in them are dropped, too: all of them where it is "". */
unroll_status unroll_log_open_before(const char *path, const char *header, uint64_t last_step,
                                     const char *later, unroll_log **out);

/** Append one row, or several with newlines between, without the last newline, and hand them to
 *  the system. Where that fails (UNROLL_EIO) the file keeps whole rows only, and the next call
 *  tries again to write what is owed. */
unroll_status unroll_log_row(unroll_log *log, const char *row);

/** Rows so far outlive a power cut: before a checkpoint is made that a resumed run takes them with. NULL is fine.
 *  @return UNROLL_EIO, which unroll_log_close() then tells, too, where the system may have dropped rows */
unroll_status unroll_log_sync(unroll_log *log);

/** UNROLL_EIO where rows are still owed and cannot be written, or may be lost. NULL is fine. */
unroll_status unroll_log_close(unroll_log *log);
#endif
