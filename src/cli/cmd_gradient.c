/* unroll gradient: gradient magnitude against time-step distance, of a trained or a fresh model. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/display.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/output.h"
#include "cli/cli.h"
#include "cli/gradient_text.h"
#include "config/config.h"
#include "session/run_session.h"
#include "store/checkpoint.h"
#include "store/run_name.h"

enum { LOSS_LAST, LOSS_ALL };
enum { IN_DOUBLES, IN_FLOATS };

typedef struct gradient_options {
    unroll_config config; /* first: the rows of training count from here */
    uint64_t window, windows, max_distance;
    int loss, precision;
    bool through;
} gradient_options;

/* What is looked at. */
typedef struct gradient_subject {
    cli_call *call;
    gradient_options *options;
    char *path;                  /* of the trained model; NULL: a fresh one */
    unroll_session session;      /* of a fresh model */
    unroll_run_session run;      /* of a trained one, whose text it is measured on */
    unroll_model *loaded;        /* or a trained one … */
    unroll_corpus *corpus;       /* … and its text, or */
    const unroll_part *part;     /* … the share of its run; NULL: none */
    const unroll_config *config; /* the model's */
    gradient_request request;
} gradient_subject;

static const char *const losses[] = {"last", "all", NULL};
static const char *const precisions[] = {"double", "float", NULL};
#define AT(field) .offset = offsetof(gradient_options, field)
/* clang-format off */
static const unroll_option rows[] = {
    {.name = "window", .basic = "steps of a window; the loss is at its end",
     .group = "Probe", .meta = "T", .type = UNROLL_SIZE, AT(window),
     .preset = "200", .min = 1, .max = 1048576,
     .help = "steps of a text's window; the loss is at its end, the state zero at its start"},
    {.name = "windows", .basic = "samples: windows of the text, or sequences of the task",
     .letter = 'n', .group = "Probe", .meta = "N", .type = UNROLL_SIZE, AT(windows),
     .preset = "32", .min = 1, .max = 1048576,
     .help = "samples: windows spread evenly over the text, the first at its beginning and the "
             "last at its end; or a task's sequences"},
    {.name = "loss", .basic = "of the last step alone, or of all",
     .group = "Probe", .meta = "KIND", .type = UNROLL_CHOICE, .choices = losses,
     AT(loss), .preset = "last",
     .help = "last: the loss of one step alone; all: accumulated over all steps, which shows no "
             "decay"},
    {.name = "through-statistics", .group = "Probe", .type = UNROLL_FLAG, AT(through),
     .help = "--norm recurrent-batch: the gradient that training sees, of all windows' losses, through "
             "each step's mean and variance; else these are held, and windows are apart"},
    {.name = "precision", .group = "Probe", .meta = "KIND", .type = UNROLL_CHOICE,
     .choices = precisions, AT(precision), .preset = "double",
     .help = "what the model runs in, forward and back; float shows what floats do"},
    {.name = "max-distance", .basic = "largest distance (default all that the window has)",
     .group = "Probe", .meta = "K", .type = UNROLL_SIZE, AT(max_distance),
     .preset = "0", .max = 1048576, .help = "largest distance; 0: all that the window has"},
};
/* clang-format on */
enum { ROWS = sizeof rows / sizeof *rows };

/* The length of the training rows is known only to their own file. */
static unroll_option_list lists[] = {{rows, ROWS, 0}, {NULL, 0, 0}, {NULL, 0, 0}};
static void add_training_rows(void)
{
    lists[1] = unroll_config_lists[0];
}

/* ---- opening ---- */

