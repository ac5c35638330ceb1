#ifndef UNROLL_MATH_VEC_H
#define UNROLL_MATH_VEC_H
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <unroll/real.h>
#include "math/kept.h"
#if defined(UNROLL_SET_AVX2) || defined(UNROLL_SET_AVX512)
#include <immintrin.h>
#endif

/* Vectors of `unroll_real` in GCC's and Clang's vector extension, and the nonlinearities on them.
 * Included by the sources that are compiled once per instruction set (-DUNROLL_SET=…).
 *
 * Largest errors in ulp of float and of double, with or without FMA; NaN in gives NaN out:
 *   vec_exp      1.4  1.4  0 below x = -86.98 or -708.05 (results under 2^-125.5 or 2^-1021.5), infinity
 *                          above the logarithm of the largest number
 *   vec_tanh     2.7  2.7  odd, within [-1,1], exact for ±0 and denormals
 *   vec_sigmoid  2.5  2.5  within [0,1]; stays at its value for -87.33 (1.2e-38) or -708 below that */

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
/* vec_index is a lane of vec_int, vec_lane_bits one of vec_bits. */
#ifdef UNROLL_DOUBLE
typedef int64_t vec_index;
typedef uint64_t vec_lane_bits;
#define VEC_SIGN 0x8000000000000000u
#else
typedef int32_t vec_index;
typedef uint32_t vec_lane_bits;
#define VEC_SIGN 0x80000000u
#endif
typedef vec_index vec_int __attribute__((vector_size(VEC_BYTES)));
typedef vec_lane_bits vec_bits __attribute__((vector_size(VEC_BYTES)));

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
#if defined(UNROLL_SET_AVX2) && defined(UNROLL_DOUBLE)
    return (vec)_mm256_blendv_pd((__m256d)b, (__m256d)a, (__m256d)mask);
#elif defined(UNROLL_SET_AVX2)
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

/** Per lane: is the sign bit of x set ? a : b. */
static inline vec vec_select_negative(vec x, vec a, vec b)
{
#if defined(UNROLL_SET_AVX2)
    return vec_select((vec_int)x, a, b); /* it looks at that bit alone */
#else
    return vec_select((vec_int)x < 0, a, b);
#endif
}

static inline vec vec_abs(vec x)
{
    return (vec)((vec_bits)x & ~VEC_SIGN);
}

/** `x`, which is not negative, with the sign of `from`. */
static inline vec vec_sign(vec x, vec from)
{
    return (vec)((vec_bits)x | ((vec_bits)from & VEC_SIGN));
}

/** Per lane: a > b ? a : b, so b where either is NaN. */
static inline vec vec_max(vec a, vec b)
{
#if defined(UNROLL_SET_AVX512) && defined(UNROLL_DOUBLE)
    return (vec)_mm512_max_pd((__m512d)a, (__m512d)b);
#elif defined(UNROLL_SET_AVX512)
    return (vec)_mm512_max_ps((__m512)a, (__m512)b);
#elif defined(UNROLL_SET_AVX2) && defined(UNROLL_DOUBLE)
    return (vec)_mm256_max_pd((__m256d)a, (__m256d)b);
#elif defined(UNROLL_SET_AVX2)
    return (vec)_mm256_max_ps((__m256)a, (__m256)b);
#else
    return vec_select(a > b, a, b);
#endif
}

/** Per lane: a < b ? a : b, so b where either is NaN. */
static inline vec vec_min(vec a, vec b)
{
#if defined(UNROLL_SET_AVX512) && defined(UNROLL_DOUBLE)
    return (vec)_mm512_min_pd((__m512d)a, (__m512d)b);
#elif defined(UNROLL_SET_AVX512)
    return (vec)_mm512_min_ps((__m512)a, (__m512)b);
#elif defined(UNROLL_SET_AVX2) && defined(UNROLL_DOUBLE)
    return (vec)_mm256_min_pd((__m256d)a, (__m256d)b);
#elif defined(UNROLL_SET_AVX2)
    return (vec)_mm256_min_ps((__m256)a, (__m256)b);
#else
    return vec_select(a < b, a, b);
#endif
}

/* The limits of what follows, and where a number of this type keeps its exponent. */
#ifdef UNROLL_DOUBLE
enum { EXPONENT_AT = 52, EXPONENT_BIAS = 1023 };
static const unroll_real exp_least = -708.5, exp_most = 710, tanh_most = 20, sigmoid_most = 708,
                         slope_most = 350;
#else
enum { EXPONENT_AT = 23, EXPONENT_BIAS = 127 };
static const unroll_real exp_least = -87, exp_most = 89, tanh_most = 10, sigmoid_most = 87.33f,
                         slope_most = 43;
#endif

/* exp(x) = 2^n (1 + q), |q| < 0.42: n = round(x / ln 2), r = x - n ln 2 in two parts, q = e^r - 1 by a
 * polynomial on |r| <= ln 2 / 2 whose relative error is 1.3e-8 in float (minimax), 8e-19 in double
 * (interpolation at Chebyshev's points). *n_bits is n shifted to where a number keeps its exponent. */
