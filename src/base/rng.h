#ifndef UNROLL_BASE_RNG_H
#define UNROLL_BASE_RNG_H
#include <stddef.h>
#include <stdint.h>

/** xoshiro256++ (Blackman and Vigna 2019), seeded by splitmix64. Its whole state is these words, so
 *  that a checkpoint can keep it. */
typedef struct unroll_rng {
    uint64_t s[4];
} unroll_rng;

/** Independent streams for one seed: never let two purposes share one. */
enum unroll_stream {
    UNROLL_STREAM_INIT = 1,
    UNROLL_STREAM_DATA,
    UNROLL_STREAM_DROPOUT,
    UNROLL_STREAM_SAMPLE,
    UNROLL_STREAM_PROBE,
    UNROLL_STREAM_VALID,
    UNROLL_STREAM_TEST,
    UNROLL_STREAM_BOOTSTRAP
};

void unroll_rng_seed(unroll_rng *rng, uint64_t seed, uint64_t stream);
uint64_t unroll_rng_next(unroll_rng *rng);
double unroll_rng_uniform(unroll_rng *rng);             /**< [0,1), 53 bits */
double unroll_rng_normal(unroll_rng *rng);              /**< mean 0, variance 1; keeps no spare */
uint64_t unroll_rng_below(unroll_rng *rng, uint64_t n); /**< [0,n), unbiased; n > 0 */

/** A hash of (key, counter), uniform over 64 bits: random numbers that any thread can draw for its
 *  own elements in any order. */
static inline uint64_t unroll_rng_hash(uint64_t key, uint64_t counter)
{
    uint64_t x = key + (counter + 1) * 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}
#endif
