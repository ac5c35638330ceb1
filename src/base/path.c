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

const char *unroll_path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

char *unroll_path_directory(const char *path)
{
    const size_t n = (size_t)(unroll_path_name(path) - path); /* the '/' included */
    return n ? unroll_strndup(path, n > 1 ? n - 1 : 1) : unroll_strndup(".", 1);
}
