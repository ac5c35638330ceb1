/* unroll reproduce: a published experiment again, with what came out beside what was reported. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "cli/cli.h"
#include "cli/compare_text.h"
#include "cli/out.h"
#include "config/options.h"
#include "lab/compare.h"
#include "lab/experiments.h"

typedef struct reproduce_options {
    cli_common common;
    bool list, quick;
    uint64_t seeds, jobs;
    char *out;
} reproduce_options;

static const unroll_option own_rows[] = {
    {.name = "list", .group = "Experiment", .type = UNROLL_FLAG,
     .offset = offsetof(reproduce_options, list), .help = "name every experiment, source and claim"},
    {.name = "quick", .group = "Experiment", .type = UNROLL_FLAG,
     .offset = offsetof(reproduce_options, quick),
     .help = "a smaller setting that shows the same, in about a minute on two cores"},
    {.name = "seeds", .group = "Experiment", .meta = "N", .type = UNROLL_SIZE, .preset = "0",
     .min = 0, .max = COMPARE_SEEDS_MAX, .offset = offsetof(reproduce_options, seeds),
     .help = "trainings of each variant, with seeds from --seed on; 0: as the experiment says"},
    {.name = "jobs", .group = "Experiment", .meta = "N", .type = UNROLL_SIZE, .preset = "0",
     .min = 0, .max = 1024, .offset = offsetof(reproduce_options, jobs),
     .help = "trainings at a time, each on one thread unless --threads is given; 0: one a core"},
    {.name = "out", .group = "Experiment", .meta = "DIR", .type = UNROLL_TEXT,
     .offset = offsetof(reproduce_options, out),
     .help = "where results go (default runs/reproduce-NAME); what is there is not done again"},
};

static const unroll_option_list lists[] = {
    {own_rows, sizeof own_rows / sizeof *own_rows, 0},
    {cli_common_rows, CLI_COMMON_COUNT, offsetof(reproduce_options, common)},
    {NULL, 0, 0}};

/* ---- the list ---- */

static unroll_status list_json(void)
{
    for (const experiment *e = experiment_table; e->name; e++)
        UNROLL_TRY(out_json(json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s, s:s}", "name", e->name, "source",
                                      e->source, "claim", e->claim, "reported", e->published,
                                      "here", e->here, "time", e->full.time, "quick_time",
                                      e->quick.time)));
    return UNROLL_OK;
}

static void list_text(void)
{
    for (const experiment *e = experiment_table; e->name; e++)
        out_printf("%s%s\n  source:   %s\n  claim:    %s\n  reported: %s\n%s%s%s  takes:    about %s on "
                   "two cores, --quick %s\n", e == experiment_table ? "" : "\n", e->name, e->source,
                   e->claim, e->published, e->here ? "  here:     " : "", e->here ? e->here : "",
                   e->here ? "\n" : "", e->full.time, e->quick.time);
}

static unroll_status find(const char *name, const experiment **out)
{
    const char *names[64];
    size_t n = 0;
    for (const experiment *e = experiment_table; e->name && n < 63; e++) {
        names[n++] = e->name;
        if (strcmp(e->name, name) == 0) {
            *out = e;
            return UNROLL_OK;
        }
    }
    names[n] = NULL;
    const char *near = unroll_nearest(names, name);
    return unroll_fail(UNROLL_EUSAGE, "there is no experiment '%.80s'%s%s%s", name,
                       near ? "; did you mean " : "; see 'unroll reproduce --list'",
                       near ? near : "", near ? "?" : "");
}

/* ---- from a row to a study ---- */

static unroll_status add_variants(const experiment_setting *setting, compare_study *s)
{
    unroll_config *plain;
    compare_variant common = {0};
    UNROLL_TRY(unroll_config_new(&plain));
    unroll_status status = compare_variant_parse(setting->common, plain, &common);
    unroll_config_free(plain);
    s->variant = unroll_alloc(EXPERIMENT_VARIANTS, sizeof *s->variant);
    if (status == UNROLL_OK && !s->variant)
        status = UNROLL_EMEMORY;
    for (size_t i = 0; status == UNROLL_OK && setting->variant[i]; i++) {
        status = compare_variant_parse(setting->variant[i], common.config, &s->variant[i]);
        s->variants += status == UNROLL_OK;
    }
    compare_variant_free(&common);
    return status;
}

