#ifndef UNROLL_LAB_BENCH_H
#define UNROLL_LAB_BENCH_H
#include <stddef.h>
#include <unroll/status.h>

/* How fast this machine trains and samples, and at what share of what it could do. */

/** What the machine can do at most. */
typedef struct bench_limits {
    double core, all; /**< FLOP/s of multiply-adds in registers: one core, and all threads together */
    size_t threads;
} bench_limits;

/** Takes `seconds`, half of them on one core. @param threads  at most 256 of them are used */
bench_limits bench_machine(size_t threads, double seconds);

/** A model, and how it trains. */
typedef struct bench_size {
    const char *cell;
    size_t layers, hidden, batch, steps, symbols;
} bench_size;

typedef struct bench_rates {
    double one, all; /**< training tokens/s with one thread, and with all */
    double share;    /**< of all cores' peak, matrix products alone */
    double sampled;  /**< symbols/s on one core */
    double reading;  /**< share of what reading the weights once for each symbol would allow */
} bench_rates;

/** Train and sample on random symbols, each rate for about `seconds`.
 *  @return as unroll_net_new(), unroll_trainer_new() */
unroll_status bench_measure(const bench_size *size, const bench_limits *limits, double seconds,
                            bench_rates *out);
#endif
