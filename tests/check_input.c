/* src/base/input.c: files, FIFOs, standard input and gzip; what is cut, damaged, endless or no file. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <zlib.h>

#include "base/fail.h"
#include "base/input.h"
#include "base/memory.h"

/* Every test works in a directory of its own, which goes with it. */
static char directory[] = "/tmp/unroll-input-XXXXXX";

static void enter_directory(void)
{
    ck_assert_ptr_nonnull(mkdtemp(directory));
    ck_assert_int_eq(chdir(directory), 0);
    signal(SIGPIPE, SIG_IGN);
}

static void leave_directory(void)
{
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", directory);
    ck_assert_int_eq(system(command), 0);
}

static void put(const char *path, const void *data, size_t length)
{
    FILE *const file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(data, 1, length, file), length);
    ck_assert_int_eq(fclose(file), 0);
}

/* One gzip member of `length` bytes of text; with `name` also every optional field of the header.
 * @return its size; `packed` has `room` bytes */
static size_t pack(const void *text, size_t length, unsigned char *packed, size_t room, bool named)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)text, .avail_in = (uInt)length,
                  .next_out = packed, .avail_out = (uInt)room};
    Bytef name[] = "name", comment[] = "comment", extra[] = "ex\2\0ab";
    gz_header header = {.name = name, .comment = comment, .extra = extra, .extra_len = 6, .hcrc = 1};

    ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    if (named)
        ck_assert_int_eq(deflateSetHeader(&z, &header), Z_OK);
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    ck_assert_int_eq(deflateEnd(&z), Z_OK);
    return room - z.avail_out;
}

static unroll_status slurp(const char *path, uint64_t max, size_t *length)
{
    char *data;
    const unroll_status status = unroll_input_slurp(path, max, &data, length);
    ck_assert_int_eq(data != NULL, status == UNROLL_OK);
    if (data)
        ck_assert_int_eq(data[*length], '\0');
    unroll_free(data);
    return status;
}

static void is_slurped(const char *path, const void *text, size_t length)
{
    char *data;
    size_t got;
    ck_assert_msg(unroll_input_slurp(path, 0, &data, &got) == UNROLL_OK, "%s", unroll_message());
    ck_assert_uint_eq(got, length);
    if (length)
        ck_assert_mem_eq(data, text, length);
    ck_assert_int_eq(data[length], '\0');
    unroll_free(data);
}

static void is_refused(const char *path, unroll_status status, const char *because)
{
    size_t length;
    ck_assert_int_eq(slurp(path, 0, &length), status);
    ck_assert_msg(strstr(unroll_message(), because) != NULL, "'%s' does not say '%s'",
                  unroll_message(), because);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "; ")); /* and what to do */
    ck_assert_ptr_null(strchr(unroll_message(), '\n'));
}

/* Text that deflate takes as a real, coded block. */
static const char text[] = "the cat sat on the mat; the cat sat on the hat; the rat ate the cat's mat\n";
enum { LENGTH = sizeof text - 1 };

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
    size_t n = pack(text, LENGTH, packed, 300, true);
    n += pack(text, LENGTH, packed + n, 300, false);

    put("gz", packed, n);
    put("plain", text, LENGTH);
    for (size_t r = 0; r < sizeof rooms / sizeof *rooms; r++)
        for (int gz = 0; gz < 2; gz++) {
            unroll_input *in;
            size_t used = 0, got;
            ck_assert_int_eq(unroll_input_open(gz ? "gz" : "plain", &in), UNROLL_OK);
            do {
                const size_t left = sizeof out - used;
                ck_assert_int_eq(unroll_input_read(in, out + used, rooms[r] < left ? rooms[r] : left,
                                                   &got), UNROLL_OK);
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
        n += pack(text, LENGTH, packed + n, sizeof packed - n, i % 7 == 0);
        memcpy(whole + i * LENGTH, text, LENGTH);
    }
    put("many.gz", packed, n);
    is_slurped("many.gz", whole, sizeof whole);
    n = pack("", 0, packed, sizeof packed, false);
    put("empty.gz", packed, n);
    is_slurped("empty.gz", "", 0);
    n += pack(text, LENGTH, packed + n, sizeof packed - n, false);
    n += pack("", 0, packed + n, sizeof packed - n, false);
    put("empty-ends.gz", packed, n);
    is_slurped("empty-ends.gz", text, LENGTH);
}
END_TEST

