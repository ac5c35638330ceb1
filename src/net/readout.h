#ifndef UNROLL_NET_READOUT_H
#define UNROLL_NET_READOUT_H
#include "net/net.h"

/* The output layer, for steps [t0,t1) of the run and rows [r0,r1). Logits take much memory, so a workspace
 * holds those of w->readout_steps steps at a time. */

/** How many steps of logits a workspace for T steps and B rows holds. */
size_t unroll_readout_steps(const unroll_net *net, size_t T, size_t B);
/** Logits, from the outputs of the decoder or of attention. */
void unroll_readout_logits(const unroll_net *net, unroll_work *w, size_t t0, size_t t1, size_t r0,
                           size_t r1);
/** Losses and right guesses, from the logits, which become the gradient of the mean loss. */
void unroll_readout_loss(const unroll_net *net, unroll_work *w, size_t t0, size_t t1, size_t r0,
                         size_t r1);
/** The gradient of what the output layer reads, from that of the logits, into the slots of run.d[0]. */
void unroll_readout_backward(const unroll_net *net, unroll_work *w, size_t t0, size_t t1, size_t r0,
                             size_t r1);
/** Add this thread's part of the gradients of weights and bias to w->grad. */
void unroll_readout_weights(const unroll_net *net, unroll_work *w, size_t t0, size_t t1,
                            size_t thread);

/** Squared error of one row of n outputs against the values v.
 *  @param y  [pitch] outputs, which become scale · dL/dy, and 0 from n on */
double unroll_squared_error(size_t n, size_t pitch, unroll_real *y, const unroll_real *v,
                            unroll_real scale);
#endif
