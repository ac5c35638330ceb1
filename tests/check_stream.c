/* src/base/input.c: FIFOs, standard input, lines, and memory that runs out. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/input.h"
#include "base/memory.h"
#include "input_files.h"
#include "own_directory.h"
#include "runner.h"

/* FIFOs and standard input */

typedef struct writer {
    const void *data;
    size_t length, piece; /* written `piece` bytes at a time */
    pthread_t reader;
    bool poke; /* a signal to the reader before each piece */
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
    const size_t n = pack_gzip(text, LENGTH, packed, sizeof packed, true);

    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = nothing}, NULL); /* no SA_RESTART: EINTR */
    for (size_t piece = 1; piece < 400; piece *= 3)
        for (int gz = 0; gz < 2; gz++)
            for (int poke = 0; poke < 2; poke++) {
                writer w = {.data = gz ? (const void *)packed : text,
                            .length = gz ? n : LENGTH,
                            .piece = piece,
                            .poke = poke};
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
    ck_assert_ptr_nonnull(strstr(program_message(), "--max-input"));
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
    const size_t n = pack_gzip(text, LENGTH, packed, sizeof packed, false);

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
    put("packed.gz", packed, pack_gzip(data, N, packed, N, false));
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

Suite *make_suite(void)
{
    Suite *suite = suite_create("stream");
    TCase *const t = new_case(suite, "stream");
    tcase_add_checked_fixture(t, enter_directory, leave_directory);
    tcase_add_test(t, fifos_are_read);
    tcase_add_test(t, an_endless_stream_is_bounded);
    tcase_add_test(t, standard_input_is_read);
    tcase_add_test(t, non_blocking_standard_input_is_waited_for);
    tcase_add_test(t, lines_come_one_by_one);
    tcase_add_test(t, lines_of_any_length);
    tcase_add_test(t, lines_do_not_wait_for_more);
    tcase_add_test(t, lines_without_end_are_refused);
    tcase_add_test(t, every_allocation_may_fail);
    return suite;
}
