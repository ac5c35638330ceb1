#include "store/tensors_header.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/fail.h"
#include "base/json_reader.h"
#include "store/tensors_format.h"

/* ---- one tensor ---- */

/** Values of a description: three keys, a type, dimensions and places; some more, to say what is wrong with it. */
enum { VALUES = 64 };

/** A size that JSON gives as a plain non-negative integer. */
static bool get_size(const json_t *value, size_t *out)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        (uintmax_t)json_integer_value(value) > SIZE_MAX)
        return false;
    *out = (size_t)json_integer_value(value);
    return true;
}

static unroll_status parse_shape(const unroll_tensors_header *h, const json_t *shape,
                                 unroll_tensor *t)
{
    if (!json_is_array(shape))
        return unroll_fail(UNROLL_EDATA, "%s: tensor %s has no shape", h->path, t->name);
    t->rank = json_array_size(shape);
    if (t->rank > UNROLL_RANK_MAX)
        return unroll_fail(UNROLL_EDATA, "%s: tensor %s has %zu dimensions; %d are the most",
                           h->path, t->name, t->rank, UNROLL_RANK_MAX);
    for (size_t i = 0; i < t->rank; i++)
        if (!get_size(json_array_get(shape, i), &t->shape[i]))
            return unroll_fail(UNROLL_EDATA, "%s: tensor %s: dimension %zu is no size", h->path,
                               t->name, i);
    return UNROLL_OK;
}

static unroll_status parse_dtype(const unroll_tensors_header *h, const json_t *dtype,
                                 unroll_tensor *t)
{
    const char *name = json_string_value(dtype);
    if (name == NULL)
        return unroll_fail(UNROLL_EDATA, "%s: tensor %s has no dtype", h->path, t->name);
    for (size_t i = 0; i < DTYPE_COUNT; i++)
        if (strcmp(name, DTYPES[i].name) == 0) {
            t->dtype = (enum unroll_dtype)i;
            return UNROLL_OK;
        }
    return unroll_fail(UNROLL_EDATA, "%s: tensor %s has dtype '%s'; F32, F64 and U64 are read",
                       h->path, t->name, name);
}

static unroll_status parse_entry(const unroll_tensors_header *h, const char *name,
                                 const json_t *value, unroll_tensor_entry *e)
{
    unroll_tensor *t = &e->tensor;
    t->name = name;
    if (!json_is_object(value))
        return unroll_fail(UNROLL_EDATA, "%s: tensor %s is not described by an object", h->path,
                           name);
    UNROLL_TRY(parse_dtype(h, json_object_get(value, "dtype"), t));
    UNROLL_TRY(parse_shape(h, json_object_get(value, "shape"), t));
    const json_t *offsets = json_object_get(value, "data_offsets");
    if (json_array_size(offsets) != 2 || !get_size(json_array_get(offsets, 0), &e->begin) ||
        !get_size(json_array_get(offsets, 1), &e->end))
        return unroll_fail(UNROLL_EDATA, "%s: tensor %s: data_offsets are not two sizes", h->path,
                           name);
    if (json_object_size(value) != 3)
        return unroll_fail(UNROLL_EDATA, "%s: tensor %s has more than dtype, shape and data_offsets",
                           h->path, name);
    if (e->begin > e->end)
        return unroll_fail(UNROLL_EDATA, "%s: tensor %s begins at %zu, after its end %zu", h->path,
                           name, e->begin, e->end);
    size_t bytes;
    if (!tensor_bytes(t, &bytes))
        return unroll_fail(UNROLL_EDATA, "%s: tensor %s: its shape is too large", h->path, name);
    if (bytes != e->end - e->begin)
        return unroll_fail(UNROLL_EDATA, "%s: tensor %s has %zu bytes where its shape needs %zu",
                           h->path, name, e->end - e->begin, bytes);
    return UNROLL_OK;
}

/* ---- all names, and where what they name stands ---- */

/** Positions of what is read in a second go, when the text is known to be JSON. */
typedef struct outline {
    unroll_json_reader reader;
    bool has_metadata;
    size_t metadata_at;
} outline;

/** qsort() of a list that may be NULL where nothing is in it. */
static void sort(void *list, size_t count, size_t size, int (*compare)(const void *, const void *))
{
    if (count > 0)
        qsort(list, count, size, compare);
}

