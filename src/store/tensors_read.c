#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/output.h"
#include "store/tensors_format.h"
#include "store/tensors_header.h"

/** One file while it is read. */
typedef struct reader {
    const char *path;
    int fd;
    size_t size; /**< of the file */
    unroll_tensors_header header;
} reader;

static unroll_status open_regular(reader *r)
{
    do
        r->fd = open(r->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    while (r->fd < 0 && errno == EINTR);
    if (r->fd < 0)
        return unroll_fail(UNROLL_ENOINPUT, "%s: cannot open it: %s", r->path, strerror(errno));
    struct stat st;
    if (fstat(r->fd, &st) != 0)
        return unroll_fail(UNROLL_EIO, "%s: %s", r->path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return unroll_fail(UNROLL_ENOINPUT, "%s: is a %s; a model is a regular file", r->path,
                           S_ISDIR(st.st_mode)    ? "directory"
                           : S_ISFIFO(st.st_mode) ? "FIFO"
                                                  : "device");
    if ((uintmax_t)st.st_size > SIZE_MAX)
        return unroll_fail(UNROLL_EMEMORY, "%s: %jd bytes do not fit into memory", r->path,
                           (intmax_t)st.st_size);
    r->size = (size_t)st.st_size;
    return UNROLL_OK;
}

static unroll_status read_next(reader *r, void *buffer, size_t length)
{
    char *at = buffer;
    while (length > 0) {
        const ssize_t got = read(r->fd, at, length < SSIZE_MAX ? length : SSIZE_MAX);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return unroll_fail(UNROLL_EIO, "%s: cannot read it: %s", r->path, strerror(errno));
        if (got == 0)
            return unroll_fail(UNROLL_EDATA, "%s: became shorter while it was read", r->path);
        at += got;
        length -= (size_t)got;
    }
    return UNROLL_OK;
}

#define ADVICE "; save it with safetensors.torch.save_file()"

/** What a file is that is no safetensors file, by its first bytes; NULL: unknown. */
static const char *known_format(const unsigned char *bytes, size_t n)
{
    static const struct {
        const char *magic;
        size_t length;
        const char *what;
    } formats[] = {
        {"PK\3\4", 4, "a zip archive, as torch.save() writes" ADVICE},
        {"\x80\x02", 2, "a Python pickle" ADVICE}, /* protocols 2 to 5 */
        {"\x80\x03", 2, "a Python pickle" ADVICE},
        {"\x80\x04", 2, "a Python pickle" ADVICE},
        {"\x80\x05", 2, "a Python pickle" ADVICE},
        {"\x1f\x8b", 2, "compressed with gzip; unpack it first"},
        {"\x93NUMPY", 6, "a NumPy array"},
        {"\x89HDF", 4, "an HDF5 file"},
        {"GGUF", 4, "a GGUF file"},
    };
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (n >= formats[i].length && memcmp(bytes, formats[i].magic, formats[i].length) == 0)
            return formats[i].what;
    for (size_t i = 0; i < n; i++)
        if ((bytes[i] < 32 && (bytes[i] < '\t' || bytes[i] > '\r')) || bytes[i] == 127)
            return NULL;
    return "text";
}

static unroll_status not_safetensors(const reader *r, const unsigned char *bytes, size_t n)
{
    const char *what = known_format(bytes, n);
    if (what != NULL)
        return unroll_fail(UNROLL_EDATA, "%s: is no safetensors file but %s", r->path, what);
    return unroll_fail(UNROLL_EDATA, "%s: is no safetensors file", r->path);
}

/** The header, after its length has been found possible. */
static unroll_status read_header(reader *r)
{
    unsigned char start[16];
    const size_t n = r->size < sizeof start ? r->size : sizeof start;
    if (n == 0)
        return unroll_fail(UNROLL_EDATA, "%s: is empty", r->path);
    UNROLL_TRY(read_next(r, start, n));
    if (n > LENGTH_BYTES ? start[LENGTH_BYTES] != '{' : known_format(start, n) != NULL)
        return not_safetensors(r, start, n);
    if (n <= LENGTH_BYTES)
        return unroll_fail(UNROLL_EDATA, "%s: is cut short after %zu bytes", r->path, n);

    uint64_t length = 0;
    for (size_t i = LENGTH_BYTES; i-- > 0;)
        length = length << 8 | start[i];
    if (length == 0)
        return unroll_fail(UNROLL_EDATA, "%s: the header has length 0", r->path);
    if (length > HEADER_MAX)
        return unroll_fail(UNROLL_EDATA,
                           "%s: a header of %" PRIu64 " bytes is above the format's bound of %d",
                           r->path, length, HEADER_MAX);
    if (length > r->size - LENGTH_BYTES)
        return unroll_fail(UNROLL_EDATA,
                           "%s: a header of %" PRIu64 " bytes does not fit into a file of %zu; "
                           "it is cut short or damaged",
                           r->path, length, r->size);
    unroll_tensors_header *h = &r->header;
    h->path = r->path;
    h->length = (size_t)length;
    h->text = unroll_alloc(h->length + 1, 1);
    if (h->text == NULL)
        return UNROLL_EMEMORY;
    const size_t have = n - LENGTH_BYTES < h->length ? n - LENGTH_BYTES : h->length;
    memcpy(h->text, start + LENGTH_BYTES, have);
    if (lseek(r->fd, (off_t)(LENGTH_BYTES + have), SEEK_SET) < 0)
        return unroll_fail(UNROLL_EIO, "%s: %s", r->path, strerror(errno));
    UNROLL_TRY(read_next(r, h->text + have, h->length - have));
    return unroll_tensors_header_read(h, r->size - LENGTH_BYTES - h->length);
}

static char *copy_text(char **room, const char *text)
{
    const size_t n = strlen(text) + 1;
    char *copy = memcpy(*room, text, n);
    *room += n;
    return copy;
}

/** One block: tensors, metadata, payload, strings. Its size is bounded by the file's. */
static unroll_status lay_out(const unroll_tensors_header *h, unroll_tensors *out)
{
    size_t data = 0, text = 0;
    for (size_t i = 0; i < h->count; i++) {
        data += align_up(h->entries[i].end - h->entries[i].begin);
        text += strlen(h->entries[i].tensor.name) + 1;
    }
    for (size_t i = 0; i < h->metadata_count; i++)
        text += strlen(h->metadata[i].key) + 1 + strlen(h->metadata[i].value) + 1;
    const size_t tensors = align_up(h->count * sizeof *out->tensor);
    const size_t metadata = align_up(h->metadata_count * sizeof *out->metadata);
    char *block = unroll_alloc(tensors + metadata + data + text, 1);
    if (block == NULL)
        return unroll_fail_prefix(UNROLL_EMEMORY, "%s", h->path);

    *out = (unroll_tensors){.tensor = (unroll_tensor *)(void *)block,
                            .count = h->count,
                            .metadata = (unroll_metadata *)(void *)(block + tensors),
                            .metadata_count = h->metadata_count,
                            .block_ = block};
    char *payload = block + tensors + metadata, *strings = payload + data;
    for (size_t i = 0; i < h->count; i++) {
        unroll_tensor *t = &out->tensor[i];
        *t = h->entries[i].tensor;
        t->name = copy_text(&strings, t->name);
        t->data = payload;
        payload += align_up(h->entries[i].end - h->entries[i].begin);
    }
    for (size_t i = 0; i < h->metadata_count; i++) {
        out->metadata[i].key = copy_text(&strings, h->metadata[i].key);
        out->metadata[i].value = copy_text(&strings, h->metadata[i].value);
    }
    return UNROLL_OK;
}

static unroll_status read_payload(reader *r, const unroll_tensors *t)
{
    const unroll_tensors_header *h = &r->header;
    uint32_t crc = 0;
    for (size_t i = 0; i < h->count; i++) {
        const size_t bytes = h->entries[i].end - h->entries[i].begin;
        void *data = (void *)(uintptr_t)t->tensor[i].data;
        UNROLL_TRY(read_next(r, data, bytes));
        crc = crc_of(crc, data, bytes);
    }
    if (h->has_crc && crc != h->crc)
        return unroll_fail(UNROLL_EDATA,
                           "%s: the data's CRC-32 is %08" PRIx32 ", not %08" PRIx32
                           "; the file is damaged",
                           r->path, crc, h->crc);
    return UNROLL_OK;
}

static unroll_status read_all(reader *r, unroll_tensors *out)
{
    UNROLL_TRY(open_regular(r));
    UNROLL_TRY(read_header(r));
    UNROLL_TRY(lay_out(&r->header, out));
    return read_payload(r, out);
}

unroll_status unroll_tensors_read(const char *path, unroll_tensors *out)
{
    *out = (unroll_tensors){0};
    reader r = {.path = path, .fd = -1};
    const unroll_status status = read_all(&r, out);
    if (status != UNROLL_OK)
        unroll_tensors_free(out);
    unroll_tensors_header_free(&r.header);
    if (r.fd >= 0)
        close(r.fd);
    return status;
}

void unroll_tensors_free(unroll_tensors *t)
{
    unroll_free(t->block_);
    *t = (unroll_tensors){0};
}

const unroll_tensor *unroll_tensors_find(const unroll_tensors *t, const char *name)
{
    for (size_t i = 0; i < t->count; i++)
        if (strcmp(t->tensor[i].name, name) == 0)
            return &t->tensor[i];
    return NULL;
}

const char *unroll_tensors_metadata(const unroll_tensors *t, const char *key)
{
    for (size_t i = 0; i < t->metadata_count; i++)
        if (strcmp(t->metadata[i].key, key) == 0)
            return t->metadata[i].value;
    return NULL;
}
