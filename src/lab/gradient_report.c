#include "lab/gradient_report.h"

#include <math.h>
#include <stdio.h>

#include "base/fail.h"
#include "base/memory.h"
#include "net/net.h"
#include "probe/windows.h"

/* ---- measuring ---- */

static unroll_status next_windows(const gradient_request *r, size_t first, size_t rows,
                                  unroll_windows **out)
{
    const unroll_windows_options o = {
        .size = sizeof o, .T = r->T, .windows = r->B, .first = first, .rows = rows};
    unroll_batch batch;
    bool more;
    if (r->ids.id)
        return unroll_windows_of_span(r->ids, r->count, &o, out);
    UNROLL_TRY(r->task->eval(r->task->self, UNROLL_VALID, 0, &batch, &more));
    return unroll_windows_of_batch(&batch, first, rows, r->task->inputs, r->task->outputs, out);
}

enum { EXPONENT_SAMPLES = 8, EXPONENT_STEPS = 1000 };

static unroll_status measure_exponents(gradient_report *out, unroll_probe *probe,
                                       const unroll_batch *b)
{
    enum { SPECTRUM = 8 };
    const unroll_lyapunov_options o = {.size = sizeof o,
                                       .count = out->request.full ? SPECTRUM : 1,
                                       .samples = EXPONENT_SAMPLES,
                                       .seed = out->request.seed};
    return unroll_lyapunov_measure(probe, b, &o, &out->lyapunov);
}

/* What one batch is enough for. */
static unroll_status measure_first(gradient_report *out, unroll_probe *probe, const unroll_batch *b)
{
    enum { MATRICES = 2, FARTHEST = 200 };
    const gradient_request *r = &out->request;
    const unroll_jacobian_options products = {
        .size = sizeof products,
        .samples = MATRICES,
        .seed = r->seed,
        .distances = r->distances < FARTHEST + 1 ? r->distances : FARTHEST + 1};
    UNROLL_TRY(unroll_diagnosis_measure(probe, b, r->distances, &out->diagnosis));
    UNROLL_TRY(unroll_histograms_measure(out->histograms, probe, b));
    if (!r->ids.id)
        UNROLL_TRY(measure_exponents(out, probe, b));
    if (!r->full)
        return UNROLL_OK;
    UNROLL_TRY(unroll_jacobian_measure(probe, b, &products, &out->jacobian));
    return unroll_weight_curve_measure(probe, b, r->distances, &out->weights);
}

static unroll_status measure_turn(gradient_report *out, size_t first, size_t rows)
{
    const gradient_request *r = &out->request;
    const unroll_probe_options o = {
        .size = sizeof o, .T = r->T, .B = rows, .threads = r->threads, .precision = r->precision};
    unroll_probe *probe = NULL;
    unroll_windows *windows;
    UNROLL_TRY(next_windows(r, first, rows, &windows));
    const unroll_batch *batch = unroll_windows_batch(windows);
    unroll_status status = unroll_probe_new(r->net, &o, &probe);
    if (status == UNROLL_OK) {
        out->precision = unroll_probe_precision(probe);
        status = unroll_curve_add(out->curve, probe, batch);
    }
    if (status == UNROLL_OK && first == 0)
        status = measure_first(out, probe, batch);
    unroll_probe_free(probe);
    unroll_windows_free(windows);
    return status;
}

/* Windows at a time, of `most`: each step of each is kept. */
static size_t rows_in_turn(const gradient_request *r, size_t T, size_t most)
{
    enum { TURN = 64, MEGABYTES = 512 };
    const unroll_work_options one = {
        .size = sizeof one, .T = T, .B = 1, .threads = 1, .training = true};
    const size_t row = unroll_work_bytes(r->net, &one); /* of floats */
    const size_t numbers = r->precision == UNROLL_PRECISION_FLOAT ? 1 : 2;
    const size_t fit = ((size_t)MEGABYTES << 20) / numbers / (row ? row : 1);
    const size_t turn = fit < 1 ? 1 : fit < TURN ? fit : TURN;
    return most < turn ? most : turn;
}

/* Exponents are of the long run, so a text has longer windows for them: side by side, up to
 * EXPONENT_STEPS. */
static unroll_status measure_long_run(gradient_report *out)
{
    const gradient_request *r = &out->request;
    const size_t share = (r->count - 1) / EXPONENT_SAMPLES;
    const size_t longest = share < EXPONENT_STEPS ? share : EXPONENT_STEPS;
    const size_t T = longest > r->T ? longest : r->T, places = r->count - T;
    const size_t most = places < EXPONENT_SAMPLES ? places : EXPONENT_SAMPLES;
    const size_t rows = rows_in_turn(r, T, most);
    const unroll_windows_options o = {.size = sizeof o, .T = T, .windows = rows};
    const unroll_probe_options room = {
        .size = sizeof room, .T = T, .B = rows, .threads = r->threads, .precision = r->precision};
    unroll_probe *probe = NULL;
    unroll_windows *windows;
    UNROLL_TRY(unroll_windows_of_span(r->ids, r->count, &o, &windows));
    unroll_status status = unroll_probe_new(r->net, &room, &probe);
    if (status == UNROLL_OK)
        status = measure_exponents(out, probe, unroll_windows_batch(windows));
    unroll_probe_free(probe);
    unroll_windows_free(windows);
    return status;
}

static unroll_status fit_all(gradient_report *out)
{
    const size_t layers = unroll_curve_layers(out->curve),
                 states = unroll_curve_has_c(out->curve) ? 2 : 1;
    out->fit = unroll_alloc(layers * UNROLL_STATES, sizeof *out->fit);
    if (!out->fit)
        return UNROLL_EMEMORY;
    for (size_t l = 0; l < layers; l++)
        for (size_t s = 0; s < states; s++)
            UNROLL_TRY(unroll_fit_curve(out->curve, l, (enum unroll_state)s, out->request.seed,
                                        &out->fit[l * UNROLL_STATES + s]));
    return UNROLL_OK;
}

