/* What a backward hook sees, against finite differences in doubles.
 * Built with -DUNROLL_DOUBLE against the double library. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unroll/probe.h>

#include "gradient_problem.h"
#include "parameter.h"
#include "runner.h"
#include "work_options.h"

typedef struct seen {
    size_t B, H;
    double *before_h, *before_c, *after_h, *after_c; /* [layers][STEPS][B][H] */
    unsigned *calls; /* [layers][STEPS][B], before + 1000 · after */
    bool has_c;
    size_t cut; /* `before` zeroes what it sees at this step */
} seen;

static void open_seen(seen *s, const problem *p)
{
    const unroll_net_spec *spec = unroll_net_get_spec(p->net);
    const size_t n = spec->layers * STEPS * ROWS;
    *s = (seen){.B = ROWS, .H = spec->hidden, .cut = SIZE_MAX};
    s->before_h = new_doubles(n * s->H);
    s->before_c = new_doubles(n * s->H);
    s->after_h = new_doubles(n * s->H);
    s->after_c = new_doubles(n * s->H);
    s->calls = calloc(n, sizeof *s->calls);
    ck_assert_ptr_nonnull(s->calls);
}

static void close_seen(seen *s)
{
    free(s->before_h);
    free(s->before_c);
    free(s->after_h);
    free(s->after_c);
    free(s->calls);
}

static void keep(const seen *s, size_t layer, size_t t, size_t row0, size_t rows, size_t pitch,
                 const double *from, double *to)
{
    for (size_t r = 0; from && r < rows; r++)
        memcpy(to + ((layer * STEPS + t) * s->B + row0 + r) * s->H, from + r * pitch,
               s->H * sizeof *to);
}

static void see_before(void *arg, size_t layer, size_t t, size_t row0, size_t rows, size_t pitch,
                       double *dh, double *dc)
{
    seen *s = arg;
    keep(s, layer, t, row0, rows, pitch, dh, s->before_h);
    keep(s, layer, t, row0, rows, pitch, dc, s->before_c);
    s->has_c = dc != NULL;
    for (size_t r = 0; r < rows; r++)
        s->calls[(layer * STEPS + t) * s->B + row0 + r]++;
    if (t == s->cut) {
        memset(dh, 0, rows * pitch * sizeof *dh);
        if (dc)
            memset(dc, 0, rows * pitch * sizeof *dc);
    }
}

static void see_after(void *arg, size_t layer, size_t t, size_t row0, size_t rows, size_t pitch,
                      const double *dh, const double *dc)
{
    seen *s = arg;
    keep(s, layer, t, row0, rows, pitch, dh, s->after_h);
    keep(s, layer, t, row0, rows, pitch, dc, s->after_c);
    ck_assert(s->has_c == (dc != NULL));
    for (size_t r = 0; r < rows; r++)
        s->calls[(layer * STEPS + t) * s->B + row0 + r] += 1000;
}

static void see(problem *p, seen *s)
{
    unroll_work_set_hook(p->work, &(unroll_hook){see_before, see_after, s});
    run_gradient(p);
    unroll_work_set_hook(p->work, NULL);
}

/* The part of a batch from step t0 on, `steps` long. */
static unroll_batch slice(const unroll_batch *b, size_t t0, size_t steps)
{
    unroll_batch s = *b;
    const size_t at = t0 * b->B;
    s.T = steps;
    s.carry = 1;
    s.input = b->input ? b->input + at : NULL;
    s.target = b->target ? b->target + at : NULL;
    s.weight = b->weight ? b->weight + at : NULL;
    s.mode = b->mode ? b->mode + at : NULL;
    return s;
}

/* The layers above one layer as a network of their own, whose inputs are that layer's outputs. */
typedef struct upper {
    unroll_net *net;
    unroll_work *work;
    unroll_batch batch;
    double *feature; /* [STEPS][ROWS][UNITS] */
    const double *state;
} upper;

