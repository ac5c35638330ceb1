/* What a cell says of itself: its terms and gates fit together, and its blocks hold what it says that they hold. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cell/cells.h"
#include "net/net.h"
#include "net_bodies.h"
#include "runner.h"

static const unroll_cell *cell_of(int i)
{
    return unroll_kernels_get()->cells[i];
}

static int count_of_cells(void)
{
    int count = 0;
    while (cell_of(count))
        count++;
    return count;
}

/* ---- the descriptor alone ---- */

/* Terms: how often each gate is in one. */
static void count_gates(const unroll_cell *cell, const unroll_term *terms, size_t *times)
{
    size_t n = 0;
    for (; n < UNROLL_TERMS_MAX && terms[n].count; n++) {
        ck_assert_msg(terms[n].gate + terms[n].count <= cell->gates,
                      "%s: a term of gates beyond the last", cell->name);
        ck_assert_msg(terms[n].block + terms[n].count <= cell->blocks,
                      "%s: a term of blocks beyond the last", cell->name);
        ck_assert_msg(terms[n].source == UNROLL_SOURCE_H || (size_t)terms[n].source < cell->blocks,
                      "%s: a term's source is no block", cell->name);
        for (size_t g = 0; g < terms[n].count; g++)
            times[terms[n].gate + g]++;
    }
    ck_assert_msg(n < UNROLL_TERMS_MAX, "%s: no term of count 0 ends the list", cell->name);
}

START_TEST(terms_fit)
{
    const unroll_cell *cell = cell_of(_i);
    size_t input[UNROLL_GATES_MAX] = {0}, recurrent[UNROLL_GATES_MAX] = {0};
    ck_assert(cell->gates > 0 && cell->gates <= UNROLL_GATES_MAX);
    ck_assert(cell->states == 1 || cell->states == 2);
    count_gates(cell, cell->input, input);
    count_gates(cell, cell->recurrent, recurrent);
    for (size_t g = 0; g < cell->gates; g++) {
        ck_assert_msg(input[g] == 1, "%s: gate %zu takes the input %zu times", cell->name, g,
                      input[g]);
        ck_assert_msg(recurrent[g] <= 1, "%s: gate %zu takes the state twice", cell->name, g);
    }
    for (size_t i = 0; i < UNROLL_TERMS_MAX && cell->vectors[i].count; i++) {
        const unroll_vector_term *v = &cell->vectors[i];
        ck_assert_msg(strcmp(v->name, "bias_ih") == 0 || strcmp(v->name, "bias_hh") == 0,
                      "%s: there is no vector %s", cell->name, v->name);
        ck_assert(v->gate + v->count <= cell->gates && v->block + v->count <= cell->blocks);
    }
    ck_assert((cell->diagonals > 0) == (cell->diagonal_name != NULL));
    for (size_t i = 0; i < cell->diagonals; i++)
        ck_assert_msg(cell->diagonal[i].block < cell->blocks && cell->states > 1,
                      "%s: diagonal term %zu is of no block or no state", cell->name, i);
    ck_assert_msg(!cell->norm_gates || cell->gates - cell->norm_gates <= 1,
                  "%s: more than one gate is normalised alone", cell->name);
}
END_TEST

START_TEST(gates_have_names)
{
    const unroll_cell *cell = cell_of(_i);
    const int gates = (int)cell->gates;
    for (size_t g = 0; g < cell->gates; g++) {
        const char *name = cell->gate[g].name;
        ck_assert_msg(name && strlen(name) < UNROLL_GATE_NAME, "%s: gate %zu has no short name",
                      cell->name, g);
        ck_assert_msg((cell->gates == 1) == (*name == '\0'), "%s: gate %zu is called '%s'",
                      cell->name, g, name);
        for (size_t k = 0; k < g; k++)
            ck_assert_str_ne(name, cell->gate[k].name);
        ck_assert_uint_lt(cell->gate[g].block, cell->blocks);
    }
    ck_assert(cell->forget_gate >= -1 && cell->forget_gate < gates);
    ck_assert(cell->input_gate >= -1 && cell->input_gate < gates);
    ck_assert(cell->carry_gate >= -1 && cell->carry_gate < gates);
    ck_assert_msg(cell->forget_gate >= 0 || cell->forget_bias == 0, "%s: a bias for no gate",
                  cell->name);
    ck_assert_msg(!cell->keep.name || cell->keep.block < cell->blocks, "%s: keep is no block",
                  cell->name);
    ck_assert_msg(!cell->no_theory || cell->carry_gate < 0, "%s: why should theory not apply?",
                  cell->name);
    ck_assert(cell->summary && cell->variant && cell->forward && cell->backward);
    for (size_t k = 0; k < unroll_spec_count(cell->keys); k++) {
        const unroll_spec_key *key = &cell->keys[k];
        ck_assert_ptr_nonnull(key->help);
        ck_assert(key->min <= key->preset && key->preset <= key->max);
    }
}
END_TEST

