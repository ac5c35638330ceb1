#include "probe/probe.h"

#include "base/fail.h"
#include "base/memory.h"
#include "base/versioned.h"
#include "net/net.h"
#include "probe/alignment.h"
#include "probe/curve.h"
#include "probe/spectrum.h"

/* Every measurement begins here: in the library's own numbers, whatever the precision it is made in. */

/* ---- rooms ---- */

/* NULL for what is no precision. */
static const unroll_measures *find(enum unroll_precision precision)
{
    switch (precision) {
    case UNROLL_PRECISION_DEFAULT:
    case UNROLL_PRECISION_DOUBLE: return &unroll_measures_double;
    case UNROLL_PRECISION_FLOAT:
#ifdef UNROLL_DOUBLE
        return &unroll_measures_double; /* all of the library is in doubles */
#else
        return &unroll_measures_float;
#endif
    }
    return NULL;
}

/* Does the row work on the net of the caller, without a copy? */
static bool shares(const unroll_measures *measures)
{
    return measures->size_of_real == sizeof(unroll_real);
}

unroll_status unroll_probe_new(const unroll_net *net, const unroll_probe_options *options,
                               unroll_probe **out)
{
    unroll_probe_options o = {0};
    if (options)
        UNROLL_TRY(unroll_versioned_copy("unroll_probe_options", options, &o, sizeof o));
    const unroll_measures *measures = find(o.precision);
    if (!measures)
        return unroll_fail(UNROLL_EUSAGE, "precision of a probe is %d, which is no unroll_precision",
                           (int)o.precision);
    if (o.S && !net->spec.source)
        return unroll_fail(UNROLL_EUSAGE, "S of a probe is %zu, but this network reads no source",
                           o.S);
    const unroll_work_options work = {
        .size = sizeof work, .T = o.T, .B = o.B, .S = o.S, .threads = o.threads, .training = true};
    unroll_probe *p = unroll_alloc(1, sizeof *p);
    if (!p)
        return UNROLL_EMEMORY;
    *p = (unroll_probe){
        .measures = measures, .source = net, .T = o.T, .B = o.B, .net = shares(measures) ? net : NULL};
    unroll_status status = measures->open(p, &net->spec, &work);
    if (status == UNROLL_OK)
        *out = p;
    else
        unroll_probe_free(p);
    return status;
}

void unroll_probe_free(unroll_probe *p)
{
    if (!p)
        return;
    p->measures->close(p);
    unroll_free(p);
}

const char *unroll_probe_precision(const unroll_probe *p)
{
    return p->measures->name;
}

/* ---- what is measured ---- */

unroll_status unroll_probe_check(const unroll_probe *p, const unroll_batch *b)
{
    const unroll_net_spec *spec = &p->source->spec;
    if (b->T == 0 || b->T > p->T || b->B != p->B)
        return unroll_fail(UNROLL_EUSAGE,
                           "a batch of %zu steps and %zu rows does not fit a probe for up to %zu "
                           "steps and %zu rows",
                           b->T, b->B, p->T, p->B);
    if (spec->features ? !b->feature : !b->input)
        return unroll_fail(UNROLL_EUSAGE, "a batch without %s, which the network reads",
                           spec->features ? "features" : "input tokens");
    if (spec->squared ? !b->value : !b->target)
        return unroll_fail(UNROLL_EUSAGE, "a batch without targets has no loss to measure");
    return UNROLL_OK;
}

/* Bring the probe's own net to the weights that the caller's was last packed with. */
static unroll_status take_weights(unroll_probe *p)
{
    const unroll_parameter *list;
    const size_t n = unroll_net_parameters(p->source, &list);
    if (shares(p->measures) || p->packs == p->source->packs)
        return UNROLL_OK;
    float *plain = unroll_alloc(unroll_net_size(p->source), sizeof *plain);
    if (!plain)
        return UNROLL_EMEMORY;
    for (size_t i = 0; i < n; i++) {
        unroll_parameter_get(&list[i], p->source->weights, plain);
        p->measures->set(p, i, plain);
    }
    unroll_free(plain);
    p->measures->pack(p);
    p->packs = p->source->packs;
    return UNROLL_OK;
}

