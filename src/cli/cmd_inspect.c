/* unroll inspect: what a model file holds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/display.h"
#include "base/fail.h"
#include "base/json.h"
#include "base/memory.h"
#include "cli/cli.h"
#include "cli/out.h"
#include "cli/terminal.h"
#include "config/config.h"
#include "lab/inspect.h"
#include "store/model_load.h"

typedef struct inspect_options {
    cli_common common;
} inspect_options;

/* ---- tensors ---- */

static void heading(const char *text)
{
    out_printf("\n%s%s%s\n", terminal_style(1, STYLE_BOLD), text, terminal_style(1, STYLE_PLAIN));
}

static void print_tensors(const inspection *found)
{
    heading("Tensors                       shape        norm         min         max");
    for (size_t i = 0; i < found->tensors; i++) {
        const inspect_tensor *t = &found->tensor[i];
        const unroll_parameter *p = t->parameter;
        char shape[48];
        snprintf(shape, sizeof shape, p->cols ? "%zu x %zu" : "%zu", p->rows, p->cols);
        out_printf("  %-24s %14s %11.4g %11.4g %11.4g", p->name, shape, t->norm, t->min, t->max);
        if (t->bad)
            out_printf("\n%s    %zu values are NaN or infinite%s", terminal_style(1, STYLE_BAD),
                       t->bad, terminal_style(1, STYLE_PLAIN));
        out_text("\n");
    }
    heading("Recurrent matrices             gate      radius        norm  (spectral)");
    for (size_t i = 0; i < found->blocks; i++) {
        const inspect_block *b = &found->block[i];
        out_printf("  %-24s %14s %11.5g %11.5g\n", b->parameter->name, b->gate, b->radius, b->norm);
    }
    if (found->bad)
        out_printf("\n%s%zu weights are NaN or infinite: sample and eval refuse this model%s\n",
                   terminal_style(1, STYLE_BAD), found->bad, terminal_style(1, STYLE_PLAIN));
}

static json_t *tensors_json(const inspection *found)
{
    json_t *list = json_array();
    for (size_t i = 0; i < found->tensors; i++) {
        const inspect_tensor *t = &found->tensor[i];
        const unroll_parameter *p = t->parameter;
        json_t *shape = p->cols ? json_pack("[I, I]", (json_int_t)p->rows, (json_int_t)p->cols)
                                : json_pack("[I]", (json_int_t)p->rows);
        unroll_json_append(&list, json_pack("{s:s, s:o, s:o, s:o, s:o, s:I}", "name", p->name,
                                            "shape", shape, "norm", out_json_real(t->norm), "min",
                                            out_json_real(t->min), "max", out_json_real(t->max),
                                            "non_finite", (json_int_t)t->bad));
    }
    return list;
}

static json_t *recurrent_json(const inspection *found)
{
    json_t *list = json_array();
    for (size_t i = 0; i < found->blocks; i++) {
        const inspect_block *b = &found->block[i];
        unroll_json_append(&list, json_pack("{s:s, s:s, s:o, s:o}", "name", b->parameter->name, "gate",
                                            b->gate, "spectral_radius", out_json_real(b->radius),
                                            "spectral_norm", out_json_real(b->norm)));
    }
    return list;
}

/* ---- options ---- */

static json_t *option_json(const unroll_option *o, const char *text)
{
    if (o->type == UNROLL_FLAG)
        return json_boolean(strcmp(text, "true") == 0);
    if (o->type == UNROLL_SIZE)
        return json_integer((json_int_t)strtoll(text, NULL, 10));
    if (o->type == UNROLL_NUMBER)
        return out_json_real(strtod(text, NULL));
    return out_json_text(text, strlen(text));
}

/* The options that a model carries, as name = value lines or into `object`, which is NULL afterwards where
 * there was no memory. */
