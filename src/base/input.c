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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/output.h"
#include "base/path.h"

enum { BUFFER = 1 << 16, READ_MAX = 1 << 30 };

struct unroll_input {
    int fd;
    bool standard; /* it is standard input, which is not ours to close */
    char *name;
    bool started; /* the first bytes were looked at */
    bool ended;
    uint64_t raw;      /* bytes taken from the file */
    uint64_t expected; /* bytes it had when it was opened; 0: not known */
    off_t begin;       /* where in the file they begin */
    uint64_t max;      /* bytes that may be given; 0: no bound */
    uint64_t given;    /* so far */
    uint64_t known;    /* bytes that there are in all, once unpacked; 0: not known */
    int aside;         /* the file that holds what is still to be given, or -1 */
    bool gzip, inflating, in_member, later_member;
    z_stream z;
    size_t at, end; /* of the unread bytes of a plain file in `buffer` */
    unsigned char buffer[BUFFER];
};

const char *unroll_input_name(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

const char *unroll_input_title(const unroll_input *in)
{
    return in->name;
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
static unroll_status open_file(unroll_input *in, const char *path, bool own)
{
    const int only = own ? O_NOFOLLOW | O_NONBLOCK : 0;
    struct stat st;

    in->standard = !own && strcmp(path, "-") == 0;
    if (in->standard) {
        in->fd = STDIN_FILENO;
    } else {
        if (own)
            UNROLL_TRY(unroll_check_own(path, false));
        if (stat(path, &st) != 0)
            return fail_open(in->name, errno);
        UNROLL_TRY(check_kind(in->name, &st, false));
        do
            in->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | only);
        while (in->fd < 0 && errno == EINTR);
        if (in->fd < 0)
            return fail_open(in->name, errno);
    }
    if (fstat(in->fd, &st) != 0)
        return fail_open(in->name, errno);
    UNROLL_TRY(check_kind(in->name, &st, in->standard));
    if (S_ISREG(st.st_mode)) {
        const off_t at = lseek(in->fd, 0, SEEK_CUR);
        in->begin = at;
        in->expected = at >= 0 && at < st.st_size ? (uint64_t)(st.st_size - at) : 0;
    }
    return UNROLL_OK;
}

static unroll_status open_input(const char *path, bool own, unroll_input **out)
{
    unroll_input *const in = unroll_alloc(1, sizeof *in);
    const char *const name = own ? path : unroll_input_name(path);

    *out = NULL;
    if (!in)
        return UNROLL_EMEMORY;
    in->fd = in->aside = -1;
    in->name = unroll_strndup(name, strlen(name));
    const unroll_status status = in->name ? open_file(in, path, own) : UNROLL_EMEMORY;
    if (status == UNROLL_OK)
        *out = in;
    else
        unroll_input_close(in);
    return status;
}

unroll_status unroll_input_open(const char *path, unroll_input **out)
{
    return open_input(path, false, out);
}

void unroll_input_close(unroll_input *in)
{
    if (!in)
        return;
    if (in->inflating)
        inflateEnd(&in->z);
    if (!in->standard && in->fd >= 0)
        close(in->fd); /* only read: there is nothing to lose */
    if (in->aside >= 0)
        close(in->aside);
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

static unroll_status read_aside(unroll_input *in, void *buffer, size_t room, size_t *got)
{
    ssize_t n;

    while ((n = read(in->aside, buffer, room < READ_MAX ? room : READ_MAX)) < 0)
        if (errno != EINTR)
            return unroll_fail(UNROLL_EIO, "%s: what was put aside of it cannot be read: %s",
                               in->name, strerror(errno));
    *got = (size_t)n;
    return UNROLL_OK;
}

/* What comes next, whatever it may amount to. */
static unroll_status read_next(unroll_input *in, void *buffer, size_t room, size_t *got)
{
    *got = 0;
    if (in->ended || room == 0)
        return UNROLL_OK;
    UNROLL_TRY((in->aside >= 0 ? read_aside
                : in->gzip     ? read_gzip
                               : read_plain)(in, buffer, room, got));
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

/* ---- a bound where the length is not known ----
 * Up to KEPT_MAX bytes are given as they come. What comes after that is only counted, or put aside in a file, until all
 * of it is there and below the bound: what has no end is refused before it fills the memory. */
enum { KEPT_MAX = 16 << 20 };

/* From the beginning of a gzip file once more. */
static unroll_status begin_again(unroll_input *in)
{
    if (lseek(in->fd, in->begin, SEEK_SET) < 0)
        return unroll_fail(UNROLL_EIO, "%s: cannot be read again: %s", in->name, strerror(errno));
    inflateReset(&in->z);
    in->z.avail_in = 0;
    in->raw = 0;
    in->in_member = true;
    in->later_member = in->ended = false;
    return UNROLL_OK;
}

/* The bytes that are left of a gzip file are counted, and it is unpacked again up to where it was. */
static unroll_status count_rest(unroll_input *in, char *scratch)
{
    size_t got = 1;
    uint64_t total = in->given;
    while (got > 0) {
        UNROLL_TRY(read_next(in, scratch, BUFFER, &got));
        total += got;
        if (total > in->max)
            return fail_large(in, in->max);
    }
    UNROLL_TRY(begin_again(in));
    for (uint64_t left = in->given; left > 0; left -= got) {
        UNROLL_TRY(read_next(in, scratch, left < BUFFER ? (size_t)left : BUFFER, &got));
        if (got == 0)
            return fail_changed(in);
    }
    in->known = total;
    return UNROLL_OK;
}

/* An open file without a name; -1 on failure. */
static int open_unlinked(const char *folder)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/unroll-XXXXXX", folder) >= (int)sizeof path)
        return -1;
    const int fd = mkstemp(path);
    if (fd >= 0) {
        unlink(path);
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
    return fd;
}

static const char *aside_folder(void)
{
    const char *named = getenv("TMPDIR");
    return named && *named ? named : "/var/tmp"; /* /tmp may be memory, too */
}

static unroll_status fail_aside(const unroll_input *in)
{
    return unroll_fail(UNROLL_EIO,
                       "%s: what is more than %d MB is put aside in %s until it ends, which fails: %s; "
                       "give a file, or set TMPDIR to another place",
                       in->name, KEPT_MAX >> 20, aside_folder(), strerror(errno));
}

/* Of what cannot be read twice the rest goes to a file, from which it is given then. */
static unroll_status put_rest_aside(unroll_input *in, char *scratch)
{
    const int fd = open_unlinked(aside_folder());
    size_t got = 1;
    uint64_t total = in->given;
    unroll_status status = fd < 0 ? fail_aside(in) : UNROLL_OK;
    while (status == UNROLL_OK && got > 0) {
        status = read_next(in, scratch, BUFFER, &got);
        total += got;
        if (status == UNROLL_OK && total > in->max)
            status = fail_large(in, in->max);
        if (status == UNROLL_OK && !unroll_write_all(fd, scratch, got))
            status = fail_aside(in);
    }
    if (status == UNROLL_OK && lseek(fd, 0, SEEK_SET) != 0)
        status = fail_aside(in);
    if (status != UNROLL_OK) {
        if (fd >= 0)
            close(fd);
        return status;
    }
    in->aside = fd;
    in->ended = false;
    in->known = total;
    return UNROLL_OK;
}

static unroll_status look_ahead(unroll_input *in)
{
    char *const scratch = unroll_alloc(BUFFER, 1);
    if (!scratch)
        return UNROLL_EMEMORY;
    const unroll_status status = in->expected ? count_rest(in, scratch) : put_rest_aside(in, scratch);
    unroll_free(scratch);
    return status;
}

unroll_status unroll_input_limit(unroll_input *in, uint64_t max)
{
    if (!in->started)
        UNROLL_TRY(start(in));
    in->max = max;
    in->known = in->gzip ? 0 : in->expected;
    return max && in->known > max ? fail_large(in, max) : UNROLL_OK;
}

uint64_t unroll_input_length(const unroll_input *in)
{
    return in->known;
}

unroll_status unroll_input_read(unroll_input *in, void *buffer, size_t room, size_t *got)
{
    *got = 0;
    if (!in->started)
        UNROLL_TRY(start(in));
    if (in->max && !in->known && !in->ended && in->given >= KEPT_MAX)
        UNROLL_TRY(look_ahead(in));
    if (in->max && !in->known && in->given < KEPT_MAX && room > KEPT_MAX - in->given)
        room = (size_t)(KEPT_MAX - in->given);
    UNROLL_TRY(read_next(in, buffer, room, got));
    in->given += *got;
    if (in->max && in->given > in->max)
        return fail_large(in, in->max);
    if (in->gzip && in->known && (in->given > in->known || (in->ended && in->given < in->known)))
        return fail_changed(in);
    return UNROLL_OK;
}

/* ---- all of it at once ---- */

/* Fill [used, room), and no less unless that is the end of the data. */
static unroll_status fill(unroll_input *in, char *data, size_t room, size_t *used)
{
    size_t got = 1;
    while (got > 0 && *used < room) {
        UNROLL_TRY(unroll_input_read(in, data + *used, room - *used, &got));
        *used += got;
    }
    return UNROLL_OK;
}

/* Room for all bytes where their number is known, for one that should not come, and a NUL; else for twice as many. */
static unroll_status next_room(const unroll_input *in, size_t room, size_t *next)
{
    if (in->known > SIZE_MAX - 2)
        return unroll_fail(UNROLL_EMEMORY, "%s: no memory for its %" PRIu64 " bytes; give less text",
                           in->name, in->known);
    *next = in->known ? (size_t)in->known + 2 : room ? 2 * room : BUFFER;
    return UNROLL_OK;
}

/* All of `in` into *data; the caller frees it, after a failure too. */
static unroll_status slurp(unroll_input *in, uint64_t max, char **data, size_t *length)
{
    size_t room = 0, used = 0;

    UNROLL_TRY(unroll_input_limit(in, max));
    do {
        UNROLL_TRY(next_room(in, room, &room));
        char *const grown = unroll_realloc(*data, room, 1);
        if (!grown)
            return UNROLL_EMEMORY;
        *data = grown;
        UNROLL_TRY(fill(in, *data, room - 1, &used));
    } while (!in->ended);
    (*data)[used] = '\0';
    *length = used;
    return UNROLL_OK;
}

static unroll_status slurp_path(const char *path, bool own, uint64_t max, char **data, size_t *length)
{
    unroll_input *in;

    *data = NULL;
    *length = 0;
    UNROLL_TRY(open_input(path, own, &in));
    const unroll_status status = slurp(in, max, data, length);
    if (status != UNROLL_OK) {
        unroll_free(*data);
        *data = NULL;
    }
    unroll_input_close(in);
    return status;
}

unroll_status unroll_input_slurp(const char *path, uint64_t max, char **data, size_t *length)
{
    return slurp_path(path, false, max, data, length);
}

unroll_status unroll_input_slurp_own(const char *path, uint64_t max, char **data, size_t *length)
{
    return slurp_path(path, true, max, data, length);
}
