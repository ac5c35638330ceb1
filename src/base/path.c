#include "base/path.h"

#include <string.h>

#include "base/memory.h"

char *unroll_path_join_ending(const char *directory, const char *name, const char *ending)
{
    const size_t before = strlen(directory), middle = strlen(name), after = strlen(ending) + 1;
    char *path = unroll_alloc(before + 1 + middle + after, 1);
    if (!path)
        return NULL;
    memcpy(path, directory, before);
    path[before] = '/';
    memcpy(path + before + 1, name, middle);
    memcpy(path + before + 1 + middle, ending, after);
    return path;
}

char *unroll_path_join(const char *directory, const char *name)
{
    return unroll_path_join_ending(directory, name, "");
}
