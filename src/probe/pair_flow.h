#ifndef UNROLL_PROBE_PAIR_FLOW_H
#define UNROLL_PROBE_PAIR_FLOW_H
#include "probe/measures.h"

/* How the gradient of a translation's last target flows back through the decoder's steps, into the
 * encoder's last state and on through the words read. */

/** Distances that every row's last loss reaches: its decoder's steps, and the source's words where the
 *  encoder reads one way. */
size_t unroll_pair_flow_reach(const unroll_net *net, const unroll_batch *batch);

/** One pass.
 *  @param distances  at most unroll_pair_flow_reach()
 *  @param norm  [B][layers][2][distances] takes |δ| of each row
 *  @return UNROLL_EUSAGE where a row has no target; UNROLL_EMEMORY; UNROLL_ENUMERIC where the loss is
 *          not finite */
unroll_status unroll_pair_flow_run(unroll_probe *probe, const unroll_batch *batch, size_t distances,
                                   double *norm);
#endif
