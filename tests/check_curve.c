/* Curves of the gradient against distance: held against autograd, in memory and as rows of distance.csv, and what is
 * told and fitted of their samples. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "probe/curve.h"
#include "probe/gradient_flow.h"
#include "probe_nets.h"
#include "runner.h"
#include "store/curve_csv.h"

#define VALUES "tests/golden/probe.bin"

/* ---- golden values ---- */

static void read_record(FILE *f, char name[64], double **data, size_t *count)
{
    ck_assert_int_eq(fscanf(f, "%63s %zu", name, count), 2);
    ck_assert_int_eq(fgetc(f), '\n');
    *data = new_doubles(*count);
    ck_assert_uint_eq(fread(*data, sizeof **data, *count, f), *count);
}

static void set_weight(unroll_net *net, const char *name, const double *data, size_t count)
{
    const unroll_parameter *a = parameter_of(net, name);
    ck_assert_uint_eq(count, a->rows * (a->cols ? a->cols : 1));
    float *plain = calloc(count, sizeof *plain);
    ck_assert_ptr_nonnull(plain);
    for (size_t k = 0; k < count; k++)
        plain[k] = (float)data[k];
    unroll_parameter_set(a, unroll_net_weights(net), plain);
    free(plain);
}

/* The curve, and the rows of distance.csv that it becomes, hold the same norms: of each row of the batch, layer
 * and state, distance k at step T − 1 − k. */
static void check_golden_curve(probed *p, const double *data)
{
    const unroll_net_spec *s = unroll_net_get_spec(p->net);
    const size_t T = p->batch.T, B = p->batch.B;
    unroll_curve *c = last_curve(p, T);
    unroll_buffer rows = {0};
    ck_assert_uint_eq(c->samples, B);
    unroll_curve_csv_rows(&rows, 7, c);
    ck_assert(!rows.failed);
    const char *line = rows.text;
    for (size_t l = 0; l < s->layers; l++)
        for (int i = 0; i <= c->has_c; i++) {
            const enum unroll_state state = (enum unroll_state)i;
            for (size_t k = 0; k < T; k++) {
                double mean = 0, logs = 0, seen[2];
                char head[64];
                for (size_t r = 0; r < B; r++) {
                    const double want = data[unroll_gradient_flow_at(s, B, T - 1 - k, l, state, r)];
                    ck_assert_double_le(fabs(unroll_curve_sample(c, r, l, state)[k] - want),
                                        1e-4 * want);
                    mean += want / (double)B;
                    logs += log(want) / (double)B;
                }
                const size_t length =
                    (size_t)snprintf(head, sizeof head, "7,%zu,%c,%zu,", l, i ? 'c' : 'h', k);
                ck_assert_msg(strncmp(line, head, length) == 0, "%.40s, not %s", line, head);
                ck_assert_int_eq(sscanf(line + length, "%lf,%lf", &seen[0], &seen[1]), 2);
                ck_assert_double_le(fabs(seen[0] - mean), 1e-4 * mean);
                ck_assert_double_le(fabs(seen[1] - exp(logs)), 1e-4 * exp(logs));
                line = strchr(line, '\n') + 1;
            }
        }
    ck_assert(*line == '\0');
    unroll_free(rows.text);
    unroll_curve_free(c);
}

static void check_golden_case(FILE *f, const char *cell, size_t layers, size_t hidden,
                              size_t symbols, size_t T, size_t B)
{
    probed p;
    const unroll_net_spec spec = {.size = sizeof spec,
                                  .inputs = symbols,
                                  .outputs = symbols,
                                  .cell = cell,
                                  .layers = layers,
                                  .hidden = hidden};
    open_probed(&p, &spec, T, B, 1);
    const size_t count = T * layers * UNROLL_STATES * B;
    double *norm = new_doubles(count);
    char name[64] = "";
    while (strcmp(name, "norm") != 0) {
        double *data;
        size_t n;
        read_record(f, name, &data, &n);
        if (strcmp(name, "input") == 0)
            for (size_t i = 0; i < T * B; i++)
                p.input[i] = (uint32_t)data[i];
        else if (strcmp(name, "target") == 0)
            for (size_t i = 0; i < B; i++)
                p.target[(T - 1) * B + i] = (uint32_t)data[i];
        else if (strcmp(name, "norm") != 0)
            set_weight(p.net, name, data, n);
        else {
            ck_assert_uint_eq(n, count);
            unroll_net_pack(p.net, 1);
            OK(unroll_gradient_flow_run(p.net, p.work,
                                        &(unroll_gradient_flow){.batch = &p.batch, .norm = norm}));
            const double error = worst(norm, data, n);
            ck_assert_msg(error < 1e-4, "%s: differs from autograd by %g", cell, error);
            check_golden_curve(&p, data);
        }
        free(data);
    }
    free(norm);
    close_probed(&p);
}

