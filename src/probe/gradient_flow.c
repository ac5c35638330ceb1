#include "probe/gradient_flow.h"

#include <math.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "net/attention.h"
#include "net/encoder.h"
#include "net/net.h"
#include "net/propagate.h"
#include "net/readout.h"
#include "probe/inject.h"
#include "probe/source_flow.h"

/* The losses go back through the output layer, and through attention, at once for all steps: neither joins
 * steps of the decoder, so that nothing can have shrunk yet. What then travels from step to step has powers
 * of two, see stack_flow.h. */

typedef struct run {
    const unroll_net *net;
    unroll_work *work;
    const unroll_gradient_flow *flow;
    unroll_stack_flow stack;
    unroll_source_flow source;
    unroll_real *logits; /* [B][output pitch] */
    bool *bad;           /* [B] a loss or a gradient that is not finite */
} run;

static unroll_status allocate(run *p)
{
    const size_t B = p->work->B;
    UNROLL_TRY(unroll_stack_flow_new(&p->stack, &p->net->stack, B));
    p->logits = unroll_alloc(B, p->net->decoder.output_pitch * sizeof *p->logits);
    p->bad = unroll_alloc(B, sizeof *p->bad);
    if (!p->logits || !p->bad)
        return UNROLL_EMEMORY;
    p->stack.run = &p->work->run;
    p->stack.unscaled = p->flow->unscaled;
    p->stack.through = p->flow->through;
    p->stack.norm = p->flow->norm;
    p->stack.visit = p->flow->visit;
    p->stack.arg = p->flow->arg;
    p->stack.bad = p->bad;
    return UNROLL_OK;
}

static enum unroll_inject injection(const run *p, size_t t, size_t row)
{
    const unroll_batch *b = p->flow->batch;
    if (p->flow->inject)
        return (enum unroll_inject)p->flow->inject[t * b->B + row];
    return t + 1 == b->T ? UNROLL_INJECT_RESTART : UNROLL_INJECT_NONE;
}

/* Attention has all losses of a row at once: none may be dropped by a later beginning. */
static unroll_status check_chains(const run *p)
{
    const unroll_batch *b = p->flow->batch;
    for (size_t r = 0; r < b->B; r++)
        for (size_t t = b->T, seen = 0; t-- > 0; seen += injection(p, t, r) != UNROLL_INJECT_NONE)
            if (seen > 0 && injection(p, t, r) == UNROLL_INJECT_RESTART)
                return unroll_fail(UNROLL_EBUG,
                                   "row %zu of an encoder–decoder begins anew at step %zu", r, t);
    return UNROLL_OK;
}

/* dL_t/dy of one row into its logits: one sample's loss, whatever its weight in the batch. */
static double row_loss(const run *p, size_t t, size_t row, unroll_real *y)
{
    const unroll_net *net = p->net;
    const unroll_batch *b = p->flow->batch;
    const size_t V = net->spec.outputs, i = t * b->B + row;
    if (net->spec.squared)
        return unroll_squared_error(V, net->decoder.output_pitch, y, b->value + i * V, 1);
    uint32_t best;
    return net->kernels->softmax(V, net->decoder.output_pitch, y, b->target[i], 1, &best);
}

/* [T][B][pitch] the gradient of what the output layer reads, and after attention of the top layer. */
static unroll_real *top_gradient(const run *p)
{
    return p->work->run.d[0] + p->work->B * p->net->stack.pitch;
}

/* The losses of step t into top_gradient(): 0 in rows that have none. */
static void take_losses(const run *p, size_t t, size_t r0, size_t r1)
{
    const unroll_net *net = p->net;
    const unroll_dense *d = &net->decoder;
    const size_t n = net->stack.pitch, at = t * p->work->B * n;
    const unroll_band rows = {1, p->work->B, r0, r1};
    unroll_real *to = top_gradient(p) + at;
    bool any = false;
    for (size_t r = r0; r < r1; r++)
        any |= injection(p, t, r) != UNROLL_INJECT_NONE;
    if (!any) {
        memset(to + r0 * n, 0, (r1 - r0) * n * sizeof *to);
        return;
    }
    unroll_dense_forward(d, net->kernels, &rows, unroll_readout_input(p->work) + at, p->logits,
                         false);
    for (size_t r = r0; r < r1; r++) {
        unroll_real *y = p->logits + r * d->output_pitch;
        if (injection(p, t, r) == UNROLL_INJECT_NONE)
            memset(y, 0, d->output_pitch * sizeof *y);
        else
            p->bad[r] |= !isfinite(row_loss(p, t, r, y));
    }
    unroll_dense_backward(d, net->kernels, &rows, p->logits, to, false);
}

