#ifndef UNROLL_CLI_EVAL_PAIRS_H
#define UNROLL_CLI_EVAL_PAIRS_H
#include "cli/cli.h"
#include "data/pairs.h"
#include "decode/translator_pool.h"

/** How unroll eval measures a translation model. */
typedef struct eval_pairs_options {
    unroll_translator_pool_options pool;
    bool skip_bad;
    uint64_t max_input;
    char *out; /**< directory for length.csv and its plot, or NULL */
} eval_pairs_options;

/** Loss, token accuracy and scores over all files' pairs, on standard output.
 *  @param model  a translation model
 *  @return as unroll_pairs_read(); UNROLL_ECREATE, UNROLL_EIO for what goes into `out` */
unroll_status eval_pairs(const cli_call *call, const cli_common *common,
                         const eval_pairs_options *options, unroll_model *model, char *const *files,
                         size_t count);

/** The same over the test part of pairs that are read already, with their texts kept. */
unroll_status eval_pairs_of(const cli_call *call, const cli_common *common,
                            const eval_pairs_options *options, unroll_model *model,
                            unroll_pairs *pairs);
#endif
