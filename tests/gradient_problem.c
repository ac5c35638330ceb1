#include "gradient_problem.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "work_options.h"

body bodies[BODIES_MAX];
int body_count;

void list_bodies(void)
{
    const unroll_kernels *k = unroll_kernels_get();
    for (size_t c = 0; k->cells[c]; c++)
        for (size_t a = 0; k->activations[a] && (a == 0 || k->cells[c]->has_activation); a++) {
            body *b = &bodies[body_count++];
            *b = (body){k->cells[c], k->activations[a], ""};
            snprintf(b->name, sizeof b->name, "%s %s %s", k->cells[c]->name, k->cells[c]->variant,
                     k->cells[c]->has_activation ? k->activations[a]->name : "");
        }
}

/* Only these have corners, so only these may have elements without a derivative. */
static bool has_corners(const body *b)
{
    return b->cell->has_activation && b->activation->corner;
}

unroll_init make_init(const char *kind, uint64_t seed)
{
    return (unroll_init){
        .size = sizeof(unroll_init), .kind = kind, .scale = 1, .forget_bias = 1, .seed = seed};
}

static unroll_rng rng;

static double draw(double bound)
{
    return (2 * unroll_rng_uniform(&rng) - 1) * bound;
}

double *new_doubles(size_t n)
{
    double *x = calloc(n ? n : 1, sizeof *x);
    ck_assert_ptr_nonnull(x);
    return x;
}

/* The part of a parameter that learns is one range of elements; of a bias, the gates that a
 * vector term has. */
static void trained_part(const problem *p, const unroll_parameter *q, size_t *first, size_t *count)
{
    const size_t H = unroll_net_get_spec(p->net)->hidden;
    *first = 0;
    *count = q->rows * (q->cols ? q->cols : 1);
    if (strstr(q->name, "_mean_l") || strstr(q->name, "_var_l"))
        *count = 0; /* running statistics */
    if (strncmp(q->name, "rnn.bias", 8) != 0)
        return;
    *count = 0;
    for (const unroll_vector_term *v = p->body->cell->vectors; v->count; v++)
        if (strncmp(q->name + 4, v->name, strlen(v->name)) == 0) {
            *first = v->gate * H;
            *count = v->count * H;
        }
}

/* Zeros would put a ReLU on its corner, where no difference is a derivative. */
static void leave_corners(problem *p)
{
    const unroll_parameter *list;
    const size_t n = unroll_net_parameters(p->net, &list);
    for (size_t i = 0; i < n; i++) {
        size_t first, count;
        trained_part(p, &list[i], &first, &count);
        double *w = unroll_net_weights(p->net) + list[i].offset + first;
        for (size_t k = 0; k < count; k++)
            if (w[k] == 0)
                w[k] = draw(0.3);
    }
    unroll_net_pack(p->net, 1);
}

static void draw_window(problem *p, bool padded)
{
    static const uint8_t modes[ROWS][STEPS] = {
        {UNROLL_RUN, UNROLL_RUN, UNROLL_RUN, UNROLL_HOLD},
        {UNROLL_RUN, UNROLL_RESET, UNROLL_RUN, UNROLL_RUN},
        {UNROLL_HOLD, UNROLL_RUN, UNROLL_HOLD, UNROLL_RUN},
    };
    const unroll_net_spec *spec = unroll_net_get_spec(p->net);
    for (size_t i = 0; i < STEPS * ROWS; i++) {
        p->input[i] = (uint32_t)unroll_rng_below(&rng, SYMBOLS);
        p->target[i] = (uint32_t)unroll_rng_below(&rng, SYMBOLS);
        p->mode[i] = modes[i % ROWS][i / ROWS];
        p->weight[i] = p->mode[i] != UNROLL_RUN ? 0 : 0.5 * (double)(i % 4);
    }
    for (size_t i = 0; i < STEPS * ROWS * FEATURES; i++)
        p->feature[i] = draw(1);
    for (size_t i = 0; i < STEPS * ROWS * SYMBOLS; i++)
        p->value[i] = draw(1);
    p->batch = (unroll_batch){
        .T = STEPS,
        .B = ROWS,
        .carry = 1,
        .input = spec->features ? NULL : p->input,
        .feature = spec->features ? p->feature : NULL,
        .target = spec->squared ? NULL : p->target,
        .value = spec->squared ? p->value : NULL,
        .weight = padded ? p->weight : NULL,
        .mode = padded ? p->mode : NULL,
    };
}

