#ifndef UNROLL_PROBE_PROBE_H
#define UNROLL_PROBE_PROBE_H
#include "probe/measures.h"

/** Does the batch go with the probe's net and fit its room? @return UNROLL_EUSAGE */
unroll_status unroll_probe_check(const unroll_probe *probe, const unroll_batch *batch);
#endif
