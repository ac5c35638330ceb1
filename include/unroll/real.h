#ifndef UNROLL_REAL_H
#define UNROLL_REAL_H

/** The number type of weights and activations. The library is float; its tests build the same
 *  sources with -DUNROLL_DOUBLE so that finite differences hold to 1e-8. */
#ifdef UNROLL_DOUBLE
typedef double unroll_real;
#else
typedef float unroll_real;
#endif

#endif
