#include "report/gradient_plots.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/output.h"
#include "report/chart.h"
#include "report/picture.h"

/* ---- pictures ---- */

static bool shown_layer(size_t layers, size_t l)
{
    return layers <= 3 || l == 0 || l == layers / 2 || l == layers - 1;
}

/* Whose curves or histograms a picture has, where there is room for some layers only. */
static const char *shown_title(const unroll_gradient_figure *f, char buffer[UNROLL_PICTURE_LABEL])
{
    const size_t n = unroll_curve_layers(f->curve);
    if (n <= 3)
        return f->variant;
    snprintf(buffer, UNROLL_PICTURE_LABEL, "%s; layers 0, %zu and %zu of %zu", f->variant, n / 2,
             n - 1, n);
    return buffer;
}

/* A picture without room for another series goes without it. */
static unroll_status room_or_memory(const unroll_picture *p)
{
    return p->count == UNROLL_PICTURE_SERIES ? UNROLL_OK : UNROLL_EMEMORY;
}

static unroll_status add_theory(unroll_picture *p, const unroll_gradient_figure *f, double from,
                                size_t first, double rate, const char *what)
{
    double *x, *y;
    const size_t n = unroll_curve_distances(f->curve);
    if (!(rate > 0) || rate > 1 || n <= first)
        return UNROLL_OK; /* a bound above 1 says nothing */
    unroll_series *s = unroll_picture_add(p, n - first, &x, &y);
    if (!s)
        return room_or_memory(p);
    s->reference = true;
    snprintf(p->label[p->count - 1], UNROLL_PICTURE_LABEL, "%s: %.3f a step", what, rate);
    for (size_t i = 0; i < n - first; i++) {
        x[i] = (double)(first + i);
        y[i] = unroll_above_zero(from * pow(rate, (double)i));
    }
    return UNROLL_OK;
}

static unroll_status add_keep(unroll_picture *p, const unroll_gradient_figure *f, size_t l,
                              double from)
{
    double *x, *y;
    const unroll_diagnosis *d = f->diagnosis;
    const double *keep = unroll_diagnosis_keep(d, l);
    const size_t distances = unroll_diagnosis_distances(d);
    if (!keep)
        return UNROLL_OK;
    unroll_series *s = unroll_picture_add(p, distances, &x, &y);
    if (!s)
        return room_or_memory(p);
    s->reference = true;
    snprintf(p->label[p->count - 1], UNROLL_PICTURE_LABEL, "product of %s alone, layer %zu",
             unroll_diagnosis_kept_by(d), l);
    for (size_t k = 0; k < distances; k++) {
        x[k] = (double)k;
        y[k] = unroll_above_zero(from * keep[k]);
    }
    return UNROLL_OK;
}

static unroll_status distance_picture(const unroll_gradient_figure *f, unroll_picture *p)
{
    const unroll_curve *c = f->curve;
    const size_t layers = unroll_curve_layers(c), top = layers - 1,
                 distances = unroll_curve_distances(c);
    const bool has_c = unroll_curve_has_c(c);
    double *x, *y, start[2] = {0}, fifth = 0;
    for (size_t l = layers; l-- > 0;)
        for (int s = 0; s <= has_c; s++) {
            if (!shown_layer(layers, l))
                continue;
            if (!unroll_picture_add(p, distances, &x, &y))
                return room_or_memory(p);
            snprintf(p->label[p->count - 1], UNROLL_PICTURE_LABEL, "%c of layer %zu", s ? 'c' : 'h',
                     l);
            UNROLL_TRY(unroll_curve_gmean(c, l, (enum unroll_state)s, y));
            if (l == top) {
                start[s] = y[0];
                fifth = s == 0 && distances > 5 ? y[5] : fifth;
            }
            for (size_t k = 0; k < distances; k++) {
                x[k] = (double)k;
                y[k] = unroll_above_zero(y[k]);
            }
        }
    if (!f->diagnosis || f->accumulated)
        return UNROLL_OK;
    UNROLL_TRY(add_theory(p, f, start[0], 0, unroll_diagnosis_bound(f->diagnosis, top),
                          "Pascanu's bound"));
    UNROLL_TRY(add_theory(p, f, fifth, 5, unroll_diagnosis_mean_field(f->diagnosis, top),
                          "mean field"));
    return add_keep(p, f, top, start[has_c]);
}

