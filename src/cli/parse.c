/* The command line and --config files: both end in unroll_option_set(). */
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/input.h"
#include "base/memory.h"
#include "cli/cli.h"

#define CLI_GROUP "Common"

/* Lines are all that these commands write. */
static unroll_status parse_json(void *target, const unroll_option *o, const char *text)
{
    cli_common *common = target;
    const bool yes = strcmp(text, "true") == 0 || strcmp(text, "lines") == 0;
    if (!yes && strcmp(text, "false") != 0)
        return unroll_fail(UNROLL_EUSAGE, "--%s: '%.80s' is neither true nor false nor lines",
                           o->name, text);
    common->json = yes;
    return UNROLL_OK;
}

/* clang-format off */
const unroll_option cli_common_rows[CLI_COMMON_COUNT] = {
    {.name = "seed", .group = CLI_GROUP, .meta = "N", .type = UNROLL_SIZE, .preset = "1",
     .help = "all random numbers follow from it", .max = UNROLL_OPTION_NO_MAX,
     .offset = offsetof(cli_common, seed)},
    {.name = "threads", .group = CLI_GROUP, .meta = "N", .type = UNROLL_SIZE, .preset = "0",
     .help = "threads to use; 0: one for each core", .max = 1024,
     .offset = offsetof(cli_common, threads)},
    {.name = "quiet", .letter = 'q', .group = CLI_GROUP, .type = UNROLL_FLAG,
     .help = "print results and errors only", .offset = offsetof(cli_common, quiet)},
    {.name = "json", .group = CLI_GROUP, .type = UNROLL_FLAG,
     .help = "results as JSON, one object a line", .offset = offsetof(cli_common, json),
     .parse = parse_json},
};

const unroll_option cli_meta_rows[CLI_META_COUNT] = {
    [CLI_META_CONFIG] =
        {.name = "config", .group = CLI_GROUP, .meta = "FILE", .type = UNROLL_TEXT,
         .help = "read 'name = value' lines first, # begins a comment; the command line wins"},
    [CLI_META_HELP] = {.name = "help", .letter = 'h', .group = CLI_GROUP, .type = UNROLL_FLAG,
                       .help = "print the options that one needs most"},
    [CLI_META_HELP_ALL] = {.name = "help-all", .group = CLI_GROUP, .type = UNROLL_FLAG,
                           .basic = "print all options", .help = "print all options"},
    [CLI_META_VERSION] = {.name = "version", .letter = 'V', .group = CLI_GROUP, .type = UNROLL_FLAG,
                          .help = "print version, compiler, kernels and threads"},
};
/* clang-format on */

void cli_all_lists(const cli_command *command, unroll_option_list all[CLI_LISTS_MAX])
{
    size_t n = 0;
    for (; command->lists[n].rows && n < CLI_LISTS_MAX - 2; n++)
        all[n] = command->lists[n];
    all[n] = (unroll_option_list){cli_meta_rows, CLI_META_COUNT, 0};
    all[n + 1] = (unroll_option_list){NULL, 0, 0};
}

static bool same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* ---- collecting ---- */

static unroll_status add_given(cli_call *call, const unroll_option *option, size_t base,
                               const char *text, enum cli_origin origin)
{
    cli_given *grown = unroll_realloc(call->given, call->given_count + 1, sizeof *grown);
    if (!grown)
        return UNROLL_EMEMORY;
    call->given = grown;
    grown[call->given_count++] = (cli_given){option, base, text, origin};
    return UNROLL_OK;
}

static unroll_status unknown_option(const cli_command *command, const char *name)
{
    unroll_option_list all[CLI_LISTS_MAX];
    cli_all_lists(command, all);
    const char *near = unroll_option_nearest(all, name);
    if (near)
        return unroll_fail(UNROLL_EUSAGE, "unknown option --%.80s; did you mean --%s?", name, near);
    return unroll_fail(UNROLL_EUSAGE, "unknown option --%.80s; see 'unroll %s --help-all'", name,
                       command->name);
}

