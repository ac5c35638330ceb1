#include <math.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "net/net.h"
#include "probe/gradient_flow.h"
#include "probe/inject.h"
#include "probe/measures.h"
#include "probe/results.h"
#include "probe/transport.h"

/* The probe leaves the pre-activations' gradients of all steps in the work, each row of each step times a
 * power of two of its own; only these are kept on the way back. */
typedef struct measurement {
    const unroll_net *net;
    const unroll_work *work;
    int *exponent; /* [T][layers][B] */
    size_t *start; /* [B] step of each row's loss */
} measurement;

static void keep(void *arg, const unroll_flow_step *s)
{
    const measurement *m = arg;
    const size_t at = (s->t * m->net->stack.layers + s->layer) * m->work->B + s->row0;
    memcpy(m->exponent + at, s->exponent, s->rows * sizeof *s->exponent);
}

static double dot(const unroll_real *a, const unroll_real *b, size_t gates, size_t hidden,
                  size_t pitch)
{
    double sum = 0;
    for (size_t g = 0; g < gates; g++)
        for (size_t j = 0; j < hidden; j++)
            sum += (double)a[g * pitch + j] * (double)b[g * pitch + j];
    return sum;
}

/* g_a · g_b of two samples k steps before their losses. */
static double product(const measurement *m, size_t l, size_t k, size_t a, size_t b)
{
    const unroll_stack *s = &m->net->stack;
    const unroll_stack_run *run = &m->work->run;
    const size_t H = s->pitch, B = run->B, z_row = s->at[l].layer.blocks * H;
    const size_t i = (m->start[a] - k) * B + a, j = (m->start[b] - k) * B + b;
    double sum = 0;
    for (const unroll_term *t = s->cell->recurrent; t->count; t++) {
        size_t row;
        const bool from_h = t->source == UNROLL_SOURCE_H;
        const unroll_real *d = unroll_stack_part(s, run, l, UNROLL_NORM_H, t, &row);
        const unroll_real *x = from_h ? run->at[l].h : run->at[l].z + (size_t)t->source * H;
        const size_t x_row = from_h ? H : z_row;
        sum += dot(d + i * row, d + j * row, t->count, s->hidden, H) *
               dot(x + i * x_row, x + j * x_row, 1, s->hidden, H);
    }
    const size_t t_a = m->start[a] - k, t_b = m->start[b] - k;
    return ldexp(sum, m->exponent[(t_a * s->layers + l) * B + a] +
                          m->exponent[(t_b * s->layers + l) * B + b]);
}

static void take(const measurement *m, size_t l, size_t k, double *norm, double *ratio)
{
    const size_t n = m->work->B;
    double own = 0, cross = 0;
    for (size_t a = 0; a < n; a++) {
        own += product(m, l, k, a, a);
        for (size_t b = 0; b < a; b++)
            cross += 2 * product(m, l, k, a, b);
    }
    const double count = (double)n, signal = fmax(own + cross, 0) / (count * count);
    const double noise = (own - count * signal) / (count - 1); /* of one sample: 0/0 */
    *norm = sqrt(signal);
    *ratio = n > 1 && noise > 0 ? sqrt(signal / noise) : NAN;
}

static unroll_status measure(measurement *m, unroll_work *work, const unroll_batch *b,
                             unroll_weight_curve *c)
{
    uint8_t *inject = unroll_alloc(b->T * b->B, 1);
    m->exponent = unroll_alloc(b->T * c->layers * b->B, sizeof *m->exponent);
    m->start = unroll_alloc(b->B, sizeof *m->start);
    unroll_status status = inject && m->exponent && m->start ? UNROLL_OK : UNROLL_EMEMORY;
    if (status == UNROLL_OK) {
        unroll_inject_last(b, inject);
        status = unroll_gradient_flow_run(m->net, work,
                                          &(unroll_gradient_flow){
                                              .batch = b, .inject = inject, .visit = keep, .arg = m});
    }
    for (size_t r = 0; status == UNROLL_OK && r < b->B; r++)
        m->start[r] = unroll_transport_start(b, r);
    for (size_t i = 0; status == UNROLL_OK && i < c->layers * c->distances; i++)
        take(m, i / c->distances, i % c->distances, &c->norm[i], &c->ratio[i]);
    unroll_free(m->start);
    unroll_free(m->exponent);
    unroll_free(inject);
    return status;
}

unroll_status unroll_measure_weight_curve(unroll_probe *p, size_t distances, unroll_weight_curve **out)
{
    const unroll_batch *batch = p->batch;
    measurement m = {.net = p->net, .work = p->work};
    const size_t reach = unroll_batch_reach(batch), layers = p->net->stack.layers;
    distances = distances ? distances : reach;
    if (distances > reach || distances == 0)
        return unroll_fail(UNROLL_EUSAGE,
                           "%zu distances of a batch whose rows' last targets reach back over %zu",
                           distances, reach);
    unroll_weight_curve *c = unroll_alloc(1, sizeof *c);
    if (!c)
        return UNROLL_EMEMORY;
    *c = (unroll_weight_curve){.layers = layers, .distances = distances, .samples = batch->B};
    c->norm = unroll_alloc(2 * layers * distances, sizeof *c->norm);
    c->ratio = c->norm ? c->norm + layers * distances : NULL;
    const unroll_status status = c->norm ? measure(&m, p->work, batch, c) : UNROLL_EMEMORY;
    if (status == UNROLL_OK)
        *out = c;
    else
        unroll_weight_curve_free(c);
    return status;
}