/* ---- a step ---- */

/* The net of a cell with one layer, and a window whose blocks of z can be read after a pass. */
typedef struct pass {
    unroll_net *net;
    unroll_work *work;
    window window;
} pass;

static void open_pass(pass *p, const unroll_cell *cell, const char *activation,
                      const unroll_init *init)
{
    const unroll_net_spec spec = {.size = sizeof spec,
                                  .inputs = SYMBOLS,
                                  .outputs = SYMBOLS,
                                  .cell = cell->name,
                                  .gru = cell->variant,
                                  .lstm = cell->variant,
                                  .activation = activation,
                                  .layers = 1,
                                  .hidden = UNITS};
    p->net = new_net(spec);
    ck_assert_int_eq(unroll_net_init(p->net, init), UNROLL_OK);
    p->work = new_work(p->net, STEPS, ROWS, 1);
    open_window(&p->window, &spec, STEPS, ROWS, false);
}

static void run_pass(pass *p)
{
    unroll_result result;
    unroll_net_pack(p->net, 1);
    ck_assert_int_eq(unroll_net_evaluate(p->net, &p->window.batch, p->work, &result, NULL),
                     UNROLL_OK);
    ck_assert(result.finite);
}

static void close_pass(pass *p)
{
    close_window(&p->window);
    unroll_work_free(p->work);
    unroll_net_free(p->net);
}

/* The activation is tanh. */
static double value_of(enum unroll_gate_kind kind, unroll_real kept)
{
    return unroll_gate_read(kind == UNROLL_GATE_ACTIVATION ? UNROLL_GATE_TANH : kind, kept).value;
}

static void require_gate(const pass *p, const unroll_gate *gate, double low, double high,
                         const char *what)
{
    const unroll_stack *s = &p->net->stack;
    const size_t row = s->at[0].layer.blocks * s->pitch;
    for (size_t i = 0; i < STEPS * ROWS; i++)
        for (size_t j = 0; j < UNITS; j++) {
            const double x =
                value_of(gate->kind, p->work->run.at[0].z[i * row + gate->block * s->pitch + j]);
            ck_assert_msg(x >= low && x <= high, "%s: gate %s is %g where %s is from %g to %g",
                          s->cell->name, gate->name, x, what, low, high);
        }
}

/* A large bias of one gate shows in its block, and in no way but as its nonlinearity has it. */
START_TEST(blocks_hold_the_gates)
{
    enum { FAR = 60 };
    static const double bounds[][2][2] = {
        [UNROLL_GATE_LINEAR] = {{-HUGE_VAL, HUGE_VAL}, {-HUGE_VAL, HUGE_VAL}},
        [UNROLL_GATE_SIGMOID] = {{0, 1e-6}, {1 - 1e-6, 1}},
        [UNROLL_GATE_TANH] = {{-1, -1 + 1e-6}, {1 - 1e-6, 1}},
        [UNROLL_GATE_ACTIVATION] = {{-1, -1 + 1e-6}, {1 - 1e-6, 1}},
    };
    const unroll_cell *cell = cell_of(_i);
    const unroll_init init = {
        .size = sizeof init, .kind = "xavier", .scale = 1, .forget_bias = 0, .seed = 3};
    for (size_t g = 0; g < cell->gates; g++)
        for (int high = 0; high < 2; high++) {
            pass p;
            open_pass(&p, cell, NULL, &init);
            for (size_t j = 0; j < UNITS; j++)
                weights_of(p.net, "rnn.bias_ih_l0")[g * UNITS + j] = high ? FAR : -FAR;
            run_pass(&p);
            const double *bound = bounds[cell->gate[g].kind][high];
            require_gate(&p, &cell->gate[g], bound[0], bound[1], "such a gate");
            close_pass(&p);
        }
}
END_TEST

