#ifndef UNROLL_NET_DROPOUT_H
#define UNROLL_NET_DROPOUT_H
#include <stddef.h>
#include <stdint.h>
#include <unroll/real.h>

/** Dropout, Srivastava et al. (2014), of n units: out = x · mask / (1 − p), where a unit's mask is 0 with
 *  probability p = `dropout` and else 1. The same call with x = dL/dout gives dL/dx.
 *  @param key, first  the mask is a function of the key and of the units' place alone: `first` counts
 *              groups of four units, which share a number of 64 bits
 *  @param out  [n], may be x */
void unroll_drop(double dropout, uint64_t key, uint64_t first, size_t n, const unroll_real *x,
                 unroll_real *out);
#endif