START_TEST(agrees_with_autograd)
{
    char cell[32];
    FILE *f = fopen(source_path(VALUES), "rb");
    ck_assert_msg(f != NULL, VALUES " is missing");
    size_t layers, hidden, symbols, T, B;
    int cases = 0;
    while (fscanf(f, " case %31s %zu %zu %zu %zu %zu", cell, &layers, &hidden, &symbols, &T, &B) ==
           6) {
        check_golden_case(f, cell, layers, hidden, symbols, T, B);
        cases++;
    }
    fclose(f);
    ck_assert_int_eq(cases, 3);
}
END_TEST

/* ---- statistics ---- */

static unroll_curve *made_curve(size_t distances, size_t samples)
{
    unroll_curve *c = unroll_alloc(1, sizeof *c);
    ck_assert_ptr_nonnull(c);
    *c = (unroll_curve){.layers = 1, .distances = distances, .samples = samples, .room = samples};
    c->norm = unroll_alloc(samples * 2 * distances, sizeof *c->norm);
    ck_assert_ptr_nonnull(c->norm);
    return c;
}

START_TEST(statistics_of_samples)
{
    unroll_curve *c = made_curve(1, 5);
    const double value[] = {8, 1, 4, 2, 16};
    for (size_t i = 0; i < 5; i++)
        c->norm[2 * i] = value[i];
    unroll_curve_point p = point_at(c, 0, UNROLL_STATE_H, 0);
    ck_assert_double_eq_tol(p.mean, 6.2, 1e-12);
    ck_assert_double_eq_tol(p.gmean, 4, 1e-12);
    ck_assert_double_eq_tol(p.q10, 1.4, 1e-12);
    ck_assert_double_eq_tol(p.median, 4, 1e-12);
    ck_assert_double_eq_tol(p.q90, 12.8, 1e-12);
    ck_assert_uint_eq(p.n, 5);
    c->norm[0] = 0;
    ck_assert_double_eq(point_at(c, 0, UNROLL_STATE_H, 0).gmean, 0);
    unroll_curve_free(c);
}
END_TEST

/* Samples that fall by `rate` a step, spread around it, with a jump before the fit begins. */
static unroll_curve *falling(size_t distances, size_t samples, double rate, double spread)
{
    unroll_curve *c = made_curve(distances, samples);
    for (size_t i = 0; i < samples; i++) {
        const double own = rate + spread * (2 * (double)i / (double)(samples - 1) - 1);
        for (size_t k = 0; k < distances; k++)
            c->norm[i * 2 * distances + k] = (k < 3 ? 100 : 1) * pow(10, own * (double)k);
    }
    return c;
}

START_TEST(fit_of_a_line)
{
    unroll_fit fit;
    unroll_curve *c = falling(100, 21, -0.05, 0.02);
    OK(unroll_fit_curve(c, 0, UNROLL_STATE_H, 1, &fit));
    ck_assert_double_eq_tol(fit.slope, -0.05, 1e-12);
    ck_assert_double_eq_tol(fit.rho, pow(10, -0.05), 1e-12);
    ck_assert_double_eq_tol(fit.half_life, log10(2) / 0.05, 1e-9);
    ck_assert_double_eq_tol(fit.r2, 1, 1e-9);
    ck_assert(fit.first == 5 && fit.last == 99 && fit.horizon == 65);
    /* deviation 0.0124 of one sample, so 0.00271 of a mean of 21; Student's t of 20 degrees of freedom is 2.086 */
    ck_assert_double_eq_tol(fit.low, -0.05 - 2.086 * 0.00271, 0.0003);
    ck_assert_double_eq_tol(fit.high, -0.05 + 2.086 * 0.00271, 0.0003);
    ck_assert(fit.low < -0.05 - 2.08 * 0.00271 && fit.high > -0.05 + 2.08 * 0.00271);
    unroll_curve_free(c);
    c = falling(100, 3, -0.05, 0.02); /* too few samples for an interval */
    OK(unroll_fit_curve(c, 0, UNROLL_STATE_H, 1, &fit));
    ck_assert_double_eq_tol(fit.slope, -0.05, 1e-12);
    ck_assert(isnan(fit.low) && isnan(fit.high));
    unroll_curve_free(c);
}
END_TEST

