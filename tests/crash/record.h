#ifndef UNROLL_TESTS_CRASH_RECORD_H
#define UNROLL_TESTS_CRASH_RECORD_H
#include <stdint.h>

/** What a program may do to files. */
enum record_kind {
    RECORD_OPEN,  /**< `path` as `fd`; made, if `flag` is set and it was not there */
    RECORD_WRITE, /**< `length` bytes at `at` of `fd` */
    RECORD_CUT,   /**< the file of `fd` is now `at` bytes long */
    RECORD_SYNC,  /**< fsync of `fd`, a file or a directory */
    RECORD_RENAME,
    RECORD_UNLINK,
    RECORD_MKDIR,
    RECORD_RMDIR,
    RECORD_EXIT /**< of the program, by exit() */
};

/** The head of an entry; behind it come the path, without a NUL, the second path, and the bytes that
 *  were written. Paths are relative to the directory in which the program was started. */
typedef struct record_head {
    uint32_t kind, flag, path, to; /**< `path` and `to` are lengths */
    int32_t pid, fd;
    uint64_t at, length;
    uint64_t said; /**< how long standard error was before the call */
} record_head;
#endif
