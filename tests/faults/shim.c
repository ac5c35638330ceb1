/* Preloaded into the program: lets one of its calls fail, and tells how many there were.
 *   FAULT        KIND:NUMBER[:ERRNO[:on]]: the call of this kind with this number, from 0, fails with this error (EIO
 *                by default; KILL ends the process before the call); with "on", so do all that follow. KIND is a row of `kinds`; "short" lets a write take only
 *                half of its bytes.
 *   FAULT_PATH   only calls on a path with this in it count
 *   FAULT_COUNT  a file for the number of calls of that kind
 *   FAULT_SITES  a file for the numbers of those calls that came by a way that none before had come by, one a line
 *   FAULT_STOP   SIGTERM comes when a file with this in its name has been renamed
 *   FAULT_TRACE  a file for what was done: a line "KIND PATH" for each call that changes a file or syncs one
 * What it forks goes on counting; a program that it starts has none of it. What comes after main() does
 * not count, nor does what coverage writes. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum kind {
    ALLOC,
    OPEN,
    READ,
    WRITE,
    SHORT,
    FSYNC,
    RENAME,
    CLOSE,
    STAT,
    MMAP,
    MKDIR,
    FLOCK,
    UNLINK,
    TRUNCATE,
    KINDS
};
static const char *const kinds[KINDS] = {"alloc", "open",   "read",   "write",   "short",
                                         "fsync", "rename", "close",  "stat",    "mmap",
                                         "mkdir", "flock",  "unlink", "truncate"};

static const struct {
    const char *name;
    int value;
} errors[] = {{"EIO", EIO},       {"ENOSPC", ENOSPC}, {"EINTR", EINTR},   {"EACCES", EACCES},
              {"EMFILE", EMFILE}, {"ENOMEM", ENOMEM}, {"ENOLCK", ENOLCK}, {"KILL", -1}};

static enum kind chosen = KINDS;
static long failing = -1;
static int error = EIO;
static bool from_then_on;
static char path_part[256], stop_part[64], count_name[512], sites_name[512], trace_name[512];
static atomic_long own_number, *number = &own_number; /* shared with what it forks */
static pid_t first_process;
static atomic_bool over;          /* what follows is no longer the program's */
static _Thread_local bool inside; /* our own calls do not count */

static void take(const char *name, char *to, size_t room)
{
    const char *text = getenv(name);
    if (text)
        snprintf(to, room, "%s", text);
    unsetenv(name);
}

__attribute__((constructor)) static void start(void)
{
    char text[128] = "", *rest = text;
    inside = true;
    take("FAULT", text, sizeof text);
    take("FAULT_PATH", path_part, sizeof path_part);
    take("FAULT_COUNT", count_name, sizeof count_name);
    take("FAULT_SITES", sites_name, sizeof sites_name);
    take("FAULT_STOP", stop_part, sizeof stop_part);
    take("FAULT_TRACE", trace_name, sizeof trace_name);
    unsetenv("LD_PRELOAD");
    const char *kind = strsep(&rest, ":"), *at = strsep(&rest, ":"), *why = strsep(&rest, ":");
    failing = at ? atol(at) : -1;
    from_then_on = rest && strcmp(rest, "on") == 0;
    for (size_t i = 0; why && i < sizeof errors / sizeof *errors; i++)
        if (strcmp(why, errors[i].name) == 0)
            error = errors[i].value;
    for (enum kind i = 0; i < KINDS; i++)
        if (strcmp(kind, kinds[i]) == 0)
            chosen = i;
    void *shared = (void *)syscall(SYS_mmap, NULL, sizeof *number, PROT_READ | PROT_WRITE,
                                   MAP_SHARED | MAP_ANONYMOUS, -1, 0L);
    if (shared != MAP_FAILED)
        number = shared;
    first_process = getpid();
    void *frame[1];
    if (*sites_name)
        backtrace(frame, 1); /* the first call loads a library */
    atomic_store(number, 0);
    inside = false;
}

