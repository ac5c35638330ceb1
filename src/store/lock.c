#include "store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/path.h"

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
static unroll_status look(const char *path, int fd, bool *still_there)
{
    struct stat a, b;
    const bool there = fstat(fd, &a) == 0 && lstat(path, &b) == 0;
    *still_there = there && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
    if (there || errno == ENOENT)
        return UNROLL_OK;
    return unroll_fail(UNROLL_ECREATE, "%s: cannot be looked at: %s; give another directory", path,
                       strerror(errno));
}

static unroll_status sign(const char *path, int fd)
{
    char host[65] = "", who[128];
    gethostname(host, sizeof host - 1);
    const int n = snprintf(who, sizeof who, "process %ld on %s\n", (long)getpid(), host);
    ssize_t written = -1;
    if (ftruncate(fd, 0) == 0)
        do
            written = pwrite(fd, who, (size_t)n, 0);
        while (written < 0 && errno == EINTR);
    if (written != n)
        return unroll_fail(UNROLL_ECREATE, "%s: cannot be written: %s", path, strerror(errno));
    return UNROLL_OK;
}

/** Open and lock what is at `path` now. */
static unroll_status open_locked(const char *path, bool create, int *fd)
{
    UNROLL_TRY(unroll_check_own(path, false));
    do
        *fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (create ? O_CREAT : 0), 0666);
    while (*fd < 0 && errno == EINTR);
    if (*fd < 0 && errno == ENOENT && !create)
        return UNROLL_OK;
    if (*fd < 0)
        return unroll_fail(UNROLL_ECREATE, "%s: cannot be created: %s; give another directory",
                           path, strerror(errno));
    int got;
    while ((got = flock(*fd, LOCK_EX | LOCK_NB)) != 0 && errno == EINTR)
        ;
    if (got == 0)
        return UNROLL_OK;
    return errno == EWOULDBLOCK
               ? fail_busy(path, *fd)
               : unroll_fail(UNROLL_ECREATE, "%s: cannot be locked: %s; give another directory",
                             path, strerror(errno));
}

unroll_status unroll_lock_take(const char *path, bool create, int *fd)
{
    enum { TRIES = 1000 }; /* others may come and go meanwhile, but not so often */
    bool held = false;
    unroll_status status = UNROLL_OK;
    *fd = -1;
    for (int i = 0; !held && i < TRIES; i++) {
        status = open_locked(path, create, fd);
        if (status == UNROLL_OK && *fd < 0)
            return UNROLL_OK;
        if (status == UNROLL_OK)
            status = look(path, *fd, &held);
        if (held)
            break;
        if (*fd >= 0)
            close(*fd);
        *fd = -1;
        UNROLL_TRY(status);
    }
    if (!held)
        return unroll_fail(UNROLL_ECREATE, "%s: is another file each time; give another directory",
                           path);
    status = sign(path, *fd);
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