START_TEST(fit_of_growth_and_of_floors)
{
    unroll_fit fit;
    unroll_curve *c = falling(60, 4, 0.01, 0);
    OK(unroll_fit_curve(c, 0, UNROLL_STATE_H, 1, &fit));
    ck_assert_double_eq_tol(fit.slope, 0.01, 1e-12);
    ck_assert(isinf(fit.half_life) && fit.horizon == SIZE_MAX);
    unroll_curve_free(c);
    c = falling(60, 4, -10, 0); /* below the smallest normal double from distance 31 on */
    OK(unroll_fit_curve(c, 0, UNROLL_STATE_H, 1, &fit));
    ck_assert_double_eq_tol(fit.slope, -10, 1e-6);
    ck_assert_uint_eq(fit.last, 30);
    c->norm[7] = 0;
    OK(unroll_fit_curve(c, 0, UNROLL_STATE_H, 1, &fit));
    ck_assert(isnan(fit.slope) && fit.horizon == 6);
    unroll_curve_free(c);
    c = falling(6, 4, -1, 0);
    OK(unroll_fit_curve(c, 0, UNROLL_STATE_H, 1, &fit));
    ck_assert(isnan(fit.slope) && isnan(fit.half_life));
    unroll_curve_free(c);
}
END_TEST

/* ---- rows of distance.csv ---- */

START_TEST(a_row_reads_back)
{
    const unroll_curve_row row = {300, 1, 'c', 17, {0.5, 1e-300, 0, NAN, INFINITY, 32}};
    unroll_buffer text = {0};
    unroll_curve_row back;
    unroll_curve_csv_put(&text, &row, false);
    ck_assert_str_eq(text.text, "300,1,c,17,0.5,1e-300,0,nan,inf,32\n");
    text.text[text.length - 1] = '\0'; /* as unroll_lines_next() gives a line */
    ck_assert(unroll_curve_csv_get(text.text, &back));
    ck_assert(back.step == 300 && back.layer == 1 && back.state == 'c' && back.distance == 17);
    ck_assert(back.point.mean == 0.5 && back.point.gmean == 1e-300 && back.point.q10 == 0 &&
              back.point.n == 32);
    ck_assert(isnan(back.point.median) && isnan(back.point.q90));
    text.length = 0;
    unroll_curve_csv_put(&text, &row, true);
    ck_assert_str_eq(text.text, "300,1,c,17,0.5,1e-300,0,,inf,32\n");
    unroll_free(text.text);
}
END_TEST

START_TEST(other_lines_are_no_rows)
{
    static const char *const lines[] = {UNROLL_DISTANCE_HEADER, "", "300,1,c,17,0.5,1e-300,0,1,2",
                                        "300,1,c,-17,0.5,1e-300,0,1,2,32", "x,1,c,17,0.5,1,0,1,2,32"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char line[128];
        unroll_curve_row row;
        snprintf(line, sizeof line, "%s", lines[i]);
        ck_assert_msg(!unroll_curve_csv_get(line, &row), "%s", lines[i]);
    }
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("curve");
    TCase *exact = new_case(suite, "what it measures"), *statistics = new_case(suite, "statistics");
    tcase_add_test(exact, agrees_with_autograd);
    tcase_add_test(statistics, statistics_of_samples);
    tcase_add_test(statistics, fit_of_a_line);
    tcase_add_test(statistics, fit_of_growth_and_of_floors);
    TCase *rows = new_case(suite, "rows");
    tcase_add_test(rows, a_row_reads_back);
    tcase_add_test(rows, other_lines_are_no_rows);
    return suite;
}
