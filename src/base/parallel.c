#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "base/parallel.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#ifdef HAVE_SCHED_GETAFFINITY
#include <sched.h>
#endif

#include "base/fail.h"

/* One pool for the process, not OpenMP's: that one ends the process where a thread cannot start, hangs in a forked
 * child, and spins for milliseconds when another program wants the core. Here a waiting thread spins for some
 * tens of microseconds, what a training step's phases take to follow each other, and then sleeps. */
enum { SPINS = 3000, WORKERS_MAX = 1023 };

static struct pool {
    pthread_mutex_t user; /* held by whoever runs a job */
    pthread_mutex_t gate; /* guards sleeping and waking */
    pthread_cond_t wake, done;
    atomic_size_t generation; /* counts jobs */
    atomic_size_t pending;    /* workers that have not finished with this job */
    atomic_bool caller_sleeps;
    size_t workers;               /* started so far; only the holder of `user` looks */
    size_t born[WORKERS_MAX + 1]; /* the generation when each was started */
    atomic_int spins;
    void (*work)(void *arg, size_t index);
    void *arg;
    size_t threads, step;
} pool = {
    .user = PTHREAD_MUTEX_INITIALIZER,
    .gate = PTHREAD_MUTEX_INITIALIZER,
    .wake = PTHREAD_COND_INITIALIZER,
    .done = PTHREAD_COND_INITIALIZER,
};

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static size_t wait_for_job(size_t seen)
{
    for (int i = 0; i < pool.spins && atomic_load(&pool.generation) == seen; i++)
        relax();
    if (atomic_load(&pool.generation) == seen) {
        pthread_mutex_lock(&pool.gate);
        while (atomic_load(&pool.generation) == seen)
            pthread_cond_wait(&pool.wake, &pool.gate);
        pthread_mutex_unlock(&pool.gate);
    }
    return atomic_load(&pool.generation);
}

static void *worker(void *place)
{
    const size_t index = (size_t)place;
    size_t seen = pool.born[index]; /* the job before its first, however late it begins to run */
    for (;;) {
        seen = wait_for_job(seen);
        if (index < pool.step)
            for (size_t i = index; i < pool.threads; i += pool.step)
                pool.work(pool.arg, i);
        if (atomic_fetch_sub(&pool.pending, 1) == 1 && atomic_load(&pool.caller_sleeps)) {
            pthread_mutex_lock(&pool.gate);
            pthread_cond_signal(&pool.done);
            pthread_mutex_unlock(&pool.gate);
        }
    }
    return NULL;
}

/* A forked child has none of its parent's threads. */
static void forget_workers(void)
{
    pthread_mutex_init(&pool.user, NULL);
    pthread_mutex_init(&pool.gate, NULL);
    pthread_cond_init(&pool.wake, NULL);
    pthread_cond_init(&pool.done, NULL);
    pool.workers = 0;
}

static void prepare(void)
{
    pthread_atfork(NULL, NULL, forget_workers);
}

/* Have at least `wanted` workers, holding `user`. @return 0, or why there are fewer */
static int start_workers(size_t wanted)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    sigset_t all, old;
    int error = 0;
    pthread_once(&once, prepare);
    wanted = wanted < WORKERS_MAX ? wanted : WORKERS_MAX;
    if (pool.workers >= wanted)
        return 0;
    sigfillset(&all); /* signals are for the program's own threads */
    pthread_sigmask(SIG_SETMASK, &all, &old);
    while (pool.workers < wanted && error == 0) {
        pthread_t thread;
        const size_t index = pool.workers + 1;
        pool.born[index] = atomic_load(&pool.generation);
        error = pthread_create(&thread, NULL, worker, (void *)index);
        if (error == 0) {
            pthread_detach(thread);
            pool.workers++;
        }
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return error;
}

static void wait_for_workers(void)
{
    for (int i = 0; i < pool.spins && atomic_load(&pool.pending) > 0; i++)
        relax();
    if (atomic_load(&pool.pending) == 0)
        return;
    pthread_mutex_lock(&pool.gate);
    atomic_store(&pool.caller_sleeps, true);
    while (atomic_load(&pool.pending) > 0)
        pthread_cond_wait(&pool.done, &pool.gate);
    atomic_store(&pool.caller_sleeps, false);
    pthread_mutex_unlock(&pool.gate);
}

void unroll_parallel(size_t threads, void (*work)(void *arg, size_t index), void *arg)
{
    /* Within a job, or beside another caller's, the calling thread does it all. */
    if (threads <= 1 || pthread_mutex_trylock(&pool.user) != 0) {
        for (size_t i = 0; i < threads; i++)
            work(arg, i);
        return;
    }
    static size_t cores;
    if (cores == 0)
        cores = unroll_cores();
    start_workers(threads - 1);
    const size_t helpers = pool.workers < threads - 1 ? pool.workers : threads - 1;
    atomic_store(&pool.spins, threads <= cores ? SPINS : 0);
    pool.work = work;
    pool.arg = arg;
    pool.threads = threads;
    pool.step = helpers + 1;
    atomic_store(&pool.pending, pool.workers);
    pthread_mutex_lock(&pool.gate);
    atomic_fetch_add(&pool.generation, 1);
    pthread_cond_broadcast(&pool.wake);
    pthread_mutex_unlock(&pool.gate);
    for (size_t i = 0; i < threads; i += pool.step)
        work(arg, i);
    wait_for_workers();
    pthread_mutex_unlock(&pool.user);
}

unroll_status unroll_parallel_check(size_t threads)
{
    if (threads <= 1)
        return UNROLL_OK;
    pthread_mutex_lock(&pool.user);
    const int error = start_workers(threads - 1);
    const size_t there = pool.workers + 1;
    pthread_mutex_unlock(&pool.user);
    if (error)
        return unroll_fail(UNROLL_EMEMORY,
                           "only %zu of %zu threads can be started: %s; use " UNROLL_OPTION
                           "threads %zu",
                           there, threads, strerror(error), there);
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