static inline vec vec_exp_parts(vec x, vec_bits *n_bits)
{
#ifdef UNROLL_DOUBLE
    /* adding 1.5·2^52 leaves the nearest whole number in the low bits */
    const vec shift = vec_all(0x1.8p52);
    const vec t = x * 0x1.71547652b82fep0 + shift;
    const vec n = t - shift;
    const vec r = (x - n * 0x1.62e42feep-1) - n * 0x1.a39ef35793c76p-33;
    vec g = r * 0x1.1f731ea5352cap-29 + 0x1.af4e196027428p-26;
    g = g * r + 0x1.27e4db57442fbp-22;
    g = g * r + 0x1.71de021a90822p-19;
    g = g * r + 0x1.a01a01a6dcaffp-16;
    g = g * r + 0x1.a01a01abef415p-13;
    g = g * r + 0x1.6c16c16c162ccp-10;
    g = g * r + 0x1.11111111100cep-7;
    g = g * r + 0x1.5555555555556p-5;
    g = g * r + 0x1.5555555555557p-3;
    g = g * r + 0.5;
#else
    const vec shift = vec_all(0x1.8p23f);
    const vec t = x * 1.44269504f + shift;
    const vec n = t - shift;
    const vec r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
    vec g = r * 1.3882516355e-03f + 8.3665471331e-03f;
    g = g * r + 4.1667200713e-02f;
    g = g * r + 1.6666543424e-01f;
    g = g * r + 4.9999998150e-01f;
#endif
    *n_bits = (vec_bits)t << EXPONENT_AT;
    return r * r * g + r;
}

/** 2^(n + offset); the exponent n + offset + EXPONENT_BIAS is above 0, or 0 and so is the result. */
static inline vec vec_power(vec_bits n_bits, int offset)
{
    return (vec)(n_bits + ((vec_lane_bits)(EXPONENT_BIAS + offset) << EXPONENT_AT));
}

static inline vec vec_exp(vec x)
{
    /* half of 2^n, so that the largest n is in range; the exponent field for the least n is that of zero */
    vec_bits n;
    x = vec_min(vec_all(exp_most), vec_max(vec_all(exp_least), x));
    const vec q = vec_exp_parts(x, &n);
    const vec s = vec_power(n, -1);
    return (q * s + s) * 2;
}

/* exp(2|x|) - 1 = 2^n q + (2^n - 1), which loses no digits at small x. |x| is taken as `most` beyond that. */
static inline vec vec_tanh_exp(vec x, unroll_real most)
{
    const vec a = vec_min(vec_all(most), vec_abs(x));
    vec_bits n;
    const vec q = vec_exp_parts(a + a, &n);
    const vec s = vec_power(n, 0);
    return q * s + (s - 1);
}

/* tanh |x| = q where that is at most 1/2, else 1 - q, by one division: q = min(e, 2) / (e + 2), e = exp(2|x|) - 1 */
static inline vec vec_tanh(vec x)
{
    const vec e = vec_tanh_exp(x, tanh_most), q = vec_min(vec_all(2), e) / (e + 2);
    return vec_sign(vec_select(e > 2, 1 - q, q), x);
}

/* exp(-x) */
static inline vec vec_sigmoid_exp(vec x)
{
    vec_bits n;
    x = vec_min(vec_all(sigmoid_most), vec_max(vec_all(-sigmoid_most), x));
    const vec q = vec_exp_parts(-x, &n);
    const vec s = vec_power(n, 0);
    return q * s + s;
}

static inline vec vec_sigmoid(vec x)
{
    return 1 / (vec_sigmoid_exp(x) + 1);
}

/* Value, complement and slope on the way back. The comment of kept.h has the equations; what does not depend on the
 * pre-activation x any more is a function of what forward kept of it. */

/** σ(x), to the bit as vec_sigmoid(); *kept is for vec_kept_sigmoid(), …_complement() and …_slope(). */
static inline vec vec_keep_sigmoid(vec x, vec *kept)
{
    const vec e = vec_sigmoid_exp(x), y = 1 / (e + 1);
    *kept = vec_select_negative(x, y, -(e * y));
    return y;
}

/** σ(x). */
static inline vec vec_kept_sigmoid(vec kept)
{
    const vec m = vec_abs(kept);
    return vec_select_negative(kept, 1 - m, m);
}

/** 1 − σ(x) = σ(−x). */
static inline vec vec_kept_sigmoid_complement(vec kept)
{
    const vec m = vec_abs(kept);
    return vec_select_negative(kept, m, 1 - m);
}

/** σ'(x) = σ(x) σ(−x). */
static inline vec vec_kept_sigmoid_slope(vec kept)
{
    const vec m = vec_abs(kept);
    return m * (1 - m);
}

/** tanh(x), to the bit as vec_tanh(); *kept is for vec_kept_tanh() and vec_kept_tanh_slope(). */
static inline vec vec_keep_tanh(vec x, vec *kept)
{
    const vec e = vec_tanh_exp(x, slope_most), q = vec_min(vec_all(2), e) / (e + 2);
    *kept = vec_sign(vec_select(e > 2, q * UNROLL_KEPT_SCALE, q), x);
    return vec_sign(vec_select(e > 2, 1 - q, q), x);
}

/* w = 1 − |tanh x|. Of the two that it may be, the larger is: what is below 1/2 is taken as 1/2 in the second, and the
 * first is negative where the second is meant. */
static inline vec vec_kept_tanh_rest(vec m)
{
    return vec_max(1 - m, vec_max(vec_all((unroll_real)0.5), m) * (1 / UNROLL_KEPT_SCALE));
}

/** tanh(x). */
static inline vec vec_kept_tanh(vec kept)
{
    const vec m = vec_abs(kept);
    return vec_sign(vec_min(1 - vec_kept_tanh_rest(m), m), kept);
}

/** tanh'(x) = 1 − tanh²(x). */
static inline vec vec_kept_tanh_slope(vec kept)
{
    const vec w = vec_kept_tanh_rest(vec_abs(kept));
    return w * (2 - w);
}

/** tanh(x) and, in *slope, 1 − tanh²(x), for who has x itself on the way back. */
static inline vec vec_tanh_slope(vec x, vec *slope)
{
    const vec e = vec_tanh_exp(x, slope_most), half = 1 / (e + 2), w = half + half;
    *slope = w * (2 - w);
    return vec_sign(e * half, x);
}
#endif
