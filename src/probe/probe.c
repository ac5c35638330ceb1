#include "probe/probe.h"

#include "base/fail.h"
#include "base/memory.h"
#include "base/versioned.h"
#include "net/net.h"

static unroll_status make_plain(unroll_probe *p)
{
    p->plain = unroll_alloc(1, sizeof *p->plain);
    if (!p->plain)
        return UNROLL_EMEMORY;
    *p->plain = unroll_net_plain(p->net);
    p->net = p->plain;
    return UNROLL_OK;
}

unroll_status unroll_probe_new(const unroll_net *net, const unroll_probe_options *options,
                               unroll_probe **out)
{
    unroll_probe_options o = {0};
    if (options)
        UNROLL_TRY(unroll_versioned_copy("unroll_probe_options", options, &o, sizeof o));
    if (o.S && !net->spec.source)
        return unroll_fail(UNROLL_EUSAGE, "S of a probe is %zu, but this network reads no source",
                           o.S);
    const unroll_work_options work = {
        .size = sizeof work, .T = o.T, .B = o.B, .S = o.S, .threads = o.threads, .training = true};
    unroll_probe *p = unroll_alloc(1, sizeof *p);
    if (!p)
        return UNROLL_EMEMORY;
    p->net = net;
    p->grad = unroll_alloc(unroll_net_size(net), sizeof *p->grad);
    unroll_status status = p->grad ? UNROLL_OK : UNROLL_EMEMORY;
    if (status == UNROLL_OK && net->spec.source)
        status = make_plain(p);
    if (status == UNROLL_OK)
        status = unroll_work_new(p->net, &work, &p->work);
    if (status != UNROLL_OK) {
        unroll_probe_free(p);
        return status;
    }
    *out = p;
    return UNROLL_OK;
}

void unroll_probe_free(unroll_probe *p)
{
    if (!p)
        return;
    unroll_work_free(p->work);
    unroll_free(p->grad);
    unroll_free(p->plain);
    unroll_free(p);
}

unroll_status unroll_probe_check(const unroll_probe *p, const unroll_batch *b)
{
    const unroll_net_spec *spec = &p->net->spec;
    if (b->T == 0 || b->T > p->work->T || b->B != p->work->B)
        return unroll_fail(UNROLL_EUSAGE,
                           "a batch of %zu steps and %zu rows does not fit a probe for up to %zu "
                           "steps and %zu rows",
                           b->T, b->B, p->work->T, p->work->B);
    if (spec->features ? !b->feature : !b->input)
        return unroll_fail(UNROLL_EUSAGE, "a batch without %s, which the network reads",
                           spec->features ? "features" : "input tokens");
    if (spec->squared ? !b->value : !b->target)
        return unroll_fail(UNROLL_EUSAGE, "a batch without targets has no loss to measure");
    return UNROLL_OK;
}

unroll_status unroll_probe_check_single(const unroll_probe *p, const unroll_batch *b, const char *what)
{
    if (p->plain)
        return unroll_fail(UNROLL_EUSAGE, "%s of an encoder–decoder cannot be measured", what);
    return unroll_probe_check(p, b);
}
