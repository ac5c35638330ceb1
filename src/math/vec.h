#ifndef UNROLL_MATH_VEC_H
#define UNROLL_MATH_VEC_H
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <unroll/real.h>
#if defined(UNROLL_SET_AVX2) || defined(UNROLL_SET_AVX512)
#include <immintrin.h>
#endif

/* Vectors of `unroll_real` in GCC's and Clang's vector extension, and the nonlinearities on them.
 * Included by the sources that are compiled once per instruction set (-DUNROLL_SET=…).
 *
 * Largest errors in float, in ulp, against doubles (with or without FMA); NaN in gives NaN out:
 *   vec_exp      1.4  0 below x = -86.98 (results under 2^-125.5), infinity above ln FLT_MAX
 *   vec_tanh     2.7  odd, within [-1,1], exact for ±0 and denormals
 *   vec_sigmoid  2.5  within [0,1]; stays at its value for -87.33 (1.2e-38) below that
 * In doubles they are libm's, lane by lane. */

/* TILE_ROWS·2 vectors are a tile: 24 of 32 registers, or 12 of 16. */
#if defined(UNROLL_SET_AVX512)
#define VEC_BYTES 64
#define TILE_ROWS 12
#elif defined(UNROLL_SET_AVX2)
#define VEC_BYTES 32
#define TILE_ROWS 6
#elif defined(UNROLL_SET_NEON)
#define VEC_BYTES 16
#define TILE_ROWS 12
#else
#define VEC_BYTES 16
#define TILE_ROWS 6
#endif
enum { LANES = VEC_BYTES / sizeof(unroll_real), WIDTH = 2 * LANES };

typedef unroll_real vec __attribute__((vector_size(VEC_BYTES)));
/* The same in memory, where it is aligned as its elements are. */
typedef unroll_real vec_memory
    __attribute__((vector_size(VEC_BYTES), aligned(sizeof(unroll_real)), may_alias));
/* vec_index is a lane of vec_int. */
#ifdef UNROLL_DOUBLE
typedef int64_t vec_index;
typedef int64_t vec_int __attribute__((vector_size(VEC_BYTES)));
#else
typedef int32_t vec_index;
typedef int32_t vec_int __attribute__((vector_size(VEC_BYTES)));
typedef uint32_t vec_bits __attribute__((vector_size(VEC_BYTES)));
#endif

static inline vec vec_load(const unroll_real *p)
{
    return *(const vec_memory *)p;
}

static inline void vec_store(unroll_real *p, vec v)
{
    *(vec_memory *)p = v;
}

/** `a` in every lane. a - 0 is a for -0 too, so nothing is left of the subtraction. */
static inline vec vec_all(unroll_real a)
{
    return a - (vec){0};
}

/** Per lane: mask (all ones or zeros, as comparisons give) ? a : b. */
static inline vec vec_select(vec_int mask, vec a, vec b)
{
#if defined(UNROLL_SET_AVX2)
    return (vec)_mm256_blendv_ps((__m256)b, (__m256)a, (__m256)mask);
#else
    return (vec)((mask & (vec_int)a) | (~mask & (vec_int)b));
#endif
}

/** Per lane: x > 0 ? a : b. */
static inline vec vec_select_positive(vec x, vec a, vec b)
{
    return vec_select(x > (vec){0}, a, b);
}

/** Per lane: a > b ? a : b, so b where either is NaN. */
static inline vec vec_max(vec a, vec b)
{
#if defined(UNROLL_SET_AVX512)
    return (vec)_mm512_max_ps((__m512)a, (__m512)b);
#elif defined(UNROLL_SET_AVX2)
    return (vec)_mm256_max_ps((__m256)a, (__m256)b);
#else
    return vec_select(a > b, a, b);
#endif
}

/** Per lane: a < b ? a : b, so b where either is NaN. */
static inline vec vec_min(vec a, vec b)
{
#if defined(UNROLL_SET_AVX512)
    return (vec)_mm512_min_ps((__m512)a, (__m512)b);
#elif defined(UNROLL_SET_AVX2)
    return (vec)_mm256_min_ps((__m256)a, (__m256)b);
#else
    return vec_select(a < b, a, b);
#endif
}

#ifdef UNROLL_DOUBLE
static inline vec vec_exp(vec x)
{
    for (size_t i = 0; i < LANES; i++)
        x[i] = exp(x[i]);
    return x;
}

static inline vec vec_tanh(vec x)
{
    for (size_t i = 0; i < LANES; i++)
        x[i] = tanh(x[i]);
    return x;
}

static inline vec vec_sigmoid(vec x)
{
    for (size_t i = 0; i < LANES; i++)
        x[i] = 1 / (1 + exp(-x[i]));
    return x;
}
#else

/* exp(x) = 2^n (1 + q), |q| < 0.42, for |x| < 128: n = round(x / ln 2), r = x - n ln 2 in two parts, q = e^r - 1 by
 * a polynomial whose relative error is 1.3e-8 (minimax on |r| <= ln 2 / 2). *n_bits is n shifted
 * to where a float keeps its exponent. */
static inline vec vec_exp_parts(vec x, vec_bits *n_bits)
{
    /* adding 1.5·2^23 leaves the nearest whole number in the low bits */
    const vec shift = vec_all(0x1.8p23f);
    const vec t = x * 1.44269504f + shift;
    const vec n = t - shift;
    const vec r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
    vec g = r * 1.3882516355e-03f + 8.3665471331e-03f;
    g = g * r + 4.1667200713e-02f;
    g = g * r + 1.6666543424e-01f;
    g = g * r + 4.9999998150e-01f;
    *n_bits = (vec_bits)t << 23;
    return r * r * g + r;
}

/** 2^n for n in [-126,127]; offset: 127 << 23. */
static inline vec vec_power(vec_bits n_bits, uint32_t offset)
{
    return (vec)(n_bits + offset);
}

static inline vec vec_exp(vec x)
{
    /* half of 2^n, so that n = 128 is in range; its exponent field for n = -126 is that of zero */
    vec_bits n;
    x = vec_min(vec_all(89.0f), vec_max(vec_all(-87.0f), x));
    const vec q = vec_exp_parts(x, &n);
    const vec s = vec_power(n, 126u << 23);
    return (q * s + s) * 2.0f;
}

/* tanh |x| = e / (e + 2), e = exp(2|x|) - 1 = 2^n q + (2^n - 1): no digits are lost at small x. */
static inline vec vec_tanh(vec x)
{
    const vec_bits sign = (vec_bits)x & 0x80000000u;
    const vec a = vec_min(vec_all(10.0f), (vec)((vec_bits)x ^ sign));
    vec_bits n;
    const vec q = vec_exp_parts(a + a, &n);
    const vec s = vec_power(n, 127u << 23);
    const vec e = q * s + (s - 1.0f);
    return (vec)((vec_bits)(e / (e + 2.0f)) | sign);
}

static inline vec vec_sigmoid(vec x)
{
    vec_bits n;
    x = vec_min(vec_all(87.33f), vec_max(vec_all(-87.33f), x));
    const vec q = vec_exp_parts(-x, &n);
    const vec s = vec_power(n, 127u << 23);
    return 1.0f / ((q * s + s) + 1.0f);
}
#endif
#endif
