#include "probe/measures.h"

#include "base/fail.h"
#include "base/memory.h"
#include "base/place.h"
#include "net/net.h"

/* ---- the net ---- */

static unroll_status make_plain(unroll_probe *p)
{
    p->plain = unroll_alloc(1, sizeof *p->plain);
    if (!p->plain)
        return UNROLL_EMEMORY;
    *p->plain = unroll_net_plain(p->net);
    p->net = p->plain;
    return UNROLL_OK;
}

static unroll_status open_probe(unroll_probe *p, const unroll_net_spec *spec,
                                const unroll_work_options *options)
{
    if (!p->net) {
        UNROLL_TRY(unroll_net_new(spec, &p->own));
        p->net = p->own;
    }
    p->grad = unroll_alloc(unroll_net_size(p->net), sizeof *p->grad);
    if (!p->grad)
        return UNROLL_EMEMORY;
    if (spec->source)
        UNROLL_TRY(make_plain(p));
    return unroll_work_new(p->net, options, &p->work);
}

static void set_tensor(unroll_probe *p, size_t i, const float *plain)
{
    unroll_parameter_set(&p->own->parameters.list[i], p->own->weights, plain);
}

static void pack(unroll_probe *p)
{
    unroll_net_pack(p->own, p->work->threads);
}

/* ---- a batch ---- */

/* A batch with the numbers that it points to. */
struct unroll_loaded {
    unroll_batch batch;
    unroll_real *feature, *value, *weight;
    char *block;
};

static size_t layout(struct unroll_loaded *l, const unroll_measured_batch *from, char *base)
{
    const size_t T = from->T, B = from->B;
    size_t at = 0;
    at = unroll_place(&l->weight, sizeof *l->weight, T, B, from->weight != NULL, base, at);
    at = unroll_place(&l->feature, sizeof *l->feature, T, B, from->feature ? from->features : 0,
                      base, at);
    return unroll_place(&l->value, sizeof *l->value, T, B, from->value ? from->values : 0, base, at);
}

static const unroll_real *convert(const float *from, size_t count, unroll_real *to)
{
    for (size_t i = 0; from && i < count; i++)
        to[i] = (unroll_real)from[i];
    return from ? to : NULL;
}

static void unload(unroll_probe *p)
{
    if (p->loaded)
        unroll_free(p->loaded->block);
    unroll_free(p->loaded);
    p->loaded = NULL;
}

static unroll_status load(unroll_probe *p, const unroll_measured_batch *from)
{
    const size_t count = from->T * from->B;
    unload(p);
    struct unroll_loaded *l = p->loaded = unroll_alloc(1, sizeof *l);
    if (!l)
        return UNROLL_EMEMORY;
    const size_t bytes = layout(l, from, NULL);
    if (bytes == SIZE_MAX)
        return unroll_fail(UNROLL_EMEMORY, "a window of %zu steps is too long to probe", from->T);
    l->block = unroll_alloc(bytes, 1);
    if (!l->block)
        return UNROLL_EMEMORY;
    layout(l, from, l->block);
    l->batch = (unroll_batch){
        .T = from->T,
        .B = from->B,
        .carry = from->carry,
        .input = from->input,
        .feature = convert(from->feature, count * from->features, l->feature),
        .target = from->target,
        .value = convert(from->value, count * from->values, l->value),
        .weight = convert(from->weight, count, l->weight),
        .mode = from->mode,
        .counted = from->counted,
        .tolerance = (unroll_real)from->tolerance,
        .S = from->S,
        .source = from->source,
        .source_mode = from->source_mode,
    };
    p->batch = &l->batch;
    return UNROLL_OK;
}

static void close_probe(unroll_probe *p)
{
    unload(p);
    unroll_work_free(p->work);
    unroll_free(p->plain);
    unroll_free(p->grad);
    unroll_net_free(p->own);
}

/* ---- the row ---- */

#ifdef UNROLL_DOUBLE
#define ROW unroll_measures_double
#define NAME "double"
#else
#define ROW unroll_measures_float
#define NAME "float"
#endif

const unroll_measures ROW = {
    .name = NAME,
    .size_of_real = sizeof(unroll_real),
    .open = open_probe,
    .close = close_probe,
    .set = set_tensor,
    .pack = pack,
    .load = load,
    .curve_add = unroll_measure_curve,
    .histograms = unroll_measure_histograms,
    .diagnosis = unroll_measure_diagnosis,
    .jacobian = unroll_measure_jacobian,
    .lyapunov = unroll_measure_lyapunov,
    .weight_curve = unroll_measure_weight_curve,
    .alignment = unroll_measure_alignment,
    .spectral_radius = unroll_measure_radius,
};
