#include "math/set.h"

void UNROLL_K(outer)(const unroll_outer *o)
{
    for (size_t r = 0; r < o->rows; r++)
        for (size_t m = 0; m < o->M; m++) {
            const unroll_real a = o->A[r * o->a_pitch + m];
            for (size_t n = 0; n < o->N; n++)
                o->C[m * o->c_pitch + n] += a * o->B[r * o->b_pitch + n];
        }
}
