#include "base/fail.h"
#include "base/memory.h"
#include "base/versioned.h"
#include "net/net.h"
#include "probe/curve.h"
#include "probe/probe.h"
#include "probe/windows.h"

/* Enough for a curve, few enough that a record every 100 steps costs less than one of them. */
enum { WINDOWS = 10, SEQUENCES = 2, POSITIONS = WINDOWS / SEQUENCES };

struct unroll_gradient_monitor {
    unroll_windows *windows;
    unroll_probe *probe;
    unroll_curve *curve;
    unroll_histograms *histograms;
    unroll_fit fit;
    size_t steps; /* that histograms count */
};

void unroll_gradient_monitor_free(unroll_gradient_monitor *m)
{
    if (!m)
        return;
    unroll_histograms_free(m->histograms);
    unroll_curve_free(m->curve);
    unroll_probe_free(m->probe);
    unroll_windows_free(m->windows);
    unroll_free(m);
}

/* @param windows  is taken over, in any case
 * @param steps    0: all */
static unroll_status create(const unroll_net *net, unroll_windows *windows,
                            const unroll_curve_options *curve, size_t steps,
                            const unroll_gradient_monitor_options *o, unroll_gradient_monitor **out)
{
    const unroll_batch *b = unroll_windows_batch(windows);
    const unroll_probe_options probe = {.size = sizeof probe,
                                        .T = b->T,
                                        .B = b->B,
                                        .S = b->S,
                                        .threads = o->threads,
                                        .precision =
                                            o->precision ? o->precision : UNROLL_PRECISION_FLOAT};
    unroll_gradient_monitor *m = unroll_alloc(1, sizeof *m);
    if (!m) {
        unroll_windows_free(windows);
        return UNROLL_EMEMORY;
    }
    m->windows = windows;
    m->steps = steps && steps < b->T ? steps : b->T;
    unroll_status status = unroll_probe_new(net, &probe, &m->probe);
    if (status == UNROLL_OK)
        status = unroll_probe_check(m->probe, b);
    if (status == UNROLL_OK)
        status = unroll_curve_new(net, curve, &m->curve);
    if (status == UNROLL_OK)
        status = unroll_histograms_new(net, &m->histograms);
    if (status == UNROLL_OK)
        status = unroll_fit_curve(m->curve, m->curve->layers - 1, UNROLL_STATE_H, 1, &m->fit);
    if (status == UNROLL_OK)
        *out = m;
    else
        unroll_gradient_monitor_free(m);
    return status;
}

static unroll_status read_options(const unroll_gradient_monitor_options *options,
                                  unroll_gradient_monitor_options *o)
{
    *o = (unroll_gradient_monitor_options){0};
    return options ? unroll_versioned_copy("unroll_gradient_monitor_options", options, o, sizeof *o)
                   : UNROLL_OK;
}

unroll_status unroll_gradient_monitor_new(const unroll_net *net, const unroll_batch *batch,
                                          const unroll_gradient_monitor_options *options,
                                          unroll_gradient_monitor **out)
{
    unroll_gradient_monitor_options o;
    unroll_windows *windows;
    UNROLL_TRY(read_options(options, &o));
    const unroll_curve_options curve = {
        .size = sizeof curve,
        .distances = o.distances,
        .losses = o.distances && !net->spec.source ? UNROLL_LOSSES_SPACED : UNROLL_LOSSES_LAST};
    UNROLL_TRY(unroll_windows_of_batch(batch, 0, o.rows ? o.rows : batch->B,
                                       net->spec.features ? net->spec.inputs : 0,
                                       net->spec.squared ? net->spec.outputs : 0, &windows));
    return create(net, windows, &curve, o.steps ? o.steps : o.distances, &o, out);
}

/* ---- a text ---- */

/* Spaced losses where a window of the training holds all distances, else a few sequences in stacked rows. */
typedef struct plan {
    size_t window;    /* steps of a training window */
    size_t distances; /* asked for */
    size_t steps;     /* of a window, where the text is long enough */
} plan;

static plan plan_of(const unroll_gradient_monitor_options *o)
{
    enum { WINDOW = 50 };
    plan p = {.window = o->steps ? o->steps : WINDOW};
    p.distances = o->distances ? o->distances : p.window;
    p.steps = p.distances > p.window ? p.distances + p.distances / 4 : 2 * p.distances;
    return p;
}

size_t unroll_gradient_monitor_tokens(const unroll_gradient_monitor_options *options)
{
    unroll_gradient_monitor_options o;
    if (read_options(options, &o) != UNROLL_OK)
        o = (unroll_gradient_monitor_options){0};
    return plan_of(&o).steps + WINDOWS;
}

unroll_status unroll_gradient_monitor_new_span(const unroll_net *net, unroll_id_span ids,
                                               size_t count,
                                               const unroll_gradient_monitor_options *options,
                                               unroll_gradient_monitor **out)
{
    unroll_gradient_monitor_options o;
    unroll_windows *windows;
    UNROLL_TRY(read_options(options, &o));
    if (count < 2)
        return unroll_fail(UNROLL_EUSAGE,
                           "a gradient monitor needs a text of at least 2 tokens, not %zu", count);
    const plan p = plan_of(&o);
    const size_t T = count > p.steps ? p.steps : count - 1, starts = count - T;
    unroll_windows_options w = {.size = sizeof w, .T = T};
    unroll_curve_options curve = {.size = sizeof curve,
                                  .distances = T < p.distances ? T : p.distances};
    const bool spaced = p.distances <= p.window;
    if (spaced) {
        w.windows = starts < WINDOWS ? starts : WINDOWS;
        curve.losses = UNROLL_LOSSES_SPACED;
    } else {
        const size_t ends = T - curve.distances + 1; /* fewer where the text is short */
        w.windows = starts < SEQUENCES ? starts : SEQUENCES;
        w.copies = curve.copies = ends < POSITIONS ? ends : POSITIONS;
        curve.losses = UNROLL_LOSSES_STACKED;
    }
    UNROLL_TRY(unroll_windows_of_span(ids, count, &w, &windows));
    return create(net, windows, &curve, spaced ? curve.distances : p.window, &o, out);
}

unroll_status unroll_gradient_monitor_new_tokens(const unroll_net *net, const uint32_t *id,
                                                 size_t count,
                                                 const unroll_gradient_monitor_options *options,
                                                 unroll_gradient_monitor **out)
{
    return unroll_gradient_monitor_new_span(net, (unroll_id_span){id, sizeof *id}, count, options,
                                            out);
}

/* ---- records ---- */

unroll_status unroll_gradient_monitor_take(unroll_gradient_monitor *m)
{
    unroll_batch window = *unroll_windows_batch(m->windows);
    unroll_curve_clear(m->curve);
    UNROLL_TRY(unroll_curve_add(m->curve, m->probe, &window));
    window.T = m->steps;
    UNROLL_TRY(unroll_histograms_measure(m->histograms, m->probe, &window));
    return unroll_fit_curve(m->curve, m->curve->layers - 1, UNROLL_STATE_H, 1, &m->fit);
}

const unroll_curve *unroll_gradient_monitor_curve(const unroll_gradient_monitor *m)
{
    return m->curve;
}

const unroll_fit *unroll_gradient_monitor_fit(const unroll_gradient_monitor *m)
{
    return &m->fit;
}

const unroll_histograms *unroll_gradient_monitor_histograms(const unroll_gradient_monitor *m)
{
    return m->histograms;
}

const char *unroll_gradient_monitor_precision(const unroll_gradient_monitor *m)
{
    return unroll_probe_precision(m->probe);
}
