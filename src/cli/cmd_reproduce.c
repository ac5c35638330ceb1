/* unroll reproduce: a published experiment again, with what came out beside what was reported. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/compare_text.h"
#include "cli/out.h"
#include "lab/reproduce.h"

typedef struct reproduce_options {
    cli_common common;
    bool list, quick;
    int control; /* enum reproduction_control */
    uint64_t seeds, jobs;
    char *out;
} reproduce_options;

/* clang-format off */
static const unroll_option own_rows[] = {
    {.name = "list", .group = "Experiment", .type = UNROLL_FLAG,
     .offset = offsetof(reproduce_options, list), .help = "name every experiment, source and claim"},
    {.name = "quick", .group = "Experiment", .type = UNROLL_FLAG,
     .offset = offsetof(reproduce_options, quick),
     .help = "a smaller setting that tests a part of the claim, in a few minutes on two cores"},
    {.name = "control", .group = "Experiment", .meta = "KIND", .type = UNROLL_CHOICE,
     .choices = reproduction_control_name, .preset = "none",
     .offset = offsetof(reproduce_options, control),
     .help = "see that the claim can fail: learning rates times 0 (untrained) or times 100,000 (diverged)"},
    {.name = "seeds", .letter = 'n', .group = "Experiment", .meta = "N", .type = UNROLL_SIZE, .preset = "0",
     .min = 0, .max = COMPARE_SEEDS_MAX, .offset = offsetof(reproduce_options, seeds),
     .help = "trainings of each variant, with seeds from --seed on; 0: as the experiment says"},
    {.name = "jobs", .group = "Experiment", .meta = "N", .type = UNROLL_SIZE, .preset = "0",
     .min = 0, .max = 1024, .offset = offsetof(reproduce_options, jobs),
     .help = "trainings at a time, each on one thread unless --threads is given; 0: one a core"},
    {.name = "out", .letter = 'o', .group = "Experiment", .meta = "DIR", .type = UNROLL_TEXT,
     .offset = offsetof(reproduce_options, out),
     .help = "where results go (default runs/reproduce-NAME); what is there is not done again"},
};
/* clang-format on */

static const unroll_option_list lists[] = {
    {own_rows, sizeof own_rows / sizeof *own_rows, 0},
    {cli_common_rows, CLI_COMMON_COUNT, offsetof(reproduce_options, common)},
    {NULL, 0, 0}};

/* ---- the list ---- */

static unroll_status list_json(const experiment *e)
{
    return out_json(json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s, s:s, s:s?}", "name", e->name,
                              "source", e->paper, "claim", e->claim, "reported", e->published,
                              "here", e->full.here, "time", e->full.time, "quick_time",
                              e->quick.time, "quick_tests", e->quick.part));
}

static void list_text(const experiment *e)
{
    out_printf("%s\n", e->name);
    out_labelled("  source:   ", e->paper);
    out_labelled("  claim:    ", e->claim);
    out_labelled("  reported: ", e->published);
    if (e->full.here)
        out_labelled("  here:     ", e->full.here);
    if (e->quick.part)
        out_labelled("  --quick:  ", e->quick.part);
    out_printf("  takes:    about %s on two cores, --quick %s\n", e->full.time, e->quick.time);
}

static unroll_status list(bool json)
{
    for (size_t i = 0; experiment_table[i]; i++) {
        if (json) {
            UNROLL_TRY(list_json(experiment_table[i]));
            continue;
        }
        out_text(i ? "\n" : "");
        list_text(experiment_table[i]);
    }
    return UNROLL_OK;
}

/* ---- what came out ---- */

static json_t *check_json(const experiment_check *c, const experiment_outcome *o)
{
    static const char *const verdict[] = {"no", "open", "yes"};
    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:s}", "claim", c->what, "reported",
                     c->reported, "measured", out_json_real(o->mean), "low", out_json_real(o->low),
                     "high", out_json_real(o->high), "at_least",
                     isinf(c->low) ? json_null() : json_real(c->low), "at_most",
                     isinf(c->high) ? json_null() : json_real(c->high), "diverged",
                     (json_int_t)o->diverged, "holds", verdict[o->verdict]);
}

/* "holds" is about what "tested" says. */
static unroll_status print_json(const reproduction *r)
{
    const experiment *e = r->experiment;
    const experiment_setting *setting = r->setting;
    char verdict[REPRODUCTION_VERDICT];
    json_t *checks = json_array();
    for (size_t i = 0; i < r->checks; i++)
        unroll_json_append(&checks, check_json(&setting->check[i], &r->outcome[i]));
    reproduction_verdict(r, verdict);
    const char *out = r->study.directory;
    return out_json(json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s, s:s, s:b, s:o, s:o, s:o}", "name",
                              e->name, "source", e->paper, "claim", e->claim, "tested",
                              setting->part ? setting->part : e->claim, "here", setting->here,
                              "control", reproduction_control_name[r->control], "verdict", verdict,
                              "holds", (int)(r->failed + r->open == 0), "checks", checks, "variants",
                              compare_json(&r->study), "out", out_json_text(out, strlen(out))));
}

