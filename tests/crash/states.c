#include "states.h"

#include <stdlib.h>
#include <string.h>

enum { SECTOR = 512, TEARS = 4, WRITES = 6, SUBSETS = 4, RANDOM_SUBSETS = 8, NOWHERE = 0 };

/** What may have come of one file or directory; the first is nothing, the last all. */
typedef struct choice {
    const disk_node *node;
    uint64_t *mask;
    tree_bytes *bytes;
    uint64_t *hash; /* of the bytes */
    size_t count, picked;
} choice;

typedef struct chooser {
    const disk *disk;
    choice *choice; /* [0] is of no node */
    size_t count;
    uint64_t random;
    void (*visit)(void *arg, const tree *t);
    void *arg;
} chooser;

static uint64_t draw(chooser *c)
{
    c->random ^= c->random << 13;
    c->random ^= c->random >> 7;
    return c->random ^= c->random << 17;
}

/* ---- what may have come of one node ---- */

static void add_mask(choice *c, uint64_t mask)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->mask[i] == mask)
            return;
    c->mask = tree_grow(c->mask, c->count + 1, sizeof *c->mask);
    c->mask[c->count++] = mask;
}

static void choose_entries(chooser *all, choice *c)
{
    const size_t n = c->node->entries < 63 ? c->node->entries : 63;
    const uint64_t full = (UINT64_C(1) << n) - 1;
    add_mask(c, 0);
    for (uint64_t mask = 1; n <= SUBSETS && mask < full; mask++)
        add_mask(c, mask);
    for (size_t i = 0; n > SUBSETS && i < n; i++) {
        add_mask(c, (UINT64_C(1) << i) - 1);
        add_mask(c, UINT64_C(1) << i);
        add_mask(c, full & ~(UINT64_C(1) << i));
    }
    for (size_t i = 0; n > SUBSETS && i < RANDOM_SUBSETS; i++)
        add_mask(c, draw(all) & full);
    for (size_t i = 0; i < c->count; i++)
        if (c->mask[i] == full)
            c->mask[i] = c->mask[--c->count];
    add_mask(c, full);
}

/** Takes the bytes. */
static void add_bytes(choice *c, tree_bytes bytes)
{
    const uint64_t hash = tree_hash_bytes(bytes.length, bytes.data, bytes.length);
    for (size_t i = 0; i < c->count; i++)
        if (c->hash[i] == hash && tree_same_bytes(c->bytes[i], bytes)) {
            free(bytes.data);
            return;
        }
    c->bytes = tree_grow(c->bytes, c->count + 1, sizeof *c->bytes);
    c->hash = tree_grow(c->hash, c->count + 1, sizeof *c->hash);
    c->bytes[c->count] = bytes;
    c->hash[c->count++] = hash;
}

/** The bytes in [begin, end) are those of `now`; others are old, or zero where there were none. */
static tree_bytes mixed(tree_bytes old, tree_bytes now, size_t length, size_t begin, size_t end)
{
    tree_bytes b = {tree_grow(NULL, length, 1), length};
    for (size_t i = 0; i < length; i++)
        b.data[i] = i >= begin && i < end && i < now.length ? now.data[i]
                    : i < old.length                        ? old.data[i]
                                                            : 0;
    return b;
}

/** The file after the first `n` of its changes. */
static tree_bytes after(const disk_node *node, size_t n)
{
    tree_bytes b = mixed(node->durable_bytes, node->durable_bytes, node->durable_bytes.length, 0, 0);
    for (size_t i = 0; i < n; i++) {
        const disk_data_change *const c = &node->data[i];
        const size_t end = c->at + c->bytes.length;
        if (end > b.length || !c->bytes.data) {
            b.data = tree_grow(b.data, end, 1);
            if (end > b.length)
                memset(b.data + b.length, 0, end - b.length);
            b.length = end;
        }
        if (c->bytes.length)
            memcpy(b.data + c->at, c->bytes.data, c->bytes.length);
    }
    return b;
}

static void choose_tears(choice *c, tree_bytes old, tree_bytes now, size_t begin)
{
    const size_t end = now.length, first = (begin / SECTOR + 1) * SECTOR;
    const size_t sectors = end > first ? (end - first + SECTOR - 1) / SECTOR : 0;
    for (size_t i = 0; i < sectors; i += 1 + sectors / TEARS) {
        const size_t at = first + i * SECTOR;
        add_bytes(c, mixed(old, now, at, begin, at));
        add_bytes(c, mixed(old, now, end, begin, at));
        add_bytes(c, mixed(old, now, end, at, end));
    }
    add_bytes(c, mixed(old, now, end, 0, 0)); /* the length came, the bytes did not */
    add_bytes(c, mixed(old, now, begin + (end - begin) / 2, begin, end));
}

static void swap_with_last(choice *c, size_t i)
{
    const tree_bytes bytes = c->bytes[i];
    const uint64_t hash = c->hash[i];
    c->bytes[i] = c->bytes[c->count - 1];
    c->hash[i] = c->hash[c->count - 1];
    c->bytes[c->count - 1] = bytes;
    c->hash[c->count - 1] = hash;
}