static void copy_upper_weights(const problem *p, size_t layer, const unroll_net *net)
{
    const unroll_parameter *to, *from;
    const size_t n = unroll_net_parameters(net, &to), m = unroll_net_parameters(p->net, &from);
    for (size_t i = 0; i < n; i++) {
        char name[80];
        const char *end = strstr(to[i].name, "_l");
        if (strncmp(to[i].name, "rnn.", 4) == 0)
            snprintf(name, sizeof name, "%.*s_l%lu", (int)(end - to[i].name), to[i].name,
                     strtoul(end + 2, NULL, 10) + layer + 1);
        else
            snprintf(name, sizeof name, "%s", to[i].name);
        size_t k = 0;
        while (k < m && strcmp(from[k].name, name) != 0)
            k++;
        ck_assert_msg(k < m, "no %s", name);
        ck_assert(from[k].transposed == to[i].transposed && from[k].rows == to[i].rows &&
                  from[k].cols == to[i].cols);
        memcpy(unroll_net_weights((unroll_net *)net) + to[i].offset,
               unroll_net_weights(p->net) + from[k].offset,
               to[i].rows * (to[i].cols ? to[i].cols : 1) * sizeof(double));
    }
}

static void open_upper(upper *u, const problem *p, size_t layer)
{
    unroll_net_spec spec = *unroll_net_get_spec(p->net);
    const size_t states = p->body->cell->states, all = spec.layers;
    spec.features = true;
    spec.inputs = spec.hidden;
    spec.layers = all - layer - 1;
    *u = (upper){.batch = p->batch};
    ck_assert_msg(unroll_net_new(&spec, &u->net) == UNROLL_OK, "%s", unroll_message());
    copy_upper_weights(p, layer, u->net);
    unroll_net_pack(u->net, 1);
    ck_assert_int_eq(unroll_work_new(u->net, WORK(.T = STEPS, .B = ROWS, .threads = 1), &u->work),
                     UNROLL_OK);
    u->feature = new_doubles(STEPS * ROWS * spec.hidden);
    u->state = p->state + (layer + 1) * states * ROWS * spec.hidden;
    u->batch.input = NULL;
    u->batch.feature = u->feature;
}

static void close_upper(upper *u)
{
    free(u->feature);
    unroll_work_free(u->work);
    unroll_net_free(u->net);
}

/* The losses of a window as a function of one layer's h and c after step t. */
typedef struct branch {
    problem *p;
    unroll_batch batch; /* from step t on, which holds the state */
    double *state;      /* all layers' after step t */
    size_t t;
    const double *h; /* the layer's part of it */
    upper *upper;    /* NULL: the layer is the top one */
    double total_weight;
} branch;

static double batch_loss(const unroll_net *net, const unroll_batch *batch, unroll_work *work,
                         const double *state)
{
    unroll_result r;
    unroll_work_set_state(work, state);
    ck_assert_int_eq(unroll_net_evaluate(net, batch, work, &r, NULL), UNROLL_OK);
    return r.loss;
}

static double branch_loss(void *arg)
{
    const branch *b = arg;
    double loss = batch_loss(b->p->net, &b->batch, b->p->work, b->state);
    if (b->upper) {
        memcpy(b->upper->feature + b->t * ROWS * UNITS, b->h, ROWS * UNITS * sizeof *b->h);
        loss += batch_loss(b->upper->net, &b->upper->batch, b->upper->work, b->upper->state);
    }
    return loss / b->total_weight;
}

/* By way of the recurrence alone, which is all there is to c. */
static double recurrent_loss(void *arg)
{
    const branch *b = arg;
    return batch_loss(b->p->net, &b->batch, b->p->work, b->state) / b->total_weight;
}

/* The states after each step: [STEPS][state size]. */
static void record_states(problem *p, double *states)
{
    const size_t n = unroll_work_state_size(p->work);
    unroll_work_set_state(p->work, p->state);
    for (size_t t = 0; t < STEPS; t++) {
        const unroll_batch one = slice(&p->batch, t, 1);
        unroll_result r;
        ck_assert_int_eq(unroll_net_evaluate(p->net, &one, p->work, &r, NULL), UNROLL_OK);
        unroll_work_get_state(p->work, states + t * n);
    }
}