/* What an option wants, for "needs a value". */
static unroll_status missing_value(const unroll_option *o)
{
    char range[96];
    unroll_option_range(o, range);
    return unroll_fail(UNROLL_EUSAGE, "--%s needs a value: %s%s%s", o->name, o->meta,
                       range[0] ? " " : "", range);
}

typedef struct reading {
    cli_call *call;
    unroll_option_list all[CLI_LISTS_MAX];
    const char *next; /* the argument behind the one that is read; NULL: none, or used */
    const char *config;
} reading;

/* What all commands have, and is no option of theirs. */
static unroll_status take_meta(reading *r, const unroll_option *o, const char *value)
{
    switch (o - cli_meta_rows) {
    case CLI_META_CONFIG: r->config = value; break;
    case CLI_META_HELP: r->call->help = true; break;
    case CLI_META_HELP_ALL: r->call->help = r->call->help_all = true; break;
    case CLI_META_VERSION: r->call->version = true; break;
    }
    return UNROLL_OK;
}

/* @param value  that was joined to it, or NULL */
static unroll_status take(reading *r, const unroll_option *o, size_t base, const char *value)
{
    if (o->type == UNROLL_FLAG) {
        value = value ? value : "true";
    } else if (!value) {
        value = r->next;
        r->next = NULL;
    }
    if (!value)
        return missing_value(o);
    UNROLL_TRY(unroll_option_check_blank(o, value));
    return o >= cli_meta_rows && o < cli_meta_rows + CLI_META_COUNT
               ? take_meta(r, o, value)
               : add_given(r->call, o, base, value, CLI_LINE);
}

/* One argument behind its "--". */
static unroll_status long_option(reading *r, const char *argument)
{
    char name[64], several[UNROLL_OPTION_SEVERAL] = "";
    const char *value = strchr(argument, '=');
    const size_t length = value ? (size_t)(value - argument) : strlen(argument);
    if (length >= sizeof name)
        return unroll_fail(UNROLL_EUSAGE, "unknown option --%.40s...", argument);
    memcpy(name, argument, length);
    name[length] = '\0';

    size_t base = 0;
    const unroll_option *o = unroll_option_find(r->all, name, &base);
    if (!o && length)
        o = unroll_option_abbreviated(r->all, name, r->call->command->hides, &base, several);
    if (!o && *several)
        return unroll_fail(UNROLL_EUSAGE, "--%.80s is short for several options: %s", name, several);
    return o ? take(r, o, base, value ? value + 1 : NULL) : unknown_option(r->call->command, name);
}

/* -lr: a long name behind one hyphen. */
static const char *meant_name(const reading *r, const char *name, char buffer[64])
{
    size_t base;
    const unroll_option *o;
    snprintf(buffer, 64, "%.*s", (int)strcspn(name, "="), name);
    if (strlen(buffer) < 2)
        return NULL;
    o = unroll_option_find(r->all, buffer, &base);
    if (o)
        return o->name;
    return unroll_option_letter(r->all, *name, &base) ? NULL : unroll_option_nearest(r->all, buffer);
}

/* Letters behind one hyphen: flags may be joined, and a value may follow its letter at once. */
static unroll_status short_options(reading *r, const char *argument)
{
    char buffer[64];
    const char *near = meant_name(r, argument + 1, buffer);
    if (near)
        return unroll_fail(UNROLL_EUSAGE, "unknown option %.80s; did you mean --%s?", argument, near);
    for (const char *letter = argument + 1; *letter; letter++) {
        size_t base;
        const unroll_option *o = unroll_option_letter(r->all, *letter, &base);
        if (!o)
            return unroll_fail(UNROLL_EUSAGE,
                               "unknown option %.80s; see 'unroll %s --help-all', a file of that "
                               "name is ./%.80s",
                               argument, r->call->command->name, argument);
        const bool flag = o->type == UNROLL_FLAG;
        const char *joined = letter[1] == '=' ? letter + 2 : letter + 1;
        UNROLL_TRY(take(r, o, base, flag || !letter[1] ? NULL : joined));
        if (!flag)
            break;
    }
    return UNROLL_OK;
}

