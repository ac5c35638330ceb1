#include "probe/results.h"

#include <math.h>

#include "base/memory.h"

/* ---- saturation, and theory ---- */

void unroll_diagnosis_free(unroll_diagnosis *d)
{
    if (!d)
        return;
    unroll_free(d->keep);
    unroll_free(d->slope_square);
    unroll_free(d->share);
    unroll_free(d);
}

size_t unroll_diagnosis_layers(const unroll_diagnosis *d)
{
    return d->layers;
}

size_t unroll_diagnosis_distances(const unroll_diagnosis *d)
{
    return d->distances;
}

const unroll_saturation *unroll_diagnosis_saturation(const unroll_diagnosis *d, size_t i)
{
    return i < d->count ? d->share + i : NULL;
}

double unroll_diagnosis_slope_square(const unroll_diagnosis *d, size_t layer)
{
    return layer < d->layers ? d->slope_square[layer] : NAN;
}

double unroll_diagnosis_bound(const unroll_diagnosis *d, size_t layer)
{
    return layer < d->layers ? d->bound[layer] : NAN;
}

double unroll_diagnosis_mean_field(const unroll_diagnosis *d, size_t layer)
{
    return layer < d->layers ? d->mean_field[layer] : NAN;
}

const char *unroll_diagnosis_no_theory(const unroll_diagnosis *d)
{
    return d->no_theory;
}

const double *unroll_diagnosis_keep(const unroll_diagnosis *d, size_t layer)
{
    return d->keep && layer < d->layers ? d->keep + layer * d->distances : NULL;
}

const char *unroll_diagnosis_kept_by(const unroll_diagnosis *d)
{
    return d->kept_by;
}

/* ---- Jacobians ---- */

void unroll_jacobian_free(unroll_jacobian *j)
{
    if (!j)
        return;
    unroll_free(j->frobenius);
    unroll_free(j);
}

size_t unroll_jacobian_distances(const unroll_jacobian *j)
{
    return j->distances;
}

size_t unroll_jacobian_samples(const unroll_jacobian *j)
{
    return j->samples;
}

size_t unroll_jacobian_size(const unroll_jacobian *j)
{
    return j->size;
}

bool unroll_jacobian_exact(const unroll_jacobian *j)
{
    return j->exact;
}

const double *unroll_jacobian_frobenius(const unroll_jacobian *j)
{
    return j->frobenius;
}

const double *unroll_jacobian_spectral(const unroll_jacobian *j)
{
    return j->spectral;
}

/* ---- Lyapunov exponents ---- */

void unroll_lyapunov_free(unroll_lyapunov *l)
{
    if (!l)
        return;
    unroll_free(l->nats);
    unroll_free(l);
}

size_t unroll_lyapunov_count(const unroll_lyapunov *l)
{
    return l->count;
}

size_t unroll_lyapunov_samples(const unroll_lyapunov *l)
{
    return l->samples;
}

size_t unroll_lyapunov_steps(const unroll_lyapunov *l)
{
    return l->steps;
}

size_t unroll_lyapunov_starts(const unroll_lyapunov *l)
{
    return l->starts;
}

const double *unroll_lyapunov_exponents(const unroll_lyapunov *l)
{
    return l->nats;
}

const double *unroll_lyapunov_deviations(const unroll_lyapunov *l)
{
    return l->deviation;
}

const double *unroll_lyapunov_errors(const unroll_lyapunov *l)
{
    return l->error;
}

/* ---- weight gradients by distance ---- */

void unroll_weight_curve_free(unroll_weight_curve *c)
{
    if (!c)
        return;
    unroll_free(c->norm);
    unroll_free(c);
}

size_t unroll_weight_curve_layers(const unroll_weight_curve *c)
{
    return c->layers;
}

size_t unroll_weight_curve_distances(const unroll_weight_curve *c)
{
    return c->distances;
}

size_t unroll_weight_curve_samples(const unroll_weight_curve *c)
{
    return c->samples;
}

const double *unroll_weight_curve_norm(const unroll_weight_curve *c, size_t layer)
{
    return layer < c->layers ? c->norm + layer * c->distances : NULL;
}

const double *unroll_weight_curve_ratio(const unroll_weight_curve *c, size_t layer)
{
    return layer < c->layers ? c->ratio + layer * c->distances : NULL;
}
