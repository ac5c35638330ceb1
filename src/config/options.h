#ifndef UNROLL_CONFIG_OPTIONS_H
#define UNROLL_CONFIG_OPTIONS_H
#include <jansson.h>
#include <stdbool.h>
#include <unroll/config.h>

/** Options as a JSON object, in the order of the table: flags and numbers as such, all else as
 *  strings, what is not set as null, paths that are not UTF-8 as unroll_json_quote_bytes() writes them.
 *  @param roles    rows with one of these bits …
 *  @param without  … but not of these names, NULL at the end; NULL: all
 *  @param version  becomes the first key; NULL: none
 *  @param lines    one option a line
 *  @return freed by unroll_free(); NULL with a message */
char *unroll_options_json(const unroll_config *config, unsigned roles, const char *const *without,
                          const char *version, bool lines);

/** Set a config's options from such an object. Keys that begin with "_" are comments, "version"
 *  may be there, options without one of the role bits are passed over.
 *  @param path  what messages begin with
 *  @return UNROLL_EDATA naming key and fault, with "did you mean"; UNROLL_EMEMORY */
unroll_status unroll_options_read(const char *path, const json_t *object, unsigned roles,
                                  unroll_config *config);

/** Resume: the first option outside BOUND and RUN that differs is UNROLL_EMISMATCH naming both
 *  values. */
unroll_status unroll_options_same(const unroll_config *run, const unroll_config *asked);
#endif
