#ifndef UNROLL_TRAIN_RATE_H
#define UNROLL_TRAIN_RATE_H
#include <stddef.h>
#include <stdint.h>

enum {
    UNROLL_RATE_RECENT = 31,
    UNROLL_RATE_OCTAVES = 48,   /**< from 2^-8 to 2^40 a second */
    UNROLL_RATE_PARTS = 128     /**< bins an octave: half a percent each */
};

/** Medians of a speed, over the last values and over all, in fixed memory. Zero-initialise. */
typedef struct unroll_rate {
    double recent[UNROLL_RATE_RECENT];
    uint64_t count;
    uint64_t bin[UNROLL_RATE_OCTAVES * UNROLL_RATE_PARTS];
} unroll_rate;

void unroll_rate_add(unroll_rate *rate, double value);
double unroll_rate_recent(const unroll_rate *rate); /**< exact; 0 before the first */
double unroll_rate_median(const unroll_rate *rate); /**< within a bin's width; 0 before the first */
#endif