/* Without a function that is counted. */
static void put(const char *name, int flags, const char *text)
{
    const int fd = (int)syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_CREAT | flags, 0666);
    if (fd >= 0) {
        syscall(SYS_write, fd, text, strlen(text));
        syscall(SYS_close, fd);
    }
}

__attribute__((destructor)) static void end(void)
{
    char text[32];
    snprintf(text, sizeof text, "%ld\n", atomic_load(number));
    if (*count_name && getpid() == first_process)
        put(count_name, O_TRUNC, text);
}

/* The program's main(), as libc calls it. */
static int (*counted)(int, char **, char **);
static int count_main(int count, char **arguments, char **environment)
{
    const int status = counted(count, arguments, environment);
    over = true;
    return status;
}

int __libc_start_main(int (*run)(int, char **, char **), int count, char **arguments,
                      void (*before)(void), void (*after)(void), void (*loader)(void), void *stack)
{
    int (*real)() = (int (*)())dlsym(RTLD_NEXT, "__libc_start_main");
    counted = run;
    return real(count_main, count, arguments, before, after, loader, stack);
}

static void path_of(int fd, char path[512])
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const long n = syscall(SYS_readlinkat, AT_FDCWD, link, path, 511);
    path[n > 0 ? n : 0] = '\0';
}

/* A call by a way of its own: who called whom, up to main(). */
static void note_site(long n)
{
    enum { DEPTH = 40, SITES = 1 << 16 };
    static unsigned long seen[SITES];
    void *frame[DEPTH];
    unsigned long hash = 1469598103934665603u;
    const int before = errno;
    inside = true;
    const int depth = backtrace(frame, DEPTH);
    for (int i = 0; i < depth; i++)
        hash = (hash ^ (unsigned long)frame[i]) * 1099511628211u;
    size_t at = hash % SITES;
    while (seen[at] && seen[at] != hash)
        at = (at + 1) % SITES;
    if (!seen[at]) {
        char text[32];
        seen[at] = hash;
        snprintf(text, sizeof text, "%ld\n", n);
        put(sites_name, O_APPEND, text);
    }
    inside = false;
    errno = before;
}

static bool fails_now(enum kind kind)
{
    if (kind != chosen || inside || over)
        return false;
    const long n = atomic_fetch_add(number, 1);
    if (*sites_name)
        note_site(n);
    if (n != failing && !(from_then_on && failing >= 0 && n > failing))
        return false;
    if (error < 0)
        raise(SIGKILL);
    errno = kind == ALLOC ? ENOMEM : error;
    return true;
}

static bool fails(enum kind kind, const char *path)
{
    if (*trace_name && !over && kind != STAT && kind != READ && kind != OPEN && kind != CLOSE &&
        kind != SHORT) {
        char line[640];
        const int before = errno;
        snprintf(line, sizeof line, "%s %s\n", kinds[kind], path);
        put(trace_name, O_APPEND, line);
        errno = before;
    }
    return (!*path_part || strstr(path, path_part)) && fails_now(kind);
}

static bool fails_fd(enum kind kind, int fd)
{
    char path[512] = "";
    if (kind == chosen || *trace_name) {
        const int before = errno;
        path_of(fd, path);
        errno = before;
    }
    return fails(kind, path);
}

/* The next definition of a function; found once. */
#define REAL(name, result, ...)                                 \
    static result (*real)(__VA_ARGS__);                         \
    if (!real) {                                                \
        inside = true;                                          \
        real = (result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name); \
        inside = false;                                         \
    }

