#include "train/optimizer.h"

#include "base/fail.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "train/schedule.h"

unroll_status unroll_optimizer_make(const unroll_optimizer_row *row, const unroll_learning *l,
                                    size_t count, unroll_optimizer **out)
{
    *out = NULL;
    const unroll_kernels *kernels = unroll_kernels_get();
    if (!kernels)
        return UNROLL_EUSAGE;
    unroll_optimizer *o = unroll_alloc(1, sizeof *o);
    if (!o)
        return UNROLL_EMEMORY;
    *o = (unroll_optimizer){
        .row = row,
        .kernels = kernels,
        .count = count,
        .threads = l->threads,
        .numbers =
            {
                .momentum = l->momentum,
                .beta1 = l->beta1,
                .beta2 = l->beta2,
                .rho = l->rho,
                .epsilon = l->epsilon,
                .weight_decay = l->weight_decay,
            },
    };
    bool done = (o->block = unroll_alloc(count / UNROLL_BLOCK + 1, sizeof *o->block)) != NULL;
    for (size_t i = 0; done && i < UNROLL_SLOTS_MAX && row->slot[i] != NULL; i++)
        done = (o->slot[i] = unroll_alloc(count, sizeof *o->slot[i])) != NULL;
    if (!done) {
        unroll_optimizer_free(o);
        return UNROLL_EMEMORY;
    }
    *out = o;
    return UNROLL_OK;
}

unroll_status unroll_optimizer_new(const unroll_learning *learning, size_t count,
                                   unroll_optimizer **out)
{
    unroll_learning l = UNROLL_LEARNING_INIT;
    unroll_plan plan;
    *out = NULL;
    if (!learning)
        learning = &l;
    UNROLL_TRY(unroll_plan_make(learning, 1, &plan));
    return unroll_optimizer_make(plan.optimizer, &plan.learning, count, out);
}

void unroll_optimizer_free(unroll_optimizer *o)
{
    if (!o)
        return;
    for (size_t i = 0; i < UNROLL_SLOTS_MAX; i++)
        unroll_free(o->slot[i]);
    unroll_free(o->block);
    unroll_free(o);
}

typedef struct update_job {
    const unroll_optimizer *optimizer;
    unroll_real factor;
    size_t n;
    unroll_real *w, *g;
} update_job;

static void update_blocks(void *arg, size_t index)
{
    const update_job *job = arg;
    const unroll_optimizer *o = job->optimizer;
    size_t begin, end;
    unroll_share(job->n, UNROLL_BLOCK, o->threads, index, &begin, &end);
    for (size_t i = begin; i < end; i += UNROLL_BLOCK) {
        const size_t n = end - i < UNROLL_BLOCK ? end - i : UNROLL_BLOCK;
        unroll_real *slot[UNROLL_SLOTS_MAX];
        for (size_t k = 0; k < UNROLL_SLOTS_MAX; k++)
            slot[k] = o->slot[k] != NULL ? o->slot[k] + i : NULL;
        if (job->factor < 1)
            for (size_t k = 0; k < n; k++)
                job->g[i + k] *= job->factor;
        o->row->update(&o->numbers, n, job->w + i, job->g + i, slot);
        o->block[i / UNROLL_BLOCK].raw = o->kernels->sum_squares(n, job->w + i);
    }
}

unroll_status unroll_optimizer_update(const unroll_optimizer *o, double factor, size_t n,
                                      unroll_real *weights, unroll_real *gradient)
{
    update_job job = {o, (unroll_real)factor, n, weights, gradient};
    unroll_parallel(o->threads, update_blocks, &job);
    double sum = 0;
    for (size_t i = 0; i * UNROLL_BLOCK < n; i++)
        sum += o->block[i].raw;
    return isfinite(sum) ? UNROLL_OK : UNROLL_ENUMERIC;
}

unroll_status unroll_optimizer_step(unroll_optimizer *o, double lr, unroll_real *weights,
                                    unroll_real *gradient)
{
    if (!(lr >= 0 && isfinite(lr)))
        return unroll_fail(UNROLL_EUSAGE, "the learning rate is %g; give 0 or more", lr);
    o->numbers.lr = lr;
    o->numbers.count++;
    if (unroll_optimizer_update(o, 1, o->count, weights, gradient) == UNROLL_OK)
        return UNROLL_OK;
    return unroll_fail(UNROLL_ENUMERIC,
                       "update %llu made weights that are not finite; lower the "
                       "learning rate",
                       (unsigned long long)o->numbers.count);
}
