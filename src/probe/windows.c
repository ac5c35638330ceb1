#include "probe/windows.h"

#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/place.h"
#include "base/versioned.h"
#include "net/net.h"

struct unroll_windows {
    unroll_batch batch; /* its pointers are those below */
    unroll_real *weight, *feature, *value;
    uint32_t *input, *target, *source;
    uint8_t *mode, *source_mode;
    char *block;
};

/* Count (base NULL) or place the arrays that `like` has, and weights. @return bytes; SIZE_MAX: overflow */
static size_t layout(unroll_windows *w, const unroll_batch *like, size_t inputs, size_t outputs,
                     char *base)
{
    const size_t T = w->batch.T, B = w->batch.B, S = w->batch.S;
    size_t at = 0;
    at = unroll_place(&w->weight, sizeof *w->weight, T, B, 1, base, at);
    at = unroll_place(&w->feature, sizeof *w->feature, T, B, like->feature ? inputs : 0, base, at);
    at = unroll_place(&w->value, sizeof *w->value, T, B, like->value ? outputs : 0, base, at);
    at = unroll_place(&w->input, sizeof *w->input, T, B, like->input != NULL, base, at);
    at = unroll_place(&w->target, sizeof *w->target, T, B, like->target != NULL, base, at);
    at = unroll_place(&w->source, sizeof *w->source, S, B, 1, base, at);
    at = unroll_place(&w->mode, 1, T, B, like->mode != NULL, base, at);
    return unroll_place(&w->source_mode, 1, S, B, like->source_mode != NULL, base, at);
}

/* Room for T·B positions of the kinds that `like` has. */
static unroll_status create(const unroll_batch *like, size_t B, size_t inputs, size_t outputs,
                            unroll_windows **out)
{
    unroll_windows *w = unroll_alloc(1, sizeof *w);
    if (!w)
        return UNROLL_EMEMORY;
    w->batch = (unroll_batch){.T = like->T, .B = B, .S = like->S};
    const size_t bytes = layout(w, like, inputs, outputs, NULL);
    if (bytes == SIZE_MAX) {
        unroll_free(w);
        return unroll_fail(UNROLL_EMEMORY, "%zu windows of %zu steps are more than memory can hold",
                           B, like->T);
    }
    w->block = unroll_alloc(bytes, 1);
    if (!w->block) {
        unroll_free(w);
        return UNROLL_EMEMORY;
    }
    layout(w, like, inputs, outputs, w->block);
    w->batch.weight = w->weight;
    w->batch.feature = w->feature;
    w->batch.value = w->value;
    w->batch.input = w->input;
    w->batch.target = w->target;
    w->batch.source = w->source;
    w->batch.mode = w->mode;
    w->batch.source_mode = w->source_mode;
    *out = w;
    return UNROLL_OK;
}

/* Row r is the window that begins with the first of the ids. */
static void put_window(unroll_windows *w, size_t r, unroll_id_span ids)
{
    unroll_id_copy(ids, w->batch.T, w->input + r, w->batch.B);
    unroll_id_copy(unroll_id_from(ids, 1), w->batch.T, w->target + r, w->batch.B);
    for (size_t t = 0; t < w->batch.T; t++)
        w->weight[t * w->batch.B + r] = 1;
}

/* Where the i-th of `windows` windows begins. */
static size_t window_start(size_t count, size_t T, size_t i, size_t windows)
{
    return windows > 1 ? (count - T - 1) * i / (windows - 1) : 0;
}

/* The options as they come to hold for a text of `count` tokens. */
static unroll_status settle(const unroll_windows_options *options, size_t count,
                            unroll_windows_options *o)
{
    enum { STEPS = 200, WINDOWS = 32 };
    *o = (unroll_windows_options){0};
    if (options)
        UNROLL_TRY(unroll_versioned_copy("unroll_windows_options", options, o, sizeof *o));
    if (o->T == 0)
        o->T = count > STEPS ? STEPS : count > 1 ? count - 1 : 1;
    if (o->T >= count)
        return unroll_fail(UNROLL_EUSAGE,
                           "a text of %zu tokens has no window of %zu steps, which needs %zu",
                           count, o->T, o->T + 1);
    if (o->windows == 0)
        o->windows = count - o->T < WINDOWS ? count - o->T : WINDOWS;
    if (o->rows == 0)
        o->rows = o->windows > o->first ? o->windows - o->first : 1;
    if (o->rows > o->windows || o->first > o->windows - o->rows)
        return unroll_fail(UNROLL_EUSAGE,
                           "%zu windows from window %zu on are more than there are, %zu", o->rows,
                           o->first, o->windows);
    o->copies = o->copies ? o->copies : 1;
    return UNROLL_OK;
}

unroll_status unroll_windows_of_span(unroll_id_span ids, size_t count,
                                     const unroll_windows_options *options, unroll_windows **out)
{
    unroll_windows_options o;
    size_t rows;
    UNROLL_TRY(settle(options, count, &o));
    static const uint32_t any[1];
    const unroll_batch like = {.T = o.T, .input = any, .target = any};
    if (!unroll_mul(o.rows, o.copies, &rows))
        return unroll_fail(UNROLL_EMEMORY, "%zu windows in %zu copies are more than memory can hold",
                           o.rows, o.copies);
    UNROLL_TRY(create(&like, rows, 0, 0, out));
    for (size_t r = 0; r < rows; r++)
        put_window(*out, r,
                   unroll_id_from(ids, window_start(count, o.T, o.first + r / o.copies, o.windows)));
    return UNROLL_OK;
}

unroll_status unroll_windows_of_tokens(const uint32_t *id, size_t count,
                                       const unroll_windows_options *options, unroll_windows **out)
{
    return unroll_windows_of_span((unroll_id_span){id, sizeof *id}, count, options, out);
}

/* Position i of the copy is position k of the batch. */
static void copy_position(unroll_windows *w, size_t i, const unroll_batch *from, size_t k,
                          size_t inputs, size_t outputs)
{
    w->weight[i] = unroll_batch_weight(from, k);
    if (w->input)
        w->input[i] = from->input[k];
    if (w->target)
        w->target[i] = from->target[k];
    if (w->mode)
        w->mode[i] = from->mode[k];
    if (w->feature)
        memcpy(w->feature + i * inputs, from->feature + k * inputs, inputs * sizeof *w->feature);
    if (w->value)
        memcpy(w->value + i * outputs, from->value + k * outputs, outputs * sizeof *w->value);
}

unroll_status unroll_windows_of_batch(const unroll_batch *from, size_t first, size_t rows,
                                      size_t inputs, size_t outputs, unroll_windows **out)
{
    if (rows > from->B || first > from->B - rows)
        return unroll_fail(UNROLL_EUSAGE, "rows %zu to %zu of a batch of %zu", first, first + rows,
                           from->B);
    UNROLL_TRY(create(from, rows, inputs, outputs, out));
    unroll_windows *w = *out;
    for (size_t i = 0; i < from->T * rows; i++)
        copy_position(w, i, from, i / rows * from->B + first + i % rows, inputs, outputs);
    for (size_t i = 0; i < from->S * rows; i++) {
        const size_t k = i / rows * from->B + first + i % rows;
        w->source[i] = from->source[k];
        if (w->source_mode)
            w->source_mode[i] = from->source_mode[k];
    }
    return UNROLL_OK;
}

const unroll_batch *unroll_windows_batch(const unroll_windows *w)
{
    return &w->batch;
}

void unroll_windows_free(unroll_windows *w)
{
    if (!w)
        return;
    unroll_free(w->block);
    unroll_free(w);
}
