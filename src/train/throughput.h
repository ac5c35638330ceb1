#ifndef UNROLL_TRAIN_THROUGHPUT_H
#define UNROLL_TRAIN_THROUGHPUT_H
#include <stddef.h>
#include <stdint.h>

enum {
    UNROLL_THROUGHPUT_RECENT = 31,
    UNROLL_THROUGHPUT_OCTAVES = 48, /**< from 2^-8 to 2^40 a second */
    UNROLL_THROUGHPUT_PARTS = 128   /**< bins an octave: half a percent each */
};

/** Medians of a speed, over the last values and over all, in fixed memory. Zero-initialise. */
typedef struct unroll_throughput {
    double recent[UNROLL_THROUGHPUT_RECENT];
    uint64_t count;
    uint64_t bin[UNROLL_THROUGHPUT_OCTAVES * UNROLL_THROUGHPUT_PARTS];
} unroll_throughput;

void unroll_throughput_add(unroll_throughput *rate, double value);
double unroll_throughput_recent(const unroll_throughput *rate); /**< exact; 0 before the first */
double unroll_throughput_median(const unroll_throughput *rate); /**< within a bin's width; 0 before the first */
#endif
