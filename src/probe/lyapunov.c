#include <math.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/versioned.h"
#include "net/init.h"
#include "net/net.h"
#include "probe/measures.h"
#include "probe/results.h"
#include "probe/transport.h"

/* Of a chain, so much at either end is left out: the vectors turn into place, the state comes from zero. In a trained
 * LSTM both take hundreds of steps. */
enum { SETTLE_SHARE = 8, SETTLE_MOST = 250 };

typedef struct measurement {
    const unroll_work *work;
    const unroll_batch *batch;
    size_t count, samples, starts;
    uint64_t seed;
    double *sum;   /* [samples][count] logarithms, of all starts */
    size_t *steps; /* [samples] of one start */
} measurement;

/* @param q  [count][size]; @param r  [count] takes their lengths */
static void take_and_give(unroll_transport *transport, size_t count, bool first, double *q, double *r)
{
    const size_t n = transport->size;
    for (size_t i = 0; i < count && !first; i++) {
        int exponent;
        unroll_transport_get(transport, i, q + i * n, &exponent);
        for (size_t j = 0; exponent != 0 && j < n; j++)
            q[i * n + j] = ldexp(q[i * n + j], exponent);
    }
    unroll_orthonormalise(count, n, q, r);
    for (size_t i = 0; i < count; i++)
        unroll_transport_set(transport, i, q + i * n);
}

/* From the last loss to the first step, past which there is nothing to learn from.
 * @param q  as many random vectors as exponents
 * @return how many steps were averaged */
static size_t follow_once(const measurement *m, unroll_transport *transport, double *q, size_t sample)
{
    double *r = q + m->count * transport->size;
    const unroll_batch *b = m->batch;
    const size_t start = unroll_transport_start(b, sample), share = start / SETTLE_SHARE;
    const size_t settle = share < SETTLE_MOST ? share : SETTLE_MOST;
    double *sum = m->sum + sample * m->count;
    size_t steps = 0;
    take_and_give(transport, m->count, true, q, r);
    for (size_t t = start; t > 0; t--) {
        const uint8_t mode = b->mode ? b->mode[t * b->B + sample] : UNROLL_RUN;
        if (mode == UNROLL_RESET)
            break;
        if (mode == UNROLL_HOLD)
            continue;
        unroll_transport_back(transport, m->work, sample, t);
        take_and_give(transport, m->count, false, q, r);
        if (start - t < settle || t <= settle)
            continue;
        for (size_t i = 0; i < m->count; i++)
            sum[i] += log(r[i]);
        steps++;
    }
    return steps;
}

static void follow(void *arg, unroll_transport *transport, double *q, size_t sample)
{
    const measurement *m = arg;
    unroll_rng rng;
    unroll_rng_seed(&rng, m->seed + sample, UNROLL_STREAM_PROBE);
    for (size_t k = 0; k < m->starts; k++) {
        for (size_t i = 0; i < m->count * transport->size; i++)
            q[i] = unroll_rng_normal(&rng);
        m->steps[sample] = follow_once(m, transport, q, sample);
    }
}

/* Of one sample, in nats per step. */
static double rate(const measurement *m, size_t sample, size_t i)
{
    return m->sum[sample * m->count + i] / (double)(m->starts * m->steps[sample]);
}

static void swap(double *x, size_t i, size_t j)
{
    const double kept = x[i];
    x[i] = x[j];
    x[j] = kept;
}

/* Means of short windows need not come in order. */
static void put_largest_first(unroll_lyapunov *l)
{
    for (size_t i = 1; i < l->count; i++)
        for (size_t j = i; j > 0 && l->nats[j] > l->nats[j - 1]; j--) {
            swap(l->nats, j, j - 1);
            swap(l->deviation, j, j - 1);
            swap(l->error, j, j - 1);
        }
}

static unroll_status average(const measurement *m, unroll_lyapunov *out)
{
    const double n = (double)m->samples;
    out->steps = SIZE_MAX;
    for (size_t r = 0; r < m->samples; r++)
        out->steps = m->steps[r] < out->steps ? m->steps[r] : out->steps;
    for (size_t i = 0; i < m->count; i++) {
        double sum = 0, squares = 0;
        out->nats[i] = out->deviation[i] = out->error[i] = NAN;
        if (out->steps == 0)
            continue;
        for (size_t r = 0; r < m->samples; r++)
            sum += rate(m, r, i);
        out->nats[i] = sum / n;
        if (isnan(sum) || sum == INFINITY)
            return unroll_fail(UNROLL_ENUMERIC, "the Jacobian is not finite; the model has diverged");
        for (size_t r = 0; r < m->samples; r++) {
            const double d = rate(m, r, i) - out->nats[i];
            squares += d * d;
        }
        out->deviation[i] = m->samples > 1 ? sqrt(squares / (n - 1)) : NAN;
        out->error[i] = out->deviation[i] / sqrt(n);
    }
    put_largest_first(out);
    return UNROLL_OK;
}

unroll_status unroll_measure_lyapunov(unroll_probe *p, const unroll_lyapunov_options *options,
                                      unroll_lyapunov **out)
{
    const unroll_batch *batch = p->batch;
    enum { COUNT = 16, SAMPLES = 8, STARTS = 8 };
    unroll_lyapunov_options o = {0};
    if (options)
        UNROLL_TRY(unroll_versioned_copy("unroll_lyapunov_options", options, &o, sizeof o));
    const size_t size = unroll_transport_size(p->net), count = o.count ? o.count : COUNT;
    const size_t samples = o.samples ? o.samples : SAMPLES;
    measurement m = {.work = p->work, .batch = batch, .seed = o.seed};
    m.count = count < size ? count : size;
    m.samples = samples < batch->B ? samples : batch->B;
    m.starts = o.starts ? o.starts : (STARTS + m.samples - 1) / m.samples;
    unroll_lyapunov *l = unroll_alloc(1, sizeof *l);
    if (!l)
        return UNROLL_EMEMORY;
    *l = (unroll_lyapunov){.count = m.count, .samples = m.samples, .starts = m.starts};
    l->nats = unroll_alloc(3 * m.count, sizeof *l->nats);
    l->deviation = l->nats ? l->nats + m.count : NULL;
    l->error = l->nats ? l->deviation + m.count : NULL;
    m.sum = unroll_alloc(m.samples * m.count, sizeof *m.sum);
    m.steps = unroll_alloc(m.samples, sizeof *m.steps);
    unroll_status status = l->nats && m.sum && m.steps ? UNROLL_OK : UNROLL_EMEMORY;
    if (status == UNROLL_OK) /* two rows at least: a normalisation over rows refuses one */
        status = unroll_transport_each(p->net, p->work, batch, m.samples, m.count > 1 ? m.count : 2,
                                       m.count * (size + 1), follow, &m);
    if (status == UNROLL_OK)
        status = average(&m, l);
    unroll_free(m.steps);
    unroll_free(m.sum);
    if (status == UNROLL_OK)
        *out = l;
    else
        unroll_lyapunov_free(l);
    return status;
}