static unroll_status add_sweep(const char *text, compare_study *s)
{
    compare_sweep sweep;
    UNROLL_TRY(compare_sweep_parse(text, &sweep));
    const unroll_status status = compare_sweep_apply(&sweep, &s->variant, &s->variants);
    s->sweep_key = sweep.key;
    sweep.key = NULL;
    compare_sweep_free(&sweep);
    return status;
}

static unroll_status make_study(cli_call *call, const experiment *e, const char *directory,
                                compare_study *s, compare_terminal *terminal)
{
    const reproduce_options *o = call->options;
    const experiment_setting *setting = o->quick ? &e->quick : &e->full;
    *s = (compare_study){.seed = o->common.seed, .seeds = o->seeds ? o->seeds : setting->seeds,
                         .directory = directory, .jobs = (size_t)o->jobs,
                         .threads = (size_t)o->common.threads,
                         .ask = {.stop_solved = setting->until_solved, .probe = true,
                                 .through = setting->through}};
    compare_terminal_listen(terminal, call, o->common.quiet, s);
    UNROLL_TRY(add_variants(setting, s));
    if (setting->sweep)
        UNROLL_TRY(add_sweep(setting->sweep, s));
    return compare_check(s);
}

/* ---- what came out ---- */

/* A row of the table for each check: what, reported, measured with its bound, whether it holds. */
typedef struct verdict {
    double value[EXPERIMENT_CHECKS];
    bool holds[EXPERIMENT_CHECKS];
    unroll_table table;
    size_t checks, failed;
} verdict;

static void judge(const compare_study *s, const experiment_setting *setting, verdict *out)
{
    static const char *const head[] = {"claim", "reported", "measured", "holds"};
    *out = (verdict){.table.columns = sizeof head / sizeof *head};
    unroll_table_row(&out->table, head);
    for (size_t i = 0; setting->check[i].what; i++, out->checks++) {
        const experiment_check *c = &setting->check[i];
        out->holds[i] = experiment_holds(s, c, &out->value[i]);
        out->failed += !out->holds[i];
        unroll_table_text(&out->table, c->what);
        unroll_table_text(&out->table, *c->reported ? c->reported : "-");
        unroll_table_cell(&out->table, "%.4g (%s %g)", out->value[i],
                          c->relation == EXPERIMENT_AT_LEAST ? "at least" : "at most", c->bound);
        unroll_table_text(&out->table, out->holds[i] ? "yes" : "NO");
    }
}

static unroll_status tell_json(const experiment *e, const experiment_setting *setting,
                               const compare_study *s, const verdict *v)
{
    json_t *checks = json_array();
    for (size_t i = 0; setting->check[i].what; i++)
        unroll_json_append(
            &checks, json_pack("{s:s, s:s, s:o, s:s, s:f, s:b}", "claim", setting->check[i].what,
                              "reported", setting->check[i].reported, "measured",
                              out_json_real(v->value[i]), "relation",
                              setting->check[i].relation == EXPERIMENT_AT_LEAST ? "at least"
                                                                                : "at most",
                              "bound", setting->check[i].bound, "holds", (int)v->holds[i]));
    return out_json(json_pack("{s:s, s:s, s:s, s:b, s:o, s:o, s:s}", "name", e->name, "source",
                              e->source, "claim", e->claim, "holds", (int)(v->failed == 0), "checks",
                              checks, "variants", compare_json(s), "out", s->directory));
}

static void tell_text(const experiment *e, const compare_study *s, const verdict *v)
{
    out_printf("%s: %s\n%s\nReported: %s\n", e->name, e->source, e->claim, e->published);
    if (e->here)
        out_printf("Here: %s\n", e->here);
    out_printf("\n");
    out_table(&v->table);
    if (e->note)
        out_printf("\n%s\n", e->note);
    out_printf("\n%s with %llu seed%s; %s/report.html\n",
               v->failed ? "It does NOT hold" : "It holds", (unsigned long long)s->seeds,
               s->seeds == 1 ? "" : "s", s->directory);
}