static const char *gradient_label(const unroll_gradient_figure *f, char buffer[UNROLL_PICTURE_LABEL])
{
    snprintf(buffer, UNROLL_PICTURE_LABEL,
             f->accumulated ? "accumulated |dL/dstate| (%s)" : "|dL_t/dstate_s| (%s), geometric mean",
             unroll_loss_unit(f->squared));
    return buffer;
}

typedef struct distance_labels {
    char title[UNROLL_PICTURE_LABEL], y[UNROLL_PICTURE_LABEL];
} distance_labels;

/* The plot of what distance_picture() put together. */
static unroll_plot distance_plot(const unroll_gradient_figure *f, const char *folder,
                                 const unroll_picture *p, distance_labels *labels)
{
    return (unroll_plot){.directory = folder,
                         .name = "distance",
                         .title = shown_title(f, labels->title),
                         .x_label = "distance t - s (steps)",
                         .y_label = gradient_label(f, labels->y),
                         .log_y = true,
                         .key_below = true,
                         .series = p->series,
                         .count = p->count};
}

static unroll_status draw_distance(const unroll_gradient_figure *f, const char *folder)
{
    unroll_picture p = {0};
    distance_labels labels;
    unroll_status status = distance_picture(f, &p);
    const unroll_plot plot = distance_plot(f, folder, &p, &labels);
    if (status == UNROLL_OK)
        status = unroll_picture_draw(&plot);
    unroll_picture_free(&p);
    return status;
}

unroll_status unroll_gradient_plots_chart(const unroll_gradient_figure *f, size_t columns,
                                          size_t rows, char **text)
{
    unroll_picture p = {0};
    distance_labels labels;
    unroll_status status = distance_picture(f, &p);
    const unroll_plot plot = distance_plot(f, NULL, &p, &labels);
    *text = status == UNROLL_OK ? unroll_chart(&plot, columns, rows) : NULL;
    if (status == UNROLL_OK && !*text)
        status = UNROLL_EMEMORY;
    unroll_picture_free(&p);
    return status;
}

/* Geometric mean over distances [0, end) of one layer. */
static double layer_mean(const double *gmean, size_t end)
{
    double logs = 0;
    for (size_t k = 0; k < end; k++)
        logs += log(gmean[k]) / (double)end;
    return unroll_above_zero(exp(logs));
}

static unroll_status draw_layers(const unroll_gradient_figure *f, const char *folder)
{
    const unroll_curve *c = f->curve;
    const size_t layers = unroll_curve_layers(c), distances = unroll_curve_distances(c);
    unroll_picture p = {0};
    char label[UNROLL_PICTURE_LABEL];
    double *x[2], *y[2], *gmean = unroll_alloc(distances, sizeof *gmean);
    unroll_status status = gmean && unroll_picture_add(&p, layers, &x[0], &y[0]) &&
                                   unroll_picture_add(&p, layers, &x[1], &y[1])
                               ? UNROLL_OK
                               : UNROLL_EMEMORY;
    for (size_t l = 0; l < layers && status == UNROLL_OK; l++) {
        status = unroll_curve_gmean(c, l, UNROLL_STATE_H, gmean);
        x[0][l] = x[1][l] = (double)l;
        y[0][l] = unroll_above_zero(gmean[0]);
        y[1][l] = layer_mean(gmean, distances);
    }
    snprintf(p.label[0], UNROLL_PICTURE_LABEL, "at distance 0");
    snprintf(p.label[1], UNROLL_PICTURE_LABEL, "geometric mean over distances 0 to %zu",
             distances - 1);
    p.series[0].points = p.series[1].points = true;
    if (status == UNROLL_OK)
        status = unroll_picture_draw(&(unroll_plot){.directory = folder,
                                                    .name = "layers",
                                                    .title = f->variant,
                                                    .x_label = "layer (0: next to the input)",
                                                    .y_label = gradient_label(f, label),
                                                    .log_y = true,
                                                    .key_below = true,
                                                    .whole_x = layers <= 20,
                                                    .series = p.series,
                                                    .count = p.count});
    unroll_picture_free(&p);
    unroll_free(gmean);
    return status;
}