static void check_seen(gradient_function *f, branch *arg, double *x, const double *claimed,
                       const char *what, size_t layer, gradient_report *total)
{
    gradient_report r = {0};
    char place[96];
    gradient_check(f, arg, ROWS * UNITS, x, claimed, &r);
    snprintf(place, sizeof place, " of layer %zu at step %zu, row %zu, unit %zu", layer, arg->t,
             r.index / UNITS, r.index % UNITS);
    require_right(&r, arg->p->name, what, place);
    total->checked += r.checked;
    total->kinks += r.kinks;
}

/* The output gate's, [UNITS], which is the last of a layer's; NULL where it has none. */
static const double *peephole_of(unroll_net *net, size_t layer)
{
    char name[64];
    snprintf(name, sizeof name, "rnn.weight_peephole_l%zu", layer);
    const unroll_parameter *w = find_parameter(net, name);
    return w ? weights_of(net, name) + w->rows * (w->cols ? w->cols : 1) - UNITS : NULL;
}

/* One layer at one step. `after` are the states after each step, `all` of them a step. */
static void check_layer(problem *p, const seen *s, double *after, size_t all, size_t l, size_t t,
                        gradient_report *total)
{
    const size_t layers = unroll_net_get_spec(p->net)->layers, states = p->body->cell->states;
    const size_t n = ROWS * UNITS, first = l * states * n, at = (l * STEPS + t) * n;
    double *h = after + t * all + first, *c = h + n;
    uint8_t mode[STEPS * ROWS] = {0};
    upper u;
    branch b = {.p = p,
                .batch = slice(&p->batch, t, STEPS - t),
                .state = after + t * all,
                .t = t,
                .h = h,
                .upper = l + 1 < layers ? &u : NULL,
                .total_weight = p->result.weight};
    memset(mode, UNROLL_HOLD, ROWS);
    b.batch.mode = mode;
    if (b.upper) {
        open_upper(&u, p, l);
        for (size_t k = 0; k < STEPS; k++)
            memcpy(u.feature + k * n, after + k * all + first, n * sizeof *h);
    }
    check_seen(branch_loss, &b, h, s->after_h + at, "dL/dh", l, total);
    if (b.upper)
        close_upper(&u);
    if (states < 2)
        return;
    check_seen(recurrent_loss, &b, c, s->before_c + at, "dL/dc", l, total);
    const double *p_o = peephole_of(p->net, l);
    for (size_t i = 0; strcmp(p->body->cell->name, "lstm") == 0 && i < n; i++) { /* h = o tanh c */
        const double tc = tanh(c[i]), o = h[i] / tc;
        double want = s->before_c[at + i] + s->after_h[at + i] * o * (1 - tc * tc);
        if (p_o) /* zo has p_o c */
            want += s->after_h[at + i] * tc * o * (1 - o) * p_o[i % UNITS];
        ck_assert_double_eq_tol(s->after_c[at + i], want, 1e-12);
    }
}

/* Holding a state for one step makes a window begin with it, loss of that step and all:
 * differences over that state are the top layer's dL/dh_t, the lower ones' part by way of the
 * recurrence, and every layer's dL/dc_t as carried. A lower layer's part by way of the layers
 * above is their gradient with respect to their input. */
START_TEST(hooks_see_gradients)
{
    gradient_report total = {0};
    for (size_t layers = 1; layers <= 3; layers++) {
        problem p;
        seen s;
        const unroll_init init = make_init("xavier", 200 + layers);
        open_problem(&p, &bodies[_i], (unroll_net_spec){.layers = layers}, &init, false);
        p.batch.weight = p.weight;
        for (size_t i = 0; i < STEPS * ROWS; i++)
            p.weight[i] = 0.5 * (double)(i % 4 + 1);
        open_seen(&s, &p);
        see(&p, &s);
        const size_t all = unroll_work_state_size(p.work);
        double *after = new_doubles(STEPS * all);
        record_states(&p, after);
        for (size_t i = 0; i < layers * STEPS * ROWS; i++)
            ck_assert_uint_eq(s.calls[i], 1001);
        for (size_t t = 0; t < STEPS; t++)
            for (size_t l = 0; l < layers; l++)
                check_layer(&p, &s, after, all, l, t, &total);
        free(after);
        close_seen(&s);
        close_problem(&p);
    }
    require_few_kinks(&bodies[_i], &total);
}
END_TEST

