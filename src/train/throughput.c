#include "train/throughput.h"

#include <math.h>

enum { BINS = UNROLL_THROUGHPUT_OCTAVES * UNROLL_THROUGHPUT_PARTS, LOWEST = -8 };

void unroll_throughput_add(unroll_throughput *rate, double value)
{
    const double place = (log2(value) - LOWEST) * UNROLL_THROUGHPUT_PARTS;
    const size_t bin = !(place > 0) ? 0 : place < BINS ? (size_t)place : BINS - 1;
    rate->bin[bin]++;
    rate->recent[rate->count++ % UNROLL_THROUGHPUT_RECENT] = value;
}

double unroll_throughput_recent(const unroll_throughput *rate)
{
    double sorted[UNROLL_THROUGHPUT_RECENT];
    const size_t n =
        rate->count < UNROLL_THROUGHPUT_RECENT ? (size_t)rate->count : UNROLL_THROUGHPUT_RECENT;
    for (size_t i = 0; i < n; i++) {
        size_t j = i;
        for (; j > 0 && sorted[j - 1] > rate->recent[i]; j--)
            sorted[j] = sorted[j - 1];
        sorted[j] = rate->recent[i];
    }
    return n > 0 ? (sorted[(n - 1) / 2] + sorted[n / 2]) / 2 : 0;
}

double unroll_throughput_median(const unroll_throughput *rate)
{
    const double half = (double)rate->count / 2;
    double below = 0;
    for (size_t i = 0; i < BINS; i++) {
        const double here = (double)rate->bin[i];
        if (here > 0 && below + here >= half)
            return exp2(LOWEST + ((double)i + (half - below) / here) / UNROLL_THROUGHPUT_PARTS);
        below += here;
    }
    return 0;
}
