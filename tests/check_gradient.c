/* Every gradient against finite differences in doubles, for whatever cells and activations the
 * tables list: a new one is tested by being there. And the checker itself, with gradients that
 * are wrong. Built with -DUNROLL_DOUBLE against the double library. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gradient_problem.h"
#include "runner.h"
#include "train/clip.h"
#include "train/optimizer_row.h"

static const char *const inits[] = {"uniform",    "normal",   "xavier", "he",
                                    "orthogonal", "identity", "sparse"};

START_TEST(starts_and_depths)
{
    const body *b = &bodies[_i];
    gradient_report total = {0};
    for (size_t i = 0; i < sizeof inits / sizeof *inits; i++)
        for (size_t layers = 1; layers <= 3; layers++) {
            problem p;
            unroll_init init = make_init(inits[i], 10 * i + layers);
            init.chrono = layers == 2;
            init.chrono_max = 10;
            open_problem(&p, b, (unroll_net_spec){.layers = layers}, &init, true);
            check_parameters(&p, &total);
            close_problem(&p);
        }
    require_few_kinks(b, &total);
}
END_TEST

START_TEST(inputs_and_losses)
{
    const body *b = &bodies[_i];
    gradient_report total = {0};
    const unroll_net_spec specs[] = {
        {.layers = 2},
        {.layers = 2, .embedding = 2},
        {.layers = 2, .embedding = UNITS, .tie = true},
        {.layers = 2, .features = true},
        {.layers = 3, .dropout = 0.4},
        {.layers = 2, .dropout = 0.4, .embedding = 5},
        {.layers = 2, .dropout = 0.4, .embedding = UNITS, .tie = true},
        {.layers = 3, .residual = true},
        {.layers = 3, .residual = true, .dropout = 0.4, .embedding = 5},
    };
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++)
        for (size_t variant = 0; variant < 4; variant++) {
            problem p;
            unroll_net_spec spec = specs[i];
            const unroll_init init = make_init("uniform", 100 + 4 * i + variant);
            spec.squared = variant & 1;
            open_problem(&p, b, spec, &init, variant & 2);
            check_parameters(&p, &total);
            close_problem(&p);
        }
    require_few_kinks(b, &total);
}
END_TEST

/* As many units as a panel has columns: gates then stand side by side without padding, and some
 * products are taken together. */
START_TEST(full_width)
{
    const body *b = &bodies[_i];
    gradient_report total = {0};
    problem p;
    const unroll_init init = make_init("xavier", 7);
    const size_t H = unroll_kernels_get()->width;
    open_problem(&p, b, (unroll_net_spec){.layers = 1, .hidden = H}, &init, true);
    check_parameters(&p, &total);
    close_problem(&p);
    require_few_kinks(b, &total);
}
END_TEST

START_TEST(from_zero_state)
{
    gradient_report total = {0};
    problem p;
    const unroll_init init = make_init("uniform", 8);
    open_problem(&p, &bodies[_i], (unroll_net_spec){.layers = 2}, &init, true);
    p.batch.carry = 0; /* the state that is set must not matter */
    check_parameters(&p, &total);
    close_problem(&p);
    require_few_kinks(&bodies[_i], &total);
}
END_TEST

/* Clipped gradients are the differences' gradient, bounded and scaled by hand. */
START_TEST(clipping)
{
    static const double norm_shares[] = {0, 0.5, 2}, value_shares[] = {0, 0.3};
    problem p;
    const unroll_init init = make_init("uniform", 600);
    open_problem(&p, &bodies[_i], (unroll_net_spec){.layers = 2}, &init, true);
    gradient_report total = {0};
    check_parameters(&p, &total); /* p.grad is right: the differences say so */
    const size_t n = unroll_net_size(p.net);
    double *g = new_doubles(n), largest = 0, norm = 0;
    unroll_clip_block *blocks = calloc(n / UNROLL_BLOCK + 1, sizeof *blocks);
    ck_assert_ptr_nonnull(blocks);
    run_gradient(&p);
    for (size_t i = 0; i < n; i++) {
        largest = fmax(largest, fabs(p.grad[i]));
        norm += p.grad[i] * p.grad[i];
    }
    norm = sqrt(norm);
    for (size_t k = 0; k < 6; k++) {
        const double bound = norm_shares[k % 3] * norm, value = value_shares[k / 3] * largest;
        double bounded = 0;
        unroll_clip clip;
        memcpy(g, p.grad, n * sizeof *g);
        unroll_clip_gradient(unroll_kernels_get(), value, bound, n, g, blocks, 1, &clip);
        for (size_t i = 0; i < n; i++) {
            const double want = value > 0 ? fmax(-value, fmin(value, p.grad[i])) : p.grad[i];
            bounded += want * want;
        }
        bounded = sqrt(bounded);
        /* clip_grad_norm_ divides by norm + 1e-6 */
        const double scale = bound > 0 && bounded > bound ? bound / (bounded + 1e-6) : 1;
        ck_assert_double_eq_tol(clip.norm, norm, 1e-12 * norm);
        ck_assert(clip.clipped == (scale < 1 || value > 0));
        for (size_t i = 0; i < n; i++) {
            const double want = value > 0 ? fmax(-value, fmin(value, p.grad[i])) : p.grad[i];
            ck_assert_double_eq_tol(g[i] * clip.factor, want * scale, 1e-12 * largest);
        }
    }
    free(blocks);
    free(g);
    close_problem(&p);
}
END_TEST

enum { SIDE = 3 };

typedef struct form {
    double x[SIDE * SIDE];
    double shift;
} form;

