/* unroll gradient: gradient magnitude against time-step distance, of a trained or a fresh model. */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/output.h"
#include "cli/cli.h"
#include "cli/load.h"
#include "cli/out.h"
#include "cli/session.h"
#include "cli/terminal.h"
#include "probe/live.h"
#include "probe/saturation.h"
#include "report/gradient_plots.h"
#include "train/config.h"

enum { LOSS_LAST, LOSS_ALL };

typedef struct gradient_options {
    unroll_config config; /* first: the rows of training count from here */
    uint64_t window, windows, max_distance;
    int loss;
} gradient_options;

static const char *const losses[] = {"last", "all", NULL};
#define AT(field) .offset = offsetof(gradient_options, field)
static const unroll_option rows[] = {
    {.name = "window", .group = "Probe", .meta = "T", .type = UNROLL_SIZE, AT(window),
     .preset = "200", .min = 1, .max = 1048576,
     .help = "steps of a text's window; the loss is at its end, the state zero at its start"},
    {.name = "windows", .group = "Probe", .meta = "N", .type = UNROLL_SIZE, AT(windows),
     .preset = "32", .min = 1, .max = 1048576,
     .help = "samples: windows spread evenly over the text, the first at its beginning and the last "
             "at its end; or a task's sequences"},
    {.name = "loss", .group = "Probe", .meta = "KIND", .type = UNROLL_CHOICE, .choices = losses,
     AT(loss), .preset = "last",
     .help = "last: the loss of one step alone; all: accumulated over all steps, which shows no decay"},
    {.name = "max-distance", .group = "Probe", .meta = "K", .type = UNROLL_SIZE, AT(max_distance),
     .preset = "0", .max = 1048576, .help = "largest distance; 0: all that the window has"},
};
enum { ROWS = sizeof rows / sizeof *rows };

/* The length of the training rows is known only to their own file. */
static unroll_option_list lists[] = {{rows, ROWS, 0}, {NULL, 0, 0}, {NULL, 0, 0}};
__attribute__((constructor)) static void add_training_rows(void)
{
    lists[1] = unroll_config_lists[0];
}

/* One run of the command. */
typedef struct probing {
    cli_call *call;
    gradient_options *options;
    session session;            /* of a fresh model */
    unroll_model *loaded;       /* or a trained one … */
    unroll_corpus *corpus;      /* … and its text */
    const unroll_config *config;/* the model's */
    unroll_net *net;
    const uint32_t *id;         /* the text; NULL: a task */
    size_t count, T, B, distances, rows; /* rows at a time */
    unroll_curve curve;
    unroll_diagnosis diagnosis;
    unroll_histograms histograms;
    unroll_fit *fit;            /* [layers][2] */
    char variant[UNROLL_VARIANT_MAX];
} probing;

/* ---- opening ---- */

