#include "probe/measures.h"

#include "base/fail.h"
#include "base/memory.h"
#include "net/net.h"
#include "probe/gradient_flow.h"
#include "probe/inject.h"

/* One way back for all targets: row t of a batch is the same pair, with the loss of position t alone. */

typedef struct rows {
    unroll_net plain; /* the net without what training alone does */
    unroll_work *work;
    unroll_batch batch;
    uint32_t *ids;   /* source [S][T], input [T][T], target [T][T] */
    uint8_t *inject; /* [T][T] row t begins at step t */
    double *norm;    /* [S][T] */
} rows;

static void repeat(const uint32_t *x, size_t steps, size_t B, uint32_t *out)
{
    for (size_t i = 0; i < steps * B; i++)
        out[i] = x[i / B];
}

static unroll_status open_rows(rows *p, size_t S, const uint32_t *source, size_t T,
                               const uint32_t *input, const uint32_t *target)
{
    size_t steps, count;
    if (!unroll_add(T, T, &steps) || !unroll_add(steps, S, &steps) || !unroll_mul(steps, T, &count))
        return unroll_fail(UNROLL_EMEMORY, "a pair of %zu and %zu words is too long", S, T);
    const unroll_work_options options = {
        .size = sizeof options, .T = T, .B = T, .S = S, .threads = 1, .training = true};
    UNROLL_TRY(unroll_work_new(&p->plain, &options, &p->work));
    p->ids = unroll_alloc(count, sizeof *p->ids);
    p->inject = unroll_alloc(T, T);
    p->norm = unroll_alloc(S, T * sizeof *p->norm);
    if (!p->ids || !p->inject || !p->norm)
        return UNROLL_EMEMORY;
    repeat(source, S, T, p->ids);
    repeat(input, T, T, p->ids + S * T);
    repeat(target, T, T, p->ids + (S + T) * T);
    for (size_t t = 0; t < T; t++)
        p->inject[t * T + t] = UNROLL_INJECT_RESTART;
    p->batch = (unroll_batch){.S = S,
                              .T = T,
                              .B = T,
                              .source = p->ids,
                              .input = p->ids + S * T,
                              .target = p->ids + (S + T) * T};
    return UNROLL_OK;
}

static void close_rows(rows *p)
{
    unroll_free(p->norm);
    unroll_free(p->inject);
    unroll_free(p->ids);
    unroll_work_free(p->work);
}

static unroll_status measure(rows *p, double *norm, double *attention)
{
    const size_t S = p->batch.S, T = p->batch.T;
    const unroll_attention_run *run = &p->work->attention;
    UNROLL_TRY(unroll_gradient_flow_run(&p->plain, p->work,
                                        &(unroll_gradient_flow){.batch = &p->batch,
                                                                .inject = p->inject,
                                                                .word_norm = p->norm}));
    for (size_t i = 0; i < T * S; i++) {
        norm[i] = p->norm[i % S * T + i / S];
        if (attention)
            attention[i] = run->a ? (double)run->a[i / S * run->a_pitch + i % S] : 0;
    }
    return UNROLL_OK;
}

unroll_status unroll_measure_alignment(unroll_probe *probe, size_t S, const uint32_t *source,
                                       size_t T, const uint32_t *input, const uint32_t *target,
                                       double *norm, double *attention)
{
    rows p = {.plain = *probe->net};
    unroll_status status = open_rows(&p, S, source, T, input, target);
    if (status == UNROLL_OK)
        status = measure(&p, norm, attention);
    close_rows(&p);
    return status;
}
