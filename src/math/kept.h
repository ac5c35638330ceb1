#ifndef UNROLL_MATH_KEPT_H
#define UNROLL_MATH_KEPT_H
#include <math.h>
#include <unroll/real.h>

/* What the forward pass keeps of a sigmoid or a tanh for the way back. The backward pass needs the value and its
 * complement, and 1 − σ(x) or 1 − tanh²(x) from the rounded value is rounding and then zero where a unit is saturated. So
 * the smaller of the two is kept, from which the other follows without the difference of near numbers:
 *   sigmoid   s = σ(x) where x < 0, else −σ(−x): m = |s| <= 1/2, σ(x) and σ(−x) are m and 1 − m or the other way round
 *             slope  σ(x) σ(−x) = m (1 − m)
 *   tanh      t where |t| <= 1/2, else ±w·2^K, w = 1 − |t| = 2 / (exp(2|x|) + 1), so that its size is above 1/2
 *             slope  1 − t² = w (2 − w)
 * vec.h has the same on vectors. A slope stops falling at |x| = 43 in float and 350 in double. */

/** 2^K: so small that dividing what is above 1/2 by it gives a normal number. */
#ifdef UNROLL_DOUBLE
#define UNROLL_KEPT_SCALE 0x1p1020
#else
#define UNROLL_KEPT_SCALE 0x1p124f
#endif

/** A nonlinearity's value y, its distance from the nearest bound, and its derivative, from what forward kept. */
typedef struct unroll_kept {
    double value, complement, slope; /**< complement: σ: 1 − y; tanh: 1 − |y| */
} unroll_kept;

static inline unroll_kept unroll_kept_sigmoid(unroll_real kept)
{
    const double m = fabs((double)kept), rest = 1 - m;
    return signbit(kept) ? (unroll_kept){rest, m, m * rest} : (unroll_kept){m, rest, m * rest};
}

static inline unroll_kept unroll_kept_tanh(unroll_real kept)
{
    const double m = fabs((double)kept), w = m > 0.5 ? m / (double)UNROLL_KEPT_SCALE : 1 - m;
    return (unroll_kept){copysign(m > 0.5 ? 1 - w : m, (double)kept), w, w * (2 - w)};
}
#endif
