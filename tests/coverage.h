/* Comes before all other headers of a build that measures coverage: what a process ran is written when it returns from
 * main(), so one that leaves in another way writes it first. */
#ifndef TESTS_COVERAGE_H
#define TESTS_COVERAGE_H

#ifdef HAVE_CONFIG_H
#include <config.h>
#endif
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

void __gcov_dump(void);
void __gcov_reset(void);

/* A file of no name but the ending tells tests/faults/shim.c that the program's own calls are over. */
#define COVERAGE_WRITE() ((void)open("/.gcda", O_RDONLY), __gcov_dump())
#define _exit(status) (COVERAGE_WRITE(), _exit(status))
#define raise(signal) (COVERAGE_WRITE(), __gcov_reset(), raise(signal))
#endif
