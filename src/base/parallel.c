#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "base/parallel.h"

#include <limits.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>
#ifdef HAVE_SCHED_GETAFFINITY
#include <sched.h>
#endif
#ifdef _OPENMP
#include <omp.h>
#endif

#include "base/fail.h"
#include "base/memory.h"

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

static void *wait_for(void *mutex)
{
    pthread_mutex_lock(mutex);
    pthread_mutex_unlock(mutex);
    return NULL;
}

/* Start them all, each waiting until the last is there, and let them go. */
unroll_status unroll_parallel_check(size_t threads)
{
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    const size_t wanted = threads > 1 ? threads - 1 : 0; /* the caller is one */
    pthread_t *const started = unroll_alloc(wanted, sizeof *started);
    size_t n = 0;
    int error = 0;

    if (!started)
        return UNROLL_EMEMORY;
    pthread_mutex_lock(&gate);
    while (n < wanted && (error = pthread_create(&started[n], NULL, wait_for, &gate)) == 0)
        n++;
    pthread_mutex_unlock(&gate);
    for (size_t i = 0; i < n; i++)
        pthread_join(started[i], NULL);
    unroll_free(started);
    if (error)
        return unroll_fail(UNROLL_EMEMORY, "only %zu of %zu threads can be started: %s; use --threads %zu",
                           n + 1, threads, strerror(error), n + 1);
    return UNROLL_OK;
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
