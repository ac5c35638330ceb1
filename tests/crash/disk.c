#define _GNU_SOURCE
#include "disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- recordings ---- */

/* A path, with one '/' where there are several. */
static char *path_of(const unsigned char *from, size_t length)
{
    char *const path = tree_grow(NULL, length + 1, 1);
    size_t n = 0;
    for (size_t i = 0; i < length; i++)
        if (from[i] != '/' || n == 0 || path[n - 1] != '/')
            path[n++] = (char)from[i];
    path[n] = '\0';
    return path;
}

void disk_recording_read(const char *path, disk_recording *out)
{
    FILE *const file = fopen(path, "rb");
    *out = (disk_recording){0};
    if (!file)
        return; /* nothing was done */
    for (size_t n = 1; n > 0; out->bytes.length += n) {
        out->bytes.data = tree_grow(out->bytes.data, out->bytes.length + 65536, 1);
        n = fread(out->bytes.data + out->bytes.length, 1, 65536, file);
    }
    fclose(file);
    for (size_t at = 0; at + sizeof(record_head) <= out->bytes.length;) {
        disk_step s = {0};
        memcpy(&s.head, out->bytes.data + at, sizeof s.head);
        at += sizeof s.head;
        const size_t data = s.head.kind == RECORD_WRITE ? s.head.length : 0;
        if (s.head.path + s.head.to + data > out->bytes.length - at)
            break;
        s.path = path_of(out->bytes.data + at, s.head.path);
        s.to = path_of(out->bytes.data + at + s.head.path, s.head.to);
        s.data = out->bytes.data + at + s.head.path + s.head.to;
        at += s.head.path + s.head.to + data;
        out->step = tree_grow(out->step, out->count + 1, sizeof *out->step);
        out->step[out->count++] = s;
    }
}

void disk_recording_free(disk_recording *r)
{
    for (size_t i = 0; i < r->count; i++) {
        free(r->step[i].path);
        free(r->step[i].to);
    }
    free(r->step);
    free(r->bytes.data);
    *r = (disk_recording){0};
}

/* ---- names ---- */

static disk_node *names_find(const disk_names *n, const char *name)
{
    for (size_t i = 0; i < n->count; i++)
        if (strcmp(n->name[i].name, name) == 0)
            return n->name[i].node;
    return NULL;
}

static void names_remove(disk_names *n, const char *name)
{
    for (size_t i = 0; i < n->count; i++)
        if (strcmp(n->name[i].name, name) == 0) {
            memmove(n->name + i, n->name + i + 1, (--n->count - i) * sizeof *n->name);
            return;
        }
}

static void names_put(disk_names *n, char *name, disk_node *node)
{
    names_remove(n, name);
    n->name = tree_grow(n->name, n->count + 1, sizeof *n->name);
    n->name[n->count++] = (disk_name){name, node};
}

static void names_change(disk_names *n, const disk_entry_change *c)
{
    if (c->kind == DISK_LINK) {
        names_put(n, c->name, c->node);
        return;
    }
    if (c->kind == DISK_UNLINK || names_find(n, c->name) == c->node)
        names_remove(n, c->name);
    if (c->kind == DISK_RENAME)
        names_put(n, c->to, c->node);
}

disk_names disk_entries(const disk_node *node, uint64_t mask)
{
    disk_names n = {tree_grow(NULL, node->durable.count, sizeof *n.name), node->durable.count};
    if (n.count)
        memcpy(n.name, node->durable.name, n.count * sizeof *n.name);
    for (size_t i = 0; i < node->entries; i++)
        if (mask >> i & 1)
            names_change(&n, &node->entry[i]);
    return n;
}

static void change_entry(disk_node *folder, enum disk_change_kind kind, const char *name,
                         const char *to, disk_node *node)
{
    const disk_entry_change c = {kind, strdup(name), to ? strdup(to) : NULL, node};
    folder->entry = tree_grow(folder->entry, folder->entries + 1, sizeof c);
    folder->entry[folder->entries++] = c;
    names_change(&folder->now, &c);
}

/* ---- nodes ---- */

static disk_node *new_node(disk *d, bool directory)
{
    disk_node *const node = tree_grow(NULL, 1, sizeof *node);
    *node = (disk_node){.directory = directory};
    d->node = tree_grow(d->node, d->nodes + 1, sizeof node);
    return d->node[d->nodes++] = node;
}