static const unroll_gate *keeping_gate(const unroll_cell *cell)
{
    size_t g = 0;
    while (cell->gate[g].block != cell->keep.block)
        g++;
    return &cell->gate[g];
}

/* The last state, of those from zero and from `first` in all units. Of two states c is the one that is kept. */
static void last_state(pass *p, unroll_real first, unroll_real *last)
{
    const size_t n = unroll_work_state_size(p->work), half = ROWS * UNITS;
    unroll_real *state = new_array(n, sizeof *state);
    for (size_t i = 0; i < half; i++)
        state[n - half + i] = first;
    p->window.batch.carry = 1;
    unroll_work_set_state(p->work, state);
    run_pass(p);
    unroll_work_get_state(p->work, state);
    memcpy(last, state + n - half, half * sizeof *last);
    free(state);
}

/* --forget-bias opens what keeps the state, whichever sign its gate has; and where nothing goes by the recurrent
 * weights, what is kept is the state, or else nothing of it. */
START_TEST(a_bias_keeps_the_state)
{
    const unroll_cell *cell = cell_of(_i);
    for (int open = 0; cell->keep.name && cell->forget_gate >= 0 && open < 2; open++) {
        pass p;
        unroll_real from_zero[ROWS * UNITS], from_one[ROWS * UNITS];
        const unroll_init init = {.size = sizeof init,
                                  .kind = "xavier",
                                  .scale = 1,
                                  .forget_bias = open ? 60 : -60,
                                  .seed = 3};
        open_pass(&p, cell, NULL, &init);
        run_pass(&p);
        const bool one = open != cell->keep.complement;
        require_gate(&p, keeping_gate(cell), one ? 1 - 1e-6 : 0, one ? 1 : 1e-6, cell->keep.name);
        memset(weights_of(p.net, "rnn.weight_hh_l0"), 0,
               cell->gates * UNITS * UNITS * sizeof(unroll_real));
        if (cell->diagonal_name) {
            char name[64];
            snprintf(name, sizeof name, "rnn.%s_l0", cell->diagonal_name);
            memset(weights_of(p.net, name), 0, cell->diagonals * UNITS * sizeof(unroll_real));
        }
        last_state(&p, 0, from_zero);
        last_state(&p, 1, from_one);
        for (size_t j = 0; j < ROWS * UNITS; j++)
            ck_assert_double_eq_tol((double)(from_one[j] - from_zero[j]), open, 1e-5);
        close_pass(&p);
    }
}
END_TEST

/* ---- far out ---- */

/* dL/db of each unit of a gate whose biases are all `bias`. */
static void bias_gradient(const unroll_cell *cell, const char *activation, size_t gate,
                          unroll_real bias, unroll_real *gradient)
{
    const unroll_init init = {.size = sizeof init, .kind = "xavier", .scale = 1, .seed = 3};
    pass p;
    unroll_result result;
    open_pass(&p, cell, activation, &init);
    const unroll_parameter *b = parameter_of(p.net, "rnn.bias_ih_l0");
    unroll_real *grad = new_array(unroll_net_size(p.net), sizeof *grad);
    for (size_t j = 0; j < UNITS; j++)
        weights_of(p.net, "rnn.bias_ih_l0")[gate * UNITS + j] = bias;
    unroll_net_pack(p.net, 1);
    ck_assert_int_eq(unroll_net_gradient(p.net, &p.window.batch, p.work, grad, &result), UNROLL_OK);
    memcpy(gradient, grad + b->offset + gate * UNITS, UNITS * sizeof *gradient);
    free(grad);
    close_pass(&p);
}

static double largest_of(const unroll_real *x)
{
    double largest = 0;
    for (size_t j = 0; j < UNITS; j++)
        largest = fmax(largest, fabs((double)x[j]));
    return largest;
}

/* Two further out, everything else is as it was, and the slope is smaller by e^-2 for a sigmoid, e^-4 for a tanh. A
 * complement that is a difference, 1 − tanh², is rounding or zero there. Where a unit's sum over steps cancels, its
 * rounding is that of the terms. */