static bool plain_name(const char *name, const char *const *names)
{
    while (*names && strcmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

/* What a training has and a probe has not. It is read all the same: a --config file may hold a whole training's
 * options. */
static bool is_of_training(const unroll_option *o)
{
    static const char *const allowed[] = {"out", "force", "corpus", "seq-length", NULL};
    return (strcmp(o->group, "Learning") == 0 || strcmp(o->group, "Run") == 0 ||
            strcmp(o->group, "Gradients") == 0) &&
           !plain_name(o->name, allowed);
}

/* An option that would do nothing is a mistake: tell it. */
static unroll_status check_given(const gradient_subject *p)
{
    static const char *const allowed[] = {"out", "force", "corpus", "seq-length", NULL};
    const cli_call *call = p->call;
    for (size_t i = 0; i < call->given_count; i++) {
        const unroll_option *o = call->given[i].option;
        if (call->given[i].origin != CLI_LINE || plain_name(o->name, allowed))
            continue;
        if (is_of_training(o))
            return unroll_fail(UNROLL_EUSAGE, "--%s: a probe does not train; leave it out", o->name);
        if (call->count && (o->role & (UNROLL_ROLE_MODEL | UNROLL_ROLE_LEARN)) &&
            strcmp(o->group, "Common") != 0)
            return unroll_fail(UNROLL_EUSAGE, "--%s: MODEL brings its own; leave one of them out",
                               o->name);
    }
    return UNROLL_OK;
}

static void report_note(void *arg, const char *text)
{
    const gradient_subject *p = arg;
    if (!p->options->config.quiet)
        cli_report(p->call, "%s", text);
}

static unroll_status open_text(gradient_subject *p)
{
    unroll_corpus_options o;
    unroll_corpus_options_default(&o);
    o.vocabulary = unroll_model_vocabulary(p->loaded);
    o.lines = p->config->lines;
    o.split[0] = 1;
    o.split[1] = o.split[2] = 0;
    o.max_input = p->options->config.max_input;
    o.note = report_note;
    o.arg = p;
    return unroll_corpus_read(&o, (const char *const *)p->call->arguments + 1, p->call->count - 1,
                              NULL, NULL, &p->corpus);
}

/* Of a run without FILE, what it held out. */
static unroll_status open_share(gradient_subject *p)
{
    struct stat st;
    char number[UNROLL_NUMBER_MAX];
    if (stat(p->path, &st) != 0 || !S_ISDIR(st.st_mode))
        return unroll_fail(UNROLL_EUSAGE,
                           "%s: give a text to probe it on: unroll gradient MODEL "
                           "FILE...",
                           p->path);
    UNROLL_TRY(unroll_run_session_open(&p->run, p->path));
    p->part = unroll_corpus_part(p->run.session.corpus, UNROLL_TEST);
    if (p->part->count < 2)
        p->part = unroll_corpus_part(p->run.session.corpus, UNROLL_TRAIN);
    if (!p->options->config.quiet)
        cli_report(p->call, "no text is given; taking the %s share of the run, %s tokens",
                   p->part == unroll_corpus_part(p->run.session.corpus, UNROLL_TEST) ? "test"
                                                                                     : "training",
                   unroll_display_count(number, p->part->count));
    return UNROLL_OK;
}

static unroll_status open_task(gradient_subject *p, const unroll_config *c)
{
    const unroll_task_row *row;
    double value[UNROLL_TASK_KEYS];
    UNROLL_TRY(unroll_task_parse(c->task, &row, value));
    UNROLL_TRY(unroll_task_synthetic(row, value, (size_t)p->options->windows,
                                     p->options->config.seed, &p->session.task));
    p->session.has_task = true;
    return UNROLL_OK;
}

/* A curve against distance is of one sequence, a translation has two. */
static unroll_status refuse_translation(const char *what, unroll_status status)
{
    return unroll_fail(status,
                       "%s: a translation model; record its gradients with train --grad-every, or "
                       "see them with compare --task translate",
                       what);
}

static unroll_status open_trained(gradient_subject *p)
{
    UNROLL_TRY(unroll_model_load(p->path, &p->loaded));
    const unroll_parameter *where;
    size_t bad;
    if (!unroll_model_finite(p->loaded, &where, &bad))
        return unroll_fail(UNROLL_EDATA,
                           "%s: %s has weights that are NaN or infinite; 'unroll "
                           "inspect' shows them, an earlier checkpoint may be whole",
                           p->path, where->name);
    if (unroll_model_source_vocabulary(p->loaded))
        return refuse_translation(p->path, UNROLL_EDATA);
    p->config = unroll_model_config(p->loaded);
    p->request.net = unroll_model_net(p->loaded);
    if (!unroll_model_vocabulary(p->loaded)) {
        if (p->call->count > 1)
            return unroll_fail(UNROLL_EUSAGE,
                               "%s: a model of task %s, which makes its own data; it "
                               "takes no FILE",
                               p->path, p->config->task);
        return open_task(p, p->config);
    }
    return p->call->count < 2 ? open_share(p) : open_text(p);
}

/* Its batch and window are of no use here: they give way to the text. */
static bool was_given(const void *config, const unroll_option *option)
{
    return strcmp(option->name, "batch") != 0 && strcmp(option->name, "seq-length") != 0 &&
           unroll_session_changed(config, option);
}

static unroll_status open_fresh(gradient_subject *p)
{
    unroll_config *c = &p->options->config;
    if (unroll_task_translates(c->task))
        return refuse_translation(c->task, UNROLL_EUSAGE);
    p->session.config = c;
    c->batch = p->options->windows;
    const bool text = strcmp(c->task, "char") == 0;
    if (text) { /* the whole text, wherever training would cut it */
        c->batch =
            strcmp(c->norm, "none") == 0 ? 1 : 2; /* the session's own; one row has no statistics */
        c->split[0] = 1;
        c->split[1] = c->split[2] = 0;
    }
    p->session.was_given = was_given;
    p->session.was_given_arg = c;
    p->session.note = report_note;
    p->session.note_arg = p;
    UNROLL_TRY(unroll_session_open(&p->session, NULL, 0, NULL));
    p->config = c;
    p->request.net = p->session.model->net;
    return UNROLL_OK;
}

/* Windows of a text: as asked, or as many and as long as there are. */
static unroll_status fit_text(gradient_subject *p)
{
    const unroll_corpus *corpus = p->corpus ? p->corpus
                                  : p->part ? p->run.session.corpus
                                            : p->session.corpus;
    const unroll_part *part = p->part ? p->part : unroll_corpus_part(corpus, UNROLL_TRAIN);
    const bool chosen = cli_was_given(p->call, "window") != CLI_NOT_GIVEN;
    char text[160];
    p->request.ids = part->ids;
    p->request.count = part->count;
    if (p->request.count < 2 || (chosen && p->request.count < p->request.T + 1))
        return unroll_fail(UNROLL_EDATA, "%s: %zu tokens; --window %zu needs %zu",
                           unroll_corpus_name(corpus), p->request.count, p->request.T,
                           p->request.T + 1);
    const size_t T = p->request.count < p->request.T + 1 ? p->request.count - 1 : p->request.T;
    const size_t B = p->request.count - T < p->request.B ? p->request.count - T : p->request.B;
    if (T != p->request.T || B != p->request.B) {
        snprintf(text, sizeof text, "the text is short: %zu windows of %zu steps", B, T);
        report_note(p, text);
    }
    p->request.T = T;
    p->request.B = B;
    return UNROLL_OK;
}

static unroll_status fit_task(gradient_subject *p)
{
    unroll_batch batch;
    bool more;
    const unroll_task *task = &p->session.task;
    if (cli_was_given(p->call, "window") != CLI_NOT_GIVEN)
        return unroll_fail(UNROLL_EUSAGE, "--window: task %s has a length of its own",
                           p->config->task);
    UNROLL_TRY(task->eval(task->self, UNROLL_VALID, 0, &batch, &more));
    p->request.task = task;
    p->request.T = batch.T;
    p->request.B = batch.B < p->request.B ? batch.B : p->request.B;
    p->request.distances = unroll_curve_reach(p->request.net, &batch);
    return UNROLL_OK;
}

/* A checkpoint's name says after how many steps. */
static void describe_training(const char *path, char *out, size_t room)
{
    uint64_t step;
    if (unroll_checkpoint_step(unroll_file_name(path), &step))
        snprintf(out, room, ", after %llu steps", (unsigned long long)step);
    else
        snprintf(out, room, ", trained");
}

/* Nothing that makes a fresh model was asked for, and a run is there: that is what is meant. */
static unroll_status choose_model(gradient_subject *p)
{
    const bool quiet = p->options->config.quiet;
    if (p->call->count)
        return cli_model(p->call, quiet, &p->path);
    for (size_t i = 0; i < p->call->given_count; i++) {
        const unroll_option *o = p->call->given[i].option;
        if (o->role & (UNROLL_ROLE_MODEL | UNROLL_ROLE_DATA) || strcmp(o->group, "Start") == 0 ||
            strcmp(o->name, "corpus") == 0)
            return UNROLL_OK;
    }
    const unroll_status status = unroll_run_newest(&p->path);
    if (status == UNROLL_ENOINPUT)
        return UNROLL_OK;
    if (status == UNROLL_OK && !quiet)
        cli_report(p->call, "no model is given; taking the newest run, %s", p->path);
    return status;
}

static unroll_status open_all(gradient_subject *p)
{
    const gradient_options *o = p->options;
    UNROLL_TRY(check_given(p));
    UNROLL_TRY(choose_model(p));
    UNROLL_TRY(p->path ? open_trained(p) : open_fresh(p));
    p->request.T = (size_t)o->window;
    p->request.B = (size_t)o->windows;
    p->request.accumulated = o->loss == LOSS_ALL;
    p->request.through = o->through;
    p->request.precision =
        o->precision == IN_FLOATS ? UNROLL_PRECISION_FLOAT : UNROLL_PRECISION_DOUBLE;
    p->request.full = o->config.out != NULL;
    p->request.threads = (size_t)o->config.threads;
    p->request.seed = o->config.seed;
    if (p->session.has_task && !p->session.corpus)
        UNROLL_TRY(fit_task(p));
    else {
        UNROLL_TRY(fit_text(p));
        p->request.distances = p->request.T;
    }
    if (o->max_distance >= p->request.distances)
        return unroll_fail(UNROLL_EUSAGE, "--max-distance %llu: the largest distance here is %zu",
                           (unsigned long long)o->max_distance, p->request.distances - 1);
    if (o->max_distance)
        p->request.distances = (size_t)o->max_distance + 1;
    if (o->through && strcmp(p->config->norm, "recurrent-batch") != 0)
        return unroll_fail(UNROLL_EUSAGE,
                           "--through-statistics: --norm recurrent-batch alone has them");
    char trained[48] = "";
    if (p->path)
        describe_training(p->path, trained, sizeof trained);
    unroll_variant_text(p->config, p->request.variant);
    const size_t length = strlen(p->request.variant); /* what else every figure says */
    snprintf(p->request.variant + length, sizeof p->request.variant - length, "%s%s%s", trained,
             o->through ? ", through statistics" : "", o->loss == LOSS_ALL ? ", accumulated" : "");
    return UNROLL_OK;
}

/* ---- the command ---- */

/* Nothing of another run is written over. */
static unroll_status check_directory(const unroll_config *c)
{
    DIR *d = opendir(c->out);
    const struct dirent *e;
    bool empty = true;
    if (!d && errno == ENOENT)
        return UNROLL_OK;
    if (!d)
        return unroll_fail(UNROLL_ECREATE, "--out %s: %s", c->out, strerror(errno));
    while (empty && (e = readdir(d)))
        empty = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
    closedir(d);
    return empty || c->force ? UNROLL_OK
                             : unroll_fail(UNROLL_ECREATE,
                                           "--out %s: is not empty; give another "
                                           "directory, or --force",
                                           c->out);
}

static unroll_status write_files(const gradient_subject *p, const gradient_report *report)
{
    const char *directory = p->options->config.out;
    int argc;
    char **argv;
    unroll_status status = gradient_report_write(report, directory);
    if (status == UNROLL_ENOINPUT)
        cli_report(p->call, "%s", unroll_marked_message()); /* no gnuplot: the numbers are there */
    else if (status != UNROLL_OK)
        return status;
    UNROLL_TRY(cli_command_line(p->call, &argc, &argv));
    status = gradient_report_page(report, directory, argc, argv, p->config);
    cli_command_line_free(argc, argv);
    return status;
}

static unroll_status measure(gradient_subject *p)
{
    const unroll_config *c = &p->options->config;
    gradient_report report = {0};
    if (c->out)
        UNROLL_TRY(check_directory(c));
    UNROLL_TRY(open_all(p));
    unroll_status status = gradient_report_measure(&p->request, &report);
    if (status == UNROLL_OK && c->out)
        status = write_files(p, &report);
    if (status == UNROLL_OK)
        status = gradient_print(&report, c->json);
    gradient_report_free(&report);
    return status;
}

static unroll_status gradient_command(cli_call *call)
{
    gradient_subject p = {.call = call, .options = call->options};
    const unroll_status status = measure(&p);
    unroll_corpus_free(p.corpus);
    unroll_run_session_close(&p.run);
    unroll_model_free(p.loaded);
    unroll_free(p.path);
    unroll_session_close(&p.session);
    return status;
}

const cli_command cli_gradient = {
    .name = "gradient",
    .arguments = "[MODEL [FILE...]]",
    .summary = "measure gradient magnitude against time-step distance",
    .description =
        "How large is the gradient of the loss at one step with respect to each layer's state k "
        "steps before? Prints, for each layer and state (h, and c for the LSTM), the norm at "
        "distance 0, what is left of it at 10, 50 and 100, the decay a step, the half-life, and the horizon "
        "where a thousandth is left; then the curve. With MODEL, a file or a run directory, it is "
        "measured on the texts; a run without FILE, on its own test share. Without MODEL it is the newest "
        "run, or, where options of a model or a task are given or there is no run, a fresh model on the text "
        "that ships with unroll, --corpus, or a synthetic --task.\n\n"
        "--out DIR writes distance.csv, histogram.csv, fit.csv, saturation.csv, lyapunov.csv, "
        "jacobian.csv, weights.csv, pictures and report.html.",
    .lists = lists,
    .prepare = add_training_rows,
    .hides = is_of_training,
    .options_size = sizeof(gradient_options),
    .max_arguments = SIZE_MAX,
    .examples = (const cli_example[]){{"unroll gradient --cell rnn --layers 1 --init orthogonal",
                                       "a fresh network on the shipped text"},
                                      {"unroll gradient --out probe runs/book-lstm-2x128 book.txt",
                                       "a trained model, with pictures"},
                                      {"unroll gradient --task copy:delay=100 --cell gru --json",
                                       "on a memory task, as JSON"},
                                      {NULL, NULL}},
    .execute = gradient_command,
};
