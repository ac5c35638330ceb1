#include "train/clip.h"

#include <math.h>

#include "base/parallel.h"
#include "train/optimizer.h"

typedef struct clip_job {
    const unroll_kernels *kernels;
    unroll_real bound; /* 0: none */
    size_t n, threads;
    unroll_real *g;
    unroll_clip_block *block;
} clip_job;

static bool bound_elements(size_t n, unroll_real *g, unroll_real bound)
{
    bool clipped = false;
    for (size_t i = 0; i < n; i++) {
        clipped |= g[i] > bound || g[i] < -bound;
        g[i] = g[i] > bound ? bound : g[i] < -bound ? -bound : g[i];
    }
    return clipped;
}

static void measure_blocks(void *arg, size_t index)
{
    const clip_job *job = arg;
    size_t begin, end;
    unroll_share(job->n, UNROLL_BLOCK, job->threads, index, &begin, &end);
    for (size_t i = begin; i < end; i += UNROLL_BLOCK) {
        const size_t count = end - i < UNROLL_BLOCK ? end - i : UNROLL_BLOCK;
        unroll_clip_block *b = &job->block[i / UNROLL_BLOCK];
        b->raw = b->bounded = job->kernels->sum_squares(count, job->g + i);
        b->clipped = job->bound > 0 && bound_elements(count, job->g + i, job->bound);
        if (b->clipped)
            b->bounded = job->kernels->sum_squares(count, job->g + i);
    }
}

void unroll_clip_gradient(const unroll_kernels *kernels, double max_value, double max_norm,
                          size_t n, unroll_real *g, unroll_clip_block *block, size_t threads,
                          unroll_clip *out)
{
    clip_job job = {kernels, (unroll_real)max_value, n, threads, g, block};
    unroll_parallel(threads, measure_blocks, &job);
    double raw = 0, bounded = 0;
    bool clipped = false;
    for (size_t i = 0; i * UNROLL_BLOCK < n; i++) {
        raw += block[i].raw;
        bounded += block[i].bounded;
        clipped |= block[i].clipped;
    }
    const double norm = sqrt(bounded);
    const bool scaled = max_norm > 0 && norm > max_norm;
    *out = (unroll_clip){
        .norm = sqrt(raw),
        .factor = scaled ? max_norm / (norm + 1e-6) : 1,
        .scale = 1,
        .clipped = clipped || scaled,
    };
    if (out->clipped)
        out->scale = clipped ? norm * out->factor / out->norm : out->factor;
}
