#define _GNU_SOURCE
#include "files.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void need(bool holds, const char *what)
{
    if (holds)
        return;
    perror(what);
    exit(99);
}

char *file_read(const char *path, size_t *length)
{
    struct stat st;
    const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    need(fstat(fd, &st) == 0, path);
    char *text = S_ISREG(st.st_mode) ? malloc((size_t)st.st_size + 1) : NULL;
    const ssize_t n = text ? read(fd, text, (size_t)st.st_size) : 0;
    close(fd);
    if (!text)
        return NULL;
    need(n == st.st_size, path);
    text[n] = '\0';
    *length = (size_t)n;
    return text;
}

bool file_same(const char *path, const char *other)
{
    size_t n = 0, m = 0;
    char *a = file_read(path, &n), *b = file_read(other, &m);
    const bool same = a && b && n == m && memcmp(a, b, n) == 0;
    free(a), free(b);
    return same;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st, (void)type, (void)where;
    need(remove(path) == 0, path);
    return 0;
}

void tree_remove(const char *path)
{
    if (access(path, F_OK) == 0)
        need(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0, path);
}

static void copy_file(const char *from, const char *to)
{
    size_t n = 0;
    char *text = file_read(from, &n);
    FILE *file = fopen(to, "wb");
    need(text && file && fwrite(text, 1, n, file) == n && fclose(file) == 0, to);
    free(text);
}

/* For each name in a directory but "." and "..": with both directories before it. */
static void each(const char *path, const char *other,
                 void (*act)(const char *, const char *, void *), void *arg)
{
    DIR *dir = opendir(path);
    char a[512], b[512];
    for (const struct dirent *d; dir && (d = readdir(dir));) {
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        snprintf(a, sizeof a, "%s/%s", path, d->d_name);
        snprintf(b, sizeof b, "%s/%s", other, d->d_name);
        act(a, b, arg);
    }
    if (dir)
        closedir(dir);
}

static bool is_directory(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static void copy_one(const char *from, const char *to, void *arg)
{
    (void)arg;
    if (is_directory(from))
        tree_copy(from, to);
    else
        copy_file(from, to);
}

void tree_copy(const char *from, const char *to)
{
    need(mkdir(to, 0777) == 0, to);
    each(from, to, copy_one, NULL);
}

/* ---- what the clock decides ---- */

static bool is_clock(const char *name, size_t length)
{
    static const char *const parts[] = {"seconds", "tokens_per_s", "rss_mb", "ms_per"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (memmem(name, length, parts[i], strlen(parts[i])))
            return true;
    return false;
}

/* "name": number becomes "name":. */
static void drop_members(char *text)
{
    char *to = text;
    for (const char *at = text; *at;) {
        const char *end = *at == '"' ? strchr(at + 1, '"') : NULL;
        const bool clock = end && end[1] == ':' && is_clock(at, (size_t)(end - at));
        const size_t n = end ? (size_t)(end - at) + 1 : 1;
        memmove(to, at, n);
        to += n, at += n;
        if (clock)
            at += strspn(at, ": -+.0123456789e");
    }
    *to = '\0';
}

/* In each row the fields of columns that the first row calls so become empty. */
static void drop_columns(char *text)
{
    enum { COLUMNS = 64 };
    bool clock[COLUMNS] = {false};
    size_t column = 0, row = 0;
    char *to = text;
    for (char *at = text; *at;) {
        const size_t n = strcspn(at, ",\n");
        if (row == 0 && column < COLUMNS)
            clock[column] = is_clock(at, n);
        if (row == 0 || column >= COLUMNS || !clock[column]) {
            memmove(to, at, n);
            to += n;
        }
        at += n;
        column = *at == '\n' ? 0 : column + 1;
        row += *at == '\n';
        if (*at)
            *to++ = *at++;
    }
    *to = '\0';
}

void without_clock(char *text)
{
    if (strchr(text, '{'))
        drop_members(text);
    else
        drop_columns(text);
}

/* ---- comparing ---- */

/* Every line of `text` is one of `reference`, in the same order. */
static bool only_lacks_lines(const char *text, const char *reference)
{
    while (*text) {
        const size_t n = strcspn(text, "\n");
        for (;;) {
            const size_t m = strcspn(reference, "\n");
            const bool same = n == m && memcmp(text, reference, n) == 0;
            if (!*reference)
                return false;
            reference += m + (reference[m] == '\n');
            if (same)
                break;
        }
        text += n + (text[n] == '\n');
    }
    return true;
}

typedef struct comparison {
    enum how_much much;
    bool reversed; /* the reference comes first */
    char *what;
} comparison;

static bool ends_in(const char *name, const char *end)
{
    const size_t n = strlen(name), m = strlen(end);
    return n >= m && strcmp(name + n - m, end) == 0;
}

/* Checkpoints that are not the last, and what is left of a lock that could not be removed. */
static bool is_passing(const char *name)
{
    const char *last = strrchr(name, '/') + 1;
    return (strncmp(last, "checkpoint-", 11) == 0 && strcmp(last, "checkpoint-5.safetensors") != 0) ||
           strcmp(last, ".lock") == 0 || strcmp(last, "lock") == 0;
}

static bool may_be_missing(const char *name)
{
    return strstr(name, "/samples") || strstr(name, "/plots") || strstr(name, "/gradient") ||
           ends_in(name, "/metrics.csv");
}

static void compare_texts(const char *path, const char *reference, const comparison *c)
{
    size_t n = 0, m = 0;
    char *a = file_read(path, &n), *b = file_read(reference, &m);
    const bool log = ends_in(path, ".csv");
    const bool binary = ends_in(path, ".safetensors") || ends_in(path, ".txt");
    const bool timed = ends_in(path, ".html"); /* a page has times in it */
    if (a && b && !binary)
        without_clock(a), without_clock(b);
    if (!a || !b)
        snprintf(c->what, 256, "%s cannot be read", path);
    else if (timed)
        ; /* is there */
    else if (binary                        ? n != m || memcmp(a, b, n) != 0
             : c->much == NO_OTHERS && log ? !only_lacks_lines(a, b)
                                           : strcmp(a, b) != 0)
        snprintf(c->what, 256, "%s differs", path);
    free(a), free(b);
}

static void compare_one(const char *a, const char *b, void *arg)
{
    const comparison *c = arg;
    const char *path = c->reversed ? b : a, *reference = c->reversed ? a : b;
    if (*c->what || is_passing(path) || (c->much != ALL && ends_in(path, "/config.json")) ||
        (c->much == NO_OTHERS && strstr(path, "/plots")))
        return;
    if (access(b, F_OK) != 0) {
        if (!c->reversed)
            snprintf(c->what, 256, "%s should not be there", path);
        else if (c->much != NO_OTHERS || !may_be_missing(path))
            snprintf(c->what, 256, "%s is missing", path);
        return;
    }
    if (is_directory(a))
        each(a, b, compare_one, arg);
    else if (c->reversed)
        compare_texts(path, reference, c);
}

void tree_compare(const char *path, const char *reference, enum how_much much, char what[256])
{
    what[0] = '\0';
    each(reference, path, compare_one, &(comparison){much, true, what});
    if (!*what)
        each(path, reference, compare_one, &(comparison){much, false, what});
}
