#include "run_directory.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "own_directory.h"
#include "runner.h"

char dir[64];

void enter_run(void)
{
    enter_directory();
    snprintf(dir, sizeof dir, "%s/run", directory);
}

const char *in(const char *name)
{
    static char path[4][160];
    static size_t next;
    next = (next + 1) % 4;
    snprintf(path[next], sizeof path[next], "%s/%s", dir, name);
    return path[next];
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
