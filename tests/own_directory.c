#include "own_directory.h"

#include <check.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

char directory[32];

void enter_directory(void)
{
    unroll_memory_hook_jansson();
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    strcpy(directory, "/tmp/unroll-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    ck_assert_int_eq(chdir(directory), 0);
}

void leave_directory(void)
{
    char command[64];
    unroll_alloc_fail_after(-1);
    snprintf(command, sizeof command, "rm -rf %s", directory);
    ck_assert_int_eq(system(command), 0);
}

void leave_with_only(const char *path)
{
    unroll_alloc_fail_after(-1);
    unlink(path);
    ck_assert_uint_eq(entries(".", NULL), 0);
    leave_directory();
}

void put(const char *path, const void *data, size_t length)
{
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(data, 1, length, file), length);
    ck_assert_int_eq(fclose(file), 0);
}

void put_text(const char *path, const char *text)
{
    put(path, text, strlen(text));
}

size_t get(const char *path, void *data, size_t room)
{
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s is missing", path);
    const size_t n = fread(data, 1, room, file);
    fclose(file);
    ck_assert_uint_lt(n, room);
    return n;
}

const char *get_text(const char *path)
{
    static char text[65536];
    text[get(path, text, sizeof text)] = '\0';
    return text;
}

bool there(const char *path)
{
    return access(path, F_OK) == 0;
}

size_t entries(const char *path, char name[256])
{
    DIR *dir = opendir(path);
    const struct dirent *entry;
    size_t n = 0;

    ck_assert_ptr_nonnull(dir);
    while ((entry = readdir(dir))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        n++;
        if (name)
            strcpy(name, entry->d_name);
    }
    closedir(dir);
    return n;
}
