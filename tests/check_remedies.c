/* What is held against vanishing gradients, in doubles: each remedy's parameters against finite differences, its forward
 * pass against one written here row by row from the papers, and the probe's δ against differences of that.
 * Built with -DUNROLL_DOUBLE against the double library. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gradient_problem.h"
#include "net/net.h"
#include "parameter.h"
#include "probe/gradient_flow.h"
#include "runner.h"

enum { LAYERS_MAX = 3, GATES_MAX = UNROLL_GATES_MAX, PLACES = LAYERS_MAX * STEPS * ROWS * UNITS };

/* ---- a network without any speed ---- */

typedef struct reference {
    problem *p;
    size_t layers, gates, inputs;
    double bump_h[PLACES], bump_c[PLACES]; /* [layers][STEPS][ROWS][UNITS], added to h and c */
    double seen_h[PLACES], seen_c[PLACES]; /* of the probe */
    double h[LAYERS_MAX][ROWS][UNITS], c[LAYERS_MAX][ROWS][UNITS];
} reference;

static size_t place(size_t l, size_t t, size_t row)
{
    return ((l * STEPS + t) * ROWS + row) * UNITS;
}

/* A layer's tensor, or NULL where the network has none of this name. */
static const double *tensor(const reference *r, const char *name, size_t layer)
{
    char full[64];
    snprintf(full, sizeof full, "rnn.%s_l%zu", name, layer);
    const unroll_parameter *p = find_parameter(r->p->net, full);
    ck_assert(p == NULL || !p->transposed);
    return p ? unroll_net_weights(r->p->net) + p->offset : NULL;
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static void multiply(size_t rows, size_t cols, const double *W, const double *x, double *y)
{
    for (size_t i = 0; i < rows; i++) {
        y[i] = 0;
        for (size_t j = 0; j < cols; j++)
            y[i] += W[i * cols + j] * x[j];
    }
}

/* Ba et al. (2016), eq. 4: over n units at once; gain NULL leaves all as it is. */
static void normalise(size_t n, const double *gain, double *a)
{
    double mean = 0, variance = 0;
    if (!gain)
        return;
    for (size_t i = 0; i < n; i++)
        mean += a[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        variance += (a[i] - mean) * (a[i] - mean) / (double)n;
    for (size_t i = 0; i < n; i++)
        a[i] = gain[i] * (a[i] - mean) / sqrt(variance + 1e-5);
}

/* Is a cell written here? Of another the reference takes its own forward, and no normalisation. */
static bool is_written(const body *b)
{
    static const char *const names[] = {"rnn", "lstm", "gru"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(b->cell->name, names[i]) == 0)
            return true;
    return false;
}

/* @param ax  [G][UNITS] what the input brings */
static void own_cell(const reference *r, size_t l, const double *ax, const double *bias, double *h,
                     double *c)
{
    const unroll_layer *layer = &r->p->net->stack.at[l].layer;
    const size_t P = layer->pitch, state = UNITS * sizeof *h;
    double *block = new_doubles((layer->blocks + 4) * P), *z = block + 4 * P;
    const unroll_step step = {.layer = layer,
                              .rows = 1,
                              .z = z,
                              .h0 = block,
                              .h = block + P,
                              .c0 = block + 2 * P,
                              .c = block + 3 * P};
    for (const unroll_term *term = layer->cell->input; term->count; term++)
        for (size_t g = 0; g < term->count; g++)
            for (size_t j = 0; j < UNITS; j++) {
                const size_t i = (term->gate + g) * UNITS + j;
                z[(term->block + g) * P + j] = ax[i] + bias[i];
            }
    memcpy(block, h, state);
    memcpy(block + 2 * P, c, state);
    layer->cell->forward(&step);
    memcpy(h, block + P, state);
    memcpy(c, block + 3 * P, state);
    free(block);
}

/* An LSTM's step in the form of the body, c and h in their place. @param a  [G][UNITS] what input, state and bias bring */
static void reference_lstm(reference *r, size_t l, size_t t, size_t row, const double *a)
{
    enum { H = UNITS };
    const bool forget = r->p->body->cell->gates == 4;
    const size_t G = forget ? 2 : 1, O = G + 1;
    const double *peephole = tensor(r, "weight_peephole", l), *gain = tensor(r, "norm_c", l),
                 *shift = tensor(r, "norm_c_bias", l);
    const double none[4 * H] = {0}, *p_i = peephole ? peephole : none, *p_f = p_i + H,
                          *p_o = p_i + G * H;
    double *h = r->h[l][row], *c = r->c[l][row], normed[H];
    for (size_t j = 0; j < H; j++) {
        const double input = sigmoid(a[j] + p_i[j] * c[j]) * tanh(a[G * H + j]);
        const double keep = forget ? sigmoid(a[H + j] + p_f[j] * c[j]) : 1;
        c[j] = keep * c[j] + input + r->bump_c[place(l, t, row) + j];
        normed[j] = c[j];
    }
    normalise(H, gain, normed);
    for (size_t j = 0; j < H; j++)
        h[j] = sigmoid(a[O * H + j] + p_o[j] * c[j]) * tanh(normed[j] + (shift ? shift[j] : 0));
}

/* One layer of one row for one step. */
static void reference_cell(reference *r, size_t l, size_t t, size_t row, const double *x, size_t nx,
                           const double *skipped)
{
    enum { H = UNITS };
    const unroll_cell *cell = r->p->body->cell;
    const bool gru = strcmp(cell->name, "gru") == 0;
    const size_t G = cell->gates, first = gru ? 2 : G;
    const double *b = tensor(r, "bias_ih", l), *bh = tensor(r, "bias_hh", l);
    const double *gx = tensor(r, "norm_ih", l), *gh = tensor(r, "norm_hh", l);
    double ax[GATES_MAX * H], ah[GATES_MAX * H], *h = r->h[l][row];
    const double *Wh = tensor(r, "weight_hh", l);
    multiply(G * H, nx, tensor(r, "weight_ih", l), x, ax);
    multiply(G * H, H, Wh, h, ah);
    if (tensor(r, "weight_skip", l)) {
        double more[GATES_MAX * H];
        multiply(G * H, r->inputs, tensor(r, "weight_skip", l), skipped, more);
        for (size_t i = 0; i < G * H; i++)
            ax[i] += more[i];
    }
    if (!is_written(r->p->body)) {
        own_cell(r, l, ax, b, h, r->c[l][row]);
        for (size_t j = 0; j < H; j++)
            h[j] += r->bump_h[place(l, t, row) + j];
        return;
    }
    const bool before = strcmp(cell->variant, "reset-before") == 0;
    normalise(first * H, gx, ax);
    normalise(first * H, gh, ah);
    if (gru)
        normalise(H, gx ? gx + 2 * H : NULL, ax + 2 * H);
    if (gru && !before)
        normalise(H, gh ? gh + 2 * H : NULL, ah + 2 * H);
    if (G == 1) {
        for (size_t j = 0; j < H; j++)
            ax[j] += ah[j];
        normalise(H, tensor(r, "norm", l), ax);
        for (size_t j = 0; j < H; j++)
            h[j] = tanh(ax[j] + b[j]);
    } else if (!gru) {
        for (size_t i = 0; i < G * H; i++)
            ax[i] += ah[i] + b[i];
        reference_lstm(r, l, t, row, ax);
    } else {
        double reset[H], m[H];
        for (size_t j = 0; j < H; j++) {
            reset[j] = sigmoid(ax[j] + ah[j] + b[j]);
            m[j] = before ? reset[j] * h[j] : reset[j] * (ah[2 * H + j] + bh[2 * H + j]);
        }
        if (before) {
            multiply(H, H, Wh + 2 * H * H, m, ah + 2 * H);
            normalise(H, gh ? gh + 2 * H : NULL, ah + 2 * H);
            memcpy(m, ah + 2 * H, sizeof m);
        }
        for (size_t j = 0; j < H; j++) {
            const double z = sigmoid(ax[H + j] + ah[H + j] + b[H + j]);
            h[j] = (1 - z) * tanh(ax[2 * H + j] + b[2 * H + j] + m[j]) + z * h[j];
        }
    }
    for (size_t j = 0; j < H; j++)
        h[j] += r->bump_h[place(l, t, row) + j];
}

/* Cross-entropy of the last step, over all rows. */
static double reference_loss(void *arg)
{
    reference *r = arg;
    const problem *p = r->p;
    const bool residual = unroll_net_get_spec(p->net)->residual;
    const double *embedding = weights_of(r->p->net, "encoder.weight");
    const double *W = weights_of(r->p->net, "decoder.weight"),
                 *bias = weights_of(r->p->net, "decoder.bias");
    double loss = 0;
    memset(r->h, 0, sizeof r->h);
    memset(r->c, 0, sizeof r->c);
    for (size_t row = 0; row < ROWS; row++) {
        double y[UNITS] = {0}, logit[SYMBOLS], sum = 0;
        for (size_t t = 0; t < STEPS; t++) {
            for (size_t l = 0; l < r->layers; l++) {
                const double *x = embedding + p->input[t * ROWS + row] * r->inputs;
                reference_cell(r, l, t, row, l ? y : x, l ? UNITS : r->inputs, x);
                for (size_t j = 0; j < UNITS; j++)
                    y[j] = r->h[l][row][j] + (residual && l ? y[j] : 0);
            }
        }
        multiply(SYMBOLS, UNITS, W, y, logit);
        for (size_t k = 0; k < SYMBOLS; k++)
            sum += exp(logit[k] += bias[k]);
        loss += log(sum) - logit[p->target[(STEPS - 1) * ROWS + row]];
    }
    return loss;
}

static void open_reference(reference *r, problem *p)
{
    const unroll_net_spec *spec = unroll_net_get_spec(p->net);
    memset(r, 0, sizeof *r);
    r->p = p;
    r->layers = spec->layers;
    r->gates = p->body->cell->gates;
    r->inputs = spec->embedding;
    p->batch.carry = 0;
}

static void see(void *arg, const unroll_flow_step *s)
{
    reference *r = arg;
    for (size_t i = 0; i < s->rows; i++)
        for (size_t j = 0; j < UNITS; j++) {
            const size_t at = place(s->layer, s->t, s->row0 + i) + j, from = i * s->pitch + j;
            r->seen_h[at] = ldexp(s->dh[from], s->exponent[i]);
            r->seen_c[at] = s->dc ? ldexp(s->dc[from], s->exponent[i]) : 0;
        }
}

/* ---- what the rows of a loop are ---- */

static const struct remedy {
    const char *name;
    unroll_net_spec spec;
} remedies[] = {
    {"residual", {.residual = true}},
    {"input to all layers", {.skip_input = true}},
    {"all at once", {.skip_input = true, .residual = true, .norm = "layer"}},
    {"layer normalisation", {.norm = "layer"}},
    {"both", {.norm = "layer", .residual = true}},
    {"batch normalisation", {.norm = "batch"}},
    {"recurrent batch normalisation", {.norm = "recurrent-batch", .norm_steps = 2}},
};
enum { REMEDIES = sizeof remedies / sizeof *remedies };

static bool joins_rows(const struct remedy *remedy)
{
    return remedy->spec.norm && strcmp(remedy->spec.norm, "layer") != 0;
}

static bool smooth(const body *b)
{
    return !b->cell->has_activation || strcmp(b->activation->name, "tanh") == 0;
}

static bool takes(const body *b, const struct remedy *remedy)
{
    return !remedy->spec.norm || b->cell->norm_gates;
}

/* Has the reference network this remedy for it? */
static bool has_reference(const body *b, const struct remedy *remedy)
{
    return smooth(b) && !joins_rows(remedy) && takes(b, remedy) &&
           (is_written(b) || !remedy->spec.norm);
}

static void open_remedy(problem *p, reference *r, const body *b, size_t k, uint64_t seed)
{
    unroll_net_spec spec = remedies[k].spec;
    const unroll_init init = make_init("xavier", seed);
    spec.layers = LAYERS_MAX;
    spec.embedding = 2;
    open_problem(p, b, spec, &init, false);
    open_reference(r, p);
}

START_TEST(parameters)
{
    const body *b = &bodies[_i % body_count];
    const size_t k = (size_t)(_i / body_count);
    if (takes(b, &remedies[k])) {
        const unroll_net_spec specs[] = {
            {.layers = 2},
            {.layers = 3, .embedding = 2},
            {.layers = 3, .dropout = 0.4},
            {.layers = 2, .embedding = UNITS, .tie = true, .squared = true},
            {.layers = 2, .features = true},
        };
        gradient_report total = {0};
        for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
            problem p;
            unroll_net_spec spec = specs[i];
            spec.residual = remedies[k].spec.residual;
            spec.norm = remedies[k].spec.norm;
            spec.skip_input = remedies[k].spec.skip_input;
            spec.norm_steps = remedies[k].spec.norm_steps;
            unroll_init init = make_init("xavier", 600 + 10 * k + i);
            init.scale = spec.norm ? 2 : 1;
            open_problem(&p, b, spec, &init, (i + k) & 1);
            p.dropout |= joins_rows(&remedies[k]); /* evaluation is another function */
            check_parameters(&p, &total);
            close_problem(&p);
        }
        if (remedies[k].spec.norm) /* where three values nearly agree, 1/σ bends too sharply for differences */
            ck_assert_msg(total.kinks <= total.checked / 50, "%s: %zu of %zu", b->name, total.kinks,
                          total.checked);
        else
            require_few_kinks(b, &total);
    }
}
END_TEST

/* The probe against differences of a network that shares no line with it. */
START_TEST(probe_sees)
{
    const body *b = &bodies[_i];
    for (size_t k = 0; k < REMEDIES; k++) {
        if (!has_reference(b, &remedies[k]))
            continue;
        problem p;
        reference r;
        gradient_report report = {0};
        open_remedy(&p, &r, b, k, 40 + k);
        const unroll_gradient_flow probe = {.batch = &p.batch, .visit = see, .arg = &r};
        ck_assert_int_eq(unroll_gradient_flow_run(p.net, p.work, &probe), UNROLL_OK);
        gradient_check(reference_loss, &r, PLACES, r.bump_h, r.seen_h, &report);
        require_right(&report, p.name, remedies[k].name, " dL/dh");
        if (b->cell->states > 1 && is_written(b))
            gradient_check(reference_loss, &r, PLACES, r.bump_c, r.seen_c, &report);
        require_right(&report, p.name, remedies[k].name, " dL/dc");
        close_problem(&p);
    }
}
END_TEST

/* What training sees of the last step's loss, as `see` has it. */
static void see_training(void *arg, size_t layer, size_t t, size_t row0, size_t rows, size_t pitch,
                         const double *dh, const double *dc)
{
    const int exponent[ROWS] = {0};
    see(arg, &(unroll_flow_step){layer, t, row0, rows, pitch, dh, dc, exponent, false});
}

/* Through the statistics the probe sees what training does, whose differences are checked above. */
START_TEST(probe_sees_through)
{
    for (int residual = 0; bodies[_i].cell->norm_gates && residual < 2; residual++) {
        problem p;
        reference trained, probed;
        const unroll_init init = make_init("xavier", 140);
        const unroll_net_spec spec = {.size = sizeof spec,
                                      .layers = LAYERS_MAX,
                                      .embedding = 2,
                                      .norm_steps = 2,
                                      .norm = "recurrent-batch",
                                      .residual = residual};
        open_problem(&p, &bodies[_i], spec, &init, false);
        open_reference(&trained, &p);
        open_reference(&probed, &p);
        for (size_t i = 0; i < STEPS * ROWS; i++)
            p.weight[i] = i / ROWS == STEPS - 1;
        p.batch.weight = p.weight;
        unroll_work_set_hook(p.work, &(unroll_hook){.after = see_training, .arg = &trained});
        run_gradient(&p);
        unroll_work_set_hook(p.work, NULL);
        const unroll_gradient_flow probe = {
            .batch = &p.batch, .through = true, .visit = see, .arg = &probed};
        ck_assert_int_eq(unroll_gradient_flow_run(p.net, p.work, &probe), UNROLL_OK);
        double held = 0;
        for (size_t i = 0; i < PLACES; i++) {
            const double h = ROWS * trained.seen_h[i], c = ROWS * trained.seen_c[i];
            ck_assert_double_eq_tol(probed.seen_h[i], h, 1e-12 * (1 + fabs(h)));
            ck_assert_double_eq_tol(probed.seen_c[i], c, 1e-12 * (1 + fabs(c)));
        }
        const unroll_gradient_flow plain = {.batch = &p.batch, .visit = see, .arg = &probed};
        ck_assert_int_eq(unroll_gradient_flow_run(p.net, p.work, &plain), UNROLL_OK);
        for (size_t i = 0; i < PLACES; i++)
            held = fmax(held, fabs(probed.seen_h[i] - ROWS * trained.seen_h[i]));
        ck_assert_double_gt(held, 1e-3); /* held statistics are another thing */
        close_problem(&p);
    }
}
END_TEST

/* The same loss as the network's own. */
START_TEST(forward_as_written)
{
    const body *b = &bodies[_i];
    for (size_t k = 0; k < REMEDIES; k++) {
        if (!has_reference(b, &remedies[k]))
            continue;
        problem p;
        reference r;
        open_remedy(&p, &r, b, k, 70 + k);
        for (size_t i = 0; i < STEPS * ROWS; i++)
            p.weight[i] = i / ROWS == STEPS - 1;
        p.batch.weight = p.weight;
        run_gradient(&p);
        ck_assert_double_eq_tol(p.result.loss, reference_loss(&r), 1e-12);
        close_problem(&p);
    }
}
END_TEST

/* ---- running statistics ---- */

/* Mean and unbiased variance of x·Wx^T of gate row i, over what is no padding. */
static void measure(const reference *r, size_t i, double *mean, double *variance)
{
    const problem *p = r->p;
    const double *W = tensor(r, "weight_ih", 0), *embedding = weights_of(r->p->net, "encoder.weight");
    double sum = 0, squares = 0, m = 0;
    for (size_t k = 0; k < STEPS * ROWS; k++) {
        double a;
        if (p->mode[k] != UNROLL_RUN)
            continue;
        multiply(1, r->inputs, W + i * r->inputs, embedding + p->input[k] * r->inputs, &a);
        sum += a;
        squares += a * a;
        m++;
    }
    *mean = sum / m;
    *variance = (squares - sum * sum / m) / (m - 1);
}

/* A tenth of the way to the batch's, by nothing but unroll_net_update_running_statistics(), and evaluation goes by them. */
START_TEST(statistics_run)
{
    problem p;
    reference r;
    const unroll_init init = make_init("xavier", 900 + (uint64_t)_i);
    if (!bodies[_i].cell->norm_gates)
        return;
    open_problem(&p, &bodies[_i], (unroll_net_spec){.layers = 1, .embedding = 2, .norm = "batch"},
                 &init, true);
    open_reference(&r, &p);
    const double *mean = tensor(&r, "norm_ih_mean", 0), *var = tensor(&r, "norm_ih_var", 0);
    const double before = mean_loss(&p), same = mean_loss(&p);
    run_gradient(&p);
    ck_assert(before == same && before == mean_loss(&p) && mean[0] == 0 && var[0] == 1);
    run_gradient(&p);
    unroll_net_update_running_statistics(p.net, p.work);
    ck_assert(mean >= unroll_net_weights(p.net) + unroll_net_learned(p.net));
    for (size_t i = 0; i < r.gates * UNITS; i++) {
        double m, v;
        measure(&r, i, &m, &v);
        ck_assert_double_eq_tol(mean[i], 0.1 * m, 1e-13);
        ck_assert_double_eq_tol(var[i], 0.9 + 0.1 * v, 1e-13);
    }
    ck_assert(before != mean_loss(&p));
    close_problem(&p);
}
END_TEST

Suite *make_suite(void)
{
    list_bodies();
    Suite *suite = suite_create("remedies");
    TCase *tcase = new_case(suite, "remedies");
    tcase_add_loop_test(tcase, parameters, 0, REMEDIES * body_count);
    tcase_add_loop_test(tcase, forward_as_written, 0, body_count);
    tcase_add_loop_test(tcase, probe_sees, 0, body_count);
    tcase_add_loop_test(tcase, probe_sees_through, 0, body_count);
    tcase_add_loop_test(tcase, statistics_run, 0, body_count);
    return suite;
}