static unroll_status draw_layer_distance(const unroll_gradient_figure *f, const char *folder)
{
    const unroll_curve *c = f->curve;
    const size_t layers = unroll_curve_layers(c), distances = unroll_curve_distances(c);
    double *z = unroll_alloc(layers * distances + layers + distances, sizeof *z);
    if (!z)
        return UNROLL_EMEMORY;
    char label[UNROLL_PICTURE_LABEL];
    snprintf(label, sizeof label, "log10 %s|dL/dh| (%s)", f->accumulated ? "accumulated " : "",
             unroll_loss_unit(f->squared));
    double *x = z + layers * distances, *y = x + distances;
    unroll_status status = UNROLL_OK;
    for (size_t l = 0; l < layers && status == UNROLL_OK; l++) {
        status = unroll_curve_gmean(c, l, UNROLL_STATE_H, z + l * distances);
        y[l] = (double)l;
        for (size_t k = 0; k < distances; k++)
            z[l * distances + k] = log10(z[l * distances + k]);
    }
    for (size_t k = 0; k < distances; k++)
        x[k] = (double)k;
    if (status == UNROLL_OK)
        status = unroll_picture_heat(
            folder, "layer-distance", f->variant, "layer (0: next to the input)",
            &(unroll_heat){
                .z = z, .x = x, .y = y, .columns = distances, .rows = layers, .label = label});
    unroll_free(z);
    return status;
}

/* ---- histograms ---- */

static bool is_matrix(const char *name)
{
    return strstr(name, "weight") != NULL;
}

/* The layer at the end of a name, such as rnn.weight_hh_l3 and c_l0; what has none is always shown. */
static bool shown_name(size_t layers, const char *name)
{
    const char *at = strstr(name, "_l");
    uint64_t layer;
    return !at || !unroll_parse_size(at + 2, &layer) || shown_layer(layers, (size_t)layer);
}

static unroll_status add_histogram(unroll_picture *p, const unroll_histogram *h)
{
    size_t low = UNROLL_BINS, high = 0, n = 0;
    double all = (double)h->zero, *x, *y;
    for (size_t b = 0; b < UNROLL_BINS; b++)
        if (h->bin[b]) {
            all += (double)h->bin[b];
            low = low == UNROLL_BINS ? b : low;
            high = b;
        }
    if (low == UNROLL_BINS)
        return UNROLL_OK;
    if (!unroll_picture_add(p, high - low + 1, &x, &y))
        return UNROLL_EMEMORY;
    snprintf(p->label[p->count - 1], UNROLL_PICTURE_LABEL, "%s", h->name);
    for (size_t b = low; b <= high; b++, n++) {
        x[n] = pow(10, unroll_histogram_low(b) + 0.25);
        y[n] = (double)h->bin[b] / all;
    }
    return UNROLL_OK;
}

static unroll_status draw_histograms(const unroll_gradient_figure *f, const char *folder, bool states)
{
    const unroll_histograms *h = f->histograms;
    unroll_picture p = {0};
    char title[UNROLL_PICTURE_LABEL], x_label[UNROLL_PICTURE_LABEL];
    unroll_status status = UNROLL_OK;
    snprintf(x_label, sizeof x_label, "|dL/d%s| (%s), all losses, batch mean",
             states ? "state" : "weight", unroll_loss_unit(f->squared));
    const size_t parameters = unroll_histograms_parameters(h);
    const size_t first = states ? parameters : 0,
                 end = states ? unroll_histograms_count(h) : parameters;
    size_t all = 0;
    for (size_t i = first; i < end; i++)
        all += states || is_matrix(unroll_histograms_at(h, i)->name);
    const bool some = all > UNROLL_PICTURE_SERIES; /* layers only */
    for (size_t i = end; i-- > first && status == UNROLL_OK;) {
        const unroll_histogram *one = unroll_histograms_at(h, i);
        if ((states || is_matrix(one->name)) &&
            (!some || shown_name(unroll_curve_layers(f->curve), one->name)))
            status = add_histogram(&p, one);
    }
    if (status == UNROLL_OK && p.count)
        status = unroll_picture_draw(&(unroll_plot){
            .directory = folder,
            .name = states ? "histogram-states" : "histogram-parameters",
            .title = some ? shown_title(f, title) : f->variant,
            .log_x = true,
            .x_label = x_label,
            .y_label = "share of elements in half a decade",
            .key_below = true,
            .series = p.series,
            .count = p.count});
    unroll_picture_free(&p);
    return status;
}

static unroll_status draw_parameter_histograms(const unroll_gradient_figure *f, const char *folder)
{
    return draw_histograms(f, folder, false);
}

static unroll_status draw_state_histograms(const unroll_gradient_figure *f, const char *folder)
{
    return draw_histograms(f, folder, true);
}

/* ---- Jacobians ---- */

