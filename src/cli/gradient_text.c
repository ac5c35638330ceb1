#include "cli/gradient_text.h"

#include <math.h>

#include "base/fail.h"
#include "base/json.h"
#include "base/memory.h"
#include "cli/out.h"

/* ---- for people ---- */

static unroll_status print_table(const gradient_report *r)
{
    enum { COLUMNS = GRADIENT_COLUMNS };
    const bool accumulated = r->request.accumulated;
    unroll_table table = {0};
    const unroll_status status = gradient_report_table(r, &table);
    if (status != UNROLL_OK) {
        unroll_table_free(&table);
        return status;
    }
    out_printf("%s\n%zu windows of %zu steps; %s\n\n", r->request.variant,
               unroll_curve_samples(r->curve), r->request.T,
               accumulated ? "accumulated: losses of all steps together, so that no decay shows"
                           : "loss of one step alone, not divided by batch or window");
    out_printf("%s in %ss, geometric mean over samples\n",
               accumulated ? "accumulated |dL/dstate|" : "|dL_t/dstate_s| at distance t - s",
               r->precision);
    out_printf("layer      at 0     at 10     at 50    at 100    decay      half  horizon\n"
               "%15s   x start   x start   x start   x/step     steps    steps\n",
               r->squared ? "sq. error" : unroll_loss_unit(false));
    const char *c[COLUMNS], *cell = unroll_table_first(&table);
    for (size_t i = 0; i < table.cells; i++, cell = unroll_table_next(cell)) {
        c[i % COLUMNS] = cell;
        if (i >= COLUMNS && i % COLUMNS == COLUMNS - 1) /* the heads stand above; the fit is left out */
            out_printf("%5s  %s  %10s %9s %9s %9s %8s %9s  %s\n", c[0], c[1], c[2], c[3], c[4],
                       c[5], c[6], c[7], c[8]);
    }
    unroll_table_free(&table);
    return UNROLL_OK;
}

static void print_lyapunov(const gradient_report *r)
{
    const unroll_lyapunov *l = r->lyapunov;
    const double nats = unroll_lyapunov_exponents(l)[0], error = unroll_lyapunov_errors(l)[0],
                 measured = gradient_report_slowest(r);
    if (unroll_lyapunov_steps(l) == 0 || isnan(nats))
        return;
    out_printf("largest Lyapunov exponent: x %.4g a step", exp(nats));
    if (!r->request.accumulated && !isnan(measured))
        out_printf("; measured x %.4g", measured);
    out_printf("\n  %.4g", nats / log(10));
    if (!isnan(error))
        out_printf(" ± %.1g", error / log(10));
    out_printf(" decades a step, over %zu steps of %zu windows", unroll_lyapunov_steps(l),
               unroll_lyapunov_samples(l));
    out_printf(isnan(error) ? "\n" : " (standard error)\n");
}

/* The table has no room for the fit. */
static unroll_status print_slopes(const gradient_report *r)
{
    bool any = false;
    if (r->request.accumulated)
        return UNROLL_OK;
    for (size_t l = unroll_curve_layers(r->curve); l-- > 0;)
        for (size_t s = 0; s <= unroll_curve_has_c(r->curve); s++) {
            gradient_row row;
            UNROLL_TRY(gradient_report_row(r, l, (enum unroll_state)s, &row));
            const unroll_fit *f = row.fit;
            if (isnan(f->slope))
                continue;
            out_printf("layer %zu %c: slope %.4g decades a step, 95%% interval ", l, row.state,
                       f->slope);
            if (isnan(f->low))
                out_printf("none: it takes 4 windows\n");
            else
                out_printf("%.4g to %.4g\n", f->low, f->high);
            any = any || !isnan(f->low);
        }
    if (any)
        out_printf("  bootstrap-t over windows%s\n",
                   r->request.ids.id ? " of one text, so conditional on this text" : "");
    return UNROLL_OK;
}

static void print_theory(const gradient_report *r)
{
    const char *no_theory = unroll_diagnosis_no_theory(r->diagnosis);
    for (size_t l = unroll_diagnosis_layers(r->diagnosis); l-- > 0;) {
        const double rate = unroll_diagnosis_mean_field(r->diagnosis, l);
        const double bound = unroll_diagnosis_bound(r->diagnosis, l);
        if (!isnan(rate))
            out_printf("layer %zu: mean-field rate %.4g a step; Pascanu's bound %.4g%s\n", l, rate,
                       bound, bound > 1 ? ", which excludes nothing" : "");
    }
    if (no_theory)
        out_printf("no mean-field rate and no bound: %s\n", no_theory);
}

