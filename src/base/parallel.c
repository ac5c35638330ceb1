#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "base/parallel.h"

#include <limits.h>
#include <unistd.h>
#ifdef HAVE_SCHED_GETAFFINITY
#include <sched.h>
#endif
#ifdef _OPENMP
#include <omp.h>
#endif

/* OpenMP may deliver fewer threads than asked for: then one takes several indices. */
void unroll_parallel(size_t threads, void (*work)(void *arg, size_t index), void *arg)
{
#ifdef _OPENMP
    if (threads > 1) {
        const int wanted = threads < INT_MAX ? (int)threads : INT_MAX;
#pragma omp parallel num_threads(wanted)
        {
            const size_t step = (size_t)omp_get_num_threads();
            for (size_t i = (size_t)omp_get_thread_num(); i < threads; i += step)
                work(arg, i);
        }
        return;
    }
#endif
    for (size_t i = 0; i < threads; i++)
        work(arg, i);
}

size_t unroll_cores(void)
{
#ifdef HAVE_SCHED_GETAFFINITY
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return (size_t)CPU_COUNT(&set);
#endif
    /* More than 1024 processors, or another system. */
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (size_t)online : 1;
}
