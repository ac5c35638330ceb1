#include "cli/compare_options.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"

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
