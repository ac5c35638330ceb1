/* unroll generate: examples of a synthetic task, and the list of tasks. */
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/number.h"
#include "cli/cli.h"
#include "cli/out.h"
#include "cli/terminal.h"
#include "task/solved.h"
#include "task/task.h"

typedef struct generate_options {
    cli_common common;
    uint64_t count;
    bool list;
} generate_options;

/* clang-format off */
static const unroll_option rows[] = {
    {.name = "count", .letter = 'n', .group = "Generation", .meta = "N", .type = UNROLL_SIZE, .preset = "10",
     .max = UNROLL_OPTION_NO_MAX, .offset = offsetof(generate_options, count),
     .help = "examples to print"},
    {.name = "list", .group = "Generation", .type = UNROLL_FLAG,
     .offset = offsetof(generate_options, list), .help = "explain every task and its keys"},
};
/* clang-format on */

/* ---- the list ---- */

static void list_keys(const char *name, const unroll_spec_key *keys)
{
    char preset[32], text[UNROLL_SPEC_DESCRIPTION];
    for (size_t i = 0; i < unroll_spec_count(keys); i++) {
        char label[40];
        snprintf(label, sizeof label, "  %-10s ", keys[i].name);
        out_labelled(label, unroll_spec_describe(&keys[i], text));
    }
    out_printf("  example: unroll train --task %s", name);
    for (size_t i = 0; i < unroll_spec_count(keys); i++)
        out_printf("%s%s=%s", i ? "," : ":", keys[i].name,
                   unroll_format_double(preset, keys[i].preset));
    out_text("\n");
}

static void list_head(const char *name, const char *summary, const char *origin)
{
    out_printf("%s%s%s", terminal_style(1, STYLE_BOLD), name, terminal_style(1, STYLE_PLAIN));
    out_labelled(": ", summary);
    out_labelled("  source: ", origin);
}

static void list_toy(const unroll_toy_row *toy)
{
    list_head(toy->name, toy->summary, toy->origin);
    out_text("  pairs of sentences, to learn a translation from\n");
    list_keys(toy->name, toy->keys);
}

static void list_text(const unroll_task_row *task)
{
    double value[UNROLL_TASK_KEYS] = {0};
    for (size_t i = 0; i < unroll_spec_count(task->keys); i++)
        value[i] = task->keys[i].preset;
    unroll_task_shape shape;
    task->shape(value, &shape);
    char text[400], words[UNROLL_SOLVED_WORDS];
    list_head(task->name, task->summary, task->origin);
    snprintf(text, sizeof text, "%s; by chance %.3g", task->measure, task->chance(value));
    out_labelled("  accuracy: ", text);
    snprintf(text, sizeof text, "%.4g %s, without any memory", task->baseline(value),
             shape.squared ? "squared error" : "nats");
    out_labelled("  baseline: ", text);
    out_labelled("  solved: ", unroll_solved_words(task, words));
    list_keys(task->name, task->keys);
}

static json_t *json_keys(const unroll_spec_key *list)
{
    json_t *keys = json_array();
    for (size_t i = 0; i < unroll_spec_count(list); i++)
        unroll_json_append(&keys, json_pack("{s:s, s:s, s:f, s:f, s:f}", "name", list[i].name,
                                            "help", list[i].help, "default", list[i].preset, "min",
                                            list[i].min, "max", list[i].max));
    return keys;
}

static unroll_status list_json(const unroll_task_row *task)
{
    char words[UNROLL_SOLVED_WORDS];
    return out_json(json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "name", task->name, "summary",
                              task->summary, "source", task->origin, "accuracy", task->measure,
                              "solved", unroll_solved_words(task, words), "keys",
                              json_keys(task->keys)));
}

static unroll_status list_toys(bool json)
{
    for (size_t i = 0; unroll_toy_table[i]; i++) {
        const unroll_toy_row *toy = unroll_toy_table[i];
        if (json)
            UNROLL_TRY(out_json(json_pack("{s:s, s:s, s:s, s:o}", "name", toy->name, "summary",
                                          toy->summary, "source", toy->origin, "keys",
                                          json_keys(toy->keys))));
        else {
            out_text(i ? "\n" : "");
            list_toy(toy);
        }
    }
    return UNROLL_OK;
}

static unroll_status list(bool json)
{
    for (size_t i = 0; unroll_task_table[i]; i++) {
        if (json) {
            UNROLL_TRY(list_json(unroll_task_table[i]));
            continue;
        }
        list_text(unroll_task_table[i]);
        out_text("\n");
    }
    return list_toys(json);
}

/* ---- examples ---- */

static json_t *reals(const unroll_real *x, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        unroll_json_append(&array, out_json_real((double)x[i]));
    return array;
}

