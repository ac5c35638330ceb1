#include "score/ngrams.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/memory.h"

/* −1, 0, 1: the order of two symbols; the end of a sequence comes before all. */
static int compare_symbols(const unroll_symbol *a, const unroll_symbol *b)
{
    if (a->length != b->length)
        return a->length < b->length ? -1 : 1;
    return a->length ? memcmp(a->bytes, b->bytes, a->length) : 0;
}

static int compare_ngrams(const unroll_symbol *a, const unroll_symbol *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const int order = compare_symbols(&a[i], &b[i]);
        if (order || !a[i].length)
            return order;
    }
    return 0;
}

static int by_longest(const void *a, const void *b)
{
    return compare_ngrams(*(const unroll_symbol *const *)a, *(const unroll_symbol *const *)b,
                          UNROLL_NGRAMS_MAX);
}

/* Where n-grams begin, in the order of the longest: shorter ones are then in order, too. */
static const unroll_symbol **sorted(const unroll_symbol *symbols, size_t count)
{
    const unroll_symbol **start = unroll_alloc(count, sizeof *start);
    if (!start)
        return NULL;
    for (size_t i = 0; i < count; i++)
        start[i] = symbols + i;
    qsort(start, count, sizeof *start, by_longest);
    return start;
}

static bool has_length(const unroll_symbol *start, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!start[i].length)
            return false;
    return true;
}

static uint64_t merge(const unroll_symbol *const *a, size_t a_count, const unroll_symbol *const *b,
                      size_t b_count, size_t n)
{
    uint64_t match = 0;
    for (size_t i = 0, j = 0; i < a_count && j < b_count;) {
        const int order = compare_ngrams(a[i], b[j], n);
        match += order == 0 && has_length(a[i], n);
        i += order <= 0;
        j += order >= 0;
    }
    return match;
}

unroll_status unroll_ngrams_match(const unroll_symbol *a, size_t a_count, const unroll_symbol *b,
                                  size_t b_count, size_t order, uint64_t *match)
{
    const unroll_symbol **in_a = sorted(a, a_count), **in_b = sorted(b, b_count);
    const bool there = in_a && in_b;
    for (size_t n = 1; n <= order && there; n++)
        match[n - 1] = merge(in_a, a_count, in_b, b_count, n);
    unroll_free(in_a);
    unroll_free(in_b);
    return there ? UNROLL_OK : UNROLL_EMEMORY;
}

static bool is_space(utf8proc_int32_t c)
{
    return (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x20) || c == 0x85 || c == 0xa0 ||
           c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 ||
           c == 0x202f || c == 0x205f || c == 0x3000;
}

size_t unroll_ngrams_character(const char *text, size_t length, bool *space)
{
    utf8proc_int32_t code;
    const utf8proc_ssize_t n =
        utf8proc_iterate((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)length, &code);
    *space = n > 0 && is_space(code);
    return n > 0 ? (size_t)n : 1;
}
