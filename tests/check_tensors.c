/* Files of tensors: the same bytes back, and every damage and forgery of a file refused. */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "allowance.h"
#include "base/memory.h"
#include "own_directory.h"
#include "runner.h"
#include "store/tensors.h"

static const char path[] = "t";

static void leave(void)
{
    leave_with_only(path);
}

/** A file with this header, its length as said (0: the true one), and `payload` bytes. */
static void write_forged(const char *header, uint64_t length, size_t payload)
{
    unsigned char file[4096] = {0};
    const size_t n = strlen(header);
    ck_assert_uint_lt(8 + n + payload, sizeof file);
    if (length == 0)
        length = n;
    for (size_t i = 0; i < 8; i++)
        file[i] = (unsigned char)(length >> 8 * i);
    memcpy(file + 8, header, n);
    put(path, file, 8 + n + payload);
}

/** Reading must fail as bad data, naming the file and `part`. */
static void expect_bad(const char *part)
{
    unroll_tensors t;
    const unroll_status status = unroll_tensors_read(path, &t);
    ck_assert_msg(status == UNROLL_EDATA, "status %d instead of 65 (wanted: %s)", status, part);
    ck_assert_ptr_null(t.block_);
    ck_assert_msg(strncmp(unroll_message(), path, strlen(path)) == 0, "no file in '%s'",
                  unroll_message());
    ck_assert_msg(strstr(unroll_message(), part) != NULL, "'%s' lacks '%s'", unroll_message(), part);
}

static const float F[6] = {1.5f, -2, 0, 3e38f, 1e-38f, 7};
static const double D[3] = {1.0 / 3, -0.0, 1e300};
static const uint64_t U[2] = {UINT64_MAX, 1};

/* clang-format off */
static const unroll_tensor TENSORS[] = {
    {"rnn.weight", UNROLL_F32, 2, {2, 3}, F}, {"a", UNROLL_F64, 1, {3}, D},
    {"z", UNROLL_U64, 1, {2}, U},             {"scalar", UNROLL_F32, 0, {0}, F + 5},
    {"none", UNROLL_F32, 2, {0, 9}, F},       {"deep", UNROLL_F32, 4, {1, 2, 1, 1}, F},
};
static const unroll_metadata META[] = {
    {"format", "unroll"},
    {"vocabulary", "[\"\\u0000\",\"\\\"header_crc32\\\":\\\"\",\"\xc3\xa9\"]"}};
/* clang-format on */
enum { TENSOR_COUNT = sizeof TENSORS / sizeof TENSORS[0] };

/** Small, so that each of its bits can be tried. */
static void write_small(void)
{
    ck_assert_int_eq(unroll_tensors_write(path, TENSORS + 1, 3, META, 2), UNROLL_OK);
}

static void write_good(void)
{
    ck_assert_int_eq(unroll_tensors_write(path, TENSORS, TENSOR_COUNT, META, 2), UNROLL_OK);
}

START_TEST(round_trip)
{
    static const size_t sizes[] = {24, 24, 16, 4, 0, 8};
    write_good();
    unroll_tensors t;
    ck_assert_int_eq(unroll_tensors_read(path, &t), UNROLL_OK);
    ck_assert_uint_eq(t.count, TENSOR_COUNT);
    for (size_t i = 0; i < TENSOR_COUNT; i++) {
        const unroll_tensor *a = &TENSORS[i], *b = unroll_tensors_find(&t, a->name);
        ck_assert_ptr_nonnull(b);
        ck_assert_int_eq(a->dtype, b->dtype);
        ck_assert_uint_eq(a->rank, b->rank);
        ck_assert_mem_eq(a->shape, b->shape, a->rank * sizeof a->shape[0]);
        ck_assert_mem_eq(a->data, b->data, sizes[i]);
        ck_assert_uint_eq((uintptr_t)b->data % 8, 0);
    }
    ck_assert_uint_eq(t.metadata_count, 4);
    for (size_t i = 0; i < 2; i++)
        ck_assert_str_eq(unroll_tensors_metadata(&t, META[i].key), META[i].value);
    ck_assert_ptr_null(unroll_tensors_metadata(&t, "nothing"));
    ck_assert_ptr_null(unroll_tensors_find(&t, "nothing"));
    unroll_tensors_free(&t);
}
END_TEST

