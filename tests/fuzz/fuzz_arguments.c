/* Command lines: the first line names the command, each other line is an argument. */
#include "fuzz.h"

#include <string.h>

#include "cli/cli.h"

enum { ARGUMENTS = 32 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool prepared;
    char *name, *rest, *argv[ARGUMENTS], **line;
    int argc = 0, count;
    if (!prepared)
        cli_commands_prepare();
    prepared = true;
    fuzz_split(data, size, &name, &rest);
    for (char *at = rest; *at && argc < ARGUMENTS;) {
        char *end = strchr(at, '\n');
        argv[argc++] = at;
        if (!end)
            break;
        *end = '\0';
        at = end + 1;
    }
    const cli_command *command = cli_command_find(name);
    if (!command) {
        (void)cli_command_nearest(name);
    } else {
        cli_call call = {0};
        if (cli_parse(command, argc, argv, &call) == UNROLL_OK &&
            cli_command_line(&call, &count, &line) == UNROLL_OK)
            cli_command_line_free(count, line);
        cli_release(&call);
    }
    free(name), free(rest);
    return 0;
}
