/* The curve of the gradient against distance, held to one in 200 digits: fresh nets, trained ones, and such whose units
 * are saturated, where a complement taken as a difference, 1 − tanh², is rounding and then zero. */
#include <check.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unroll.h>

#include "golden_file.h"
#include "kernel_rows.h"
#include "parameter.h"
#include "runner.h"

enum { NETS = 64, TENSORS = 40, LAYERS = 4, WINDOWS = 8, LINE = 4096 };

/* What every value may differ by from the reference, relative to it. */
static const double allowed = 1e-9;

typedef struct exact_net {
    char name[32], cell[16], gru[16], lstm[24], activation[16], norm_name[24];
    size_t steps, windows, symbols, tensors;
    unroll_net_spec spec;
    tensor tensor[TENSORS];
    uint32_t *token;                     /* [windows][steps + 1] */
    double *norm[LAYERS][UNROLL_STATES]; /* [steps][windows], by distance */
} exact_net;

static exact_net nets[NETS];
static size_t net_count;

/* ---- the file ---- */

static void *need_room(size_t count, size_t size)
{
    void *room = calloc(count, size);
    golden_need(room != NULL, "no memory");
    return room;
}

static const char *keep(char *to, size_t size, const char *value)
{
    golden_need(strlen(value) < size, value);
    return strcpy(to, value);
}

static void read_option(exact_net *n, const char *line)
{
    char key[32], value[32];
    unroll_net_spec *s = &n->spec;
    golden_need(sscanf(line, "set %31s %31s", key, value) == 2, line);
    const size_t number = strtoul(value, NULL, 10);
    if (strcmp(key, "cell") == 0)
        s->cell = keep(n->cell, sizeof n->cell, value);
    else if (strcmp(key, "gru") == 0)
        s->gru = keep(n->gru, sizeof n->gru, value);
    else if (strcmp(key, "lstm") == 0)
        s->lstm = keep(n->lstm, sizeof n->lstm, value);
    else if (strcmp(key, "activation") == 0)
        s->activation = keep(n->activation, sizeof n->activation, value);
    else if (strcmp(key, "norm") == 0)
        s->norm = keep(n->norm_name, sizeof n->norm_name, value);
    else if (strcmp(key, "layers") == 0)
        s->layers = number;
    else if (strcmp(key, "hidden") == 0)
        s->hidden = number;
    else if (strcmp(key, "embedding") == 0)
        s->embedding = number;
    else if (strcmp(key, "tie") == 0)
        s->tie = number;
    else if (strcmp(key, "residual") == 0)
        s->residual = number;
    else if (strcmp(key, "skip-input") == 0)
        s->skip_input = number;
    else
        golden_need(false, line);
}

static void read_window(exact_net *n, size_t window, char *line)
{
    char *at = line + strlen("window");
    golden_need(window < n->windows, line);
    for (size_t t = 0; t <= n->steps; t++)
        n->token[window * (n->steps + 1) + t] = (uint32_t)strtoul(at, &at, 10);
    golden_need(*at == '\n', line);
}

static void read_curve(exact_net *n, FILE *f, const char *line)
{
    size_t layer;
    char state;
    golden_need(sscanf(line, "curve %zu %c", &layer, &state) == 2 && layer < LAYERS, line);
    double *to = need_room(n->steps * n->windows, sizeof *to);
    n->norm[layer][state == 'c' ? UNROLL_STATE_C : UNROLL_STATE_H] = to;
    for (size_t i = 0; i < n->steps * n->windows; i++)
        golden_need(fscanf(f, "%lf", to + i) == 1, line);
    golden_need(fgetc(f) == '\n', line);
}

static void read_net(exact_net *n, FILE *f, char line[LINE])
{
    size_t windows = 0;
    golden_need(sscanf(line, "net %31s %zu %zu %zu", n->name, &n->steps, &n->windows, &n->symbols) ==
                        4 &&
                    n->windows <= WINDOWS,
                line);
    n->spec = (unroll_net_spec){.size = sizeof n->spec, .inputs = n->symbols, .outputs = n->symbols};
    n->token = need_room(n->windows * (n->steps + 1), sizeof *n->token);
    while (fgets(line, LINE, f) && strcmp(line, "end\n") != 0) {
        if (strncmp(line, "set ", 4) == 0)
            read_option(n, line);
        else if (strncmp(line, "tensor ", 7) == 0 && n->tensors < TENSORS)
            golden_tensor(f, line, &n->tensor[n->tensors++]);
        else if (strncmp(line, "window ", 7) == 0)
            read_window(n, windows++, line);
        else if (strncmp(line, "curve ", 6) == 0)
            read_curve(n, f, line);
        else
            golden_need(false, line);
    }
    golden_need(windows == n->windows, n->name);
}

static void read_file(void)
{
    char line[LINE];
    FILE *f = golden_open("exact.bin");
    while (fgets(line, sizeof line, f))
        if (line[0] != '#') {
            golden_need(net_count < NETS, "more nets than there is room for");
            read_net(&nets[net_count++], f, line);
        }
    fclose(f);
}

/* ---- measuring ---- */