START_TEST(same_bytes_and_aligned)
{
    unsigned char a[2048], b[2048];
    write_good();
    const size_t n = get(path, a, sizeof a);
    unroll_tensor turned[TENSOR_COUNT];
    for (size_t i = 0; i < TENSOR_COUNT; i++)
        turned[i] = TENSORS[TENSOR_COUNT - 1 - i];
    const unroll_metadata meta[] = {META[1], META[0]};
    ck_assert_int_eq(unroll_tensors_write(path, turned, TENSOR_COUNT, meta, 2), UNROLL_OK);
    ck_assert_uint_eq(get(path, b, sizeof b), n);
    ck_assert_mem_eq(a, b, n);
    ck_assert_uint_eq(a[0] % 8, 0);
    ck_assert_int_eq(a[8], '{');
}
END_TEST

START_TEST(every_bit_flip)
{
    unsigned char file[2048];
    write_small();
    const size_t n = get(path, file, sizeof file);
    ck_assert_uint_gt(n, 300);
    for (size_t bit = 0; bit < n * 8; bit++) {
        file[bit / 8] ^= (unsigned char)(1u << bit % 8);
        put(path, file, n);
        expect_bad(": ");
        file[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    put(path, file, n);
    unroll_tensors t;
    ck_assert_int_eq(unroll_tensors_read(path, &t), UNROLL_OK);
    unroll_tensors_free(&t);
}
END_TEST

START_TEST(every_cut)
{
    unsigned char file[2048];
    write_small();
    const size_t n = get(path, file, sizeof file);
    for (size_t length = 0; length < n; length++) {
        put(path, file, length);
        expect_bad(length == 0 ? "is empty" : ": ");
    }
    put(path, file, n + 1);
    expect_bad("1 bytes follow");
}
END_TEST

#define ENTRY(dtype, shape, offsets) \
    "{\"a\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}}"
#define TWO(a, b)                                                      \
    "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":" a "}," \
    "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":" b "}}"
#define META_START "{\"__metadata__\":"
#define META_ONLY(meta) META_START meta "}"

static const struct {
    const char *header;
    uint64_t length; /**< as said; 0: true */
    size_t payload;
    const char *part; /**< of the message */
} FORGED[] = {
    {"{}", UINT64_C(1) << 63, 0, "bound of 32000000"},
    {"{}", UINT64_MAX, 0, "bound of 32000000"},
    {"{}", 32000001, 0, "bound of 32000000"},
    {"{}", 32000000, 0, "does not fit"},
    {"{}", 3, 0, "does not fit"},
    {"[]", 0, 0, "is no safetensors file"},
    {" {}", 0, 0, "is no safetensors file"},
    {"{\"a\":1}", 0, 0, "not described by an object"},
    {"{\"a\":{}}", 0, 0, "no dtype"},
    {"{", 0, 0, "no valid JSON"},
    {"{}}", 0, 0, "no valid JSON"},
    {ENTRY("F32", "[1]", "[0,4]") "x", 0, 4, "no valid JSON"},
    {TWO("[0,4]", "[5,9]"), 0, 9, "leaves no hole"},
    {TWO("[0,4]", "[2,6]"), 0, 6, "already taken"},
    {TWO("[0,4]", "[0,4]"), 0, 4, "already taken"},
    {TWO("[4,8]", "[8,12]"), 0, 12, "leaves no hole"},
    {ENTRY("F32", "[1]", "[4,0]"), 0, 4, "after its end"},
    {ENTRY("F32", "[1]", "[0,4]"), 0, 5, "follow the last tensor"},
    {ENTRY("F32", "[1]", "[0,4]"), 0, 3, "cut short"},
    {ENTRY("F32", "[2]", "[0,4]"), 0, 4, "its shape needs 8"},
    {ENTRY("F32", "[4294967296,4294967296]", "[0,0]"), 0, 0, "too large"},
    {ENTRY("F32", "[4611686018427387904]", "[0,0]"), 0, 0, "too large"},
    {ENTRY("F32", "[9223372036854775808]", "[0,0]"), 0, 0, "no valid JSON"},
    {ENTRY("F32", "[1000000000000]", "[0,4000000000000]"), 0, 0, "cut short"},
    {ENTRY("F32", "[1.0]", "[0,4]"), 0, 4, "dimension 0 is no size"},
    {ENTRY("F32", "[-1]", "[0,4]"), 0, 4, "dimension 0 is no size"},
    {ENTRY("F32", "[\"1\"]", "[0,4]"), 0, 4, "dimension 0 is no size"},
    {ENTRY("F32", "[1,1,1,1,1]", "[0,4]"), 0, 4, "5 dimensions"},
    {ENTRY("F32", "1", "[0,4]"), 0, 4, "no shape"},
    {ENTRY("F32", "[1]", "[0,4.0]"), 0, 4, "two sizes"},
    {ENTRY("F32", "[1]", "[-4,0]"), 0, 4, "two sizes"},
    {ENTRY("F32", "[1]", "[0]"), 0, 4, "two sizes"},
    {ENTRY("F32", "[1]", "[0,4,8]"), 0, 4, "two sizes"},
    {ENTRY("F32", "[1]", "4"), 0, 4, "two sizes"},
    {ENTRY("F16", "[2]", "[0,4]"), 0, 4, "dtype 'F16'"},
    {ENTRY("f32", "[1]", "[0,4]"), 0, 4, "dtype 'f32'"},
    {ENTRY("F32", "[1],\"x\":1", "[0,4]"), 0, 4, "more than"},
    {"{\"a\":1,\"a\":1}", 0, 0, "duplicate"},
    {"{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}", 0, 0, "duplicate"},
    {META_ONLY("[]"), 0, 0, "not an object"},
    {META_ONLY("{\"a\":1}"), 0, 0, "'a' is not a string"},
    {META_ONLY("{\"a\":\"\\u0000\"}"), 0, 0, "no valid JSON"},
    {META_ONLY("{\"a\":\"\xff\"}"), 0, 0, "no valid JSON"},
    {META_ONLY("{\"format\":\"unroll\"}"), 0, 0, "checksums"},
    {META_ONLY("{\"crc32\":\"00000000\"}"), 0, 0, "checksums"},
    {META_ONLY("{\"header_crc32\":\"00000000\"}"), 0, 0, "checksums"},
    {META_ONLY("{\"crc32\":\"00000000\",\"header_crc32\":\"0000000\"}"), 0, 0, "checksums"},
    {META_ONLY("{\"crc32\":\"00000000\",\"header_crc32\":\"0000000G\"}"), 0, 0, "checksums"},
    {META_ONLY("{\"crc32\":\"00000000\",\"header_crc32\":\"00000000\"}"), 0, 0, "CRC-32"},
};

START_TEST(forged)
{
    write_forged(FORGED[_i].header, FORGED[_i].length, FORGED[_i].payload);
    expect_bad(FORGED[_i].part);
}
END_TEST

START_TEST(length_zero)
{
    const unsigned char file[16] = {0, 0, 0, 0, 0, 0, 0, 0, '{', '}'};
    put(path, file, sizeof file);
    expect_bad("length 0");
}
END_TEST

START_TEST(deep_json)
{
    char header[3001] = "{\"a\":";
    memset(header + 5, '[', sizeof header - 6);
    write_forged(header, 0, 0);
    expect_bad("nested too deep");
}
END_TEST

/* Large headers of valid JSON that no model has. They are refused before anything is made of them. */
static const struct {
    const char *start, *again, *end;
    const char *part; /**< of the message */
} LARGE[] = {
    {"{\"a\":[1", ",1", "]}", "more than 64 values"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1", ",1", "]}}", "more than 64 values"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":\"", "F32", "\"}}", "has no shape"},
    {"{\"a\":{\"", "dtype", "\":1}}", "no dtype"},
    {"{\"a\":1", ",\"b\":1", "}", "more than 100000 tensors"},
    {"{\"a\":1", "          ", "}", "not described by an object"},
    {META_START "[1", ",[]", "]}", "is not an object"},
    {META_START "{\"a\":[1", ",{}", "]}}", "'a' is not a string"},
    {META_START "{\"a\":\"1\"", ",\"b\":\"\"", "}}", "more than 4096 entries of metadata"},
    {META_START "{\"format\":\"unroll\",\"config\":\"", "[],", "\"}}", "checksums"},
};

