/* Preloaded into the program: writes down, in order, what it does to the files below the directory it
 * is started in.
 *   CRASH_RECORD  the file to which entries are appended, as record.h says; without it nothing is
 *                 recorded
 *   CRASH_KILL    N: all processes of the group are killed before the call with this number, from 0
 *   CRASH_FAST    fsync does nothing: for runs after which no power is cut
 * Standard error should be a file, so that entries can tell what was said before them. A program that
 * it starts has none of it; a process that it forks goes on with the same file and the same numbers.
 * The clock goes on by a microsecond whenever it is asked, and each process has a number that none
 * has, so that what is written is the same each time. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "record.h"

enum { FDS = 256 };
static int out = -1;
static long kill_at = -1;
static bool fast;
static char root[PATH_MAX];
static pid_t program;
static bool tracked[FDS];   /* is this descriptor one of a file below the root? */
static atomic_long *number; /* of calls, shared with forked processes */

__attribute__((constructor)) static void start(void)
{
    const char *const name = getenv("CRASH_RECORD"), *const end = getenv("CRASH_KILL");
    number = mmap(NULL, sizeof *number, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    kill_at = end ? atol(end) : -1;
    fast = getenv("CRASH_FAST") != NULL;
    program = (pid_t)syscall(SYS_getpid);
    if (!getcwd(root, sizeof root) || number == MAP_FAILED)
        abort();
    if (name) {
        const int fd = (int)syscall(SYS_openat, AT_FDCWD, name,
                                    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
        out = fcntl(fd, F_DUPFD_CLOEXEC, FDS);
        syscall(SYS_close, fd);
        if (out < 0)
            abort();
    }
    unsetenv("LD_PRELOAD");
    unsetenv("CRASH_RECORD");
    unsetenv("CRASH_KILL");
    unsetenv("CRASH_FAST");
}

/* Relative to the root; NULL where it is elsewhere. */
static const char *below(const char *path)
{
    const size_t n = strlen(root);
    if (path[0] == '/') {
        if (strncmp(path, root, n) != 0 || (path[n] != '/' && path[n] != '\0'))
            return NULL;
        path += path[n] == '/' ? n + 1 : n;
    }
    return strncmp(path, "..", 2) == 0 ? NULL : path;
}

/* What is at `path` below the open directory `folder`. */
static const char *below_folder(int folder, const char *path, char full[2 * PATH_MAX])
{
    char link[64];
    if (folder == AT_FDCWD || path[0] == '/')
        return below(path);
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    const long n = syscall(SYS_readlinkat, AT_FDCWD, link, full, PATH_MAX);
    snprintf(full + (n > 0 ? n : 0), PATH_MAX, "/%s", path);
    return below(full);
}

static bool is_tracked(int fd)
{
    return fd >= 0 && fd < FDS && tracked[fd];
}

static void note(record_head head, const char *path, const char *to, const void *data)
{
    struct stat said;
    const int before = errno;
    if (out < 0)
        return;
    head.pid = (int32_t)syscall(SYS_getpid);
    head.path = path ? (uint32_t)strlen(path) : 0;
    head.to = to ? (uint32_t)strlen(to) : 0;
    head.said = syscall(SYS_fstat, STDERR_FILENO, &said) == 0 ? (uint64_t)said.st_size : 0;
    const struct iovec part[] = {
        {&head, sizeof head},
        {(void *)(uintptr_t)path, head.path},
        {(void *)(uintptr_t)to, head.to},
        {(void *)(uintptr_t)data, head.kind == RECORD_WRITE ? head.length : 0}};
    if (writev(out, part, 4) < (ssize_t)sizeof head)
        abort();
    errno = before;
}

__attribute__((destructor)) static void end(void)
{
    if (syscall(SYS_getpid) == program)
        note((record_head){.kind = RECORD_EXIT}, NULL, NULL, NULL);
}

pid_t getpid(void)
{
    enum { ABOVE_ALL = 4194305 };
    return ABOVE_ALL;
}
pid_t getppid(void)
{
    return getpid();
}
int clock_gettime(clockid_t clock, struct timespec *now)
{
    static atomic_long asked;
    (void)clock;
    const long microseconds = atomic_fetch_add(&asked, 1);
    *now = (struct timespec){1000 + microseconds / 1000000, microseconds % 1000000 * 1000};
    return 0;
}

/* Before each call that concerns the root. */
static void count(void)
{
    if (atomic_fetch_add(number, 1) == kill_at)
        kill(0, SIGKILL);
}

static int open_at(int folder, const char *path, int flags, mode_t mode)
{
    char full[2 * PATH_MAX];
    const char *const name = below_folder(folder, path, full);
    if (name)
        count();
    const int fd = (int)syscall(SYS_openat, folder, path, flags, mode);
    if (fd >= 0 && fd < FDS)
        tracked[fd] = name != NULL;
    if (name && fd >= 0) {
        note((record_head){.kind = RECORD_OPEN, .flag = (flags & O_CREAT) != 0, .fd = fd}, name,
             NULL, NULL);
        if (flags & O_TRUNC)
            note((record_head){.kind = RECORD_CUT, .fd = fd}, NULL, NULL, NULL);
    }
    return fd;
}

#define OPEN_BODY(folder)                                                         \
    va_list list;                                                                 \
    va_start(list, flags);                                                        \
    const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0; \
    va_end(list);                                                                 \
    return open_at(folder, path, flags, mode)

int open(const char *path, int flags, ...)
{
    OPEN_BODY(AT_FDCWD);
}
int open64(const char *path, int flags, ...)
{
    OPEN_BODY(AT_FDCWD);
}
int openat(int folder, const char *path, int flags, ...)
{
    OPEN_BODY(folder);
}

int close(int fd)
{
    if (is_tracked(fd)) {
        count();
        tracked[fd] = false;
    }
    return (int)syscall(SYS_close, fd);
}

static ssize_t written(int fd, const void *from, ssize_t n, off_t at)
{
    if (n > 0)
        note((record_head){.kind = RECORD_WRITE, .fd = fd, .at = (uint64_t)at, .length = (uint64_t)n},
             NULL, NULL, from);
    return n;
}

ssize_t write(int fd, const void *from, size_t n)
{
    if (!is_tracked(fd))
        return syscall(SYS_write, fd, from, n);
    count();
    const ssize_t done = syscall(SYS_write, fd, from, n);
    return written(fd, from, done, lseek(fd, 0, SEEK_CUR) - done);
}

ssize_t pwrite(int fd, const void *from, size_t n, off_t at)
{
    if (!is_tracked(fd))
        return syscall(SYS_pwrite64, fd, from, n, at);
    count();
    return written(fd, from, syscall(SYS_pwrite64, fd, from, n, at), at);
}

int ftruncate(int fd, off_t length)
{
    if (is_tracked(fd))
        count();
    const int done = (int)syscall(SYS_ftruncate, fd, length);
    if (done == 0 && is_tracked(fd))
        note((record_head){.kind = RECORD_CUT, .fd = fd, .at = (uint64_t)length}, NULL, NULL, NULL);
    return done;
}

int fsync(int fd)
{
    if (is_tracked(fd))
        count();
    const int done = fast ? 0 : (int)syscall(SYS_fsync, fd);
    if (done == 0 && is_tracked(fd))
        note((record_head){.kind = RECORD_SYNC, .fd = fd}, NULL, NULL, NULL);
    return done;
}

/* A renaming or a removal is written down before it is done: a kill between the two is then no promise
 * that was broken. */
int rename(const char *from, const char *to)
{
    const char *const name = below(from), *const other = below(to);
    if (name && other)
        count();
    if (name && other && access(from, F_OK) == 0)
        note((record_head){.kind = RECORD_RENAME}, name, other, NULL);
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int unlinkat(int folder, const char *path, int flags)
{
    char full[2 * PATH_MAX];
    const char *const name = below_folder(folder, path, full);
    if (name)
        count();
    struct stat st;
    if (name && !(flags & AT_REMOVEDIR) && fstatat(folder, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
        note((record_head){.kind = RECORD_UNLINK}, name, NULL, NULL);
    const int done = (int)syscall(SYS_unlinkat, folder, path, flags);
    if (done == 0 && name && flags & AT_REMOVEDIR)
        note((record_head){.kind = RECORD_RMDIR}, name, NULL, NULL);
    return done;
}

int unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

int rmdir(const char *path)
{
    return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

int mkdir(const char *path, mode_t mode)
{
    const char *const name = below(path);
    if (name)
        count();
    const int done = (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
    if (done == 0 && name)
        note((record_head){.kind = RECORD_MKDIR}, name, NULL, NULL);
    return done;
}
