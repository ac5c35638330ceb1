/* unroll.1, from the same rows as help. */
#include <string.h>
#include <unroll/version.h>

#include "base/spec.h"
#include "cli/cli.h"
#include "cli/out.h"

/* Plain text as roff: hyphens that can be copied, nothing read as a request. */
static void roff(const char *text)
{
    bool line_start = true;
    for (; *text; text++) {
        if (line_start && (*text == '.' || *text == '\''))
            out_text("\\&");
        if (*text == '\n' && text[1] == '\n') {
            out_text("\n.PP\n");
            text++;
            line_start = true;
            continue;
        }
        if (*text == '-')
            out_text("\\-");
        else if (*text == '\\')
            out_text("\\e");
        else if (*text == '\'')
            out_text("\\(aq");
        else
            out_write(text, 1);
        line_start = *text == '\n';
    }
}

static void group(const char *name)
{
    out_text(".SS ");
    roff(name);
    out_text(" options\n");
}

static void keys_of(const char *cell, const unroll_spec_key *keys)
{
    char text[UNROLL_SPEC_DESCRIPTION];
    for (size_t i = 0; i < unroll_spec_count(keys); i++) {
        out_text(".br\n.I ");
        roff(cell);
        out_text(":");
        roff(keys[i].name);
        out_text("=X\n");
        roff(unroll_spec_describe(&keys[i], text));
        out_text("\n");
    }
}

static void row(const unroll_option *o)
{
    char description[CLI_DESCRIPTION_MAX];
    out_text(".TP\n\\fB\\-\\-");
    roff(o->name);
    out_text("\\fR");
    if (o->letter)
        out_printf(", \\fB\\-%c\\fR", o->letter);
    if (o->meta) {
        out_text(" \\fI");
        roff(o->meta);
        out_text("\\fR");
    }
    out_text("\n");
    roff(cli_describe(o, description));
    out_text("\n");
    const char *name, *summary;
    for (size_t i = 0; o->summaries && (name = unroll_option_choice(o, i)); i++)
        if ((summary = o->summaries(i))) {
            out_text(".br\n.I ");
            roff(name);
            out_text("\n");
            roff(summary);
            out_text("\n");
            keys_of(name, o->keys ? o->keys(i) : NULL);
        }
}

static void command(const cli_command *c)
{
    out_text(".SH \"UNROLL ");
    for (const char *p = c->name; *p; p++)
        out_printf("%c", *p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p);
    out_text("\"\n.B unroll ");
    roff(c->name);
    out_text("\n[\\fIoptions\\fR] ");
    roff(c->arguments);
    out_text("\n.PP\n");
    roff(c->description);
    out_text("\n");
    cli_each_option(c, group, row);
    out_text(".SS Examples\n");
    for (const cli_example *e = c->examples; e->command; e++) {
        out_text(".TP\n.B ");
        roff(e->command);
        out_text("\n");
        roff(e->what);
        out_text("\n");
    }
}

void cli_man(void)
{
    out_text(".TH UNROLL 1 \"\" \"unroll " UNROLL_VERSION "\" \"User Commands\"\n"
             ".SH NAME\nunroll \\- train recurrent networks and measure their gradients\n"
             ".SH SYNOPSIS\n.B unroll\n\\fICOMMAND\\fR [\\fIoptions\\fR] [\\fIarguments\\fR]\n"
             ".SH DESCRIPTION\n"
             "Trains recurrent networks on text and on synthetic tasks by back\\-propagation through\n"
             "time. Results go to standard output, everything else to standard error. Every text\n"
             "input may be\n.BR \\- ,\na FIFO, or compressed by gzip.\n"
             ".SH COMMANDS\n");
    for (const cli_command *const *c = cli_commands; *c; c++) {
        out_text(".TP\n.B ");
        roff((*c)->name);
        out_text("\n");
        roff((*c)->summary);
        out_text("\n");
    }
    for (const cli_command *const *c = cli_commands; *c; c++)
        command(*c);
    out_text(".SH \"EXIT STATUS\"\n"
             "0 done; 1 a negative result, such as a diverged training; 64 wrong usage; 65 bad data;\n"
             "66 no such input; 70 a bug; 71 no memory or threads; 73 output cannot be created; 74 an\n"
             "I/O error; 75 the run directory is in use; 78 what is resumed does not match. After a\n"
             "signal, 128 and its number.\n"
             ".SH ENVIRONMENT\n"
             ".TP\n.B NO_COLOR\nwhere set, no colours.\n"
             ".TP\n.B TERM\nwhere unset or \"dumb\", no colours and no line that redraws itself.\n"
             ".TP\n.B UNROLL_GNUPLOT\nthe program that draws, instead of gnuplot as it is found.\n"
             ".TP\n.B UNROLL_KERNELS\nthe instruction set to use, such as generic or avx2, instead of "
             "the best that the machine has.\n");
}