START_TEST(fault_05_a_large_header)
{
    enum { LENGTH = 4000000 };
    unsigned char *file = malloc(8 + LENGTH);
    char *at = (char *)file + 8, *const end = at + LENGTH;
    const size_t n = strlen(LARGE[_i].again), last = strlen(LARGE[_i].end);
    for (size_t i = 0; i < 8; i++)
        file[i] = (unsigned char)((uint64_t)LENGTH >> 8 * i);
    at = stpcpy(at, LARGE[_i].start);
    while ((size_t)(end - at) > n + last)
        at = (char *)memcpy(at, LARGE[_i].again, n) + n;
    memset(at, ' ', (size_t)(end - at));
    memcpy(at, LARGE[_i].end, last);
    put(path, file, 8 + LENGTH);
    free(file);
    const unsigned long before = unroll_alloc_count();
    expect_bad(LARGE[_i].part);
    ck_assert_uint_lt(unroll_alloc_count() - before, 300);
}
END_TEST

static const struct {
    const char *bytes;
    size_t length;
    const char *part;
} STRANGERS[] = {
    {"PK\3\4........................", 28, "zip archive"},
    {"\x80\x02}q\1.................", 20, "pickle"},
    {"\x80\x02}q", 4, "pickle"},
    {"\x1f\x8b\x08.................", 20, "gzip"},
    {"\x93NUMPY\1..............", 20, "NumPy"},
    {"GGUF................", 20, "GGUF"},
    {"Once upon a time there was", 26, "text"},
    {"hello", 5, "text"},
    {"\1\2\3", 3, "cut short after 3"},
    {"\1\2\3\0\0\0\0\0\0\0\0\0\0\0\0", 15, "is no safetensors file"},
};

