#ifndef UNROLL_NET_READOUT_H
#define UNROLL_NET_READOUT_H
#include "net/net.h"

/* The output layer: logits, losses and their gradient for steps [t0,t1) of the run and rows [r0,r1). */
void unroll_readout_logits(const unroll_net *net, unroll_work *w, size_t t0, size_t t1, size_t r0,
                           size_t r1);
void unroll_readout_loss(const unroll_net *net, unroll_work *w, size_t t0, size_t t1, size_t r0,
                         size_t r1);
void unroll_readout_backward(const unroll_net *net, unroll_work *w, size_t t0, size_t t1, size_t r0,
                             size_t r1);
/** This thread's share of dW and db for steps [t0,t1), added to w->grad. */
void unroll_readout_weights(const unroll_net *net, unroll_work *w, size_t t0, size_t t1, size_t thread);

/** Squared error of one row; leaves scale·dL/dy in y, zero from n to pitch. */
double unroll_squared_error(size_t n, size_t pitch, unroll_real *y, const unroll_real *v,
                            unroll_real scale);

/** Reals in a work's logits chunk: larger vocabularies take several passes over time. */
size_t unroll_readout_steps(const unroll_net *net, size_t T, size_t B);
#endif