static void print_saturation(const gradient_report *r)
{
    const unroll_saturation *s, *before = NULL;
    out_printf("saturated: share of |x| > 0.9; of gates < 0.1 / > 0.9\n");
    for (size_t i = 0; (s = unroll_diagnosis_saturation(r->diagnosis, i)); i++, before = s) {
        if (!before || before->layer != s->layer)
            out_printf("%slayer %zu:", before ? "\n" : "", s->layer);
        if (!isnan(s->low))
            out_printf("  %s %.0f%% / %.0f%%", s->name, 100 * s->low, 100 * s->high);
        else
            out_printf("  |%s| %.0f%%", s->name, 100 * s->high);
        if (!isnan(s->dead))
            out_printf("  dead units %.0f%%", 100 * s->dead);
    }
    out_printf("\n");
}

static unroll_status print_text(const gradient_report *r)
{
    char *chart;
    UNROLL_TRY(print_table(r));
    out_printf("\n");
    UNROLL_TRY(print_slopes(r));
    print_theory(r);
    print_lyapunov(r);
    print_saturation(r);
    UNROLL_TRY(gradient_report_chart(r, 80, 24, &chart));
    out_printf("\n%s", chart);
    unroll_free(chart);
    return UNROLL_OK;
}

/* ---- for programs ---- */

static json_t *row_json(const gradient_row *r)
{
    const unroll_fit *f = r->fit;
    const bool beyond = f->horizon == SIZE_MAX;
    return json_pack("{s:I,s:s#,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:b,s:o,s:b,s:o}", "layer",
                     (json_int_t)r->layer, "state", &r->state, 1, "gradient",
                     out_json_real(r->start), "ratio_10", out_json_real(r->ratio[0]), "ratio_50",
                     out_json_real(r->ratio[1]), "ratio_100", out_json_real(r->ratio[2]), "slope",
                     out_json_real(f->slope), "slope_low", out_json_real(f->low), "slope_high",
                     out_json_real(f->high), "rho", out_json_real(f->rho), "half_life",
                     out_json_real(f->half_life), "growing", f->slope >= 0, "horizon",
                     beyond ? json_null() : json_integer((json_int_t)f->horizon), "beyond",
                     (int)(beyond && !isnan(r->start)), "r2", out_json_real(f->r2));
}

static json_t *rows_json(const gradient_report *r)
{
    json_t *list = json_array();
    for (size_t l = 0; l < unroll_curve_layers(r->curve); l++)
        for (size_t s = 0; s <= unroll_curve_has_c(r->curve); s++) {
            gradient_row row;
            const unroll_status status = gradient_report_row(r, l, (enum unroll_state)s, &row);
            unroll_json_append(&list, status == UNROLL_OK ? row_json(&row) : NULL);
        }
    return list;
}

static json_t *saturation_json(const unroll_diagnosis *d)
{
    const unroll_saturation *s;
    json_t *list = json_array();
    for (size_t i = 0; (s = unroll_diagnosis_saturation(d, i)); i++)
        unroll_json_append(&list, json_pack("{s:I,s:s,s:o,s:o,s:o}", "layer", (json_int_t)s->layer,
                                            "name", s->name, "low", out_json_real(s->low), "high",
                                            out_json_real(s->high), "dead", out_json_real(s->dead)));
    return list;
}

static json_t *theory_json(const unroll_diagnosis *d)
{
    json_t *list = json_array();
    for (size_t l = 0; l < unroll_diagnosis_layers(d); l++)
        unroll_json_append(&list,
                           json_pack("{s:I,s:o,s:o,s:o}", "layer", (json_int_t)l, "bound",
                                     out_json_real(unroll_diagnosis_bound(d, l)), "mean_field",
                                     out_json_real(unroll_diagnosis_mean_field(d, l)), "slope_square",
                                     out_json_real(unroll_diagnosis_slope_square(d, l))));
    return list;
}

static json_t *reals_json(const double *value, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        unroll_json_append(&list, out_json_real(value[i]));
    return list;
}

static unroll_status print_json(const gradient_report *r)
{
    const unroll_lyapunov *l = r->lyapunov;
    const size_t exponents = unroll_lyapunov_count(l);
    return out_json(json_pack("{s:s,s:s,s:s,s:I,s:I,s:I,s:o,s:o,s:o,s:o,s:I,s:I,s:o}", "variant",
                              r->request.variant, "loss",
                              r->request.accumulated ? "accumulated" : "last", "precision",
                              r->precision, "windows", (json_int_t)unroll_curve_samples(r->curve),
                              "window", (json_int_t)r->request.T, "max_distance",
                              (json_int_t)unroll_curve_distances(r->curve) - 1, "curves",
                              rows_json(r), "theory", theory_json(r->diagnosis), "lyapunov",
                              reals_json(unroll_lyapunov_exponents(l), exponents), "lyapunov_error",
                              reals_json(unroll_lyapunov_errors(l), exponents), "lyapunov_windows",
                              (json_int_t)unroll_lyapunov_samples(l), "lyapunov_steps",
                              (json_int_t)unroll_lyapunov_steps(l), "saturation",
                              saturation_json(r->diagnosis)));
}

unroll_status gradient_print(const gradient_report *r, bool json)
{
    return json ? print_json(r) : print_text(r);
}
