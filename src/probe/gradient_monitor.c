#include "probe/gradient_monitor.h"

#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "net/net.h"

/* One block for all arrays of a batch of T·B positions. */
static unroll_status set_new(const unroll_batch *like, size_t T, size_t B, size_t inputs,
                             size_t outputs, unroll_probe_set *out)
{
    size_t count, sources, reals = 1;
    if (like->feature)
        reals += inputs;
    if (like->value)
        reals += outputs;
    *out = (unroll_probe_set){0};
    if (!unroll_mul(T, B, &count) || !unroll_mul(count, reals * sizeof(unroll_real) + 9, &reals) ||
        !unroll_mul(like->S, B, &sources) || sources > SIZE_MAX / 8 ||
        !unroll_add(reals, sources * 5, &reals))
        return unroll_fail(UNROLL_EMEMORY, "%zu windows of %zu steps are more than memory can hold",
                           B, T);
    char *at = out->block_ = unroll_alloc(reals + 64, 1);
    if (!at)
        return UNROLL_EMEMORY;
    unroll_batch *b = &out->batch;
    *b = (unroll_batch){.T = T, .B = B, .S = like->S};
    b->weight = (unroll_real *)at;
    at += count * sizeof(unroll_real);
    if (like->feature) {
        b->feature = (unroll_real *)at;
        at += count * inputs * sizeof(unroll_real);
    }
    if (like->value) {
        b->value = (unroll_real *)at;
        at += count * outputs * sizeof(unroll_real);
    }
    if (like->input) {
        b->input = (uint32_t *)at;
        at += count * sizeof(uint32_t);
    }
    if (like->target) {
        b->target = (uint32_t *)at;
        at += count * sizeof(uint32_t);
    }
    if (like->S) {
        b->source = (uint32_t *)at;
        at += sources * sizeof(uint32_t);
    }
    if (like->mode) {
        b->mode = (uint8_t *)at;
        at += count;
    }
    if (like->source_mode)
        b->source_mode = (uint8_t *)at;
    return UNROLL_OK;
}

/* The batch's arrays are its own here, so they may be written. */
#define WRITE(type, field) ((type *)(uintptr_t)(field))

/* Row r of the batch: the window that begins at id. */
static void put_window(const unroll_batch *b, size_t r, const uint32_t *id)
{
    for (size_t t = 0; t < b->T; t++) {
        WRITE(uint32_t, b->input)[t * b->B + r] = id[t];
        WRITE(uint32_t, b->target)[t * b->B + r] = id[t + 1];
        WRITE(unroll_real, b->weight)[t * b->B + r] = 1;
    }
}

/* Where window w of all begins. */
static size_t window_start(size_t count, size_t T, size_t w, size_t all)
{
    return all > 1 ? (count - T - 1) * w / (all - 1) : 0;
}

unroll_status unroll_probe_windows(const uint32_t *id, size_t count, size_t T, size_t first,
                                   size_t B,
                                   size_t all, unroll_probe_set *out)
{
    const unroll_batch like = {.input = id, .target = id};
    if (T + 1 > count || first + B > all)
        return unroll_fail(UNROLL_EBUG, "windows of %zu steps in %zu tokens", T, count);
    UNROLL_TRY(set_new(&like, T, B, 0, 0, out));
    for (size_t r = 0; r < B; r++)
        put_window(&out->batch, r, id + window_start(count, T, first + r, all));
    return UNROLL_OK;
}

unroll_status unroll_probe_stacked(const uint32_t *id, size_t count, size_t T, size_t sequences,
                                   size_t positions, unroll_probe_set *out)
{
    const unroll_batch like = {.input = id, .target = id};
    size_t rows;
    if (T + 1 > count || !unroll_mul(sequences, positions, &rows))
        return unroll_fail(UNROLL_EBUG, "windows of %zu steps in %zu tokens", T, count);
    UNROLL_TRY(set_new(&like, T, rows, 0, 0, out));
    for (size_t r = 0; r < rows; r++)
        put_window(&out->batch, r, id + window_start(count, T, r / positions, sequences));
    return UNROLL_OK;
}

