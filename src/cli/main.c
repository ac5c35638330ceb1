/* unroll COMMAND: find the command, read its options, run it, say what failed. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <unroll/version.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "cli/cli.h"
#include "cli/out.h"
#include "math/kernels.h"

#ifndef UNROLL_COMPILER
#define UNROLL_COMPILER "cc"
#endif

/* A closed descriptor 0, 1 or 2 would be given to the next file that is opened, and results
 * would be written into it. What stands in fails when used the wrong way round: stdout then is
 * EBADF, exit 74. */
static void hold_descriptors(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == 1 ? O_RDONLY : O_WRONLY) != fd)
            _exit(UNROLL_EBUG);
}

static void *json_alloc(size_t size)
{
    return unroll_alloc(size, 1);
}

static unroll_status version(void)
{
    const unroll_kernels *kernels = unroll_kernels_get();
    if (!kernels)
        return UNROLL_EUSAGE;
    out_printf("unroll %s\ncompiler: %s %s\nkernels: %s (of", UNROLL_VERSION, UNROLL_COMPILER,
               __VERSION__, kernels->name);
    for (const unroll_kernels *const *k = unroll_kernels_table; *k; k++)
        out_printf(" %s", (*k)->name);
    out_printf(")\nthreads: %zu\n", unroll_cores());
    return UNROLL_OK;
}

static unroll_status unknown_command(const char *name)
{
    const char *near = cli_command_nearest(name);
    if (near)
        return unroll_fail(UNROLL_EUSAGE, "unknown command '%.80s'; did you mean %s?", name, near);
    return unroll_fail(UNROLL_EUSAGE, "unknown command '%.80s'; see 'unroll --help'", name);
}

static unroll_status help(int argc, char **argv)
{
    if (argc > 1)
        return unroll_fail(UNROLL_EUSAGE, "help takes one command");
    if (argc == 0 || strcmp(argv[0], "help") == 0) {
        cli_help_commands(false);
        return UNROLL_OK;
    }
    const cli_command *command = cli_command_find(argv[0]);
    if (!command)
        return unknown_command(argv[0]);
    cli_help(command, false);
    return UNROLL_OK;
}

static unroll_status execute_command(const cli_command *command, int argc, char **argv)
{
    cli_call call;
    unroll_status status = cli_parse(command, argc, argv, &call);
    if (status == UNROLL_OK && call.help)
        cli_help(command, call.help_all);
    else if (status == UNROLL_OK && call.version)
        status = version();
    else if (status == UNROLL_OK)
        status = command->execute(&call);
    cli_release(&call);
    return status;
}

/* What stands before any command's name. */
static unroll_status execute_plain(int argc, char **argv)
{
    const char *word = argc ? argv[0] : "help";
    if (argc == 0)
        return help(0, argv);
    if (strcmp(word, "--help-all") == 0) {
        cli_help_commands(true);
        return UNROLL_OK;
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0)
        return help(argc - 1, argv + 1);
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0 || strcmp(word, "version") == 0)
        return version();
    if (strcmp(word, "--completion") == 0)
        return cli_completion(argc > 1 ? argv[1] : "");
    if (strcmp(word, "--man") != 0)
        return unknown_command(word);
    cli_man();
    return UNROLL_OK;
}

int main(int argc, char **argv)
{
    hold_descriptors();
    signal(SIGPIPE, SIG_IGN); /* writes report it instead */
    signal(SIGXFSZ, SIG_IGN); /* likewise, with EFBIG */
    json_set_alloc_funcs(json_alloc, unroll_free);
    cli_commands_prepare();

    const cli_command *command = argc > 1 ? cli_command_find(argv[1]) : NULL;
    unroll_status status =
        command ? execute_command(command, argc - 2, argv + 2) : execute_plain(argc - 1, argv + 1);
    if (status == UNROLL_OK)
        status = out_finish();
    else
        out_flush();
    char message[UNROLL_MESSAGE_MAX];
    unroll_dashed_message(message);
    if (status != UNROLL_OK && message[0])
        fprintf(stderr, "unroll: %s%s%s\n", command ? command->name : "", command ? ": " : "",
                message);
    return (int)status;
}
