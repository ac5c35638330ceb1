/* Completion scripts for bash, zsh and fish, from the same rows as help. */
#include <string.h>

#include "base/fail.h"
#include "cli/cli.h"
#include "cli/out.h"
#include "lab/experiment.h"
#include "task/task.h"

/* ---- what a word may be: help's name for it decides ---- */

enum kind { NOTHING, FILES, DIRECTORIES, RUNS, MODELS, TASKS, EXPERIMENTS };

static enum kind kind_of(const char *meta)
{
    static const struct {
        const char *meta;
        enum kind kind;
    } all[] = {{"FILE", FILES},   {"DIR", DIRECTORIES}, {"RUN", RUNS},
               {"MODEL", MODELS}, {"SPEC", TASKS},      {"EXPERIMENT", EXPERIMENTS}};
    for (size_t i = 0; meta && i < sizeof all / sizeof *all; i++)
        if (strncmp(meta, all[i].meta, strlen(all[i].meta)) == 0)
            return all[i].kind;
    return NOTHING;
}

/* Of the first of a command's arguments, or of the others. */
static enum kind argument_kind(const cli_command *command, bool first)
{
    const char *word = command->arguments + strspn(command->arguments, "["),
               *next = strchr(word, ' ');
    if (first || (!next && strstr(word, "...")))
        return kind_of(word);
    return next ? kind_of(next + strspn(next, " [")) : NOTHING;
}

/* Of those that make their own data. */
static void tasks(void)
{
    for (size_t i = 0; unroll_toy_table[i]; i++)
        out_printf("%s%s", i ? " " : "", unroll_toy_table[i]->name);
    for (size_t i = 0; unroll_task_table[i]; i++)
        out_printf(" %s", unroll_task_table[i]->name);
}

static void experiments(void)
{
    for (size_t i = 0; experiment_table[i]; i++)
        out_printf("%s%s", i ? " " : "", experiment_table[i]->name);
}

/* Is there a list of what an option's value may be? */
static bool has_values(const unroll_option *o)
{
    return kind_of(o->meta) == TASKS || unroll_option_choice(o, 0);
}

static void values(const unroll_option *o)
{
    const char *name;
    if (kind_of(o->meta) == TASKS) {
        out_text("char translate ");
        tasks();
    }
    for (size_t i = 0; (name = unroll_option_choice(o, i)); i++)
        out_printf("%s%s", i ? " " : "", name);
}

static void commands(void)
{
    for (const cli_command *const *c = cli_commands; *c; c++)
        out_printf("%s ", (*c)->name);
    out_text("help version");
}

/* ---- bash ---- */

static const char *const bash_kind[] = {"NOTHING", "FILES", "DIRECTORIES", "RUNS",
                                        "MODELS",  "TASKS", "EXPERIMENTS"};

static void bash_name(const unroll_option *o)
{
    out_printf(" --%s", o->name);
}

static void bash_flag(const unroll_option *o)
{
    if (o->type == UNROLL_FLAG)
        out_printf(" --%s", o->name);
    if (o->type == UNROLL_FLAG && o->letter)
        out_printf(" -%c", o->letter);
}

static void bash_values(const unroll_option *o)
{
    if (o->type == UNROLL_FLAG)
        return;
    out_printf("        --%s", o->name);
    if (o->letter)
        out_printf("|-%c", o->letter);
    if (has_values(o)) {
        out_text(") values='");
        values(o);
        out_text("' ;;\n");
    } else {
        out_printf(") kind=%s ;;\n", bash_kind[kind_of(o->meta)]);
    }
}

static void bash_command(const cli_command *c)
{
    out_printf("    %s)\n        options='", c->name);
    cli_each_option(c, NULL, bash_name);
    out_text("'\n        flags='");
    cli_each_option(c, NULL, bash_flag);
    out_printf(" '\n        first=%s others=%s\n        case $before in\n",
               bash_kind[argument_kind(c, true)], bash_kind[argument_kind(c, false)]);
    cli_each_option(c, NULL, bash_values);
    out_text("        esac ;;\n");
}