/* The gradients of each step's loss alone add up to that of all, and none travels forward in
 * time. */
START_TEST(losses_add_up)
{
    problem p;
    seen all, one;
    const unroll_init init = make_init("xavier", 300);
    open_problem(&p, &bodies[_i], (unroll_net_spec){.layers = 2}, &init, false);
    open_seen(&all, &p);
    see(&p, &all);
    const size_t n = 2 * STEPS * ROWS * UNITS;
    const double W = p.result.weight;
    double *sum_h = new_doubles(n), *sum_c = new_doubles(n);
    for (size_t t = 0; t < STEPS; t++) {
        open_seen(&one, &p);
        for (size_t i = 0; i < STEPS * ROWS; i++)
            p.weight[i] = i / ROWS == t;
        p.batch.weight = p.weight;
        see(&p, &one);
        for (size_t i = 0; i < n; i++) {
            sum_h[i] += one.after_h[i] * p.result.weight / W;
            sum_c[i] += one.after_c[i] * p.result.weight / W;
            ck_assert(i / (ROWS * UNITS) % STEPS <= t ||
                      (one.after_h[i] == 0 && one.after_c[i] == 0));
        }
        close_seen(&one);
    }
    for (size_t i = 0; i < n; i++) {
        ck_assert_double_eq_tol(sum_h[i], all.after_h[i], 1e-14);
        ck_assert_double_eq_tol(sum_c[i], all.after_c[i], 1e-14);
    }
    free(sum_h);
    free(sum_c);
    close_seen(&all);
    close_problem(&p);
}
END_TEST

/* What `before` leaves travels on: cut at step t, the steps before it see a window that ends
 * there. */
START_TEST(hooks_cut)
{
    const size_t cut = 2;
    problem p;
    seen whole, part;
    const unroll_init init = make_init("xavier", 400);
    open_problem(&p, &bodies[_i], (unroll_net_spec){.layers = 2}, &init, false);
    open_seen(&whole, &p);
    open_seen(&part, &p);
    whole.cut = cut;
    see(&p, &whole);
    const double W = p.result.weight;
    p.batch = slice(&p.batch, 0, cut);
    see(&p, &part);
    for (size_t l = 0; l < 2; l++)
        for (size_t i = 0; i < cut * ROWS * UNITS; i++) {
            const size_t at = l * STEPS * ROWS * UNITS + i;
            const double w = p.result.weight;
            ck_assert_double_eq_tol(whole.after_h[at] * W, part.after_h[at] * w, 1e-13);
            ck_assert_double_eq_tol(whole.after_c[at] * W, part.after_c[at] * w, 1e-13);
        }
    close_seen(&whole);
    close_seen(&part);
    close_problem(&p);
}
END_TEST

/* A hook that looks changes nothing. */
START_TEST(hooks_leave_gradients)
{
    problem p;
    seen s;
    const unroll_init init = make_init("xavier", 500);
    open_problem(&p, &bodies[_i], (unroll_net_spec){.layers = 2}, &init, true);
    open_seen(&s, &p);
    run_gradient(&p);
    const size_t bytes = unroll_net_size(p.net) * sizeof(double);
    double *without = new_doubles(unroll_net_size(p.net));
    memcpy(without, p.grad, bytes);
    see(&p, &s);
    ck_assert_mem_eq(without, p.grad, bytes);
    free(without);
    close_seen(&s);
    close_problem(&p);
}
END_TEST

/* dL/dWh of one layer by way of step s alone, of row r's last loss: what a cut below s leaves, less what one
 * above it does. */
