#ifndef UNROLL_BASE_NEAREST_H
#define UNROLL_BASE_NEAREST_H
#include <stdbool.h>
#include <stddef.h>

/* "did you mean": the closest of several names to what was typed. */

/** Closest of a NULL-terminated array; NULL where none is near. */
const char *unroll_nearest(const char *const *names, const char *name);

/** The same over names that are in no array: start, try each, read `best`. */
typedef struct unroll_nearest_search {
    const char *name; /**< what was typed */
    size_t length;
    const char *best;
    size_t score;
} unroll_nearest_search;
unroll_nearest_search unroll_nearest_start(const char *name, size_t length);
/** @param answer  becomes `best` where `word` is the closest so far */
void unroll_nearest_try(unroll_nearest_search *search, const char *word, size_t length,
                        const char *answer);

/** Does `name` equal the first `length` bytes of `word`? Underscores in it count as hyphens. */
bool unroll_same_name(const char *name, const char *word, size_t length);
#endif
