#ifndef UNROLL_BASE_PARALLEL_H
#define UNROLL_BASE_PARALLEL_H
#include <stddef.h>
#include <unroll/status.h>

/** Run work(arg, 0), …, work(arg, threads−1), each on a thread of its own as far as threads can be had, and return
 *  when all are done. `work` must not depend on which. Calls from several threads, or from within `work`, are
 *  fine: all but one run on the caller's own thread. */
void unroll_parallel(size_t threads, void (*work)(void *arg, size_t index), void *arg);

/** Can that many threads run at once? @return UNROLL_EMEMORY saying how many could be started */
unroll_status unroll_parallel_check(size_t threads);

/** Cores this process may use (its affinity mask), at least 1. */
size_t unroll_cores(void);

/** The part [*begin, *end) of 0…count that falls to `index` of `parts`, cut at multiples of `grain`. */
static inline void unroll_share(size_t count, size_t grain, size_t parts, size_t index,
                                size_t *begin, size_t *end)
{
    const size_t grains = (count + grain - 1) / grain;
    const size_t b = grains * index / parts * grain, e = grains * (index + 1) / parts * grain;
    *begin = b < count ? b : count;
    *end = e < count ? e : count;
}
#endif
