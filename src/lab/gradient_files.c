/* A gradient report as CSV files and pictures. */
#include <math.h>
#include <stdio.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/output.h"
#include "base/path.h"
#include "lab/gradient_report.h"
#include "report/gradient_plots.h"
#include "report/picture.h"
#include "store/curve_csv.h"

/* ---- rows; a net that does not train is at step 0 ---- */

/* ",value" for each, so that it reads back the same. */
static void put_reals(unroll_buffer *text, size_t count, const double *value)
{
    char number[32];
    for (size_t i = 0; i < count; i++) {
        unroll_buffer_text(text, ",");
        unroll_buffer_text(text, unroll_format_double(number, value[i]));
    }
}

static void distance_rows(unroll_buffer *text, const gradient_report *r)
{
    unroll_buffer_text(text, UNROLL_DISTANCE_HEADER "\n");
    unroll_curve_csv_rows(text, 0, r->curve);
}

static void histogram_rows(unroll_buffer *text, const gradient_report *r)
{
    unroll_buffer_text(text, UNROLL_HISTOGRAM_HEADER "\n");
    unroll_histogram_csv_rows(text, 0, r->histograms);
}

static void fit_row(unroll_buffer *text, const gradient_report *r, size_t layer, size_t state)
{
    const unroll_fit *f = &r->fit[layer * UNROLL_STATES + state];
    char horizon[32] = "inf";
    if (f->horizon != SIZE_MAX)
        snprintf(horizon, sizeof horizon, "%zu", f->horizon);
    unroll_buffer_printf(text, "0,%zu,%c,%zu,%zu", layer, state == UNROLL_STATE_C ? 'c' : 'h',
                         f->first, f->last);
    put_reals(text, 5, (const double[]){f->slope, f->low, f->high, f->rho, f->half_life});
    unroll_buffer_printf(text, ",%s", horizon);
    put_reals(text, 3,
              (const double[]){f->r2, unroll_diagnosis_mean_field(r->diagnosis, layer),
                               unroll_diagnosis_bound(r->diagnosis, layer)});
    unroll_buffer_text(text, "\n");
}

static void fit_rows(unroll_buffer *text, const gradient_report *r)
{
    unroll_buffer_text(text,
                       "step,layer,state,first,last,slope,slope_low,slope_high,rho,half_life,horizon,"
                       "r2,mean_field,bound\n");
    for (size_t l = 0; l < unroll_curve_layers(r->curve); l++)
        for (size_t s = 0; s <= unroll_curve_has_c(r->curve); s++)
            fit_row(text, r, l, s);
}

static void saturation_rows(unroll_buffer *text, const gradient_report *r)
{
    const unroll_saturation *s;
    unroll_buffer_text(text, "step,layer,name,below_0.1,above_0.9,dead\n");
    for (size_t i = 0; (s = unroll_diagnosis_saturation(r->diagnosis, i)); i++) {
        unroll_buffer_printf(text, "0,%zu,%s", s->layer, s->name);
        put_reals(text, 3, (const double[]){s->low, s->high, s->dead});
        unroll_buffer_text(text, "\n");
    }
}

static void lyapunov_rows(unroll_buffer *text, const gradient_report *r)
{
    const double *nats = unroll_lyapunov_exponents(r->lyapunov);
    const double *deviation = unroll_lyapunov_deviations(r->lyapunov);
    const double *error = unroll_lyapunov_errors(r->lyapunov);
    unroll_buffer_text(text, "step,exponent,nats,decades,deviation,n,error\n");
    for (size_t i = 0; i < unroll_lyapunov_count(r->lyapunov); i++) {
        unroll_buffer_printf(text, "0,%zu", i + 1);
        put_reals(text, 3, (const double[]){nats[i], nats[i] / log(10), deviation[i]});
        unroll_buffer_printf(text, ",%zu", unroll_lyapunov_samples(r->lyapunov));
        put_reals(text, 1, &error[i]);
        unroll_buffer_text(text, "\n");
    }
}

static void jacobian_rows(unroll_buffer *text, const gradient_report *r)
{
    const double *frobenius = unroll_jacobian_frobenius(r->jacobian);
    const double *spectral = unroll_jacobian_spectral(r->jacobian);
    unroll_buffer_text(text, "step,distance,frobenius,spectral,n\n");
    for (size_t k = 0; k < unroll_jacobian_distances(r->jacobian); k++) {
        unroll_buffer_printf(text, "0,%zu", k);
        put_reals(text, 2, (const double[]){frobenius[k], spectral[k]});
        unroll_buffer_printf(text, ",%zu\n", unroll_jacobian_samples(r->jacobian));
    }
}

static void weight_rows(unroll_buffer *text, const gradient_report *r)
{
    unroll_buffer_text(text, "step,layer,distance,norm,signal_to_noise,n\n");
    for (size_t l = 0; l < unroll_weight_curve_layers(r->weights); l++) {
        const double *norm = unroll_weight_curve_norm(r->weights, l);
        const double *ratio = unroll_weight_curve_ratio(r->weights, l);
        for (size_t k = 0; k < unroll_weight_curve_distances(r->weights); k++) {
            unroll_buffer_printf(text, "0,%zu,%zu", l, k);
            put_reals(text, 2, (const double[]){norm[k], ratio[k]});
            unroll_buffer_printf(text, ",%zu\n", unroll_weight_curve_samples(r->weights));
        }
    }
}

/* ---- files ---- */

static const struct file {
    const char *name;
    void (*put)(unroll_buffer *text, const gradient_report *report);
} files[] = {
    {"distance.csv", distance_rows}, {"histogram.csv", histogram_rows},
    {"fit.csv", fit_rows},           {"saturation.csv", saturation_rows},
    {"lyapunov.csv", lyapunov_rows}, {"jacobian.csv", jacobian_rows},
    {"weights.csv", weight_rows},
};

static unroll_status write_file(const gradient_report *r, const char *directory,
                                const struct file *file)
{
    unroll_buffer text = {0};
    char *path = unroll_path_join(directory, file->name);
    file->put(&text, r);
    const unroll_status status =
        path && !text.failed ? unroll_output_file(path, text.text, text.length) : UNROLL_EMEMORY;
    unroll_free(text.text);
    unroll_free(path);
    return status;
}

/* ---- pictures ---- */

static unroll_gradient_figure figure(const gradient_report *r, const char *directory)
{
    return (unroll_gradient_figure){.directory = directory,
                                    .variant = r->request.variant,
                                    .curve = r->curve,
                                    .accumulated = r->request.accumulated,
                                    .squared = r->squared,
                                    .diagnosis = r->diagnosis,
                                    .histograms = r->histograms,
                                    .jacobian = r->jacobian,
                                    .lyapunov = r->lyapunov,
                                    .weights = r->weights};
}

unroll_status gradient_report_chart(const gradient_report *r, size_t columns, size_t rows, char **text)
{
    const unroll_gradient_figure f = figure(r, NULL);
    return unroll_gradient_plots_chart(&f, columns, rows, text);
}

unroll_status gradient_report_write(const gradient_report *r, const char *directory)
{
    char title[UNROLL_VARIANT_MAX + 50];
    unroll_gradient_figure f = figure(r, directory);
    snprintf(title, sizeof title, "%s, %s", r->request.variant, unroll_precision_text(r->precision));
    f.variant = title;
    UNROLL_TRY(unroll_make_directory(directory));
    UNROLL_TRY(unroll_report_clean(directory));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        UNROLL_TRY(write_file(r, directory, &files[i]));
    return unroll_gradient_plots_draw(&f);
}
