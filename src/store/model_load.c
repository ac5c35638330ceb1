#include "store/load.h"

#include <math.h>

#include "base/fail.h"
#include "base/memory.h"
#include "config/config.h"

float *unroll_model_tensor(unroll_net *net, const unroll_parameter *p, size_t *count)
{
    *count = p->rows * (p->cols ? p->cols : 1); /* the net has checked it */
    float *plain = unroll_alloc(*count, sizeof *plain);
    if (plain)
        unroll_parameter_get(p, unroll_net_weights(net), plain);
    return plain;
}

static unroll_status check_finite(const char *path, unroll_net *net)
{
    const unroll_parameter *list;
    const size_t parameters = unroll_net_parameters(net, &list);
    for (size_t i = 0; i < parameters; i++) {
        size_t count, bad = 0;
        float *plain = unroll_model_tensor(net, &list[i], &count);
        if (!plain)
            return UNROLL_EMEMORY;
        for (size_t k = 0; k < count; k++)
            bad += !isfinite(plain[k]);
        unroll_free(plain);
        if (bad)
            return unroll_fail(UNROLL_EDATA, "%s: %zu of %zu weights in %s are NaN or infinite; "
                               "'unroll inspect' shows all, an earlier checkpoint may be whole",
                               path, bad, count, list[i].name);
    }
    return UNROLL_OK;
}

enum kind { TEXT, TRANSLATION, EITHER };

static unroll_status check_kind(const char *path, const unroll_model *model, enum kind kind)
{
    const char *task = unroll_model_config(model)->task;
    const bool is_translation = unroll_model_source_vocabulary(model) != NULL;
    if (kind == TRANSLATION && !is_translation)
        return unroll_fail(UNROLL_EDATA, "%s: a model of task %s; give one that was trained with "
                           "--task translate", path, task);
    if (kind == TEXT && is_translation)
        return unroll_fail(UNROLL_EDATA, "%s: a translation; 'unroll translate' and 'unroll eval' "
                           "take it", path);
    if (!unroll_model_vocabulary(model))
        return unroll_fail(UNROLL_EDATA, "%s: a model of task %s, which has no text; give one that "
                           "was trained on a text", path, task);
    return UNROLL_OK;
}

static unroll_status load(const char *path, enum kind kind, unroll_model **out)
{
    UNROLL_TRY(unroll_model_load(path, out));
    unroll_status status = check_kind(path, *out, kind);
    if (status == UNROLL_OK)
        status = check_finite(path, unroll_model_net(*out));
    if (status) {
        unroll_model_free(*out);
        *out = NULL;
    }
    return status;
}

unroll_status unroll_model_load_text(const char *path, unroll_model **out)
{
    return load(path, TEXT, out);
}

unroll_status unroll_model_load_translation(const char *path, unroll_model **out)
{
    return load(path, TRANSLATION, out);
}

unroll_status unroll_model_load_predicting(const char *path, unroll_model **out)
{
    return load(path, EITHER, out);
}