unroll_status unroll_probe_rows(const unroll_batch *from, size_t first, size_t rows, size_t inputs,
                                size_t outputs,
                                unroll_probe_set *out)
{
    UNROLL_TRY(set_new(from, from->T, rows, inputs, outputs, out));
    unroll_batch *b = &out->batch;
    for (size_t i = 0; i < b->S * rows; i++) {
        const size_t k = i / rows * from->B + first + i % rows;
        WRITE(uint32_t, b->source)[i] = from->source[k];
        if (b->source_mode)
            WRITE(uint8_t, b->source_mode)[i] = from->source_mode[k];
    }
    for (size_t t = 0; t < from->T; t++)
        for (size_t r = 0; r < rows; r++) {
            const size_t i = t * rows + r, k = t * from->B + first + r;
            WRITE(unroll_real, b->weight)[i] = unroll_batch_weight(from, k);
            if (b->input)
                WRITE(uint32_t, b->input)[i] = from->input[k];
            if (b->target)
                WRITE(uint32_t, b->target)[i] = from->target[k];
            if (b->mode)
                WRITE(uint8_t, b->mode)[i] = from->mode[k];
            if (b->feature)
                memcpy(WRITE(unroll_real, b->feature) + i * inputs, from->feature + k * inputs,
                       inputs * sizeof(unroll_real));
            if (b->value)
                memcpy(WRITE(unroll_real, b->value) + i * outputs, from->value + k * outputs,
                       outputs * sizeof(unroll_real));
        }
    return UNROLL_OK;
}

void unroll_probe_set_free(unroll_probe_set *set)
{
    unroll_free(set->block_);
    *set = (unroll_probe_set){0};
}

size_t unroll_probe_reach(const unroll_batch *b)
{
    size_t reach = b->T;
    for (size_t r = 0; r < b->B; r++) {
        const size_t length = unroll_probe_length(b, r);
        reach = length < reach ? length : reach;
    }
    return reach;
}

/* ---- live ---- */

static unroll_status new_pairs(unroll_gradient_monitor *live, size_t threads)
{
    const unroll_batch *b = &live->set.batch;
    live->plain = unroll_alloc(1, sizeof *live->plain);
    if (!live->plain)
        return UNROLL_EMEMORY;
    *live->plain = unroll_net_plain(live->net);
    live->net = live->plain;
    UNROLL_TRY(unroll_work_new_pairs(live->net, b->S, b->T, b->B, true, threads, &live->work));
    return unroll_curve_for(live->net, unroll_curve_reach_pairs(live->net, b), &live->curve);
}

static unroll_status new_windows(unroll_gradient_monitor *live, const unroll_gradient_monitor_plan *plan, size_t threads)
{
    const unroll_batch *b = &live->set.batch;
    live->inject = unroll_alloc(b->T * b->B, 1);
    if (!live->inject)
        return UNROLL_EMEMORY;
    UNROLL_TRY(unroll_work_new(live->net, b->T, b->B, true, threads, &live->work));
    if (plan->positions)
        unroll_inject_stacked(b, plan->positions, plan->distances, live->inject);
    else if (plan->distances)
        unroll_inject_comb(b, plan->distances, live->inject);
    else
        unroll_inject_last(b, live->inject);
    return unroll_curve_for(live->net, plan->distances ? plan->distances : unroll_probe_reach(b),
                            &live->curve);
}

unroll_status unroll_gradient_monitor_new(const unroll_net *net, unroll_probe_set *set, const unroll_gradient_monitor_plan *plan,
                              size_t threads, unroll_gradient_monitor *live)
{
    *live = (unroll_gradient_monitor){.net = net, .set = *set};
    const unroll_batch *b = &live->set.batch;
    live->window = plan->window ? plan->window : plan->distances ? plan->distances : b->T;
    *set = (unroll_probe_set){0};
    unroll_status status = net->spec.source ? new_pairs(live, threads)
                                            : new_windows(live, plan, threads);
    if (status == UNROLL_OK)
        status = unroll_histograms_new(net, &live->histograms);
    if (status != UNROLL_OK)
        unroll_gradient_monitor_free(live);
    return status;
}

unroll_status unroll_gradient_monitor_take(unroll_gradient_monitor *live)
{
    const unroll_batch *b = &live->set.batch;
    live->curve.samples = 0;
    UNROLL_TRY(live->plain ? unroll_curve_measure_pairs(live->net, live->work, b,
                                                        live->histograms.grad, &live->curve)
                           : unroll_curve_measure(live->net, live->work, b, live->inject,
                                                  &live->curve));
    unroll_batch window = *b;
    window.T = live->window;
    UNROLL_TRY(unroll_histograms_take(&live->histograms, live->net, live->work, &window));
    return unroll_fit_curve(&live->curve, live->curve.layers - 1, UNROLL_PROBE_H, 1, &live->fit);
}

void unroll_gradient_monitor_free(unroll_gradient_monitor *live)
{
    unroll_histograms_free(&live->histograms);
    unroll_curve_free(&live->curve);
    unroll_work_free(live->work);
    unroll_free(live->inject);
    unroll_free(live->plain);
    unroll_probe_set_free(&live->set);
    *live = (unroll_gradient_monitor){0};
}
