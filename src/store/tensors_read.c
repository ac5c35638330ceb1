#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/fail.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/output.h"
#include "store/tensors_format.h"

/** A tensor with its place in the payload. */
typedef struct entry {
    unroll_tensor tensor;
    size_t begin, end;
} entry;

/** One file while it is read. */
typedef struct reader {
    const char *path;
    int fd;
    size_t size;          /**< of the file */
    size_t header_size;
    char *header;
    json_t *root;
    json_t *meta;         /**< borrowed from root; NULL: none */
    entry *entries;       /**< in the order of the file */
    size_t count;
    bool has_crc;
    uint32_t crc;         /**< the payload's, as the header says */
} reader;

static unroll_status open_regular(reader *r)
{
    r->fd = open(r->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
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

/** The header's text into r->header, after its length has been found possible. */
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
    r->header_size = (size_t)length;
    r->header = unroll_alloc(r->header_size, 1);
    if (r->header == NULL)
        return UNROLL_EMEMORY;
    const size_t have = n - LENGTH_BYTES < r->header_size ? n - LENGTH_BYTES : r->header_size;
    memcpy(r->header, start + LENGTH_BYTES, have);
    if (lseek(r->fd, (off_t)(LENGTH_BYTES + have), SEEK_SET) < 0)
        return unroll_fail(UNROLL_EIO, "%s: %s", r->path, strerror(errno));
    return read_next(r, r->header + have, r->header_size - have);
}

/** A size that JSON gives as a plain non-negative integer. */
static bool get_size(const json_t *value, size_t *out)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        (uintmax_t)json_integer_value(value) > SIZE_MAX)
        return false;
    *out = (size_t)json_integer_value(value);
    return true;
}

static unroll_status parse_shape(const reader *r, const json_t *shape, unroll_tensor *t)
{
    if (!json_is_array(shape))
        return unroll_fail(UNROLL_EDATA, "%s: tensor %s has no shape", r->path, t->name);
    t->rank = json_array_size(shape);
    if (t->rank > UNROLL_RANK_MAX)
        return unroll_fail(UNROLL_EDATA, "%s: tensor %s has %zu dimensions; %d are the most",
                           r->path, t->name, t->rank, UNROLL_RANK_MAX);
    for (size_t i = 0; i < t->rank; i++)
        if (!get_size(json_array_get(shape, i), &t->shape[i]))
            return unroll_fail(UNROLL_EDATA, "%s: tensor %s: dimension %zu is no size", r->path,
                               t->name, i);
    return UNROLL_OK;
}

static unroll_status parse_dtype(const reader *r, const json_t *dtype, unroll_tensor *t)
{
    const char *name = json_string_value(dtype);
    if (name == NULL)
        return unroll_fail(UNROLL_EDATA, "%s: tensor %s has no dtype", r->path, t->name);
    for (size_t i = 0; i < DTYPE_COUNT; i++)
        if (strcmp(name, DTYPES[i].name) == 0) {
            t->dtype = (enum unroll_dtype)i;
            return UNROLL_OK;
        }
    return unroll_fail(UNROLL_EDATA, "%s: tensor %s has dtype '%s'; F32, F64 and U64 are read",
                       r->path, t->name, name);
}

static unroll_status parse_entry(const reader *r, const char *name, const json_t *value, entry *e)
{
    unroll_tensor *t = &e->tensor;
    t->name = name;
    if (!json_is_object(value))
        return unroll_fail(UNROLL_EDATA, "%s: tensor %s is not described by an object", r->path,
                           name);
    UNROLL_TRY(parse_dtype(r, json_object_get(value, "dtype"), t));
    UNROLL_TRY(parse_shape(r, json_object_get(value, "shape"), t));
    const json_t *offsets = json_object_get(value, "data_offsets");
    if (json_array_size(offsets) != 2 || !get_size(json_array_get(offsets, 0), &e->begin) ||
        !get_size(json_array_get(offsets, 1), &e->end))
        return unroll_fail(UNROLL_EDATA, "%s: tensor %s: data_offsets are not two sizes", r->path,
                           name);
    if (json_object_size(value) != 3)
        return unroll_fail(UNROLL_EDATA,
                           "%s: tensor %s has more than dtype, shape and data_offsets", r->path,
                           name);
    if (e->begin > e->end)
        return unroll_fail(UNROLL_EDATA, "%s: tensor %s begins at %zu, after its end %zu", r->path,
                           name, e->begin, e->end);
    size_t bytes;
    if (!tensor_bytes(t, &bytes))
        return unroll_fail(UNROLL_EDATA, "%s: tensor %s: its shape is too large", r->path, name);
    if (bytes != e->end - e->begin)
        return unroll_fail(UNROLL_EDATA, "%s: tensor %s has %zu bytes where its shape needs %zu",
                           r->path, name, e->end - e->begin, bytes);
    return UNROLL_OK;
}