/* Smooth, and with a gradient that is not symmetric in the matrix. */
static double form_value(void *arg)
{
    const form *f = arg;
    double sum = 0;
    for (size_t i = 0; i < SIDE; i++)
        for (size_t j = 0; j < SIDE; j++)
            sum += (double)(2 * i + j + 1) * tanh(f->x[i * SIDE + j]) / 10;
    return sum;
}

static void open_form(form *f, double grad[SIDE * SIDE])
{
    for (size_t i = 0; i < SIDE; i++)
        for (size_t j = 0; j < SIDE; j++) {
            const double t = tanh(f->x[i * SIDE + j] = 0.1 * (double)(i + 1) - 0.2 * (double)j);
            grad[i * SIDE + j] = (double)(2 * i + j + 1) / 10 * (1 - t * t);
        }
}

START_TEST(checker_accepts_right)
{
    form f;
    double g[SIDE * SIDE];
    gradient_report r = {0};
    open_form(&f, g);
    const form before = f;
    gradient_check(form_value, &f, SIDE * SIDE, f.x, g, &r);
    ck_assert_uint_eq(r.checked, SIDE * SIDE);
    ck_assert_uint_eq(r.wrong + r.kinks, 0);
    ck_assert(r.worst < 1e-9);
    ck_assert_mem_eq(f.x, before.x, sizeof f.x);
}
END_TEST

START_TEST(checker_finds_wrong)
{
    static const size_t at = 5;
    form f;
    double g[SIDE * SIDE];
    gradient_report r = {0};
    open_form(&f, g);
    switch (_i) {
    case 0: g[at] = -g[at]; break;
    case 1: g[at] *= 1.001; break;
    case 2: g[at] *= 1 + 3e-7; break;
    case 3: g[at] = 0; break;
    case 4: g[at] = NAN; break;
    case 5: g[at] = INFINITY; break;
    default: g[at] += 1e-6; break;
    }
    gradient_check(form_value, &f, SIDE * SIDE, f.x, g, &r);
    ck_assert_uint_eq(r.wrong, 1);
    ck_assert_uint_eq(r.kinks, 0);
    ck_assert_uint_eq(r.index, at);
}
END_TEST

START_TEST(checker_finds_transposed)
{
    form f;
    double g[SIDE * SIDE], turned[SIDE * SIDE];
    gradient_report r = {0};
    open_form(&f, g);
    for (size_t i = 0; i < SIDE; i++)
        for (size_t j = 0; j < SIDE; j++)
            turned[i * SIDE + j] = g[j * SIDE + i];
    gradient_check(form_value, &f, SIDE * SIDE, f.x, turned, &r);
    ck_assert_uint_eq(r.wrong, SIDE * (SIDE - 1));
}
END_TEST

/* The same through a real net: one element of one recurrent matrix. */
START_TEST(checker_finds_wrong_in_net)
{
    problem p;
    const unroll_parameter *list;
    const unroll_init init = make_init("xavier", 701);
    open_problem(&p, &bodies[_i], (unroll_net_spec){.layers = 1}, &init, true);
    run_gradient(&p);
    unroll_net_parameters(p.net, &list);
    ck_assert_str_eq(list[1].name, "rnn.weight_hh_l0");
    double *g = p.grad + list[1].offset, *w = unroll_net_weights(p.net) + list[1].offset;
    size_t at = 0;
    for (size_t i = 0; i < UNITS * UNITS; i++)
        at = fabs(g[i]) > fabs(g[at]) ? i : at;
    ck_assert(fabs(g[at]) > GRADIENT_FLOOR);
    g[at] = -g[at];
    gradient_report r = {0};
    gradient_check(mean_loss, &p, UNITS * UNITS, w, g, &r);
    ck_assert_uint_eq(r.wrong, 1);
    ck_assert_uint_eq(r.index, at);
    close_problem(&p);
}
END_TEST

static double corner_value(void *arg)
{
    const form *f = arg;
    return fabs(f->x[0] - f->shift) + f->x[0];
}

/* A corner within every step is counted, one only the long steps cross is no obstacle, and a
 * wrong gradient beside it is still wrong. */
START_TEST(checker_counts_kinks)
{
    static const struct {
        double shift, claimed;
        size_t kinks, wrong;
    } rows[] = {{1e-6, 0, 1, 0}, {5e-4, 0, 0, 0}, {1, 0, 0, 0}, {-1, 2, 0, 0}, {1, 0.1, 0, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        form f = {.shift = rows[i].shift};
        gradient_report r = {0};
        gradient_check(corner_value, &f, 1, f.x, &rows[i].claimed, &r);
        ck_assert_uint_eq(r.checked, 1);
        ck_assert_uint_eq(r.kinks, rows[i].kinks);
        ck_assert_uint_eq(r.wrong, rows[i].wrong);
    }
}
END_TEST

Suite *make_suite(void)
{
    list_bodies();
    Suite *suite = suite_create("gradient");
    TCase *checker = new_case(suite, "checker");
    tcase_add_test(checker, checker_accepts_right);
    tcase_add_loop_test(checker, checker_finds_wrong, 0, 7);
    tcase_add_test(checker, checker_finds_transposed);
    tcase_add_test(checker, checker_counts_kinks);
    tcase_add_loop_test(checker, checker_finds_wrong_in_net, 0, body_count);
    TCase *parameters = new_case(suite, "parameters");
    tcase_add_loop_test(parameters, starts_and_depths, 0, body_count);
    tcase_add_loop_test(parameters, inputs_and_losses, 0, body_count);
    tcase_add_loop_test(parameters, full_width, 0, body_count);
    tcase_add_loop_test(parameters, from_zero_state, 0, body_count);
    tcase_add_loop_test(parameters, clipping, 0, body_count);
    return suite;
}
