#include "math/isa_table.h"

/* The additive score's loops: tanh of every pair of a query and a key is what attention costs. It is taken
 * again on the way back, which is faster than reading T·S·K numbers from memory. */

static unroll_real sum_lanes(vec v)
{
    unroll_real sum = 0;
    for (size_t i = 0; i < LANES; i++)
        sum += v[i];
    return sum;
}

void UNROLL_K(additive)(const unroll_additive *p)
{
    for (size_t t = 0; t < p->T; t++)
        for (size_t s = 0; s < p->S; s++) {
            const unroll_real *q = p->q + t * p->q_pitch, *k = p->k + s * p->k_pitch;
            vec sum = {0};
            for (size_t j = 0; j < p->K; j += LANES)
                sum += vec_load(p->v + j) * vec_tanh(vec_load(q + j) + vec_load(k + j));
            p->a[t * p->a_pitch + s] = sum_lanes(sum);
        }
}

void UNROLL_K(additive_back)(const unroll_additive *p)
{
    for (size_t t = 0; t < p->T; t++)
        for (size_t s = 0; s < p->S; s++) {
            const unroll_real *q = p->q + t * p->q_pitch, *k = p->k + s * p->k_pitch;
            unroll_real *dq = p->dq + t * p->q_pitch, *dk = p->dk + s * p->k_pitch;
            const vec da = vec_all(p->a[t * p->a_pitch + s]);
            for (size_t j = 0; j < p->K; j += LANES) {
                vec slope;
                const vec y = vec_tanh_slope(vec_load(q + j) + vec_load(k + j), &slope);
                const vec d = da * vec_load(p->v + j) * slope;
                vec_store(p->dv + j, vec_load(p->dv + j) + da * y);
                vec_store(dq + j, vec_load(dq + j) + d);
                vec_store(dk + j, vec_load(dk + j) + d);
            }
        }
}