static int by_place(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    if (x->end != y->end)
        return x->end < y->end ? -1 : 1;
    return strcmp(x->tensor.name, y->tensor.name);
}

/** The tensors must cover the payload, each byte once. */
static unroll_status check_cover(reader *r)
{
    const size_t payload = r->size - LENGTH_BYTES - r->header_size;
    qsort(r->entries, r->count, sizeof *r->entries, by_place);
    size_t end = 0;
    for (size_t i = 0; i < r->count; i++) {
        const entry *e = &r->entries[i];
        if (e->begin != end)
            return unroll_fail(UNROLL_EDATA, "%s: tensor %s begins at %zu where %zu %s", r->path,
                               e->tensor.name, e->begin, end,
                               e->begin > end ? "leaves no hole" : "is already taken");
        end = e->end;
    }
    if (end > payload)
        return unroll_fail(UNROLL_EDATA,
                           "%s: the tensors need %zu bytes and %zu are there; it is cut short or "
                           "damaged",
                           r->path, end, payload);
    if (end < payload)
        return unroll_fail(UNROLL_EDATA, "%s: %zu bytes follow the last tensor", r->path,
                           payload - end);
    return UNROLL_OK;
}

static unroll_status parse_entries(reader *r)
{
    r->entries = unroll_alloc(json_object_size(r->root), sizeof *r->entries);
    if (r->entries == NULL)
        return UNROLL_EMEMORY;
    const char *name;
    json_t *value;
    json_object_foreach(r->root, name, value) {
        if (strcmp(name, META_KEY) == 0)
            r->meta = value;
        else
            UNROLL_TRY(parse_entry(r, name, value, &r->entries[r->count++]));
    }
    return check_cover(r);
}

/** Eight lower-case hexadecimal digits. */
static bool parse_crc(const char *text, uint32_t *out)
{
    *out = 0;
    if (text == NULL || strlen(text) != CRC_DIGITS)
        return false;
    for (size_t i = 0; i < CRC_DIGITS; i++) {
        const char *digits = "0123456789abcdef", *d = strchr(digits, text[i]);
        if (d == NULL)
            return false;
        *out = *out << 4 | (uint32_t)(d - digits);
    }
    return true;
}

static unroll_status check_header_crc(reader *r)
{
    const char *crc = json_string_value(json_object_get(r->meta, CRC_KEY));
    const char *header_crc = json_string_value(json_object_get(r->meta, HEADER_CRC_KEY));
    const char *format = json_string_value(json_object_get(r->meta, "format"));
    if (crc == NULL && header_crc == NULL && (format == NULL || strcmp(format, "unroll") != 0))
        return UNROLL_OK;
    uint32_t expected;
    char *digits = find_header_crc(r->header, r->header_size);
    if (!parse_crc(crc, &r->crc) || !parse_crc(header_crc, &expected) || digits == NULL)
        return unroll_fail(UNROLL_EDATA,
                           "%s: its checksums (crc32, header_crc32) are damaged or incomplete",
                           r->path);
    memset(digits, '0', CRC_DIGITS);
    const uint32_t found = crc_of(0, r->header, r->header_size);
    if (found != expected)
        return unroll_fail(UNROLL_EDATA,
                           "%s: the header's CRC-32 is %08" PRIx32 ", not %08" PRIx32
                           "; the file is damaged, or changed by another program",
                           r->path, found, expected);
    r->has_crc = true;
    return UNROLL_OK;
}

