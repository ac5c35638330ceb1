#ifndef UNROLL_NET_OMEGA_H
#define UNROLL_NET_OMEGA_H
#include "net/stack.h"

/** Add what one pair of steps contributes to Ω, and find its gradient.
 *  @param step  step t, which has not gone back yet: its z holds pre-activations
 *  @param next  step t + 1, which has: its z holds gradients
 *  @param e     takes [rows][pitch], the right factor of the pair's dΩ/dWh = Σ dz_{t+1} ⊗ e */
void unroll_omega_step(const unroll_stack *s, const unroll_stack_run *run, const unroll_step *step,
                       const unroll_step *next, size_t row0, unroll_real *e);
/** After all steps of a layer: the sums over steps become means. */
void unroll_omega_mean(const unroll_stack *s, const unroll_stack_run *run, size_t l, size_t r0,
                       size_t r1);
#endif
