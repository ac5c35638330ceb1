#ifndef UNROLL_STORE_LOCK_H
#define UNROLL_STORE_LOCK_H
#include <stdbool.h>
#include <unroll/status.h>

/** Hold the lock file `path`; it says who does. It goes when the process ends, however it does.
 *  @param create  make the file where there is none; else *fd = -1 there
 *  @return UNROLL_EBUSY naming the holder, UNROLL_ENOINPUT as unroll_check_own(), UNROLL_ECREATE; *fd goes to unroll_lock_release() */
unroll_status unroll_lock_take(const char *path, bool create, int *fd);
/** Remove the file and let go; -1 is fine. */
void unroll_lock_release(const char *path, int fd);
#endif
