#include "probe_nets.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "probe/probe.h"
#include "runner.h"

double *new_doubles(size_t n)
{
    double *x = calloc(n, sizeof *x);
    ck_assert_ptr_nonnull(x);
    return x;
}

double worst(const double *a, const double *b, size_t n)
{
    double largest = 0;
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, b[i] == 0 ? fabs(a[i]) : fabs(a[i] - b[i]) / fabs(b[i]));
    return largest;
}

void open_probed(probed *p, const unroll_net_spec *spec, size_t T, size_t B, uint64_t seed)
{
    unroll_rng rng;
    *p = (probed){0};
    OK(unroll_net_new(spec, &p->net));
    OK(unroll_probe_new(p->net,
                        &(unroll_probe_options){.size = sizeof(unroll_probe_options),
                                                .T = T,
                                                .B = B,
                                                .threads = 1,
                                                .precision = UNROLL_PRECISION_FLOAT},
                        &p->probe));
    p->work = p->probe->work;
    p->input = calloc(T * B, sizeof *p->input);
    p->target = calloc(T * B, sizeof *p->target);
    p->inject = calloc(T * B, 1);
    ck_assert(p->input && p->target && p->inject);
    unroll_rng_seed(&rng, seed, UNROLL_STREAM_DATA);
    for (size_t i = 0; i < T * B; i++) {
        p->input[i] = (uint32_t)unroll_rng_below(&rng, spec->inputs);
        p->target[i] = (uint32_t)unroll_rng_below(&rng, spec->outputs);
    }
    p->batch = (unroll_batch){.T = T, .B = B, .input = p->input, .target = p->target};
}

void open_residual(probed *p, const fresh *f, bool residual)
{
    const unroll_net_spec spec = {.size = sizeof spec,
                                  .inputs = f->symbols,
                                  .outputs = f->symbols,
                                  .cell = f->cell,
                                  .activation = f->activation,
                                  .layers = f->layers,
                                  .hidden = f->hidden,
                                  .residual = residual};
    const unroll_init init = {.size = sizeof init,
                              .kind = f->init,
                              .scale = 1,
                              .forget_bias = f->forget_bias,
                              .seed = f->seed};
    open_probed(p, &spec, f->T, f->B, f->seed);
    OK(unroll_net_init(p->net, &init));
    unroll_net_pack(p->net, 1);
}

void open_fresh(probed *p, const fresh *f)
{
    open_residual(p, f, false);
}

void close_probed(probed *p)
{
    unroll_probe_free(p->probe);
    unroll_net_free(p->net);
    free(p->input);
    free(p->target);
    free(p->inject);
}

static unroll_curve *measure(probed *p, size_t distances, enum unroll_curve_losses losses)
{
    unroll_curve *c;
    const unroll_curve_options o = {.size = sizeof o, .distances = distances, .losses = losses};
    OK(unroll_curve_new(p->net, &o, &c));
    OK(unroll_curve_add(c, p->probe, &p->batch));
    return c;
}

unroll_curve *last_curve(probed *p, size_t distances)
{
    return measure(p, distances, UNROLL_LOSSES_LAST);
}

unroll_curve *all_curve(probed *p, size_t distances)
{
    return measure(p, distances, UNROLL_LOSSES_ALL);
}

unroll_curve_point point_at(const unroll_curve *c, size_t layer, enum unroll_state state, size_t k)
{
    unroll_curve_point *all = calloc(unroll_curve_distances(c), sizeof *all);
    ck_assert_ptr_nonnull(all);
    OK(unroll_curve_points(c, layer, state, all));
    const unroll_curve_point point = all[k];
    free(all);
    return point;
}

double decades(const unroll_curve *c, size_t layer, enum unroll_state state, size_t k)
{
    double *gmean = calloc(unroll_curve_distances(c), sizeof *gmean);
    ck_assert_ptr_nonnull(gmean);
    OK(unroll_curve_gmean(c, layer, state, gmean));
    const double result = log10(gmean[k] / gmean[0]);
    free(gmean);
    return result;
}
