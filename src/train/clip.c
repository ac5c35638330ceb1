#include "train/clip.h"

#include <math.h>
#include <unroll/train.h>

#include "base/fail.h"
#include "base/parallel.h"
#include "train/optimizer_row.h"

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

void unroll_clip_gradient(const unroll_kernels *kernels, double max_value, double max_norm, size_t n,
                          unroll_real *g, unroll_clip_block *block, size_t threads, unroll_clip *out)
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

/* ---- for a loop of one's own: one thread, the same sums ---- */

static unroll_status measure(const char *what, double bound, size_t n, const unroll_real *g,
                             double *norm)
{
    const unroll_kernels *kernels = unroll_kernels_get();
    double sum = 0;
    *norm = NAN;
    if (!kernels)
        return UNROLL_EUSAGE;
    if (!(bound >= 0))
        return unroll_fail(UNROLL_EUSAGE, "the bound of %s is %g; give 0 or more", what, bound);
    for (size_t i = 0; i < n; i += UNROLL_BLOCK)
        sum += kernels->sum_squares(n - i < UNROLL_BLOCK ? n - i : UNROLL_BLOCK, g + i);
    *norm = sqrt(sum);
    return isfinite(sum) ? UNROLL_OK : unroll_fail(UNROLL_ENUMERIC, "the gradient is not finite");
}

unroll_status unroll_clip_norm(double bound, size_t n, unroll_real *g, double *norm)
{
    UNROLL_TRY(measure("the norm", bound, n, g, norm));
    if (!(bound > 0 && *norm > bound))
        return UNROLL_OK;
    const unroll_real factor = (unroll_real)(bound / (*norm + 1e-6));
    for (size_t i = 0; i < n; i++)
        g[i] *= factor;
    return UNROLL_OK;
}

unroll_status unroll_clip_value(double bound, size_t n, unroll_real *g, double *norm)
{
    UNROLL_TRY(measure("the elements", bound, n, g, norm));
    if (bound > 0)
        bound_elements(n, g, (unroll_real)bound);
    return UNROLL_OK;
}
