#include <unroll/version.h>

int unroll_version_number(void)
{
    return UNROLL_VERSION_NUMBER;
}

const char *unroll_version_string(void)
{
    return UNROLL_VERSION;
}
