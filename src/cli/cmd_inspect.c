/* unroll inspect: what a model file holds. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/display.h"
#include "base/fail.h"
#include "base/memory.h"
#include "cell/cells.h"
#include "cli/cli.h"
#include "cli/out.h"
#include "cli/terminal.h"
#include "config/config.h"
#include "probe/spectrum.h"
#include "store/load.h"

typedef struct inspect_options {
    cli_common common;
} inspect_options;

/* ---- numbers of a tensor ---- */

typedef struct summary {
    double norm, min, max; /* of the finite values; NaN where there are none */
    size_t bad;            /* values that are NaN or infinite */
} summary;

static summary summarise(size_t count, const float *x)
{
    summary s = {0, NAN, NAN, 0};
    double squares = 0;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(x[i])) {
            s.bad++;
            continue;
        }
        squares += (double)x[i] * x[i];
        s.min = fmin(s.min, x[i]); /* fmin and fmax pass over a NaN */
        s.max = fmax(s.max, x[i]);
    }
    s.norm = sqrt(squares);
    return s;
}

/* One square block of a recurrent matrix. */
typedef struct block {
    const char *gate; /* "" where there is only one */
    double radius, norm;
} block;

static bool is_recurrent(const unroll_parameter *p)
{
    return strstr(p->name, "weight_hh") && p->cols && p->rows % p->cols == 0;
}

static unroll_status measure(size_t hidden, const float *W, block *b)
{
    UNROLL_TRY(unroll_spectral_radius(hidden, W, &b->radius));
    return unroll_spectral_norm(hidden, hidden, W, &b->norm);
}

/* ---- what both outputs walk through ---- */

typedef struct view {
    const char *path;
    unroll_net *net;
    const unroll_model *model;
    size_t bad;          /* in all tensors */
    json_t *tensors, *recurrent;
} view;

static json_t *shape_json(const unroll_parameter *p)
{
    return p->cols ? json_pack("[I, I]", (json_int_t)p->rows, (json_int_t)p->cols)
                   : json_pack("[I]", (json_int_t)p->rows);
}

static void show_tensor(view *v, const unroll_parameter *p, const summary *s)
{
    char shape[48];
    if (v->tensors) {
        json_array_append_new(v->tensors,
                              json_pack("{s:s, s:o, s:o, s:o, s:o, s:I}", "name", p->name, "shape",
                                        shape_json(p), "norm", out_json_real(s->norm), "min",
                                        out_json_real(s->min), "max", out_json_real(s->max),
                                        "non_finite", (json_int_t)s->bad));
        return;
    }
    snprintf(shape, sizeof shape, p->cols ? "%zu x %zu" : "%zu", p->rows, p->cols);
    out_printf("  %-24s %14s %11.4g %11.4g %11.4g", p->name, shape, s->norm, s->min, s->max);
    if (s->bad)
        out_printf("\n%s    %zu values are NaN or infinite%s", terminal_style(1, STYLE_BAD), s->bad,
                   terminal_style(1, STYLE_PLAIN));
    out_text("\n");
}

static void show_block(view *v, const unroll_parameter *p, const block *b)
{
    if (v->recurrent)
        json_array_append_new(v->recurrent,
                              json_pack("{s:s, s:s, s:o, s:o}", "name", p->name, "gate", b->gate,
                                        "spectral_radius", out_json_real(b->radius),
                                        "spectral_norm", out_json_real(b->norm)));
    else
        out_printf("  %-24s %14s %11.5g %11.5g\n", p->name, b->gate, b->radius, b->norm);
}

static unroll_status walk_tensors(view *v)
{
    const unroll_parameter *list;
    const size_t parameters = unroll_net_parameters(v->net, &list);
    for (size_t i = 0; i < parameters; i++) {
        size_t count;
        float *plain = unroll_model_tensor(v->net, &list[i], &count);
        if (!plain)
            return UNROLL_EMEMORY;
        const summary s = summarise(count, plain);
        unroll_free(plain);
        v->bad += s.bad;
        show_tensor(v, &list[i], &s);
    }
    return UNROLL_OK;
}