static unroll_net *build_net(const exact_net *n)
{
    unroll_net *net;
    OK(unroll_net_new(&n->spec, &net));
    for (size_t i = 0; i < n->tensors; i++) {
        const unroll_parameter *p = parameter_of(net, n->tensor[i].name);
        ck_assert_uint_eq(n->tensor[i].count, p->rows * (p->cols ? p->cols : 1));
        unroll_parameter_set(p, unroll_net_weights(net), n->tensor[i].data);
    }
    unroll_net_pack(net, 1);
    return net;
}

static unroll_curve *measure(const exact_net *n, const unroll_net *net)
{
    const size_t T = n->steps, B = n->windows;
    uint32_t *input = need_room(T * B, sizeof *input), *target = need_room(T * B, sizeof *target);
    float *weight = need_room(T * B, sizeof *weight);
    for (size_t t = 0; t < T; t++)
        for (size_t r = 0; r < B; r++) {
            input[t * B + r] = n->token[r * (T + 1) + t];
            target[t * B + r] = n->token[r * (T + 1) + t + 1];
            weight[t * B + r] = 1;
        }
    const unroll_batch batch = {.T = T, .B = B, .input = input, .target = target, .weight = weight};
    unroll_probe *probe;
    unroll_curve *curve;
    const unroll_probe_options o = {.size = sizeof o, .T = T, .B = B, .threads = 1};
    OK(unroll_probe_new(net, &o, &probe));
    OK(unroll_curve_new(net, NULL, &curve));
    OK(unroll_curve_add(curve, probe, &batch));
    unroll_probe_free(probe);
    free(weight);
    free(target);
    free(input);
    ck_assert_uint_eq(unroll_curve_distances(curve), T);
    ck_assert_uint_eq(unroll_curve_samples(curve), B);
    return curve;
}

/* ---- comparing ---- */

typedef struct difference {
    double largest; /* relative */
    size_t layer, distance, values;
    char state;
    const char *what;
} difference;

static void compare(difference *d, const char *what, size_t distance, double got, double want)
{
    const double relative = got == want ? 0 : fabs(got - want) / fabs(want);
    d->values++;
    if (relative <= d->largest)
        return;
    d->largest = relative;
    d->distance = distance;
    d->what = what;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(const double *sorted, size_t n, double q)
{
    const double at = q * (double)(n - 1), low = floor(at), share = at - low;
    const size_t i = (size_t)low;
    return share == 0 ? sorted[i] : (1 - share) * sorted[i] + share * sorted[i + 1];
}

/* The samples' norms, and what distance.csv tells of them. */
static void compare_state(difference *d, const exact_net *n, const unroll_curve *curve,
                          size_t layer, enum unroll_state state)
{
    const double *want = n->norm[layer][state];
    const size_t B = n->windows;
    unroll_curve_point *point = need_room(n->steps, sizeof *point);
    OK(unroll_curve_points(curve, layer, state, point));
    for (size_t k = 0; k < n->steps; k++) {
        double sorted[WINDOWS], mean = 0, logs = 0;
        for (size_t r = 0; r < B; r++) {
            sorted[r] = want[k * B + r];
            mean += sorted[r] / (double)B;
            logs += log(sorted[r]) / (double)B;
            compare(d, "norm", k, unroll_curve_sample(curve, r, layer, state)[k], sorted[r]);
        }
        qsort(sorted, B, sizeof *sorted, ascending);
        compare(d, "mean", k, point[k].mean, mean);
        compare(d, "gmean", k, point[k].gmean, exp(logs));
        compare(d, "q10", k, point[k].q10, quantile(sorted, B, 0.1));
        compare(d, "median", k, point[k].median, quantile(sorted, B, 0.5));
        compare(d, "q90", k, point[k].q90, quantile(sorted, B, 0.9));
    }
    free(point);
}

START_TEST(agrees_with_the_reference)
{
    const exact_net *n = &nets[_i / kernel_rows()];
    const unroll_kernels *kernels = kernel_row(_i % kernel_rows());
    if (kernels == NULL)
        return;
    setenv("UNROLL_KERNELS", kernels->name, 1);
    unroll_net *net = build_net(n);
    unroll_curve *curve = measure(n, net);
    difference worst = {0};
    ck_assert_uint_eq(unroll_curve_layers(curve), n->spec.layers);
    for (size_t layer = 0; layer < n->spec.layers; layer++)
        for (int i = 0; i <= unroll_curve_has_c(curve); i++) {
            difference d = {.layer = layer, .state = i ? 'c' : 'h'};
            ck_assert_ptr_nonnull(n->norm[layer][i]);
            compare_state(&d, n, curve, layer, (enum unroll_state)i);
            ck_assert_uint_eq(d.values, n->steps * (n->windows + 5));
            if (d.largest >= worst.largest)
                worst = d;
        }
    unroll_curve_free(curve);
    unroll_net_free(net);
    ck_assert_msg(worst.largest <= allowed,
                  "%s, %s: %s of %c, layer %zu, differs by %.2g at distance %zu", n->name,
                  kernels->name, worst.what, worst.state, worst.layer, worst.largest, worst.distance);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("exact");
    TCase *tc = new_case(suite, "reference");
    read_file();
    tcase_add_loop_test(tc, agrees_with_the_reference, 0, (int)net_count * kernel_rows());
    return suite;
}
