/* unroll compare: variants × seeds, side by side. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "cli/cli.h"
#include "cli/compare_text.h"
#include "config/config.h"
#include "lab/compare.h"

typedef struct compare_options {
    unroll_config config;
    char *variant, *sweep;
    uint64_t seeds, jobs;
    bool until_solved, no_probe, quick;
} compare_options;

/* clang-format off */
static const unroll_option own_rows[] = {
    {.name = "variant", .basic = "one way to train: option=value,option=value; once for each",
     .group = "Comparison", .meta = "OPTIONS", .type = UNROLL_TEXT,
     .offset = offsetof(compare_options, variant),
     .help = "one way to train, option=value,option=value; once for each. Where a value has commas, "
             "part them by semicolons; label=TEXT names it"},
    {.name = "seeds", .basic = "train each variant so often",
     .group = "Comparison", .meta = "N", .type = UNROLL_SIZE, .preset = "5",
     .min = 1, .max = COMPARE_SEEDS_MAX, .offset = offsetof(compare_options, seeds),
     .help = "train each variant so often, with seeds from --seed on"},
    {.name = "jobs", .basic = "trainings at a time (default one a core)",
     .group = "Comparison", .meta = "N", .type = UNROLL_SIZE, .preset = "0",
     .min = 0, .max = 1024, .offset = offsetof(compare_options, jobs),
     .help = "trainings at a time, each on one thread unless --threads is given; 0: one a core"},
    {.name = "sweep", .basic = "do it all for each of these values of a key of the task",
     .group = "Comparison", .meta = "KEY=A,B,...", .type = UNROLL_TEXT,
     .offset = offsetof(compare_options, sweep),
     .help = "do it all for each of these values of a key of the task, such as length=20,50,100"},
    {.name = "until-solved", .basic = "end a training when it has solved its task",
     .group = "Comparison", .type = UNROLL_FLAG,
     .offset = offsetof(compare_options, until_solved),
     .help = "end a training when it has solved its task"},
    {.name = "quick", .basic = "an answer within two minutes",
     .group = "Comparison", .type = UNROLL_FLAG, .offset = offsetof(compare_options, quick),
     .help = "an answer within two minutes: 3 seeds unless --seeds is given, each training until it has "
             "solved its task or its share of the time is over"},
    {.name = "no-probe", .group = "Comparison", .type = UNROLL_FLAG,
     .offset = offsetof(compare_options, no_probe), .help = "record no gradient curves"},
    {.name = "out", .basic = "where results go",
     .letter = 'o', .group = "Comparison", .meta = "DIR", .type = UNROLL_TEXT,
     .preset = "runs/compare", .offset = offsetof(compare_options, config.out),
     .help = "where results go; what is there already is not done again"},
};
/* clang-format on */

/* The options of `unroll train` that mean something to several trainings at once. */
static unroll_option train_rows[256];
static unroll_option_list lists[] = {
    {own_rows, sizeof own_rows / sizeof *own_rows, 0}, {train_rows, 0, 0}, {NULL, 0, 0}};

static bool is_shared(const unroll_option *o)
{
    return strcmp(o->group, "Run") != 0 || (o->role & UNROLL_ROLE_BOUND) ||
           strcmp(o->name, "eval-every") == 0;
}

/* Its jobs measure curves of their own. */
static bool is_of_one_training(const unroll_option *o)
{
    return strcmp(o->group, "Gradients") == 0;
}

static void choose_rows(void)
{
    size_t count = 0;
    for (size_t i = 0; i < unroll_config_rows; i++)
        if (is_shared(&unroll_config_table[i]) && count < sizeof train_rows / sizeof *train_rows)
            train_rows[count++] = unroll_config_table[i];
    lists[1].count = count;
}

/* ---- from options to a study ---- */

/* What the command line cannot say keeps its default. */
static unroll_status set_others(unroll_config *c)
{
    for (size_t i = 0; i < unroll_config_rows; i++) {
        const unroll_option *o = &unroll_config_table[i];
        if (!is_shared(o) && o->preset && strcmp(o->name, "out") != 0)
            UNROLL_TRY(unroll_option_set(o, 0, c, o->preset));
    }
    return UNROLL_OK;
}

static unroll_status take_files(cli_call *call, unroll_config *c)
{
    size_t room = 1, at = 0;
    if (call->count == 0)
        return UNROLL_OK;
    for (size_t i = 0; i < call->count; i++)
        room += strlen(call->arguments[i]) + 1;
    char *list = unroll_alloc(room, 1);
    if (!list)
        return UNROLL_EMEMORY;
    for (size_t i = 0; i < call->count; i++)
        at += (size_t)snprintf(list + at, room - at, "%s%s", i ? "\n" : "", call->arguments[i]);
    unroll_free(c->corpus);
    c->corpus = list;
    return UNROLL_OK;
}

static unroll_status make_variants(cli_call *call, compare_study *s)
{
    compare_options *o = call->options;
    for (size_t i = 0; i < call->given_count; i++)
        if (strcmp(call->given[i].option->name, "variant") == 0)
            UNROLL_TRY(compare_study_add(s, call->given[i].text, &o->config));
    if (s->variants == 0)
        return unroll_fail(UNROLL_EUSAGE, "nothing to compare; give --variant \"cell=rnn\" --variant "
                                          "\"cell=lstm\"");
    return o->sweep ? compare_study_sweep(s, o->sweep) : UNROLL_OK;
}

