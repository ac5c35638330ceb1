#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fail.h"
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

bool unroll_directory_each(const char *directory, bool (*visit)(void *arg, const char *name),
                           void *arg)
{
    DIR *const dir = opendir(directory);
    const struct dirent *entry;
    if (!dir)
        return false;
    errno = 0; /* readdir() tells an error from the end by it alone */
    while ((entry = readdir(dir))) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            !visit(arg, entry->d_name))
            break;
        errno = 0;
    }
    const int error = entry ? 0 : errno;
    closedir(dir);
    errno = error;
    return error == 0;
}

unroll_status unroll_check_own(const char *path, bool folder)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return errno == ENOENT || errno == ENOTDIR
                   ? UNROLL_OK
                   : unroll_fail(UNROLL_ENOINPUT, "%s: %s", path, strerror(errno));
    if (folder ? S_ISDIR(st.st_mode) : S_ISREG(st.st_mode))
        return UNROLL_OK;
    return unroll_fail(UNROLL_ENOINPUT, "%s: is %s, where a %s of ours should be; move it away", path,
                       S_ISLNK(st.st_mode)    ? "a symbolic link"
                       : S_ISDIR(st.st_mode)  ? "a directory"
                       : S_ISREG(st.st_mode)  ? "a file"
                       : S_ISFIFO(st.st_mode) ? "a FIFO"
                       : S_ISSOCK(st.st_mode) ? "a socket"
                                              : "a device",
                       folder ? "directory" : "file");
}

char *unroll_path_join(const char *directory, const char *name)
{
    return unroll_path_join_ending(directory, name, "");
}
