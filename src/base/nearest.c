#include "base/nearest.h"

#include <string.h>

enum { NEAR_MAX = 40 }; /* longer words are nobody's typing error */

static char plain(char c)
{
    return c == '_' ? '-' : c;
}

/* As it was meant, whatever the case. */
static char folded(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : plain(c);
}

bool unroll_same_name(const char *name, const char *word, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (plain(name[i]) != word[i]) /* also where name ends: words have no NUL inside */
            return false;
    return name[length] == '\0';
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edit distance with swaps of neighbours (optimal string alignment), where case makes no difference; large
 * where either is too long. */
static size_t distance(const char *a, size_t m, const char *b, size_t n)
{
    size_t d[3][NEAR_MAX + 1];
    if (m > NEAR_MAX || n > NEAR_MAX)
        return NEAR_MAX;
    for (size_t j = 0; j <= n; j++)
        d[0][j] = j;
    for (size_t i = 1; i <= m; i++) {
        size_t *row = d[i % 3];
        const size_t *up = d[(i + 2) % 3], *up2 = d[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            const bool same = folded(a[i - 1]) == folded(b[j - 1]);
            row[j] = least(least(up[j], row[j - 1]) + 1, up[j - 1] + !same);
            if (i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) &&
                folded(a[i - 2]) == folded(b[j - 1]))
                row[j] = least(row[j], up2[j - 2] + 1);
        }
    }
    return d[m % 3][n];
}

unroll_nearest_search unroll_nearest_start(const char *name, size_t length)
{
    /* A third of the letters may be wrong, at least one. Two edits of a two-letter word leave
     * nothing. */
    const size_t allowed = length < 6 ? 1 : length / 3;
    return (unroll_nearest_search){name, length, NULL, allowed + 1};
}

void unroll_nearest_try(unroll_nearest_search *n, const char *word, size_t length, const char *answer)
{
    size_t score = distance(n->name, n->length, word, length);
    /* "--drop" for --dropout: an abbreviation is a likelier slip than a typing error. */
    if (n->length >= 3 && n->length < length && unroll_same_name(n->name, word, n->length))
        score = 1;
    if (score < n->score) {
        n->score = score;
        n->best = answer;
    }
}

const char *unroll_nearest(const char *const *names, const char *name)
{
    unroll_nearest_search n = unroll_nearest_start(name, strlen(name));
    for (; *names; names++)
        unroll_nearest_try(&n, *names, strlen(*names), *names);
    return n.best;
}
