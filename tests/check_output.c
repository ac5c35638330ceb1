/* src/base/output.c: a file appears whole or not at all, whatever fails. */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/output.h"
#include "own_directory.h"
#include "runner.h"

static void contains(const char *path, const void *data, size_t length)
{
    char *const got = malloc(length + 1);
    ck_assert_uint_eq(get(path, got, length + 1), length);
    if (length)
        ck_assert_mem_eq(got, data, length);
    free(got);
}

static void message_says(const char *what)
{
    ck_assert_msg(strstr(unroll_message(), what) != NULL, "'%s' does not say '%s'",
                  unroll_message(), what);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "; "));
}

START_TEST(nothing_shows_before_commit)
{
    unroll_output *out;
    char name[256], expected[256];

    ck_assert_int_eq(mkdir("in", 0777), 0);
    ck_assert_int_eq(unroll_output_open("in/file", &out), UNROLL_OK);
    ck_assert_int_eq(unroll_output_write(out, "a\0b", 3), UNROLL_OK);
    ck_assert_int_eq(unroll_output_printf(out, " %d %g", 7, 0.5), UNROLL_OK);
    ck_assert_uint_eq(entries("in", name), 1);
    snprintf(expected, sizeof expected, ".file.tmp-%ld-", (long)getpid());
    ck_assert_int_eq(strncmp(name, expected, strlen(expected)), 0);
    ck_assert_int_eq(unroll_output_commit(out), UNROLL_OK);
    ck_assert_uint_eq(entries("in", name), 1);
    ck_assert_str_eq(name, "file");
    contains("in/file", "a\0b 7 0.5", 9);

    ck_assert_int_eq(unroll_output_open("in/file", &out), UNROLL_OK);
    ck_assert_int_eq(unroll_output_write(out, "new", 3), UNROLL_OK);
    contains("in/file", "a\0b 7 0.5", 9);
    unroll_output_abort(out);
    unroll_output_abort(NULL);
    contains("in/file", "a\0b 7 0.5", 9);
    ck_assert_int_eq(unroll_output_file("in/file", "", 0), UNROLL_OK);
    contains("in/file", "", 0);
    ck_assert_uint_eq(entries("in", NULL), 1);
}
END_TEST

START_TEST(writes_of_any_size_follow_each_other)
{
    static const size_t sizes[] = {0, 1, 65535, 1, 65536, 65537, 3, 200000, 100, 65500};
    static char data[600000];
    unroll_output *out;
    size_t at = 0;

    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (char)(i * i % 251);
    ck_assert_int_eq(unroll_output_open("sizes", &out), UNROLL_OK);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; at += sizes[i++])
        ck_assert_int_eq(unroll_output_write(out, data + at, sizes[i]), UNROLL_OK);
    ck_assert_int_eq(unroll_output_commit(out), UNROLL_OK);
    contains("sizes", data, at);

    memset(data, 'x', 5000);
    data[5000] = '\0';
    for (int length = 500; length < 5000; length += length < 520 ? 1 : 999) { /* around its buffer */
        ck_assert_int_eq(unroll_output_open("printed", &out), UNROLL_OK);
        ck_assert_int_eq(unroll_output_printf(out, "%.*s|", length, data), UNROLL_OK);
        ck_assert_int_eq(unroll_output_commit(out), UNROLL_OK);
        data[length] = '|';
        contains("printed", data, (size_t)length + 1);
        data[length] = 'x';
    }
}
END_TEST

START_TEST(the_mode_is_by_umask)
{
    struct stat st;
    umask(027);
    ck_assert_int_eq(unroll_output_file("file", "x", 1), UNROLL_OK);
    ck_assert_int_eq(stat("file", &st), 0);
    ck_assert_int_eq(st.st_mode & 07777, 0640);
}
END_TEST

START_TEST(a_full_disk_leaves_the_old_file)
{
    /* A file-size limit stands for a full disk. Sizes below the buffer fail only in the commit. */
    static const size_t sizes[] = {3000, 60000, 70000, 1000000};
    static char data[1000000];
    struct rlimit limit;

    put_text("model", "the old one");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int whole = 0; whole < 2; whole++) {
            unroll_output *out;
            unroll_status wrote = UNROLL_OK, status;

            getrlimit(RLIMIT_FSIZE, &limit);
            const rlim_t before = limit.rlim_cur;
            limit.rlim_cur = 2000;
            setrlimit(RLIMIT_FSIZE, &limit);
            if (whole) {
                status = unroll_output_file("model", data, sizes[i]);
            } else {
                status = unroll_output_open("model", &out);
                for (size_t at = 0; status == UNROLL_OK && at < sizes[i]; at += 1000)
                    if (unroll_output_write(out, data + at, 1000) != UNROLL_OK)
                        wrote = UNROLL_EIO; /* and go on: the commit must remember */
                status = unroll_output_commit(out);
            }
            limit.rlim_cur = before;
            setrlimit(RLIMIT_FSIZE, &limit);

            ck_assert_int_eq(status, UNROLL_EIO);
            ck_assert_int_eq(wrote != UNROLL_OK, !whole && sizes[i] > 65536);
            message_says("model: cannot be written: File too large");
            contains("model", "the old one", 11);
            ck_assert_uint_eq(entries(".", NULL), 1);
        }
    ck_assert_int_eq(unroll_output_file("model", "the new one", 11), UNROLL_OK);
    contains("model", "the new one", 11);
}
END_TEST