static bool plain_name(const char *name, const char *const *names)
{
    while (*names && strcmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

/* An option that would do nothing is a mistake: tell it. A --config file may hold a whole training's options. */
static unroll_status check_given(const probing *p)
{
    static const char *const allowed[] = {"out", "force", "corpus", "seq-length", NULL};
    const cli_call *call = p->call;
    for (size_t i = 0; i < call->given_count; i++) {
        const unroll_option *o = call->given[i].option;
        if (call->given[i].source != CLI_LINE || plain_name(o->name, allowed))
            continue;
        if (strcmp(o->group, "Learning") == 0 || strcmp(o->group, "Run") == 0 ||
            strcmp(o->group, "Gradients") == 0)
            return unroll_fail(UNROLL_EUSAGE, "--%s: a probe does not train; leave it out", o->name);
        if (call->count && (o->role & (UNROLL_ROLE_MODEL | UNROLL_ROLE_LEARN)) &&
            strcmp(o->group, "Common") != 0)
            return unroll_fail(UNROLL_EUSAGE, "--%s: MODEL brings its own; leave one of them out",
                               o->name);
    }
    return UNROLL_OK;
}

static void note(void *arg, const char *text)
{
    const probing *p = arg;
    if (!p->options->config.quiet)
        cli_note(p->call, "%s", text);
}

static unroll_status open_text(probing *p)
{
    unroll_corpus_options o;
    unroll_corpus_options_default(&o);
    o.vocabulary = unroll_model_vocabulary(p->loaded);
    o.lines = p->config->lines;
    o.split[0] = 1;
    o.split[1] = o.split[2] = 0;
    o.max_input = p->options->config.max_input;
    o.note = note;
    o.arg = p;
    return unroll_corpus_read(&o, (const char *const *)p->call->arguments + 1, p->call->count - 1,
                              NULL, NULL, &p->corpus);
}

static unroll_status open_task(probing *p, const unroll_config *c)
{
    const unroll_task_row *row;
    double value[UNROLL_TASK_KEYS];
    UNROLL_TRY(unroll_task_parse(c->task, &row, value));
    UNROLL_TRY(unroll_task_synthetic(row, value, (size_t)p->options->windows,
                                     p->options->config.seed, &p->session.task));
    p->session.has_task = true;
    return UNROLL_OK;
}

static unroll_status open_trained(probing *p)
{
    UNROLL_TRY(unroll_model_load(p->call->arguments[0], &p->loaded));
    p->config = unroll_model_config(p->loaded);
    p->net = unroll_model_net(p->loaded);
    if (!unroll_model_vocabulary(p->loaded)) {
        if (p->call->count > 1)
            return unroll_fail(UNROLL_EUSAGE, "%s: a model of task %s, which makes its own data; it "
                               "takes no FILE", p->call->arguments[0], p->config->task);
        return open_task(p, p->config);
    }
    if (p->call->count < 2)
        return unroll_fail(UNROLL_EUSAGE, "%s: give a text to probe it on: unroll gradient MODEL "
                           "FILE...", p->call->arguments[0]);
    return open_text(p);
}

static unroll_status open_fresh(probing *p)
{
    unroll_config *c = &p->options->config;
    p->session.config = c;
    c->batch = p->options->windows;
    const bool text = strcmp(c->task, "char") == 0;
    if (text) { /* the whole text, wherever training would cut it */
        c->batch = 1;
        c->split[0] = 1;
        c->split[1] = c->split[2] = 0;
    }
    UNROLL_TRY(session_open(&p->session, NULL, 0, NULL, note, p));
    p->config = c;
    p->net = p->session.model->net;
    return UNROLL_OK;
}

/* Windows of a text: as asked, or as many and as long as there are. */
static unroll_status fit_text(probing *p)
{
    const unroll_corpus *corpus = p->corpus ? p->corpus : p->session.corpus;
    const unroll_part *part = unroll_corpus_part(corpus, UNROLL_TRAIN);
    const bool chosen = cli_was_given(p->call, "window") != CLI_NOT_GIVEN;
    char text[160];
    p->id = part->id;
    p->count = part->count;
    if (p->count < 2 || (chosen && p->count < p->T + 1))
        return unroll_fail(UNROLL_EDATA, "%s: %zu tokens; --window %zu needs %zu",
                           unroll_corpus_name(corpus), p->count, p->T, p->T + 1);
    const size_t T = p->count < p->T + 1 ? p->count - 1 : p->T;
    const size_t B = p->count - T < p->B ? p->count - T : p->B;
    if (T != p->T || B != p->B) {
        snprintf(text, sizeof text, "the text is short: %zu windows of %zu steps", B, T);
        note(p, text);
    }
    p->T = T;
    p->B = B;
    return UNROLL_OK;
}

static unroll_status fit_task(probing *p)
{
    unroll_batch batch;
    bool more;
    const unroll_task *task = &p->session.task;
    if (cli_was_given(p->call, "window") != CLI_NOT_GIVEN)
        return unroll_fail(UNROLL_EUSAGE, "--window: task %s has a length of its own",
                           p->config->task);
    UNROLL_TRY(task->eval(task->self, UNROLL_VALID, 0, &batch, &more));
    p->T = batch.T;
    p->B = batch.B < p->B ? batch.B : p->B;
    p->distances = unroll_probe_reach(&batch);
    return UNROLL_OK;
}

static unroll_status open_all(probing *p)
{
    const gradient_options *o = p->options;
    UNROLL_TRY(check_given(p));
    UNROLL_TRY(p->call->count ? open_trained(p) : open_fresh(p));
    p->T = (size_t)o->window;
    p->B = (size_t)o->windows;
    if (p->session.has_task && !p->session.corpus)
        UNROLL_TRY(fit_task(p));
    else {
        UNROLL_TRY(fit_text(p));
        p->distances = p->T;
    }
    if (o->max_distance >= p->distances)
        return unroll_fail(UNROLL_EUSAGE, "--max-distance %llu: the largest distance here is %zu",
                           (unsigned long long)o->max_distance, p->distances - 1);
    if (o->max_distance)
        p->distances = (size_t)o->max_distance + 1;
    unroll_variant_text(p->config, p->variant);
    return UNROLL_OK;
}

/* ---- measuring ---- */

static unroll_status next_set(probing *p, size_t first, size_t count, unroll_probe_set *set)
{
    unroll_batch batch;
    bool more;
    const unroll_task *task = &p->session.task;
    if (p->id)
        return unroll_probe_windows(p->id, p->count, p->T, first, count, p->B, set);
    UNROLL_TRY(task->eval(task->self, UNROLL_VALID, 0, &batch, &more));
    return unroll_probe_rows(&batch, count, task->inputs, task->outputs, set);
}

static unroll_status measure_set(probing *p, const unroll_probe_set *set, unroll_work *work,
                                 bool first)
{
    const unroll_batch *b = &set->batch;
    uint8_t *inject = unroll_alloc(b->T * b->B, 1);
    if (!inject)
        return UNROLL_EMEMORY;
    (p->options->loss == LOSS_ALL ? unroll_inject_all : unroll_inject_last)(b, inject);
    unroll_status status = unroll_curve_measure(p->net, work, b, inject, &p->curve);
    unroll_free(inject);
    if (status == UNROLL_OK && first)
        status = unroll_diagnose(p->net, work, b, p->distances, &p->diagnosis);
    if (status == UNROLL_OK && first)
        status = unroll_histograms_take(&p->histograms, p->net, work, b);
    return status;
}

/* Windows in turns, since each step of each is kept; saturation and histograms are of the first turn. */
static unroll_status measure(probing *p)
{
    enum { TURN = 64 };
    unroll_work *work = NULL;
    size_t room = 0;
    UNROLL_TRY(unroll_curve_for(p->net, p->distances, &p->curve));
    UNROLL_TRY(unroll_histograms_new(p->net, &p->histograms));
    unroll_status status = UNROLL_OK;
    const size_t turn = p->id && p->B > TURN ? TURN : p->B;
    for (size_t at = 0; at < p->B && status == UNROLL_OK; at += turn) {
        const size_t count = p->B - at < turn ? p->B - at : turn;
        unroll_probe_set set;
        status = next_set(p, at, count, &set);
        if (status != UNROLL_OK)
            break;
        if (room != count) {
            unroll_work_free(work);
            work = NULL;
            status = unroll_work_new(p->net, p->T, count, true,
                                     (size_t)p->options->config.threads, &work);
            room = count;
        }
        if (status == UNROLL_OK)
            status = measure_set(p, &set, work, at == 0);
        unroll_probe_set_free(&set);
    }
    unroll_work_free(work);
    return status;
}

static unroll_status fit_all(probing *p)
{
    const unroll_curve *c = &p->curve;
    p->fit = unroll_alloc(c->layers * UNROLL_PROBE_STATES, sizeof *p->fit);
    if (!p->fit)
        return UNROLL_EMEMORY;
    for (size_t l = 0; l < c->layers; l++)
        for (int s = 0; s <= c->has_c; s++)
            UNROLL_TRY(unroll_fit_curve(c, l, (enum unroll_probe_state)s, p->options->config.seed,
                                        &p->fit[l * UNROLL_PROBE_STATES + s]));
    return UNROLL_OK;
}

/* ---- results ---- */

static bool all_losses(const probing *p)
{
    return p->options->loss == LOSS_ALL;
}

typedef struct row {
    size_t layer;
    int state;
    const unroll_fit *fit;
    double start, at[3];     /* gradient at distance 0; ratios at 10, 50, 100, NAN where there are none */
} row;
static const size_t ratio_at[3] = {10, 50, 100};

static unroll_status make_row(const probing *p, size_t layer, int state, row *r)
{
    const unroll_curve *c = &p->curve;
    double *gmean = unroll_alloc(c->distances, sizeof *gmean);
    if (!gmean)
        return UNROLL_EMEMORY;
    unroll_curve_gmean(c, layer, (enum unroll_probe_state)state, gmean);
    *r = (row){.layer = layer, .state = state, .start = gmean[0],
               .fit = &p->fit[layer * UNROLL_PROBE_STATES + (size_t)state]};
    for (size_t i = 0; i < 3; i++)
        r->at[i] = ratio_at[i] < c->distances ? gmean[ratio_at[i]] / gmean[0] : NAN;
    unroll_free(gmean);
    return UNROLL_OK;
}

static const char *number(char buffer[32], double x)
{
    snprintf(buffer, 32, isnan(x) ? "-" : "%.3g", x);
    return buffer;
}

static void print_row(const probing *p, const row *r)
{
    char text[5][32], half[32], horizon[32];
    const unroll_fit *f = r->fit;
    number(text[0], r->start);
    for (size_t i = 0; i < 3; i++)
        number(text[i + 1], r->at[i]);
    snprintf(text[4], sizeof text[4], isnan(f->rho) ? "-" : "%.4f", f->rho);
    if (isinf(f->half_life))
        snprintf(half, sizeof half, "growing");
    else
        number(half, f->half_life);
    if (isnan(f->slope))
        snprintf(horizon, sizeof horizon, "-");
    else if (f->horizon == SIZE_MAX)
        snprintf(horizon, sizeof horizon, "beyond %zu", p->curve.distances - 1);
    else
        snprintf(horizon, sizeof horizon, "%zu", f->horizon);
    out_printf("%5zu  %c  %10s %9s %9s %9s %8s %9s  %s\n", r->layer, r->state ? 'c' : 'h', text[0],
               text[1], text[2], text[3], text[4], half, horizon);
}

static unroll_status print_table(const probing *p)
{
    out_printf("%s\n%zu windows of %zu steps; %s\n\n", p->variant, p->curve.samples, p->T,
               all_losses(p) ? "accumulated: losses of all steps together, so that no decay shows"
                             : "the loss of one step alone, not divided by batch or window");
    out_printf("%s\n", all_losses(p) ? "accumulated |dL/dstate|, geometric mean over samples"
                                     : "|dL_t/dstate_s| at distance t - s, geometric mean over samples");
    out_printf("layer      at 0     at 10     at 50    at 100    decay      half  horizon\n"
               "           nats   x start   x start   x start   x/step     steps    steps\n");
    for (size_t l = p->curve.layers; l-- > 0;)
        for (int s = 0; s <= p->curve.has_c; s++) {
            row r;
            UNROLL_TRY(make_row(p, l, s, &r));
            print_row(p, &r);
        }
    return UNROLL_OK;
}

static void print_diagnosis(const probing *p)
{
    const unroll_diagnosis *d = &p->diagnosis;
    for (size_t l = d->layers; l-- > 0;)
        if (!isnan(d->mean_field[l]))
            out_printf("layer %zu: mean-field rate %.4f a step; Pascanu's bound %.4f%s\n", l,
                       d->mean_field[l], d->bound[l],
                       d->bound[l] > 1 ? ", which excludes nothing" : "");
    out_printf("saturated: share of |x| > 0.9; of gates < 0.1 / > 0.9\n");
    for (size_t i = 0; i < d->count; i++) {
        const unroll_saturation *s = &d->share[i];
        if (i == 0 || d->share[i - 1].layer != s->layer)
            out_printf("%slayer %zu:", i ? "\n" : "", s->layer);
        if (!isnan(s->low))
            out_printf("  %s %.0f%% / %.0f%%", s->name, 100 * s->low, 100 * s->high);
        else
            out_printf("  |%s| %.0f%%", s->name, 100 * s->high);
        if (!isnan(s->dead))
            out_printf("  dead units %.0f%%", 100 * s->dead);
    }
    out_printf("\n");
}

static unroll_gradient_figure figure(const probing *p)
{
    return (unroll_gradient_figure){
        .directory = p->options->config.out, .variant = p->variant, .curve = &p->curve,
        .accumulated = all_losses(p), .diagnosis = &p->diagnosis, .histograms = &p->histograms,
    };
}

static unroll_status print_text(const probing *p)
{
    char *chart;
    const unroll_gradient_figure f = figure(p);
    UNROLL_TRY(print_table(p));
    out_printf("\n");
    print_diagnosis(p);
    UNROLL_TRY(unroll_gradient_chart(&f, 80, 24, &chart));
    out_printf("\n%s", chart);
    unroll_free(chart);
    return UNROLL_OK;
}

static json_t *json_fit(const row *r)
{
    const unroll_fit *f = r->fit;
    const bool beyond = f->horizon == SIZE_MAX;
    char state[2] = {r->state ? 'c' : 'h', 0};
    return json_pack(
        "{s:I,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:b,s:o,s:o}", "layer", (json_int_t)r->layer,
        "state", state, "gradient", out_json_real(r->start), "ratio_10", out_json_real(r->at[0]),
        "ratio_50", out_json_real(r->at[1]), "ratio_100", out_json_real(r->at[2]), "slope",
        out_json_real(f->slope), "slope_low", out_json_real(f->low), "slope_high",
        out_json_real(f->high), "rho", out_json_real(f->rho), "half_life",
        out_json_real(f->half_life), "growing", f->slope >= 0, "horizon",
        beyond ? json_null() : json_integer((json_int_t)f->horizon), "r2", out_json_real(f->r2));
}

static json_t *json_saturation(const unroll_diagnosis *d)
{
    json_t *list = json_array();
    for (size_t i = 0; i < d->count; i++) {
        const unroll_saturation *s = &d->share[i];
        json_array_append_new(list, json_pack("{s:I,s:s,s:o,s:o,s:o}", "layer", (json_int_t)s->layer,
                                              "name", s->name, "low", out_json_real(s->low), "high",
                                              out_json_real(s->high), "dead",
                                              out_json_real(s->dead)));
    }
    return list;
}

static json_t *json_theory(const unroll_diagnosis *d)
{
    json_t *list = json_array();
    for (size_t l = 0; l < d->layers; l++)
        json_array_append_new(list, json_pack("{s:I,s:o,s:o,s:o}", "layer", (json_int_t)l, "bound",
                                              out_json_real(d->bound[l]), "mean_field",
                                              out_json_real(d->mean_field[l]), "slope_square",
                                              out_json_real(d->slope_square[l])));
    return list;
}

static unroll_status print_json(const probing *p)
{
    json_t *curves = json_array();
    for (size_t l = 0; l < p->curve.layers; l++)
        for (int s = 0; s <= p->curve.has_c; s++) {
            row r;
            const unroll_status status = make_row(p, l, s, &r);
            if (status != UNROLL_OK) {
                json_decref(curves);
                return status;
            }
            json_array_append_new(curves, json_fit(&r));
        }
    return out_json(json_pack("{s:s,s:s,s:I,s:I,s:I,s:o,s:o,s:o}", "variant", p->variant, "loss",
                              all_losses(p) ? "accumulated" : "last", "windows",
                              (json_int_t)p->curve.samples, "window", (json_int_t)p->T,
                              "max_distance", (json_int_t)p->curve.distances - 1, "curves", curves,
                              "theory", json_theory(&p->diagnosis), "saturation",
                              json_saturation(&p->diagnosis)));
}

/* ---- files ---- */

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
                             : unroll_fail(UNROLL_ECREATE, "--out %s: is not empty; give another "
                                           "directory, or --force", c->out);
}

static unroll_status write_rows(const probing *p, const char *name, unroll_rows *text)
{
    char path[4096];
    unroll_status status = UNROLL_OK;
    if (text->failed)
        status = UNROLL_EMEMORY;
    else if ((size_t)snprintf(path, sizeof path, "%s/%s", p->options->config.out, name) >= sizeof path)
        status = unroll_fail(UNROLL_ECREATE, "--out: the name is too long");
    else
        status = unroll_output_file(path, text->text, text->length);
    unroll_free(text->text);
    return status;
}

static unroll_rows fit_rows(const probing *p)
{
    unroll_rows text = {0};
    unroll_rows_add(&text, "step,layer,state,first,last,slope,slope_low,slope_high,rho,half_life,horizon,"
                           "r2,mean_field,bound\n");
    for (size_t l = 0; l < p->curve.layers; l++)
        for (int s = 0; s <= p->curve.has_c; s++) {
            const unroll_fit *f = &p->fit[l * UNROLL_PROBE_STATES + (size_t)s];
            char horizon[32] = "inf";
            if (f->horizon != SIZE_MAX)
                snprintf(horizon, sizeof horizon, "%zu", f->horizon);
            unroll_rows_add(&text, "0,%zu,%c,%zu,%zu,%.9g,%.9g,%.9g,%.9g,%.9g,%s,%.9g,%.9g,%.9g\n", l,
                            s ? 'c' : 'h', f->first, f->last, f->slope, f->low, f->high, f->rho,
                            f->half_life, horizon, f->r2, p->diagnosis.mean_field[l],
                            p->diagnosis.bound[l]);
        }
    return text;
}

static unroll_rows saturation_rows(const probing *p)
{
    unroll_rows text = {0};
    unroll_rows_add(&text, "step,layer,name,below_0.1,above_0.9,dead\n");
    for (size_t i = 0; i < p->diagnosis.count; i++) {
        const unroll_saturation *s = &p->diagnosis.share[i];
        unroll_rows_add(&text, "0,%zu,%s,%.6g,%.6g,%.6g\n", s->layer, s->name, s->low, s->high,
                        s->dead);
    }
    return text;
}

static unroll_status write_files(const probing *p)
{
    unroll_rows distance = {0}, histogram = {0}, fit = fit_rows(p), saturation = saturation_rows(p);
    unroll_rows_add(&distance, "%s\n", UNROLL_DISTANCE_HEADER);
    unroll_rows_curve(&distance, 0, &p->curve);
    unroll_rows_add(&histogram, "%s\n", UNROLL_HISTOGRAM_HEADER);
    unroll_rows_histograms(&histogram, 0, &p->histograms);
    unroll_status status = unroll_make_directory(p->options->config.out);
    const struct {
        const char *name;
        unroll_rows *text;
    } files[] = {{"distance.csv", &distance}, {"histogram.csv", &histogram}, {"fit.csv", &fit},
                 {"saturation.csv", &saturation}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const unroll_status one = status == UNROLL_OK ? write_rows(p, files[i].name, files[i].text)
                                                      : status;
        if (status != UNROLL_OK)
            unroll_free(files[i].text->text);
        status = one;
    }
    if (status != UNROLL_OK)
        return status;
    const unroll_gradient_figure f = figure(p);
    status = unroll_report_gradient(&f);
    if (status != UNROLL_ENOINPUT)
        return status;
    cli_note(p->call, "%s", unroll_message()); /* no gnuplot: the numbers are there */
    return UNROLL_OK;
}

static unroll_status probe(probing *p)
{
    const unroll_config *c = &p->options->config;
    if (c->out)
        UNROLL_TRY(check_directory(c));
    UNROLL_TRY(open_all(p));
    UNROLL_TRY(measure(p));
    UNROLL_TRY(fit_all(p));
    if (c->out)
        UNROLL_TRY(write_files(p));
    return c->json ? print_json(p) : print_text(p);
}

static unroll_status gradient_run(cli_call *call)
{
    probing p = {.call = call, .options = call->options};
    unroll_config_sync(&p.options->config);
    const unroll_status status = probe(&p);
    unroll_free(p.fit);
    unroll_histograms_free(&p.histograms);
    unroll_diagnosis_free(&p.diagnosis);
    unroll_curve_free(&p.curve);
    unroll_corpus_free(p.corpus);
    unroll_model_free(p.loaded);
    session_close(&p.session);
    return status;
}

const cli_command cli_gradient = {
    .name = "gradient",
    .arguments = "[MODEL [FILE...]]",
    .summary = "measure gradient magnitude against time-step distance",
    .description =
        "How large is the gradient of the loss at one step with respect to each layer's state k steps "
        "before? Prints, for each layer and state (h, and c for the LSTM), the norm at distance 0, what is left of it "
        "at 10, 50 and 100, the decay a step, the half-life, and the horizon where a thousandth is left; "
        "then the curve. With MODEL, a file or a run directory, it is measured on the texts; without, on a fresh model by "
        "the options of training, on the text that ships with unroll, --corpus, or a synthetic --task.\n\n"
        "--out DIR writes distance.csv, histogram.csv, fit.csv, saturation.csv and pictures.",
    .lists = lists,
    .options_size = sizeof(gradient_options),
    .max_arguments = SIZE_MAX,
    .examples = (const cli_example[]){
        {"unroll gradient --cell rnn --layers 1 --init orthogonal", "a fresh network on the shipped text"},
        {"unroll gradient --out probe runs/char-lstm-2x128 book.txt", "a trained model, with pictures"},
        {"unroll gradient --task copy:delay=100 --cell gru --json", "on a memory task, as JSON"},
        {NULL, NULL}},
    .run = gradient_run,
};
