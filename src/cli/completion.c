/* Completion scripts for bash, zsh and fish, from the same rows as help. */
#include <string.h>

#include "base/fail.h"
#include "cli/cli.h"
#include "cli/out.h"

static bool wants_file(const unroll_option *o)
{
    return o->meta && (strcmp(o->meta, "FILE") == 0 || strcmp(o->meta, "DIR") == 0 ||
                       strcmp(o->meta, "MODEL") == 0);
}

static void choices(const unroll_option *o)
{
    const char *name;
    for (size_t i = 0; (name = unroll_option_choice(o, i)); i++)
        out_printf("%s%s", i ? " " : "", name);
}

static void commands(void)
{
    for (const cli_command *const *c = cli_commands; *c; c++)
        out_printf("%s ", (*c)->name);
    out_text("help");
}

/* ---- bash ---- */

static void bash_name(const unroll_option *o)
{
    out_printf(" --%s", o->name);
}

static void bash_values(const unroll_option *o)
{
    if (unroll_option_choice(o, 0)) {
        out_printf("        %s) values='", o->name);
        choices(o);
        out_text("' ;;\n");
    } else if (wants_file(o)) {
        out_printf("        %s) values=FILES ;;\n", o->name);
    } else if (o->type != UNROLL_FLAG) {
        out_printf("        %s) values=NONE ;;\n", o->name);
    }
}

static void bash(void)
{
    out_text("# bash completion for unroll; made by 'unroll --completion bash'\n"
             "_unroll() {\n"
             "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
             "    local command=${COMP_WORDS[1]} options= values=\n"
             "    COMPREPLY=()\n"
             "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
             "        COMPREPLY=($(compgen -W '");
    commands();
    out_text(" --help --version' -- \"$word\"))\n"
             "        return\n"
             "    fi\n"
             "    case $command in\n");
    for (const cli_command *const *c = cli_commands; *c; c++) {
        out_printf("    %s)\n        options='", (*c)->name);
        cli_each_option(*c, NULL, bash_name);
        out_text("'\n        case ${before#--} in\n");
        cli_each_option(*c, NULL, bash_values);
        out_text("        esac ;;\n");
    }
    out_text("    help) COMPREPLY=($(compgen -W '");
    commands();
    out_text("' -- \"$word\")); return ;;\n"
             "    esac\n"
             "    case $before in --*) ;; *) values= ;; esac\n"
             "    case $values in\n"
             "    NONE) return ;;\n"
             "    FILES) ;;\n"
             "    ?*) COMPREPLY=($(compgen -W \"$values\" -- \"$word\")); return ;;\n"
             "    *) case $word in\n"
             "       -*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\")); return ;;\n"
             "       esac ;;\n"
             "    esac\n"
             "    compopt -o filenames 2>/dev/null\n"
             "    COMPREPLY=($(compgen -f -- \"$word\"))\n"
             "}\n"
             "complete -F _unroll unroll\n");
}

/* ---- zsh and fish: both quote with ' ---- */

/* Text inside '…'; `special` are characters that the shell's own list syntax needs escaped. */
static void quoted(const char *text, const char *special)
{
    for (; *text; text++) {
        if (*text == '\'')
            out_text("'\\''");
        else if (strchr(special, *text))
            out_printf("\\%c", *text);
        else
            out_write(text, 1);
    }
}

static void zsh_row(const unroll_option *o)
{
    out_printf("            '--%s[", o->name);
    quoted(o->help, "[]:\\");
    out_text("]");
    if (o->type != UNROLL_FLAG) {
        out_printf(":%s:", o->meta);
        if (unroll_option_choice(o, 0)) {
            out_text("(");
            choices(o);
            out_text(")");
        } else if (wants_file(o)) {
            out_text("_files");
        }
    }
    out_text("' \\\n");
}

static void zsh(void)
{
    out_text("#compdef unroll\n# made by 'unroll --completion zsh'\n"
             "_unroll() {\n    local -a commands\n    commands=(\n");
    for (const cli_command *const *c = cli_commands; *c; c++) {
        out_printf("        '%s:", (*c)->name);
        quoted((*c)->summary, ":\\");
        out_text("'\n");
    }
    out_text("        'help:explain a command'\n    )\n"
             "    if (( CURRENT == 2 )); then\n        _describe command commands\n        return\n"
             "    fi\n    local command=$words[2]\n    shift words\n    (( CURRENT-- ))\n"
             "    case $command in\n");
    for (const cli_command *const *c = cli_commands; *c; c++) {
        out_printf("    %s)\n        _arguments \\\n", (*c)->name);
        cli_each_option(*c, NULL, zsh_row);
        out_text("            '*:file:_files' ;;\n");
    }
    out_text("    help) _describe command commands ;;\n    esac\n}\n_unroll \"$@\"\n");
}

static const char *fish_command; /* whose rows are being written */

static void fish_row(const unroll_option *o)
{
    out_printf("complete -c unroll -n '__fish_seen_subcommand_from %s' -l %s", fish_command, o->name);
    if (o->type != UNROLL_FLAG)
        out_text(wants_file(o) ? " -r -F" : " -x");
    if (unroll_option_choice(o, 0)) {
        out_text(" -a '");
        choices(o);
        out_text("'");
    }
    out_text(" -d '");
    quoted(o->help, "\\");
    out_text("'\n");
}

static void fish(void)
{
    out_text("# fish completion for unroll; made by 'unroll --completion fish'\n");
    for (const cli_command *const *c = cli_commands; *c; c++) {
        fish_command = (*c)->name;
        out_printf("complete -c unroll -f -n __fish_use_subcommand -a %s -d '", fish_command);
        quoted((*c)->summary, "\\");
        out_text("'\n");
        cli_each_option(*c, NULL, fish_row);
    }
    out_text("complete -c unroll -f -n __fish_use_subcommand -a help -d 'explain a command'\n"
             "complete -c unroll -f -n '__fish_seen_subcommand_from help' -a '");
    commands();
    out_text("'\n");
}

unroll_status cli_completion(const char *shell)
{
    static const struct {
        const char *name;
        void (*write)(void);
    } shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
        if (strcmp(shell, shells[i].name) == 0) {
            shells[i].write();
            return UNROLL_OK;
        }
    return unroll_fail(UNROLL_EUSAGE, "--completion: no script for '%.80s'; give bash, zsh or fish",
                       shell);
}
