/* The one main() of the test programs, and what every make_suite() needs. */
#include "runner.h"

#include <stdio.h>
#include <stdlib.h>

static char *sources;

/* make's srcdir, kept as an absolute path: tests change their directory. */
static void find_sources(void)
{
    const char *srcdir = getenv("srcdir");
    sources = realpath(srcdir ? srcdir : ".", NULL);
}

const char *source_path(const char *name)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s", sources, name);
    return path;
}

TCase *new_case(Suite *suite, const char *name)
{
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 60);
    suite_add_tcase(suite, tcase);
    return tcase;
}

int main(void)
{
    find_sources();
    SRunner *runner = srunner_create(make_suite());
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    free(sources);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
