#include "store/model_load.h"

#include <sys/stat.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/path.h"
#include "config/config.h"
#include "store/model.h"

static unroll_status load_file(const char *path, unroll_model **out)
{
    unroll_tensors t;
    UNROLL_TRY(unroll_tensors_read(path, &t));
    const unroll_status status = unroll_model_from_tensors(path, &t, out);
    unroll_tensors_free(&t);
    return status;
}

unroll_status unroll_model_load(const char *path, unroll_model **out)
{
    *out = NULL;
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        return load_file(path, out);
    char *file = unroll_path_join(path, "model.safetensors");
    if (file == NULL)
        return UNROLL_EMEMORY;
    const unroll_status status =
        stat(file, &st) == 0 ? load_file(file, out)
                             : unroll_fail(UNROLL_ENOINPUT,
                                           "%s: holds no model.safetensors; give a model file or a "
                                           "run directory",
                                           path);
    unroll_free(file);
    return status;
}

/* ---- as commands want them ---- */

static unroll_status check_finite(const char *path, const unroll_model *model)
{
    const unroll_parameter *where;
    size_t bad;
    if (unroll_model_finite(model, &where, &bad))
        return UNROLL_OK;
    return unroll_fail(UNROLL_EDATA,
                       "%s: %zu of %zu weights in %s are NaN or infinite; 'unroll "
                       "inspect' shows all, an earlier checkpoint may be whole",
                       path, bad, unroll_parameter_elements(where), where->name);
}

enum kind { TEXT, TRANSLATION, ANY };

static unroll_status check_kind(const char *path, const unroll_model *model, enum kind kind)
{
    const char *task = unroll_model_config(model)->task;
    const bool is_translation = unroll_model_source_vocabulary(model) != NULL;
    if (kind == TRANSLATION && !is_translation)
        return unroll_fail(UNROLL_EDATA,
                           "%s: a model of task %s; give one that was trained with " UNROLL_OPTION
                           "task translate",
                           path, task);
    if (kind == TEXT && is_translation)
        return unroll_fail(UNROLL_EDATA,
                           "%s: a translation; 'unroll translate' and 'unroll eval' "
                           "take it",
                           path);
    if (kind == TEXT && !unroll_model_vocabulary(model))
        return unroll_fail(UNROLL_EDATA,
                           "%s: a model of task %s, which has no text; give one that "
                           "was trained on a text",
                           path, task);
    return UNROLL_OK;
}

static unroll_status load(const char *path, enum kind kind, unroll_model **out)
{
    UNROLL_TRY(unroll_model_load(path, out));
    unroll_status status = check_kind(path, *out, kind);
    if (status == UNROLL_OK)
        status = check_finite(path, *out);
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
    return load(path, ANY, out);
}
