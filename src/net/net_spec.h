#ifndef UNROLL_NET_NET_SPEC_H
#define UNROLL_NET_NET_SPEC_H
#include <unroll/net.h>

#include "cell/cell.h"
#include "net/attention_score.h"

/** What the names of a spec stand for; NULL where it has none. */
typedef struct unroll_net_kinds {
    const unroll_cell *cell;
    double option[UNROLL_SPEC_KEYS]; /**< values of the cell's own keys */
    const unroll_activation *activation;
    const unroll_norm *norm;
    const unroll_attention_kind *attention;
} unroll_net_kinds;

/** Check a spec and find what it names. The spec's strings become those of the tables, and what it leaves
 *  open is set.
 *  @return UNROLL_EUSAGE for an unknown name, or for values that do not go together */
unroll_status unroll_net_spec_resolve(unroll_net_spec *spec, unroll_net_kinds *kinds);
#endif
