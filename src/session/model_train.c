/* A model trained on a text in memory: a session and a trainer, and no files. */
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/versioned.h"
#include "config/config.h"
#include "session/session.h"

typedef struct model_training {
    unroll_session session;
    unroll_callbacks callbacks; /* the caller's */
    unroll_real *best;          /* weights of the lowest validation loss */
    bool has_best;
} model_training;

static void copy_weights(unroll_real *to, const unroll_real *from, const unroll_net *net)
{
    memcpy(to, from, unroll_net_size(net) * sizeof *to);
}

static unroll_status on_step(void *arg, const unroll_progress *progress)
{
    const unroll_callbacks *call = &((const model_training *)arg)->callbacks;
    return call->step ? call->step(call->arg, progress) : UNROLL_OK;
}

static unroll_status on_evaluated(void *arg, const unroll_evaluation *evaluation)
{
    model_training *t = arg;
    const unroll_callbacks *call = &t->callbacks;
    if (evaluation->best) {
        copy_weights(t->best, unroll_net_weights(t->session.model->net), t->session.model->net);
        t->has_best = true;
    }
    return call->evaluated ? call->evaluated(call->arg, evaluation) : UNROLL_OK;
}

static bool on_stop(void *arg)
{
    const unroll_callbacks *call = &((const model_training *)arg)->callbacks;
    return call->stop && call->stop(call->arg);
}

/* All but the best weights is freed; the model holds them. */
static unroll_status train(model_training *t)
{
    const unroll_callbacks callbacks = {sizeof callbacks, t, on_step, on_evaluated, on_stop};
    unroll_net *net = t->session.model->net;
    unroll_trainer *trainer = NULL;
    enum unroll_stop why;
    if (!(t->best = unroll_alloc(unroll_net_size(net), sizeof *t->best)))
        return UNROLL_EMEMORY;
    const unroll_learning learning = unroll_config_learning(t->session.config);
    unroll_status status = unroll_trainer_new(net, &t->session.task, &learning, &callbacks, &trainer);
    if (status == UNROLL_OK)
        status = unroll_trainer_train(trainer, &why);
    if (status == UNROLL_OK && t->has_best)
        copy_weights(unroll_net_weights(net), t->best, net);
    if (status == UNROLL_OK)
        unroll_net_pack(net, 1);
    unroll_trainer_free(trainer);
    unroll_free(t->best);
    return status;
}

static unroll_status check_task(const unroll_config *config)
{
    if (config->task == NULL || strcmp(config->task, "char") == 0 ||
        strcmp(config->task, "translate") == 0)
        return UNROLL_OK;
    return unroll_fail(UNROLL_EUSAGE,
                       UNROLL_OPTION "task %s does not learn from a text; give char or translate",
                       config->task);
}

unroll_status unroll_model_train(const unroll_config *config, const char *text, size_t length,
                                 const unroll_callbacks *callbacks, unroll_model **out)
{
    *out = NULL;
    unroll_config *own;
    UNROLL_TRY(check_task(config));
    UNROLL_TRY(unroll_config_copy(config, &own));
    model_training t = {.session = {.config = own, .text = text, .length = length},
                        .callbacks = {.size = sizeof t.callbacks}};
    unroll_status status = callbacks ? unroll_versioned_copy("unroll_callbacks", callbacks,
                                                             &t.callbacks, sizeof t.callbacks)
                                     : UNROLL_OK;
    if (status == UNROLL_OK)
        status = unroll_session_open(&t.session, NULL, 0, NULL);
    if (status == UNROLL_OK)
        status = train(&t);
    if (status == UNROLL_OK) {
        *out = t.session.model;
        t.session.model = NULL;
    }
    unroll_session_close(&t.session);
    unroll_config_free(own);
    return status;
}
