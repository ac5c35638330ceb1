#include "probe/lyapunov.h"

#include <math.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "net/net.h"
#include "probe/jacobian.h"

enum { SETTLE = 50 };

/* What a thread needs to follow one sample. */
typedef struct follower {
    unroll_transport transport;
    double *q;                   /* [count][size] */
    double *r;                   /* [count] */
} follower;

typedef struct measurement {
    const unroll_work *work;
    const unroll_batch *batch;
    size_t count, samples, threads;
    uint64_t seed;
    follower *at;                /* [threads] */
    double *sum;                 /* [samples][count] logarithms */
    size_t *steps;               /* [samples] */
} measurement;

/* Gram and Schmidt, twice, since once leaves what cancellation lost. r takes the lengths before; a vector that lies
 * among those before it has length 0, and becomes 0. */
static void orthonormalise(size_t count, size_t n, double *q, double *r)
{
    for (size_t i = 0; i < count; i++) {
        double *v = q + i * n, square = 0;
        for (size_t k = 0; k < 2 * i; k++) {
            const double *u = q + k % i * n;
            double dot = 0;
            for (size_t j = 0; j < n; j++)
                dot += u[j] * v[j];
            for (size_t j = 0; j < n; j++)
                v[j] -= dot * u[j];
        }
        for (size_t j = 0; j < n; j++)
            square += v[j] * v[j];
        r[i] = sqrt(square);
        for (size_t j = 0; r[i] > 0 && j < n; j++)
            v[j] /= r[i];
    }
}

static void take_and_give(follower *f, size_t count, bool first)
{
    const size_t n = f->transport.size;
    for (size_t i = 0; i < count && !first; i++) {
        int exponent;
        unroll_transport_get(&f->transport, i, f->q + i * n, &exponent);
        for (size_t j = 0; exponent != 0 && j < n; j++)
            f->q[i * n + j] = ldexp(f->q[i * n + j], exponent);
    }
    orthonormalise(count, n, f->q, f->r);
    for (size_t i = 0; i < count; i++)
        unroll_transport_set(&f->transport, i, f->q + i * n);
}

/* From the last loss to the first step, past which there is nothing to learn from. */
static void follow(follower *f, const measurement *m, size_t sample)
{
    const unroll_batch *b = m->batch;
    const size_t start = unroll_transport_start(b, sample);
    const size_t settle = start / 8 < SETTLE ? start / 8 : SETTLE;
    double *sum = m->sum + sample * m->count;
    unroll_rng rng;
    unroll_rng_seed(&rng, m->seed + sample, UNROLL_STREAM_PROBE);
    for (size_t i = 0; i < m->count * f->transport.size; i++)
        f->q[i] = unroll_rng_normal(&rng);
    take_and_give(f, m->count, true);
    for (size_t t = start; t > 0; t--) {
        const uint8_t mode = b->mode ? b->mode[t * b->B + sample] : UNROLL_RUN;
        if (mode == UNROLL_RESET)
            break;
        if (mode == UNROLL_HOLD)
            continue;
        unroll_transport_back(&f->transport, m->work, sample, t);
        take_and_give(f, m->count, false);
        if (start - t < settle || t <= settle)
            continue;
        for (size_t i = 0; i < m->count; i++)
            sum[i] += log(f->r[i]);
        m->steps[sample]++;
    }
}

static void follow_share(void *arg, size_t thread)
{
    measurement *m = arg;
    for (size_t r = thread; r < m->samples; r += m->threads)
        follow(&m->at[thread], m, r);
}

static unroll_status prepare(measurement *m, const unroll_net *net)
{
    m->at = unroll_alloc(m->threads, sizeof *m->at);
    m->sum = unroll_alloc(m->samples * m->count, sizeof *m->sum);
    m->steps = unroll_alloc(m->samples, sizeof *m->steps);
    if (!m->at || !m->sum || !m->steps)
        return UNROLL_EMEMORY;
    for (size_t i = 0; i < m->threads; i++) {
        follower *f = &m->at[i];
        /* two rows at least: a normalisation over rows refuses one */
        UNROLL_TRY(unroll_transport_new(net, m->count > 1 ? m->count : 2, &f->transport));
        f->q = unroll_alloc(m->count * f->transport.size, sizeof *f->q);
        f->r = unroll_alloc(m->count, sizeof *f->r);
        if (!f->q || !f->r)
            return UNROLL_EMEMORY;
    }
    return UNROLL_OK;
}

static void release(measurement *m)
{
    for (size_t i = 0; m->at && i < m->threads; i++) {
        unroll_transport_free(&m->at[i].transport);
        unroll_free(m->at[i].q);
        unroll_free(m->at[i].r);
    }
    unroll_free(m->at);
    unroll_free(m->sum);
    unroll_free(m->steps);
}

static unroll_status average(const measurement *m, unroll_lyapunov *out)
{
    const double n = (double)m->samples;
    out->steps = SIZE_MAX;
    for (size_t r = 0; r < m->samples; r++)
        out->steps = m->steps[r] < out->steps ? m->steps[r] : out->steps;
    for (size_t i = 0; i < m->count; i++) {
        double sum = 0, squares = 0;
        out->nats[i] = out->deviation[i] = NAN;
        if (out->steps == 0)
            continue;
        for (size_t r = 0; r < m->samples; r++)
            sum += m->sum[r * m->count + i] / (double)m->steps[r];
        out->nats[i] = sum / n;
        if (isnan(sum) || sum == INFINITY)
            return unroll_fail(UNROLL_ENUMERIC, "the Jacobian is not finite; the model has diverged");
        for (size_t r = 0; r < m->samples; r++) {
            const double d = m->sum[r * m->count + i] / (double)m->steps[r] - out->nats[i];
            squares += d * d;
        }
        out->deviation[i] = m->samples > 1 ? sqrt(squares / (n - 1)) : NAN;
    }
    return UNROLL_OK;
}

unroll_status unroll_lyapunov_measure(const unroll_net *net, unroll_work *work, const unroll_batch *batch,
                                      size_t count, size_t samples, uint64_t seed,
                                      unroll_lyapunov *out)
{
    const size_t size = net->stack.layers * (net->stack.cell->states > 1 ? 2 : 1) * net->stack.hidden;
    measurement m = {.work = work, .batch = batch, .seed = seed};
    m.count = count < size ? count : size;
    m.samples = samples < batch->B ? samples : batch->B;
    m.threads = work->threads < m.samples ? work->threads : m.samples;
    *out = (unroll_lyapunov){.count = m.count, .samples = m.samples};
    out->nats = unroll_alloc(2 * m.count, sizeof *out->nats);
    unroll_status status = out->nats ? prepare(&m, net) : UNROLL_EMEMORY;
    if (status == UNROLL_OK)
        status = unroll_transport_forward(net, work, batch);
    if (status == UNROLL_OK) {
        out->deviation = out->nats + m.count;
        unroll_parallel(m.threads, follow_share, &m);
        status = average(&m, out);
    }
    release(&m);
    if (status != UNROLL_OK)
        unroll_lyapunov_free(out);
    return status;
}

void unroll_lyapunov_free(unroll_lyapunov *l)
{
    unroll_free(l->nats);
    *l = (unroll_lyapunov){0};
}
