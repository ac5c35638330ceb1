/* The one list of commands, and what all of them share. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/display.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "cli/cli.h"
#include "cli/terminal.h"

const cli_command *const cli_commands[] = {&cli_train, &cli_sample, &cli_translate, &cli_eval,
                                           &cli_inspect, &cli_generate, &cli_gradient, &cli_bench,
                                           &cli_compare, &cli_reproduce, NULL};

const cli_command *cli_command_find(const char *name)
{
    for (const cli_command *const *c = cli_commands; *c; c++)
        if (strcmp((*c)->name, name) == 0)
            return *c;
    return NULL;
}

const char *cli_command_nearest(const char *name)
{
    const char *names[sizeof cli_commands / sizeof *cli_commands + 1];
    size_t n = 0;
    for (; cli_commands[n]; n++)
        names[n] = cli_commands[n]->name;
    names[n++] = "help";
    names[n] = NULL;
    return unroll_nearest(names, name);
}

void cli_note(const cli_call *call, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    char *line = unroll_display_escape_line(text, strlen(text));
    fprintf(stderr, "unroll: %s: %s\n", call->command->name, line ? line : text);
    unroll_free(line);
}
