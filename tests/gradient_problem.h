#ifndef UNROLL_TESTS_GRADIENT_PROBLEM_H
#define UNROLL_TESTS_GRADIENT_PROBLEM_H
#include <unroll/net.h>

#include "cell/cell.h"
#include "gradient_check.h"

/* Small networks, in doubles, with a window of data: what gradients are tested on. */

enum { STEPS = 4, ROWS = 3, SYMBOLS = 4, FEATURES = 2, UNITS = 3, BODIES_MAX = 32 };

/** A cell with one of its activations. */
typedef struct body {
    const unroll_cell *cell;
    const unroll_activation *activation;
    char name[64];
} body;

/** All of the kernels' tables, filled by list_bodies(). */
extern body bodies[BODIES_MAX];
extern int body_count;
void list_bodies(void);

/** A net, a window for it and all that a loss needs. */
typedef struct problem {
    char name[256];
    const body *body;
    unroll_net *net;
    unroll_work *work;
    unroll_batch batch;
    uint32_t input[STEPS * ROWS], target[STEPS * ROWS];
    double feature[STEPS * ROWS * FEATURES], value[STEPS * ROWS * SYMBOLS], weight[STEPS * ROWS];
    uint8_t mode[STEPS * ROWS];
    double *state; /**< carried into the window */
    double *grad;  /**< of the last run_gradient() */
    bool dropout;
    unroll_result result;
} problem;

unroll_init make_init(const char *kind, uint64_t seed);

/** Sizes that `spec` leaves at 0 are the constants above; the window carries a state on.
 *  @param padded  rows of several lengths, sequences side by side, targets that do not count */
void open_problem(problem *p, const body *b, unroll_net_spec spec, const unroll_init *init,
                  bool padded);
void close_problem(problem *p);

/** Into p->grad, p->result. */
void run_gradient(problem *p);

/** gradient_function of a problem: the mean loss with the present weights. */
double mean_loss(void *arg);

/** Run every element of every parameter through gradient_check() and fail the test that calls it
 *  where one is wrong, or where something that does not learn has a gradient. Adds to *total. */
void check_parameters(problem *p, gradient_report *total);

/** Fail the calling test where the report has a wrong element, named array + place. */
void require_right(const gradient_report *r, const char *problem_name, const char *array,
                   const char *place);

/** Fail it where more elements have no derivative than `b` gives reason for. */
void require_few_kinks(const body *b, const gradient_report *r);

double *new_doubles(size_t n); /**< zeroed; free() */
#endif