START_TEST(gzip_cut_at_every_byte)
{
    unsigned char packed[600];
    const size_t first = pack(text, LENGTH, packed, 300, true);
    const size_t n = first + pack(text, LENGTH, packed + first, 300, false);
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
    const size_t n = pack(text, LENGTH, packed, sizeof packed, false);
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
    const size_t n = pack(text, LENGTH, packed, sizeof packed, false);

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
    } row[] = {{"\n", 1}, {"\0", 1}, {"\0\0\0\0", 4}, {"text", 4},
               {"\x1f", 1}, {"\x1f\x8a", 2}, {"\x8b\x1f", 2}};
    unsigned char packed[400];
    const size_t n = pack(text, LENGTH, packed, 300, false);
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
    put("gz", packed, pack(text, LENGTH, packed, sizeof packed, false));
    for (int gz = 0; gz < 2; gz++) {
        const char *const path = gz ? "gz" : "plain";
        ck_assert_int_eq(slurp(path, LENGTH, &length), UNROLL_OK);
        ck_assert_uint_eq(length, LENGTH);
        ck_assert_int_eq(slurp(path, UINT64_MAX, &length), UNROLL_OK);
        ck_assert_int_eq(slurp(path, LENGTH - 1, &length), UNROLL_EDATA);
        ck_assert_ptr_nonnull(strstr(unroll_message(), "--max-input"));
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

    put("bomb.gz", packed, pack(zeros, ZEROS, packed, 1 << 20, false));
    free(zeros);
    free(packed);
    ck_assert_int_eq(slurp("bomb.gz", BOUND, &length), UNROLL_EDATA);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "more than 1000000 bytes when unpacked"));
}
END_TEST

/* FIFOs and standard input */

typedef struct writer {
    const void *data;
    size_t length, piece; /* written `piece` bytes at a time */
    pthread_t reader;
    bool poke;            /* a signal to the reader before each piece */
    bool endless;
    size_t written;
} writer;

static void *write_pieces(void *arg)
{
    writer *const w = arg;
    const int fd = open("fifo", O_WRONLY);
    ssize_t n = fd < 0 ? -1 : 0;

    for (size_t at = 0; n >= 0 && at < w->length; at = w->endless ? 0 : at + (size_t)n) {
        const size_t left = w->length - at;
        if (w->poke)
            pthread_kill(w->reader, SIGUSR1);
        n = write(fd, (const char *)w->data + at, left < w->piece ? left : w->piece);
        w->written += n > 0 ? (size_t)n : 0;
    }
    close(fd);
    return NULL;
}

static pthread_t start_writer(writer *w)
{
    pthread_t thread;
    w->reader = pthread_self();
    ck_assert(mkfifo("fifo", 0600) == 0 || errno == EEXIST);
    ck_assert_int_eq(pthread_create(&thread, NULL, write_pieces, w), 0);
    return thread;
}

static void nothing(int number)
{
    (void)number;
}

START_TEST(fifos_are_read)
{
    unsigned char packed[600];
    const size_t n = pack(text, LENGTH, packed, sizeof packed, true);

    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = nothing}, NULL); /* no SA_RESTART: EINTR */
    for (size_t piece = 1; piece < 400; piece *= 3)
        for (int gz = 0; gz < 2; gz++)
            for (int poke = 0; poke < 2; poke++) {
                writer w = {.data = gz ? (const void *)packed : text, .length = gz ? n : LENGTH,
                            .piece = piece, .poke = poke};
                const pthread_t thread = start_writer(&w);
                is_slurped("fifo", text, LENGTH);
                pthread_join(thread, NULL);
            }
    writer cut = {.data = packed, .length = n - 1, .piece = 5};
    const pthread_t thread = start_writer(&cut);
    is_refused("fifo", UNROLL_EDATA, "cut off after");
    pthread_join(thread, NULL);
}
END_TEST

START_TEST(an_endless_stream_is_bounded)
{
    enum { BOUND = 1000000, PIPE = 1 << 20 };
    static const char block[4096];
    writer w = {.data = block, .length = sizeof block, .piece = sizeof block, .endless = true};
    size_t length;
    const pthread_t thread = start_writer(&w);

    ck_assert_int_eq(slurp("fifo", BOUND, &length), UNROLL_EDATA);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "--max-input"));
    pthread_join(thread, NULL);
    ck_assert_uint_lt(w.written, BOUND + PIPE + 4096); /* what was read, and what the pipe holds */
}
END_TEST

