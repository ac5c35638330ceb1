#ifndef UNROLL_NET_INIT_H
#define UNROLL_NET_INIT_H
#include <stddef.h>

/** A line on the i-th initialisation, for help; NULL at the end. */
const char *unroll_init_summary(size_t i);
/** Gram and Schmidt on the rows of q [count][n], in place. A row that lies among those before it becomes 0.
 *  @param length  NULL, or takes [count] what was left of each row before it was brought to length 1 */
void unroll_orthonormalise(size_t count, size_t n, double *q, double *length);
#endif
