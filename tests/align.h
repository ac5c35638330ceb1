#ifndef UNROLL_TESTS_ALIGN_H
#define UNROLL_TESTS_ALIGN_H
#include "probe/alignment.h"

/** unroll_alignment() by a probe of the net that is made for it, in the precision that is the default. */
unroll_status align(const unroll_net *net, size_t S, const uint32_t *source, size_t T,
                    const uint32_t *input, const uint32_t *target, double *norm, double *attention);
#endif
