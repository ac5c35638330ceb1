#include "score/statistics.h"

#include <math.h>

enum { SEED = 1 }; /* of the resamples: the same values have the same interval */

unroll_mean unroll_mean_of(double *value, size_t count)
{
    unroll_mean m = {.mean = NAN, .low = INFINITY, .high = -INFINITY};
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        if (isfinite(value[i])) {
            value[m.n++] = value[i];
            sum += value[i];
            m.low = fmin(m.low, value[i]);
            m.high = fmax(m.high, value[i]);
        }
    m.interval = unroll_mean_interval(value, m.n, SEED);
    if (m.n)
        m.mean = sum / (double)m.n;
    return m;
}

/* ---- times to an event ---- */

typedef struct group {
    const double *time;
    const bool *happened;
    size_t count, without; /* leave this one out; count: none */
    double horizon;
} group;

/* The next time after `at`, within the horizon, at which it happened to someone; else the horizon.
 * @param happened, watched  how many it happened to then, and to how many it could have */
static double next_time(const group *g, double at, size_t *happened, size_t *watched)
{
    double next = g->horizon;
    *happened = *watched = 0;
    for (size_t i = 0; i < g->count; i++)
        if (i != g->without && g->happened[i] && g->time[i] > at && g->time[i] < next)
            next = g->time[i];
    for (size_t i = 0; i < g->count; i++)
        if (i != g->without && g->time[i] >= next) {
            *happened += g->happened[i] && g->time[i] == next;
            ++*watched;
        }
    return next;
}

/* The area below the Kaplan–Meier curve, and where it first is at 1/2 or below. */
static double area(const group *g, double *median)
{
    double at = 0, share = 1, sum = 0;
    *median = INFINITY;
    while (at < g->horizon) {
        size_t happened, watched;
        const double next = next_time(g, at, &happened, &watched);
        sum += share * (next - at);
        if (happened)
            share *= (double)(watched - happened) / (double)watched;
        if (share <= 0.5 * (1 + 1e-12) && isinf(*median))
            *median = next;
        at = next;
    }
    return sum;
}

/* Did nobody look away before the horizon? */
static bool is_watched(const group *g)
{
    for (size_t i = 0; i < g->count; i++)
        if (!g->happened[i] && g->time[i] < g->horizon)
            return false;
    return true;
}

unroll_survival unroll_survival_of(const double *time, const bool *happened, size_t count,
                                   double horizon, double *room)
{
    unroll_survival s = {.n = count, .horizon = horizon, .mean = NAN, .interval = {NAN, NAN}};
    group g = {time, happened, count, count, horizon};
    const bool watched = is_watched(&g);
    const double n = (double)count;
    s.median = NAN;
    if (count == 0)
        return s;
    s.mean = area(&g, &s.median);
    for (g.without = 0; g.without < count; g.without++) {
        double ignored;
        const size_t i = g.without;
        s.happened += happened[i] && time[i] <= horizon;
        room[i] = watched ? fmin(time[i], horizon) : n * s.mean - (n - 1) * area(&g, &ignored);
    }
    s.interval = unroll_mean_interval(room, count, SEED);
    return s;
}

double unroll_survival_horizon(const double *time, const bool *happened, size_t count)
{
    double seen = 0, last = 0;
    for (size_t i = 0; i < count; i++) {
        double *latest = happened[i] ? &seen : &last;
        *latest = fmax(*latest, time[i]);
    }
    return last > 0 && last >= seen ? last : INFINITY;
}
