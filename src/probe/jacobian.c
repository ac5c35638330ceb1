#include <math.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/versioned.h"
#include "net/net.h"
#include "probe/inject.h"
#include "probe/measures.h"
#include "probe/results.h"
#include "probe/spectrum.h"
#include "probe/transport.h"

/* What follows one sample. */
typedef struct follower {
    unroll_transport *transport;
    double *matrix;       /* [rows][size] of J_k, or of random rows times it; times 2^exponent */
    double *left, *right; /* [rows], [size]: what power iteration turns */
    int exponent;
} follower;

typedef struct measurement {
    const unroll_work *work;
    const unroll_batch *batch;
    size_t distances, samples, rows;
    bool exact;
    uint64_t seed;
    double *frobenius, *spectral; /* [samples][distances] log10 */
} measurement;

static void begin(follower *f, const measurement *m, size_t sample)
{
    const size_t n = f->transport->size;
    unroll_rng rng;
    unroll_rng_seed(&rng, m->seed + sample, UNROLL_STREAM_PROBE);
    for (size_t r = 0; r < m->rows; r++) {
        for (size_t j = 0; j < n; j++)
            f->matrix[j] = m->exact ? j == r : unroll_rng_next(&rng) >> 63 ? 1 : -1;
        unroll_transport_set(f->transport, r, f->matrix);
        f->left[r] = 1 + unroll_rng_uniform(&rng);
    }
}

/* All rows times the same power of two, the largest row's. */
static void take_matrix(follower *f, size_t rows)
{
    const size_t n = f->transport->size;
    int exponent, most = INT32_MIN;
    for (size_t r = 0; r < rows; r++) {
        double *row = f->matrix + r * n, sum = 0;
        unroll_transport_get(f->transport, r, row, &exponent);
        for (size_t j = 0; j < n; j++)
            sum += row[j] * row[j];
        if (sum > 0 && exponent > most)
            most = exponent;
    }
    for (size_t r = 0; r < rows; r++) {
        const int power = most == INT32_MIN ? 0 : f->transport->exponent[r] - most;
        const double factor = power < 0 ? ldexp(1, power) : 1; /* above: a row of zeros */
        for (size_t j = 0; power < 0 && j < n; j++)
            f->matrix[r * n + j] *= factor;
    }
    f->exponent = most == INT32_MIN ? 0 : most;
}

static double length(const double *x, size_t n)
{
    double sum = 0;
    for (size_t j = 0; j < n; j++)
        sum += x[j] * x[j];
    return sqrt(sum);
}

/* Begun with the last distance's vector, which is close. */
static double spectral(follower *f, size_t rows)
{
    enum { TURNS = 300 };
    const size_t n = f->transport->size;
    double before = -1, sigma;
    unroll_power_turn(rows, n, f->matrix, f->left, f->right); /* left has no length 1 yet */
    unroll_power_turn(rows, n, f->matrix, f->left, f->right);
    sigma = length(f->right, n);
    for (int i = 0; i < TURNS && fabs(sigma - before) > 1e-7 * sigma; i++) {
        before = sigma;
        unroll_power_turn(rows, n, f->matrix, f->left, f->right);
        sigma = length(f->right, n);
    }
    return sigma;
}

static void follow(void *arg, unroll_transport *transport, double *scratch, size_t sample)
{
    const measurement *m = arg;
    follower *f = &(follower){.transport = transport, .matrix = scratch};
    f->left = f->matrix + m->rows * transport->size;
    f->right = f->left + m->rows;
    const double part = m->exact ? 1 : (double)m->rows;
    const size_t start = unroll_transport_start(m->batch, sample);
    begin(f, m, sample);
    for (size_t k = 0; k < m->distances; k++) {
        const size_t at = sample * m->distances + k;
        take_matrix(f, m->rows);
        const double sum = length(f->matrix, m->rows * f->transport->size) / sqrt(part);
        const double scale = f->exponent * log10(2);
        m->frobenius[at] = log10(sum) + scale;
        m->spectral[at] = m->exact ? log10(spectral(f, m->rows)) + scale : NAN;
        if (k + 1 < m->distances)
            unroll_transport_back(f->transport, m->work, sample, start - k);
    }
}

