#include "score/task_loss.h"

#include "base/fail.h"
#include "base/memory.h"
#include "net/propagate.h"
#include "task/task.h"

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
