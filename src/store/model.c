#include "store/model.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fail.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/path.h"
#include "config/config.h"
#include "config/options.h"
#include "data/pairs.h"
#include "task/task.h"

static const char FORMAT[] = "unroll";
enum { FORMAT_VERSION = 1 };

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
    unroll_text_rules_default(rules);
    rules->tokens = (enum unroll_tokens)config->tokens;
    rules->normalize = (enum unroll_normalize)config->normalize;
    rules->casefold = config->casefold;
    rules->replace = config->invalid != 0;
    rules->min_count = config->min_count;
}

/** The task that a config without one has, too. */
static bool is_char(const unroll_config *config)
{
    return config->task == NULL || strcmp(config->task, "char") == 0;
}

static bool is_translation(const unroll_config *config)
{
    return config->task != NULL && unroll_task_translates(config->task);
}

/** The network that a config asks for; its strings stay the config's. */
static unroll_status make_spec(const unroll_config *c, const unroll_vocabulary *source,
                               const unroll_vocabulary *vocabulary, unroll_net_spec *spec)
{
    *spec = (unroll_net_spec){.cell = c->cell, .gru = c->gru, .activation = c->activation,
                              .layers = (size_t)c->layers, .hidden = (size_t)c->hidden,
                              .embedding = (size_t)c->embedding, .tie = c->tie,
                              .dropout = c->dropout, .residual = c->residual,
                              .skip_input = c->skip_input,
                              .norm = c->norm, .norm_steps = (size_t)c->norm_steps,
                              .omega = c->omega};
    if (is_translation(c)) {
        spec->source = unroll_vocabulary_size(source);
        spec->bidirectional = c->bidirectional;
        spec->attention = c->attention;
        spec->label_smoothing = c->label_smoothing;
        spec->scheduled_sampling = c->scheduled_sampling;
    }
    if (is_char(c) || is_translation(c)) {
        spec->inputs = spec->outputs = unroll_vocabulary_size(vocabulary);
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

unroll_status unroll_model_new_pairs(const unroll_config *config, unroll_vocabulary *source,
                                     unroll_vocabulary *target, unroll_model **out)
{
    *out = NULL;
    unroll_model *model = unroll_alloc(1, sizeof *model);
    if (model == NULL)
        return UNROLL_EMEMORY;
    unroll_net_spec spec;
    unroll_status status = unroll_config_new(&model->config);
    if (status == UNROLL_OK)
        status = unroll_options_copy(config, model->config);
    if (status == UNROLL_OK)
        status = make_spec(model->config, source, target, &spec);
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

unroll_status unroll_model_new(const unroll_config *config, unroll_vocabulary *vocabulary,
                               unroll_model **out)
{
    return unroll_model_new_pairs(config, NULL, vocabulary, out);
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
    const unroll_init init = {.kind = c->init, .scale = c->init_scale,
                              .forget_bias = c->forget_bias, .chrono = c->chrono,
                              .chrono_max = chrono_steps(c),
                              .norm_gamma = c->norm_gamma, .seed = c->seed};
    return unroll_net_init(model->net, &init);
}

/* ---- reading ---- */

static unroll_status check_origin(const char *path, const unroll_tensors *t, bool *ours)
{
    const char *format = unroll_tensors_metadata(t, "format");
    *ours = format != NULL && strcmp(format, FORMAT) == 0;
    if (*ours) {
        const char *version = unroll_tensors_metadata(t, "version");
        uint64_t number;
        if (version == NULL || !unroll_parse_size(version, &number))
            return unroll_fail(UNROLL_EDATA, "%s: its format version is no number", path);
        if (number > FORMAT_VERSION)
            return unroll_fail(UNROLL_EDATA,
                               "%s: has format version %s, newer than %d; update unroll", path,
                               version, FORMAT_VERSION);
    }
    for (size_t i = 0; i < 2; i++) {
        const char *key = i == 0 ? "config" : "vocabulary";
        if (unroll_tensors_metadata(t, key) == NULL && (i == 0 || !*ours))
            return unroll_fail(UNROLL_EDATA,
                               "%s: is somebody else's safetensors file%s%s%s: its metadata has no "
                               "'%s'; add it to make this a model",
                               path, format ? " (format '" : "", format ? format : "",
                               format ? "')" : "", key);
    }
    return UNROLL_OK;
}

static unroll_status read_config(const char *path, const unroll_tensors *t, unroll_config *config)
{
    static const char *const needed[] = {"task", "cell", "layers", "hidden", "tokens"};
    const char *text = unroll_tensors_metadata(t, "config");
    json_t *object;
    UNROLL_TRY(unroll_json_parse(path, "config in the metadata", text, strlen(text), false,
                                 &object));
    unroll_status status = unroll_options_read(path, object, UNROLL_ROLE_MODEL, config);
    for (size_t i = 0; i < sizeof needed / sizeof needed[0] && status == UNROLL_OK; i++)
        if (json_object_get(object, needed[i]) == NULL)
            status = unroll_fail(UNROLL_EDATA, "%s: config lacks '%s'", path, needed[i]);
    json_decref(object);
    return status;
}

static unroll_status tokens_of(const char *path, const json_t *array, const unroll_config *config,
                               unroll_vocabulary **out)
{
    const size_t count = json_array_size(array);
    if (!json_is_array(array) || count == 0)
        return unroll_fail(UNROLL_EDATA, "%s: vocabulary is not a JSON array of strings", path);
    const char **tokens = unroll_alloc(count, sizeof *tokens);
    size_t *lengths = unroll_alloc(count, sizeof *lengths);
    unroll_status status = tokens && lengths ? UNROLL_OK : UNROLL_EMEMORY;
    for (size_t i = 0; i < count && status == UNROLL_OK; i++) {
        const json_t *token = json_array_get(array, i);
        if (!json_is_string(token))
            status = unroll_fail(UNROLL_EDATA, "%s: vocabulary entry %zu is no string", path, i);
        tokens[i] = json_string_value(token);
        lengths[i] = json_string_length(token);
    }
    unroll_text_rules rules;
    unroll_model_rules(config, &rules);
    if (status == UNROLL_OK) {
        status = unroll_vocabulary_from_tokens(&rules, tokens, lengths, count, out);
        if (status != UNROLL_OK)
            unroll_fail_prefix(status, "%s", path);
    }
    unroll_free(lengths);
    unroll_free(tokens);
    return status;
}

static unroll_status read_tokens(const char *path, const unroll_tensors *t, const char *key,
                                 const unroll_config *config, unroll_vocabulary **out)
{
    char where[64];
    const char *text = unroll_tensors_metadata(t, key);
    if (text == NULL)
        return unroll_fail(UNROLL_EDATA, "%s: its metadata has no '%s'", path, key);
    json_t *array;
    snprintf(where, sizeof where, "%s in the metadata", key);
    UNROLL_TRY(unroll_json_parse(path, where, text, strlen(text), true, &array));
    const unroll_status status = tokens_of(path, array, config, out);
    json_decref(array);
    if (status == UNROLL_OK && is_translation(config) && !unroll_pairs_fits(*out))
        return unroll_fail(UNROLL_EDATA, "%s: %s: that of a translation begins with <unk>, <s> and "
                           "</s>", path, key);
    return status;
}

/** Both stay NULL where the task has no text, the source's where it is no translation. */
static unroll_status read_vocabularies(const char *path, const unroll_tensors *t,
                                       const unroll_config *config, unroll_vocabulary **source,
                                       unroll_vocabulary **target)
{
    if (is_translation(config))
        UNROLL_TRY(read_tokens(path, t, "source_vocabulary", config, source));
    if (is_translation(config) || is_char(config))
        return read_tokens(path, t, "vocabulary", config, target);
    return UNROLL_OK;
}

static const char *shape_text(char buffer[128], const unroll_tensor *t)
{
    size_t used = (size_t)snprintf(buffer, 128, "[");
    for (size_t i = 0; i < t->rank; i++)
        used += (size_t)snprintf(buffer + used, 128 - used, "%s%zu", i ? ", " : "", t->shape[i]);
    snprintf(buffer + used, 128 - used, "]");
    return buffer;
}

/** The float32 tensor of this name and shape (cols 0: a vector). */
static unroll_status need(const char *path, const unroll_tensors *t, const char *name, size_t rows,
                          size_t cols, const unroll_tensor **out)
{
    const unroll_tensor *found = unroll_tensors_find(t, name);
    if (found == NULL)
        return unroll_fail(UNROLL_EDATA, "%s: lacks the tensor %s", path, name);
    if (found->dtype != UNROLL_F32)
        return unroll_fail(UNROLL_EDATA, "%s: tensor %s is not of dtype F32", path, name);
    const unroll_tensor wanted = {.rank = cols ? 2 : 1, .shape = {rows, cols}};
    if (found->rank != wanted.rank || found->shape[0] != rows ||
        (cols && found->shape[1] != cols)) {
        char is[128], should[128];
        return unroll_fail(UNROLL_EDATA, "%s: tensor %s is %s where its options need %s", path,
                           name, shape_text(is, found), shape_text(should, &wanted));
    }
    *out = found;
    return UNROLL_OK;
}

/** The weights of a stack of layers: `columns` of the first one's input, then `above`. */
static unroll_status check_stack(const char *path, const unroll_tensors *t, const char *stack,
                                 const unroll_net_spec *spec, size_t columns, size_t above)
{
    for (size_t l = 0; l < spec->layers; l++) {
        char name[64];
        const char *const parts[] = {"ih", "hh"};
        for (size_t i = 0; i < 2; i++) {
            const size_t cols = i ? spec->hidden : l ? above : columns;
            snprintf(name, sizeof name, "%s.weight_%s_l%zu", stack, parts[i], l);
            const unroll_tensor *found = unroll_tensors_find(t, name);
            if (found == NULL)
                return unroll_fail(UNROLL_EDATA, "%s: lacks the tensor %s", path, name);
            if (found->rank != 2 || found->shape[1] != cols || found->shape[0] < spec->hidden) {
                char is[128];
                return unroll_fail(UNROLL_EDATA,
                                   "%s: tensor %s is %s where its options need %zu columns and at "
                                   "least %zu rows",
                                   path, name, shape_text(is, found), cols, spec->hidden);
            }
        }
    }
    return UNROLL_OK;
}

/** Hold the options' sizes against tensors that must have them, so that a network built by them
 *  is no more than a few times the file. */
static unroll_status check_sizes(const char *path, const unroll_tensors *t,
                                 const unroll_net_spec *spec)
{
    const bool pairs = spec->source > 0;
    const size_t E = spec->embedding, H = spec->hidden;
    const unroll_tensor *found;
    if (E && pairs)
        UNROLL_TRY(need(path, t, "encoder.embedding.weight", spec->source, E, &found));
    if (E)
        UNROLL_TRY(need(path, t, pairs ? "decoder.embedding.weight" : "encoder.weight",
                        spec->inputs, E, &found));
    if (!spec->tie)
        UNROLL_TRY(need(path, t, pairs ? "decoder.output.weight" : "decoder.weight", spec->outputs,
                        H, &found));
    if (pairs)
        UNROLL_TRY(check_stack(path, t, "encoder.rnn", spec, E ? E : spec->source,
                               spec->bidirectional ? 2 * H : H));
    return check_stack(path, t, pairs ? "decoder.rnn" : "rnn", spec, E ? E : spec->inputs, H);
}

/** The output's weights, which a model made elsewhere may spell out where they are tied. */
static const char *tied_name(const unroll_net_spec *spec)
{
    return spec->source ? "decoder.output.weight" : "decoder.weight";
}

static unroll_status check_tied(const char *path, const unroll_tensors *t,
                                const unroll_net_spec *spec)
{
    const unroll_tensor *in, *out;
    const char *first = spec->source ? "decoder.embedding.weight" : "encoder.weight";
    const char *last = tied_name(spec);
    UNROLL_TRY(need(path, t, first, spec->inputs, spec->embedding, &in));
    UNROLL_TRY(need(path, t, last, spec->inputs, spec->embedding, &out));
    if (memcmp(in->data, out->data, spec->inputs * spec->embedding * sizeof(float)) != 0)
        return unroll_fail(UNROLL_EDATA, "%s: %s and %s differ, but are tied", path, first, last);
    return UNROLL_OK;
}

static unroll_status check_extras(const char *path, const unroll_tensors *t, const unroll_net *net)
{
    const unroll_parameter *list;
    const size_t count = unroll_net_parameters(net, &list);
    const bool checkpoint = unroll_tensors_metadata(t, "step") != NULL;
    for (size_t i = 0; i < t->count; i++) {
        const char *name = t->tensor[i].name;
        size_t k = 0;
        while (k < count && strcmp(list[k].name, name) != 0)
            k++;
        if (k < count)
            continue;
        if (checkpoint && strncmp(name, UNROLL_TRAINER_PREFIX, strlen(UNROLL_TRAINER_PREFIX)) == 0)
            continue;
        const unroll_net_spec *spec = unroll_net_get_spec(net);
        if (spec->tie && strcmp(name, tied_name(spec)) == 0) {
            UNROLL_TRY(check_tied(path, t, spec));
            continue;
        }
        return unroll_fail(UNROLL_EDATA, "%s: has a tensor %s, which its options do not need", path,
                           name);
    }
    return UNROLL_OK;
}

static unroll_status fill_net(const char *path, const unroll_tensors *t, bool ours, unroll_net *net)
{
    const unroll_parameter *list;
    const size_t count = unroll_net_parameters(net, &list);
    for (size_t i = 0; i < count; i++) {
        const unroll_tensor *found;
        UNROLL_TRY(need(path, t, list[i].name, list[i].rows, list[i].cols, &found));
        unroll_parameter_set(&list[i], unroll_net_weights(net), found->data);
    }
    UNROLL_TRY(check_extras(path, t, net));
    if (!ours) /* even adding zeros would change the bits of −0 */
        unroll_net_merge_biases(net);
    unroll_net_pack(net, 1);
    return UNROLL_OK;
}

/** @param config  the file's, already read */
static unroll_status build(const char *path, const unroll_tensors *t, bool ours,
                           const unroll_config *config, unroll_model **out)
{
    unroll_vocabulary *source = NULL, *vocabulary = NULL;
    unroll_net_spec spec;
    unroll_status status = read_vocabularies(path, t, config, &source, &vocabulary);
    if (status == UNROLL_OK)
        status = make_spec(config, source, vocabulary, &spec);
    if (status == UNROLL_EUSAGE)
        status = unroll_fail_prefix(UNROLL_EDATA, "%s: config", path);
    if (status == UNROLL_OK)
        status = check_sizes(path, t, &spec);
    if (status == UNROLL_OK) {
        status = unroll_model_new_pairs(config, source, vocabulary, out);
        if (status == UNROLL_EUSAGE)
            status = unroll_fail_prefix(UNROLL_EDATA, "%s: config", path);
    }
    if (*out == NULL) {
        unroll_vocabulary_free(source);
        unroll_vocabulary_free(vocabulary);
        return status;
    }
    return fill_net(path, t, ours, (*out)->net);
}

unroll_status unroll_model_from_tensors(const char *path, const unroll_tensors *t,
                                        unroll_model **out)
{
    bool ours;
    unroll_config *config;
    *out = NULL;
    UNROLL_TRY(check_origin(path, t, &ours));
    UNROLL_TRY(unroll_config_new(&config));
    unroll_status status = read_config(path, t, config);
    if (status == UNROLL_OK)
        status = build(path, t, ours, config, out);
    unroll_config_free(config);
    if (status != UNROLL_OK) {
        unroll_model_free(*out);
        *out = NULL;
    }
    return status;
}

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

/* ---- writing ---- */

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

static size_t elements(const unroll_parameter *p)
{
    return p->rows * (p->cols ? p->cols : 1);
}

static unroll_status image_tensors(const unroll_model *model, unroll_model_image *image)
{
    const unroll_parameter *list;
    image->count = unroll_net_parameters(model->net, &list);
    size_t all = 0;
    for (size_t i = 0; i < image->count; i++)
        all += elements(&list[i]);
    image->plain_ = unroll_alloc(all, sizeof *image->plain_);
    image->tensor = unroll_alloc(image->count, sizeof *image->tensor);
    if (image->plain_ == NULL || image->tensor == NULL)
        return UNROLL_EMEMORY;
    float *plain = image->plain_;
    for (size_t i = 0; i < image->count; i++) {
        unroll_parameter_get(&list[i], unroll_net_weights(model->net), plain);
        image->tensor[i] = (unroll_tensor){.name = list[i].name, .dtype = UNROLL_F32,
                                           .rank = list[i].cols ? 2 : 1,
                                           .shape = {list[i].rows, list[i].cols}, .data = plain};
        plain += elements(&list[i]);
    }
    return UNROLL_OK;
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
    out->metadata[out->metadata_count++] = (unroll_metadata){"format", FORMAT};
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
    const unroll_status status = unroll_tensors_write(path, image.tensor, image.count,
                                                      image.metadata, image.metadata_count);
    unroll_model_image_free(&image);
    return status;
}

bool unroll_model_finite(const unroll_model *model, const char **name)
{
    const unroll_parameter *list;
    const size_t count = unroll_net_parameters(model->net, &list);
    for (size_t i = 0; i < count; i++) {
        const unroll_real *x = unroll_net_weights(model->net) + list[i].offset;
        for (size_t k = 0; k < elements(&list[i]); k++)
            if (!isfinite(x[k])) {
                *name = list[i].name;
                return false;
            }
    }
    return true;
}

unroll_status unroll_model_copy_weights(const unroll_model *from, unroll_model *to)
{
    const unroll_parameter *a, *b;
    const size_t m = unroll_net_parameters(from->net, &a), n = unroll_net_parameters(to->net, &b);
    for (size_t i = 0; i < (m > n ? m : n); i++)
        if (i >= m || i >= n || strcmp(a[i].name, b[i].name) != 0 || a[i].rows != b[i].rows ||
            a[i].cols != b[i].cols)
            return unroll_fail(UNROLL_EMISMATCH,
                               "--init-from: the model's %s has no counterpart of the same shape; "
                               "give the model options it was trained with",
                               i < m ? a[i].name : b[i].name);
    memcpy(unroll_net_weights(to->net), unroll_net_weights(from->net),
           unroll_net_size(to->net) * sizeof(unroll_real));
    unroll_net_pack(to->net, 1);
    return UNROLL_OK;
}