/* Make `path` standard input; with `path` NULL close it. @return the old one */
static int replace_stdin(const char *path, int flags)
{
    const int old = dup(STDIN_FILENO);
    if (!path) {
        close(STDIN_FILENO);
        return old;
    }
    const int fd = open(path, flags);
    ck_assert_int_ge(fd, 0);
    if (fd != STDIN_FILENO) {
        ck_assert_int_eq(dup2(fd, STDIN_FILENO), STDIN_FILENO);
        close(fd);
    }
    return old;
}

START_TEST(standard_input_is_read)
{
    unsigned char packed[300];
    const size_t n = pack(text, LENGTH, packed, sizeof packed, false);

    put("plain", text, LENGTH);
    replace_stdin("plain", O_RDONLY);
    is_slurped("-", text, LENGTH);
    lseek(STDIN_FILENO, 10, SEEK_SET); /* as after `read line`: the rest */
    is_slurped("-", text + 10, LENGTH - 10);
    ck_assert_int_ge(fcntl(STDIN_FILENO, F_GETFD), 0); /* it is still open */

    put("gz", packed, n);
    replace_stdin("gz", O_RDONLY);
    is_slurped("-", text, LENGTH);
    put("gz", packed, n - 2);
    replace_stdin("gz", O_RDONLY);
    is_refused("-", UNROLL_EDATA, "standard input: byte ");

    replace_stdin("/dev/null", O_RDONLY);
    is_slurped("-", "", 0);
    replace_stdin(".", O_RDONLY);
    is_refused("-", UNROLL_ENOINPUT, "standard input: is a directory");
    replace_stdin("plain", O_WRONLY);
    is_refused("-", UNROLL_EIO, "standard input: byte 0: cannot be read");
    replace_stdin(NULL, 0);
    is_refused("-", UNROLL_ENOINPUT, "standard input: Bad file descriptor");
    is_slurped("plain", text, LENGTH); /* which is descriptor 0 now */
    ck_assert_int_lt(fcntl(STDIN_FILENO, F_GETFD), 0);
}
END_TEST

START_TEST(non_blocking_standard_input_is_waited_for)
{
    int ends[2];
    size_t got;
    char out[2];
    unroll_input *in;

    ck_assert_int_eq(pipe(ends), 0);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    dup2(ends[0], STDIN_FILENO);
    const pid_t child = fork();
    if (child == 0) {
        usleep(20000);
        _exit(write(ends[1], "x", 1) != 1);
    }
    ck_assert_int_eq(unroll_input_open("-", &in), UNROLL_OK);
    ck_assert_int_eq(unroll_input_read(in, out, 2, &got), UNROLL_OK);
    ck_assert_uint_eq(got, 1);
    ck_assert_int_eq(out[0], 'x');
    unroll_input_close(in);
}
END_TEST

/* Lines */

static void next_is(unroll_lines *lines, const char *expected, size_t length)
{
    char *line;
    size_t got;
    ck_assert_int_eq(unroll_lines_next(lines, &line, &got), UNROLL_OK);
    ck_assert_int_eq(line != NULL, expected != NULL);
    ck_assert_uint_eq(got, length);
    if (expected)
        ck_assert_mem_eq(line, expected, length + 1); /* a NUL behind */
}

START_TEST(lines_come_one_by_one)
{
    unroll_lines *lines;

    put("lines", "one\n\nthr\0ee\r\nlast", 17);
    ck_assert_int_eq(unroll_lines_open("lines", &lines), UNROLL_OK);
    next_is(lines, "one", 3);
    next_is(lines, "", 0);
    next_is(lines, "thr\0ee\r", 7);
    next_is(lines, "last", 4);
    next_is(lines, NULL, 0);
    next_is(lines, NULL, 0);
    unroll_lines_close(lines);

    put("newline", "\n", 1);
    ck_assert_int_eq(unroll_lines_open("newline", &lines), UNROLL_OK);
    next_is(lines, "", 0);
    next_is(lines, NULL, 0);
    unroll_lines_close(lines);

    put("empty", "", 0);
    ck_assert_int_eq(unroll_lines_open("empty", &lines), UNROLL_OK);
    next_is(lines, NULL, 0);
    unroll_lines_close(lines);

    ck_assert_int_eq(unroll_lines_open("missing", &lines), UNROLL_ENOINPUT);
    ck_assert_ptr_null(lines);
    unroll_lines_close(NULL);
}
END_TEST

