#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "config/config.h"
#include "store/model.h"
#include "task/task.h"

/** All that lives while one model is trained in memory. */
typedef struct session {
    unroll_model *model;
    unroll_corpus *corpus;
    unroll_task task;
    bool has_task;
    unroll_trainer *trainer;
    const unroll_callbacks *callbacks; /**< the caller's, or NULL */
    unroll_real *best;                 /**< weights of the lowest validation loss */
    bool has_best;
} session;

static void copy_weights(unroll_real *to, const unroll_real *from, const unroll_net *net)
{
    memcpy(to, from, unroll_net_size(net) * sizeof *to);
}

static unroll_status on_step(void *arg, const unroll_progress *progress)
{
    const session *s = arg;
    return s->callbacks != NULL && s->callbacks->step != NULL
               ? s->callbacks->step(s->callbacks->arg, progress)
               : UNROLL_OK;
}

static unroll_status on_evaluated(void *arg, const unroll_evaluation *evaluation)
{
    session *s = arg;
    if (evaluation->best) {
        copy_weights(s->best, unroll_net_weights(s->model->net), s->model->net);
        s->has_best = true;
    }
    return s->callbacks != NULL && s->callbacks->evaluated != NULL
               ? s->callbacks->evaluated(s->callbacks->arg, evaluation)
               : UNROLL_OK;
}

static bool on_stop(void *arg)
{
    const session *s = arg;
    return s->callbacks != NULL && s->callbacks->stop != NULL &&
           s->callbacks->stop(s->callbacks->arg);
}

static unroll_status read_text(session *s, const unroll_config *config, const char *text,
                               size_t length)
{
    unroll_corpus_options options;
    unroll_corpus_options_default(&options);
    unroll_model_rules(config, &options.rules);
    options.lines = config->lines;
    memcpy(options.split, config->split, sizeof options.split);
    return unroll_corpus_from_text(&options, "the text", text, length, &s->corpus);
}

static unroll_status make_model(session *s, const unroll_config *config)
{
    unroll_vocabulary *vocabulary = unroll_corpus_take_vocabulary(s->corpus);
    const unroll_status status = unroll_model_new(config, vocabulary, &s->model);
    if (status != UNROLL_OK) {
        unroll_vocabulary_free(vocabulary);
        return status;
    }
    return unroll_model_init(s->model);
}

/** Batch and window that were left at their defaults shrink to what the text can fill. */
static unroll_status make_task(session *s, const unroll_config *config)
{
    unroll_config *defaults;
    UNROLL_TRY(unroll_config_new(&defaults));
    const bool user_T = config->seq_length != defaults->seq_length;
    const bool user_B = config->batch != defaults->batch;
    unroll_config_free(defaults);
    unroll_task_char_options o = {.T = (size_t)config->seq_length, .B = (size_t)config->batch,
                                  .no_carry = config->no_carry, .seed = config->seed};
    UNROLL_TRY(unroll_task_char_fit(s->corpus, user_T, user_B, &o.T, &o.B));
    UNROLL_TRY(unroll_task_char(s->corpus, &o, &s->task));
    s->has_task = true;
    return UNROLL_OK;
}

static unroll_status train(session *s, const unroll_config *config)
{
    const unroll_callbacks callbacks = {s, on_step, on_evaluated, on_stop};
    s->best = unroll_alloc(unroll_net_size(s->model->net), sizeof *s->best);
    if (s->best == NULL)
        return UNROLL_EMEMORY;
    const unroll_learning learning = unroll_config_learning(config);
    UNROLL_TRY(unroll_trainer_new(s->model->net, &s->task, &learning, &callbacks, &s->trainer));
    enum unroll_stop why;
    UNROLL_TRY(unroll_trainer_run(s->trainer, &why));
    if (s->has_best)
        copy_weights(unroll_net_weights(s->model->net), s->best, s->model->net);
    unroll_net_pack(s->model->net, 1);
    return UNROLL_OK;
}

unroll_status unroll_model_train(const unroll_config *config, const char *text, size_t length,
                                 const unroll_callbacks *callbacks, unroll_model **out)
{
    *out = NULL;
    if (config->task != NULL && strcmp(config->task, "char") != 0)
        return unroll_fail(UNROLL_EUSAGE, "--task %s does not learn from a text; give char",
                           config->task);
    session s = {.callbacks = callbacks};
    unroll_status status = unroll_config_check(config);
    if (status == UNROLL_OK)
        status = read_text(&s, config, text, length);
    if (status == UNROLL_OK)
        status = make_task(&s, config);
    if (status == UNROLL_OK)
        status = make_model(&s, config);
    if (status == UNROLL_OK)
        status = train(&s, config);
    unroll_trainer_free(s.trainer);
    unroll_free(s.best);
    if (s.has_task)
        s.task.free(s.task.self);
    unroll_corpus_free(s.corpus);
    if (status == UNROLL_OK)
        *out = s.model;
    else
        unroll_model_free(s.model);
    return status;
}
