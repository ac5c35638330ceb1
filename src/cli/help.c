/* Help, from the rows. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/spec.h"
#include "cli/cli.h"
#include "cli/out.h"
#include "cli/terminal.h"

enum { COLUMN = 28 };

/* ---- what all descriptions share with the man page ---- */

static void append(char *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void append(char *buffer, const char *format, ...)
{
    const size_t used = strlen(buffer);
    va_list args;
    va_start(args, format);
    vsnprintf(buffer + used, CLI_DESCRIPTION_MAX - used, format, args);
    va_end(args);
}

static void append_choices(const unroll_option *o, char *buffer)
{
    const char *name, *after;
    for (size_t i = 0; (name = unroll_option_choice(o, i)); i++) {
        after = unroll_option_choice(o, i + 1);
        append(buffer, "%s%s", i == 0 ? ": " : after ? ", " : " or ", name);
    }
}

static void append_aliases(const unroll_option *o, char *buffer)
{
    const char *word = o->aliases, *start = "; also";
    while (word && *word) {
        const size_t length = strcspn(word, " ");
        append(buffer, "%s --%.*s", start, (int)length, word);
        start = ",";
        word += length + strspn(word + length, " ");
    }
}

const char *cli_describe(const unroll_option *o, char buffer[CLI_DESCRIPTION_MAX])
{
    char range[96];
    const char *bounds = unroll_option_range(o, range);
    if (strncmp(bounds, "of ", 3) == 0) /* "at least 0" would tell nothing */
        bounds += o->min > 0 ? 3 : strlen(bounds);
    const bool preset = o->preset && *o->preset;
    buffer[0] = '\0';
    append(buffer, "%s", o->help);
    append_choices(o, buffer);
    if (*bounds || preset)
        append(buffer, " (%s%s%s%s)", bounds, *bounds && preset ? ", " : "",
               preset ? "default " : "", preset ? o->preset : "");
    append_aliases(o, buffer);
    return buffer;
}

/* Is `until` the first row of its group? */
static bool begins_group(const unroll_option_list *lists, const unroll_option *until)
{
    for (const unroll_option_list *l = lists; l->rows; l++)
        for (size_t i = 0; i < l->count; i++) {
            if (&l->rows[i] == until)
                return true;
            if (strcmp(l->rows[i].group, until->group) == 0)
                return false;
        }
    return true;
}

static void each_in_group(const cli_command *command, const unroll_option_list *lists,
                          const char *group, void (*heading)(const char *group),
                          void (*row)(const unroll_option *o))
{
    bool headed = heading == NULL;
    for (const unroll_option_list *l = lists; l->rows && row; l++)
        for (size_t i = 0; i < l->count; i++) {
            const unroll_option *o = &l->rows[i];
            if (strcmp(o->group, group) != 0 || (command->hides && command->hides(o)))
                continue;
            if (!headed)
                heading(group);
            headed = true;
            row(o);
        }
}

void cli_each_option(const cli_command *command, void (*heading)(const char *group),
                     void (*row)(const unroll_option *o))
{
    const char *const last = cli_meta_rows[0].group; /* what all commands share */
    unroll_option_list all[CLI_LISTS_MAX];
    cli_all_lists(command, all);
    for (const unroll_option_list *l = all; l->rows; l++)
        for (size_t i = 0; i < l->count; i++)
            if (strcmp(l->rows[i].group, last) != 0 && begins_group(all, &l->rows[i]))
                each_in_group(command, all, l->rows[i].group, heading, row);
    each_in_group(command, all, last, heading, row);
}

/* ---- on the screen ---- */

static void help_heading(const char *group)
{
    out_printf("\n%s%s:%s\n", terminal_style(1, STYLE_BOLD), group, terminal_style(1, STYLE_PLAIN));
}

static void help_keys(const char *name, const unroll_spec_key *keys)
{
    char text[UNROLL_SPEC_DESCRIPTION];
    for (size_t i = 0; i < unroll_spec_count(keys); i++) {
        out_printf("%*s%s:%s=X: ", COLUMN + 4, "", name, keys[i].name);
        out_wrap(unroll_spec_describe(&keys[i], text),
                 COLUMN + 9 + strlen(name) + strlen(keys[i].name), COLUMN + 6);
    }
}

static void help_name(const unroll_option *o)
{
    char left[64], letter[8] = "   ";
    if (o->letter)
        snprintf(letter, sizeof letter, "-%c,", o->letter);
    const int length = snprintf(left, sizeof left, "  %s --%s%s%s", letter, o->name,
                                o->meta ? " " : "", o->meta ? o->meta : "");
    if (length + 2 <= COLUMN)
        out_printf("%-*s", COLUMN, left);
    else
        out_printf("%s\n%*s", left, COLUMN, "");
}

static void help_row(const unroll_option *o)
{
    char description[CLI_DESCRIPTION_MAX];
    const char *name, *summary;
    help_name(o);
    out_wrap(cli_describe(o, description), COLUMN, COLUMN);
    for (size_t i = 0; o->summaries && (name = unroll_option_choice(o, i)); i++)
        if ((summary = o->summaries(i))) {
            out_printf("%*s%s: ", COLUMN + 2, "", name);
            out_wrap(summary, (size_t)COLUMN + 4 + strlen(name), COLUMN + 4);
            help_keys(name, o->keys ? o->keys(i) : NULL);
        }
}

static const char *describe_basic(const unroll_option *o, char buffer[CLI_DESCRIPTION_MAX])
{
    const char *preset = o->preset ? o->preset : "0";
    buffer[0] = '\0';
    append(buffer, "%s", o->basic);
    append_choices(o, buffer);
    if (strcmp(preset, "0") != 0)
        append(buffer, " (default %s)", preset);
    return buffer;
}

static void basic_row(const unroll_option *o)
{
    char description[CLI_DESCRIPTION_MAX];
    if (!o->basic)
        return;
    help_name(o);
    out_wrap(describe_basic(o, description), COLUMN, COLUMN);
}

static size_t rows_seen, basic_seen;

static void count_row(const unroll_option *o)
{
    rows_seen++;
    basic_seen += o->basic != NULL;
}

/* The first paragraph. */
static void help_begin(const char *description)
{
    char text[CLI_DESCRIPTION_MAX];
    const char *end = strstr(description, "\n\n");
    snprintf(text, sizeof text, "%.*s", (int)(end ? end - description : (long)strlen(description)),
             description);
    out_wrap(text, 0, 0);
}

void cli_help(const cli_command *c, bool all)
{
    rows_seen = basic_seen = 0;
    cli_each_option(c, NULL, count_row);
    all = all || basic_seen <= 1; /* --help-all itself */
    out_printf("Usage: unroll %s [options]%s%s\n\n", c->name, *c->arguments ? " " : "", c->arguments);
    if (all) {
        out_wrap(c->description, 0, 0);
        cli_each_option(c, help_heading, help_row);
    } else {
        help_begin(c->description);
        help_heading("Options that one needs most");
        cli_each_option(c, NULL, basic_row);
    }
    help_heading("Examples");
    for (const cli_example *e = c->examples; e->command; e++) {
        out_printf("  %s\n      ", e->command);
        out_wrap(e->what, 6, 6);
    }
    if (!all)
        out_printf("\nAll %zu options: unroll %s --help-all\n", rows_seen, c->name);
}

void cli_help_commands(bool all)
{
    out_text("Usage: unroll COMMAND [options] [arguments]\n\n");
    out_wrap("Trains recurrent networks on text and on synthetic tasks, and shows what becomes of "
             "their gradients.",
             0, 0);
    help_heading("Commands");
    for (const cli_command *const *c = cli_commands; *c; c++) {
        out_printf("  %-12s", (*c)->name);
        out_wrap((*c)->summary, 14, 14);
    }
    help_heading("Start here");
    out_text("  unroll train                  train on the text that ships with the program\n"
             "  unroll sample                 print what the newest model writes\n"
             "  unroll help COMMAND           what a command does, with examples\n"
             "  unroll version                version, compiler, kernels, threads\n\n");
    out_wrap("Exit status: 0 done, 1 a negative result, 64 usage, 65 bad data, 66 no input, 70 a bug, "
             "71 out of memory, 73 cannot create output, 74 I/O error, 75 run directory in use, 78 "
             "resume does not match.",
             0, 0);
    for (const cli_command *const *c = cli_commands; all && *c; c++) {
        out_text("\n\n");
        cli_help(*c, true);
    }
}
