#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "base/input.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/fail.h"
#include "base/memory.h"

enum { BUFFER = 1 << 16, READ_MAX = 1 << 30 };

struct unroll_input {
    int fd;
    bool standard; /* it is standard input, which is not ours to close */
    char *name;
    bool started; /* the first bytes were looked at */
    bool ended;
    uint64_t raw;      /* bytes taken from the file */
    uint64_t expected; /* bytes it had when it was opened; 0: not known */
    bool gzip, inflating, in_member, later_member;
    z_stream z;
    size_t at, end; /* of the unread bytes of a plain file in `buffer` */
    unsigned char buffer[BUFFER];
};

const char *unroll_input_name(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

static const char *kind_refused(mode_t mode, bool standard)
{
    if (S_ISDIR(mode))
        return "a directory";
    if (standard || S_ISREG(mode) || S_ISFIFO(mode))
        return NULL;
    return S_ISSOCK(mode) ? "a socket" : S_ISBLK(mode) ? "a block device" : "a character device";
}

static unroll_status fail_open(const char *name, int error)
{
    return unroll_fail(UNROLL_ENOINPUT, "%s: %s; check the name and its permissions", name,
                       strerror(error));
}

static unroll_status check_kind(const char *name, const struct stat *st, bool standard)
{
    const char *const kind = kind_refused(st->st_mode, standard);
    if (!kind)
        return UNROLL_OK;
    return unroll_fail(UNROLL_ENOINPUT, "%s: is %s; give a file, a FIFO or - for standard input",
                       name, kind);
}

/* Into in->fd and in->expected. What it is is asked before opening, which a device might notice,
 * and again of what was opened. */
static unroll_status open_file(unroll_input *in, const char *path)
{
    struct stat st;

    in->standard = strcmp(path, "-") == 0;
    if (in->standard) {
        in->fd = STDIN_FILENO;
    } else {
        if (stat(path, &st) != 0)
            return fail_open(in->name, errno);
        UNROLL_TRY(check_kind(in->name, &st, false));
        do
            in->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        while (in->fd < 0 && errno == EINTR);
        if (in->fd < 0)
            return fail_open(in->name, errno);
    }
    if (fstat(in->fd, &st) != 0)
        return fail_open(in->name, errno);
    UNROLL_TRY(check_kind(in->name, &st, in->standard));
    if (S_ISREG(st.st_mode)) {
        const off_t at = lseek(in->fd, 0, SEEK_CUR);
        in->expected = at >= 0 && at < st.st_size ? (uint64_t)(st.st_size - at) : 0;
    }
    return UNROLL_OK;
}

unroll_status unroll_input_open(const char *path, unroll_input **out)
{
    unroll_input *const in = unroll_alloc(1, sizeof *in);
    const char *const name = unroll_input_name(path);

    *out = NULL;
    if (!in)
        return UNROLL_EMEMORY;
    in->fd = -1;
    in->name = unroll_strndup(name, strlen(name));
    const unroll_status status = in->name ? open_file(in, path) : UNROLL_EMEMORY;
    if (status == UNROLL_OK)
        *out = in;
    else
        unroll_input_close(in);
    return status;
}

void unroll_input_close(unroll_input *in)
{
    if (!in)
        return;
    if (in->inflating)
        inflateEnd(&in->z);
    if (!in->standard && in->fd >= 0)
        close(in->fd); /* only read: there is nothing to lose */
    unroll_free(in->name);
    unroll_free(in);
}

static unroll_status fail_changed(const unroll_input *in)
{
    return unroll_fail(UNROLL_EDATA,
                       "%s: byte %" PRIu64 ": changed while it was read (it had %" PRIu64
                       " bytes); try again when nobody writes to it",
                       in->name, in->raw, in->expected);
}

/* What the file itself gives next. */
static unroll_status read_raw(unroll_input *in, void *buffer, size_t room, size_t *got)
{
    ssize_t n;

    while ((n = read(in->fd, buffer, room < READ_MAX ? room : READ_MAX)) < 0) {
        if (errno == EAGAIN || errno == EWOULDBLOCK) { /* somebody left a terminal non-blocking */
            struct pollfd wait = {.fd = in->fd, .events = POLLIN};
            poll(&wait, 1, -1);
        } else if (errno != EINTR) {
            return unroll_fail(UNROLL_EIO, "%s: byte %" PRIu64 ": cannot be read: %s; check the disk",
                               in->name, in->raw, strerror(errno));
        }
    }
    in->raw += (uint64_t)n;
    *got = (size_t)n;
    if (in->expected && (in->raw > in->expected || (n == 0 && in->raw < in->expected)))
        return fail_changed(in);
    return UNROLL_OK;
}

static voidpf z_alloc(voidpf opaque, uInt items, uInt size)
{
    (void)opaque;
    return unroll_alloc(items, size);
}

static void z_free(voidpf opaque, voidpf block)
{
    (void)opaque;
    unroll_free(block);
}

static bool named_gz(const char *name)
{
    const size_t n = strlen(name);
    return n > 3 && strcmp(name + n - 3, ".gz") == 0;
}

static unroll_status fail_cut(const unroll_input *in)
{
    return unroll_fail(UNROLL_EDATA,
                       "%s: byte %" PRIu64 ": gzip data are cut off after %" PRIu64
                       " bytes; copy or download the file again",
                       in->name, in->raw, in->raw);
}

/* Look at the first bytes: is it gzip? The second is waited for only where the first says so, since
 * a terminal may have no more to give. */
static unroll_status start(unroll_input *in)
{
    static const unsigned char magic[2] = {0x1f, 0x8b};
    size_t got = 1;

    while (got > 0 && (in->end == 0 || (in->end == 1 && in->buffer[0] == magic[0]))) {
        UNROLL_TRY(read_raw(in, in->buffer + in->end, BUFFER - in->end, &got));
        in->end += got;
    }
    in->gzip = in->end >= 2 && memcmp(in->buffer, magic, 2) == 0;
    if (!in->gzip && named_gz(in->name) && in->end >= 2)
        return unroll_fail(UNROLL_EDATA,
                           "%s: byte 0: is not gzip, as its name says; rename it if it "
                           "is text, else download it again",
                           in->name);
    if (!in->gzip && (named_gz(in->name) || (in->end == 1 && in->buffer[0] == magic[0])))
        return fail_cut(in);
    if (in->gzip) {
        in->z = (z_stream){
            .zalloc = z_alloc, .zfree = z_free, .next_in = in->buffer, .avail_in = (uInt)in->end};
        if (inflateInit2(&in->z, 16 + MAX_WBITS) != Z_OK)
            return UNROLL_EMEMORY; /* unroll_alloc() has said how much */
        in->inflating = in->in_member = true;
    }
    in->started = true;
    in->ended = in->end == 0;
    return UNROLL_OK;
}

static unroll_status fail_garbage(const unroll_input *in)
{
    const uint64_t at = in->raw - in->z.avail_in - in->z.total_in;

    return unroll_fail(UNROLL_EDATA,
                       "%s: byte %" PRIu64 ": garbage after the end of the gzip data, after %" PRIu64
                       " bytes; cut it off, or download the file again",
                       in->name, at, at);
}

static unroll_status fail_inflate(const unroll_input *in, int code)
{
    const uint64_t at = in->raw - in->z.avail_in;

    if (code == Z_MEM_ERROR)
        return UNROLL_EMEMORY;                   /* unroll_alloc() has said how much */
    if (in->later_member && in->z.total_in <= 2) /* not even the next member's magic bytes */
        return fail_garbage(in);
    return unroll_fail(UNROLL_EDATA,
                       "%s: byte %" PRIu64 ": gzip data are damaged (%s) after %" PRIu64
                       " bytes; copy or download the file again",
                       in->name, at, in->z.msg ? in->z.msg : "a preset dictionary", at);
}

static unroll_status read_gzip(unroll_input *in, void *buffer, size_t room, size_t *got)
{
    z_stream *const z = &in->z;
    const uInt wanted = room < UINT_MAX ? (uInt)room : UINT_MAX;

    z->next_out = buffer;
    z->avail_out = wanted;
    while (z->avail_out == wanted) {
        if (z->avail_in == 0) {
            size_t n;
            UNROLL_TRY(read_raw(in, in->buffer, BUFFER, &n));
            if (n == 0 && in->in_member)
                return in->later_member && z->total_in < 2 ? fail_garbage(in) : fail_cut(in);
            if (n == 0)
                break;
            z->next_in = in->buffer;
            z->avail_in = (uInt)n;
        }
        if (!in->in_member) {
            inflateReset(z);
            in->in_member = in->later_member = true;
        }
        const int code = inflate(z, Z_NO_FLUSH); /* checks CRC-32 and length at a member's end */
        if (code == Z_STREAM_END)
            in->in_member = false;
        else if (code != Z_OK && code != Z_BUF_ERROR)
            return fail_inflate(in, code);
    }
    *got = wanted - z->avail_out;
    return UNROLL_OK;
}

static unroll_status read_plain(unroll_input *in, void *buffer, size_t room, size_t *got)
{
    if (in->at == in->end)
        return read_raw(in, buffer, room, got);
    const size_t left = in->end - in->at;
    *got = left < room ? left : room;
    memcpy(buffer, in->buffer + in->at, *got);
    in->at += *got;
    return UNROLL_OK;
}

unroll_status unroll_input_read(unroll_input *in, void *buffer, size_t room, size_t *got)
{
    *got = 0;
    if (!in->started)
        UNROLL_TRY(start(in));
    if (in->ended || room == 0)
        return UNROLL_OK;
    UNROLL_TRY((in->gzip ? read_gzip : read_plain)(in, buffer, room, got));
    in->ended = *got == 0;
    return UNROLL_OK;
}

static unroll_status fail_large(const unroll_input *in, uint64_t max)
{
    return unroll_fail(UNROLL_EDATA,
                       "%s: has more than %" PRIu64 " bytes%s; raise " UNROLL_OPTION
                       "max-input or give less text",
                       in->name, max, in->gzip ? " when unpacked" : "");
}

/* Room for what is expected, a byte that should not come, and a NUL; or a first guess. */
static unroll_status first_room(const unroll_input *in, uint64_t max, size_t *room)
{
    const bool known = in->expected && !in->gzip;

    if (known && max && in->expected > max)
        return fail_large(in, max);
    if (known && in->expected > SIZE_MAX - 2)
        return unroll_fail(UNROLL_EMEMORY, "%s: no memory for its %" PRIu64 " bytes; give less text",
                           in->name, in->expected);
    *room = known ? (size_t)in->expected + 2 : BUFFER;
    return UNROLL_OK;
}

/* All of `in` into *data; the caller frees it, after a failure too. */
static unroll_status slurp(unroll_input *in, uint64_t max, char **data, size_t *length)
{
    size_t room = 0, used = 0, got;

    UNROLL_TRY(start(in));
    UNROLL_TRY(first_room(in, max, &room));
    if (!(*data = unroll_alloc(room, 1)))
        return UNROLL_EMEMORY;
    do {
        if (used + 1 == room) {
            room = max && room > max / 2 ? (size_t)max + 2 : room * 2;
            char *const grown = unroll_realloc(*data, room, 1);
            if (!grown)
                return UNROLL_EMEMORY;
            *data = grown;
        }
        UNROLL_TRY(unroll_input_read(in, *data + used, room - used - 1, &got));
        used += got;
        if (max && used > max)
            return fail_large(in, max);
    } while (got > 0);
    (*data)[used] = '\0';
    *length = used;
    return UNROLL_OK;
}

unroll_status unroll_input_slurp(const char *path, uint64_t max, char **data, size_t *length)
{
    unroll_input *in;

    *data = NULL;
    *length = 0;
    UNROLL_TRY(unroll_input_open(path, &in));
    const unroll_status status = slurp(in, max, data, length);
    if (status != UNROLL_OK) {
        unroll_free(*data);
        *data = NULL;
    }
    unroll_input_close(in);
    return status;
}

struct unroll_lines {
    unroll_input *in;
    char *buffer;
    size_t room, at, scanned, end; /* [at, scanned) has no newline, [scanned, end) may */
    uint64_t number;               /* of the line at `at`, from 1 */
};

unroll_status unroll_lines_open(const char *path, unroll_lines **out)
{
    unroll_lines *const lines = unroll_alloc(1, sizeof *lines);
    unroll_status status = lines ? unroll_input_open(path, &lines->in) : UNROLL_EMEMORY;

    *out = NULL;
    if (status == UNROLL_OK) {
        lines->number = 1;
        lines->room = BUFFER;
        if (!(lines->buffer = unroll_alloc(lines->room, 1)))
            status = UNROLL_EMEMORY;
    }
    if (status == UNROLL_OK)
        *out = lines;
    else
        unroll_lines_close(lines);
    return status;
}

void unroll_lines_close(unroll_lines *lines)
{
    if (!lines)
        return;
    unroll_free(lines->buffer);
    unroll_input_close(lines->in);
    unroll_free(lines);
}

/* Make room behind `end` for a byte and a NUL: by moving the line to the front, else by growing. */
static unroll_status lines_room(unroll_lines *lines)
{
    if (lines->end + 1 < lines->room)
        return UNROLL_OK;
    if (lines->at > 0) {
        memmove(lines->buffer, lines->buffer + lines->at, lines->end - lines->at);
        lines->scanned -= lines->at;
        lines->end -= lines->at;
        lines->at = 0;
        return UNROLL_OK;
    }
    if (lines->end > UNROLL_LINE_MAX)
        return unroll_fail(UNROLL_EDATA, "%s:%" PRIu64 ": line is longer than %d bytes; break it up",
                           lines->in->name, lines->number, UNROLL_LINE_MAX);
    char *const grown = unroll_realloc(lines->buffer, lines->room * 2, 1);
    if (!grown)
        return UNROLL_EMEMORY;
    lines->buffer = grown;
    lines->room *= 2;
    return UNROLL_OK;
}

unroll_status unroll_lines_next(unroll_lines *lines, char **line, size_t *length)
{
    char *newline;
    size_t got = 1;

    *line = NULL;
    *length = 0;
    while (!(newline = memchr(lines->buffer + lines->scanned, '\n', lines->end - lines->scanned))) {
        lines->scanned = lines->end;
        UNROLL_TRY(lines_room(lines));
        UNROLL_TRY(unroll_input_read(lines->in, lines->buffer + lines->end,
                                     lines->room - lines->end - 1, &got));
        if (got == 0)
            break;
        lines->end += got;
    }
    if (!newline && lines->at == lines->end)
        return UNROLL_OK;
    *line = lines->buffer + lines->at;
    *length = (newline ? (size_t)(newline - lines->buffer) : lines->end) - lines->at;
    (*line)[*length] = '\0';
    lines->at += *length + (newline != NULL);
    lines->scanned = lines->at;
    lines->number++;
    return UNROLL_OK;
}
