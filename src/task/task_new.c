/* Tasks as a caller of the library makes and uses them. */
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/versioned.h"
#include "task/task.h"

enum { BATCH = 50, SEQ_LENGTH = 50 };

/* The caller's options with the defaults filled in. */
static unroll_status take_options(const unroll_task_options *from, unroll_task_options *to)
{
    static const double split[3] = {0.9, 0.05, 0.05};
    *to = (unroll_task_options){.size = sizeof *to};
    if (from)
        UNROLL_TRY(unroll_versioned_copy("unroll_task_options", from, to, sizeof *to));
    if (to->split[0] == 0 && to->split[1] == 0 && to->split[2] == 0)
        memcpy(to->split, split, sizeof split);
    return UNROLL_OK;
}

static unroll_status take_rules(const unroll_task_options *options, unroll_text_rules *rules)
{
    *rules = (unroll_text_rules)UNROLL_TEXT_RULES_INIT;
    return options->rules
               ? unroll_versioned_copy("unroll_text_rules", options->rules, rules, sizeof *rules)
               : UNROLL_OK;
}

/* ---- a text ---- */

static unroll_status open_text(unroll_task *task, const char *text, size_t length,
                               const unroll_task_options *o)
{
    unroll_corpus_options c;
    unroll_corpus_options_default(&c);
    UNROLL_TRY(take_rules(o, &c.rules));
    c.vocabulary = o->vocabulary;
    c.lines = o->lines;
    memcpy(c.split, o->split, sizeof c.split);
    unroll_corpus *corpus;
    UNROLL_TRY(unroll_corpus_from_text(&c, "the text", text, length, &corpus));
    unroll_task_char_options t = {.T = o->seq_length ? o->seq_length : SEQ_LENGTH,
                                  .B = o->batch ? o->batch : BATCH,
                                  .no_carry = o->no_carry,
                                  .seed = o->seed};
    unroll_status status = unroll_task_char_fit(corpus, o->seq_length > 0, o->batch > 0, &t.T, &t.B);
    if (status == UNROLL_OK)
        status = unroll_task_char(corpus, &t, task);
    task->corpus = corpus; /* freed with the task, whether it was made or not */
    return status;
}

/* ---- pairs ---- */

static unroll_status open_pairs(unroll_task *task, const char *tsv, size_t length,
                                const unroll_task_options *o)
{
    unroll_pairs_options p;
    unroll_pairs_options_default(&p);
    UNROLL_TRY(take_rules(o, &p.rules));
    p.vocabulary[UNROLL_SOURCE] = o->source_vocabulary;
    p.vocabulary[UNROLL_TARGET] = o->vocabulary;
    if ((o->vocabulary == NULL) != (o->source_vocabulary == NULL))
        return unroll_fail(UNROLL_EUSAGE, "pairs take both vocabularies or none");
    p.swap = o->swap;
    p.max_length = o->max_length;
    memcpy(p.split, o->split, sizeof p.split);
    unroll_pairs *pairs;
    UNROLL_TRY(unroll_pairs_from_text(&p, "the pairs", tsv, length, &pairs));
    const size_t count = unroll_pairs_get_part(pairs, UNROLL_TRAIN)->count;
    const unroll_task_translate_options t = {
        .B = o->batch        ? o->batch
             : BATCH < count ? BATCH
                             : count,
        .reverse = o->reverse_source,
        .seed = o->seed,
    };
    const unroll_status status = unroll_task_translate(pairs, &t, task);
    task->pairs = pairs;
    return status;
}

/* ---- a synthetic task or a toy language ---- */

static unroll_status open_toy(unroll_task *task, const char *spec, const unroll_task_options *o)
{
    const unroll_toy_row *toy;
    double value[UNROLL_TASK_KEYS];
    char *tsv;
    size_t length;
    unroll_text_rules rules = UNROLL_TEXT_RULES_INIT;
    unroll_task_options with = *o;
    UNROLL_TRY(unroll_toy_parse(spec, &toy, value));
    rules.tokens = toy->tokens;
    if (!with.rules)
        with.rules = &rules;
    UNROLL_TRY(unroll_toy_text(toy, value, o->seed, (uint64_t)value[UNROLL_TOY_PAIRS], &tsv, &length));
    const unroll_status status = open_pairs(task, tsv, length, &with);
    unroll_free(tsv);
    return status;
}

static unroll_status open_synthetic(unroll_task *task, const char *spec, size_t length,
                                    const unroll_task_options *o)
{
    const unroll_task_row *row;
    double value[UNROLL_TASK_KEYS];
    (void)length;
    if (unroll_task_translates(spec))
        return open_toy(task, spec, o);
    UNROLL_TRY(unroll_task_parse(spec, &row, value));
    return unroll_task_synthetic(row, value, o->batch ? o->batch : BATCH, o->seed, task);
}