/* The batch becomes the probe's, in its precision. */
static unroll_status take(unroll_probe *p, const unroll_batch *b)
{
    p->batch = b;
    if (shares(p->measures))
        return UNROLL_OK;
    UNROLL_TRY(take_weights(p));
#ifdef UNROLL_DOUBLE
    return UNROLL_OK; /* where all is in doubles, all rows share */
#else
    return p->measures->load(p, &(unroll_measured_batch){.T = b->T,
                                                         .B = b->B,
                                                         .S = b->S,
                                                         .carry = b->carry,
                                                         .input = b->input,
                                                         .target = b->target,
                                                         .source = b->source,
                                                         .mode = b->mode,
                                                         .counted = b->counted,
                                                         .source_mode = b->source_mode,
                                                         .features = p->source->spec.inputs,
                                                         .values = p->source->spec.outputs,
                                                         .feature = b->feature,
                                                         .value = b->value,
                                                         .weight = b->weight,
                                                         .tolerance = b->tolerance});
#endif
}

/* The same for what is measured of single networks alone; `what` is it, for the message. */
static unroll_status take_single(unroll_probe *p, const unroll_batch *b, const char *what)
{
    if (p->source->spec.source)
        return unroll_fail(UNROLL_EUSAGE, "%s of an encoder–decoder cannot be measured", what);
    UNROLL_TRY(unroll_probe_check(p, b));
    return take(p, b);
}

/* ---- measuring ---- */

unroll_status unroll_curve_add(unroll_curve *c, unroll_probe *p, const unroll_batch *batch)
{
    const unroll_stack *s = &p->source->stack;
    UNROLL_TRY(unroll_probe_check(p, batch));
    if (s->layers != c->layers || (s->cell->states > 1) != c->has_c)
        return unroll_fail(UNROLL_EUSAGE,
                           "a curve of %zu layers %s a state c does not go with a network of %zu layers "
                           "%s one",
                           c->layers, c->has_c ? "with" : "without", s->layers,
                           c->has_c ? "without" : "with");
    UNROLL_TRY(take(p, batch));
    return p->measures->curve_add(c, p);
}

unroll_status unroll_histograms_measure(unroll_histograms *h, unroll_probe *p,
                                        const unroll_batch *batch)
{
    UNROLL_TRY(unroll_probe_check(p, batch));
    UNROLL_TRY(take(p, batch));
    return p->measures->histograms(h, p);
}

unroll_status unroll_diagnosis_measure(unroll_probe *p, const unroll_batch *batch, size_t distances,
                                       unroll_diagnosis **out)
{
    UNROLL_TRY(take_single(p, batch, "saturation"));
    return p->measures->diagnosis(p, distances, out);
}

unroll_status unroll_jacobian_measure(unroll_probe *p, const unroll_batch *batch,
                                      const unroll_jacobian_options *options, unroll_jacobian **out)
{
    UNROLL_TRY(take_single(p, batch, "the Jacobian"));
    return p->measures->jacobian(p, options, out);
}

unroll_status unroll_lyapunov_measure(unroll_probe *p, const unroll_batch *batch,
                                      const unroll_lyapunov_options *options, unroll_lyapunov **out)
{
    UNROLL_TRY(take_single(p, batch, "the Lyapunov spectrum"));
    return p->measures->lyapunov(p, options, out);
}

unroll_status unroll_weight_curve_measure(unroll_probe *p, const unroll_batch *batch,
                                          size_t distances, unroll_weight_curve **out)
{
    UNROLL_TRY(take_single(p, batch, "the weight gradient by distance"));
    return p->measures->weight_curve(p, distances, out);
}

unroll_status unroll_alignment(unroll_probe *p, size_t S, const uint32_t *source, size_t T,
                               const uint32_t *input, const uint32_t *target, double *norm,
                               double *attention)
{
    if (!p->source->spec.source)
        return unroll_fail(UNROLL_EUSAGE, "this model reads no source");
    UNROLL_TRY(take_weights(p));
    return p->measures->alignment(p, S, source, T, input, target, norm, attention);
}

unroll_status unroll_spectral_radius(size_t n, const float *W, double *radius)
{
    return unroll_measures_double.spectral_radius(n, W, radius);
}