static unroll_status report(cli_call *call, const experiment *e, compare_study *s, verdict *v)
{
    const reproduce_options *o = call->options;
    const experiment_setting *setting = o->quick ? &e->quick : &e->full;
    int argc;
    char **argv;
    UNROLL_TRY(compare_write(s));
    if (compare_draw(s, e->name) != UNROLL_OK)
        cli_note(call, "%s", unroll_marked_message());
    judge(s, setting, v);
    char source[300], claim[400], reported[400], here[200];
    const char *text[6] = {source, claim, reported};
    size_t lines = 3;
    snprintf(source, sizeof source, "Source: %s.", e->source);
    snprintf(claim, sizeof claim, "Claim: %s", e->claim);
    snprintf(reported, sizeof reported, "Reported: %s.", e->published);
    if (e->here) {
        snprintf(here, sizeof here, "Here: %s.", e->here);
        text[lines++] = here;
    }
    text[lines] = e->note;
    const compare_lead lead = {text, &v->table};
    UNROLL_TRY(cli_command_line(call, &argc, &argv));
    const unroll_status status = compare_report(s, e->name, &lead, argc, argv);
    cli_command_line_free(argc, argv);
    UNROLL_TRY(status);
    if (o->common.json)
        return tell_json(e, setting, s, v);
    tell_text(e, s, v);
    return UNROLL_OK;
}

static unroll_status reproduce(cli_call *call, const experiment *e)
{
    const reproduce_options *o = call->options;
    char directory[160];
    compare_study s = {0};
    compare_terminal terminal;
    verdict v = {0};
    snprintf(directory, sizeof directory, "runs/reproduce-%s%s", e->name, o->quick ? "-quick" : "");
    unroll_status status = make_study(call, e, o->out ? o->out : directory, &s, &terminal);
    if (status == UNROLL_OK && !o->common.quiet)
        fprintf(stderr, "%s: about %s on two cores\n", e->name,
                o->quick ? e->quick.time : e->full.time);
    if (status == UNROLL_OK) {
        status = compare_train_all(&s);
        terminal_progress_clear(&terminal.progress);
    }
    if (status == UNROLL_OK)
        status = report(call, e, &s, &v);
    if (status == UNROLL_OK && v.failed)
        status = unroll_fail(UNROLL_ENUMERIC, "%s: %zu of %zu claims do not hold here", e->name,
                             v.failed, v.checks);
    compare_study_free(&s);
    unroll_table_free(&v.table);
    return status;
}

static unroll_status reproduce_command(cli_call *call)
{
    const reproduce_options *o = call->options;
    const experiment *e;
    if (o->list && call->count)
        return unroll_fail(UNROLL_EUSAGE, "--list takes no name");
    if (o->list && o->common.json)
        return list_json();
    if (o->list) {
        list_text();
        return UNROLL_OK;
    }
    if (call->count == 0)
        return unroll_fail(UNROLL_EUSAGE, "which experiment? 'unroll reproduce --list' names them");
    UNROLL_TRY(find(call->arguments[0], &e));
    return reproduce(call, e);
}

const cli_command cli_reproduce = {
    .name = "reproduce",
    .arguments = "NAME | --list",
    .summary = "repeat a published experiment and check its claim",
    .description =
        "Trains what a published experiment compared, prints what the source reports beside what was "
        "measured here, and ends with 1 where the claim does not hold. Settings are this program's own "
        "(Adam, fresh samples in each update) and stand in report.html; --list says in a line \"here\" where "
        "task or size are other than the source's. Where a figure of the source depends on its own setting, "
        "the direction of the claim is what is checked.\n\n"
        "Interrupt it at any time: finished trainings are kept, and the same command goes on.",
    .lists = lists,
    .options_size = sizeof(reproduce_options),
    .max_arguments = 1,
    .examples = (const cli_example[]){
        {"unroll reproduce --list", "what can be repeated"},
        {"unroll reproduce --quick hochreiter1997-adding", "an LSTM adds over a distance, a plain RNN "
                                                           "does not"},
        {NULL, NULL}},
    .run = reproduce_command,
};
