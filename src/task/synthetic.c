/* What all synthetic tasks share: fresh samples to train on, a fixed set to evaluate on. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/number.h"
#include "task/task.h"

double unroll_task_coin_loss(const double *value)
{
    (void)value;
    return log(2);
}

double unroll_task_coin_chance(const double *value)
{
    (void)value;
    return 0.5;
}

/* Arrays of one batch. */
typedef struct buffers {
    uint32_t *input, *target;
    unroll_real *feature, *value, *weight;
    uint8_t *counted, *recalled;
} buffers;

typedef struct synthetic {
    const unroll_task_row *row;
    double value[UNROLL_TASK_KEYS];
    unroll_task_shape shape;
    size_t B, cells; /* cells = T·B */
    uint64_t seed;
    unroll_rng rng; /* of training */
    buffers train, eval;
} synthetic;

static unroll_status buffers_new(buffers *b, const synthetic *s)
{
    const unroll_task_shape *shape = &s->shape;
    size_t features = 0, values = 0;
    if (!unroll_mul(s->cells, shape->inputs, &features) ||
        !unroll_mul(s->cells, shape->outputs, &values))
        return unroll_fail(UNROLL_EMEMORY, "task %s: %zu sequences of %zu steps do not fit in memory",
                           s->row->name, s->B, shape->T);
    b->weight = unroll_alloc(s->cells, sizeof *b->weight);
    b->counted = unroll_alloc(s->cells, sizeof *b->counted);
    b->recalled = unroll_alloc(s->cells, sizeof *b->recalled);
    bool done = b->weight && b->counted && b->recalled;
    if (shape->features)
        done = done && (b->feature = unroll_alloc(features, sizeof *b->feature));
    else
        done = done && (b->input = unroll_alloc(s->cells, sizeof *b->input));
    if (shape->squared)
        done = done && (b->value = unroll_alloc(values, sizeof *b->value));
    else
        done = done && (b->target = unroll_alloc(s->cells, sizeof *b->target));
    return done ? UNROLL_OK : UNROLL_EMEMORY;
}

static void buffers_free(buffers *b)
{
    unroll_free(b->input);
    unroll_free(b->target);
    unroll_free(b->feature);
    unroll_free(b->value);
    unroll_free(b->weight);
    unroll_free(b->counted);
    unroll_free(b->recalled);
}

static void buffers_clear(const buffers *b, const synthetic *s)
{
    const size_t n = s->cells;
    memset(b->weight, 0, n * sizeof *b->weight);
    memset(b->counted, 1, n * sizeof *b->counted);
    memset(b->recalled, 1, n * sizeof *b->recalled);
    if (b->input)
        memset(b->input, 0, n * sizeof *b->input);
    if (b->target)
        memset(b->target, 0, n * sizeof *b->target);
    if (b->feature)
        memset(b->feature, 0, n * s->shape.inputs * sizeof *b->feature);
    if (b->value)
        memset(b->value, 0, n * s->shape.outputs * sizeof *b->value);
}

static void draw_row(const synthetic *s, const buffers *into, size_t b, unroll_rng *rng)
{
    const unroll_task_column column = {
        .stride = s->B,
        .input = into->input ? into->input + b : NULL,
        .target = into->target ? into->target + b : NULL,
        .feature = into->feature ? into->feature + b * s->shape.inputs : NULL,
        .value = into->value ? into->value + b * s->shape.outputs : NULL,
        .weight = into->weight + b,
        .counted = into->counted + b,
        .recalled = into->recalled + b,
    };
    s->row->draw(s->value, rng, &column);
}

static void hand_out(const synthetic *s, const buffers *from, unroll_batch *out)
{
    *out = (unroll_batch){.T = s->shape.T,
                          .B = s->B,
                          .input = from->input,
                          .target = from->target,
                          .feature = from->feature,
                          .value = from->value,
                          .weight = from->weight,
                          .counted = from->counted,
                          .recalled = from->recalled,
                          .tolerance = (unroll_real)s->row->tolerance};
}

static void draw_batch(const synthetic *s, unroll_rng *rng)
{
    buffers_clear(&s->train, s);
    for (size_t b = 0; b < s->B; b++)
        draw_row(s, &s->train, b, rng);
}

static unroll_status next(void *self, unroll_batch *out)
{
    synthetic *s = self;
    draw_batch(s, &s->rng);
    hand_out(s, &s->train, out);
    return UNROLL_OK;
}

/* Each sequence has a generator of its own, so that the set is the same whatever the batch; what the last
 * batch has too many has no weight. */
