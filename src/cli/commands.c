/* The one list of commands, and what all of them share. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/display.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "cli/cli.h"
#include "cli/terminal.h"
#include "store/run_name.h"

const cli_command *const cli_commands[] = {
    &cli_train,    &cli_sample, &cli_translate, &cli_eval,      &cli_inspect, &cli_generate,
    &cli_gradient, &cli_bench,  &cli_compare,   &cli_reproduce, NULL};

void cli_commands_prepare(void)
{
    for (const cli_command *const *c = cli_commands; *c; c++)
        if ((*c)->prepare)
            (*c)->prepare();
}

const cli_command *cli_command_find(const char *name)
{
    for (const cli_command *const *c = cli_commands; *c; c++)
        if (strcmp((*c)->name, name) == 0)
            return *c;
    return NULL;
}

const char *cli_command_nearest(const char *name)
{
    const char *names[sizeof cli_commands / sizeof *cli_commands + 2];
    size_t n = 0;
    for (; cli_commands[n]; n++)
        names[n] = cli_commands[n]->name;
    names[n++] = "help";
    names[n++] = "version";
    names[n] = NULL;
    return unroll_nearest(names, name);
}

static char *option_text(const cli_given *g)
{
    const size_t room = strlen(g->option->name) + strlen(g->text) + 4;
    char *text = unroll_alloc(room, 1);
    if (text && g->option->type == UNROLL_FLAG && strcmp(g->text, "true") == 0)
        snprintf(text, room, "--%s", g->option->name);
    else if (text)
        snprintf(text, room, "--%s=%s", g->option->name, g->text);
    return text;
}

unroll_status cli_command_line(const cli_call *call, int *argc, char ***argv)
{
    const size_t most = 2 + call->given_count + call->count;
    char **list = unroll_alloc(most, sizeof *list);
    size_t n = 0;
    bool done = list != NULL;
    if (done) {
        list[n++] = unroll_strndup("unroll", 6);
        list[n++] = unroll_strndup(call->command->name, strlen(call->command->name));
        for (size_t i = 0; i < call->given_count; i++)
            list[n++] = option_text(&call->given[i]);
        for (size_t i = 0; i < call->count; i++)
            list[n++] = unroll_strndup(call->arguments[i], strlen(call->arguments[i]));
    }
    for (size_t i = 0; i < n; i++)
        done = done && list[i];
    *argc = (int)n;
    *argv = list;
    if (done)
        return UNROLL_OK;
    cli_command_line_free((int)n, list);
    return UNROLL_EMEMORY;
}

void cli_command_line_free(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        unroll_free(argv[i]);
    unroll_free(argv);
}

unroll_status cli_model(const cli_call *call, bool quiet, char **path)
{
    if (call->count) {
        *path = unroll_strndup(call->arguments[0], strlen(call->arguments[0]));
        return *path ? UNROLL_OK : UNROLL_EMEMORY;
    }
    UNROLL_TRY(unroll_run_newest(path));
    if (!quiet)
        cli_report(call, "no model is given; taking the newest run, %s", *path);
    return UNROLL_OK;
}

void cli_report(const cli_call *call, const char *format, ...)
{
    char text[2 * UNROLL_MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    unroll_marks_to_dashes(text);
    char *line = unroll_display_escape_line(text, strlen(text));
    fprintf(stderr, "unroll: %s: %s\n", call->command->name, line ? line : text);
    unroll_free(line);
}
