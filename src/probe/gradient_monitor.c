#include "probe/gradient_monitor.h"

#include "base/fail.h"
#include "base/memory.h"
#include "net/net.h"
#include "probe/inject.h"

static unroll_status new_pairs(unroll_gradient_monitor *m, size_t threads)
{
    const unroll_batch *b = unroll_windows_batch(m->windows);
    m->plain = unroll_alloc(1, sizeof *m->plain);
    if (!m->plain)
        return UNROLL_EMEMORY;
    *m->plain = unroll_net_plain(m->net);
    m->net = m->plain;
    UNROLL_TRY(unroll_work_new_pairs(m->net, b->S, b->T, b->B, true, threads, &m->work));
    return unroll_curve_for(m->net, unroll_curve_reach_pairs(m->net, b), &m->curve);
}

static unroll_status new_windows(unroll_gradient_monitor *m, const unroll_gradient_monitor_plan *plan,
                                 size_t threads)
{
    const unroll_batch *b = unroll_windows_batch(m->windows);
    m->inject = unroll_alloc(b->T * b->B, 1);
    if (!m->inject)
        return UNROLL_EMEMORY;
    UNROLL_TRY(unroll_work_new(m->net, b->T, b->B, true, threads, &m->work));
    if (plan->positions)
        unroll_inject_stacked(b, plan->positions, plan->distances, m->inject);
    else if (plan->distances)
        unroll_inject_comb(b, plan->distances, m->inject);
    else
        unroll_inject_last(b, m->inject);
    return unroll_curve_for(m->net, plan->distances ? plan->distances : unroll_batch_reach(b),
                            &m->curve);
}

unroll_status unroll_gradient_monitor_new(const unroll_net *net, unroll_windows *windows,
                                          const unroll_gradient_monitor_plan *plan, size_t threads,
                                          unroll_gradient_monitor *m)
{
    *m = (unroll_gradient_monitor){.net = net, .windows = windows};
    const unroll_batch *b = unroll_windows_batch(m->windows);
    m->window = plan->window ? plan->window : plan->distances ? plan->distances : b->T;
    unroll_status status = net->spec.source ? new_pairs(m, threads)
                                            : new_windows(m, plan, threads);
    if (status == UNROLL_OK)
        status = unroll_histograms_new(net, &m->histograms);
    if (status != UNROLL_OK)
        unroll_gradient_monitor_free(m);
    return status;
}

unroll_status unroll_gradient_monitor_take(unroll_gradient_monitor *m)
{
    const unroll_batch *b = unroll_windows_batch(m->windows);
    m->curve.samples = 0;
    UNROLL_TRY(m->plain ? unroll_curve_measure_pairs(m->net, m->work, b,
                                                        m->histograms.grad, &m->curve)
                           : unroll_curve_measure(m->net, m->work, b, m->inject,
                                                  &m->curve));
    unroll_batch window = *b;
    window.T = m->window;
    UNROLL_TRY(unroll_histograms_take(&m->histograms, m->net, m->work, &window));
    return unroll_fit_curve(&m->curve, m->curve.layers - 1, UNROLL_STATE_H, 1, &m->fit);
}

void unroll_gradient_monitor_free(unroll_gradient_monitor *m)
{
    unroll_histograms_free(&m->histograms);
    unroll_curve_free(&m->curve);
    unroll_work_free(m->work);
    unroll_free(m->inject);
    unroll_free(m->plain);
    unroll_windows_free(m->windows);
    *m = (unroll_gradient_monitor){0};
}