static unroll_status eval(void *self, enum unroll_split split, uint64_t i, unroll_batch *out,
                          bool *more)
{
    synthetic *s = self;
    const size_t count = s->B > UNROLL_TASK_HELD_OUT ? s->B : UNROLL_TASK_HELD_OUT;
    const uint64_t stream = split == UNROLL_TEST ? UNROLL_STREAM_TEST : UNROLL_STREAM_VALID;
    *more = i < (count + s->B - 1) / s->B;
    if (!*more)
        return UNROLL_OK;
    buffers_clear(&s->eval, s);
    for (size_t b = 0; b < s->B && i * s->B + b < count; b++) {
        unroll_rng rng;
        unroll_rng_seed(&rng, unroll_rng_hash(s->seed, i * s->B + b), stream);
        draw_row(s, &s->eval, b, &rng);
    }
    hand_out(s, &s->eval, out);
    return UNROLL_OK;
}

static void state(void *self, unroll_visit *visit, void *arg)
{
    synthetic *s = self;
    visit(arg, "task.rng", UNROLL_FIELD_U64, s->rng.s, 4);
}

static void synthetic_free(void *self)
{
    synthetic *s = self;
    if (!s)
        return;
    buffers_free(&s->train);
    buffers_free(&s->eval);
    unroll_free(s);
}

/* Targets of one training batch. */
static double count_targets(const synthetic *s)
{
    unroll_rng rng = s->rng;
    double sum = 0;
    draw_batch(s, &rng);
    for (size_t i = 0; i < s->cells; i++)
        sum += s->train.weight[i] > 0;
    return sum;
}

unroll_status unroll_task_synthetic(const unroll_task_row *row, const double *value, size_t B,
                                    uint64_t seed, unroll_task *out)
{
    *out = (unroll_task){0};
    synthetic *s = unroll_alloc(1, sizeof *s);
    if (!s)
        return UNROLL_EMEMORY;
    s->row = row;
    memcpy(s->value, value, sizeof s->value);
    s->B = B;
    s->seed = seed;
    row->shape(value, &s->shape);
    unroll_rng_seed(&s->rng, seed, UNROLL_STREAM_DATA);
    if (!unroll_mul(s->shape.T, B, &s->cells))
        s->cells = SIZE_MAX;
    unroll_status status = buffers_new(&s->train, s);
    if (status == UNROLL_OK)
        status = buffers_new(&s->eval, s);
    if (status != UNROLL_OK) {
        synthetic_free(s);
        return status;
    }
    *out = (unroll_task){.self = s,
                         .inputs = s->shape.inputs,
                         .outputs = s->shape.outputs,
                         .features = s->shape.features,
                         .squared = s->shape.squared,
                         .tokens_per_batch = count_targets(s),
                         .next = next,
                         .eval = eval,
                         .train_T = s->shape.T,
                         .train_B = B,
                         .eval_T = s->shape.T,
                         .eval_B = B,
                         .state = state,
                         .free = synthetic_free};
    return UNROLL_OK;
}

/* ---- as text ---- */

/* `count` numbers with commas between; at most 32 bytes each. */
static size_t write_numbers(char *to, const unroll_real *from, size_t count)
{
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        char number[32];
        unroll_format_digits(number, (double)from[i], 6);
        length += (size_t)sprintf(to + length, "%s%s", i ? "," : "", number);
    }
    return length;
}

unroll_status unroll_task_line(const unroll_task *task, const unroll_batch *batch, size_t b,
                               char **line)
{
    size_t width, room;
    *line = NULL;
    if (!unroll_add(task->features ? task->inputs : 1, task->squared ? task->outputs : 1, &width) ||
        !unroll_mul(width, 33, &room) || !unroll_mul(room, batch->T, &room) ||
        !unroll_add(room, 1, &room))
        room = SIZE_MAX;
    char *text = unroll_alloc(room, 1);
    if (!text)
        return UNROLL_EMEMORY;
    char *to = text;
    for (size_t t = 0; t < batch->T; t++) {
        const size_t at = t * batch->B + b;
        if (t)
            *to++ = ' ';
        if (task->features)
            to += write_numbers(to, batch->feature + at * task->inputs, task->inputs);
        else
            to += sprintf(to, "%u", batch->input[at]);
    }
    for (size_t t = 0; t < batch->T; t++) {
        const size_t at = t * batch->B + b;
        *to++ = t ? ' ' : '\t';
        if (batch->weight && !(batch->weight[at] > 0))
            *to++ = '-';
        else if (task->squared)
            to += write_numbers(to, batch->value + at * task->outputs, task->outputs);
        else
            to += sprintf(to, "%u", batch->target[at]);
    }
    *to = '\0';
    *line = text;
    return UNROLL_OK;
}
