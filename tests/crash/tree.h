#ifndef UNROLL_TESTS_CRASH_TREE_H
#define UNROLL_TESTS_CRASH_TREE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Memory that is there, or the test ends. */
void *tree_grow(void *old, size_t count, size_t size);
char *tree_join(const char *folder, const char *name);
/** The same, as a directory: it ends in '/'. */
char *tree_join_folder(const char *folder, const char *name);
bool tree_is_folder(const char *path);

/** The bytes of a file; they belong to whoever made them. */
typedef struct tree_bytes {
    unsigned char *data;
    size_t length;
} tree_bytes;

bool tree_same_bytes(tree_bytes a, tree_bytes b);

typedef struct tree_entry {
    char *path; /**< relative; of a directory it ends in '/' */
    tree_bytes bytes;
    uint64_t hash; /**< of the bytes; 0: not taken */
} tree_entry;

/** Files and directories, in the order of their paths once they are sorted. */
typedef struct tree {
    tree_entry *entry;
    size_t count, room;
} tree;

/** Takes `path`; the bytes are only pointed to. */
void tree_add(tree *t, char *path, tree_bytes bytes, uint64_t hash);
void tree_sort(tree *t);
/** @param bytes  whether those are freed, too */
void tree_free(tree *t, bool bytes);
const tree_entry *tree_find(const tree *t, const char *path);
uint64_t tree_hash_bytes(uint64_t hash, const void *data, size_t length);

/** What is below `directory`, with the bytes of its files. */
void tree_read(const char *directory, tree *out);
/** Put it there; what is there already must be in no entry's way. */
void tree_write(const char *directory, const tree *t);
/** Remove all that is below `directory`, not itself. */
void tree_clear(const char *directory);
#endif
