#include "probe/pair_flow.h"

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

/* Norms of the decoder's steps and of the encoder's, as the gradient flow gives them. */
typedef struct sides {
    const unroll_net *net;
    const unroll_batch *batch;
    double *target; /* [T][layers][2][B] */
    double *source; /* [S][layers][2][B]; NULL where no distance goes so far */
} sides;

/* |δ| of row r at distance k from its last loss. */
static double norm_at(const sides *p, size_t k, size_t layer, enum unroll_state state, size_t r)
{
    const unroll_batch *b = p->batch;
    const size_t layers = p->net->stack.layers, length = unroll_batch_length(b, r);
    if (k < length)
        return p->target[unroll_flow_at(layers, b->B, length - 1 - k, layer, state, r)];
    const size_t s = length + source_words(b, r) - 1 - k;
    return p->source[unroll_flow_at(layers, b->B, s, layer, state, r)];
}

static unroll_status check_targets(const unroll_batch *b)
{
    for (size_t r = 0; r < b->B; r++)
        if (unroll_batch_length(b, r) == 0)
            return unroll_fail(UNROLL_EUSAGE, "row %zu of the batch has no target", r);
    return UNROLL_OK;
}

unroll_status unroll_pair_flow_run(unroll_probe *p, const unroll_batch *batch, size_t distances,
                                   double *norm)
{
    const size_t B = batch->B, layers = p->net->stack.layers, states = layers * UNROLL_STATES;
    const bool far = distances > unroll_batch_reach(batch);
    sides both = {.net = p->net, .batch = batch};
    UNROLL_TRY(check_targets(batch));
    uint8_t *inject = unroll_alloc(batch->T, B);
    both.target = unroll_alloc(batch->T * B, states * sizeof *both.target);
    both.source = far ? unroll_alloc(batch->S * B, states * sizeof *both.source) : NULL;
    unroll_status status =
        inject && both.target && (both.source || !far) ? UNROLL_OK : UNROLL_EMEMORY;
    if (status == UNROLL_OK) {
        unroll_inject_last(batch, inject);
        status = unroll_gradient_flow_run(p->net, p->work,
                                          &(unroll_gradient_flow){.batch = batch,
                                                                  .inject = inject,
                                                                  .norm = both.target,
                                                                  .source_norm = both.source});
    }
    for (size_t r = 0; status == UNROLL_OK && r < B; r++)
        for (size_t i = 0; i < states; i++)
            for (size_t k = 0; k < distances; k++)
                *norm++ =
                    norm_at(&both, k, i / UNROLL_STATES, (enum unroll_state)(i % UNROLL_STATES), r);
    unroll_free(both.source);
    unroll_free(both.target);
    unroll_free(inject);
    return status;
}