static int by_name(const void *a, const void *b)
{
    const unroll_tensor_entry *x = a, *y = b;
    return strcmp(x->tensor.name, y->tensor.name);
}

static int by_key(const void *a, const void *b)
{
    const unroll_metadata *x = a, *y = b;
    return strcmp(x->key, y->key);
}

static unroll_status fail_duplicate(const unroll_tensors_header *h, const char *name)
{
    return unroll_fail(UNROLL_EDATA, "%s: '%s' is a duplicate: the header has it twice", h->path,
                       name);
}

static unroll_status add_name(unroll_tensors_header *h, outline *o, const char *name)
{
    if (strcmp(name, META_KEY) == 0) {
        if (o->has_metadata)
            return fail_duplicate(h, name);
        o->has_metadata = true;
        o->metadata_at = o->reader.at;
        return UNROLL_OK;
    }
    if (h->count == UNROLL_TENSORS_MAX)
        return unroll_fail(UNROLL_EDATA, "%s: has more than %d tensors", h->path, UNROLL_TENSORS_MAX);
    unroll_tensor_entry *more = unroll_reserve(h->entries, &h->room, h->count + 1, sizeof *more);
    if (more == NULL)
        return unroll_fail_prefix(UNROLL_EMEMORY, "%s", h->path);
    h->entries = more;
    more[h->count++] = (unroll_tensor_entry){.tensor.name = name, .at = o->reader.at};
    return UNROLL_OK;
}

static unroll_status read_outline(unroll_tensors_header *h, outline *o)
{
    bool more;
    char *name;
    if (!unroll_json_begins(&o->reader, '{'))
        return unroll_fail(UNROLL_EDATA, "%s: the header is not a JSON object", h->path);
    UNROLL_TRY(unroll_json_enter(&o->reader, '{'));
    for (;;) {
        UNROLL_TRY(unroll_json_next(&o->reader, &more));
        if (!more)
            return unroll_json_end(&o->reader);
        UNROLL_TRY(unroll_json_key(&o->reader, &name));
        UNROLL_TRY(add_name(h, o, name));
        UNROLL_TRY(unroll_json_skip(&o->reader));
    }
}

/* ---- the second go ---- */

static unroll_status read_entries(unroll_tensors_header *h, unroll_json_reader *r)
{
    sort(h->entries, h->count, sizeof *h->entries, by_name);
    for (size_t i = 1; i < h->count; i++)
        if (strcmp(h->entries[i].tensor.name, h->entries[i - 1].tensor.name) == 0)
            return fail_duplicate(h, h->entries[i].tensor.name);
    for (size_t i = 0; i < h->count; i++) {
        unroll_tensor_entry *e = &h->entries[i];
        json_t *value;
        r->at = e->at;
        UNROLL_TRY(unroll_json_value(r, VALUES, &value));
        const unroll_status status = parse_entry(h, e->tensor.name, value, e);
        json_decref(value);
        UNROLL_TRY(status);
    }
    return UNROLL_OK;
}

static int by_place(const void *a, const void *b)
{
    const unroll_tensor_entry *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    if (x->end != y->end)
        return x->end < y->end ? -1 : 1;
    return strcmp(x->tensor.name, y->tensor.name);
}

/** The tensors must cover the payload, each byte once. */
static unroll_status check_cover(unroll_tensors_header *h, size_t payload)
{
    sort(h->entries, h->count, sizeof *h->entries, by_place);
    size_t end = 0;
    for (size_t i = 0; i < h->count; i++) {
        const unroll_tensor_entry *e = &h->entries[i];
        if (e->begin != end)
            return unroll_fail(UNROLL_EDATA, "%s: tensor %s begins at %zu where %zu %s", h->path,
                               e->tensor.name, e->begin, end,
                               e->begin > end ? "leaves no hole" : "is already taken");
        end = e->end;
    }
    if (end > payload)
        return unroll_fail(UNROLL_EDATA,
                           "%s: the tensors need %zu bytes and %zu are there; it is cut short or "
                           "damaged",
                           h->path, end, payload);
    if (end < payload)
        return unroll_fail(UNROLL_EDATA, "%s: %zu bytes follow the last tensor", h->path,
                           payload - end);
    return UNROLL_OK;
}

