#ifndef UNROLL_TESTS_CRASH_DISK_H
#define UNROLL_TESTS_CRASH_DISK_H
#include "record.h"
#include "tree.h"

/* A disk, as a recording writes to it: what is durable, and what a power cut may take back. */

typedef struct disk_node disk_node;

/** An entry of a directory. */
typedef struct disk_name {
    char *name;
    disk_node *node;
} disk_name;

typedef struct disk_names {
    disk_name *name;
    size_t count;
} disk_names;

enum disk_change_kind { DISK_LINK, DISK_UNLINK, DISK_RENAME };

/** A change of a directory that is not synced. */
typedef struct disk_entry_change {
    enum disk_change_kind kind;
    char *name, *to; /**< `to` of a renaming only */
    disk_node *node;
} disk_entry_change;

/** A change of a file that is not synced: bytes, or without them its new length `at`. */
typedef struct disk_data_change {
    size_t at;
    tree_bytes bytes;
} disk_data_change;

struct disk_node {
    bool directory;
    disk_names durable, now;
    disk_entry_change *entry; /**< in order */
    size_t entries;
    tree_bytes durable_bytes, bytes;
    disk_data_change *data;
    size_t changes;
    bool temporary; /**< was made under such a name, and not renamed */
    size_t place;   /**< for states.c */
};

/** What a program may rely on: the file that it renamed to `path` has these bytes, once it has gone
 *  on. */
typedef struct disk_promise {
    char *path;
    tree_bytes bytes;
    uint64_t said; /**< how much had been said when it was renamed */
    bool kept;     /**< the program has gone on */
    bool broken;   /**< it has not, and was killed */
} disk_promise;

typedef struct disk {
    disk_node **node; /**< [0] is the root */
    size_t nodes;
    struct disk_open {
        int32_t pid, fd;
        disk_node *node;
    } * open;
    size_t opened;
    disk_promise *promise;
    size_t promises;
    bool ended; /**< the program has exited, and no other one has begun */
} disk;

/** An entry of a recording. */
typedef struct disk_step {
    record_head head;
    char *path, *to;
    const unsigned char *data;
} disk_step;

typedef struct disk_recording {
    tree_bytes bytes;
    disk_step *step;
    size_t count;
} disk_recording;

void disk_recording_read(const char *path, disk_recording *out);
void disk_recording_free(disk_recording *r);

/** A disk on which all of `t` is durable. */
void disk_new(const tree *t, disk *out);
void disk_free(disk *d);
/** What the step does. @return whether others can see that it was done */
bool disk_apply(disk *d, const disk_step *step);
/** The step comes next: what was renamed before is then relied on, if it shows that the program has
 *  gone on. */
void disk_before(disk *d, const disk_step *step);

/** The program was killed, and another one begins. */
void disk_killed(disk *d);

/** Apply the changes of a directory whose bit is set, in order, to what is durable; freed by
 *  free(). */
disk_names disk_entries(const disk_node *node, uint64_t mask);
/** All as the program sees it. Paths are new, bytes are the disk's. */
void disk_tree(const disk *d, tree *out);
#endif
