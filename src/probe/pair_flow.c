#include "probe/pair_flow.h"

#include <math.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "net/net.h"
#include "probe/gradient_flow.h"
#include "probe/inject.h"

static size_t source_words(const unroll_batch *b, size_t r)
{
    size_t n = b->S;
    while (n > 0 && b->source_mode && b->source_mode[(n - 1) * b->B + r] != UNROLL_RUN)
        n--;
    return n;
}

size_t unroll_pair_flow_reach(const unroll_net *net, const unroll_batch *b)
{
    size_t reach = SIZE_MAX;
    for (size_t r = 0; r < b->B; r++) {
        const size_t words = net->spec.bidirectional ? 0 : source_words(b, r);
        const size_t length = unroll_batch_length(b, r), own = length ? length + words : 0;
        reach = own < reach ? own : reach;
    }
    return reach;
}

/* The decoder's steps, or the encoder's. */
typedef struct side {
    const unroll_net *net;
    const uint8_t *mode;
    size_t *end; /* [B] step t is at distance end − t */
    size_t B, distances;
    double *norm; /* [B][layers][2][distances] */
} side;

static double scaled_norm(const side *s, const unroll_real *x)
{
    /* the mean of B losses was differentiated */
    return sqrt(s->net->kernels->sum_squares(s->net->stack.hidden, x)) * (double)s->B;
}

static void see(void *arg, size_t layer, size_t t, size_t row0, size_t rows, size_t pitch,
                const unroll_real *dh, const unroll_real *dc)
{
    const side *s = arg;
    for (size_t i = 0; i < rows; i++) {
        const size_t r = row0 + i;
        if ((s->mode && s->mode[t * s->B + r] != UNROLL_RUN) || t > s->end[r] ||
            s->end[r] - t >= s->distances)
            continue;
        double *to = s->norm + (r * s->net->stack.layers + layer) * UNROLL_STATES * s->distances +
                     s->end[r] - t;
        to[0] = scaled_norm(s, dh + i * pitch);
        to[s->distances] = dc ? scaled_norm(s, dc + i * pitch) : 0;
    }
}

/* The last target of each row has a weight, and all else none. */
static unroll_status find_ends(const unroll_batch *b, side *target, side *source, unroll_real *weight)
{
    for (size_t r = 0; r < b->B; r++) {
        const size_t length = unroll_batch_length(b, r);
        if (length == 0)
            return unroll_fail(UNROLL_EUSAGE, "row %zu of the batch has no target", r);
        target->end[r] = length - 1;
        source->end[r] = target->end[r] + source_words(b, r);
        weight[target->end[r] * b->B + r] = 1;
    }
    return UNROLL_OK;
}

unroll_status unroll_pair_flow_run(unroll_probe *p, const unroll_batch *batch, size_t distances,
                                   double *norm)
{
    const size_t B = batch->B;
    side target = {p->net, batch->mode, NULL, B, distances, norm}, source = target;
    unroll_batch last = *batch;
    unroll_result result = {0};
    unroll_real *weight = unroll_alloc(batch->T * B, sizeof *weight);
    size_t *end = unroll_alloc(2 * B, sizeof *end);
    unroll_status status = weight && end ? UNROLL_OK : UNROLL_EMEMORY;
    if (status == UNROLL_OK) {
        target.end = end;
        source.end = end + B;
        source.mode = batch->source_mode;
        status = find_ends(batch, &target, &source, weight);
    }
    if (status == UNROLL_OK) {
        last.weight = weight;
        p->work->source_hook = (unroll_hook){.after = see, .arg = &source};
        unroll_work_set_hook(p->work, &(unroll_hook){.after = see, .arg = &target});
        status = unroll_net_gradient(p->net, &last, p->work, p->grad, &result);
        unroll_work_set_hook(p->work, NULL);
        p->work->source_hook = (unroll_hook){0};
    }
    unroll_free(end);
    unroll_free(weight);
    UNROLL_TRY(status);
    return result.finite
               ? UNROLL_OK
               : unroll_fail(UNROLL_ENUMERIC, "the loss is not finite; the model has diverged");
}