static unroll_status average(const measurement *m, unroll_jacobian *out)
{
    for (size_t k = 0; k < m->distances; k++) {
        double frobenius = 0, spectral = 0;
        for (size_t r = 0; r < m->samples; r++) {
            frobenius += m->frobenius[r * m->distances + k] / (double)m->samples;
            spectral += m->spectral[r * m->distances + k] / (double)m->samples;
        }
        if (isnan(frobenius) || frobenius == INFINITY)
            return unroll_fail(UNROLL_ENUMERIC,
                               "the Jacobian over %zu steps is not finite; the model has "
                               "diverged",
                               k);
        out->frobenius[k] = pow(10, frobenius);
        out->spectral[k] = pow(10, spectral);
    }
    return UNROLL_OK;
}

/* The options as they come to hold for this batch. */
static unroll_status settle(const unroll_jacobian_options *options, const unroll_batch *b,
                            unroll_jacobian_options *o)
{
    *o = (unroll_jacobian_options){0};
    if (options)
        UNROLL_TRY(unroll_versioned_copy("unroll_jacobian_options", options, o, sizeof *o));
    if (o->samples == 0 || o->samples > b->B)
        o->samples = b->B;
    for (size_t r = 0; r < o->samples; r++) {
        const size_t reach = unroll_transport_start(b, r) + 1;
        if (o->distances > reach)
            return unroll_fail(UNROLL_EUSAGE,
                               "a Jacobian over %zu steps, of %zu that row %zu has before its last "
                               "target",
                               o->distances - 1, reach - 1, r);
    }
    o->distances = o->distances ? o->distances : unroll_batch_reach(b);
    return o->distances ? UNROLL_OK : unroll_fail(UNROLL_EUSAGE, "a row of the batch has no target");
}

unroll_status unroll_measure_jacobian(unroll_probe *p, const unroll_jacobian_options *options,
                                      unroll_jacobian **out)
{
    const unroll_batch *batch = p->batch;
    enum { EXACT = 512, VECTORS = 64 };
    unroll_jacobian_options o;
    UNROLL_TRY(settle(options, batch, &o));
    const size_t size = unroll_transport_size(p->net);
    measurement m = {.work = p->work,
                     .batch = batch,
                     .distances = o.distances,
                     .samples = o.samples,
                     .seed = o.seed};
    m.exact = o.vectors == 0 && size <= EXACT;
    m.rows = m.exact ? size : o.vectors ? o.vectors : VECTORS;
    unroll_jacobian *j = unroll_alloc(1, sizeof *j);
    if (!j)
        return UNROLL_EMEMORY;
    *j = (unroll_jacobian){
        .distances = m.distances, .samples = m.samples, .size = size, .exact = m.exact};
    j->frobenius = unroll_alloc(2 * m.distances, sizeof *j->frobenius);
    j->spectral = j->frobenius ? j->frobenius + m.distances : NULL;
    m.frobenius = unroll_alloc(m.samples * m.distances, sizeof *m.frobenius);
    m.spectral = unroll_alloc(m.samples * m.distances, sizeof *m.spectral);
    unroll_status status = j->frobenius && m.frobenius && m.spectral ? UNROLL_OK : UNROLL_EMEMORY;
    if (status == UNROLL_OK)
        status = unroll_transport_each(p->net, p->work, batch, m.samples, m.rows,
                                       m.rows * size + m.rows + size, follow, &m);
    if (status == UNROLL_OK)
        status = average(&m, j);
    unroll_free(m.spectral);
    unroll_free(m.frobenius);
    if (status == UNROLL_OK)
        *out = j;
    else
        unroll_jacobian_free(j);
    return status;
}