static void write_bytes(tree_bytes *b, size_t at, const unsigned char *data, size_t length)
{
    if (at + length > b->length) {
        b->data = tree_grow(b->data, at + length, 1);
        memset(b->data + b->length, 0, at + length - b->length);
        b->length = at + length;
    }
    if (length)
        memcpy(b->data + at, data, length);
}

static void cut_bytes(tree_bytes *b, size_t length)
{
    if (length > b->length)
        write_bytes(b, length, NULL, 0);
    b->length = length;
}

static tree_bytes copy_bytes(tree_bytes b)
{
    tree_bytes made = {tree_grow(NULL, b.length, 1), b.length};
    if (b.length)
        memcpy(made.data, b.data, b.length);
    return made;
}

/* Its changes are durable from now on. */
static void settle(disk_node *node)
{
    if (node->directory) {
        const disk_names all = disk_entries(node, ~UINT64_C(0));
        free(node->durable.name);
        node->durable = all;
        node->entries = 0; /* the names live on in it */
        return;
    }
    free(node->durable_bytes.data);
    node->durable_bytes = copy_bytes(node->bytes);
    for (size_t i = 0; i < node->changes; i++)
        free(node->data[i].bytes.data);
    node->changes = 0;
}

void disk_free(disk *d)
{
    for (size_t i = 0; i < d->nodes; i++) {
        disk_node *const n = d->node[i];
        for (size_t k = 0; k < n->changes; k++)
            free(n->data[k].bytes.data);
        free(n->data);
        free(n->entry);
        free(n->durable.name);
        free(n->now.name);
        free(n->bytes.data);
        free(n->durable_bytes.data);
        free(n);
    }
    for (size_t i = 0; i < d->promises; i++) {
        free(d->promise[i].path);
        free(d->promise[i].bytes.data);
    }
    free(d->promise);
    free(d->node);
    free(d->open);
    *d = (disk){0};
}

/* ---- paths ---- */

/* The directory that holds `path` and, in `name`, what it is called there; of "." the root and "". */
static disk_node *folder_of(const disk *d, const char *path, char name[256])
{
    disk_node *folder = d->node[0];
    name[0] = '\0';
    while (*path) {
        const size_t n = strcspn(path, "/");
        if (n > 0 && !(n == 1 && *path == '.')) {
            if (name[0] && !(folder = names_find(&folder->now, name)))
                return NULL;
            snprintf(name, 256, "%.*s", (int)n, path);
        }
        path += n + (path[n] == '/');
    }
    return folder;
}

static disk_node *find(const disk *d, const char *path)
{
    char name[256];
    disk_node *const folder = folder_of(d, path, name);
    return folder && name[0] ? names_find(&folder->now, name) : folder;
}

static disk_node *make(disk *d, const char *path, bool directory)
{
    char name[256];
    disk_node *const folder = folder_of(d, path, name), *const node = new_node(d, directory);
    if (!folder) {
        fprintf(stderr, "%s: is made in a directory that was not\n", path);
        exit(99);
    }
    change_entry(folder, DISK_LINK, name, NULL, node);
    node->temporary = name[0] == '.' && strstr(name, ".tmp-");
    return node;
}

void disk_new(const tree *t, disk *out)
{
    *out = (disk){0};
    new_node(out, true);
    for (size_t i = 0; i < t->count; i++) {
        const char *const path = t->entry[i].path;
        const bool directory = tree_is_folder(path);
        disk_node *const node = make(out, path, directory);
        if (!directory)
            node->bytes = copy_bytes(t->entry[i].bytes);
    }
    for (size_t i = 0; i < out->nodes; i++)
        settle(out->node[i]);
}

static void add_folder(const disk_node *node, const char *path, tree *out)
{
    for (size_t i = 0; i < node->now.count; i++) {
        const disk_name *const n = &node->now.name[i];
        if (n->node->directory) {
            char *const folder = tree_join_folder(path, n->name);
            add_folder(n->node, folder, out);
            tree_add(out, folder, (tree_bytes){0}, 0);
        } else {
            tree_add(out, tree_join(path, n->name), n->node->bytes, 0);
        }
    }
}

void disk_tree(const disk *d, tree *out)
{
    *out = (tree){0};
    add_folder(d->node[0], "", out);
    tree_sort(out);
}

/* ---- what is done ---- */

static disk_node *opened(const disk *d, const record_head *h)
{
    for (size_t i = d->opened; i--;)
        if (d->open[i].fd == h->fd && d->open[i].pid == h->pid)
            return d->open[i].node;
    fprintf(stderr, "descriptor %d of process %d was not opened\n", (int)h->fd, (int)h->pid);
    exit(99);
}