START_TEST(a_failing_rename_leaves_nothing)
{
    unroll_output *out;

    ck_assert_int_eq(unroll_output_open("file", &out), UNROLL_OK);
    ck_assert_int_eq(unroll_output_write(out, "x", 1), UNROLL_OK);
    ck_assert_int_eq(mkdir("file", 0777), 0);
    put_text("file/inside", "x");
    ck_assert_int_eq(unroll_output_commit(out), UNROLL_EIO);
    message_says("file: cannot be written: ");
    ck_assert_uint_eq(entries(".", NULL), 1);
    contains("file/inside", "x", 1);

    ck_assert_int_eq(mkdir("gone", 0777), 0);
    ck_assert_int_eq(unroll_output_open("gone/file", &out), UNROLL_OK);
    ck_assert_int_eq(system("rm -r gone"), 0);
    ck_assert_int_eq(unroll_output_commit(out), UNROLL_EIO);
}
END_TEST

START_TEST(what_cannot_be_created_is_refused)
{
    static const char *const bad[] = {
        "missing/file", "directory", "directory/", "",
        "file/inside",  "/dev/null", "fifo",       "/proc/version-of-ours"};
    struct stat st;
    unroll_output *out;

    mkdir("directory", 0777);
    put_text("file", "x");
    mkfifo("fifo", 0600);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_msg(unroll_output_open(bad[i], &out) == UNROLL_ECREATE, "'%s'", bad[i]);
        ck_assert_ptr_null(out);
        message_says("cannot be created: ");
        ck_assert_int_eq(unroll_output_file(bad[i], "x", 1), UNROLL_ECREATE);
    }
    ck_assert(stat("/dev/null", &st) == 0 && S_ISCHR(st.st_mode));
    ck_assert_uint_eq(entries(".", NULL), 3);
    if (geteuid() != 0) {
        chmod("directory", 0555);
        ck_assert_int_eq(unroll_output_file("directory/file", "x", 1), UNROLL_ECREATE);
    }
}
END_TEST

START_TEST(the_longest_name_is_written)
{
    char name[256];
    memset(name, 'n', 255);
    name[255] = '\0';
    ck_assert_int_eq(unroll_output_file(name, "x", 1), UNROLL_OK);
    contains(name, "x", 1);
    ck_assert_uint_eq(entries(".", NULL), 1);
}
END_TEST

START_TEST(a_name_in_use_is_passed_over)
{
    char name[100];
    unroll_output *out;
    for (int i = 0; i < 3; i++) { /* as a killed process with our number would leave */
        snprintf(name, sizeof name, ".file.tmp-%ld-%d", (long)getpid(), i);
        put_text(name, "another's");
    }
    ck_assert_int_eq(unroll_output_open("file", &out), UNROLL_OK);
    ck_assert_int_eq(unroll_output_commit(out), UNROLL_OK);
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof name, ".file.tmp-%ld-%d", (long)getpid(), i);
        contains(name, "another's", 9);
    }
}
END_TEST

START_TEST(clean_takes_only_what_is_stale)
{
    /* The dead process's number goes between the two. */
    static const char *const kept[][2] = {
        {"model.tmp-", "-0"},   {".model.tmp-", ""},    {".model.tmp-", "-"},
        {".tmp-", "-0"},        {".model.tmp-", "x-0"}, {".model.tmp-", "-0x"},
        {".model.tmp--", "-0"}, {".model.tmp-0-", ""},  {".model.tmp-99999999999", "-0"},
        {".model.tmp", ""}};
    const size_t n = sizeof kept / sizeof *kept;
    char name[200];
    const pid_t dead = fork();

    if (dead == 0)
        _exit(0);
    waitpid(dead, NULL, 0);
    for (size_t i = 0; i < n; i++) {
        snprintf(name, sizeof name, "%s%ld%s", kept[i][0], (long)dead, kept[i][1]);
        put_text(name, "kept");
    }
    snprintf(name, sizeof name, ".model.tmp-%ld-0", (long)getpid()); /* somebody writes it now */
    put_text(name, "kept");
    snprintf(name, sizeof name, ".model.tmp-%ld-0", (long)dead);
    put_text(name, "stale");
    snprintf(name, sizeof name, ".a.tmp-1-1.csv.tmp-%ld-123", (long)dead);
    put_text(name, "stale");
    snprintf(name, sizeof name, ".directory.tmp-%ld-5", (long)dead);
    mkdir(name, 0777); /* no file: not made here */

    ck_assert_uint_eq(entries(".", NULL), n + 4);
    unroll_output_clean(".");
    ck_assert_uint_eq(entries(".", NULL), n + 2);
    ck_assert_int_eq(rmdir(name), 0);
    snprintf(name, sizeof name, ".model.tmp-%ld-0", (long)getpid());
    contains(name, "kept", 4);
    unroll_output_clean("missing");
}
END_TEST