/* ---- what callers see ---- */

typedef unroll_status open_data(unroll_task *task, const char *data, size_t length,
                                const unroll_task_options *options);

static unroll_status make(open_data *open, const char *data, size_t length,
                          const unroll_task_options *options, unroll_task **out)
{
    unroll_task_options o;
    *out = NULL;
    UNROLL_TRY(take_options(options, &o));
    unroll_task *task = unroll_alloc(1, sizeof *task);
    if (!task)
        return UNROLL_EMEMORY;
    const unroll_status status = open(task, data, length, &o);
    if (status == UNROLL_OK)
        *out = task;
    else
        unroll_task_free(task);
    return status;
}

unroll_status unroll_task_new_text(const char *text, size_t length,
                                   const unroll_task_options *options, unroll_task **out)
{
    return make(open_text, text, length, options, out);
}

unroll_status unroll_task_new_pairs(const char *tsv, size_t length,
                                    const unroll_task_options *options, unroll_task **out)
{
    return make(open_pairs, tsv, length, options, out);
}

unroll_status unroll_task_new_synthetic(const char *spec, const unroll_task_options *options,
                                        unroll_task **out)
{
    return make(open_synthetic, spec, strlen(spec), options, out);
}

unroll_status unroll_task_new(const unroll_task_functions *functions, unroll_task **out)
{
    unroll_task_functions f;
    *out = NULL;
    UNROLL_TRY(unroll_versioned_copy("unroll_task_functions", functions, &f, sizeof f));
    if (!f.next || !f.inputs || !f.outputs || !f.steps || !f.rows)
        return unroll_fail(UNROLL_EUSAGE,
                           "a task needs next(), and inputs, outputs, steps and rows above 0");
    if (f.held_out_steps && (!f.held_out || !f.held_out_rows))
        return unroll_fail(UNROLL_EUSAGE,
                           "a task with %zu steps to evaluate needs held_out() and "
                           "held_out_rows above 0",
                           f.held_out_steps);
    unroll_task *task = unroll_alloc(1, sizeof *task);
    if (!task)
        return UNROLL_EMEMORY;
    *task = (unroll_task){
        .self = f.self,
        .inputs = f.inputs,
        .outputs = f.outputs,
        .features = f.features,
        .squared = f.squared,
        .source = f.source,
        .batches_per_epoch = f.batches_per_epoch,
        .tokens_per_batch = (double)f.steps * (double)f.rows,
        .next = f.next,
        .eval = f.held_out,
        .train_T = f.steps,
        .train_B = f.rows,
        .train_S = f.source_steps,
        .eval_T = f.held_out_steps,
        .eval_B = f.held_out_rows,
        .eval_S = f.held_out_source_steps,
        .state = f.state,
        .free = f.free,
    };
    *out = task;
    return UNROLL_OK;
}

void unroll_task_free(unroll_task *task)
{
    if (!task)
        return;
    if (task->free)
        task->free(task->self);
    unroll_corpus_free(task->corpus);
    unroll_pairs_free(task->pairs);
    unroll_free(task);
}

void unroll_task_set_spec(const unroll_task *task, unroll_net_spec *spec)
{
    spec->inputs = task->inputs;
    spec->outputs = task->outputs;
    spec->features = task->features;
    spec->squared = task->squared;
    spec->source = task->source;
}

void unroll_task_set_work(const unroll_task *task, enum unroll_split split,
                          unroll_work_options *options)
{
    const bool train = split == UNROLL_TRAIN;
    options->T = train ? task->train_T : task->eval_T;
    options->B = train ? task->train_B : task->eval_B;
    options->S = train ? task->train_S : task->eval_S;
}

uint64_t unroll_task_batches_per_epoch(const unroll_task *task)
{
    return task->batches_per_epoch;
}

const unroll_vocabulary *unroll_task_vocabulary(const unroll_task *task)
{
    if (task->pairs)
        return unroll_pairs_vocabulary(task->pairs, UNROLL_TARGET);
    return task->corpus ? unroll_corpus_vocabulary(task->corpus) : NULL;
}

const unroll_vocabulary *unroll_task_source_vocabulary(const unroll_task *task)
{
    return task->pairs ? unroll_pairs_vocabulary(task->pairs, UNROLL_SOURCE) : NULL;
}

unroll_status unroll_task_next(unroll_task *task, unroll_batch *out)
{
    return task->next(task->self, out);
}

unroll_status unroll_task_held_out(unroll_task *task, enum unroll_split split, uint64_t i,
                                   unroll_batch *out, bool *more)
{
    *more = false;
    return task->eval && task->eval_T ? task->eval(task->self, split, i, out, more) : UNROLL_OK;
}