static unroll_status walk_recurrent(view *v)
{
    const unroll_net_spec *spec = unroll_net_get_spec(v->net);
    const unroll_cell *cell = unroll_cell_find_variant(spec->cell, spec->gru);
    const unroll_parameter *list;
    const size_t parameters = unroll_net_parameters(v->net, &list);
    for (size_t i = 0; i < parameters; i++) {
        const unroll_parameter *p = &list[i];
        if (!is_recurrent(p))
            continue;
        size_t count;
        float *plain = unroll_model_tensor(v->net, p, &count);
        unroll_status status = plain ? UNROLL_OK : UNROLL_EMEMORY;
        const size_t gates = p->rows / p->cols;
        for (size_t g = 0; g < gates && !status; g++) {
            block b = {.gate = cell->gate[g].name};
            status = measure(p->cols, plain + g * p->cols * p->cols, &b);
            if (!status)
                show_block(v, p, &b);
        }
        unroll_free(plain);
        UNROLL_TRY(status);
    }
    return UNROLL_OK;
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

/* The options that a model carries, as name = value lines or into `object`. */
static unroll_status walk_options(const view *v, json_t *object)
{
    const unroll_config *config = unroll_model_config(v->model);
    for (size_t i = 0; i < unroll_config_rows; i++) {
        const unroll_option *o = &unroll_config_table[i];
        if (!(o->role & UNROLL_ROLE_MODEL))
            continue;
        char *text = unroll_option_get(o, 0, config);
        if (!text)
            return UNROLL_EMEMORY;
        if (object) {
            json_object_set_new(object, o->name, option_json(o, text));
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

static void heading(const char *text)
{
    out_printf("\n%s%s%s\n", terminal_style(1, STYLE_BOLD), text, terminal_style(1, STYLE_PLAIN));
}

static unroll_status print_text(view *v)
{
    char count[UNROLL_NUMBER_MAX];
    const size_t tokens = vocabulary_size(unroll_model_vocabulary(v->model));
    const size_t source = vocabulary_size(unroll_model_source_vocabulary(v->model));
    out_field(v->path, strlen(v->path));
    out_printf("\n  %s parameters", unroll_display_count(count, unroll_net_trainable(v->net)));
    if (tokens)
        out_printf(", %s tokens in the vocabulary", unroll_display_count(count, tokens));
    if (source)
        out_printf(", %s in the source's", unroll_display_count(count, source));
    out_text("\n");
    heading("Options");
    UNROLL_TRY(walk_options(v, NULL));
    heading("Tensors                       shape        norm         min         max");
    UNROLL_TRY(walk_tensors(v));
    heading("Recurrent matrices             gate      radius        norm  (spectral)");
    UNROLL_TRY(walk_recurrent(v));
    if (v->bad)
        out_printf("\n%s%zu weights are NaN or infinite: sample and eval refuse this model%s\n",
                   terminal_style(1, STYLE_BAD), v->bad, terminal_style(1, STYLE_PLAIN));
    return UNROLL_OK;
}

static unroll_status print_json(view *v)
{
    json_t *options = json_object();
    v->tensors = json_array();
    v->recurrent = json_array();
    unroll_status status = walk_options(v, options);
    if (!status)
        status = walk_tensors(v);
    if (!status)
        status = walk_recurrent(v);
    if (status) {
        json_decref(options);
        json_decref(v->tensors);
        json_decref(v->recurrent);
        return status;
    }
    json_t *file = out_json_text(v->path, strlen(v->path));
    const unroll_vocabulary *source = unroll_model_source_vocabulary(v->model);
    json_t *o = json_pack("{s:o, s:o, s:I, s:I, s:I, s:o, s:o}", "file", file, "options", options,
                          "vocabulary",
                          (json_int_t)vocabulary_size(unroll_model_vocabulary(v->model)),
                          "parameters", (json_int_t)unroll_net_trainable(v->net), "non_finite",
                          (json_int_t)v->bad, "tensors", v->tensors, "recurrent", v->recurrent);
    if (o && source)
        json_object_set_new(o, "source_vocabulary", json_integer((json_int_t)vocabulary_size(source)));
    return out_json(o);
}

static unroll_status run(cli_call *call)
{
    const inspect_options *o = call->options;
    unroll_model *model;
    UNROLL_TRY(unroll_model_load(call->arguments[0], &model));
    view v = {.path = call->arguments[0], .net = unroll_model_net(model), .model = model};
    const unroll_status status = o->common.json ? print_json(&v) : print_text(&v);
    unroll_model_free(model);
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
    .arguments = "MODEL",
    .summary = "show a model's options, tensors, norms and spectral radius",
    .description =
        "Prints the options that a model carries, the shape, L2 norm and range of each tensor, and "
        "of each gate's recurrent matrix the spectral radius (Gelfand's formula by repeated "
        "squaring) and the spectral norm (power iteration). Values that are NaN or infinite are "
        "counted. MODEL is a model file, a checkpoint or a run directory.",
    .lists = lists,
    .options_size = sizeof(inspect_options),
    .min_arguments = 1,
    .max_arguments = 1,
    .examples = examples,
    .run = run,
};
