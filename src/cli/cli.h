#ifndef UNROLL_CLI_CLI_H
#define UNROLL_CLI_CLI_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"
#include "base/option.h"

/* A command is one file cmd_NAME.c that ends in a `const cli_command`, and one line in
 * commands.c. Help, the man page and shell completion are made from it. */

typedef struct cli_example {
    const char *command; /**< what to type */
    const char *what;    /**< what it does, one line */
} cli_example;

typedef struct cli_call cli_call;

typedef struct cli_command {
    const char *name;
    const char *arguments;           /**< as in the usage line: "MODEL FILE..." */
    const char *summary;             /**< one line for the list of commands */
    const char *description;         /**< paragraphs; help wraps them */
    const unroll_option_list *lists; /**< the common options included */
    void (*prepare)(void); /**< fills the lists that are made of another table; NULL: they are constant */
    /** Rows that it reads but has no use for, such as those of a training in a probe's --config: help, man page
     *  and completions leave them out. NULL: none */
    bool (*hides)(const unroll_option *o);
    size_t options_size; /**< of the struct that the lists fill */
    size_t min_arguments, max_arguments;
    const char *const (*conflicts)[2]; /**< pairs of option names; ends with {NULL, NULL} */
    const cli_example *examples;       /**< ends with {NULL, NULL} */
    unroll_status (*execute)(cli_call *call);
} cli_command;

/** Where an option was given; a later one wins. */
enum cli_origin { CLI_NOT_GIVEN, CLI_CONFIG, CLI_LINE };

typedef struct cli_given {
    const unroll_option *option;
    size_t base;
    const char *text;
    enum cli_origin origin;
} cli_given;

/** One call of a command. All of it belongs to main. */
struct cli_call {
    const cli_command *command;
    void *options;    /**< the command's struct, defaults and given values filled in */
    char **arguments; /**< what is no option */
    size_t count;
    cli_given *given; /**< options in the order they were given, --config's first */
    size_t given_count;
    bool help, help_all, version; /**< asked for instead */
    char **block_;                /**< texts from --config, owned */
    size_t block_count_;
};

/** All commands; NULL at the end. */
extern const cli_command *const cli_commands[];
extern const cli_command cli_bench, cli_compare, cli_eval, cli_generate, cli_gradient, cli_inspect,
    cli_reproduce, cli_sample, cli_train, cli_translate;
/** Fill the lists of all commands; before anything else here. */
void cli_commands_prepare(void);
const cli_command *cli_command_find(const char *name); /**< NULL: none */
const char *cli_command_nearest(const char *name);     /**< for "did you mean", or NULL */

/** The options of commands that do not train. First in their struct. */
typedef struct cli_common {
    uint64_t seed, threads;
    bool quiet, json;
} cli_common;
enum { CLI_COMMON_COUNT = 4 };
extern const unroll_option cli_common_rows[CLI_COMMON_COUNT];

/** In every command's help; handled by cli_parse(). */
enum { CLI_META_CONFIG, CLI_META_HELP, CLI_META_HELP_ALL, CLI_META_VERSION, CLI_META_COUNT };
extern const unroll_option cli_meta_rows[CLI_META_COUNT];

enum { CLI_LISTS_MAX = 10 };
/** A command's lists and cli_meta_rows. */
void cli_all_lists(const cli_command *command, unroll_option_list all[CLI_LISTS_MAX]);

/** Read argv[0…argc−1] (without the command's name) into `call`; defaults, then --config, then
 *  the command line. @return UNROLL_EUSAGE, UNROLL_ENOINPUT or UNROLL_EMEMORY with a message;
 *  cli_release() in any case */
unroll_status cli_parse(const cli_command *command, int argc, char **argv, cli_call *call);
void cli_release(cli_call *call);

/** Where `name` (the row's own) was given, CLI_NOT_GIVEN included. */
enum cli_origin cli_was_given(const cli_call *call, const char *name);

/** The command as it was understood: "unroll", its name, every option that was given, its arguments.
 *  @return UNROLL_EMEMORY; *argv is freed by cli_command_line_free() */
unroll_status cli_command_line(const cli_call *call, int *argc, char ***argv);
void cli_command_line_free(int argc, char **argv);

/** "unroll: COMMAND: text" on standard error, control characters escaped. */
void cli_report(const cli_call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** The model that a command is about: its first argument, else the newest run, which is then said unless `quiet`.
 *  @param path  freed by unroll_free() @return UNROLL_ENOINPUT where there is no run */
unroll_status cli_model(const cli_call *call, bool quiet, char **path);

/** Walk through a command's options as help shows them: each group's heading, then its rows; the
 *  common group last. Either callback may be NULL. */
void cli_each_option(const cli_command *command, void (*heading)(const char *group),
                     void (*row)(const unroll_option *o));

enum { CLI_DESCRIPTION_MAX = 640 };
/** A row in one sentence: its help, what it accepts, its default and its aliases. */
const char *cli_describe(const unroll_option *o, char buffer[CLI_DESCRIPTION_MAX]);

/** To standard output, as wide as the terminal.
 *  @param all  every option with all that there is to say; else, where the table marks some as basic, those */
void cli_help(const cli_command *command, bool all);
void cli_help_commands(bool all); /**< the list of commands; `all`: and then each command's help */
void cli_man(void);               /**< unroll.1 */
/** A completion script for "bash", "zsh" or "fish". @return UNROLL_EUSAGE for another shell */
unroll_status cli_completion(const char *shell);
#endif