static unroll_status add_metadata(unroll_tensors_header *h, unroll_json_reader *r)
{
    char *key, *value;
    size_t length;
    UNROLL_TRY(unroll_json_key(r, &key));
    if (!unroll_json_begins(r, '"'))
        return unroll_fail(UNROLL_EDATA, "%s: metadata '%s' is not a string", h->path, key);
    UNROLL_TRY(unroll_json_string(r, &value, &length));
    if (h->metadata_count == UNROLL_METADATA_MAX)
        return unroll_fail(UNROLL_EDATA, "%s: has more than %d entries of metadata", h->path,
                           UNROLL_METADATA_MAX);
    unroll_metadata *more =
        unroll_reserve(h->metadata, &h->metadata_room, h->metadata_count + 1, sizeof *more);
    if (more == NULL)
        return unroll_fail_prefix(UNROLL_EMEMORY, "%s", h->path);
    h->metadata = more;
    more[h->metadata_count++] = (unroll_metadata){key, value};
    return UNROLL_OK;
}

static unroll_status read_metadata(unroll_tensors_header *h, unroll_json_reader *r)
{
    bool more;
    if (!unroll_json_begins(r, '{'))
        return unroll_fail(UNROLL_EDATA, "%s: __metadata__ is not an object", h->path);
    UNROLL_TRY(unroll_json_enter(r, '{'));
    for (;;) {
        UNROLL_TRY(unroll_json_next(r, &more));
        if (!more)
            break;
        UNROLL_TRY(add_metadata(h, r));
    }
    sort(h->metadata, h->metadata_count, sizeof *h->metadata, by_key);
    for (size_t i = 1; i < h->metadata_count; i++)
        if (strcmp(h->metadata[i].key, h->metadata[i - 1].key) == 0)
            return fail_duplicate(h, h->metadata[i].key);
    return UNROLL_OK;
}

/* ---- checksums ---- */

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

/** The header's CRC with its own digits as zeros. The text stays as it is. @return false: it has no such digits */
static bool header_crc(const unroll_tensors_header *h, uint32_t *crc)
{
    char kept[CRC_DIGITS], *digits = find_header_crc(h->text, h->length);
    if (digits == NULL)
        return false;
    memcpy(kept, digits, CRC_DIGITS);
    memset(digits, '0', CRC_DIGITS);
    *crc = crc_of(0, h->text, h->length);
    memcpy(digits, kept, CRC_DIGITS);
    return true;
}

static const char *metadata_of(const unroll_tensors_header *h, const char *key)
{
    for (size_t i = 0; i < h->metadata_count; i++)
        if (strcmp(h->metadata[i].key, key) == 0)
            return h->metadata[i].value;
    return NULL;
}

/** @param known, found  what header_crc() has said before the text was read */
static unroll_status check_crc(unroll_tensors_header *h, bool known, uint32_t found)
{
    const char *crc = metadata_of(h, CRC_KEY), *own = metadata_of(h, HEADER_CRC_KEY);
    const char *format = metadata_of(h, "format");
    uint32_t expected;
    if (crc == NULL && own == NULL && (format == NULL || strcmp(format, "unroll") != 0))
        return UNROLL_OK;
    if (!parse_crc(crc, &h->crc) || !parse_crc(own, &expected) || !known)
        return unroll_fail(UNROLL_EDATA,
                           "%s: its checksums (crc32, header_crc32) are damaged or incomplete",
                           h->path);
    if (found != expected)
        return unroll_fail(UNROLL_EDATA,
                           "%s: the header's CRC-32 is %08" PRIx32 ", not %08" PRIx32
                           "; the file is damaged, or changed by another program",
                           h->path, found, expected);
    h->has_crc = true;
    return UNROLL_OK;
}

/* ---- all of it ---- */

unroll_status unroll_tensors_header_read(unroll_tensors_header *h, size_t payload)
{
    outline o = {.reader = {.path = h->path, .part = "header", .text = h->text, .length = h->length}};
    uint32_t crc = 0;
    const bool known = header_crc(h, &crc);
    UNROLL_TRY(read_outline(h, &o));
    UNROLL_TRY(read_entries(h, &o.reader));
    UNROLL_TRY(check_cover(h, payload));
    o.reader.at = o.metadata_at;
    if (o.has_metadata)
        UNROLL_TRY(read_metadata(h, &o.reader));
    return check_crc(h, known, crc);
}

void unroll_tensors_header_free(unroll_tensors_header *h)
{
    unroll_free(h->metadata);
    unroll_free(h->entries);
    unroll_free(h->text);
    *h = (unroll_tensors_header){0};
}
