#ifndef UNROLL_CLI_EVAL_TASK_H
#define UNROLL_CLI_EVAL_TASK_H
#include <unroll/model.h>

#include "cli/cli.h"

/** Loss, accuracy, recall and chance on the test of a synthetic task, on standard output.
 *  @param model  of a synthetic task
 *  @param spec   the task; keys that it does not name are those of the model's. NULL: the model's own
 *  @return as unroll_task_parse() and unroll_synthetic_loss() */
unroll_status eval_task(const cli_common *common, unroll_model *model, const char *spec);
#endif