/* What fits into two minutes, with time for curves and tests. The same on each machine with as many cores, so that
 * the same command goes on. */
static void take_quick(const cli_call *call, compare_study *s)
{
    enum { SECONDS = 90, SEEDS = 3 };
    if (!cli_was_given(call, "seeds"))
        s->seeds = SEEDS;
    const size_t jobs = s->jobs ? s->jobs : unroll_cores();
    const double all = (double)s->variants * (double)s->seeds, rounds = ceil(all / (double)jobs);
    for (size_t v = 0; v < s->variants; v++) {
        unroll_config *c = s->variant[v].config;
        unroll_config_bounds(c, false, false, true);
        c->learning.seconds = fmax(1, floor(SECONDS / rounds));
    }
    s->ask.stop_solved = true;
}

static unroll_status make_study(cli_call *call, compare_study *s, compare_terminal *terminal)
{
    compare_options *o = call->options;
    UNROLL_TRY(set_others(&o->config));
    unroll_config_bounds(&o->config, cli_was_given(call, "steps") != CLI_NOT_GIVEN,
                         cli_was_given(call, "epochs") != CLI_NOT_GIVEN,
                         cli_was_given(call, "time") != CLI_NOT_GIVEN);
    *s = (compare_study){
        .seed = o->config.seed,
        .seeds = o->seeds,
        .directory = o->config.out,
        .jobs = (size_t)o->jobs,
        .threads = (size_t)o->config.threads,
        .ask = {.stop_solved = o->until_solved, .probe = !o->no_probe, .generalization = true}};
    compare_terminal_listen(terminal, call, o->config.quiet, s);
    UNROLL_TRY(take_files(call, &o->config));
    UNROLL_TRY(make_variants(call, s));
    if (o->quick)
        take_quick(call, s);
    else
        terminal->shorter = "--quick ends within two minutes";
    return compare_check(s);
}

static unroll_status report(cli_call *call, compare_study *s)
{
    char title[160];
    char **argv;
    int argc;
    const compare_options *o = call->options;
    snprintf(title, sizeof title, "%.120s", o->config.task);
    UNROLL_TRY(compare_write(s));
    UNROLL_TRY(compare_pictures(call, s, title));
    UNROLL_TRY(cli_command_line(call, &argc, &argv));
    snprintf(title, sizeof title, "Comparison: %.120s", o->config.task);
    const unroll_status status = compare_report(s, title, NULL, argc, argv);
    cli_command_line_free(argc, argv);
    UNROLL_TRY(status);
    return compare_print(s, o->config.json);
}

static unroll_status compare_command(cli_call *call)
{
    compare_study s = {0};
    compare_terminal terminal;
    unroll_status status = make_study(call, &s, &terminal), ran = UNROLL_OK;
    if (status == UNROLL_OK) {
        ran = compare_train_all(&s);
        terminal_progress_clear(&terminal.progress);
        const char *message = unroll_marked_message();
        char *why = unroll_strndup(message, strlen(message));
        if (ran == UNROLL_OK || s.failed)
            status = report(call, &s);
        if (status == UNROLL_OK && ran != UNROLL_OK)
            status = unroll_fail(ran, "%s", why ? why : "jobs failed");
        else if (status == UNROLL_OK && s.diverged)
            status = unroll_fail(UNROLL_ENUMERIC, "%zu jobs diverged", s.diverged);
        unroll_free(why);
    }
    compare_study_free(&s);
    unroll_config *const c = &((compare_options *)call->options)->config;
    unroll_free(c->corpus); /* no row of the lists owns it */
    c->corpus = NULL;
    return status;
}

/* clang-format off */
const cli_command cli_compare = {
    .name = "compare",
    .arguments = "[FILE...]",
    .summary = "train variants with several seeds and lay them side by side",
    .description =
        "Trains every variant with every seed, each in a process of its own, and writes results.csv, "
        "summary.csv, learning.csv, distance.csv, plots and report.html: learning curves, gradient against "
        "distance before, during and after training, and how long each took to solve the task. Models of a "
        "synthetic task are also tested on half, twice and four times the length that they were trained on: "
        "generalization.csv.\n\n"
        "From 4 seeds on, means have 95% intervals by bootstrap-t, which cover 94 to 97% of the time where "
        "the seeds' values are normal or moderately skewed. Steps to solve are means restricted to the "
        "updates that all variants had (Kaplan-Meier), with unsolved runs in them. A run that diverged "
        "never solves; it has no loss and no accuracy, and is counted beside their means.\n\n"
        "Interrupt it at any time: finished trainings are kept, and the same command goes on with the "
        "others. It ends with 1 where a training diverged.",
    .lists = lists,
    .prepare = choose_rows,
    .hides = is_of_one_training,
    .options_size = sizeof(compare_options),
    .max_arguments = SIZE_MAX,
    .conflicts = (const char *const[][2]){{"steps", "epochs"}, {"quick", "steps"}, {"quick", "epochs"},
                                          {"quick", "time"}, {NULL, NULL}},
    .examples = (const cli_example[]){
        {"unroll compare --quick --task copy --variant cell=rnn --variant cell=gru",
         "two cells on a memory task, within two minutes"},
        {"unroll compare --variant forget-bias=0 --variant forget-bias=1 --time 2m", "two starts of the LSTM "
         "on the shipped text"},
        {"unroll compare --task adding --sweep length=20,50 --variant init=xavier", "success against length"},
        {NULL, NULL}},
    .execute = compare_command,
};
/* clang-format on */
