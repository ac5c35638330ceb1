/* src/base/input.c: files and gzip; what is cut, damaged, too large or no file. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/input.h"
#include "base/memory.h"
#include "input_files.h"
#include "own_directory.h"
#include "runner.h"

/* Plain files */

START_TEST(plain_files_come_as_they_are)
{
    static char large[300000];
    for (size_t i = 0; i < sizeof large; i++)
        large[i] = (char)(i * i % 253);
    put("empty", "", 0);
    is_slurped("empty", "", 0);
    put("one", "x", 1);
    is_slurped("one", "x", 1);
    put("nul", "a\0b\r\n\r", 6);
    is_slurped("nul", "a\0b\r\n\r", 6);
    put("like-gzip", "\x1f\x8a text", 7);
    is_slurped("like-gzip", "\x1f\x8a text", 7);
    put("large", large, sizeof large);
    is_slurped("large", large, sizeof large);
    put(".gz", "a name of only that", 19);
    is_slurped(".gz", "a name of only that", 19);
}
END_TEST

START_TEST(reads_of_any_size_give_the_same)
{
    static const size_t rooms[] = {1, 2, 3, 7, 100, 100000};
    unsigned char packed[2 * 300], out[3 * LENGTH];
    size_t n = pack_gzip(text, LENGTH, packed, 300, true);
    n += pack_gzip(text, LENGTH, packed + n, 300, false);

    put("gz", packed, n);
    put("plain", text, LENGTH);
    for (size_t r = 0; r < sizeof rooms / sizeof *rooms; r++)
        for (int gz = 0; gz < 2; gz++) {
            unroll_input *in;
            size_t used = 0, got;
            ck_assert_int_eq(unroll_input_open(gz ? "gz" : "plain", &in), UNROLL_OK);
            do {
                const size_t left = sizeof out - used;
                ck_assert_int_eq(unroll_input_read(in, out + used,
                                                   rooms[r] < left ? rooms[r] : left, &got),
                                 UNROLL_OK);
                used += got;
            } while (got);
            ck_assert_int_eq(unroll_input_read(in, out, 1, &got), UNROLL_OK); /* the end stays */
            ck_assert_uint_eq(got, 0);
            unroll_input_close(in);
            ck_assert_uint_eq(used, gz ? 2 * LENGTH : LENGTH);
            for (size_t at = 0; at < used; at += LENGTH)
                ck_assert_mem_eq(out + at, text, LENGTH);
        }
    unroll_input_close(NULL);
}
END_TEST

START_TEST(what_is_no_file_is_named)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    is_refused("socket", UNROLL_ENOINPUT, "socket: is a socket");
    is_refused(".", UNROLL_ENOINPUT, ".: is a directory");
    is_refused("/dev/null", UNROLL_ENOINPUT, "/dev/null: is a character device");
    is_refused("missing", UNROLL_ENOINPUT, "missing: No such file");
    is_refused("", UNROLL_ENOINPUT, "No such file");
    is_refused("esc\x1b[31m", UNROLL_ENOINPUT, "esc\\x1b[31m: ");
    if (geteuid() != 0) {
        put("secret", "x", 1);
        chmod("secret", 0);
        is_refused("secret", UNROLL_ENOINPUT, "secret: Permission denied");
    }
    close(fd);
}
END_TEST

START_TEST(a_changing_file_is_noticed)
{
    for (int grows = 0; grows < 2; grows++) {
        unroll_input *in;
        char out[4];
        size_t got;
        unroll_status status;

        put("changing", text, LENGTH);
        ck_assert_int_eq(unroll_input_open("changing", &in), UNROLL_OK);
        ck_assert_int_eq(truncate("changing", grows ? LENGTH + 30 : LENGTH / 2), 0);
        do
            status = unroll_input_read(in, out, sizeof out, &got);
        while (status == UNROLL_OK && got);
        ck_assert_int_eq(status, UNROLL_EDATA);
        ck_assert_ptr_nonnull(strstr(unroll_message(), "changed while it was read"));
        unroll_input_close(in);
    }
}
END_TEST

