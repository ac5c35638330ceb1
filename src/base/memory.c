#include "base/memory.h"

#include <jansson.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/fail.h"

#if defined __has_feature
#if __has_feature(address_sanitizer)
#define POISON 1
#endif
#elif defined __SANITIZE_ADDRESS__
#define POISON 1
#endif
#ifdef POISON
#include <sanitizer/asan_interface.h>
#endif

enum { ALIGNMENT = 64, HUGE_PAGE = 1 << 21 };

/* Lies right before a block. calloc() and an offset, not aligned_alloc(): fresh pages come zeroed,
 * and stay untouched until they are used. */
typedef struct header {
    void *base;   /* what calloc() gave */
    size_t bytes; /* of the block */
} header;

static atomic_long allowance = -1;
static atomic_ulong allocations;

void unroll_alloc_fail_after(long n)
{
    atomic_store(&allowance, n);
}

unsigned long unroll_alloc_count(void)
{
    return atomic_load(&allocations);
}

static bool allowed(void)
{
    long left = atomic_load(&allowance);
    while (left > 0 && !atomic_compare_exchange_weak(&allowance, &left, left - 1))
        ;
    if (left == 0)
        return false;
    atomic_fetch_add(&allocations, 1);
    return true;
}

bool unroll_mul(size_t a, size_t b, size_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}

bool unroll_add(size_t a, size_t b, size_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}

static header *header_of(void *block)
{
    return (header *)block - 1;
}

/* count·size and what its header and alignment take; false with a message. */
static bool total_bytes(size_t count, size_t size, size_t *bytes, size_t *total)
{
    if (unroll_mul(count, size, bytes) && unroll_add(*bytes, sizeof(header) + ALIGNMENT, total) &&
        *total <= PTRDIFF_MAX)
        return true;
    unroll_fail(UNROLL_EMEMORY, "no memory for %zu times %zu bytes; use smaller sizes", count, size);
    return false;
}

static void *fail_bytes(size_t bytes)
{
    unroll_fail(UNROLL_EMEMORY,
                "no memory for %zu bytes (%.1f MB); use smaller sizes or free some memory", bytes,
                (double)bytes / 1e6);
    return NULL;
}

static char *align(void *base)
{
    const uintptr_t first = (uintptr_t)base + sizeof(header);
    return (char *)base + sizeof(header) + (-first & (ALIGNMENT - 1));
}

static void *place(void *base, size_t bytes, size_t total)
{
    char *const block = align(base);
    *header_of(block) = (header){base, bytes};
#ifdef POISON
    __asan_poison_memory_region(block + bytes, total - (size_t)(block - (char *)base) - bytes);
#else
    (void)total;
#endif
    return block;
}

/* Large blocks in huge pages where the system has them: weights and states that are read over and over are
 * more small pages than a processor remembers. Advice, so it cannot fail. */
static void advise(char *base, size_t total)
{
#ifdef MADV_HUGEPAGE
    const size_t skip = -(uintptr_t)base & (HUGE_PAGE - 1);
    if (total >= skip + HUGE_PAGE)
        (void)madvise(base + skip, (total - skip) / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
#else
    (void)base;
    (void)total;
#endif
}

void *unroll_alloc(size_t count, size_t size)
{
    size_t bytes, total;

    if (!total_bytes(count, size, &bytes, &total))
        return NULL;
    void *const base = allowed() ? calloc(1, total) : NULL;
    if (base)
        advise(base, total);
    return base ? place(base, bytes, total) : fail_bytes(bytes);
}

void *unroll_realloc(void *old, size_t count, size_t size)
{
    size_t bytes, total;

    if (!old)
        return unroll_alloc(count, size);
    if (!total_bytes(count, size, &bytes, &total))
        return NULL;
    if (!allowed())
        return fail_bytes(bytes);
    const header was = *header_of(old);
    const size_t offset = (size_t)((char *)old - (char *)was.base);
    const size_t kept = was.bytes < bytes ? was.bytes : bytes;
#ifdef POISON
    __asan_unpoison_memory_region(old, was.bytes + ALIGNMENT - (offset - sizeof(header)));
#endif
    char *const base = realloc(was.base, total);
    if (!base) {
        place(was.base, was.bytes, was.bytes + sizeof(header) + ALIGNMENT);
        return fail_bytes(bytes);
    }
    if (align(base) != base + offset)
        memmove(align(base), base + offset, kept);
    return place(base, bytes, total);
}

char *unroll_strndup(const char *text, size_t length)
{
    size_t bytes;

    if (!unroll_add(length, 1, &bytes)) {
        fail_bytes(length);
        return NULL;
    }
    char *const copy = unroll_alloc(bytes, 1);
    if (copy && length)
        memcpy(copy, text, length);
    return copy;
}

void unroll_free(void *block)
{
    if (block)
        free(header_of(block)->base);
}

static void *json_alloc(size_t bytes)
{
    void *const block = allowed() ? malloc(bytes) : NULL;
    return block ? block : fail_bytes(bytes);
}

void unroll_memory_hook_jansson(void)
{
    json_set_alloc_funcs(json_alloc, free);
}