static unroll_status read_line(cli_call *call, int argc, char **argv, const char **config)
{
    reading r = {.call = call};
    bool options = true;
    cli_all_lists(call->command, r.all);
    for (int i = 0; i < argc && !call->help && !call->version; i++) {
        char *argument = argv[i];
        if (!options || argument[0] != '-' || argument[1] == '\0') {
            call->arguments[call->count++] = argument;
        } else if (same(argument, "--")) {
            options = false;
        } else {
            const char *const after = i + 1 < argc ? argv[i + 1] : NULL;
            r.next = after;
            UNROLL_TRY(argument[1] == '-' ? long_option(&r, argument + 2)
                                          : short_options(&r, argument));
            i += r.next != after;
        }
    }
    *config = r.config;
    return UNROLL_OK;
}

/* ---- --config ---- */

static char *trim(char *text)
{
    text += strspn(text, " \t\r");
    size_t length = strlen(text);
    while (length && strchr(" \t\r", text[length - 1]))
        length--;
    text[length] = '\0';
    return text;
}

/* A # begins a comment at the start of a line and behind a blank, but not inside "…". */
static void cut_comment(char *line)
{
    bool quoted = false;
    for (char *c = line; *c; c++) {
        if (*c == '"')
            quoted = !quoted;
        if (*c == '#' && !quoted && (c == line || c[-1] == ' ' || c[-1] == '\t')) {
            *c = '\0';
            return;
        }
    }
}

static unroll_status keep_text(cli_call *call, char **text)
{
    char **grown = unroll_realloc(call->block_, call->block_count_ + 1, sizeof *grown);
    if (!grown)
        return UNROLL_EMEMORY;
    call->block_ = grown;
    if (!(*text = unroll_strndup(*text, strlen(*text))))
        return UNROLL_EMEMORY;
    grown[call->block_count_++] = *text;
    return UNROLL_OK;
}

static unroll_status config_line(cli_call *call, char *line)
{
    cut_comment(line);
    line = trim(line);
    if (!*line)
        return UNROLL_OK;
    char *equals = strchr(line, '=');
    if (!equals)
        return unroll_fail(UNROLL_EUSAGE, "no '=' in '%.80s'; write name = value", line);
    *equals = '\0';
    char *name = trim(line), *value = trim(equals + 1);
    const size_t length = strlen(value);
    if (length >= 2 && value[0] == '"' && value[length - 1] == '"') {
        value[length - 1] = '\0';
        value++;
    }
    size_t base;
    const unroll_option *o = unroll_option_find(call->command->lists, name, &base);
    if (!o)
        return unknown_option(call->command, name);
    UNROLL_TRY(unroll_option_set(o, base, call->options, value));
    UNROLL_TRY(keep_text(call, &value));
    return add_given(call, o, base, value, CLI_CONFIG);
}

static unroll_status read_config(cli_call *call, const char *path)
{
    unroll_lines *lines;
    char *line;
    size_t length;
    UNROLL_TRY(unroll_lines_open(path, &lines));
    unroll_status status;
    for (size_t number = 1; !(status = unroll_lines_next(lines, &line, &length)) && line; number++) {
        status = strlen(line) == length
                     ? config_line(call, line)
                     : unroll_fail(UNROLL_EUSAGE, "a NUL byte; this is no text file");
        if (status) {
            unroll_fail_prefix(status, "%s:%zu", path, number);
            break;
        }
    }
    unroll_lines_close(lines);
    return status;
}

/* ---- checks over all options ---- */

