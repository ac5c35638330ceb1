#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/output.h"
#include "cli/gradient.h"
#include "cli/out.h"
#include "config/config.h"
#include "report/html.h"
#include "store/curve_csv.h"

/* ---- results ---- */

static bool all_losses(const gradient_probe *p)
{
    return p->options->loss == LOSS_ALL;
}

typedef struct row {
    size_t layer;
    int state;
    const unroll_fit *fit;
    double start, at[3];     /* gradient at distance 0; ratios at ratio_at or NAN */
} row;
static const size_t ratio_at[3] = {10, 50, 100};

static unroll_status make_row(const gradient_probe *p, size_t layer, int state, row *r)
{
    const unroll_curve *c = p->curve;
    double *gmean = unroll_alloc(c->distances, sizeof *gmean);
    if (!gmean)
        return UNROLL_EMEMORY;
    unroll_curve_gmean(c, layer, (enum unroll_state)state, gmean);
    *r = (row){.layer = layer, .state = state, .start = gmean[0],
               .fit = &p->fit[layer * UNROLL_STATES + (size_t)state]};
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

/* layer, state, at 0, at 10, at 50, at 100, decay, half-life, horizon; the page has the fit, too */
enum { CELLS = 12, CELL = 48 };

static void row_cells(const gradient_probe *p, const row *r, char cell[CELLS][CELL])
{
    const unroll_fit *f = r->fit;
    snprintf(cell[0], CELL, "%zu", r->layer);
    snprintf(cell[1], CELL, "%c", r->state ? 'c' : 'h');
    number(cell[2], r->start);
    for (size_t i = 0; i < 3; i++)
        number(cell[3 + i], r->at[i]);
    snprintf(cell[6], CELL, isnan(f->rho) ? "-" : "%.4f", f->rho);
    if (isinf(f->half_life))
        snprintf(cell[7], CELL, "growing");
    else
        number(cell[7], f->half_life);
    if (isnan(f->slope) && f->horizon == SIZE_MAX)
        snprintf(cell[8], CELL, "-");
    else if (f->horizon == SIZE_MAX)
        snprintf(cell[8], CELL, "beyond %zu", p->curve->distances - 1);
    else
        snprintf(cell[8], CELL, "%zu", f->horizon);
    number(cell[9], f->slope);
    if (isnan(f->low) || isnan(f->high))
        snprintf(cell[10], CELL, "-");
    else
        snprintf(cell[10], CELL, "%.3g to %.3g", f->low, f->high);
    snprintf(cell[11], CELL, isnan(f->r2) ? "-" : "%.4f", f->r2);
}

/* Every layer's and state's row, from the top. */
static unroll_status each_row(const gradient_probe *p, void *arg,
                              void (*take)(void *arg, const char *const *cell))
{
    for (size_t l = p->curve->layers; l-- > 0;)
        for (int s = 0; s <= p->curve->has_c; s++) {
            row r;
            char cell[CELLS][CELL];
            const char *at[CELLS];
            UNROLL_TRY(make_row(p, l, s, &r));
            row_cells(p, &r, cell);
            for (size_t i = 0; i < CELLS; i++)
                at[i] = cell[i];
            take(arg, at);
        }
    return UNROLL_OK;
}

/* @param brief  as fits the column of a table */
static const char *unit(const gradient_probe *p, bool brief)
{
    const bool squared = unroll_net_get_spec(p->net)->squared;
    return squared && brief ? "sq. error" : unroll_loss_unit(squared);
}

static void print_row(void *arg, const char *const *c)
{
    (void)arg;
    out_printf("%5s  %s  %10s %9s %9s %9s %8s %9s  %s\n", c[0], c[1], c[2], c[3], c[4], c[5], c[6],
               c[7], c[8]);
}

static unroll_status print_table(const gradient_probe *p)
{
    out_printf("%s\n%zu windows of %zu steps; %s\n\n", p->variant, p->curve->samples, p->T,
               all_losses(p) ? "accumulated: losses of all steps together, so that no decay shows"
                             : "loss of one step alone, not divided by batch or window");
    out_printf("%s\n", all_losses(p) ? "accumulated |dL/dstate|, geometric mean over samples"
                                     : "|dL_t/dstate_s| at distance t - s, geometric mean over "
                                       "samples");
    out_printf("layer      at 0     at 10     at 50    at 100    decay      half  horizon\n"
               "%15s   x start   x start   x start   x/step     steps    steps\n", unit(p, true));
    return each_row(p, NULL, print_row);
}

/* The rate of h in the layer that keeps most: the largest exponent is that of all layers together. */
static double slowest(const gradient_probe *p)
{
    double rho = NAN;
    for (size_t l = 0; l < p->curve->layers; l++)
        rho = fmax(rho, p->fit[l * UNROLL_STATES].rho);
    return rho;
}

static void print_lyapunov(const gradient_probe *p)
{
    const unroll_lyapunov *l = p->lyapunov;
    const double measured = slowest(p);
    if (l->steps == 0 || isnan(l->nats[0]))
        return;
    out_printf("largest Lyapunov exponent: %.4f decades, x %.4f a step", l->nats[0] / log(10),
               exp(l->nats[0]));
    if (!all_losses(p) && !isnan(measured))
        out_printf("; measured x %.4f", measured);
    out_printf("\n");
}

static void print_diagnosis(const gradient_probe *p)
{
    const unroll_diagnosis *d = p->diagnosis;
    for (size_t l = d->layers; l-- > 0;)
        if (!isnan(d->mean_field[l]))
            out_printf("layer %zu: mean-field rate %.4f a step; Pascanu's bound %.4f%s\n", l,
                       d->mean_field[l], d->bound[l],
                       d->bound[l] > 1 ? ", which excludes nothing" : "");
    if (d->no_theory)
        out_printf("no mean-field rate and no bound: %s\n", d->no_theory);
    print_lyapunov(p);
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

static unroll_gradient_figure figure(const gradient_probe *p)
{
    return (unroll_gradient_figure){
        .directory = p->options->config.out, .variant = p->variant, .curve = p->curve,
        .accumulated = all_losses(p), .squared = unroll_net_get_spec(p->net)->squared,
        .diagnosis = p->diagnosis, .histograms = p->histograms,
        .jacobian = p->jacobian, .lyapunov = p->lyapunov,
        .weights = p->weights,
    };
}

static unroll_status print_text(const gradient_probe *p)
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
        json_array_append_new(list, json_pack("{s:I,s:s,s:o,s:o,s:o}", "layer",
                                              (json_int_t)s->layer,
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

static json_t *json_lyapunov(const unroll_lyapunov *l)
{
    json_t *list = json_array();
    for (size_t i = 0; i < l->count; i++)
        json_array_append_new(list, out_json_real(l->nats[i]));
    return list;
}

static unroll_status print_json(const gradient_probe *p)
{
    json_t *curves = json_array();
    for (size_t l = 0; l < p->curve->layers; l++)
        for (int s = 0; s <= p->curve->has_c; s++) {
            row r;
            const unroll_status status = make_row(p, l, s, &r);
            if (status != UNROLL_OK) {
                json_decref(curves);
                return status;
            }
            json_array_append_new(curves, json_fit(&r));
        }
    return out_json(json_pack("{s:s,s:s,s:I,s:I,s:I,s:o,s:o,s:o,s:o}", "variant", p->variant, "loss",
                              all_losses(p) ? "accumulated" : "last", "windows",
                              (json_int_t)p->curve->samples, "window", (json_int_t)p->T,
                              "max_distance", (json_int_t)p->curve->distances - 1, "curves", curves,
                              "theory", json_theory(p->diagnosis), "lyapunov",
                              json_lyapunov(p->lyapunov), "saturation",
                              json_saturation(p->diagnosis)));
}

/* ---- files ---- */

static unroll_status write_rows(const gradient_probe *p, const char *name, unroll_buffer *text)
{
    char path[4096];
    unroll_status status = UNROLL_OK;
    if (text->failed)
        status = UNROLL_EMEMORY;
    else if ((size_t)snprintf(path, sizeof path, "%s/%s", p->options->config.out,
                              name) >= sizeof path)
        status = unroll_fail(UNROLL_ECREATE, "--out: the name is too long");
    else
        status = unroll_output_file(path, text->text, text->length);
    unroll_free(text->text);
    return status;
}

static unroll_buffer fit_rows(const gradient_probe *p)
{
    unroll_buffer text = {0};
    unroll_buffer_printf(&text,
                    "step,layer,state,first,last,slope,slope_low,slope_high,rho,half_life,horizon,"
                           "r2,mean_field,bound\n");
    for (size_t l = 0; l < p->curve->layers; l++)
        for (int s = 0; s <= p->curve->has_c; s++) {
            const unroll_fit *f = &p->fit[l * UNROLL_STATES + (size_t)s];
            char horizon[32] = "inf";
            if (f->horizon != SIZE_MAX)
                snprintf(horizon, sizeof horizon, "%zu", f->horizon);
            unroll_buffer_printf(&text,
                            "0,%zu,%c,%zu,%zu,%.9g,%.9g,%.9g,%.9g,%.9g,%s,%.9g,%.9g,%.9g\n", l,
                            s ? 'c' : 'h', f->first, f->last, f->slope, f->low, f->high, f->rho,
                            f->half_life, horizon, f->r2, p->diagnosis->mean_field[l],
                            p->diagnosis->bound[l]);
        }
    return text;
}

static unroll_buffer saturation_rows(const gradient_probe *p)
{
    unroll_buffer text = {0};
    unroll_buffer_printf(&text, "step,layer,name,below_0.1,above_0.9,dead\n");
    for (size_t i = 0; i < p->diagnosis->count; i++) {
        const unroll_saturation *s = &p->diagnosis->share[i];
        unroll_buffer_printf(&text, "0,%zu,%s,%.6g,%.6g,%.6g\n", s->layer, s->name, s->low, s->high,
                        s->dead);
    }
    return text;
}

static unroll_buffer lyapunov_rows(const unroll_lyapunov *l)
{
    unroll_buffer text = {0};
    unroll_buffer_printf(&text, "step,exponent,nats,decades,deviation,n\n");
    for (size_t i = 0; i < l->count; i++)
        unroll_buffer_printf(&text, "0,%zu,%.9g,%.9g,%.9g,%zu\n", i + 1, l->nats[i], l->nats[i] / log(10),
                        l->deviation[i], l->samples);
    return text;
}

static unroll_buffer jacobian_rows(const unroll_jacobian *j)
{
    unroll_buffer text = {0};
    unroll_buffer_printf(&text, "step,distance,frobenius,spectral,n\n");
    for (size_t k = 0; k < j->distances; k++)
        unroll_buffer_printf(&text, "0,%zu,%.9g,%.9g,%zu\n", k, j->frobenius[k], j->spectral[k],
                        j->samples);
    return text;
}

static unroll_buffer weight_rows(const unroll_weight_curve *c)
{
    unroll_buffer text = {0};
    unroll_buffer_printf(&text, "step,layer,distance,norm,signal_to_noise,n\n");
    for (size_t l = 0; l < c->layers; l++)
        for (size_t k = 0; k < c->distances; k++) {
            const size_t at = l * c->distances + k;
            unroll_buffer_printf(&text, "0,%zu,%zu,%.9g,%.9g,%zu\n", l, k, c->norm[at], c->ratio[at], c->samples);
        }
    return text;
}

/* ---- report.html ---- */

static void page_row(void *arg, const char *const *cell)
{
    unroll_table_row(arg, cell);
}

static unroll_status page_table(const gradient_probe *p, unroll_page *page)
{
    char start[CELL];
    snprintf(start, sizeof start, "at 0 (%s)", unit(p, false));
    const char *const head[CELLS] = {"layer", "state", start, "at 10 (x start)", "at 50", "at 100",
                                     "decay a step", "half-life (steps)", "horizon (steps)",
                                     "slope (decades a step)", "95% interval", "R2"};
    unroll_table table = {.columns = CELLS};
    unroll_table_row(&table, head);
    const unroll_status status = each_row(p, &table, page_row);
    unroll_page_table(page, &table);
    unroll_table_free(&table);
    return status;
}

static void page_lyapunov(const gradient_probe *p, unroll_page *page)
{
    static const char *const head[] = {"exponent", "nats a step", "decades a step", "factor a step",
                                       "deviation (nats)"};
    const unroll_lyapunov *l = p->lyapunov;
    char text[400];
    snprintf(text, sizeof text, "Of the first %zu windows, over %zu steps each at least: how fast the directions "
             "of the whole state (all layers, h and c) shrink or grow. The largest is the rate that "
             "gradients come to; the slowest layer's curve was measured at %.4f a step.",
             l->samples, l->steps, slowest(p));
    unroll_page_text(page, text);
    unroll_table table = {.columns = sizeof head / sizeof *head};
    unroll_table_row(&table, head);
    for (size_t i = 0; i < l->count; i++) {
        char deviation[CELL];
        unroll_table_cell(&table, "%zu", i + 1);
        unroll_table_cell(&table, "%.5f", l->nats[i]);
        unroll_table_cell(&table, "%.5f", l->nats[i] / log(10));
        unroll_table_cell(&table, "%.5f", exp(l->nats[i]));
        unroll_table_text(&table, number(deviation, l->deviation[i]));
    }
    unroll_page_table(page, &table);
    unroll_table_free(&table);
}

static void page_saturation(const gradient_probe *p, unroll_page *page)
{
    static const char *const head[] = {"layer", "what", "below 0.1", "above 0.9", "dead units"};
    unroll_page_text(page, "Shares over units, steps and windows: of |h| above 0.9, of gates below 0.1 and above "
                           "0.9, of units that are 0 at every step.");
    unroll_table table = {.columns = sizeof head / sizeof *head};
    unroll_table_row(&table, head);
    for (size_t i = 0; i < p->diagnosis->count; i++) {
        const unroll_saturation *s = &p->diagnosis->share[i];
        const double share[] = {s->low, s->high, s->dead};
        char cell[CELL];
        unroll_table_cell(&table, "%zu", s->layer);
        unroll_table_text(&table, s->name);
        for (size_t k = 0; k < sizeof share / sizeof *share; k++)
            unroll_table_text(&table, number(cell, share[k]));
    }
    unroll_page_table(page, &table);
    unroll_table_free(&table);
}

/* Pictures [from, to) of the list below. */
static void page_pictures(const gradient_probe *p, unroll_page *page, size_t from, size_t to)
{
    static const struct {
        const char *name, *caption;
        bool deep;               /* only where there are several layers */
    } pictures[] = {
        {"distance", "Gradient against distance. Reference lines are theory, not measured.", false},
        {"layer-distance", "Every layer and distance; state h.", true},
        {"layers", "Against the layer.", true},
        {"jacobian", "How large the product of k steps' Jacobians is, geometric mean over windows.", false},
        {"lyapunov", "Lyapunov exponents of the whole state.", false},
        {"weights", "What each distance adds to the gradient of the recurrent matrices: the norm of the mean over "
                    "windows of the part that goes by way of the step k before the loss.", false},
        {"signal", "The same, over its standard deviation between windows.", false},
        {"histogram-parameters", "Gradients of the weights.", false},
        {"histogram-states", "Gradients of the states.", false},
    };
    char folder[4096];
    snprintf(folder, sizeof folder, "%s/plots", p->options->config.out);
    for (size_t i = from; i < to; i++)
        if (!pictures[i].deep || p->curve->layers > 1)
            unroll_page_picture(page, folder, pictures[i].name, pictures[i].caption);
}

static unroll_status page_body(const gradient_probe *p, unroll_page *page)
{
    char text[600];
    snprintf(text, sizeof text,
             "%s. %zu windows of %zu steps. %s The norm of the gradient with "
             "respect to each layer's state k steps before, geometric mean over windows; decay by "
             "least squares from distance 5; the horizon is where a thousandth of distance 5 is left.",
             p->variant, p->curve->samples, p->T,
             all_losses(p) ? "Accumulated: losses of all steps together, so that no decay shows."
                           : "The loss of one step alone, not divided by batch or window.");
    unroll_page_text(page, text);
    UNROLL_TRY(page_table(p, page));
    if (p->diagnosis->no_theory) {
        snprintf(text, sizeof text, "No mean-field rate and no bound: %s", p->diagnosis->no_theory);
        unroll_page_text(page, text);
    }
    page_pictures(p, page, 0, 3);
    if (p->jacobian->distances > 1) {
        unroll_page_heading(page, "The product of Jacobians");
        page_pictures(p, page, 3, 4);
    }
    if (p->lyapunov->steps > 0 && isfinite(p->lyapunov->nats[0])) {
        unroll_page_heading(page, "Lyapunov exponents");
        page_lyapunov(p, page);
        page_pictures(p, page, 4, 4 + (p->lyapunov->count > 1));
    }
    unroll_page_heading(page, "Saturation");
    page_saturation(p, page);
    unroll_page_heading(page, "Gradients of the weights by distance");
    page_pictures(p, page, 5, 7);
    unroll_page_heading(page, "Histograms");
    page_pictures(p, page, 7, 9);
    int argc;
    char **argv;
    UNROLL_TRY(cli_command_line(p->call, &argc, &argv));
    unroll_page_made(page, argc, argv, p->config);
    cli_command_line_free(argc, argv);
    return UNROLL_OK;
}

static unroll_status write_page(const gradient_probe *p)
{
    char path[4096];
    unroll_page *page;
    snprintf(path, sizeof path, "%s/report.html", p->options->config.out);
    UNROLL_TRY(unroll_page_begin(path, p->variant, &page));
    const unroll_status status = page_body(p, page);
    if (status == UNROLL_OK)
        return unroll_page_end(page);
    unroll_page_drop(page);
    return status;
}

unroll_status gradient_write(const gradient_probe *p)
{
    unroll_buffer distance = {0}, histogram = {0}, fit = fit_rows(p), saturation = saturation_rows(p);
    unroll_buffer lyapunov = lyapunov_rows(p->lyapunov), jacobian = jacobian_rows(p->jacobian);
    unroll_buffer weights = weight_rows(p->weights);
    unroll_buffer_printf(&distance, "%s\n", UNROLL_DISTANCE_HEADER);
    unroll_curve_csv_rows(&distance, 0, p->curve);
    unroll_buffer_printf(&histogram, "%s\n", UNROLL_HISTOGRAM_HEADER);
    unroll_histogram_csv_rows(&histogram, 0, p->histograms);
    unroll_status status = unroll_make_directory(p->options->config.out);
    const struct {
        const char *name;
        unroll_buffer *text;
    } files[] = {{"distance.csv", &distance}, {"histogram.csv", &histogram}, {"fit.csv", &fit},
                 {"saturation.csv", &saturation}, {"lyapunov.csv", &lyapunov},
                 {"jacobian.csv", &jacobian}, {"weights.csv", &weights}};
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
    if (status == UNROLL_ENOINPUT)
        cli_note(p->call, "%s", unroll_marked_message()); /* no gnuplot: the numbers are there */
    else if (status != UNROLL_OK)
        return status;
    return write_page(p);
}

unroll_status gradient_print(const gradient_probe *p)
{
    return p->options->config.json ? print_json(p) : print_text(p);
}
