/* Reads the kept inputs of a fuzz target, without libFuzzer: all of them, or the files that are given. */
#define FUZZ_SHARED
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "fuzz.h"

/* The target is linked to programs of its own alone. */
static int (*const target)(const uint8_t *, size_t) = LLVMFuzzerTestOneInput;

static bool replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) {
        fprintf(stderr, "%s: cannot be read\n", path);
        return false;
    }
    const long size = ftell(file);
    rewind(file);
    /* exactly as large as the input, so that a sanitizer sees what is read behind it */
    uint8_t *data = malloc(size > 0 ? (size_t)size : 1);
    const bool whole = data && size >= 0 && fread(data, 1, (size_t)size, file) == (size_t)size;
    fclose(file);
    if (whole)
        target(data, (size_t)size);
    free(data);
    return whole;
}

/* "…/fuzz_NAME", with libtool's "lt-" before it or not: NAME. */
static const char *target_name(const char *program)
{
    const char *name = strstr(program, "fuzz_");
    for (const char *next = name; next; next = strstr(next + 1, "fuzz_"))
        name = next;
    return name ? name + strlen("fuzz_") : program;
}

int fuzz_replay(int argc, char **argv)
{
    char folder[1024], path[2048];
    const char *sources = getenv("srcdir");
    size_t count = 0;
    bool sound = true;
    for (int i = 1; i < argc; i++, count++)
        sound &= replay_file(argv[i]);
    if (argc > 1)
        return sound ? EXIT_SUCCESS : EXIT_FAILURE;
    snprintf(folder, sizeof folder, "%s/tests/fuzz/corpus/%s", sources ? sources : ".",
             target_name(argv[0]));
    DIR *dir = opendir(folder);
    for (const struct dirent *d; dir && (d = readdir(dir));)
        if (d->d_name[0] != '.') {
            snprintf(path, sizeof path, "%s/%s", folder, d->d_name);
            sound &= replay_file(path);
            count++;
        }
    if (dir)
        closedir(dir);
    printf("%s: %zu inputs\n", target_name(argv[0]), count);
    return sound && count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
