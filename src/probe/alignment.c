#include "probe/alignment.h"

#include <math.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "net/net.h"

/* One way back for all targets: row t of a batch is the same pair, with the loss of position t alone. */

typedef struct rows {
    unroll_net plain; /* the net without what training alone does */
    unroll_work *work;
    unroll_batch batch;
    uint32_t *ids;       /* source [S][T], input [T][T], target [T][T] */
    unroll_real *weight; /* [T][T] the unit matrix */
    unroll_real *grad;
    double *dx; /* [inputs] of one position */
} rows;

static void repeat(const uint32_t *x, size_t steps, size_t B, uint32_t *out)
{
    for (size_t i = 0; i < steps * B; i++)
        out[i] = x[i / B];
}

static unroll_status open_rows(rows *p, size_t S, const uint32_t *source, size_t T,
                               const uint32_t *input, const uint32_t *target)
{
    size_t steps, count, square;
    if (!unroll_add(T, T, &steps) || !unroll_add(steps, S, &steps) ||
        !unroll_mul(steps, T, &count) || !unroll_mul(T, T, &square))
        return unroll_fail(UNROLL_EMEMORY, "a pair of %zu and %zu words is too long", S, T);
    const unroll_work_options options = {
        .size = sizeof options, .T = T, .B = T, .S = S, .threads = 1, .training = true};
    UNROLL_TRY(unroll_work_new(&p->plain, &options, &p->work));
    p->ids = unroll_alloc(count, sizeof *p->ids);
    p->weight = unroll_alloc(square, sizeof *p->weight);
    p->grad = unroll_alloc(p->plain.parameters.size, sizeof *p->grad);
    p->dx = unroll_alloc(p->plain.encoder.stack->inputs, sizeof *p->dx);
    if (!p->ids || !p->weight || !p->grad || !p->dx)
        return UNROLL_EMEMORY;
    repeat(source, S, T, p->ids);
    repeat(input, T, T, p->ids + S * T);
    repeat(target, T, T, p->ids + (S + T) * T);
    for (size_t t = 0; t < T; t++)
        p->weight[t * T + t] = 1;
    p->batch = (unroll_batch){.S = S,
                              .T = T,
                              .B = T,
                              .source = p->ids,
                              .input = p->ids + S * T,
                              .target = p->ids + (S + T) * T,
                              .weight = p->weight};
    return UNROLL_OK;
}

static void close_rows(rows *p)
{
    unroll_free(p->dx);
    unroll_free(p->grad);
    unroll_free(p->weight);
    unroll_free(p->ids);
    unroll_work_free(p->work);
}

/* Add one stack's dL/dx of position i to p->dx: kept, or of a one-hot vector dz W. */
static void add_input(const rows *p, size_t stack, size_t i)
{
    const unroll_net *net = &p->plain;
    const unroll_stack *s = &net->encoder.stack[stack];
    const unroll_stack_run *run = &p->work->encoder.run[stack];
    const unroll_real *table = net->weights + net->parameters.list[s->at[0].w_ih].offset;
    for (size_t j = 0; j < s->inputs && !s->tokens; j++)
        p->dx[j] += (double)run->dx[i * s->input_pitch + j];
    for (const unroll_term *term = s->cell->input; s->tokens && term->count; term++) {
        size_t row;
        const unroll_real *dz = unroll_stack_input_part(s, run, 0, term, &row) + i * row;
        for (size_t j = 0; j < s->inputs; j++)
            for (size_t g = 0; g < term->count; g++) {
                const unroll_real *w = table + (j * s->cell->gates + term->gate + g) * s->hidden;
                for (size_t k = 0; k < s->hidden; k++)
                    p->dx[j] += (double)dz[g * s->pitch + k] * (double)w[k];
            }
    }
}

/* The mean of T losses was differentiated. */
static double norm_at(const rows *p, size_t s, size_t t)
{
    const size_t S = p->batch.S, T = p->batch.T, n = p->plain.encoder.stack->inputs;
    double sum = 0;
    memset(p->dx, 0, n * sizeof *p->dx);
    add_input(p, 0, s * T + t);
    if (p->plain.spec.bidirectional)
        add_input(p, 1, (S - 1 - s) * T + t);
    for (size_t j = 0; j < n; j++)
        sum += p->dx[j] * p->dx[j];
    return sqrt(sum) * (double)T;
}

static unroll_status measure(rows *p, double *norm, double *attention)
{
    const size_t S = p->batch.S, T = p->batch.T;
    const unroll_attention_run *run = &p->work->attention;
    unroll_result result;
    UNROLL_TRY(unroll_net_gradient(&p->plain, &p->batch, p->work, p->grad, &result));
    for (size_t i = 0; i < T * S; i++) {
        norm[i] = norm_at(p, i % S, i / S);
        if (attention)
            attention[i] = run->a ? (double)run->a[i / S * run->a_pitch + i % S] : 0;
        if (!isfinite(norm[i]))
            return unroll_fail(UNROLL_ENUMERIC, "the gradient of target %zu is not finite", i / S);
    }
    return UNROLL_OK;
}

unroll_status unroll_alignment(const unroll_net *net, size_t S, const uint32_t *source, size_t T,
                               const uint32_t *input, const uint32_t *target, double *norm,
                               double *attention)
{
    if (!net->spec.source)
        return unroll_fail(UNROLL_EUSAGE, "this model reads no source");
    rows p = {.plain = unroll_net_plain(net)};
    unroll_status status = open_rows(&p, S, source, T, input, target);
    if (status == UNROLL_OK)
        status = measure(&p, norm, attention);
    close_rows(&p);
    return status;
}