static void formed(problem *p, seen *s, const unroll_parameter *W, size_t r, size_t step, double *out)
{
    const size_t n = W->rows * W->cols;
    for (size_t i = 0; i < STEPS * ROWS; i++)
        p->weight[i] = i == (STEPS - 1) * ROWS + r;
    s->cut = step > 0 ? step - 1 : SIZE_MAX;
    see(p, s);
    memcpy(out, p->grad + W->offset, n * sizeof *out);
    if (step + 1 == STEPS)
        return;
    s->cut = step;
    see(p, s);
    for (size_t i = 0; i < n; i++)
        out[i] -= p->grad[W->offset + i];
}

/* Are recurrent matrices given nothing but h_{t-1}, or a gate times it? What a second state makes of x is more. */
static bool vanishes_at_zero(const unroll_cell *cell)
{
    for (const unroll_term *t = cell->recurrent; t->count; t++)
        if (t->source != UNROLL_SOURCE_H && cell->states > 1)
            return false;
    return true;
}

START_TEST(weights_by_distance)
{
    const body *b = &bodies[_i];
    problem p;
    seen s;
    unroll_probe *probe;
    unroll_weight_curve *curve;
    bool seen_signal = false;
    const unroll_parameter *list;
    const unroll_init init = make_init("xavier", 520);
    open_problem(&p, b, (unroll_net_spec){.layers = 2, .embedding = 2, .residual = true}, &init,
                 false);
    open_seen(&s, &p);
    p.batch.carry = 0;
    const unroll_probe_options room = {.size = sizeof room, .T = STEPS, .B = ROWS, .threads = 1};
    ck_assert_int_eq(unroll_probe_new(p.net, &room, &probe), UNROLL_OK);
    ck_assert_int_eq(unroll_weight_curve_measure(probe, &p.batch, STEPS, &curve), UNROLL_OK);
    p.batch.weight = p.weight;
    for (size_t i = 0, layer = 0, count = unroll_net_parameters(p.net, &list); i < count; i++) {
        if (strncmp(list[i].name, "rnn.weight_hh", 13) != 0)
            continue;
        const size_t n = list[i].rows * list[i].cols;
        double *g = new_doubles(ROWS * n);
        for (size_t k = 0; k < STEPS; k++) {
            double signal = 0, noise = 0;
            for (size_t r = 0; r < ROWS; r++)
                formed(&p, &s, &list[i], r, STEPS - 1 - k, g + r * n);
            for (size_t j = 0; j < n; j++) {
                double mean = 0;
                for (size_t r = 0; r < ROWS; r++)
                    mean += g[r * n + j] / ROWS;
                for (size_t r = 0; r < ROWS; r++)
                    noise += pow(g[r * n + j] - mean, 2) / (ROWS - 1);
                signal += mean * mean;
            }
            const double norm = unroll_weight_curve_norm(curve, layer)[k];
            const double ratio = unroll_weight_curve_ratio(curve, layer)[k];
            ck_assert_double_eq_tol(norm, sqrt(signal), 1e-9 * (1 + sqrt(signal)));
            if (vanishes_at_zero(b->cell)) /* the state is 0 before the first step */
                ck_assert(k < STEPS - 1 || signal < 1e-20);
            seen_signal |= signal > 1e-6;
            if (signal > 1e-18) /* dead units of a ReLU take nothing */
                ck_assert_double_eq_tol(ratio, sqrt(signal / noise), 1e-7);
        }
        free(g);
        layer++;
    }
    ck_assert(seen_signal);
    unroll_weight_curve_free(curve);
    unroll_probe_free(probe);
    close_seen(&s);
    close_problem(&p);
}
END_TEST

Suite *make_suite(void)
{
    list_bodies();
    Suite *suite = suite_create("hooks");
    TCase *hooks = new_case(suite, "hooks");
    tcase_add_loop_test(hooks, hooks_see_gradients, 0, body_count);
    tcase_add_loop_test(hooks, losses_add_up, 0, body_count);
    tcase_add_loop_test(hooks, hooks_cut, 0, body_count);
    tcase_add_loop_test(hooks, hooks_leave_gradients, 0, body_count);
    tcase_add_loop_test(hooks, weights_by_distance, 0, body_count);
    return suite;
}