static void print_text(const reproduction *r)
{
    const experiment *e = r->experiment;
    char verdict[REPRODUCTION_VERDICT];
    reproduction_verdict(r, verdict);
    out_printf("%s: %s\nClaim: %s\nReported: %s\n\n", e->name, e->paper, e->claim, e->published);
    out_table(&r->table);
    if (e->note)
        out_printf("\n%s\n", e->note);
    out_printf("\n%s\n", verdict);
    out_shown(r->study.directory);
    out_text("/report.html\n");
}

static unroll_status report(cli_call *call, reproduction *r)
{
    const reproduce_options *o = call->options;
    int argc;
    char **argv;
    UNROLL_TRY(compare_write(&r->study));
    UNROLL_TRY(compare_pictures(call, &r->study, r->experiment->name));
    reproduction_judge(r);
    UNROLL_TRY(cli_command_line(call, &argc, &argv));
    const unroll_status status = reproduction_page(r, argc, argv);
    cli_command_line_free(argc, argv);
    UNROLL_TRY(status);
    if (o->common.json)
        return print_json(r);
    print_text(r);
    return UNROLL_OK;
}

/* ---- the command ---- */

static unroll_status open_study(cli_call *call, const experiment *e, const char *directory,
                                compare_terminal *terminal, reproduction *r)
{
    const reproduce_options *o = call->options;
    UNROLL_TRY(reproduction_open(e, o->quick, (enum reproduction_control)o->control, r));
    r->study.seed = o->common.seed;
    if (o->seeds)
        r->study.seeds = o->seeds;
    r->study.directory = directory;
    r->study.jobs = (size_t)o->jobs;
    r->study.threads = (size_t)o->common.threads;
    compare_terminal_listen(terminal, call, o->common.quiet, &r->study);
    return compare_check(&r->study);
}

static unroll_status reproduce(cli_call *call, const experiment *e)
{
    const reproduce_options *o = call->options;
    char directory[160];
    reproduction r;
    compare_terminal terminal;
    snprintf(directory, sizeof directory, "runs/reproduce-%s%s%s%s", e->name,
             o->quick ? "-quick" : "", o->control ? "-" : "",
             o->control ? reproduction_control_name[o->control] : "");
    unroll_status status = open_study(call, e, o->out ? o->out : directory, &terminal, &r);
    if (status == UNROLL_OK && !o->common.quiet)
        fprintf(stderr, "%s: about %s on two cores\n", e->name, r.setting->time);
    if (status == UNROLL_OK) {
        status = compare_train_all(&r.study);
        terminal_progress_clear(&terminal.progress);
    }
    if (status == UNROLL_OK)
        status = report(call, &r);
    if (status == UNROLL_OK && r.failed)
        status = unroll_fail(UNROLL_ENUMERIC, "%s: %zu of %zu claims do not hold here", e->name,
                             r.failed, r.checks);
    else if (status == UNROLL_OK && r.open)
        status =
            unroll_fail(UNROLL_ENUMERIC, "%s: %zu of %zu claims are left open; give more --seeds",
                        e->name, r.open, r.checks);
    reproduction_free(&r);
    return status;
}

static unroll_status reproduce_command(cli_call *call)
{
    const reproduce_options *o = call->options;
    const experiment *e;
    if (o->list && call->count)
        return unroll_fail(UNROLL_EUSAGE, "--list takes no name");
    if (o->list)
        return list(o->common.json);
    if (call->count == 0)
        return unroll_fail(UNROLL_EUSAGE, "which experiment? 'unroll reproduce --list' names them");
    UNROLL_TRY(experiment_find(call->arguments[0], &e));
    return reproduce(call, e);
}

const cli_command cli_reproduce = {
    .name = "reproduce",
    .arguments = "EXPERIMENT | --list",
    .summary = "repeat a published experiment and check its claim",
    .description =
        "Trains what a published experiment compared, prints what the source reports beside what was "
        "measured here, and ends with 1 where the claim does not hold. A claim holds where the 95% interval of "
        "each mean over the seeds lies within the bounds that stand behind it. An update count of a training "
        "that did not solve its task is censored: it counts as all the updates that were allowed, and the mean "
        "is a restricted mean. A training that diverged has not solved its task, and is counted.\n\n"
        "Settings are this program's own where the line of the verdict says so (--list: \"here\"). Where a figure "
        "of the source depends on its own setting, the direction of the claim is what is checked. --quick tests a "
        "part of the claim, and says which. --control takes away what is learned, so that the claim must fail.\n\n"
        "Interrupt it at any time: finished trainings are kept, and the same command goes on.",
    .lists = lists,
    .options_size = sizeof(reproduce_options),
    .max_arguments = 1,
    .examples = (const cli_example[]){{"unroll reproduce --list", "what can be repeated"},
                                      {"unroll reproduce --quick hochreiter1997-adding",
                                       "an LSTM adds over a distance, a plain RNN "
                                       "does not"},
                                      {"unroll reproduce --quick --control untrained depth",
                                       "without training the claim does not hold"},
                                      {NULL, NULL}},
    .execute = reproduce_command,
};
