/* Files and texts for fuzz targets. */
#define FUZZ_SHARED /* no target, and so no main() */
#include "fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[64];

/* Everything that lies in a directory without directories in it. */
static void empty(const char *path)
{
    char name[512];
    DIR *dir = opendir(path);
    for (const struct dirent *d; dir && (d = readdir(dir));) {
        snprintf(name, sizeof name, "%s/%s", path, d->d_name);
        if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
            unlink(name);
    }
    if (dir)
        closedir(dir);
}

static void remove_directory(void)
{
    empty(directory);
    rmdir(directory);
}

const char *fuzz_directory(void)
{
    if (*directory)
        return directory;
    snprintf(directory, sizeof directory, "%s/unroll-fuzz-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    fuzz_require(mkdtemp(directory));
    atexit(remove_directory);
    return directory;
}

const char *fuzz_file(const char *name, const void *data, size_t size)
{
    static char path[512];
    static int fd = -1; /* of the last input: to open a file takes longer than to write it */
    struct stat st;
    char other[512];
    snprintf(other, sizeof other, "%s/%s", fuzz_directory(), name);
    if (fd < 0 || strcmp(path, other) != 0 || fstat(fd, &st) != 0 || st.st_nlink == 0) {
        if (fd >= 0)
            close(fd);
        memcpy(path, other, sizeof path);
        fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        fuzz_require(fd >= 0 && fstat(fd, &st) == 0);
    }
    fuzz_require(pwrite(fd, data, size, 0) == (ssize_t)size);
    fuzz_require(st.st_size == (off_t)size || ftruncate(fd, (off_t)size) == 0);
    return path;
}

char *fuzz_text(const void *data, size_t size)
{
    char *text = malloc(size + 1);
    fuzz_require(text);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

void fuzz_split(const void *data, size_t size, char **first, char **second)
{
    const char *at = data, *newline = size ? memchr(at, '\n', size) : NULL;
    const size_t head = newline ? (size_t)(newline - at) : size;
    *first = fuzz_text(at, head);
    *second = newline ? fuzz_text(newline + 1, size - head - 1) : fuzz_text("", 0);
}

void fuzz_failed(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    abort();
}
