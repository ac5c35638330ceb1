#ifndef UNROLL_NET_OMEGA_H
#define UNROLL_NET_OMEGA_H
#include "net/stack.h"

/** Ω's part of steps t and t+1; the latter went backward, step's z is not yet a gradient. Leaves
 *  the factor of next's dz in e [rows][pitch]. */
void unroll_omega_step(const unroll_stack *s, const unroll_stack_run *run, const unroll_step *step,
                       const unroll_step *next, size_t row0, unroll_real *e);
/** The layer's steps are done: sums become means. */
void unroll_omega_mean(const unroll_stack *s, const unroll_stack_run *run, size_t l, size_t r0, size_t r1);
#endif
