#ifndef TESTS_RUN_DIRECTORY_H
#define TESTS_RUN_DIRECTORY_H
#include <sys/resource.h>
#include <unroll/config.h>

/* A run's directory inside the test's own, for checks of what is written there. */

extern char dir[64]; /**< its path; nothing makes it */

/** Enters the test's own directory and names the run's in it; leave_directory() undoes it. */
void enter_run(void);

/** The path of a name in it; good for four calls. */
const char *in(const char *name);

/** A status, and a part of its message. */
void expect(unroll_status got, unroll_status want, const char *part);

unroll_config *default_config(void); /**< of a small, quick training */
void limit_file_size(rlim_t bytes);  /**< a disk that is full */
#endif
