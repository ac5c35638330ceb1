#include <math.h>
#include <string.h>

#include "base/fail.h"
#include "net/net.h"

/* What an encoder–decoder is beside a network's parts: which options it takes. */

static unroll_status check_alone(const unroll_net_spec *s)
{
    const char *option = s->bidirectional              ? "--bidirectional"
                         : unroll_has_attention(s)     ? "--attention"
                         : s->sampling != 0            ? "--scheduled-sampling"
                                                       : NULL;
    return option ? unroll_fail(UNROLL_EUSAGE, "%s is for --task translate: it needs an encoder", option)
                  : UNROLL_OK;
}

static unroll_status check_joined(const unroll_net_spec *s, const unroll_norm *norm)
{
    if (s->source > UINT32_MAX)
        return unroll_fail(UNROLL_EUSAGE, "at most %u source tokens are possible", UINT32_MAX);
    if (s->features || s->squared)
        return unroll_fail(UNROLL_EUSAGE, "an encoder–decoder reads and writes tokens");
    if (norm && !norm->units)
        return unroll_fail(UNROLL_EUSAGE, "--norm %s joins the rows of a batch, which a translation "
                           "model keeps apart; use --norm layer", norm->name);
    if (unroll_has_attention(s))
        return unroll_fail(UNROLL_EUSAGE, "there is no attention '%s'", s->attention);
    if (s->omega != 0)
        return unroll_fail(UNROLL_EUSAGE, "--omega is not defined for a translation model");
    if (s->skip_input)
        return unroll_fail(UNROLL_EUSAGE, "--skip-input is not defined for a translation model");
    return UNROLL_OK;
}

unroll_status unroll_pairs_check(const unroll_net_spec *s, const unroll_norm *norm)
{
    if (!(s->label_smoothing >= 0 && s->label_smoothing < 1))
        return unroll_fail(UNROLL_EUSAGE, "--label-smoothing must be at least 0 and less than 1");
    if (s->label_smoothing > 0 && s->squared)
        return unroll_fail(UNROLL_EUSAGE, "--label-smoothing is for targets that are classes");
    if (!(s->sampling >= 0 && s->sampling <= 1))
        return unroll_fail(UNROLL_EUSAGE, "--scheduled-sampling must be from 0 to 1");
    return s->source ? check_joined(s, norm) : check_alone(s);
}