void open_problem(problem *p, const body *b, unroll_net_spec spec, const unroll_init *init,
                  bool padded)
{
    memset(p, 0, sizeof *p);
    p->body = b;
    spec.size = sizeof spec;
    spec.inputs = spec.features ? FEATURES : SYMBOLS;
    spec.outputs = SYMBOLS;
    spec.cell = b->cell->name;
    spec.gru = spec.lstm = *b->cell->variant ? b->cell->variant : NULL;
    spec.activation = b->cell->has_activation ? b->activation->name : NULL;
    spec.hidden = spec.hidden ? spec.hidden : UNITS;
    snprintf(p->name, sizeof p->name, "%s, %s, %zu layers of %zu, embedding %zu%s%s%s%s%s%s",
             b->name, init->kind, spec.layers, spec.hidden, spec.embedding,
             spec.tie ? ", tied" : "", spec.features ? ", features" : "",
             spec.squared ? ", squared" : "", spec.dropout > 0 ? ", dropout" : "",
             spec.residual ? ", residual" : "", padded ? ", padded" : "");
    ck_assert_msg(unroll_net_new(&spec, &p->net) == UNROLL_OK, "%s: %s", p->name, unroll_message());
    ck_assert_msg(unroll_net_init(p->net, init) == UNROLL_OK, "%s: %s", p->name, unroll_message());
    unroll_rng_seed(&rng, init->seed, 99);
    leave_corners(p);
    draw_window(p, padded);
    ck_assert_int_eq(unroll_work_new(p->net,
                                     WORK(.T = STEPS, .B = ROWS, .threads = 1, .training = true),
                                     &p->work),
                     UNROLL_OK);
    p->dropout = spec.dropout > 0;
    const size_t states = unroll_work_state_size(p->work);
    p->state = new_doubles(states);
    for (size_t i = 0; i < states; i++)
        p->state[i] = draw(0.5);
    p->grad = new_doubles(unroll_net_size(p->net));
}

void close_problem(problem *p)
{
    free(p->grad);
    free(p->state);
    unroll_work_free(p->work);
    unroll_net_free(p->net);
}

void run_gradient(problem *p)
{
    unroll_work_set_state(p->work, p->state);
    unroll_work_set_dropout_key(p->work, 12345);
    ck_assert_int_eq(unroll_net_gradient(p->net, &p->batch, p->work, p->grad, &p->result), UNROLL_OK);
    ck_assert(p->result.finite);
}

double mean_loss(void *arg)
{
    problem *p = arg;
    unroll_net_pack(p->net, 1);
    if (p->dropout) { /* evaluation has none */
        double *kept = p->grad;
        p->grad = new_doubles(unroll_net_size(p->net));
        run_gradient(p);
        free(p->grad);
        p->grad = kept;
    } else {
        unroll_work_set_state(p->work, p->state);
        ck_assert_int_eq(unroll_net_evaluate(p->net, &p->batch, p->work, &p->result, NULL),
                         UNROLL_OK);
    }
    return p->result.loss / p->result.weight;
}

void require_right(const gradient_report *r, const char *problem_name, const char *array,
                   const char *place)
{
    ck_assert_msg(r->wrong == 0,
                  "%s: %zu of %zu wrong, worst %s%s: %.12g, by differences %.12g, error %.2g",
                  problem_name, r->wrong, r->checked, array, place, r->analytic, r->numeric,
                  r->worst);
}

/* "[row][col]" in PyTorch's shape of element i in memory. */
static void place_of(const unroll_parameter *q, size_t i, char text[64])
{
    if (q->cols == 0)
        snprintf(text, 64, "[%zu]", i);
    else if (q->transposed)
        snprintf(text, 64, "[%zu][%zu]", i % q->rows, i / q->rows);
    else
        snprintf(text, 64, "[%zu][%zu]", i / q->cols, i % q->cols);
}

/* Every element of every parameter, what does not learn included: its gradient is 0. */
void check_parameters(problem *p, gradient_report *total)
{
    const unroll_parameter *list;
    const size_t n = unroll_net_parameters(p->net, &list);
    size_t trained = 0;
    run_gradient(p);
    for (size_t i = 0; i < n; i++) {
        size_t first, count;
        char place[64];
        gradient_report r = {0};
        trained_part(p, &list[i], &first, &count);
        trained += count;
        ck_assert_msg(list[i].frozen == (count == 0), "%s: %s is frozen", p->name, list[i].name);
        const double *g = p->grad + list[i].offset;
        for (size_t k = 0; k < list[i].rows * (list[i].cols ? list[i].cols : 1); k++)
            ck_assert_msg((k >= first && k < first + count) || g[k] == 0,
                          "%s: %s[%zu] does not learn, yet has a gradient", p->name, list[i].name, k);
        gradient_check(mean_loss, p, count, unroll_net_weights(p->net) + list[i].offset + first,
                       g + first, &r);
        place_of(&list[i], first + r.index, place);
        require_right(&r, p->name, list[i].name, place);
        total->checked += r.checked;
        total->kinks += r.kinks;
    }
    ck_assert_uint_eq(trained, unroll_net_trainable(p->net));
}

/* A share of corners that small steps still cross is no fault; more would be no test. */
void require_few_kinks(const body *b, const gradient_report *r)
{
    ck_assert_uint_gt(r->checked, 0);
    ck_assert_msg(r->kinks <= (has_corners(b) ? r->checked / 100 : 0),
                  "%s: %zu of %zu elements have no derivative", b->name, r->kinks, r->checked);
}
