#include "input_files.h"

#include <check.h>
#include <string.h>
#include <zlib.h>

#include "base/input.h"
#include "base/memory.h"

size_t pack_gzip(const void *data, size_t length, unsigned char *packed, size_t room, bool named)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)data,
                  .avail_in = (uInt)length,
                  .next_out = packed,
                  .avail_out = (uInt)room};
    Bytef name[] = "name", comment[] = "comment", extra[] = "ex\2\0ab";
    gz_header header = {.name = name, .comment = comment, .extra = extra, .extra_len = 6, .hcrc = 1};

    ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    if (named)
        ck_assert_int_eq(deflateSetHeader(&z, &header), Z_OK);
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    ck_assert_int_eq(deflateEnd(&z), Z_OK);
    return room - z.avail_out;
}

unroll_status slurp(const char *path, uint64_t max, size_t *length)
{
    char *data;
    const unroll_status status = unroll_input_slurp(path, max, &data, length);
    ck_assert_int_eq(data != NULL, status == UNROLL_OK);
    if (data)
        ck_assert_int_eq(data[*length], '\0');
    unroll_free(data);
    return status;
}

void is_slurped(const char *path, const void *data, size_t length)
{
    char *read;
    size_t got;
    ck_assert_msg(unroll_input_slurp(path, 0, &read, &got) == UNROLL_OK, "%s", unroll_message());
    ck_assert_uint_eq(got, length);
    if (length)
        ck_assert_mem_eq(read, data, length);
    ck_assert_int_eq(read[length], '\0');
    unroll_free(read);
}

void is_refused(const char *path, unroll_status status, const char *because)
{
    size_t length;
    ck_assert_int_eq(slurp(path, 0, &length), status);
    ck_assert_msg(strstr(unroll_message(), because) != NULL, "'%s' does not say '%s'",
                  unroll_message(), because);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "; ")); /* and what to do */
    ck_assert_ptr_null(strchr(unroll_message(), '\n'));
}