START_TEST(a_killed_writer_leaves_one_temporary)
{
    int status;
    unroll_output *out;
    const pid_t child = fork();

    if (child == 0) {
        if (unroll_output_open("file", &out) == UNROLL_OK)
            raise(SIGKILL);
        _exit(0);
    }
    waitpid(child, &status, 0);
    ck_assert(WIFSIGNALED(status));
    ck_assert_uint_eq(entries(".", NULL), 1);
    unroll_output_clean(".");
    ck_assert_uint_eq(entries(".", NULL), 0);
}
END_TEST

START_TEST(directories_are_made)
{
    struct stat st;
    char path[400];

    ck_assert_int_eq(unroll_make_directory("a/b//c///"), UNROLL_OK);
    ck_assert(stat("a/b/c", &st) == 0 && S_ISDIR(st.st_mode));
    ck_assert_int_eq(unroll_make_directory("a/b/c"), UNROLL_OK);
    ck_assert_int_eq(unroll_make_directory("a/../a/b/./d"), UNROLL_OK);
    ck_assert_int_eq(unroll_make_directory("."), UNROLL_OK);
    ck_assert_int_eq(unroll_make_directory("/"), UNROLL_OK);
    snprintf(path, sizeof path, "%s/x/y", directory);
    ck_assert_int_eq(unroll_make_directory(path), UNROLL_OK);
    ck_assert_int_eq(rmdir("x/y"), 0);

    put_text("file", "x");
    ck_assert_int_eq(unroll_make_directory("file"), UNROLL_ECREATE);
    message_says("file: cannot be created: Not a directory");
    ck_assert_int_eq(unroll_make_directory("file/inside"), UNROLL_ECREATE);
    ck_assert_int_eq(unroll_make_directory(""), UNROLL_ECREATE);
    memset(path, 'n', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    ck_assert_int_eq(unroll_make_directory(path), UNROLL_ECREATE);
}
END_TEST

START_TEST(flush_sees_what_was_lost)
{
    FILE *file = fopen("file", "w");
    fputs("x", file);
    ck_assert_int_eq(unroll_flush(file, "file"), UNROLL_OK);
    fclose(file);
    if (access("/dev/full", W_OK) != 0)
        return;

    file = fopen("/dev/full", "w");
    fputs("x", file);
    ck_assert_int_eq(unroll_flush(file, "standard output"), UNROLL_EIO);
    ck_assert_int_eq(errno, ENOSPC);
    message_says("standard output: cannot be written: No space left");
    fclose(file);

    file = fopen("/dev/full", "w");
    setvbuf(file, NULL, _IONBF, 0);
    fputs("x", file); /* lost at once: the flush itself has nothing left to do */
    ck_assert_int_eq(unroll_flush(file, "standard output"), UNROLL_EIO);
    message_says("an earlier write failed");
    fclose(file);
}
END_TEST

/* Whichever allocation fails: UNROLL_EMEMORY, the old file stays, no temporary, no leak. */
START_TEST(every_allocation_may_fail)
{
    static char text[3000];
    long n = 0;
    unroll_status status;

    memset(text, 'x', sizeof text - 1);
    put_text("file", "old");
    do {
        unroll_output *out;
        unroll_fail(UNROLL_EBUG, "of before");
        unroll_alloc_fail_after(n++);
        status = unroll_output_open("file", &out);
        if (status == UNROLL_OK && (status = unroll_output_printf(out, "%s", text)) != UNROLL_OK)
            unroll_output_abort(out);
        unroll_alloc_fail_after(-1);
        if (status == UNROLL_OK) {
            unroll_output_abort(out);
            break;
        }
        ck_assert_int_eq(status, UNROLL_EMEMORY);
        message_says("no memory for ");
        contains("file", "old", 3);
        ck_assert_uint_eq(entries(".", NULL), 1);
    } while (status != UNROLL_OK);
    ck_assert_int_eq(n, 5); /* the output, two names and the long text */

    unroll_alloc_fail_after(0);
    ck_assert_int_eq(unroll_make_directory("a/b"), UNROLL_EMEMORY);
    unroll_alloc_fail_after(-1);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("output");
    TCase *const t = new_case(suite, "output");
    tcase_add_checked_fixture(t, enter_directory, leave_directory);
    tcase_add_test(t, nothing_shows_before_commit);
    tcase_add_test(t, writes_of_any_size_follow_each_other);
    tcase_add_test(t, the_mode_is_by_umask);
    tcase_add_test(t, a_full_disk_leaves_the_old_file);
    tcase_add_test(t, a_failing_rename_leaves_nothing);
    tcase_add_test(t, what_cannot_be_created_is_refused);
    tcase_add_test(t, the_longest_name_is_written);
    tcase_add_test(t, a_name_in_use_is_passed_over);
    tcase_add_test(t, clean_takes_only_what_is_stale);
    tcase_add_test(t, a_killed_writer_leaves_one_temporary);
    tcase_add_test(t, directories_are_made);
    tcase_add_test(t, flush_sees_what_was_lost);
    tcase_add_test(t, every_allocation_may_fail);
    return suite;
}
