#ifndef UNROLL_NET_NORM_H
#define UNROLL_NET_NORM_H
#include "net/parameters.h"
#include "net/stack.h"

/** Register one layer's gains, and lay out its rows of n. */
unroll_status unroll_norm_add(unroll_stack *s, unroll_parameters *p, const char *prefix, size_t l);
/** Register the running statistics: after the parameters that learn. */
unroll_status unroll_norm_add_statistics(unroll_stack *s, unroll_parameters *p, const char *prefix);
/** Copies of one layer's gains and statistics. */
void unroll_norm_pack(const unroll_stack *s, size_t l, const unroll_parameter *list,
                      const unroll_real *weights);
/** The row of statistics that step t of a layer uses, or NULL. */
unroll_real *unroll_norm_statistics(const unroll_stack *s, const unroll_stack_run *run, size_t l,
                                    size_t t);
/** x·Wx^T in n becomes z's input blocks, for the rows of a step; and back. */
void unroll_norm_input(const unroll_step *step);
void unroll_norm_input_back(const unroll_step *step);
/** Move the running statistics towards the measured ones. */
void unroll_norm_update_running_statistics(const unroll_stack *s, const unroll_stack_run *run,
                                           const unroll_parameter *list, unroll_real *weights);
#endif
