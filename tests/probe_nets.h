#ifndef UNROLL_TESTS_PROBE_NETS_H
#define UNROLL_TESTS_PROBE_NETS_H
#include <unroll/probe.h>

#include "parameter.h"

/* Networks with a window of random tokens to probe. */

typedef struct probed {
    unroll_net *net;
    unroll_probe *probe;
    unroll_work *work; /**< the probe's, in floats */
    unroll_batch batch;
    uint32_t *input, *target;
    uint8_t *inject;
} probed;

typedef struct fresh {
    const char *cell, *activation, *init;
    size_t layers, hidden, symbols, T, B;
    double forget_bias; /**< as given: 0 is 0; NAN: the cell's own */
    uint64_t seed;
} fresh;

/** A fresh net; fails the calling test where it cannot be made. Tokens and targets follow from
 *  the seed. */
void open_fresh(probed *p, const fresh *f);
/** With connections around the layers, or without. */
void open_residual(probed *p, const fresh *f, bool residual);
void open_probed(probed *p, const unroll_net_spec *spec, size_t T, size_t B, uint64_t seed);
void close_probed(probed *p);

/** The curve of the losses at the last step, or of all losses (accumulated). */
unroll_curve *last_curve(probed *p, size_t distances);
unroll_curve *all_curve(probed *p, size_t distances);

/** What the samples say at distance k. */
unroll_curve_point point_at(const unroll_curve *c, size_t layer, enum unroll_state state, size_t k);
/** log10 of the geometric mean at distance k over that at distance 0. */
double decades(const unroll_curve *c, size_t layer, enum unroll_state state, size_t k);

double *new_doubles(size_t n); /**< zeroed; free() */
/** The largest of |a − b| / |b|. */
double worst(const double *a, const double *b, size_t n);
#endif