static void check_far_out(const unroll_cell *cell, const char *activation, size_t gate, double ratio)
{
    enum { FAR = 20, FURTHER = 22 };
    for (int sign = -1; sign <= 1; sign += 2) {
        unroll_real far[UNITS], further[UNITS];
        bias_gradient(cell, activation, gate, (unroll_real)(sign * FAR), far);
        bias_gradient(cell, activation, gate, (unroll_real)(sign * FURTHER), further);
        for (size_t j = 0; j < UNITS; j++) {
            const double expected = ratio * (double)far[j], found = (double)further[j];
            ck_assert_msg(far[j] != 0 && fabs(found - expected) <
                                             1e-4 * fabs(expected) + 1e-6 * ratio * largest_of(far),
                          "%s %s: gate %zu, unit %zu: %g, not %g", cell->name,
                          activation ? activation : cell->variant, gate, j, found, expected);
        }
    }
}

START_TEST(saturated_units_still_learn)
{
    const unroll_cell *cell = cell_of(_i);
    for (size_t g = 0; g < cell->gates; g++)
        switch (cell->gate[g].kind) {
        case UNROLL_GATE_SIGMOID: check_far_out(cell, NULL, g, exp(-2)); break;
        case UNROLL_GATE_TANH: check_far_out(cell, NULL, g, exp(-4)); break;
        case UNROLL_GATE_ACTIVATION:
            check_far_out(cell, "tanh", g, exp(-4));
            check_far_out(cell, "sigmoid", g, exp(-2));
            break;
        case UNROLL_GATE_LINEAR: break;
        }
}
END_TEST

/* ---- by name ---- */

START_TEST(found_by_name)
{
    for (int i = 0; cell_of(i); i++) {
        const unroll_cell *cell = cell_of(i);
        const unroll_cell_forms forms = {.gru = cell->variant, .lstm = cell->variant};
        ck_assert_str_eq(unroll_cell_find_form(cell->name, &forms)->variant, cell->variant);
        ck_assert_str_eq(unroll_cell_find(cell->name)->name, cell->name);
    }
    ck_assert(unroll_cell_count() >= 3 && !unroll_cell_name(unroll_cell_count()));
    for (size_t i = 0; i < unroll_cell_count(); i++)
        for (size_t k = 0; k < i; k++)
            ck_assert_str_ne(unroll_cell_name(i), unroll_cell_name(k));
    ck_assert_ptr_null(unroll_cell_find("nothing"));
    ck_assert_ptr_null(unroll_cell_find("lst"));
    const unroll_cell_forms first = {.gru = "reset-after", .lstm = "forget"};
    const unroll_cell_forms other = {.gru = "reset-before", .lstm = "peephole"};
    ck_assert_ptr_null(unroll_cell_find_form("gru", &(unroll_cell_forms){.gru = "reset-never"}));
    ck_assert_ptr_null(unroll_cell_find_form("lstm", &(unroll_cell_forms){.lstm = "reset-after"}));
    ck_assert_str_eq(unroll_cell_variant("gru", 0), first.gru);
    ck_assert_str_eq(unroll_cell_variant("lstm", 0), first.lstm);
    ck_assert_ptr_null(unroll_cell_variant("rnn", 0));
    ck_assert_str_eq(unroll_cell_form_text("rnn", &other, "relu"), "relu");
    ck_assert_str_eq(unroll_cell_form_text("lstm", &first, "relu"), "");
    ck_assert_str_eq(unroll_cell_form_text("lstm", &other, "relu"), "peephole");
    ck_assert_str_eq(unroll_cell_form_text("gru", &first, "tanh"), "");
    ck_assert_str_eq(unroll_cell_form_text("gru", &other, "tanh"), "reset-before");
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("cells");
    TCase *tests = new_case(suite, "cells");
    const int cells = count_of_cells();
    tcase_add_loop_test(tests, terms_fit, 0, cells);
    tcase_add_loop_test(tests, gates_have_names, 0, cells);
    tcase_add_loop_test(tests, blocks_hold_the_gates, 0, cells);
    tcase_add_loop_test(tests, a_bias_keeps_the_state, 0, cells);
    tcase_add_loop_test(tests, saturated_units_still_learn, 0, cells);
    tcase_add_test(tests, found_by_name);
    return suite;
}
