#ifndef TESTS_RUN_DIRECTORY_H
#define TESTS_RUN_DIRECTORY_H
#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <unroll/config.h>

/* A run's directory inside one of the test's own, for checks of what is written there. */

#define OK(call) ck_assert_msg((call) == UNROLL_OK, "%s: %s", #call, unroll_message())

extern char top[];   /**< the test's own directory */
extern char dir[64]; /**< of the run, inside; setup() names it, nothing makes it */

void setup(void);    /**< of each test, and what undoes it */
void teardown(void);

/** The path of a name in it; good for four calls. */
const char *in(const char *name);
void put_file(const char *name, const char *text);
const char *get_file(const char *name); /**< a file's text, until the next call */
bool there(const char *name);
size_t names_in_dir(void);         /**< how many, "." and ".." left out */

/** A status, and a part of its message. */
void expect(unroll_status got, unroll_status want, const char *part);

unroll_config *default_config(void); /**< of a small, quick training */
void limit_file_size(rlim_t bytes);  /**< a disk that is full */
#endif
