#include <math.h>
#include <string.h>

#include "net/net.h"

/* The regulariser of Pascanu, Mikolov and Bengio (2013), eq. 9 and 10: Wh is drawn towards keeping the
 * norm of what travels back. Their x is the pre-activation, here z; u_k = dL/dz_k is a row.
 *   v_k = (u_{k+1} Wh) f'(z_k)        Ω = Σ_k (‖v_k‖ / ‖u_{k+1}‖ − 1)²
 * Its immediate derivative holds u and z constant:
 *   dΩ/dWh = Σ_k 2 (‖v_k‖ / ‖u_{k+1}‖ − 1) / (‖u_{k+1}‖ ‖v_k‖) u_{k+1} ⊗ (v_k f'(z_k))
 * Each sample has an Ω of its own; the mean is taken. What comes before the window is not counted. */

/* Gradients this small say nothing of their direction, and floats could not hold the inverse. */
static const double smallest = 1e-30;

static double norm(size_t n, const unroll_real *x)
{
    double sum = 0;
    for (size_t j = 0; j < n; j++)
        sum += (double)x[j] * (double)x[j];
    return sqrt(sum);
}

/* out = d · f'(z) for row r; out may not be d. */
static void through_f(const unroll_step *step, size_t r, const unroll_real *d, unroll_real *out,
                      unroll_real *spare)
{
    const unroll_layer *l = step->layer;
    memcpy(out, step->z + r * l->blocks * l->pitch, l->pitch * sizeof *out);
    l->activation->backward(l->pitch, out, step->h + r * l->pitch, d, l->slope, spare);
}

void unroll_omega_step(const unroll_stack *s, const unroll_stack_run *run, const unroll_step *step,
                       const unroll_step *next, size_t row0, unroll_real *e)
{
    const size_t H = s->pitch, row = step->layer->blocks * H;
    unroll_real *w = run->omega_spare + row0 * H, *v = w + run->B * H, *spare = v + run->B * H;
    unroll_recur_back(next, 0, 1, 0, w, H, UNROLL_FROM_ZERO);
    for (size_t r = 0; r < step->rows; r++) {
        unroll_real *out = e + r * H;
        const double du = norm(s->hidden, next->z + r * row);
        memset(out, 0, H * sizeof *out);
        if (!(du > smallest) || (step->mode && (step->mode[r] || next->mode[r])))
            continue;
        through_f(step, r, w + r * H, v + r * H, spare + r * H);
        const double dv = norm(s->hidden, v + r * H), excess = dv / du - 1;
        run->omega[row0 + r] += excess * excess;
        if (!(dv > smallest))
            continue;
        through_f(step, r, v + r * H, out, spare + r * H);
        const unroll_real factor =
            (unroll_real)(2 * s->omega * excess / (du * dv * (double)run->B));
        for (size_t j = 0; j < H; j++)
            out[j] *= factor;
    }
}
