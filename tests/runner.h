#ifndef TESTS_RUNNER_H
#define TESTS_RUNNER_H
#include <check.h>

/** The tests of a program; each check_*.c defines it, and runner.c's main() runs them. Whatever the tests share is
 *  set up here, before Check forks for each of them. */
Suite *make_suite(void);
#endif