START_TEST(a_file_of_unknown_size_is_read)
{
    size_t length = 0;
    if (access("/proc/self/status", R_OK) != 0)
        return;
    ck_assert_int_eq(slurp("/proc/self/status", 0, &length), UNROLL_OK);
    ck_assert_uint_gt(length, 100);
}
END_TEST

/* gzip */

START_TEST(gzip_of_several_members)
{
    enum { MEMBERS = 3000 }; /* so that members lie across the ends of read buffers */
    static unsigned char packed[MEMBERS * 120];
    static char whole[MEMBERS * LENGTH];
    size_t n = 0;

    for (int i = 0; i < MEMBERS; i++) {
        n += pack_gzip(text, LENGTH, packed + n, sizeof packed - n, i % 7 == 0);
        memcpy(whole + i * LENGTH, text, LENGTH);
    }
    put("many.gz", packed, n);
    is_slurped("many.gz", whole, sizeof whole);
    n = pack_gzip("", 0, packed, sizeof packed, false);
    put("empty.gz", packed, n);
    is_slurped("empty.gz", "", 0);
    n += pack_gzip(text, LENGTH, packed + n, sizeof packed - n, false);
    n += pack_gzip("", 0, packed + n, sizeof packed - n, false);
    put("empty-ends.gz", packed, n);
    is_slurped("empty-ends.gz", text, LENGTH);
}
END_TEST

START_TEST(gzip_cut_at_every_byte)
{
    unsigned char packed[600];
    const size_t first = pack_gzip(text, LENGTH, packed, 300, true);
    const size_t n = first + pack_gzip(text, LENGTH, packed + first, 300, false);
    char because[120];

    put("cut.gz", packed, n);
    for (size_t k = n; k-- > 0;) {
        ck_assert_int_eq(truncate("cut.gz", (off_t)k), 0);
        if (k == first) {
            /* Between two members nothing is missing: the format keeps no count of them. */
            is_slurped("cut.gz", text, LENGTH);
            continue;
        }
        if (k == first + 1) /* one byte of a second member could be anything */
            snprintf(because, sizeof because, "byte %zu: garbage after the end", first);
        else
            snprintf(because, sizeof because,
                     "cut.gz: byte %zu: gzip data are cut off after %zu bytes", k, k);
        is_refused("cut.gz", UNROLL_EDATA, because);
    }
    put("cut", packed, 1); /* one byte of the magic without the name */
    is_refused("cut", UNROLL_EDATA, "cut off after 1 bytes");
}
END_TEST

START_TEST(gzip_with_any_bit_flipped)
{
    unsigned char packed[300];
    const size_t n = pack_gzip(text, LENGTH, packed, sizeof packed, false);
    size_t harmless = 0;

    for (size_t bit = 0; bit < 8 * n; bit++) {
        char *data;
        size_t length;

        packed[bit / 8] ^= (unsigned char)(1 << bit % 8);
        put("flipped.gz", packed, n);
        packed[bit / 8] ^= (unsigned char)(1 << bit % 8);
        const unroll_status status = unroll_input_slurp("flipped.gz", 0, &data, &length);
        if (status == UNROLL_OK) {
            /* No CRC covers a header's flag "is text", time, hints and system (bytes 3 to 9) nor the
             * padding of the last block; and a copy may come from another place with the same words.
             * In each case it is the same text. */
            ck_assert_msg(bit == 24 || bit / 8 >= 4, "bit %zu was not noticed", bit);
            ck_assert_uint_eq(length, LENGTH);
            ck_assert_mem_eq(data, text, LENGTH);
            harmless++;
        } else {
            ck_assert_int_eq(status, UNROLL_EDATA);
            ck_assert_ptr_nonnull(strstr(unroll_message(), "flipped.gz: byte "));
        }
        unroll_free(data);
    }
    ck_assert_uint_ge(harmless, 6 * 8 + 1);
    ck_assert_uint_le(harmless, 6 * 8 + 1 + 7 + 8);
}
END_TEST