START_TEST(strangers)
{
    put(path, STRANGERS[_i].bytes, STRANGERS[_i].length);
    expect_bad(STRANGERS[_i].part);
}
END_TEST

/** The two first bytes of a good file may look like a pickle's. */
START_TEST(header_length_like_a_pickle)
{
    char header[641];
    memset(header, ' ', 640);
    header[640] = '\0';
    memcpy(header, "{}", 2);
    write_forged(header, 0, 0);
    unroll_tensors t;
    ck_assert_int_eq(unroll_tensors_read(path, &t), UNROLL_OK);
    unroll_tensors_free(&t);
}
END_TEST

START_TEST(without_checksums)
{
    write_forged("{\"__metadata__\":{\"format\":\"pt\"},"
                 "\"b\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[4,12]},"
                 "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
                 0, 12);
    unroll_tensors t;
    ck_assert_int_eq(unroll_tensors_read(path, &t), UNROLL_OK);
    ck_assert_uint_eq(t.count, 2);
    ck_assert_str_eq(t.tensor[0].name, "a");
    ck_assert_uint_eq((uintptr_t)t.tensor[1].data % 8, 0);
    ck_assert_double_eq(*(const double *)t.tensor[1].data, 0.0);
    unroll_tensors_free(&t);
}
END_TEST

START_TEST(no_regular_file)
{
    unroll_tensors t;
    ck_assert_int_eq(unroll_tensors_read(path, &t), UNROLL_ENOINPUT);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "No such file"));
    ck_assert_int_eq(unroll_tensors_read(directory, &t), UNROLL_ENOINPUT);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "directory"));
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_eq(unroll_tensors_read(path, &t), UNROLL_ENOINPUT);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "FIFO"));
}
END_TEST

START_TEST(write_twice_the_same_name)
{
    const unroll_tensor twice[] = {TENSORS[0], TENSORS[0]};
    ck_assert_int_eq(unroll_tensors_write(path, twice, 2, NULL, 0), UNROLL_EBUG);
    const unroll_metadata meta[] = {META[0], META[0]};
    ck_assert_int_eq(unroll_tensors_write(path, NULL, 0, meta, 2), UNROLL_EBUG);
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(allocations_fail)
{
    long n = 0;
    for (; allow(n); n++) {
        const unroll_status status = unroll_tensors_write(path, TENSORS, TENSOR_COUNT, META, 2);
        allowed(status);
        /* once the file is there, its directory may not be synced for want of memory */
        ck_assert_msg(status == (access(path, F_OK) != 0 ? UNROLL_EMEMORY : UNROLL_OK) ||
                          status == UNROLL_EIO,
                      "write %ld: %d %s", n, status, unroll_message());
    }
    ck_assert_int_gt(n, 10);
    for (n = 0; allow(n); n++) {
        unroll_tensors t;
        const unroll_status status = unroll_tensors_read(path, &t);
        allowed(status);
        ck_assert_msg(status == UNROLL_OK || status == UNROLL_EMEMORY, "read %ld: %d %s", n, status,
                      unroll_message());
        unroll_tensors_free(&t);
    }
    ck_assert_int_gt(n, 10);
}
END_TEST

Suite *make_suite(void)
{
    Suite *s = suite_create("tensors");
    TCase *c = new_case(s, "tensors");
    tcase_add_checked_fixture(c, enter_directory, leave);
    tcase_add_test(c, round_trip);
    tcase_add_test(c, same_bytes_and_aligned);
    tcase_add_test(c, every_bit_flip);
    tcase_add_test(c, every_cut);
    tcase_add_loop_test(c, forged, 0, sizeof FORGED / sizeof FORGED[0]);
    tcase_add_test(c, length_zero);
    tcase_add_test(c, deep_json);
    tcase_add_loop_test(c, fault_05_a_large_header, 0, sizeof LARGE / sizeof LARGE[0]);
    tcase_add_loop_test(c, strangers, 0, sizeof STRANGERS / sizeof STRANGERS[0]);
    tcase_add_test(c, header_length_like_a_pickle);
    tcase_add_test(c, without_checksums);
    tcase_add_test(c, no_regular_file);
    tcase_add_test(c, write_twice_the_same_name);
    tcase_add_test(c, allocations_fail);
    return s;
}