unroll_status gradient_report_measure(const gradient_request *request, gradient_report *out)
{
    const unroll_curve_options o = {.size = sizeof o,
                                    .distances = request->distances,
                                    .through_statistics = request->through,
                                    .losses = request->accumulated ? UNROLL_LOSSES_ALL
                                                                   : UNROLL_LOSSES_LAST};
    *out = (gradient_report){.request = *request,
                             .squared = unroll_net_get_spec(request->net)->squared};
    UNROLL_TRY(unroll_curve_new(request->net, &o, &out->curve));
    UNROLL_TRY(unroll_histograms_new(request->net, &out->histograms));
    const size_t B = request->B, turn = rows_in_turn(request, request->T, B);
    for (size_t first = 0; first < B; first += turn)
        UNROLL_TRY(measure_turn(out, first, B - first < turn ? B - first : turn));
    if (request->ids.id)
        UNROLL_TRY(measure_long_run(out));
    return fit_all(out);
}

void gradient_report_free(gradient_report *r)
{
    unroll_weight_curve_free(r->weights);
    unroll_jacobian_free(r->jacobian);
    unroll_lyapunov_free(r->lyapunov);
    unroll_histograms_free(r->histograms);
    unroll_diagnosis_free(r->diagnosis);
    unroll_free(r->fit);
    unroll_curve_free(r->curve);
    *r = (gradient_report){0};
}

/* ---- the headline ---- */

unroll_status gradient_report_row(const gradient_report *r, size_t layer, enum unroll_state state,
                                  gradient_row *out)
{
    static const size_t ratio_at[GRADIENT_RATIOS] = {10, 50, 100};
    const size_t distances = unroll_curve_distances(r->curve);
    double *gmean = unroll_alloc(distances, sizeof *gmean);
    if (!gmean)
        return UNROLL_EMEMORY;
    const unroll_status status = unroll_curve_gmean(r->curve, layer, state, gmean);
    *out = (gradient_row){.layer = layer,
                          .state = state == UNROLL_STATE_C ? 'c' : 'h',
                          .start = gmean[0],
                          .fit = &r->fit[layer * UNROLL_STATES + (size_t)state]};
    for (size_t i = 0; i < GRADIENT_RATIOS; i++)
        out->ratio[i] = ratio_at[i] < distances ? gmean[ratio_at[i]] / gmean[0] : NAN;
    unroll_free(gmean);
    return status;
}

static void add_fixed(unroll_table *t, double x)
{
    if (isnan(x))
        unroll_table_text(t, "-");
    else
        unroll_table_cell(t, "%.4f", x);
}

static void add_horizon(unroll_table *t, const unroll_fit *f, size_t distances)
{
    if (isnan(f->slope) && f->horizon == SIZE_MAX)
        unroll_table_text(t, "-");
    else if (f->horizon == SIZE_MAX)
        unroll_table_cell(t, "beyond %zu", distances - 1);
    else
        unroll_table_cell(t, "%zu", f->horizon);
}

static void add_row(unroll_table *t, const gradient_row *row, size_t distances)
{
    const unroll_fit *f = row->fit;
    unroll_table_cell(t, "%zu", row->layer);
    unroll_table_cell(t, "%c", row->state);
    unroll_table_number(t, row->start);
    for (size_t i = 0; i < GRADIENT_RATIOS; i++)
        unroll_table_number(t, row->ratio[i]);
    add_fixed(t, f->rho);
    if (isinf(f->half_life))
        unroll_table_text(t, "growing");
    else
        unroll_table_number(t, f->half_life);
    add_horizon(t, f, distances);
    unroll_table_number(t, f->slope);
    if (isnan(f->low) || isnan(f->high))
        unroll_table_text(t, isnan(f->slope) ? "-" : "none: fewer than 4 windows");
    else
        unroll_table_cell(t, "%.3g to %.3g", f->low, f->high);
    add_fixed(t, f->r2);
}

unroll_status gradient_report_table(const gradient_report *r, unroll_table *out)
{
    char start[48];
    snprintf(start, sizeof start, "at 0 (%s)", unroll_loss_unit(r->squared));
    const char *const head[GRADIENT_COLUMNS] = {"layer",
                                                "state",
                                                start,
                                                "at 10 (x start)",
                                                "at 50",
                                                "at 100",
                                                "decay a step",
                                                "half-life (steps)",
                                                "horizon (steps)",
                                                "slope (decades a step)",
                                                "95% interval",
                                                "R2"};
    out->columns = GRADIENT_COLUMNS;
    unroll_table_row(out, head);
    for (size_t l = unroll_curve_layers(r->curve); l-- > 0;)
        for (int s = 0; s <= unroll_curve_has_c(r->curve); s++) {
            gradient_row row;
            UNROLL_TRY(gradient_report_row(r, l, (enum unroll_state)s, &row));
            add_row(out, &row, unroll_curve_distances(r->curve));
        }
    return out->text.failed ? UNROLL_EMEMORY : UNROLL_OK;
}

/* The largest Lyapunov exponent, with which it is compared, is that of all layers together. */
double gradient_report_slowest(const gradient_report *r)
{
    double rho = NAN;
    for (size_t l = 0; l < unroll_curve_layers(r->curve); l++)
        rho = fmax(rho, r->fit[l * UNROLL_STATES + UNROLL_STATE_H].rho);
    return rho;
}
