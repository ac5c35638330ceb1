#include "probe_nets.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "probe/inject.h"

void need_ok(unroll_status status)
{
    ck_assert_msg(status == UNROLL_OK, "%s", unroll_message());
}

const unroll_parameter *parameter_of(const unroll_net *net, const char *name)
{
    const unroll_parameter *list;
    const size_t n = unroll_net_parameters(net, &list);
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i].name, name) == 0)
            return &list[i];
    ck_abort_msg("no %s", name);
    return NULL;
}

void open_probed(probed *p, const unroll_net_spec *spec, size_t T, size_t B, uint64_t seed)
{
    unroll_rng rng;
    *p = (probed){0};
    need_ok(unroll_net_new(spec, &p->net));
    need_ok(unroll_work_new(p->net, T, B, true, 1, &p->work));
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
    const unroll_net_spec spec = {.inputs = f->symbols, .outputs = f->symbols, .cell = f->cell,
                                  .activation = f->activation, .layers = f->layers,
                                  .hidden = f->hidden, .residual = residual};
    const unroll_init init = {.kind = f->init, .scale = 1, .forget_bias = f->forget_bias,
                              .seed = f->seed};
    open_probed(p, &spec, f->T, f->B, f->seed);
    need_ok(unroll_net_init(p->net, &init));
    unroll_net_pack(p->net, 1);
}

void open_fresh(probed *p, const fresh *f)
{
    open_residual(p, f, false);
}

void close_probed(probed *p)
{
    unroll_work_free(p->work);
    unroll_net_free(p->net);
    free(p->input);
    free(p->target);
    free(p->inject);
}

static unroll_curve measure(probed *p, size_t distances)
{
    unroll_curve c;
    need_ok(unroll_curve_for(p->net, distances, &c));
    need_ok(unroll_curve_measure(p->net, p->work, &p->batch, p->inject, &c));
    return c;
}

unroll_curve last_curve(probed *p, size_t distances)
{
    unroll_inject_last(&p->batch, p->inject);
    return measure(p, distances);
}

unroll_curve all_curve(probed *p, size_t distances)
{
    unroll_inject_all(&p->batch, p->inject);
    return measure(p, distances);
}

double decades(const unroll_curve *c, size_t layer, enum unroll_state state, size_t k)
{
    double *gmean = calloc(c->distances, sizeof *gmean);
    ck_assert_ptr_nonnull(gmean);
    unroll_curve_gmean(c, layer, state, gmean);
    const double result = log10(gmean[k] / gmean[0]);
    free(gmean);
    return result;
}
