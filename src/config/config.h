#ifndef UNROLL_CONFIG_CONFIG_H
#define UNROLL_CONFIG_CONFIG_H
#include <unroll/config.h>

#include "base/option.h"

/* The table of all training options. Role bits (base/option.h): a model's metadata carries the
 * rows with UNROLL_ROLE_MODEL; on resume rows with UNROLL_ROLE_BOUND or UNROLL_ROLE_RUN may be
 * given anew, and a row with any other role that differs is UNROLL_EMISMATCH. */

extern const unroll_option unroll_config_table[];
extern const size_t unroll_config_rows;
/** The table as a list for unroll_option_find() and its like; offsets count in unroll_config. */
extern const unroll_option_list unroll_config_lists[];

/** Bring `learning` up to date after rows were set by unroll_option_set(): its strings, seed and
 *  threads follow the config's own. unroll_config_new() and unroll_config_set() do it themselves. */
void unroll_config_sync(unroll_config *config);

/** Bounds that were given push out those that were not: --steps or --epochs each other and an old
 *  --time, --time alone both, so that `--time 90s` does not end with the default's epochs. */
void unroll_config_bounds(unroll_config *config, bool steps, bool epochs, bool time);

/** What no single row can see. @return UNROLL_EUSAGE naming the options */
unroll_status unroll_config_check(const unroll_config *config);

/** An option that was asked for: would it do nothing beside the others? (idle.c)
 *  @param name  as the row spells it
 *  @return UNROLL_EUSAGE saying why */
unroll_status unroll_config_check_used(const unroll_config *config, const char *name);
#endif
