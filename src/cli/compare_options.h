#ifndef UNROLL_CLI_COMPARE_OPTIONS_H
#define UNROLL_CLI_COMPARE_OPTIONS_H

#include "cli/cli.h"
#include "config/config.h"

enum { COMPARE_SEEDS_MAX = 64 };

/** The options of unroll compare. */
typedef struct compare_options {
    unroll_config config;
    char *variant, *sweep;
    uint64_t seeds, jobs;
    bool until_solved, no_probe;
} compare_options;

/** The command as it was understood: "unroll", its name, every option that was given, its
 *  arguments; freed by cli_command_line_free(). */
unroll_status cli_command_line(const cli_call *call, int *argc, char ***argv);
void cli_command_line_free(int argc, char **argv);
#endif
