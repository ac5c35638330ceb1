#ifndef UNROLL_NET_STACK_PLACE_H
#define UNROLL_NET_STACK_PLACE_H
#include "net/stack.h"

/** Steps of a segment: about the root of T, whose states and activations then take least memory together; and
 *  enough for weight gradients to cost no more than in one piece. */
size_t unroll_stack_segment(size_t T, size_t B);

/** Count (base NULL) or place the arrays of a run. @return bytes after the last, SIZE_MAX on overflow */
size_t unroll_stack_place(const unroll_stack *s, unroll_stack_run *run, size_t T, size_t B,
                          bool training, char *base, size_t at);

/** Arrays of a window that is gone through in segments, after unroll_stack_place() of a segment's: the states
 *  between them. */
size_t unroll_stack_place_kept(const unroll_stack *s, unroll_stack_run *run, size_t window,
                               char *base, size_t at);
/** Copy the state before the run's steps to the i-th place that is kept, or back. */
void unroll_stack_keep(const unroll_stack *s, const unroll_stack_run *run, size_t i, bool back);
/** The state after the run's steps becomes that before them. */
void unroll_stack_go_on(const unroll_stack *s, const unroll_stack_run *run);
#endif
