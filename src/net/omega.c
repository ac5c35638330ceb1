#include "net/omega.h"

#include <math.h>
#include <string.h>

/* The regulariser of Pascanu, Mikolov and Bengio (2013), eq. 9 and 10, draws Wh towards keeping the norm
 * of the gradient as it travels back. Their x is the pre-activation, here z; u_k = dL/dz_k is a row.
 *   v_k = (u_{k+1} Wh) f'(z_k)        Ω = mean_k (‖v_k‖ / ‖u_{k+1}‖ − 1)²
 * Its immediate derivative holds u and z constant:
 *   dΩ/dWh = mean_k 2 (‖v_k‖ / ‖u_{k+1}‖ − 1) / (‖u_{k+1}‖ ‖v_k‖) u_{k+1} ⊗ (v_k f'(z_k))
 * As in the authors' program, and unlike their eq. 9, which sums, the mean is over the steps that a
 * gradient still reaches; so the weight means the same at every length. Each sample and layer has an Ω of
 * its own; over samples the mean is taken. What comes before the window is not counted. */

/* Steps with a smaller ‖u‖ are left out: the direction of what has nearly vanished is decided by rounding,
 * and its inverse exceeds a float. The authors' bound is the same, 1e-20 of the square. */
static const double smallest = 1e-10;

static double norm(size_t n, const unroll_real *x)
{
    double sum = 0;
    for (size_t j = 0; j < n; j++)
        sum += (double)x[j] * (double)x[j];
    return sqrt(sum);
}

/* out = d · f'(z) for row r; out and d are different arrays. */
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
        run->omega_layer[row0 + r] += excess * excess;
        run->omega_steps[row0 + r]++;
        if (!(dv > 0))
            continue;
        through_f(step, r, v + r * H, out, spare + r * H);
        const double factor = 2 * s->omega * excess / (du * dv * (double)run->B);
        for (size_t j = 0; j < H; j++)
            out[j] = (unroll_real)(factor * (double)out[j]);
    }
}

void unroll_omega_mean(const unroll_stack *s, const unroll_stack_run *run, size_t l, size_t r0,
                       size_t r1)
{
    for (size_t r = r0; r < r1; r++) {
        if (!(run->omega_steps[r] > 0))
            continue;
        run->omega[r] += run->omega_layer[r] / run->omega_steps[r];
        for (size_t t = 1; t < run->steps; t++)
            for (size_t j = 0; j < s->pitch; j++)
                run->at[l].e[(t * run->B + r) * s->pitch + j] /= (unroll_real)run->omega_steps[r];
        run->omega_layer[r] = run->omega_steps[r] = 0;
    }
}
