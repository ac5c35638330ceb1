#include "align.h"

unroll_status align(const unroll_net *net, size_t S, const uint32_t *source, size_t T,
                    const uint32_t *input, const uint32_t *target, double *norm, double *attention)
{
    const unroll_probe_options o = {.size = sizeof o, .T = 1, .B = 1, .S = 1, .threads = 1};
    unroll_probe *probe;
    unroll_status status = unroll_probe_new(net, &o, &probe);
    if (status != UNROLL_OK)
        return status;
    status = unroll_alignment(probe, S, source, T, input, target, norm, attention);
    unroll_probe_free(probe);
    return status;
}
