#ifndef UNROLL_NET_STACK_WEIGHTS_H
#define UNROLL_NET_STACK_WEIGHTS_H
#include "net/parameters.h"
#include "net/stack.h"

/** This part of all the stack's weight gradients, after its backward pass over the run's steps. */
void unroll_stack_weights(const unroll_stack *s, const unroll_stack_run *run,
                          const unroll_gradient_part *part);
#endif
