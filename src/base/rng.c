#include "base/rng.h"

#include <math.h>

static uint64_t rotl(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

/* The state is four outputs of splitmix64, which itself starts at a hash of seed and stream. It is
 * never all zero: splitmix64 visits each value once. */
void unroll_rng_seed(unroll_rng *rng, uint64_t seed, uint64_t stream)
{
    const uint64_t start = unroll_rng_hash(seed, stream);
    for (uint64_t i = 0; i < 4; i++)
        rng->s[i] = unroll_rng_hash(start, i);
}

uint64_t unroll_rng_next(unroll_rng *rng)
{
    uint64_t *const s = rng->s;
    const uint64_t result = rotl(s[0] + s[3], 23) + s[0];
    const uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

double unroll_rng_uniform(unroll_rng *rng)
{
    return (double)(unroll_rng_next(rng) >> 11) * 0x1p-53;
}

/* Marsaglia and Bray (1964), the polar method. Its second value is thrown away, so that the state
 * stays four words. */
double unroll_rng_normal(unroll_rng *rng)
{
    double x, y, r;

    do {
        x = 2 * unroll_rng_uniform(rng) - 1;
        y = 2 * unroll_rng_uniform(rng) - 1;
        r = x * x + y * y;
    } while (r >= 1 || r == 0);
    return x * sqrt(-2 * log(r) / r);
}

/* Drawing again below 2^64 mod n leaves a multiple of n equally likely values. */
uint64_t unroll_rng_below(unroll_rng *rng, uint64_t n)
{
    const uint64_t excess = (0 - n) % n;
    uint64_t x;

    do
        x = unroll_rng_next(rng);
    while (x < excess);
    return x % n;
}