START_TEST(gzip_with_a_wrong_end)
{
    unsigned char packed[300];
    const size_t n = pack_gzip(text, LENGTH, packed, sizeof packed, false);

    for (size_t k = n - 8; k < n; k++) { /* CRC-32, then length */
        packed[k]++;
        put("wrong.gz", packed, n);
        packed[k]--;
        is_refused("wrong.gz", UNROLL_EDATA,
                   k < n - 4 ? "incorrect data check" : "incorrect length check");
    }
}
END_TEST

START_TEST(gzip_with_garbage_behind)
{
    static const struct {
        const char *bytes;
        size_t n;
    } row[] = {{"\n", 1},   {"\0", 1},       {"\0\0\0\0", 4}, {"text", 4},
               {"\x1f", 1}, {"\x1f\x8a", 2}, {"\x8b\x1f", 2}};
    unsigned char packed[400];
    const size_t n = pack_gzip(text, LENGTH, packed, 300, false);
    char because[120];

    snprintf(because, sizeof because,
             "byte %zu: garbage after the end of the gzip data, after %zu bytes", n, n);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        memcpy(packed + n, row[i].bytes, row[i].n);
        put("garbage.gz", packed, n + row[i].n);
        is_refused("garbage.gz", UNROLL_EDATA, because);
    }
    memcpy(packed + n, "\x1f\x8b\x07\0", 4); /* a member by another method */
    put("garbage.gz", packed, n + 4);
    is_refused("garbage.gz", UNROLL_EDATA, "unknown compression method");
}
END_TEST

START_TEST(gzip_in_name_only)
{
    put("text.gz", text, LENGTH);
    is_refused("text.gz", UNROLL_EDATA, "text.gz: byte 0: is not gzip");
    put("text.gz", "x", 1);
    is_refused("text.gz", UNROLL_EDATA, "text.gz: byte 1: gzip data are cut off");
}
END_TEST

/* Bounds */

START_TEST(the_bound_is_exact)
{
    unsigned char packed[300];
    size_t length;

    put("plain", text, LENGTH);
    put("gz", packed, pack_gzip(text, LENGTH, packed, sizeof packed, false));
    for (int gz = 0; gz < 2; gz++) {
        const char *const path = gz ? "gz" : "plain";
        ck_assert_int_eq(slurp(path, LENGTH, &length), UNROLL_OK);
        ck_assert_uint_eq(length, LENGTH);
        ck_assert_int_eq(slurp(path, UINT64_MAX, &length), UNROLL_OK);
        ck_assert_int_eq(slurp(path, LENGTH - 1, &length), UNROLL_EDATA);
        ck_assert_ptr_nonnull(strstr(program_message(), "--max-input"));
        ck_assert_int_eq(slurp(path, 1, &length), UNROLL_EDATA);
    }
}
END_TEST

START_TEST(a_large_file_is_refused_unread)
{
    size_t length;
    put("sparse", "", 0);
    if (truncate("sparse", (off_t)1 << 40) != 0) /* a terabyte with nothing in it */
        return;
    ck_assert_int_eq(slurp("sparse", 1000, &length), UNROLL_EDATA);
}
END_TEST

START_TEST(a_bomb_is_refused_early)
{
    enum { ZEROS = 64 << 20, BOUND = 1000000 };
    unsigned char *const packed = malloc(1 << 20);
    void *const zeros = calloc(ZEROS, 1);
    size_t length;

    put("bomb.gz", packed, pack_gzip(zeros, ZEROS, packed, 1 << 20, false));
    free(zeros);
    free(packed);
    ck_assert_int_eq(slurp("bomb.gz", BOUND, &length), UNROLL_EDATA);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "more than 1000000 bytes when unpacked"));
}
END_TEST