static bool has_exponent(const unroll_gradient_figure *f)
{
    return f->lyapunov && unroll_lyapunov_count(f->lyapunov) &&
           isfinite(unroll_lyapunov_exponents(f->lyapunov)[0]);
}

/* One norm against distance; where none is known there is no line. */
static unroll_status add_norm(unroll_picture *p, const char *label, const double *norm, size_t n)
{
    double *x, *y;
    if (!isfinite(norm[0]))
        return UNROLL_OK;
    if (!unroll_picture_add(p, n, &x, &y))
        return UNROLL_EMEMORY;
    snprintf(p->label[p->count - 1], UNROLL_PICTURE_LABEL, "%s", label);
    for (size_t k = 0; k < n; k++) {
        x[k] = (double)k;
        y[k] = unroll_above_zero(norm[k]);
    }
    return UNROLL_OK;
}

/* The slope that the largest exponent predicts ends where the curve does: there it is to be judged. */
static unroll_status add_exponent(unroll_picture *p, const unroll_gradient_figure *f)
{
    const unroll_jacobian *j = f->jacobian;
    double *x, *y;
    const size_t last = unroll_jacobian_distances(j) - 1;
    const double *spectral = unroll_jacobian_spectral(j),
                 rate = unroll_lyapunov_exponents(f->lyapunov)[0];
    const double *norm = isfinite(spectral[0]) ? spectral : unroll_jacobian_frobenius(j);
    if (last == 0 || !(norm[last] > 0))
        return UNROLL_OK;
    unroll_series *s = unroll_picture_add(p, 2, &x, &y);
    if (!s)
        return UNROLL_EMEMORY;
    s->reference = true;
    snprintf(p->label[p->count - 1], UNROLL_PICTURE_LABEL,
             "slope of the largest Lyapunov exponent: x %.4f a step", exp(rate));
    x[0] = 0;
    x[1] = (double)last;
    y[1] = norm[last];
    y[0] = unroll_above_zero(norm[last] * exp(-rate * (double)last));
    return UNROLL_OK;
}

static unroll_status draw_jacobian(const unroll_gradient_figure *f, const char *folder)
{
    const unroll_jacobian *j = f->jacobian;
    unroll_picture p = {0};
    const size_t distances = unroll_jacobian_distances(j);
    unroll_status status = add_norm(&p, "spectral norm", unroll_jacobian_spectral(j), distances);
    if (status == UNROLL_OK)
        status = add_norm(&p, "Frobenius norm", unroll_jacobian_frobenius(j), distances);
    if (status == UNROLL_OK && has_exponent(f))
        status = add_exponent(&p, f);
    if (status == UNROLL_OK && p.count)
        status = unroll_picture_draw(&(unroll_plot){.directory = folder,
                                                    .name = "jacobian",
                                                    .title = f->variant,
                                                    .x_label = "k (steps)",
                                                    .y_label = "norm of d(h,c)_t / d(h,c)_{t-k}",
                                                    .log_y = true,
                                                    .key_below = true,
                                                    .series = p.series,
                                                    .count = p.count});
    unroll_picture_free(&p);
    return status;
}

static unroll_status draw_lyapunov(const unroll_gradient_figure *f, const char *folder)
{
    const unroll_lyapunov *l = f->lyapunov;
    const size_t count = unroll_lyapunov_count(l);
    const double *nats = unroll_lyapunov_exponents(l), *error = unroll_lyapunov_errors(l);
    const double decades = 1 / log(10);
    double *data = unroll_alloc(4 * count, sizeof *data);
    if (!data)
        return UNROLL_EMEMORY;
    double *x = data, *y = x + count, *low = y + count, *high = low + count;
    for (size_t i = 0; i < count; i++) {
        const double spread = isfinite(error[i]) ? error[i] * decades : 0;
        x[i] = (double)i + 1;
        y[i] = nats[i] * decades;
        low[i] = y[i] - spread;
        high[i] = y[i] + spread;
    }
    char label[UNROLL_PICTURE_LABEL];
    snprintf(label, sizeof label, "mean over %zu windows; band: one standard error",
             unroll_lyapunov_samples(l));
    const double ends[2] = {1, (double)count}, zero[2] = {0, 0};
    const unroll_series series[] = {
        {.label = label, .x = x, .y = y, .low = low, .high = high, .count = count, .points = true},
        {.label = "neither falls nor grows", .x = ends, .y = zero, .count = 2, .reference = true}};
    const unroll_status status =
        unroll_picture_draw(&(unroll_plot){.directory = folder,
                                           .name = "lyapunov",
                                           .title = f->variant,
                                           .x_label = "Lyapunov exponent, from the largest",
                                           .y_label = "decades a step",
                                           .whole_x = true,
                                           .key_below = true,
                                           .series = series,
                                           .count = 2});
    unroll_free(data);
    return status;
}