/* The next ones, which are a sanitizer's where there is one; looking for them may allocate. */
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
void *malloc(size_t n)
{
    if (inside)
        return __libc_malloc(n);
    REAL(malloc, void *, size_t)
    return fails_now(ALLOC) ? NULL : real(n);
}
void *calloc(size_t n, size_t size)
{
    if (inside)
        return __libc_calloc(n, size);
    REAL(calloc, void *, size_t, size_t)
    return fails_now(ALLOC) ? NULL : real(n, size);
}
void *realloc(void *old, size_t n)
{
    if (inside)
        return __libc_realloc(old, n);
    REAL(realloc, void *, void *, size_t)
    return fails_now(ALLOC) ? NULL : real(old, n);
}
void *aligned_alloc(size_t to, size_t n)
{
    REAL(aligned_alloc, void *, size_t, size_t)
    return fails_now(ALLOC) ? NULL : real(to, n);
}
int posix_memalign(void **out, size_t to, size_t n)
{
    REAL(posix_memalign, int, void **, size_t, size_t)
    return fails_now(ALLOC) ? ENOMEM : real(out, to, n);
}

static int open_at(int folder, const char *path, int flags, mode_t mode)
{
    if (strstr(path, ".gcda")) /* as tests/coverage.h says */
        over = true;
    return fails(OPEN, path) ? -1 : (int)syscall(SYS_openat, folder, path, flags, mode);
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

FILE *fopen(const char *path, const char *mode)
{
    REAL(fopen, FILE *, const char *, const char *)
    return fails(OPEN, path) ? NULL : real(path, mode);
}

ssize_t read(int fd, void *to, size_t n)
{
    return fails_fd(READ, fd) ? -1 : syscall(SYS_read, fd, to, n);
}

ssize_t pread(int fd, void *to, size_t n, off_t at)
{
    REAL(pread, ssize_t, int, void *, size_t, off_t)
    return fails_fd(READ, fd) ? -1 : real(fd, to, n, at);
}

ssize_t write(int fd, const void *from, size_t n)
{
    if (fails_fd(WRITE, fd))
        return -1;
    return syscall(SYS_write, fd, from, n > 1 && fails_fd(SHORT, fd) ? n / 2 : n);
}

ssize_t pwrite(int fd, const void *from, size_t n, off_t at)
{
    REAL(pwrite, ssize_t, int, const void *, size_t, off_t)
    return fails_fd(WRITE, fd) ? -1 : real(fd, from, n, at);
}

int fsync(int fd)
{
    return fails_fd(FSYNC, fd) ? -1 : (int)syscall(SYS_fsync, fd);
}

int rename(const char *from, const char *to)
{
    const int done =
        fails(RENAME, to) ? -1 : (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
    const int why = errno;
    if (*stop_part && strstr(to, stop_part))
        raise(SIGTERM);
    errno = why;
    return done;
}

int close(int fd)
{
    const bool fail = fails_fd(CLOSE, fd);
    const int before = errno, done = (int)syscall(SYS_close, fd);
    errno = fail ? before : errno;
    return fail ? -1 : done;
}

int fstat(int fd, struct stat *st)
{
    REAL(fstat, int, int, struct stat *)
    return fails_fd(STAT, fd) ? -1 : real(fd, st);
}

int stat(const char *path, struct stat *st)
{
    REAL(stat, int, const char *, struct stat *)
    return fails(STAT, path) ? -1 : real(path, st);
}

int lstat(const char *path, struct stat *st)
{
    REAL(lstat, int, const char *, struct stat *)
    return fails(STAT, path) ? -1 : real(path, st);
}

void *mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset)
{
    return fails_fd(MMAP, fd) ? MAP_FAILED
                              : (void *)syscall(SYS_mmap, at, n, protection, flags, fd, offset);
}

int mkdir(const char *path, mode_t mode)
{
    return fails(MKDIR, path) ? -1 : (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

int flock(int fd, int how)
{
    return fails_fd(FLOCK, fd) ? -1 : (int)syscall(SYS_flock, fd, how);
}

int unlink(const char *path)
{
    return fails(UNLINK, path) ? -1 : (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int ftruncate(int fd, off_t length)
{
    return fails_fd(TRUNCATE, fd) ? -1 : (int)syscall(SYS_ftruncate, fd, length);
}
