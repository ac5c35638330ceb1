#include "base/fail.h"
#include "base/memory.h"
#include "net/net.h"
#include "probe/curve.h"
#include "probe/gradient_flow.h"
#include "probe/inject.h"
#include "probe/measures.h"
#include "probe/pair_flow.h"

/* How samples come to a curve. */

static size_t sample_size(const unroll_curve *c)
{
    return c->layers * UNROLL_STATES * c->distances;
}

static unroll_status make_room(unroll_curve *c, size_t samples)
{
    size_t count;
    if (samples <= c->room)
        return UNROLL_OK;
    const size_t room = samples > 2 * c->room ? samples : 2 * c->room;
    if (!unroll_mul(room, sample_size(c), &count))
        return unroll_fail(UNROLL_EMEMORY,
                           "%zu samples of %zu distances are more than memory can hold", room,
                           c->distances);
    double *norm = unroll_realloc(c->norm, count, sizeof *norm);
    if (!norm)
        return UNROLL_EMEMORY;
    c->norm = norm;
    c->room = room;
    return UNROLL_OK;
}

/* Does the chain that begins at (t, r) run over all distances? */
static bool whole_chain(const unroll_batch *b, const uint8_t *inject, size_t distances, size_t t,
                        size_t r)
{
    if (inject[t * b->B + r] != UNROLL_INJECT_RESTART || t + 1 < distances)
        return false;
    for (size_t k = 1; k < distances; k++)
        if (inject[(t - k) * b->B + r] == UNROLL_INJECT_RESTART)
            return false;
    return true;
}

static void take_chain(unroll_curve *c, const unroll_net_spec *spec, size_t B, const double *norm,
                       size_t t, size_t r)
{
    double *to = c->norm + c->samples++ * sample_size(c);
    for (size_t l = 0; l < c->layers; l++)
        for (int state = 0; state < UNROLL_STATES; state++)
            for (size_t k = 0; k < c->distances; k++)
                *to++ = norm[unroll_gradient_flow_at(spec, B, t - k, l, (enum unroll_state)state, r)];
}

static unroll_status gather(unroll_curve *c, const unroll_net *net, const unroll_batch *b,
                            const uint8_t *inject, const double *norm)
{
    size_t chains = 0;
    for (size_t i = 0; i < b->T * b->B; i++)
        chains += whole_chain(b, inject, c->distances, i / b->B, i % b->B);
    UNROLL_TRY(make_room(c, c->samples + chains));
    for (size_t i = 0; i < b->T * b->B; i++)
        if (whole_chain(b, inject, c->distances, i / b->B, i % b->B))
            take_chain(c, &net->spec, b->B, norm, i / b->B, i % b->B);
    return UNROLL_OK;
}

static void choose_losses(const unroll_curve *c, const unroll_batch *b, uint8_t *inject)
{
    switch (c->losses) {
    case UNROLL_LOSSES_LAST: unroll_inject_last(b, inject); break;
    case UNROLL_LOSSES_ALL: unroll_inject_all(b, inject); break;
    case UNROLL_LOSSES_SPACED: unroll_inject_comb(b, c->distances, inject); break;
    case UNROLL_LOSSES_STACKED: unroll_inject_stacked(b, c->copies, c->distances, inject); break;
    }
}

static unroll_status add_windows(unroll_curve *c, unroll_probe *p, const unroll_batch *b)
{
    size_t count;
    if (!unroll_mul(b->T * b->B, c->layers * UNROLL_STATES, &count))
        return unroll_fail(UNROLL_EMEMORY, "a window of %zu steps is too long to probe", b->T);
    double *norm = unroll_alloc(count, sizeof *norm);
    uint8_t *inject = unroll_alloc(b->T * b->B, 1);
    unroll_status status = norm && inject ? UNROLL_OK : UNROLL_EMEMORY;
    if (status == UNROLL_OK) {
        choose_losses(c, b, inject);
        status = unroll_gradient_flow_run(p->net, p->work,
                                          &(unroll_gradient_flow){.batch = b,
                                                                  .inject = inject,
                                                                  .through = c->through,
                                                                  .norm = norm});
    }
    if (status == UNROLL_OK)
        status = gather(c, p->net, b, inject, norm);
    unroll_free(inject);
    unroll_free(norm);
    return status;
}

static unroll_status add_pairs(unroll_curve *c, unroll_probe *p, const unroll_batch *b)
{
    const size_t reach = unroll_pair_flow_reach(p->net, b);
    if (c->distances > reach)
        return unroll_fail(UNROLL_EUSAGE,
                           "a curve of %zu distances, of which not all pairs reach more than %zu",
                           c->distances, reach);
    UNROLL_TRY(make_room(c, c->samples + b->B));
    UNROLL_TRY(unroll_pair_flow_run(p, b, c->distances, c->norm + c->samples * sample_size(c)));
    c->samples += b->B;
    return UNROLL_OK;
}

unroll_status unroll_measure_curve(unroll_curve *c, unroll_probe *p)
{
    const bool pairs = p->net->spec.source != 0;
    const size_t asked = c->distances;
    if (!asked)
        c->distances =
            pairs ? unroll_pair_flow_reach(p->net, p->batch) : unroll_batch_reach(p->batch);
    unroll_status status =
        c->distances ? UNROLL_OK
                     : unroll_fail(UNROLL_EUSAGE,
                                   "a row of the batch has no target, so that there is no distance "
                                   "which all rows reach");
    if (status == UNROLL_OK)
        status = pairs ? add_pairs(c, p, p->batch) : add_windows(c, p, p->batch);
    if (status != UNROLL_OK && c->samples == 0)
        c->distances = asked;
    return status;
}