/* ---- weights by distance ---- */

static unroll_status draw_weights(const unroll_gradient_figure *f, const char *folder, bool ratio)
{
    const unroll_weight_curve *c = f->weights;
    const size_t layers = unroll_weight_curve_layers(c), distances = unroll_weight_curve_distances(c);
    unroll_picture p = {0};
    char title[UNROLL_PICTURE_LABEL], y_label[UNROLL_PICTURE_LABEL];
    snprintf(y_label, sizeof y_label, "|dL_t/dWh at step s| (%s), mean over windows",
             unroll_loss_unit(f->squared));
    unroll_status status = UNROLL_OK;
    for (size_t l = layers; l-- > 0 && status == UNROLL_OK;) {
        double *x, *y;
        const double *from = ratio ? unroll_weight_curve_ratio(c, l) : unroll_weight_curve_norm(c, l);
        if (!shown_layer(layers, l))
            continue;
        if (!unroll_picture_add(&p, distances, &x, &y)) {
            status = UNROLL_EMEMORY;
            break;
        }
        snprintf(p.label[p.count - 1], UNROLL_PICTURE_LABEL, "layer %zu", l);
        for (size_t k = 0; k < distances; k++) {
            x[k] = (double)k;
            y[k] = unroll_above_zero(from[k]);
        }
    }
    if (status == UNROLL_OK)
        status = unroll_picture_draw(&(unroll_plot){
            .directory = folder,
            .name = ratio ? "signal" : "weights",
            .title = shown_title(f, title),
            .x_label = "distance k = t - s (steps)",
            .y_label = ratio ? "|mean| over deviation, dL_t/dWh at step s" : y_label,
            .log_y = true,
            .key_below = true,
            .series = p.series,
            .count = p.count});
    unroll_picture_free(&p);
    return status;
}

static unroll_status draw_weight_norms(const unroll_gradient_figure *f, const char *folder)
{
    return draw_weights(f, folder, false);
}

static unroll_status draw_weight_signal(const unroll_gradient_figure *f, const char *folder)
{
    return draw_weights(f, folder, true);
}

/* ---- all of them ---- */

static bool is_there(const unroll_gradient_figure *f)
{
    return f->curve != NULL;
}

static bool is_deep(const unroll_gradient_figure *f)
{
    return unroll_curve_layers(f->curve) > 1;
}

static bool has_histograms(const unroll_gradient_figure *f)
{
    return f->histograms != NULL;
}

static bool has_jacobian(const unroll_gradient_figure *f)
{
    return f->jacobian && unroll_jacobian_distances(f->jacobian) > 1;
}

static bool has_spectrum(const unroll_gradient_figure *f)
{
    return has_exponent(f) && unroll_lyapunov_count(f->lyapunov) > 1;
}

static bool has_weights(const unroll_gradient_figure *f)
{
    return f->weights && unroll_weight_curve_distances(f->weights);
}

static const struct {
    bool (*is_known)(const unroll_gradient_figure *f);
    unroll_status (*draw)(const unroll_gradient_figure *f, const char *folder);
} pictures[] = {
    {is_there, draw_distance},
    {is_deep, draw_layers},
    {is_deep, draw_layer_distance},
    {has_histograms, draw_parameter_histograms},
    {has_histograms, draw_state_histograms},
    {has_jacobian, draw_jacobian},
    {has_spectrum, draw_lyapunov},
    {has_weights, draw_weight_norms},
    {has_weights, draw_weight_signal},
};

unroll_status unroll_gradient_plots_draw(const unroll_gradient_figure *f)
{
    char *folder = unroll_plots_folder(f->directory);
    unroll_status status = folder ? unroll_make_directory(folder) : UNROLL_EMEMORY;
    unroll_status missing = UNROLL_OK; /* without gnuplot all data are written still */
    for (size_t i = 0; i < sizeof pictures / sizeof *pictures && status == UNROLL_OK; i++) {
        if (pictures[i].is_known(f))
            status = pictures[i].draw(f, folder);
        if (status == UNROLL_ENOINPUT) {
            missing = status;
            status = UNROLL_OK;
        }
    }
    unroll_free(folder);
    return status != UNROLL_OK ? status : missing;
}