/* Write to a FIFO from a child. */
static pid_t feed(const char *fifo, const char *data, size_t length)
{
    const pid_t child = fork();
    if (child == 0) {
        FILE *f = fopen(fifo, "w");
        if (f && fwrite(data, 1, length, f) == length)
            fclose(f);
        _exit(0);
    }
    return child;
}

static void comes_whole(const char *path, uint64_t max, const char *want, size_t want_length)
{
    char *data;
    size_t length;
    OK(unroll_input_slurp(path, max, &data, &length));
    ck_assert_uint_eq(length, want_length);
    ck_assert(memcmp(data, want, length) == 0 && data[length] == '\0');
    unroll_free(data);
}

/* Of which more comes than is kept before its end is known: 16 MB. */
START_TEST(fault_21_what_is_long_and_of_unknown_length)
{
    static const size_t lengths[] = {(16 << 20) - 2, (16 << 20) - 1, 16 << 20, (16 << 20) + 1,
                                     35 << 20};
    const size_t n = lengths[_i], room = 2 << 20;
    char *const long_text = malloc(n);
    unsigned char *const packed = malloc(room);
    size_t length;
    for (size_t i = 0; i < n; i++)
        long_text[i] = (char)('a' + i / 1000 % 23);
    setenv("TMPDIR", directory, 1);
    const size_t half = n / 2; /* two members */
    size_t used = pack_gzip(long_text, half, packed, room, false);
    used += pack_gzip(long_text + half, n - half, packed + used, room - used, false);
    put("long.gz", packed, used);
    comes_whole("long.gz", n, long_text, n);
    comes_whole("long.gz", 0, long_text, n);
    ck_assert_int_eq(slurp("long.gz", n - 1, &length), UNROLL_EDATA);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "when unpacked"));
    put("cut.gz", packed, used - 1);
    is_refused("cut.gz", UNROLL_EDATA, "are cut off");

    ck_assert_int_eq(mkfifo("fifo", 0600), 0);
    pid_t child = feed("fifo", long_text, n);
    comes_whole("fifo", n, long_text, n);
    waitpid(child, NULL, 0);
    child = feed("fifo", (const char *)packed, used);
    comes_whole("fifo", UINT64_MAX, long_text, n);
    waitpid(child, NULL, 0);
    child = feed("fifo", long_text, n);
    ck_assert_int_eq(slurp("fifo", n - 1, &length), UNROLL_EDATA);
    waitpid(child, NULL, 0);
    ck_assert_uint_eq(entries(directory, NULL), 3); /* what was put aside has no name */
    free(packed);
    free(long_text);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("input");
    TCase *const t = new_case(suite, "input");
    tcase_add_checked_fixture(t, enter_directory, leave_directory);
    tcase_add_test(t, plain_files_come_as_they_are);
    tcase_add_test(t, reads_of_any_size_give_the_same);
    tcase_add_test(t, what_is_no_file_is_named);
    tcase_add_test(t, a_changing_file_is_noticed);
    tcase_add_test(t, a_file_of_unknown_size_is_read);
    tcase_add_test(t, gzip_of_several_members);
    tcase_add_test(t, gzip_cut_at_every_byte);
    tcase_add_test(t, gzip_with_any_bit_flipped);
    tcase_add_test(t, gzip_with_a_wrong_end);
    tcase_add_test(t, gzip_with_garbage_behind);
    tcase_add_test(t, gzip_in_name_only);
    tcase_add_test(t, the_bound_is_exact);
    tcase_add_test(t, a_large_file_is_refused_unread);
    tcase_add_test(t, a_bomb_is_refused_early);
    tcase_add_loop_test(t, fault_21_what_is_long_and_of_unknown_length, 0, 5);
    return suite;
}
