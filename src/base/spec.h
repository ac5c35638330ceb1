#ifndef UNROLL_BASE_SPEC_H
#define UNROLL_BASE_SPEC_H
#include <stdbool.h>
#include <stddef.h>
#include <unroll/status.h>

/* "NAME" or "NAME:key=value,…": how a thing with numbers of its own is asked for, such as a task or a cell. */

/** One key. */
typedef struct unroll_spec_key {
    const char *name, *help;
    double preset, min, max;
    bool real; /**< else a whole number */
} unroll_spec_key;

/** Room for a thing's keys; a NULL name ends them where they are fewer. */
enum { UNROLL_SPEC_KEYS = 8 };

size_t unroll_spec_count(const unroll_spec_key *keys); /**< keys may be NULL: none */

/** Is it the spec of what is called `name`? */
bool unroll_spec_is(const char *spec, const char *name);

/** Read what stands behind the name; keys that are not there get their defaults.
 *  @param kind, name  how messages call the thing: "task copy"
 *  @param list        where all keys are listed, for messages; NULL: the message lists them
 *  @param value       [UNROLL_SPEC_KEYS], in the order of the keys, 0 behind them
 *  @return UNROLL_EUSAGE naming what is wrong, with "did you mean" and the key's range */
unroll_status unroll_spec_parse(const char *spec, const char *kind, const char *name,
                                const unroll_spec_key *keys, const char *list, double *value);

/** "NAME:key=value,…" with all keys, or "NAME" where there are none; unroll_alloc'ed, NULL with a message. */
char *unroll_spec_text(const char *name, const unroll_spec_key *keys, const double *value);

/** "what it is (a number from 0 to 1, default 0.5)" into buffer. */
enum { UNROLL_SPEC_DESCRIPTION = 256 };
const char *unroll_spec_describe(const unroll_spec_key *key, char buffer[UNROLL_SPEC_DESCRIPTION]);
#endif
