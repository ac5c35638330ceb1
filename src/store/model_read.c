/* A model from the tensors and the metadata of a file, from here or from PyTorch. What a file says is held
 * against its tensors before it sizes anything. */
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/fail.h"
#include "base/json.h"
#include "base/json_reader.h"
#include "base/memory.h"
#include "base/number.h"
#include "config/config.h"
#include "config/options.h"
#include "data/pairs.h"
#include "store/model.h"

static unroll_status check_origin(const char *path, const unroll_tensors *t, bool *ours)
{
    const char *format = unroll_tensors_metadata(t, "format");
    *ours = format != NULL && strcmp(format, UNROLL_MODEL_FORMAT) == 0;
    if (*ours) {
        const char *version = unroll_tensors_metadata(t, "version");
        uint64_t number;
        if (version == NULL || !unroll_parse_size(version, &number))
            return unroll_fail(UNROLL_EDATA, "%s: its format version is no number", path);
        if (number > UNROLL_MODEL_VERSION)
            return unroll_fail(UNROLL_EDATA,
                               "%s: has format version %s, newer than %d; update unroll", path,
                               version, UNROLL_MODEL_VERSION);
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
    UNROLL_TRY(unroll_json_parse(path, "config in the metadata", text, strlen(text),
                                 UNROLL_JSON_OPTIONS, &object));
    unroll_status status = unroll_options_read(path, object, UNROLL_ROLE_MODEL, config);
    for (size_t i = 0; i < sizeof needed / sizeof needed[0] && status == UNROLL_OK; i++)
        if (json_object_get(object, needed[i]) == NULL)
            status = unroll_fail(UNROLL_EDATA, "%s: config lacks '%s'", path, needed[i]);
    json_decref(object);
    return status;
}

/** A vocabulary while it is read. */
typedef struct tokens {
    const char **token;
    size_t *length;
    size_t count, room, lengths_room;
} tokens;

/** The most tokens that a model of these tensors can have: each has a row or a column in one of them. */
static size_t most_tokens(const unroll_tensors *t)
{
    size_t most = 0;
    for (size_t i = 0; i < t->count; i++)
        for (size_t k = 0; k < t->tensor[i].rank; k++)
            if (t->tensor[i].shape[k] > most)
                most = t->tensor[i].shape[k];
    return most;
}

static unroll_status add_token(unroll_json_reader *r, size_t most, tokens *t)
{
    char *text;
    size_t length;
    if (!unroll_json_begins(r, '"')) {
        UNROLL_TRY(unroll_json_skip(r));
        return unroll_fail(UNROLL_EDATA, "%s: vocabulary entry %zu is no string", r->path, t->count);
    }
    if (t->count == most)
        return unroll_fail(UNROLL_EDATA,
                           "%s: the vocabulary has more than the %zu entries that its tensors have room "
                           "for",
                           r->path, most);
    UNROLL_TRY(unroll_json_string(r, &text, &length));
    const char **token = unroll_reserve(t->token, &t->room, t->count + 1, sizeof *token);
    if (!token)
        return UNROLL_EMEMORY;
    t->token = token;
    size_t *lengths = unroll_reserve(t->length, &t->lengths_room, t->count + 1, sizeof *lengths);
    if (!lengths)
        return UNROLL_EMEMORY;
    t->length = lengths;
    t->token[t->count] = text;
    t->length[t->count++] = length;
    return UNROLL_OK;
}

static unroll_status collect_tokens(unroll_json_reader *r, size_t most, tokens *t)
{
    bool more = unroll_json_begins(r, '[');
    if (more)
        UNROLL_TRY(unroll_json_enter(r, '['));
    while (more) {
        UNROLL_TRY(unroll_json_next(r, &more));
        if (more)
            UNROLL_TRY(add_token(r, most, t));
    }
    if (t->count == 0)
        return unroll_fail(UNROLL_EDATA, "%s: vocabulary is not a JSON array of strings", r->path);
    return unroll_json_end(r);
}

static unroll_status read_tokens(const char *path, const unroll_tensors *t, const char *key,
                                 const unroll_config *config, unroll_vocabulary **out)
{
    char where[64];
    tokens list = {0};
    unroll_text_rules rules;
    const char *text = unroll_tensors_metadata(t, key);
    if (text == NULL)
        return unroll_fail(UNROLL_EDATA, "%s: its metadata has no '%s'", path, key);
    snprintf(where, sizeof where, "%s in the metadata", key);
    unroll_json_reader r = {.path = path, .part = where, .nul = true, .length = strlen(text)};
    r.text = unroll_strndup(text, r.length);
    unroll_model_rules(config, &rules);
    unroll_status status = r.text ? collect_tokens(&r, most_tokens(t), &list) : UNROLL_EMEMORY;
    if (status == UNROLL_OK) {
        status = unroll_vocabulary_from_tokens(&rules, list.token, list.length, list.count, out);
        if (status != UNROLL_OK)
            unroll_fail_prefix(status, "%s", path);
    }
    unroll_free(list.length);
    unroll_free(list.token);
    unroll_free(r.text);
    if (status == UNROLL_OK && unroll_model_kind(config) == UNROLL_MODEL_TRANSLATION &&
        !unroll_pairs_fits(*out))
        return unroll_fail(UNROLL_EDATA,
                           "%s: %s: that of a translation begins with <unk>, <s> and "
                           "</s>",
                           path, key);
    return status;
}

/** Both stay NULL where the task has no text, the source's where it is no translation. */
static unroll_status read_vocabularies(const char *path, const unroll_tensors *t,
                                       const unroll_config *config, unroll_vocabulary **source,
                                       unroll_vocabulary **target)
{
    const enum unroll_model_kind kind = unroll_model_kind(config);
    if (kind == UNROLL_MODEL_SYNTHETIC)
        return UNROLL_OK;
    if (kind == UNROLL_MODEL_TRANSLATION)
        UNROLL_TRY(read_tokens(path, t, "source_vocabulary", config, source));
    return read_tokens(path, t, "vocabulary", config, target);
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
    if (found->rank != wanted.rank || found->shape[0] != rows || (cols && found->shape[1] != cols)) {
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

static unroll_status check_tied(const char *path, const unroll_tensors *t, const unroll_net_spec *spec)
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
        status = unroll_model_spec(config, source, vocabulary, &spec);
    if (status == UNROLL_EUSAGE)
        status = unroll_fail_prefix(UNROLL_EDATA, "%s: config", path);
    if (status == UNROLL_OK)
        status = check_sizes(path, t, &spec);
    if (status == UNROLL_OK) {
        status = unroll_model_create(config, source, vocabulary, out);
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

unroll_status unroll_model_from_tensors(const char *path, const unroll_tensors *t, unroll_model **out)
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
