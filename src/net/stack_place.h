#ifndef UNROLL_NET_STACK_PLACE_H
#define UNROLL_NET_STACK_PLACE_H
#include "net/stack.h"

/* Where a run of a stack has its arrays, and which states are kept. */

/** How many steps a segment has. About √T, because then the states between segments and the activations of
 *  one take least memory together; but enough that the products for weight gradients cost no more than
 *  over the whole window. */
size_t unroll_stack_segment(size_t T, size_t B);

/** Count (base NULL) or place the arrays of a run of T steps, as unroll_place() does.
 *  @return bytes after the last, SIZE_MAX on overflow */
size_t unroll_stack_place(const unroll_stack *s, unroll_stack_run *run, size_t T, size_t B,
                          bool training, char *base, size_t at);

/** Do the same for the states between segments, where a window is recomputed segment by segment and the
 *  run has been placed with the steps of one. */
size_t unroll_stack_place_kept(const unroll_stack *s, unroll_stack_run *run, size_t window,
                               char *base, size_t at);
/** Keep the states before the run's steps as those before segment i; back: restore them. */
void unroll_stack_keep(const unroll_stack *s, const unroll_stack_run *run, size_t i, bool back);
/** Carry: the states after the run's last step become those before its first. */
void unroll_stack_carry(const unroll_stack *s, const unroll_stack_run *run);
#endif
