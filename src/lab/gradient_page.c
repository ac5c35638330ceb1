/* A gradient report as a page. */
#include <math.h>
#include <stdio.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/path.h"
#include "lab/gradient_report.h"
#include "report/html.h"

/* A page that is being written, and where its pictures are. */
typedef struct writing {
    const gradient_report *report;
    unroll_page *page;
    const char *plots;
} writing;

static void put_picture(const writing *w, const char *name, const char *caption)
{
    unroll_page_picture(w->page, w->plots, name, caption);
}

static void put_table(const writing *w, unroll_table *table)
{
    unroll_page_table(w->page, table);
    unroll_table_free(table);
}

/* ---- the curve ---- */

static unroll_status put_curve(const writing *w)
{
    const gradient_report *r = w->report;
    const char *no_theory = unroll_diagnosis_no_theory(r->diagnosis);
    char text[900];
    unroll_table table = {0};
    snprintf(text, sizeof text,
             "%s. %zu windows of %zu steps, forward and back %s. %s The norm of the gradient with "
             "respect to each layer's state k steps before, geometric mean over windows; decay by "
             "least squares from distance 5; the horizon is where a thousandth of distance 5 is left. "
             "Intervals of the slope are by bootstrap-t over windows%s.",
             r->request.variant, unroll_curve_samples(r->curve), r->request.T,
             unroll_precision_text(r->precision),
             r->request.accumulated
                 ? "Accumulated: losses of all steps together, so that no decay shows."
                 : "The loss of one step alone, not divided by batch or window.",
             r->request.ids.id
                 ? " of this one text, so they are conditional on it: how far another text's slope may "
                   "be from it they do not say"
                 : "");
    unroll_page_text(w->page, text);
    const unroll_status status = gradient_report_table(r, &table);
    put_table(w, &table);
    if (no_theory) {
        snprintf(text, sizeof text, "No mean-field rate and no bound: %s", no_theory);
        unroll_page_text(w->page, text);
    }
    put_picture(w, "distance",
                "Gradient against distance. Reference lines are theory, not measured.");
    if (unroll_curve_layers(r->curve) > 1) {
        put_picture(w, "layer-distance", "Every layer and distance; state h.");
        put_picture(w, "layers", "Against the layer.");
    }
    return status;
}

/* ---- the way back as a whole ---- */

static void put_jacobian(const writing *w)
{
    if (unroll_jacobian_distances(w->report->jacobian) < 2)
        return;
    unroll_page_heading(w->page, "The product of Jacobians");
    put_picture(w, "jacobian",
                "How large the product of k steps' Jacobians is, geometric mean over windows.");
}

static void put_exponents(const writing *w)
{
    static const char *const head[] = {"exponent",         "nats a step",
                                       "decades a step",   "factor a step",
                                       "deviation (nats)", "standard error (nats)"};
    const unroll_lyapunov *l = w->report->lyapunov;
    const double *nats = unroll_lyapunov_exponents(l), *deviation = unroll_lyapunov_deviations(l);
    const double *error = unroll_lyapunov_errors(l);
    unroll_table table = {.columns = sizeof head / sizeof *head};
    unroll_table_row(&table, head);
    for (size_t i = 0; i < unroll_lyapunov_count(l); i++) {
        unroll_table_cell(&table, "%zu", i + 1);
        unroll_table_cell(&table, "%.5f", nats[i]);
        unroll_table_cell(&table, "%.5f", nats[i] / log(10));
        unroll_table_cell(&table, "%.5f", exp(nats[i]));
        unroll_table_number(&table, deviation[i]);
        unroll_table_number(&table, error[i]);
    }
    put_table(w, &table);
}

static void put_lyapunov(const writing *w)
{
    const unroll_lyapunov *l = w->report->lyapunov;
    char text[600];
    if (unroll_lyapunov_steps(l) == 0 || !isfinite(unroll_lyapunov_exponents(l)[0]))
        return;
    unroll_page_heading(w->page, "Lyapunov exponents");
    snprintf(text, sizeof text,
             "Of %zu windows, over %zu steps each at least, from %zu random starts: how fast the "
             "directions of the whole state (all layers, h and c) shrink or grow in the long run. "
             "Deviations and standard errors are over windows%s. Gradients fall at the rate of the "
             "largest only where they go back far enough; within the curve's distances the slowest "
             "layer was measured at %.4f a step.",
             unroll_lyapunov_samples(l), unroll_lyapunov_steps(l),
             unroll_lyapunov_samples(l) * unroll_lyapunov_starts(l),
             w->report->request.ids.id ? ", and conditional on this text" : "",
             gradient_report_slowest(w->report));
    unroll_page_text(w->page, text);
    put_exponents(w);
    if (unroll_lyapunov_count(l) > 1)
        put_picture(w, "lyapunov", "Lyapunov exponents of the whole state.");
}

/* ---- saturation, weights and histograms ---- */

static void put_saturation(const writing *w)
{
    static const char *const head[] = {"layer", "what", "below 0.1", "above 0.9", "dead units"};
    const unroll_saturation *s;
    unroll_table table = {.columns = sizeof head / sizeof *head};
    unroll_page_heading(w->page, "Saturation");
    unroll_page_text(w->page,
                     "Shares over units, steps and windows: of |h| above 0.9, of gates below 0.1 "
                     "and above 0.9, of units that are 0 at every step.");
    unroll_table_row(&table, head);
    for (size_t i = 0; (s = unroll_diagnosis_saturation(w->report->diagnosis, i)); i++) {
        unroll_table_cell(&table, "%zu", s->layer);
        unroll_table_text(&table, s->name);
        unroll_table_number(&table, s->low);
        unroll_table_number(&table, s->high);
        unroll_table_number(&table, s->dead);
    }
    put_table(w, &table);
}

static void put_weights(const writing *w)
{
    unroll_page_heading(w->page, "Gradients of the weights by distance");
    put_picture(w, "weights",
                "What each distance adds to the gradient of the recurrent matrices: the norm of "
                "the mean over windows of the part that goes by way of the step k before the "
                "loss.");
    put_picture(w, "signal", "The same, over its standard deviation between windows.");
    unroll_page_heading(w->page, "Histograms");
    put_picture(w, "histogram-parameters", "Gradients of the weights.");
    put_picture(w, "histogram-states", "Gradients of the states.");
}

/* ---- the page ---- */

static unroll_status write_page(const gradient_report *r, const char *path, const char *plots,
                                int argc, char *const *argv, const unroll_config *config)
{
    writing w = {.report = r, .plots = plots};
    UNROLL_TRY(unroll_page_begin(path, r->request.variant, &w.page));
    const unroll_status status = put_curve(&w);
    if (status != UNROLL_OK) {
        unroll_page_drop(w.page);
        return status;
    }
    put_jacobian(&w);
    put_lyapunov(&w);
    put_saturation(&w);
    put_weights(&w);
    unroll_page_made(w.page, argc, argv, config);
    return unroll_page_end(w.page);
}

unroll_status gradient_report_page(const gradient_report *r, const char *directory, int argc,
                                   char *const *argv, const unroll_config *config)
{
    char *path = unroll_path_join(directory, "report.html"),
         *plots = unroll_path_join(directory, "plots");
    const unroll_status status =
        path && plots ? write_page(r, path, plots, argc, argv, config) : UNROLL_EMEMORY;
    unroll_free(plots);
    unroll_free(path);
    return status;
}
