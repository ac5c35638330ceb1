#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fail.h"
#include "base/json.h"
#include "base/output.h"
#include "base/utf8.h"
#include "store/tensors_format.h"

/** Widest elements first, then by name, as the reference implementation: everything is aligned
 *  without holes. */
static int by_width(const void *a, const void *b)
{
    const unroll_tensor *x = *(const unroll_tensor *const *)a;
    const unroll_tensor *y = *(const unroll_tensor *const *)b;
    const size_t wx = DTYPES[x->dtype].size, wy = DTYPES[y->dtype].size;
    if (wx != wy)
        return wx > wy ? -1 : 1;
    return strcmp(x->name, y->name);
}

/** @return a new reference; NULL where memory is short */
static json_t *describe(const unroll_tensor *t, size_t begin, size_t end)
{
    json_t *shape = json_array();
    for (size_t i = 0; i < t->rank; i++)
        unroll_json_append(&shape, json_integer((json_int_t)t->shape[i]));
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", DTYPES[t->dtype].name, "shape", shape,
                     "data_offsets", (json_int_t)begin, (json_int_t)end);
}

static unroll_status put(const char *path, json_t **object, const char *key, json_t *value)
{
    const bool twice = json_object_get(*object, key) != NULL;
    unroll_json_set(object, key, value);
    if (twice)
        return unroll_fail(UNROLL_EBUG, "%s: '%s' twice in one file", path, key);
    return *object ? UNROLL_OK : unroll_fail(UNROLL_EMEMORY, "%s: no memory for its header", path);
}

static unroll_status put_text(const char *path, json_t **object, const char *key, const char *text)
{
    const size_t length = strlen(text);
    if (unroll_utf8_prefix(text, length) != length)
        return unroll_fail(UNROLL_EBUG, "%s: '%s' is not UTF-8", path, key);
    return put(path, object, key, json_stringn(text, length));
}

static unroll_status fill_metadata(const char *path, const unroll_metadata *metadata, size_t count,
                                   uint32_t crc, json_t **meta)
{
    char digits[CRC_DIGITS + 1];
    for (size_t i = 0; i < count; i++)
        UNROLL_TRY(put_text(path, meta, metadata[i].key, metadata[i].value));
    snprintf(digits, sizeof digits, "%08" PRIx32, crc);
    UNROLL_TRY(put_text(path, meta, CRC_KEY, digits));
    return put_text(path, meta, HEADER_CRC_KEY, "00000000");
}

static unroll_status fill_header(const char *path, json_t **root, const unroll_tensor *const *sorted,
                                 size_t count, const unroll_metadata *metadata, size_t metadata_count)
{
    uint32_t crc = 0;
    size_t begin = 0;
    for (size_t i = 0; i < count; i++) {
        size_t bytes, end;
        if (!tensor_bytes(sorted[i], &bytes) || !unroll_add(begin, bytes, &end))
            return unroll_fail(UNROLL_EBUG, "%s: tensor %s is too large", path, sorted[i]->name);
        UNROLL_TRY(put(path, root, sorted[i]->name, describe(sorted[i], begin, end)));
        crc = crc_of(crc, sorted[i]->data, bytes);
        begin = end;
    }
    json_t *meta = json_object();
    const unroll_status status = fill_metadata(path, metadata, metadata_count, crc, &meta);
    if (status != UNROLL_OK)
        json_decref(meta);
    return status != UNROLL_OK ? status : put(path, root, META_KEY, meta);
}

/** The length, then the header padded with spaces so that the payload is aligned; freed by
 *  unroll_free(). */
static unroll_status header_text(const char *path, const json_t *root, char **text, size_t *length)
{
    const size_t flags = JSON_COMPACT | JSON_SORT_KEYS;
    const size_t need = json_dumpb(root, NULL, 0, flags);
    const size_t padded = align_up(need);
    *length = LENGTH_BYTES + padded;
    if (need == 0)
        return unroll_fail(UNROLL_EMEMORY, "%s: no memory for its header", path);
    if (padded > HEADER_MAX)
        return unroll_fail(UNROLL_EDATA, "%s: a header of %zu bytes is above the format's bound",
                           path, padded);
    if ((*text = unroll_alloc(*length, 1)) == NULL)
        return UNROLL_EMEMORY;
    char *header = *text + LENGTH_BYTES;
    memset(header, ' ', padded);
    if (json_dumpb(root, header, need, flags) != need)
        return unroll_fail(UNROLL_EMEMORY, "%s: no memory for its header", path);
    for (size_t i = 0; i < LENGTH_BYTES; i++)
        (*text)[i] = (char)((uint64_t)padded >> 8 * i & 0xff);
    char digits[CRC_DIGITS + 1];
    snprintf(digits, sizeof digits, "%08" PRIx32, crc_of(0, header, padded));
    memcpy(find_header_crc(header, padded), digits, CRC_DIGITS);
    return UNROLL_OK;
}

static unroll_status write_file(const char *path, const char *header, size_t length,
                                const unroll_tensor *const *sorted, size_t count)
{
    unroll_output *out;
    UNROLL_TRY(unroll_output_open(path, &out));
    unroll_status status = unroll_output_write(out, header, length);
    for (size_t i = 0; i < count && status == UNROLL_OK; i++) {
        size_t bytes = 0;
        tensor_bytes(sorted[i], &bytes);
        status = unroll_output_write(out, sorted[i]->data, bytes);
    }
    if (status == UNROLL_OK)
        return unroll_output_commit(out);
    unroll_output_abort(out);
    return status;
}

unroll_status unroll_tensors_write(const char *path, const unroll_tensor *tensors, size_t count,
                                   const unroll_metadata *metadata, size_t metadata_count)
{
    const unroll_tensor **sorted = unroll_alloc(count, sizeof *sorted);
    if (sorted == NULL)
        return UNROLL_EMEMORY;
    for (size_t i = 0; i < count; i++)
        sorted[i] = &tensors[i];
    qsort(sorted, count, sizeof *sorted, by_width);

    char *text = NULL;
    size_t length = 0;
    json_t *root = json_object();
    unroll_status status = fill_header(path, &root, sorted, count, metadata, metadata_count);
    if (status == UNROLL_OK)
        status = header_text(path, root, &text, &length);
    if (status == UNROLL_OK)
        status = write_file(path, text, length, sorted, count);
    unroll_free(text);
    json_decref(root);
    unroll_free(sorted);
    return status;
}
