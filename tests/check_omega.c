/* The regulariser Ω, in doubles: its gradient against finite differences of Ω written out here, and where it is refused.
 * Built with -DUNROLL_DOUBLE against the double library. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cell/cells.h"
#include "gradient_problem.h"
#include "runner.h"

typedef struct frozen {
    problem *p;
    size_t layer;
    double u[STEPS][ROWS][UNITS];  /* dL/dz */
    double fd[STEPS][ROWS][UNITS]; /* f'(z) */
    double *W;
} frozen;

static void keep_dh(void *arg, size_t layer, size_t t, size_t row0, size_t rows, size_t pitch,
                    const double *dh, const double *dc)
{
    frozen *f = arg;
    (void)dc;
    for (size_t r = 0; layer == f->layer && r < rows; r++)
        memcpy(f->u[t][row0 + r], dh + r * pitch, sizeof f->u[t][0]);
}

/* Ω of one layer as a function of Wh, with u and z held. */
static double omega_of(void *arg)
{
    const frozen *f = arg;
    double sum = 0;
    for (size_t r = 0; r < ROWS; r++) {
        double row = 0, steps = 0;
        for (size_t t = 0; t + 1 < STEPS; t++) {
            double v2 = 0, u2 = 0;
            const uint8_t *mode = f->p->batch.mode;
            if (mode && (mode[t * ROWS + r] || mode[(t + 1) * ROWS + r]))
                continue;
            for (size_t j = 0; j < UNITS; j++) {
                double v = 0;
                for (size_t i = 0; i < UNITS; i++)
                    v += f->u[t + 1][r][i] * f->W[i * UNITS + j];
                v2 += pow(v * f->fd[t][r][j], 2);
                u2 += pow(f->u[t + 1][r][j], 2);
            }
            if (u2 > 1e-20) {
                row += pow(sqrt(v2 / u2) - 1, 2);
                steps++;
            }
        }
        sum += steps > 0 ? row / steps : 0;
    }
    return sum / ROWS;
}

/* f' of every step from its h, and with it u = dh f'. */
static void freeze(frozen *f, const char *activation)
{
    problem *p = f->p;
    const size_t n = unroll_work_state_size(p->work);
    double *state = new_doubles(n);
    unroll_work_set_state(p->work, p->state);
    for (size_t t = 0; t < STEPS; t++) {
        unroll_batch one = p->batch;
        unroll_result result;
        one.T = 1;
        one.input += t * ROWS;
        one.target += t * ROWS;
        one.weight = one.weight ? one.weight + t * ROWS : NULL;
        one.mode = one.mode ? one.mode + t * ROWS : NULL;
        ck_assert_int_eq(unroll_net_evaluate(p->net, &one, p->work, &result, NULL), UNROLL_OK);
        unroll_work_get_state(p->work, state);
        for (size_t r = 0; r < ROWS; r++)
            for (size_t j = 0; j < UNITS; j++) {
                const double h = state[(f->layer * ROWS + r) * UNITS + j];
                f->fd[t][r][j] = strcmp(activation, "tanh") == 0      ? 1 - h * h
                                 : strcmp(activation, "sigmoid") == 0 ? h * (1 - h)
                                 : strcmp(activation, "relu") == 0    ? h > 0
                                 : h > 0                              ? 1
                                                                      : 0.01;
                f->u[t][r][j] *= f->fd[t][r][j];
            }
    }
    free(state);
}

START_TEST(omega)
{
    static const char *const activations[] = {"tanh", "sigmoid", "relu", "leaky-relu"};
    const char *activation = activations[_i / 2];
    body b = bodies[0];
    ck_assert_str_eq(b.cell->name, "rnn");
    for (int k = 0; k < body_count; k++)
        if (unroll_cell_is_simple(bodies[k].cell) &&
            strcmp(bodies[k].activation->name, activation) == 0)
            b = bodies[k];
    problem with, without;
    double value = 0;
    const unroll_init init = make_init("xavier", 800 + (uint64_t)_i);
    open_problem(&with, &b, (unroll_net_spec){.layers = 2, .omega = 0.7}, &init, _i & 1);
    open_problem(&without, &b, (unroll_net_spec){.layers = 2}, &init, _i & 1);
    run_gradient(&without);
    run_gradient(&with);
    ck_assert(without.result.loss == with.result.loss && without.result.omega == 0);
    const unroll_parameter *list;
    const size_t n = unroll_net_parameters(with.net, &list);
    for (size_t i = 0, layer = 0; i < n; i++) {
        const size_t count = list[i].rows * (list[i].cols ? list[i].cols : 1);
        double *g = with.grad + list[i].offset;
        if (strncmp(list[i].name, "rnn.weight_hh", 13) != 0) {
            ck_assert_mem_eq(g, without.grad + list[i].offset, count * sizeof *g);
            continue;
        }
        gradient_report report = {0};
        frozen f = {.p = &without, .layer = layer++};
        f.W = unroll_net_weights(without.net) + list[i].offset;
        unroll_work_set_hook(without.work, &(unroll_hook){.after = keep_dh, .arg = &f});
        run_gradient(&without);
        unroll_work_set_hook(without.work, NULL);
        freeze(&f, activation);
        for (size_t k = 0; k < count; k++)
            g[k] = (g[k] - without.grad[list[i].offset + k]) / 0.7;
        gradient_check(omega_of, &f, count, f.W, g, &report);
        require_right(&report, with.name, list[i].name, " of omega");
        ck_assert_uint_eq(report.kinks, 0);
        value += omega_of(&f);
    }
    ck_assert(value > 0);
    ck_assert_double_eq_tol(with.result.omega, value, 1e-12);
    close_problem(&with);
    close_problem(&without);
}
END_TEST

START_TEST(omega_refused)
{
    static const unroll_net_spec specs[] = {
        {.cell = "lstm", .omega = 1},
        {.cell = "gru", .omega = 1},
        {.cell = "rnn", .omega = 1, .norm = "layer"},
        {.cell = "rnn", .omega = -1},
        {.cell = "rnn", .omega = NAN},
        {.cell = "rnn", .norm = "row"},
    };
    unroll_net_spec spec = specs[_i];
    unroll_net *net;
    spec.size = sizeof spec;
    spec.inputs = spec.outputs = spec.layers = spec.hidden = 2;
    ck_assert_int_eq(unroll_net_new(&spec, &net), UNROLL_EUSAGE);
}
END_TEST

Suite *make_suite(void)
{
    list_bodies();
    Suite *suite = suite_create("omega");
    TCase *tcase = new_case(suite, "omega");
    tcase_add_loop_test(tcase, omega, 0, 8);
    tcase_add_loop_test(tcase, omega_refused, 0, 6);
    return suite;
}