static unroll_status walk_options(const unroll_model *model, json_t **object)
{
    const unroll_config *config = unroll_model_config(model);
    for (size_t i = 0; i < unroll_config_rows; i++) {
        const unroll_option *o = &unroll_config_table[i];
        if (!(o->role & UNROLL_ROLE_MODEL))
            continue;
        char *text = unroll_option_get(o, 0, config);
        if (!text)
            return UNROLL_EMEMORY;
        if (object) {
            unroll_json_set(object, o->name, option_json(o, text));
        } else {
            out_printf("  %s = ", o->name);
            out_field(text, strlen(text));
            out_text("\n");
        }
        unroll_free(text);
    }
    return UNROLL_OK;
}

/* ---- the command ---- */

static size_t vocabulary_size(const unroll_vocabulary *vocabulary)
{
    return vocabulary ? unroll_vocabulary_size(vocabulary) : 0;
}

static unroll_status print_text(const char *path, unroll_model *model, const inspection *found)
{
    char count[UNROLL_NUMBER_MAX];
    const size_t tokens = vocabulary_size(unroll_model_vocabulary(model));
    const size_t source = vocabulary_size(unroll_model_source_vocabulary(model));
    out_field(path, strlen(path));
    out_printf("\n  %s parameters",
               unroll_display_count(count, unroll_net_trainable(unroll_model_net(model))));
    if (tokens)
        out_printf(", %s tokens in the vocabulary", unroll_display_count(count, tokens));
    if (source)
        out_printf(", %s in the source's", unroll_display_count(count, source));
    out_text("\n");
    heading("Options");
    UNROLL_TRY(walk_options(model, NULL));
    print_tensors(found);
    return UNROLL_OK;
}

static unroll_status print_json(const char *path, unroll_model *model, const inspection *found)
{
    json_t *options = json_object();
    const unroll_status status = walk_options(model, &options);
    if (status) {
        json_decref(options);
        return status;
    }
    const unroll_vocabulary *source = unroll_model_source_vocabulary(model);
    json_t *o = json_pack("{s:o, s:o, s:I, s:I, s:I, s:o, s:o}", "file",
                          out_json_text(path, strlen(path)), "options", options, "vocabulary",
                          (json_int_t)vocabulary_size(unroll_model_vocabulary(model)), "parameters",
                          (json_int_t)unroll_net_trainable(unroll_model_net(model)), "non_finite",
                          (json_int_t)found->bad, "tensors", tensors_json(found), "recurrent",
                          recurrent_json(found));
    if (source)
        unroll_json_set(&o, "source_vocabulary", json_integer((json_int_t)vocabulary_size(source)));
    return out_json(o);
}

static unroll_status inspect_command(cli_call *call)
{
    const inspect_options *o = call->options;
    char *path;
    unroll_model *model = NULL;
    inspection found = {0};
    UNROLL_TRY(cli_model(call, o->common.quiet, &path));
    unroll_status status = unroll_model_load(path, &model);
    if (status == UNROLL_OK)
        status = inspect_model(model, &found);
    if (status == UNROLL_OK)
        status = o->common.json ? print_json(path, model, &found) : print_text(path, model, &found);
    inspection_free(&found);
    unroll_model_free(model);
    unroll_free(path);
    return status;
}

static const unroll_option_list lists[] = {
    {cli_common_rows, CLI_COMMON_COUNT, offsetof(inspect_options, common)},
    {NULL, 0, 0},
};

static const cli_example examples[] = {
    {"unroll inspect runs/char", "options, tensors and spectra of a run's best weights"},
    {"unroll inspect --json runs/char/model.safetensors | jq .parameters", "one number of them"},
    {NULL, NULL},
};

const cli_command cli_inspect = {
    .name = "inspect",
    .arguments = "[MODEL]",
    .summary = "show a model's options, tensors, norms and spectral radius",
    .description =
        "Prints the options that a model carries, the shape, L2 norm and range of each tensor, and "
        "of each gate's recurrent matrix the spectral radius (Gelfand's formula by repeated "
        "squaring) and the spectral norm (power iteration). Values that are NaN or infinite are "
        "counted. MODEL is a model file, a checkpoint or a run directory; without it the newest "
        "run is taken.",
    .lists = lists,
    .options_size = sizeof(inspect_options),
    .max_arguments = 1,
    .examples = examples,
    .execute = inspect_command,
};