static unroll_status check_metadata(const reader *r)
{
    if (r->meta == NULL)
        return UNROLL_OK;
    if (!json_is_object(r->meta))
        return unroll_fail(UNROLL_EDATA, "%s: __metadata__ is not an object", r->path);
    const char *key;
    json_t *value;
    json_object_foreach(r->meta, key, value)
        if (!json_is_string(value))
            return unroll_fail(UNROLL_EDATA, "%s: metadata '%s' is not a string", r->path, key);
    return UNROLL_OK;
}

static char *copy_text(char **room, const char *text)
{
    const size_t n = strlen(text) + 1;
    char *copy = memcpy(*room, text, n);
    *room += n;
    return copy;
}

/** One block: tensors, metadata, payload, strings. Its size is bounded by the file's. */
static unroll_status lay_out(const reader *r, unroll_tensors *out)
{
    const char *key;
    json_t *value;
    const size_t meta_count = json_object_size(r->meta);
    size_t data = 0, text = 0;
    for (size_t i = 0; i < r->count; i++) {
        data += align_up(r->entries[i].end - r->entries[i].begin);
        text += strlen(r->entries[i].tensor.name) + 1;
    }
    json_object_foreach(r->meta, key, value)
        text += strlen(key) + 1 + json_string_length(value) + 1;
    const size_t tensors = align_up(r->count * sizeof *out->tensor);
    const size_t metadata = align_up(meta_count * sizeof *out->metadata);
    char *block = unroll_alloc(tensors + metadata + data + text, 1);
    if (block == NULL)
        return unroll_fail_prefix(UNROLL_EMEMORY, "%s", r->path);

    *out = (unroll_tensors){.tensor = (unroll_tensor *)(void *)block,
                            .count = r->count,
                            .metadata = (unroll_metadata *)(void *)(block + tensors),
                            .metadata_count = meta_count,
                            .block_ = block};
    char *payload = block + tensors + metadata, *strings = payload + data;
    for (size_t i = 0; i < r->count; i++) {
        unroll_tensor *t = &out->tensor[i];
        *t = r->entries[i].tensor;
        t->name = copy_text(&strings, t->name);
        t->data = payload;
        payload += align_up(r->entries[i].end - r->entries[i].begin);
    }
    size_t i = 0;
    json_object_foreach(r->meta, key, value)
        out->metadata[i++] = (unroll_metadata){copy_text(&strings, key),
                                               copy_text(&strings, json_string_value(value))};
    return UNROLL_OK;
}

static unroll_status read_payload(reader *r, const unroll_tensors *t)
{
    uint32_t crc = 0;
    for (size_t i = 0; i < r->count; i++) {
        const size_t bytes = r->entries[i].end - r->entries[i].begin;
        void *data = (void *)(uintptr_t)t->tensor[i].data;
        UNROLL_TRY(read_next(r, data, bytes));
        crc = crc_of(crc, data, bytes);
    }
    if (r->has_crc && crc != r->crc)
        return unroll_fail(UNROLL_EDATA,
                           "%s: the data's CRC-32 is %08" PRIx32 ", not %08" PRIx32
                           "; the file is damaged",
                           r->path, crc, r->crc);
    return UNROLL_OK;
}

static unroll_status read_all(reader *r, unroll_tensors *out)
{
    UNROLL_TRY(open_regular(r));
    UNROLL_TRY(read_header(r));
    UNROLL_TRY(unroll_json_parse(r->path, "header", r->header, r->header_size, false, &r->root));
    if (!json_is_object(r->root))
        return unroll_fail(UNROLL_EDATA, "%s: the header is not a JSON object", r->path);
    UNROLL_TRY(parse_entries(r));
    UNROLL_TRY(check_metadata(r));
    UNROLL_TRY(check_header_crc(r));
    UNROLL_TRY(lay_out(r, out));
    return read_payload(r, out);
}

unroll_status unroll_tensors_read(const char *path, unroll_tensors *out)
{
    *out = (unroll_tensors){0};
    reader r = {.path = path, .fd = -1};
    const unroll_status status = read_all(&r, out);
    if (status != UNROLL_OK)
        unroll_tensors_free(out);
    unroll_free(r.entries);
    json_decref(r.root);
    unroll_free(r.header);
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
