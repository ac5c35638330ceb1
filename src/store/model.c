#include "store/model.h"

#include <math.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "config/config.h"
#include "config/options.h"
#include "task/task.h"

void unroll_model_free(unroll_model *model)
{
    if (model == NULL)
        return;
    unroll_net_free(model->net);
    unroll_vocabulary_free(model->vocabulary);
    unroll_vocabulary_free(model->source_vocabulary);
    unroll_config_free(model->config);
    unroll_free(model);
}

unroll_net *unroll_model_net(unroll_model *model)
{
    return model->net;
}

const unroll_vocabulary *unroll_model_vocabulary(const unroll_model *model)
{
    return model->vocabulary;
}

const unroll_vocabulary *unroll_model_source_vocabulary(const unroll_model *model)
{
    return model->source_vocabulary;
}

const unroll_config *unroll_model_config(const unroll_model *model)
{
    return model->config;
}

void unroll_model_rules(const unroll_config *config, unroll_text_rules *rules)
{
    *rules = (unroll_text_rules)UNROLL_TEXT_RULES_INIT;
    rules->tokens = (enum unroll_tokens)config->tokens;
    rules->normalize = (enum unroll_normalize)config->normalize;
    rules->casefold = config->casefold;
    rules->replace = config->invalid != 0;
    rules->min_count = config->min_count;
}

enum unroll_model_kind unroll_model_kind(const unroll_config *config)
{
    if (config->task == NULL || strcmp(config->task, "char") == 0)
        return UNROLL_MODEL_TEXT;
    return unroll_task_translates(config->task) ? UNROLL_MODEL_TRANSLATION : UNROLL_MODEL_SYNTHETIC;
}

unroll_status unroll_model_spec(const unroll_config *c, const unroll_vocabulary *source,
                                const unroll_vocabulary *target, unroll_net_spec *spec)
{
    const enum unroll_model_kind kind = unroll_model_kind(c);
    *spec = (unroll_net_spec){.size = sizeof *spec,
                              .cell = c->cell,
                              .gru = c->gru,
                              .lstm = c->lstm,
                              .activation = c->activation,
                              .layers = (size_t)c->layers,
                              .hidden = (size_t)c->hidden,
                              .embedding = (size_t)c->embedding,
                              .tie = c->tie,
                              .dropout = c->dropout,
                              .residual = c->residual,
                              .skip_input = c->skip_input,
                              .norm = c->norm,
                              .norm_steps = (size_t)c->norm_steps,
                              .omega = c->omega};
    if (kind == UNROLL_MODEL_TRANSLATION) {
        spec->source = unroll_vocabulary_size(source);
        spec->bidirectional = c->bidirectional;
        spec->attention = c->attention;
        spec->label_smoothing = c->label_smoothing;
        spec->scheduled_sampling = c->scheduled_sampling;
    }
    if (kind != UNROLL_MODEL_SYNTHETIC) {
        spec->inputs = spec->outputs = unroll_vocabulary_size(target);
        return UNROLL_OK;
    }
    const unroll_task_row *row;
    double value[UNROLL_TASK_KEYS];
    unroll_task_shape shape;
    UNROLL_TRY(unroll_task_parse(c->task, &row, value));
    row->shape(value, &shape);
    spec->inputs = shape.inputs;
    spec->outputs = shape.outputs;
    spec->features = shape.features;
    spec->squared = shape.squared;
    return UNROLL_OK;
}

unroll_status unroll_model_create(const unroll_config *config, unroll_vocabulary *source,
                                  unroll_vocabulary *target, unroll_model **out)
{
    *out = NULL;
    unroll_model *model = unroll_alloc(1, sizeof *model);
    if (model == NULL)
        return UNROLL_EMEMORY;
    unroll_net_spec spec;
    unroll_status status = unroll_config_new(&model->config);
    if (status == UNROLL_OK)
        status = unroll_config_assign(config, model->config);
    if (status == UNROLL_OK)
        status = unroll_model_spec(model->config, source, target, &spec);
    if (status == UNROLL_OK)
        status = unroll_net_new(&spec, &model->net);
    if (status != UNROLL_OK) {
        unroll_model_free(model);
        return status;
    }
    model->vocabulary = target;
    model->source_vocabulary = source;
    *out = model;
    return UNROLL_OK;
}

/* Steps that chrono biases are drawn for: as told, else the length of the task, or of a text's window. */
static double chrono_steps(const unroll_config *c)
{
    const unroll_task_row *row;
    double value[UNROLL_TASK_KEYS];
    unroll_task_shape shape;
    if (c->chrono_max > 0)
        return c->chrono_max;
    if (unroll_task_parse(c->task, &row, value) != UNROLL_OK)
        return (double)c->seq_length; /* char, translate: no synthetic task */
    row->shape(value, &shape);
    return shape.T > 3 ? (double)shape.T : 3;
}

unroll_status unroll_model_init(unroll_model *model)
{
    const unroll_config *c = model->config;
    const unroll_init init = {.size = sizeof init,
                              .kind = c->init,
                              .scale = c->init_scale,
                              .forget_bias = c->forget_bias,
                              .chrono = c->chrono,
                              .chrono_max = chrono_steps(c),
                              .norm_gamma = c->norm_gamma,
                              .seed = c->seed};
    return unroll_net_init(model->net, &init);
}

/* ---- weights ---- */

float *unroll_model_tensor(unroll_net *net, const unroll_parameter *p, size_t *count)
{
    *count = unroll_parameter_elements(p);
    float *plain = unroll_alloc(*count, sizeof *plain);
    if (plain)
        unroll_parameter_get(p, unroll_net_weights(net), plain);
    return plain;
}

bool unroll_model_finite(const unroll_model *model, const unroll_parameter **where, size_t *bad)
{
    const unroll_parameter *list;
    const size_t parameters = unroll_net_parameters(model->net, &list);
    *bad = 0;
    for (size_t i = 0; i < parameters && *bad == 0; i++) {
        const unroll_real *x = unroll_net_weights(model->net) + list[i].offset;
        const size_t count = unroll_parameter_elements(&list[i]);
        for (size_t k = 0; k < count; k++)
            *bad += !isfinite(x[k]);
        *where = &list[i];
    }
    return *bad == 0;
}

unroll_status unroll_model_copy_weights(const unroll_model *from, unroll_model *to)
{
    const unroll_parameter *a, *b;
    const size_t m = unroll_net_parameters(from->net, &a), n = unroll_net_parameters(to->net, &b);
    for (size_t i = 0; i < (m > n ? m : n); i++)
        if (i >= m || i >= n || strcmp(a[i].name, b[i].name) != 0 || a[i].rows != b[i].rows ||
            a[i].cols != b[i].cols)
            return unroll_fail(UNROLL_EMISMATCH,
                               UNROLL_OPTION
                               "init-from: the model's %s has no counterpart of the same shape; give the model "
                               "options it was trained with",
                               i < m ? a[i].name : b[i].name);
    memcpy(unroll_net_weights(to->net), unroll_net_weights(from->net),
           unroll_net_size(to->net) * sizeof(unroll_real));
    unroll_net_pack(to->net, 1);
    return UNROLL_OK;
}