START_TEST(lines_of_any_length)
{
    static char line[400001];
    FILE *const file = fopen("long", "wb");
    unroll_lines *lines;

    memset(line, 'x', sizeof line - 1);
    for (int n = 1; n < 400000; n = n * 5 / 2 + 1)
        fprintf(file, "%.*s\nshort\n", n, line);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(unroll_lines_open("long", &lines), UNROLL_OK);
    for (int n = 1; n < 400000; n = n * 5 / 2 + 1) {
        line[n] = '\0';
        next_is(lines, line, (size_t)n);
        line[n] = 'x';
        next_is(lines, "short", 5);
    }
    next_is(lines, NULL, 0);
    unroll_lines_close(lines);
}
END_TEST

START_TEST(lines_do_not_wait_for_more)
{
    int ends[2];
    unroll_lines *lines;

    ck_assert_int_eq(pipe(ends), 0);
    dup2(ends[0], STDIN_FILENO);
    ck_assert_int_eq(unroll_lines_open("-", &lines), UNROLL_OK); /* nothing was written yet */
    ck_assert_int_eq(write(ends[1], "\n", 1), 1);
    next_is(lines, "", 0);
    ck_assert_int_eq(write(ends[1], "one\ntw", 6), 6);
    next_is(lines, "one", 3); /* the pipe is still open: waiting would time out */
    ck_assert_int_eq(write(ends[1], "o\n", 2), 2);
    next_is(lines, "two", 3);
    close(ends[1]);
    next_is(lines, NULL, 0);
    unroll_lines_close(lines);
}
END_TEST

START_TEST(lines_without_end_are_refused)
{
    const size_t n = 2 * (size_t)UNROLL_LINE_MAX + 100;
    char *const data = malloc(n), *line;
    unroll_lines *lines;
    size_t length;

    memset(data, 'x', n);
    data[5] = '\n';
    put("endless", data, n);
    free(data);
    ck_assert_int_eq(unroll_lines_open("endless", &lines), UNROLL_OK);
    next_is(lines, "xxxxx", 5);
    ck_assert_int_eq(unroll_lines_next(lines, &line, &length), UNROLL_EDATA);
    ck_assert_ptr_null(line);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "endless:2: line is longer"));
    unroll_lines_close(lines);
}
END_TEST

/* Memory: with the n-th allocation failing, for every n, it is UNROLL_EMEMORY and nothing leaks (which
 * the address sanitizer sees). */

static unroll_status all_lines(const char *path)
{
    unroll_lines *lines;
    char *line;
    size_t length;
    unroll_status status = unroll_lines_open(path, &lines);

    if (status != UNROLL_OK)
        return status;
    do
        status = unroll_lines_next(lines, &line, &length);
    while (status == UNROLL_OK && line);
    unroll_lines_close(lines);
    return status;
}

START_TEST(every_allocation_may_fail)
{
    enum { N = 500000 };
    char *const data = malloc(N);
    unsigned char *const packed = malloc(N);

    for (size_t i = 0; i < N; i++)
        data[i] = i % 200000 ? (char)('a' + i * i % 23) : '\n';
    put("plain", data, N);
    put("packed.gz", packed, pack(data, N, packed, N, false));
    free(data);
    free(packed);
    for (int kind = 0; kind < 4; kind++) {
        const char *const path = kind % 2 ? "packed.gz" : "plain";
        unroll_status status;
        size_t length;
        long n = 0;
        do {
            unroll_fail(UNROLL_EBUG, "of before");
            unroll_alloc_fail_after(n++);
            status = kind < 2 ? slurp(path, 0, &length) : all_lines(path);
            unroll_alloc_fail_after(-1);
            ck_assert(status == UNROLL_OK ||
                      (status == UNROLL_EMEMORY && strstr(unroll_message(), "no memory for ")));
        } while (status != UNROLL_OK);
        ck_assert_int_gt(n, kind % 2 ? 6 : 3); /* in, its name, the data; inflate's own and growing */
    }
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("input");
    TCase *const t = tcase_create("input");
    tcase_set_timeout(t, 60);
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
    tcase_add_test(t, fifos_are_read);
    tcase_add_test(t, an_endless_stream_is_bounded);
    tcase_add_test(t, standard_input_is_read);
    tcase_add_test(t, non_blocking_standard_input_is_waited_for);
    tcase_add_test(t, lines_come_one_by_one);
    tcase_add_test(t, lines_of_any_length);
    tcase_add_test(t, lines_do_not_wait_for_more);
    tcase_add_test(t, lines_without_end_are_refused);
    tcase_add_test(t, every_allocation_may_fail);
    suite_add_tcase(suite, t);

    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
