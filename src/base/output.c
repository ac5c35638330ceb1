#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "base/output.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/number.h"

enum {
    BUFFER = 1 << 16,
    WRITE_MAX = 1 << 30,
    NAME_KEPT = 200, /* of the file's name in its temporary's, which must not pass NAME_MAX */
    TAIL = 64        /* ".", ".tmp-", two numbers and a NUL */
};

struct unroll_output {
    int fd;
    int error; /* errno of the first write that failed */
    char *path, *temporary;
    size_t used;
    char buffer[BUFFER];
};

/* Length of the directory part of `path`, its last '/' included; 0: the current directory. */
static size_t directory_length(const char *path)
{
    const char *const slash = strrchr(path, '/');
    return slash ? (size_t)(slash + 1 - path) : 0;
}

const char *unroll_file_name(const char *path)
{
    return path + directory_length(path);
}

char *unroll_directory_of(const char *path)
{
    const size_t n = directory_length(path);
    return n ? unroll_strndup(path, n > 1 ? n - 1 : 1) : unroll_strndup(".", 1);
}

/* "DIR/.NAME.tmp-PID-COUNTER", unroll_alloc'ed. */
static char *temporary_name(const char *path)
{
    static atomic_ulong counter;
    const size_t room = strlen(path) + TAIL;
    char *const name = unroll_alloc(room, 1);

    if (name) {
        const size_t n = directory_length(path);
        memcpy(name, path, n);
        snprintf(name + n, room - n, ".%.*s.tmp-%ld-%lu", NAME_KEPT, path + n, (long)getpid(),
                 atomic_fetch_add(&counter, 1));
    }
    return name;
}

static unroll_status fail_create(const char *path, int error)
{
    if (error == ENOSPC || error == EDQUOT || error == EIO)
        return unroll_fail(UNROLL_EIO, "%s: cannot be created: %s; free some space", path,
                           strerror(error));
    return unroll_fail(UNROLL_ECREATE, "%s: cannot be created: %s; give another place", path,
                       strerror(error));
}

static unroll_status fail_write(const char *path, int error)
{
    if (error == ENOMEM)
        return unroll_fail(UNROLL_EMEMORY, "%s: no memory for what is written; use smaller sizes",
                           path);
    return unroll_fail(UNROLL_EIO,
                       "%s: cannot be written: %s; what was there is as it was, free "
                       "some space and try again",
                       path, strerror(error));
}

/* rename() would put a file in the place of a device, and root may do that to /dev/null. */
static unroll_status check_target(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return errno == ENOENT ? UNROLL_OK : fail_create(path, errno);
    if (S_ISREG(st.st_mode))
        return UNROLL_OK;
    return unroll_fail(UNROLL_ECREATE,
                       "%s: cannot be created: is there already, as %s; give another "
                       "name",
                       path, S_ISDIR(st.st_mode) ? "a directory" : "a device, FIFO or socket");
}

