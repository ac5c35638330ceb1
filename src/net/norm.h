#ifndef UNROLL_NET_NORM_H
#define UNROLL_NET_NORM_H
#include "net/parameters.h"
#include "net/stack.h"

/* Normalisation around the cells of a stack: its parameters, the products with the input, and running
 * statistics. */

/** Register the gains of layer l, and lay out its rows of n. */
unroll_status unroll_norm_add(unroll_stack *s, unroll_parameters *p, const char *prefix, size_t l);
/** Register the running statistics. They come after all parameters that learn. */
unroll_status unroll_norm_add_statistics(unroll_stack *s, unroll_parameters *p, const char *prefix);
/** Bring the padded copies of one layer's gains and running statistics up to date. */
void unroll_norm_pack(const unroll_stack *s, size_t l, const unroll_parameter *list,
                      const unroll_real *weights);
/** The statistics that step t of a layer uses or measures; NULL where none are taken over rows. */
unroll_real *unroll_norm_statistics(const unroll_stack *s, const unroll_stack_run *run, size_t l,
                                    size_t t);
/** Normalise x·Wx^T, which is in n, into the blocks of z for the input, for the rows of a step. */
void unroll_norm_input(const unroll_step *step);
/** The way back: the gradients in z become those in n. */
void unroll_norm_input_back(const unroll_step *step);
/** Move the running statistics a tenth of the way to the measured ones. */
void unroll_norm_update_running_statistics(const unroll_stack *s, const unroll_stack_run *run,
                                           const unroll_parameter *list, unroll_real *weights);
#endif
