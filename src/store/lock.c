#include "store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"

static unroll_status fail_busy(const char *path, int fd)
{
    char who[160];
    const ssize_t n = pread(fd, who, sizeof who - 1, 0);
    who[n > 0 ? n : 0] = '\0';
    who[strcspn(who, "\n")] = '\0';
    return unroll_fail(UNROLL_EBUSY,
                       "%s: is held by %s; wait until it ends, or give another directory", path,
                       who[0] ? who : "another process");
}

/** Is the file that `fd` has open still the one at `path`? Its last holder may just have removed
 *  it. */
static bool still_there(const char *path, int fd)
{
    struct stat a, b;
    return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static unroll_status sign(const char *path, int fd)
{
    char host[65] = "", who[128];
    gethostname(host, sizeof host - 1);
    const int n = snprintf(who, sizeof who, "process %ld on %s\n", (long)getpid(), host);
    if (ftruncate(fd, 0) != 0 || pwrite(fd, who, (size_t)n, 0) != n)
        return unroll_fail(UNROLL_ECREATE, "%s: cannot be written: %s", path, strerror(errno));
    return UNROLL_OK;
}

unroll_status unroll_lock_take(const char *path, bool create, int *fd)
{
    for (;;) {
        *fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | (create ? O_CREAT : 0), 0666);
        if (*fd < 0 && errno == ENOENT && !create)
            return UNROLL_OK;
        if (*fd < 0)
            return unroll_fail(UNROLL_ECREATE, "%s: cannot be created: %s; give another directory",
                               path, strerror(errno));
        if (flock(*fd, LOCK_EX | LOCK_NB) != 0) {
            const unroll_status status = errno == EWOULDBLOCK
                                             ? fail_busy(path, *fd)
                                             : unroll_fail(UNROLL_ECREATE,
                                                           "%s: cannot be locked: %s; give another "
                                                           "directory",
                                                           path, strerror(errno));
            close(*fd);
            *fd = -1;
            return status;
        }
        if (still_there(path, *fd))
            break;
        close(*fd);
    }
    const unroll_status status = sign(path, *fd);
    if (status != UNROLL_OK) {
        unroll_lock_release(path, *fd);
        *fd = -1;
    }
    return status;
}

void unroll_lock_release(const char *path, int fd)
{
    if (fd < 0)
        return;
    unlink(path);
    close(fd);
}
