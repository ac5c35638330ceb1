#include "net/embed.h"

#include <string.h>

#include "base/rng.h"
#include "net/dropout.h"

void unroll_embed(const unroll_real *table, size_t n, const unroll_band *rows, const uint32_t *id,
                  unroll_real *x, size_t pitch)
{
    for (size_t t = 0; t < rows->steps; t++)
        for (size_t r = rows->r0; r < rows->r1; r++) {
            const size_t i = t * rows->B + r;
            memcpy(x + i * pitch, table + id[i] * n, n * sizeof *x);
        }
}

void unroll_embed_drop(const unroll_net *net, const unroll_stack *s, const unroll_stack_run *run,
                       unroll_real *x, size_t r0, size_t r1)
{
    const uint64_t key = unroll_rng_hash(run->dropout_key, 3), quads = (s->inputs + 3) / 4;
    if (!net->spec.source || !net->spec.embedding || !run->dropping)
        return;
    for (size_t t = 0; t < run->steps; t++)
        for (size_t i = t * run->B + r0; i < t * run->B + r1; i++)
            unroll_drop(net->spec.dropout, key, i * quads, s->inputs, x + i * s->input_pitch,
                        x + i * s->input_pitch);
}

/* Layer 0's dense input of a band: rows of the embedding, or the features. */
void unroll_embed_input(const unroll_net *net, unroll_work *w, size_t r0, size_t r1)
{
    const size_t n = net->stack.inputs, pitch = net->stack.input_pitch;
    const unroll_batch *b = w->batch;
    unroll_real *x = w->run.at[0].x;
    if (!x)
        return;
    if (net->spec.embedding)
        unroll_embed(net->weights + net->parameters.list[net->embedding].offset, n,
                     &(unroll_band){w->run.steps, w->B, r0, r1}, w->run.input, x, pitch);
    unroll_embed_drop(net, &net->stack, &w->run, x, r0, r1);
    for (size_t t = 0; !net->spec.embedding && t < w->run.steps; t++)
        for (size_t r = r0; r < r1; r++) {
            const size_t i = t * w->B + r;
            memcpy(x + i * pitch, b->feature + (w->run.first * w->B + i) * n, n * sizeof *x);
        }
}

void unroll_embed_weights(const unroll_gradient_part *part, size_t n, size_t count,
                          const uint32_t *id, const unroll_real *dx, size_t pitch, unroll_real *grad)
{
    size_t j0, j1;
    unroll_share(n, 8, part->threads, part->thread, &j0, &j1);
    for (size_t i = 0; j0 < j1 && i < count; i++) {
        unroll_real *to = grad + id[i] * n + j0;
        part->kernels->add(j1 - j0, to, dx + i * pitch + j0, to);
    }
}