enum cli_origin cli_was_given(const cli_call *call, const char *name)
{
    enum cli_origin origin = CLI_NOT_GIVEN;
    for (size_t i = 0; i < call->given_count; i++) {
        const cli_given *g = &call->given[i];
        if (same(g->option->name, name) && g->origin >= origin)
            origin = same(g->text, "false") && g->option->type == UNROLL_FLAG ? CLI_NOT_GIVEN
                                                                              : g->origin;
    }
    return origin;
}

/* Back to the default: what the other source said instead excludes it. */
static unroll_status forget(cli_call *call, const char *name)
{
    size_t base;
    const unroll_option *o = unroll_option_find(call->command->lists, name, &base);
    const char *zero = o->type == UNROLL_FLAG ? "false" : o->type == UNROLL_TEXT ? "" : "0";
    UNROLL_TRY(unroll_option_set(o, base, call->options, o->preset ? o->preset : zero));
    size_t kept = 0;
    for (size_t i = 0; i < call->given_count; i++)
        if (call->given[i].option != o)
            call->given[kept++] = call->given[i];
    call->given_count = kept;
    return UNROLL_OK;
}

static unroll_status check_conflicts(cli_call *call)
{
    const char *const(*pair)[2] = call->command->conflicts;
    for (; pair && (*pair)[0]; pair++) {
        const char *a = (*pair)[0], *b = (*pair)[1];
        const enum cli_origin given_a = cli_was_given(call, a), given_b = cli_was_given(call, b);
        if (!given_a || !given_b)
            continue;
        if (given_a == given_b)
            return unroll_fail(UNROLL_EUSAGE, "--%s and --%s exclude each other; give one of them",
                               a, b);
        UNROLL_TRY(forget(call, given_a < given_b ? a : b));
    }
    return UNROLL_OK;
}

static unroll_status check_arguments(const cli_call *call)
{
    const cli_command *c = call->command;
    if (call->count < c->min_arguments)
        return unroll_fail(UNROLL_EUSAGE, "something is missing; usage: unroll %s [options] %s",
                           c->name, c->arguments);
    if (call->count > c->max_arguments)
        return unroll_fail(UNROLL_EUSAGE,
                           "'%.80s' is one argument too many; usage: unroll %s "
                           "[options] %s",
                           call->arguments[c->max_arguments], c->name, c->arguments);
    return UNROLL_OK;
}

unroll_status cli_parse(const cli_command *command, int argc, char **argv, cli_call *call)
{
    const char *config = NULL;
    *call = (cli_call){.command = command};
    call->options = unroll_alloc(1, command->options_size);
    call->arguments = unroll_alloc((size_t)argc + 1, sizeof *call->arguments);
    if (!call->options || !call->arguments)
        return UNROLL_EMEMORY;
    UNROLL_TRY(unroll_option_defaults(command->lists, call->options));
    UNROLL_TRY(read_line(call, argc, argv, &config));
    if (call->help || call->version)
        return UNROLL_OK;

    const size_t from_line = call->given_count;
    for (size_t i = 0; i < from_line; i++) /* twice: a mistake here is told before the file's */
        UNROLL_TRY(unroll_option_set(call->given[i].option, call->given[i].base, call->options,
                                     call->given[i].text));
    if (config) {
        UNROLL_TRY(read_config(call, config));
        for (size_t i = 0; i < from_line; i++)
            UNROLL_TRY(unroll_option_set(call->given[i].option, call->given[i].base, call->options,
                                         call->given[i].text));
    }
    UNROLL_TRY(check_conflicts(call));
    return check_arguments(call);
}

void cli_release(cli_call *call)
{
    if (call->options)
        unroll_option_release(call->command->lists, call->options);
    unroll_free(call->options);
    unroll_free(call->arguments);
    unroll_free(call->given);
    for (size_t i = 0; i < call->block_count_; i++)
        unroll_free(call->block_[i]);
    unroll_free(call->block_);
}
