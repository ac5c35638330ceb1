#define _GNU_SOURCE
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static _Noreturn void die(const char *what)
{
    perror(what);
    exit(99);
}

void *tree_grow(void *old, size_t count, size_t size)
{
    void *const made = realloc(old, count && size ? count * size : 1);
    if (!made)
        die("memory");
    return made;
}

char *tree_join(const char *folder, const char *name)
{
    const size_t room = strlen(folder) + strlen(name) + 2;
    char *const path = tree_grow(NULL, room, 1);
    const size_t n = strlen(folder);
    snprintf(path, room, "%s%s%s", folder, n && folder[n - 1] != '/' ? "/" : "", name);
    return path;
}

char *tree_join_folder(const char *folder, const char *name)
{
    char *const path = tree_join(folder, name), *const made = tree_join(path, "/");
    made[strlen(path) + 1] = '\0'; /* one is enough */
    free(path);
    return made;
}

bool tree_is_folder(const char *path)
{
    return path[strlen(path) - 1] == '/';
}

bool tree_same_bytes(tree_bytes a, tree_bytes b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

void tree_add(tree *t, char *path, tree_bytes bytes, uint64_t hash)
{
    if (t->count == t->room) {
        t->room = 2 * t->room + 16;
        t->entry = tree_grow(t->entry, t->room, sizeof *t->entry);
    }
    t->entry[t->count++] = (tree_entry){path, bytes, hash};
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const tree_entry *)a)->path, ((const tree_entry *)b)->path);
}

void tree_sort(tree *t)
{
    if (t->count)
        qsort(t->entry, t->count, sizeof *t->entry, by_path);
}

void tree_free(tree *t, bool bytes)
{
    for (size_t i = 0; i < t->count; i++) {
        free(t->entry[i].path);
        if (bytes)
            free(t->entry[i].bytes.data);
    }
    free(t->entry);
    *t = (tree){0};
}

const tree_entry *tree_find(const tree *t, const char *path)
{
    for (size_t i = 0; i < t->count; i++)
        if (strcmp(t->entry[i].path, path) == 0)
            return &t->entry[i];
    return NULL;
}

/* FNV-1a, eight bytes at a time where there are eight, with the high bits folded in. */
uint64_t tree_hash_bytes(uint64_t hash, const void *data, size_t length)
{
    const unsigned char *at = data;
    for (; length >= 8; at += 8, length -= 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        hash = (hash ^ word) * 0x100000001b3u;
        hash ^= hash >> 29;
    }
    while (length--)
        hash = (hash ^ *at++) * 0x100000001b3u;
    return hash ^ hash >> 32;
}

/* ---- on disk ---- */

static tree_bytes slurp(const char *path)
{
    struct stat st;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) != 0)
        die(path);
    tree_bytes b = {tree_grow(NULL, (size_t)st.st_size, 1), 0};
    for (ssize_t n; b.length < (size_t)st.st_size; b.length += (size_t)n)
        if ((n = read(fd, b.data + b.length, (size_t)st.st_size - b.length)) <= 0)
            die(path);
    close(fd);
    return b;
}

static void read_folder(const char *directory, const char *folder, tree *out)
{
    char *const full = tree_join(directory, folder);
    DIR *const dir = opendir(full);
    if (!dir)
        die(full);
    for (const struct dirent *d; (d = readdir(dir));) {
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        struct stat st;
        char *const path = tree_join(folder, d->d_name), *const at = tree_join(full, d->d_name);
        if (lstat(at, &st) != 0)
            die(at);
        if (S_ISDIR(st.st_mode)) {
            tree_add(out, tree_join_folder(folder, d->d_name), (tree_bytes){0}, 0);
            read_folder(directory, path, out);
            free(path);
        } else {
            tree_add(out, path, slurp(at), 0);
        }
        free(at);
    }
    closedir(dir);
    free(full);
}

void tree_read(const char *directory, tree *out)
{
    *out = (tree){0};
    read_folder(directory, "", out);
    tree_sort(out);
}

void tree_write(const char *directory, const tree *t)
{
    for (size_t i = 0; i < t->count; i++) {
        const tree_entry *const e = &t->entry[i];
        char *const path = tree_join(directory, e->path);
        if (tree_is_folder(path)) {
            if (mkdir(path, 0777) != 0 && errno != EEXIST)
                die(path);
        } else {
            const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
            if (fd < 0 || (e->bytes.length &&
                           write(fd, e->bytes.data, e->bytes.length) != (ssize_t)e->bytes.length))
                die(path);
            close(fd);
        }
        free(path);
    }
}

void tree_clear(const char *directory)
{
    tree t;
    tree_read(directory, &t);
    for (size_t i = t.count; i--;) { /* what is in a directory comes behind it */
        char *const path = tree_join(directory, t.entry[i].path);
        if (tree_is_folder(path) ? rmdir(path) : unlink(path))
            die(path);
        free(path);
    }
    tree_free(&t, true);
}
