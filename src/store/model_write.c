/* A model as the tensors and the metadata of a file. */
#include "base/buffer.h"
#include "base/fail.h"
#include "base/json.h"
#include "base/memory.h"
#include "config/config.h"
#include "config/options.h"
#include "store/model.h"

static char *vocabulary_json(const unroll_vocabulary *v)
{
    unroll_buffer t = {0};
    for (size_t i = 0; i < unroll_vocabulary_size(v); i++) {
        char buffer[8];
        size_t length;
        const char *token = unroll_vocabulary_spelling(v, (uint32_t)i, buffer, &length);
        unroll_buffer_text(&t, i == 0 ? "[" : ",");
        unroll_json_quote(&t, token, length);
    }
    unroll_buffer_text(&t, "]");
    if (!t.failed)
        return t.text;
    unroll_free(t.text);
    return NULL;
}

/* The weights, in the order of `tensor`. */
static void copy_weights(const unroll_model *model, float *plain)
{
    const unroll_parameter *list;
    const size_t count = unroll_net_parameters(model->net, &list);
    for (size_t i = 0; i < count; i++) {
        unroll_parameter_get(&list[i], unroll_net_weights(model->net), plain);
        plain += unroll_parameter_elements(&list[i]);
    }
}

static unroll_status image_tensors(const unroll_model *model, unroll_model_image *image)
{
    const unroll_parameter *list;
    image->count = unroll_net_parameters(model->net, &list);
    size_t all = 0;
    for (size_t i = 0; i < image->count; i++)
        all += unroll_parameter_elements(&list[i]);
    image->plain_ = unroll_alloc(all, sizeof *image->plain_);
    image->tensor = unroll_alloc(image->count, sizeof *image->tensor);
    if (image->plain_ == NULL || image->tensor == NULL)
        return UNROLL_EMEMORY;
    float *plain = image->plain_;
    for (size_t i = 0; i < image->count; i++) {
        image->tensor[i] = (unroll_tensor){.name = list[i].name,
                                           .dtype = UNROLL_F32,
                                           .rank = list[i].cols ? 2 : 1,
                                           .shape = {list[i].rows, list[i].cols},
                                           .data = plain};
        plain += unroll_parameter_elements(&list[i]);
    }
    copy_weights(model, image->plain_);
    return UNROLL_OK;
}

void unroll_model_image_take(unroll_model_image *image, const unroll_model *model)
{
    copy_weights(model, image->plain_);
}

unroll_status unroll_model_image_make(const unroll_model *model, unroll_model_image *out)
{
    *out = (unroll_model_image){0};
    unroll_status status = image_tensors(model, out);
    out->config_ = unroll_options_json(model->config, UNROLL_ROLE_MODEL, NULL, NULL, false);
    if (model->vocabulary != NULL)
        out->vocabulary_ = vocabulary_json(model->vocabulary);
    if (model->source_vocabulary != NULL)
        out->source_vocabulary_ = vocabulary_json(model->source_vocabulary);
    if (out->config_ == NULL || (model->vocabulary != NULL && out->vocabulary_ == NULL) ||
        (model->source_vocabulary != NULL && out->source_vocabulary_ == NULL))
        status = UNROLL_EMEMORY;
    if (status != UNROLL_OK) {
        unroll_model_image_free(out);
        return status;
    }
    out->metadata[out->metadata_count++] = (unroll_metadata){"format", UNROLL_MODEL_FORMAT};
    out->metadata[out->metadata_count++] = (unroll_metadata){"version", "1"};
    out->metadata[out->metadata_count++] = (unroll_metadata){"config", out->config_};
    if (out->vocabulary_ != NULL)
        out->metadata[out->metadata_count++] = (unroll_metadata){"vocabulary", out->vocabulary_};
    if (out->source_vocabulary_ != NULL)
        out->metadata[out->metadata_count++] =
            (unroll_metadata){"source_vocabulary", out->source_vocabulary_};
    return UNROLL_OK;
}

void unroll_model_image_free(unroll_model_image *image)
{
    unroll_free(image->tensor);
    unroll_free(image->plain_);
    unroll_free(image->config_);
    unroll_free(image->vocabulary_);
    unroll_free(image->source_vocabulary_);
    *image = (unroll_model_image){0};
}

unroll_status unroll_model_save(const unroll_model *model, const char *path)
{
    unroll_model_image image;
    UNROLL_TRY(unroll_model_image_make(model, &image));
    const unroll_status status =
        unroll_tensors_write(path, image.tensor, image.count, image.metadata, image.metadata_count);
    unroll_model_image_free(&image);
    return status;
}