/* Names already there (of a killed process with our number) are passed over. */
static unroll_status open_temporary(unroll_output *out)
{
    do {
        unroll_free(out->temporary);
        if (!(out->temporary = temporary_name(out->path)))
            return UNROLL_EMEMORY;
        out->fd = open(out->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (out->fd < 0 && (errno == EEXIST || errno == EINTR));
    return out->fd < 0 ? fail_create(out->path, errno) : UNROLL_OK;
}

static void release(unroll_output *out)
{
    unroll_free(out->temporary);
    unroll_free(out->path);
    unroll_free(out);
}

unroll_status unroll_output_open(const char *path, unroll_output **out)
{
    *out = NULL;
    if (path[directory_length(path)] == '\0')
        return unroll_fail(UNROLL_ECREATE, "%s: cannot be created: is no file name; give one", path);
    UNROLL_TRY(check_target(path));
    unroll_output *const made = unroll_alloc(1, sizeof *made);
    if (!made)
        return UNROLL_EMEMORY;
    made->path = unroll_strndup(path, strlen(path));
    const unroll_status status = made->path ? open_temporary(made) : UNROLL_EMEMORY;
    if (status == UNROLL_OK)
        *out = made;
    else
        release(made);
    return status;
}

bool unroll_write_all(int fd, const char *data, size_t length)
{
    while (length > 0) {
        const ssize_t n = write(fd, data, length < WRITE_MAX ? length : WRITE_MAX);
        if (n < 0 && errno != EINTR)
            return false;
        data += n > 0 ? n : 0;
        length -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* Past a failure nothing more is written, and each call fails again. */
static unroll_status write_all(unroll_output *out, const char *data, size_t length)
{
    if (out->error == 0 && !unroll_write_all(out->fd, data, length))
        out->error = errno;
    return out->error ? fail_write(out->path, out->error) : UNROLL_OK;
}

static unroll_status flush(unroll_output *out)
{
    const size_t used = out->used;
    out->used = 0;
    return write_all(out, out->buffer, used);
}

unroll_status unroll_output_write(unroll_output *out, const void *data, size_t length)
{
    if (length > BUFFER - out->used)
        UNROLL_TRY(flush(out));
    if (length > BUFFER)
        return write_all(out, data, length);
    if (length)
        memcpy(out->buffer + out->used, data, length);
    out->used += length;
    return UNROLL_OK;
}

unroll_status unroll_output_printf(unroll_output *out, const char *format, ...)
{
    char small[512], *text = small;
    va_list args, again;

    va_start(args, format);
    va_copy(again, args);
    const int length = unroll_vformat(small, sizeof small, format, args);
    va_end(args);
    if (length >= (int)sizeof small && (text = unroll_alloc((size_t)length + 1, 1)))
        unroll_vformat(text, (size_t)length + 1, format, again);
    va_end(again);

    unroll_status status;
    if (length < 0 || !text) {
        out->error = ENOMEM;
        status = fail_write(out->path, ENOMEM);
    } else {
        status = unroll_output_write(out, text, (size_t)length);
    }
    if (text != small)
        unroll_free(text);
    return status;
}

/* fsync a directory. Where the file system has no such thing, or we may not read
 * the directory, there is nothing more that can be done: 0. Else errno. */
static int sync_directory(const char *name)
{
    int error = 0, fd;
    do
        fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (fd < 0 && errno == EINTR);
    if (fd < 0 || fsync(fd) != 0)
        error = errno;
    if (fd >= 0)
        close(fd);
    return error == EINVAL || error == ENOTSUP || error == EACCES || error == EPERM ? 0 : error;
}

void unroll_output_abort(unroll_output *out)
{
    if (!out)
        return;
    if (out->fd >= 0)
        close(out->fd);
    unlink(out->temporary);
    release(out);
}

unroll_status unroll_output_commit(unroll_output *out)
{
    unroll_status status = flush(out);
    char *const directory =
        unroll_directory_of(out->path); /* before rename: after it nothing may fail */

    if (!directory)
        status = UNROLL_EMEMORY;
    if (status == UNROLL_OK && fsync(out->fd) != 0)
        status = fail_write(out->path, errno);
    const int fd = out->fd;
    out->fd = -1;
    if (close(fd) != 0 && status == UNROLL_OK)
        status = fail_write(out->path, errno);
    if (status == UNROLL_OK && rename(out->temporary, out->path) != 0)
        status = fail_write(out->path, errno);
    if (status != UNROLL_OK) {
        unroll_free(directory);
        unroll_output_abort(out);
        return status;
    }
    const int error = sync_directory(directory);
    unroll_free(directory);
    if (error)
        status = unroll_fail(UNROLL_EIO,
                             "%s: is written, but may not outlive a power cut: its "
                             "directory: %s; save again",
                             out->path, strerror(error));
    release(out);
    return status;
}

unroll_status unroll_output_file(const char *path, const void *data, size_t length)
{
    unroll_output *out;

    UNROLL_TRY(unroll_output_open(path, &out));
    const unroll_status status = unroll_output_write(out, data, length);
    if (status == UNROLL_OK)
        return unroll_output_commit(out);
    unroll_output_abort(out);
    return status;
}

/* Is `name` ".NAME.tmp-PID-COUNTER", and that process gone? */
static bool is_stale(const char *name)
{
    char pid_text[TAIL];
    uint64_t pid, counter;
    const char *mark = NULL;

    for (const char *s = name; (s = strstr(s, ".tmp-")); s++)
        mark = s;
    if (name[0] != '.' || !mark || mark < name + 2)
        return false;
    mark += strlen(".tmp-");
    const size_t digits = strcspn(mark, "-");
    if (mark[digits] != '-' || digits >= sizeof pid_text)
        return false;
    memcpy(pid_text, mark, digits);
    pid_text[digits] = '\0';
    if (!unroll_parse_size(pid_text, &pid) || !unroll_parse_size(mark + digits + 1, &counter) ||
        pid == 0 || pid > INT_MAX)
        return false;
    return kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}

void unroll_output_clean(const char *directory)
{
    DIR *const dir = opendir(directory);
    const struct dirent *entry;

    if (!dir)
        return;
    while ((entry = readdir(dir)))
        if (is_stale(entry->d_name))
            unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
}

unroll_status unroll_sync_parent(const char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    char *const name = unroll_strndup(path, length);
    char *const above = name ? unroll_directory_of(name) : NULL;

    unroll_free(name);
    if (!above)
        return UNROLL_EMEMORY;
    const int error = sync_directory(above);
    unroll_free(above);
    if (error == 0)
        return UNROLL_OK;
    return unroll_fail(UNROLL_EIO, "%s: is made, but may not outlive a power cut: its directory: %s",
                       path, strerror(error));
}

/* One directory whose parent is there. */
static unroll_status make_one(const char *path)
{
    struct stat st;

    const int error = mkdir(path, 0777) == 0 ? 0 : errno;
    const int unseen = error && stat(path, &st) != 0 ? errno : 0;
    /* What is saved inside should not vanish with its directory, nor where one that was killed has just made it. */
    if (!error || (!unseen && S_ISDIR(st.st_mode)))
        return unroll_sync_parent(path);
    return fail_create(path, error != EEXIST ? error : unseen ? unseen : ENOTDIR);
}

unroll_status unroll_make_directory(const char *path)
{
    size_t length = strlen(path);
    unroll_status status = UNROLL_OK;

    while (length > 1 && path[length - 1] == '/')
        length--;
    char *const name = unroll_strndup(path, length);
    if (!name)
        return UNROLL_EMEMORY;
    for (size_t i = 1; i < length && status == UNROLL_OK; i++) {
        if (name[i] != '/' || name[i - 1] == '/')
            continue;
        name[i] = '\0';
        status = make_one(name);
        name[i] = '/';
    }
    if (status == UNROLL_OK)
        status = make_one(name);
    unroll_free(name);
    return status;
}

unroll_status unroll_flush(FILE *stream, const char *name)
{
    errno = 0;
    if (fflush(stream) == 0 && !ferror(stream))
        return UNROLL_OK;
    const int error = errno;
    unroll_fail(UNROLL_EIO, "%s: cannot be written: %s; some of the output is lost", name,
                error ? strerror(error) : "an earlier write failed");
    errno = error;
    return UNROLL_EIO;
}