/* Drop what travels in the rows that begin anew, and put the losses of this step in. */
static void inject(run *p, size_t t, size_t r0, size_t r1)
{
    unroll_stack_flow_begin(&p->stack, r0, r1);
    for (size_t r = r0; r < r1; r++) {
        const enum unroll_inject how = injection(p, t, r);
        if (how == UNROLL_INJECT_RESTART)
            unroll_stack_flow_restart(&p->stack, r);
        if (how != UNROLL_INJECT_NONE)
            unroll_stack_flow_put(&p->stack, r,
                                  top_gradient(p) + (t * p->work->B + r) * p->net->stack.pitch, 0);
    }
}

static bool wants_source(const run *p)
{
    return p->net->spec.source && (p->flow->source_norm || p->flow->word_norm || p->flow->visit);
}

static void run_band(void *arg, size_t thread)
{
    run *p = arg;
    unroll_work *w = p->work;
    const unroll_net *net = p->net;
    size_t r0, r1;
    unroll_work_band(w, thread, &r0, &r1);
    if (r0 == r1)
        return;
    unroll_net_forward(net, w, thread, r0, r1);
    for (size_t t = 0; t < p->flow->batch->T; t++)
        take_losses(p, t, r0, r1);
    if (net->attention.kind)
        unroll_attention_backward(net, w, thread, r0, r1);
    for (size_t t = p->flow->batch->T; t-- > 0;) {
        inject(p, t, r0, r1);
        unroll_stack_flow_step(&p->stack, t, r0, r1);
    }
    if (wants_source(p))
        unroll_source_flow_run(&p->source, &p->stack, p->flow->source_norm, thread, r0, r1);
}

static unroll_status check(const run *p)
{
    for (size_t r = 0; r < p->work->B; r++)
        if (p->bad[r])
            return unroll_fail(UNROLL_ENUMERIC,
                               "the loss or the gradient of sample %zu is not "
                               "finite; the model has diverged",
                               r + 1);
    return UNROLL_OK;
}

/* Can this be done with this network and this workspace? */
static unroll_status check_network(const run *p)
{
    const unroll_stack *s = &p->net->stack;
    const bool joins = unroll_stack_joins_rows(s) && s->norm->recurrent;
    if (!unroll_work_holds(p->work))
        return unroll_fail(UNROLL_EBUG, "a probe needs a workspace that holds the whole window");
    if (joins && p->work->B < 2)
        return unroll_fail(UNROLL_EUSAGE,
                           UNROLL_OPTION "norm %s needs 2 windows or more: one row is its own mean",
                           p->net->spec.norm);
    if (p->flow->through && !joins)
        return unroll_fail(UNROLL_EUSAGE,
                           "only recurrent batch normalisation has statistics to differentiate through");
    return UNROLL_OK;
}

unroll_status unroll_gradient_flow_run(const unroll_net *net, unroll_work *work,
                                       const unroll_gradient_flow *flow)
{
    run p = {.net = net, .work = work, .flow = flow};
    UNROLL_TRY(check_network(&p));
    unroll_status status = allocate(&p);
    if (status == UNROLL_OK)
        status = unroll_net_begin(net, flow->batch, work);
    if (status == UNROLL_OK && net->spec.source)
        status = check_chains(&p);
    if (status == UNROLL_OK && wants_source(&p))
        status = unroll_source_flow_new(&p.source, net, work, flow->word_norm);
    if (status == UNROLL_OK) {
        work->run.dropping = false;
        work->run.use = flow->through ? UNROLL_STATISTICS_LEARNED : UNROLL_STATISTICS_HELD;
        if (net->spec.source)
            unroll_encoder_begin(work);
        unroll_parallel(work->threads, run_band, &p);
        status = check(&p);
    }
    unroll_source_flow_free(&p.source);
    unroll_free(p.bad);
    unroll_free(p.logits);
    unroll_stack_flow_free(&p.stack);
    return status;
}