static void bash(void)
{
    out_text("# bash completion for unroll; made by 'unroll --completion bash'\n"
             "_unroll_runs() {\n"
             "    local config\n"
             "    for config in runs/*/config.json; do\n"
             "        [ ! -e \"$config\" ] || printf '%s\\n' \"${config%/config.json}\"\n"
             "    done\n"
             "}\n"
             "_unroll() {\n"
             "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
             "    local command=${COMP_WORDS[1]} options= flags= values= kind= first= others= i\n"
             "    local IFS=$' \\t\\n'\n"
             "    COMPREPLY=()\n"
             "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
             "        COMPREPLY=($(compgen -W '");
    commands();
    out_text(" --help --help-all --version' -- \"$word\"))\n"
             "        return\n"
             "    fi\n"
             "    case $command in\n");
    for (const cli_command *const *c = cli_commands; *c; c++)
        bash_command(*c);
    out_text("    help) values='");
    commands();
    out_text("' ;;\n"
             "    esac\n"
             "    if [ -z \"$values$kind\" ]; then\n"
             "        case $word in\n"
             "        -*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\")); return ;;\n"
             "        esac\n"
             "        kind=$first\n"
             "        for ((i = 2; i < COMP_CWORD; i++)); do\n"
             "            case ${COMP_WORDS[i]} in\n"
             "            -*) case $flags in *\" ${COMP_WORDS[i]} \"*) ;; *) i=$((i + 1)) ;; esac ;;\n"
             "            *) kind=$others ;;\n"
             "            esac\n"
             "        done\n"
             "    fi\n"
             "    case $kind in\n"
             "    TASKS) values='");
    tasks();
    out_text("' ;;\n"
             "    EXPERIMENTS) values='");
    experiments();
    out_text("' ;;\n"
             "    RUNS | MODELS) IFS=$'\\n'\n"
             "        COMPREPLY=($(compgen -W \"$(_unroll_runs)\" -- \"$word\"))\n"
             "        [ ${#COMPREPLY[@]} -eq 0 ] || return 0 ;;\n"
             "    esac\n"
             "    if [ -n \"$values\" ]; then\n"
             "        COMPREPLY=($(compgen -W \"$values\" -- \"$word\"))\n"
             "        return\n"
             "    fi\n"
             "    IFS=$'\\n'\n"
             "    case $kind in\n"
             "    FILES | MODELS) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n"
             "    DIRECTORIES | RUNS) COMPREPLY=($(compgen -d -- \"$word\")) ;;\n"
             "    *) return ;;\n"
             "    esac\n"
             "    compopt -o filenames 2>/dev/null\n"
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

static void zsh_action(enum kind kind)
{
    switch (kind) {
    case NOTHING: out_text(" "); break;
    case FILES: out_text("_files"); break;
    case DIRECTORIES: out_text("_files -/"); break;
    case RUNS: out_text("_unroll_runs -/"); break;
    case MODELS: out_text("_unroll_runs"); break;
    case TASKS: out_text("("), tasks(), out_text(")"); break;
    case EXPERIMENTS: out_text("("), experiments(), out_text(")"); break;
    }
}

static void zsh_row(const unroll_option *o)
{
    out_printf("            '--%s[", o->name);
    quoted(o->help, "[]:\\");
    out_text("]");
    if (o->type != UNROLL_FLAG) {
        out_printf(":%s:", o->meta);
        if (has_values(o)) {
            out_text("(");
            values(o);
            out_text(")");
        } else if (kind_of(o->meta) != NOTHING) {
            zsh_action(kind_of(o->meta));
        }
    }
    out_text("' \\\n");
}

static void zsh(void)
{
    out_text("#compdef unroll\n# made by 'unroll --completion zsh'\n"
             "_unroll_runs() {\n    local -a found\n    found=(runs/*/config.json(N:h))\n"
             "    compadd -a found\n    _files \"$@\"\n}\n"
             "_unroll() {\n    local -a commands\n    commands=(\n");
    for (const cli_command *const *c = cli_commands; *c; c++) {
        out_printf("        '%s:", (*c)->name);
        quoted((*c)->summary, ":\\");
        out_text("'\n");
    }
    out_text("        'help:explain a command'\n        'version:version, compiler, kernels, threads'\n    )\n"
             "    if (( CURRENT == 2 )); then\n        _describe command commands\n        return\n"
             "    fi\n    local command=$words[2]\n    shift words\n    (( CURRENT-- ))\n"
             "    case $command in\n");
    for (const cli_command *const *c = cli_commands; *c; c++) {
        out_printf("    %s)\n        _arguments \\\n", (*c)->name);
        cli_each_option(*c, NULL, zsh_row);
        out_text("            '1:argument:");
        zsh_action(argument_kind(*c, true));
        out_text("' \\\n            '*:argument:");
        zsh_action(argument_kind(*c, false));
        out_text("' ;;\n");
    }
    out_text("    help) _describe command commands ;;\n    esac\n}\n_unroll \"$@\"\n");
}

static const char *fish_command; /* whose rows are being written */

static bool fish_files(enum kind kind)
{
    return kind == FILES || kind == DIRECTORIES || kind == RUNS || kind == MODELS;
}

static void fish_list(enum kind kind)
{
    out_text(" -a '");
    if (kind == RUNS || kind == MODELS)
        out_text("(__unroll_runs)");
    else if (kind == TASKS)
        tasks();
    else if (kind == EXPERIMENTS)
        experiments();
    out_text("'");
}

static void fish_row(const unroll_option *o)
{
    const enum kind kind = kind_of(o->meta);
    out_printf("complete -c unroll -n '__fish_seen_subcommand_from %s' -l %s", fish_command, o->name);
    if (o->letter)
        out_printf(" -s %c", o->letter);
    if (o->type != UNROLL_FLAG)
        out_text(fish_files(kind) ? " -r -F" : " -x");
    if (has_values(o)) {
        out_text(" -a '");
        values(o);
        out_text("'");
    } else if (kind == RUNS || kind == MODELS) {
        fish_list(kind);
    }
    out_text(" -d '");
    quoted(o->help, "\\");
    out_text("'\n");
}

static void fish(void)
{
    out_text("# fish completion for unroll; made by 'unroll --completion fish'\n"
             "function __unroll_runs\n    for config in runs/*/config.json\n"
             "        dirname $config\n    end\nend\n");
    for (const cli_command *const *c = cli_commands; *c; c++) {
        const enum kind first = argument_kind(*c, true), others = argument_kind(*c, false);
        fish_command = (*c)->name;
        out_printf("complete -c unroll -f -n __fish_use_subcommand -a %s -d '", fish_command);
        quoted((*c)->summary, "\\");
        out_text("'\n");
        cli_each_option(*c, NULL, fish_row);
        out_printf("complete -c unroll -n '__fish_seen_subcommand_from %s'%s", fish_command,
                   fish_files(first) || fish_files(others) ? "" : " -f");
        fish_list(first);
        out_text("\n");
    }
    out_text("complete -c unroll -f -n __fish_use_subcommand -a help -d 'explain a command'\n"
             "complete -c unroll -f -n __fish_use_subcommand -a version -d 'version, kernels, threads'\n"
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
