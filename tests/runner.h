#ifndef TESTS_RUNNER_H
#define TESTS_RUNNER_H
#include <check.h>

/** The calling thread's last failure as the program shows it, with the dashes of options; valid until the next call.
 *  unroll_message() is what a caller of the library reads. */
const char *program_message(void);

/** The tests of a program; each check_*.c defines it, and runner.c's main() runs them. Whatever the tests share is
 *  set up here, before Check forks for each of them. */
Suite *make_suite(void);

/** The path of a file of the sources, as of "tests/golden/values.bin", from whatever directory; until the next call. */
const char *source_path(const char *name);

/** A case of the suite. A test of it may take a minute, so that a busy machine or a sanitizer fails none. */
TCase *new_case(Suite *suite, const char *name);

#define OK(call) ck_assert_msg((call) == UNROLL_OK, "%s: %s", #call, unroll_message())
#endif