static void choose_bytes(choice *c)
{
    const disk_node *const node = c->node;
    const size_t n = node->changes;
    size_t begin = node->bytes.length;
    for (size_t i = 0; i < n; i++)
        if (node->data[i].at < begin)
            begin = node->data[i].at;
    add_bytes(c, after(node, 0));
    if (!node->temporary) {
        for (size_t i = 1; i < n; i += 1 + n / WRITES)
            add_bytes(c, after(node, i));
        if (n > 1)
            add_bytes(c, after(node, n - 1));
        choose_tears(c, node->durable_bytes, node->bytes, begin);
    } else { /* of which nothing is asked but that it does no harm */
        add_bytes(c, mixed((tree_bytes){0}, node->bytes, node->bytes.length / 2, 0, SIZE_MAX));
    }
    add_bytes(c, after(node, n));
    for (size_t i = 1; i + 1 < c->count; i++) /* it may have been there already */
        if (tree_same_bytes(c->bytes[i], node->bytes))
            swap_with_last(c, i);
}

static void choose(chooser *all)
{
    all->choice = tree_grow(NULL, all->disk->nodes + 1, sizeof *all->choice);
    all->count = 1;
    for (size_t i = 0; i < all->disk->nodes; i++) {
        disk_node *const node = all->disk->node[i];
        node->place = NOWHERE;
        if (!(node->directory ? node->entries : node->changes))
            continue;
        choice *const c = &all->choice[node->place = all->count++];
        *c = (choice){.node = node};
        if (node->directory)
            choose_entries(all, c);
        else
            choose_bytes(c);
    }
}

static void release(chooser *all)
{
    for (size_t i = 1; i < all->count; i++) {
        choice *const c = &all->choice[i];
        for (size_t k = 0; c->bytes && k < c->count; k++)
            free(c->bytes[k].data);
        free(c->bytes);
        free(c->hash);
        free(c->mask);
    }
    free(all->choice);
}

/* ---- all of the disk ---- */

static void add_file(const chooser *all, char *path, const disk_node *node, tree *out)
{
    if (node->place == NOWHERE) {
        const tree_bytes b = node->durable_bytes;
        tree_add(out, path, b, tree_hash_bytes(b.length, b.data, b.length));
        return;
    }
    const choice *const c = &all->choice[node->place];
    tree_add(out, path, c->bytes[c->picked], c->hash[c->picked]);
}

static void add_folder(const chooser *all, const disk_node *node, const char *path, tree *out)
{
    const choice *const c = &all->choice[node->place];
    const disk_names n = disk_entries(node, node->place == NOWHERE ? 0 : c->mask[c->picked]);
    for (size_t i = 0; i < n.count; i++) {
        if (!n.name[i].node->directory) {
            add_file(all, tree_join(path, n.name[i].name), n.name[i].node, out);
            continue;
        }
        char *const folder = tree_join_folder(path, n.name[i].name);
        add_folder(all, n.name[i].node, folder, out);
        tree_add(out, folder, (tree_bytes){0}, 0);
    }
    free(n.name);
}

static void visit(chooser *all)
{
    tree t = {0};
    add_folder(all, all->disk->node[0], "", &t);
    tree_sort(&t);
    all->visit(all->arg, &t);
    tree_free(&t, false);
}

static void pick_all(chooser *all, bool last)
{
    for (size_t i = 1; i < all->count; i++)
        all->choice[i].picked = last ? all->choice[i].count - 1 : 0;
}

static void visit_corners(chooser *all)
{
    for (int last = 0; last < 2; last++) {
        pick_all(all, last);
        visit(all);
        for (size_t i = 1; i < all->count; i++) {
            choice *const c = &all->choice[i];
            const size_t before = c->picked;
            for (c->picked = 0; c->picked < c->count; c->picked++)
                if (c->picked != before)
                    visit(all);
            c->picked = before;
        }
    }
}

void states_each(const disk *d, size_t most, uint64_t seed,
                 void (*visit_one)(void *arg, const tree *t), void *arg)
{
    chooser all = {.disk = d, .random = seed * 2 + 1, .visit = visit_one, .arg = arg};
    size_t combinations = 1, i;
    choose(&all);
    for (i = 1; i < all.count && combinations <= most; i++)
        combinations *= all.choice[i].count;
    pick_all(&all, false);
    if (combinations <= most) {
        do {
            visit(&all);
            for (i = 1; i < all.count && ++all.choice[i].picked == all.choice[i].count; i++)
                all.choice[i].picked = 0;
        } while (i < all.count);
    } else {
        visit_corners(&all);
        for (size_t n = 0; n < most; n++) {
            for (i = 1; i < all.count; i++)
                all.choice[i].picked = draw(&all) % all.choice[i].count;
            visit(&all);
        }
    }
    release(&all);
}