static void open_file(disk *d, const disk_step *s, bool *seen)
{
    disk_node *node = find(d, s->path);
    if (!node && s->head.flag) {
        node = make(d, s->path, false);
        *seen = true;
    }
    d->open = tree_grow(d->open, d->opened + 1, sizeof *d->open);
    d->open[d->opened++] = (struct disk_open){s->head.pid, s->head.fd, node};
}

static void change_data(disk_node *node, size_t at, const unsigned char *data, size_t length)
{
    disk_data_change c = {.at = at};
    if (data) {
        write_bytes(&node->bytes, at, data, length);
        write_bytes(&c.bytes, 0, data, length);
    } else {
        cut_bytes(&node->bytes, at);
    }
    node->data = tree_grow(node->data, node->changes + 1, sizeof c);
    node->data[node->changes++] = c;
}

static void forget(disk *d, size_t i)
{
    free(d->promise[i].path);
    free(d->promise[i].bytes.data);
    memmove(d->promise + i, d->promise + i + 1, (--d->promises - i) * sizeof *d->promise);
}

static void forget_path(disk *d, const char *path, size_t before)
{
    for (size_t i = before; i--;)
        if (strcmp(d->promise[i].path, path) == 0)
            forget(d, i);
}

static void rename_file(disk *d, const disk_step *s)
{
    char name[256], to[256];
    disk_node *const folder = folder_of(d, s->path, name);
    if (folder_of(d, s->to, to) != folder) {
        fprintf(stderr, "%s: is renamed into another directory\n", s->path);
        exit(99);
    }
    disk_node *const node = names_find(&folder->now, name);
    change_entry(folder, DISK_RENAME, name, to, node);
    node->temporary = false;
    d->promise = tree_grow(d->promise, d->promises + 1, sizeof *d->promise);
    d->promise[d->promises++] =
        (disk_promise){strdup(s->to), copy_bytes(node->bytes), s->head.said, false, false};
}

/* Is it of the newest checkpoint that was saved? A program may remove older ones alone. */
static bool is_needed(const disk *d, const char *path)
{
    bool needed = false;
    for (size_t i = 0; i < d->promises; i++)
        if (d->promise[i].kept && strstr(d->promise[i].path, "/checkpoint-"))
            needed = strcmp(d->promise[i].path, path) == 0;
    return needed;
}

static void unlink_file(disk *d, const char *path)
{
    char name[256];
    disk_node *const folder = folder_of(d, path, name);
    change_entry(folder, DISK_UNLINK, name, NULL, names_find(&folder->now, name));
    if (!is_needed(d, path))
        forget_path(d, path, d->promises);
}

bool disk_apply(disk *d, const disk_step *s)
{
    bool seen = s->head.kind != RECORD_OPEN && s->head.kind != RECORD_SYNC;
    d->ended = s->head.kind == RECORD_EXIT;
    switch ((enum record_kind)s->head.kind) {
    case RECORD_OPEN: open_file(d, s, &seen); break;
    case RECORD_WRITE: change_data(opened(d, &s->head), s->head.at, s->data, s->head.length); break;
    case RECORD_CUT: change_data(opened(d, &s->head), s->head.at, NULL, 0); break;
    case RECORD_SYNC: settle(opened(d, &s->head)); break;
    case RECORD_RENAME: rename_file(d, s); break;
    case RECORD_UNLINK:
    case RECORD_RMDIR: unlink_file(d, s->path); break;
    case RECORD_MKDIR: make(d, s->path, true); break;
    case RECORD_EXIT: break;
    }
    return seen;
}

void disk_before(disk *d, const disk_step *s)
{
    const bool changes =
        s->head.kind == RECORD_OPEN ? s->head.flag != 0 : s->head.kind != RECORD_SYNC;
    for (size_t i = 0; i < d->promises; i++) {
        if (d->promise[i].kept || d->promise[i].broken ||
            !(changes || s->head.said > d->promise[i].said))
            continue;
        d->promise[i].kept = true;
        char *const path = strdup(d->promise[i].path);
        const size_t before = d->promises;
        forget_path(d, path, i);
        i -= before - d->promises;
        free(path);
    }
}

void disk_killed(disk *d)
{
    for (size_t i = 0; i < d->promises; i++)
        d->promise[i].broken = !d->promise[i].kept;
}
