/* Help, from the rows. Everything fits 80 columns. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/spec.h"
#include "cli/cli.h"
#include "cli/out.h"
#include "cli/terminal.h"

enum { WIDTH = 79, COLUMN = 24 };

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

static void each_in_group(const unroll_option_list *lists, const char *group,
                          void (*heading)(const char *group), void (*row)(const unroll_option *o))
{
    if (heading)
        heading(group);
    for (const unroll_option_list *l = lists; l->rows && row; l++)
        for (size_t i = 0; i < l->count; i++)
            if (strcmp(l->rows[i].group, group) == 0)
                row(&l->rows[i]);
}

void cli_each_option(const cli_command *command, void (*heading)(const char *group),
                     void (*row)(const unroll_option *o))
{
    enum { LISTS = 8 };
    const char *const last = cli_meta_rows[0].group; /* what all commands share */
    unroll_option_list all[LISTS + 2];
    size_t n = 0;
    while (command->lists[n].rows && n < LISTS) {
        all[n] = command->lists[n];
        n++;
    }
    all[n] = (unroll_option_list){cli_meta_rows, CLI_META_COUNT, 0};
    all[n + 1] = (unroll_option_list){NULL, 0, 0};

    for (const unroll_option_list *l = all; l->rows; l++)
        for (size_t i = 0; i < l->count; i++)
            if (strcmp(l->rows[i].group, last) != 0 && begins_group(all, &l->rows[i]))
                each_in_group(all, l->rows[i].group, heading, row);
    each_in_group(all, last, heading, row);
}

/* ---- on the screen ---- */

/* Words of `text` from column `at` on, lines after the first indented; ends with a newline. A blank
 * line in the text stays one. */
static void wrap(const char *text, size_t at, size_t indent)
{
    bool first = true;
    while (*text) {
        const size_t blanks = strspn(text, " \n");
        if (blanks >= 2 && text[0] == '\n') {
            out_printf("\n\n%*s", (int)indent, "");
            at = indent;
            first = true;
        }
        text += blanks;
        const size_t length = strcspn(text, " \n");
        if (!length)
            break;
        if (!first && at + 1 + length > WIDTH) {
            out_printf("\n%*s", (int)indent, "");
            at = indent;
            first = true;
        }
        out_printf("%s%.*s", first ? "" : " ", (int)length, text);
        at += length + !first;
        first = false;
        text += length;
    }
    out_text("\n");
}

static void help_heading(const char *group)
{
    out_printf("\n%s%s:%s\n", terminal_style(1, STYLE_BOLD), group, terminal_style(1, STYLE_PLAIN));
}

static void help_keys(const char *name, const unroll_spec_key *keys)
{
    char text[UNROLL_SPEC_DESCRIPTION];
    for (size_t i = 0; i < unroll_spec_count(keys); i++) {
        out_printf("%*s%s:%s=X: ", COLUMN + 4, "", name, keys[i].name);
        wrap(unroll_spec_describe(&keys[i], text), COLUMN + 9 + strlen(name) + strlen(keys[i].name),
             COLUMN + 6);
    }
}

static void help_row(const unroll_option *o)
{
    char left[64], description[CLI_DESCRIPTION_MAX];
    const int length = snprintf(left, sizeof left, "  --%s%s%s", o->name, o->meta ? " " : "",
                                o->meta ? o->meta : "");
    if (length + 2 <= COLUMN)
        out_printf("%-*s", COLUMN, left);
    else
        out_printf("%s\n%*s", left, COLUMN, "");
    wrap(cli_describe(o, description), COLUMN, COLUMN);
    const char *name, *summary;
    for (size_t i = 0; o->summaries && (name = unroll_option_choice(o, i)); i++)
        if ((summary = o->summaries(i))) {
            out_printf("%*s%s: ", COLUMN + 2, "", name);
            wrap(summary, (size_t)COLUMN + 4 + strlen(name), COLUMN + 4);
            help_keys(name, o->keys ? o->keys(i) : NULL);
        }
}

void cli_help(const cli_command *c)
{
    out_printf("Usage: unroll %s [options]%s%s\n\n", c->name, *c->arguments ? " " : "", c->arguments);
    wrap(c->description, 0, 0);
    cli_each_option(c, help_heading, help_row);
    help_heading("Examples");
    for (const cli_example *e = c->examples; e->command; e++) {
        out_printf("  %s\n      ", e->command);
        wrap(e->what, 6, 6);
    }
}

void cli_help_all(void)
{
    out_text("Usage: unroll COMMAND [options] [arguments]\n\n"
             "Trains recurrent networks on text and on synthetic tasks, and shows what\n"
             "becomes of their gradients.\n");
    help_heading("Commands");
    for (const cli_command *const *c = cli_commands; *c; c++) {
        out_printf("  %-12s", (*c)->name);
        wrap((*c)->summary, 14, 14);
    }
    help_heading("Start here");
    out_text("  unroll train                  train on the text that ships with the program\n"
             "  unroll sample runs/NAME       print what the model writes\n"
             "  unroll help COMMAND           options of a command, with examples\n"
             "  unroll --version              version, compiler, kernels, threads\n\n"
             "Exit status: 0 done, 1 a negative result, 64 usage, 65 bad data, 66 no input,\n"
             "70 a bug, 71 out of memory, 73 cannot create output, 74 I/O error, 75 run\n"
             "directory in use, 78 resume does not match.\n");
}
