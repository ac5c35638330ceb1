/* The one main() of the test programs, and what every make_suite() needs. */
#include "runner.h"

#include <stdlib.h>

TCase *new_case(Suite *suite, const char *name)
{
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 60);
    suite_add_tcase(suite, tcase);
    return tcase;
}

/* srcdir, from which files are read, holds also for tests that change their directory. */
static void make_srcdir_absolute(void)
{
    const char *srcdir = getenv("srcdir");
    char *path = realpath(srcdir ? srcdir : ".", NULL);
    if (path)
        setenv("srcdir", path, 1);
    free(path);
}

int main(void)
{
    make_srcdir_absolute();
    SRunner *runner = srunner_create(make_suite());
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
