#include "probe/inject.h"

#include <stdbool.h>
#include <string.h>

static bool has_loss(const unroll_batch *b, size_t i)
{
    return (!b->weight || b->weight[i] > 0) && (!b->mode || b->mode[i] == UNROLL_RUN);
}

size_t unroll_batch_length(const unroll_batch *b, size_t row)
{
    size_t t = b->T;
    while (t > 0 && !has_loss(b, (t - 1) * b->B + row))
        t--;
    return t;
}

size_t unroll_batch_reach(const unroll_batch *b)
{
    size_t reach = b->T;
    for (size_t r = 0; r < b->B; r++) {
        const size_t length = unroll_batch_length(b, r);
        reach = length < reach ? length : reach;
    }
    return reach;
}

void unroll_inject_last(const unroll_batch *b, uint8_t *inject)
{
    memset(inject, UNROLL_INJECT_NONE, b->T * b->B);
    for (size_t r = 0; r < b->B; r++) {
        const size_t length = unroll_batch_length(b, r);
        if (length > 0)
            inject[(length - 1) * b->B + r] = UNROLL_INJECT_RESTART;
    }
}

void unroll_inject_all(const unroll_batch *b, uint8_t *inject)
{
    unroll_inject_last(b, inject);
    for (size_t i = 0; i < b->T * b->B; i++)
        if (has_loss(b, i) && inject[i] == UNROLL_INJECT_NONE)
            inject[i] = UNROLL_INJECT_ADD;
}

void unroll_inject_comb(const unroll_batch *b, size_t spacing, uint8_t *inject)
{
    memset(inject, UNROLL_INJECT_NONE, b->T * b->B);
    for (size_t r = 0; r < b->B; r++)
        for (size_t back = r * spacing / b->B; back < b->T; back += spacing) {
            const size_t i = (b->T - 1 - back) * b->B + r;
            if (has_loss(b, i))
                inject[i] = UNROLL_INJECT_RESTART;
        }
}

void unroll_inject_stacked(const unroll_batch *b, size_t positions, size_t distances, uint8_t *inject)
{
    memset(inject, UNROLL_INJECT_NONE, b->T * b->B);
    for (size_t r = 0; r < b->B && distances <= b->T; r++) {
        const size_t m = r % positions, spare = b->T - distances;
        const size_t t = distances - 1 + (positions > 1 ? spare * m / (positions - 1) : spare);
        if (has_loss(b, t * b->B + r))
            inject[t * b->B + r] = UNROLL_INJECT_RESTART;
    }
}
