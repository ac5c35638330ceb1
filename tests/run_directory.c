#include "run_directory.h"

#include <check.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "runner.h"

char top[] = "/tmp/check_run.XXXXXX";
char dir[64];

void setup(void)
{
    unroll_memory_hook_jansson();
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_ptr_nonnull(mkdtemp(top));
    snprintf(dir, sizeof dir, "%s/run", top);
}

void teardown(void)
{
    char command[128];
    unroll_alloc_fail_after(-1);
    snprintf(command, sizeof command, "rm -rf %s", top);
    ck_assert_int_eq(system(command), 0);
}

const char *in(const char *name)
{
    static char path[4][160];
    static size_t next;
    next = (next + 1) % 4;
    snprintf(path[next], sizeof path[next], "%s/%s", dir, name);
    return path[next];
}

void put_file(const char *name, const char *text)
{
    FILE *f = fopen(in(name), "wb");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    ck_assert_int_eq(fclose(f), 0);
}

const char *get_file(const char *name)
{
    static char text[65536];
    FILE *f = fopen(in(name), "rb");
    ck_assert_ptr_nonnull(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    return text;
}

bool there(const char *name)
{
    return access(in(name), F_OK) == 0;
}

size_t names_in_dir(void)
{
    size_t count = 0;
    DIR *d = opendir(dir);
    ck_assert_ptr_nonnull(d);
    while (readdir(d) != NULL)
        count++;
    closedir(d);
    return count - 2;
}

void expect(unroll_status got, unroll_status want, const char *part)
{
    ck_assert_msg(got == want, "status %d, not %d: %s", got, want, unroll_message());
    ck_assert_msg(strstr(program_message(), part) != NULL, "'%s' lacks '%s'", program_message(),
                  part);
}

unroll_config *default_config(void)
{
    unroll_config *c;
    OK(unroll_config_new(&c));
    OK(unroll_config_set(c, "hidden", "5"));
    OK(unroll_config_set(c, "layers", "1"));
    OK(unroll_config_set(c, "lr", "0.1"));
    OK(unroll_config_set(c, "embedding", "3"));
    OK(unroll_config_set(c, "batch", "3"));
    OK(unroll_config_set(c, "seq-length", "4"));
    OK(unroll_config_set(c, "threads", "1"));
    return c;
}

void limit_file_size(rlim_t bytes)
{
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}
