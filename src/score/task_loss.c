#include "score/task_loss.h"

#include "base/fail.h"
#include "base/memory.h"
#include "net/propagate.h"

typedef struct pass {
    const unroll_net *net;
    const unroll_task *task;
    const unroll_loss_listener *listener;
    unroll_work *work;
    double *token_loss; /* [T][B] */
} pass;

static unroll_status add_batches(const pass *p, enum unroll_split split, unroll_result *sum)
{
    for (uint64_t i = 0;; i++) {
        unroll_batch batch;
        unroll_result one;
        bool more;
        UNROLL_TRY(p->task->eval(p->task->self, split, i, &batch, &more));
        if (!more)
            return UNROLL_OK;
        UNROLL_TRY(unroll_net_evaluate(p->net, &batch, p->work, &one, p->token_loss));
        unroll_result_add(sum, &one);
        if (p->listener && !p->listener->on_batch(p->listener->arg, &batch, sum, p->token_loss))
            return UNROLL_OK;
    }
}

unroll_status unroll_task_loss(const unroll_net *net, const unroll_task *task,
                               enum unroll_split split, size_t threads,
                               const unroll_loss_listener *listener, unroll_result *sum)
{
    const unroll_work_options options = {.size = sizeof options,
                                         .T = task->eval_T,
                                         .B = task->eval_B,
                                         .S = task->eval_S,
                                         .threads = threads};
    pass p = {.net = net,
              .task = task,
              .listener = listener,
              .token_loss = unroll_alloc(task->eval_T * task->eval_B, sizeof *p.token_loss)};
    unroll_status status = p.token_loss ? unroll_work_new(net, &options, &p.work) : UNROLL_EMEMORY;
    if (status == UNROLL_OK)
        status = add_batches(&p, split, sum);
    unroll_work_free(p.work);
    unroll_free(p.token_loss);
    return status;
}

/* ---- of a synthetic task ---- */

static unroll_status check_fit(const unroll_net_spec *has, const char *name,
                               const unroll_task_shape *needs)
{
    static const char *const read[] = {"symbols", "numbers"}, *const give[] = {"classes", "numbers"};
    if (has->inputs == needs->inputs && has->outputs == needs->outputs &&
        has->features == needs->features && has->squared == needs->squared)
        return UNROLL_OK;
    return unroll_fail(UNROLL_EUSAGE,
                       "task %s has %zu inputs (%s) and %zu outputs (%s), the model %zu (%s) and %zu (%s)",
                       name, needs->inputs, read[needs->features], needs->outputs,
                       give[needs->squared], has->inputs, read[has->features], has->outputs,
                       give[has->squared]);
}

unroll_status unroll_synthetic_loss(const unroll_net *net, const unroll_task_row *row,
                                    const double *value, uint64_t seed, size_t threads,
                                    const unroll_loss_listener *listener, unroll_result *sum)
{
    enum { ROWS = 50, CELLS = 50000 }; /* the longer the sequences, the fewer at a time */
    unroll_task_shape shape;
    unroll_task task;
    row->shape(value, &shape);
    UNROLL_TRY(check_fit(unroll_net_get_spec(net), row->name, &shape));
    const size_t fit = CELLS / shape.T, rows = fit > ROWS ? ROWS : fit > 0 ? fit : 1;
    UNROLL_TRY(unroll_task_synthetic(row, value, rows, seed, &task));
    const unroll_status status = unroll_task_loss(net, &task, UNROLL_TEST, threads, listener, sum);
    task.free(task.self);
    return status;
}