static unroll_status print_json(const unroll_task *task, const unroll_batch *batch)
{
    json_t *input = json_array(), *target = json_array();
    for (size_t t = 0; t < batch->T; t++) {
        json_t *in = task->features ? reals(batch->feature + t * task->inputs, task->inputs)
                                    : json_integer((json_int_t)batch->input[t]);
        json_t *out = batch->weight && !(batch->weight[t] > 0) ? json_null()
                      : task->squared ? reals(batch->value + t * task->outputs, task->outputs)
                                      : json_integer((json_int_t)batch->target[t]);
        unroll_json_append(&input, in);
        unroll_json_append(&target, out);
    }
    return out_json(json_pack("{s:o, s:o}", "input", input, "target", target));
}

static unroll_status print_example(unroll_task *task, bool json)
{
    unroll_batch batch;
    char *line;
    UNROLL_TRY(task->next(task->self, &batch));
    if (json)
        return print_json(task, &batch);
    UNROLL_TRY(unroll_task_line(task, &batch, 0, &line));
    out_text(line);
    out_text("\n");
    unroll_free(line);
    return UNROLL_OK;
}

static unroll_status print_pair(const unroll_buffer *source, const unroll_buffer *target, bool json)
{
    if (json)
        return out_json(json_pack("{s:s%, s:s%}", "source", source->text, source->length, "target",
                                  target->text, target->length));
    out_write(source->text, source->length);
    out_text("\t");
    out_write(target->text, target->length);
    out_text("\n");
    return UNROLL_OK;
}

static unroll_status generate_pairs(const char *spec, const generate_options *o)
{
    const unroll_toy_row *toy;
    double value[UNROLL_TASK_KEYS];
    unroll_buffer source = {0}, target = {0};
    unroll_rng rng;
    UNROLL_TRY(unroll_toy_parse(spec, &toy, value));
    unroll_rng_seed(&rng, o->common.seed, UNROLL_STREAM_DATA);
    unroll_status status = UNROLL_OK;
    for (uint64_t i = 0; i < o->count && !status && !out_broken(); i++) {
        source.length = target.length = 0;
        toy->draw(value, &rng, &source, &target);
        status = source.failed || target.failed ? UNROLL_EMEMORY
                                                : print_pair(&source, &target, o->common.json);
    }
    unroll_free(source.text);
    unroll_free(target.text);
    return status;
}

static unroll_status generate(const char *spec, const generate_options *o)
{
    const unroll_task_row *row;
    double value[UNROLL_TASK_KEYS];
    unroll_task task;
    if (strcmp(spec, "char") == 0)
        return unroll_fail(UNROLL_EUSAGE, "task char reads a text, it has nothing to generate; "
                                          "see 'unroll generate --list'");
    if (strcmp(spec, "translate") == 0)
        return unroll_fail(UNROLL_EUSAGE,
                           "task translate reads pairs; give a toy language, such as "
                           "%s",
                           unroll_toy_table[0]->name);
    if (unroll_task_translates(spec))
        return generate_pairs(spec, o);
    UNROLL_TRY(unroll_task_parse(spec, &row, value));
    UNROLL_TRY(unroll_task_synthetic(row, value, 1, o->common.seed, &task));
    unroll_status status = UNROLL_OK;
    for (uint64_t i = 0; i < o->count && !status && !out_broken(); i++)
        status = print_example(&task, o->common.json);
    task.free(task.self);
    return status;
}

static unroll_status generate_command(cli_call *call)
{
    const generate_options *o = call->options;
    if (o->list && call->count)
        return unroll_fail(UNROLL_EUSAGE, "--list and a task exclude each other; give one of them");
    if (o->list)
        return list(o->common.json);
    if (!call->count)
        return unroll_fail(UNROLL_EUSAGE, "no task; give one, or --list to see them all");
    return generate(call->arguments[0], o);
}

static const unroll_option_list lists[] = {
    {rows, sizeof rows / sizeof *rows, 0},
    {cli_common_rows, CLI_COMMON_COUNT, offsetof(generate_options, common)},
    {NULL, 0, 0},
};

static const cli_example examples[] = {
    {"unroll generate --list", "every synthetic task, its keys and their ranges"},
    {"unroll generate copy:delay=20,length=5 --count 3", "three examples of copying over 20 steps"},
    {"unroll generate toy-translation:clauses=1 --count 1000", "sentences in English and German"},
    {NULL, NULL},
};

const cli_command cli_generate = {
    .name = "generate",
    .arguments = "[SPEC]",
    .summary = "print examples of a synthetic task or a toy language",
    .description =
        "SPEC is NAME or NAME:key=value,... Each example is a line: the inputs of all steps, a tab, "
        "the targets, - where a step has none. Steps are parted by blanks, the numbers of one step "
        "by commas. These are the examples that training with this seed and one sequence a batch "
        "would see. Of a toy language a line is a sentence, a tab and its translation: those that "
        "training with this seed begins with.",
    .lists = lists,
    .options_size = sizeof(generate_options),
    .min_arguments = 0,
    .max_arguments = 1,
    .examples = examples,
    .execute = generate_command,
};
