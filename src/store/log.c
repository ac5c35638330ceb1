#include "store/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/fail.h"
#include "base/input.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/output.h"

/* Rows kept while they cannot be written; more are lost, as they would be without memory. */
enum { OWED_MAX = 1 << 20 };

struct unroll_log {
    char *path;
    int fd;
    unroll_buffer owed; /* rows that are not written yet */
    bool doubtful;      /* a sync failed */
    unroll_status lost; /* why a row was not even kept, if one was not */
};

/** The step that a row begins with; false where it begins with none. */
static bool row_step(const char *row, size_t length, uint64_t *step)
{
    char digits[24];
    const char *comma = memchr(row, ',', length);
    const size_t n = comma ? (size_t)(comma - row) : length;
    if (n >= sizeof digits)
        return false;
    memcpy(digits, row, n);
    digits[n] = '\0';
    return unroll_parse_size(digits, step);
}

static bool has(const char *row, size_t length, const char *part)
{
    const char *at = part ? strstr(row, part) : NULL; /* the whole text ends in NUL */
    return at && at < row + length;
}

/** Keep the header and the whole rows up to `last`, without its `later` ones, in place.
 *  @return the new length */
static size_t keep_rows(char *text, size_t length, size_t header, uint64_t last, const char *later)
{
    size_t kept = header, at = header;
    while (at < length) {
        const char *newline = memchr(text + at, '\n', length - at);
        if (newline == NULL)
            break;
        const size_t row = (size_t)(newline + 1 - (text + at));
        uint64_t step;
        if (row_step(text + at, row - 1, &step) &&
            (step < last || (step == last && !has(text + at, row, later)))) {
            memmove(text + kept, text + at, row);
            kept += row;
        }
        at += row;
    }
    return kept;
}

static unroll_status write_header(const char *path, const char *header)
{
    unroll_output *out;
    UNROLL_TRY(unroll_output_open(path, &out));
    unroll_output_write(out, header, strlen(header));
    unroll_output_write(out, "\n", 1); /* the commit knows whether one failed */
    return unroll_output_commit(out);
}

static unroll_status cut(const char *path, const char *header, uint64_t last, const char *later)
{
    char *text;
    size_t length;
    UNROLL_TRY(unroll_input_slurp_own(path, 0, &text, &length));
    const size_t n = strlen(header);
    unroll_status status = UNROLL_OK;
    if (length <= n && memcmp(text, header, length) == 0) { /* its making was cut short */
        status = write_header(path, header);
    } else if (length <= n || memcmp(text, header, n) != 0 || text[n] != '\n') {
        status = unroll_fail(UNROLL_EDATA,
                             "%s: does not begin with '%.40s...': is not a log of ours; move it "
                             "away",
                             path, header);
    } else {
        const size_t kept = keep_rows(text, length, n + 1, last, later);
        if (kept < length)
            status = unroll_output_file(path, text, kept);
    }
    unroll_free(text);
    return status;
}

unroll_status unroll_log_open(const char *path, const char *header, uint64_t last_step,
                              unroll_log **out)
{
    return unroll_log_open_before(path, header, last_step, NULL, out);
}

unroll_status unroll_log_open_before(const char *path, const char *header, uint64_t last_step,
                                     const char *later, unroll_log **out)
{
    *out = NULL;
    struct stat st;
    if (lstat(path, &st) == 0) {
        UNROLL_TRY(cut(path, header, last_step, later));
        UNROLL_TRY(unroll_sync_parent(path)); /* one that was killed may have just named it */
    } else if (errno == ENOENT) {
        UNROLL_TRY(write_header(path, header));
    } else { /* it may be there, with rows */
        return unroll_fail(UNROLL_ECREATE, "%s: %s", path, strerror(errno));
    }
    unroll_log *log = unroll_alloc(1, sizeof *log);
    if (log == NULL)
        return UNROLL_EMEMORY;
    log->path = unroll_strndup(path, strlen(path));
    log->fd = -1;
    if (log->path == NULL) {
        unroll_log_close(log);
        return UNROLL_EMEMORY;
    }
    do
        log->fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    while (log->fd < 0 && errno == EINTR);
    if (log->fd < 0) {
        const unroll_status status =
            unroll_fail(UNROLL_ECREATE, "%s: cannot be written: %s", path, strerror(errno));
        unroll_log_close(log);
        return status;
    }
    *out = log;
    return UNROLL_OK;
}

/** Write what is owed, all or nothing. */
static unroll_status pay(unroll_log *log)
{
    struct stat st;
    if (fstat(log->fd, &st) != 0)
        return unroll_fail(UNROLL_EIO, "%s: %s", log->path, strerror(errno));
    size_t done = 0;
    while (done < log->owed.length) {
        const ssize_t n = write(log->fd, log->owed.text + done, log->owed.length - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            const int error = n < 0 ? errno : ENOSPC;
            if (done > 0 && ftruncate(log->fd, st.st_size) != 0)
                return unroll_fail(UNROLL_EIO, "%s: has a row that was cut short: %s", log->path,
                                   strerror(errno));
            return unroll_fail(UNROLL_EIO, "%s: cannot be written: %s; free some space", log->path,
                               strerror(error));
        }
        done += (size_t)n;
    }
    log->owed.length = 0;
    return UNROLL_OK;
}

unroll_status unroll_log_row(unroll_log *log, const char *row)
{
    if (log->owed.length >= OWED_MAX) {
        const unroll_status status = pay(log);
        if (status != UNROLL_OK)
            return log->lost = status;
    }
    const size_t before = log->owed.length;
    unroll_buffer_text(&log->owed, row);
    unroll_buffer_text(&log->owed, "\n");
    if (log->owed.failed) { /* the rows before stay whole */
        log->owed.failed = false;
        log->owed.length = before;
        return log->lost = UNROLL_EMEMORY;
    }
    return pay(log);
}

unroll_status unroll_log_sync(unroll_log *log)
{
    if (log == NULL)
        return UNROLL_OK;
    UNROLL_TRY(log->owed.length > 0 ? pay(log) : UNROLL_OK);
    if (fsync(log->fd) == 0)
        return UNROLL_OK;
    log->doubtful = true; /* the system tells it once, and may have dropped the rows */
    return unroll_fail(UNROLL_EIO, "%s: its rows may be lost: %s; check the disk", log->path,
                       strerror(errno));
}

unroll_status unroll_log_close(unroll_log *log)
{
    if (log == NULL)
        return UNROLL_OK;
    unroll_status status = log->fd >= 0 ? unroll_log_sync(log) : UNROLL_OK;
    if (status == UNROLL_OK && log->doubtful)
        status =
            unroll_fail(UNROLL_EIO, "%s: some of its rows may be lost; check the disk", log->path);
    if (status == UNROLL_OK && log->lost != UNROLL_OK)
        status = unroll_fail(log->lost, "%s: lacks rows that could not be kept; %s", log->path,
                             log->lost == UNROLL_EMEMORY ? "there was not enough memory"
                                                         : "free some space");
    if (log->fd >= 0 && close(log->fd) != 0 && status == UNROLL_OK)
        status = unroll_fail(UNROLL_EIO, "%s: %s", log->path, strerror(errno));
    unroll_free(log->owed.text);
    unroll_free(log->path);
    unroll_free(log);
    return status;
}
