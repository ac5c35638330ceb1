#include <unroll/batch.h>

#include "cell/cell.h"
#include "math/vec.h"

/* Batch normalisation of each unit over m rows, Ioffe and Szegedy (2015):
 *   forward   μ = mean a   σ² = mean (a − μ)²   x̂ = (a − μ) / √(σ² + ε)   y = start + g x̂
 *   backward  da = g (dy − mean dy − x̂ mean(dy x̂)) / √(σ² + ε)            dg = Σ dy x̂
 * With given μ and σ², da = g dy / √(σ² + ε). Rows that are padding are not measured: their da is 0.
 *
 * Laurent et al. (2016): x_t·Wx^T alone, μ and σ² over all steps and rows of a window.
 * Cooijmans et al. (2016): also h_{t-1}·Wh^T and the LSTM's c, μ and σ² of each step its own. */

static const unroll_real epsilon = (unroll_real)1e-5;

static bool counts(const unroll_norm_pass *p, size_t r)
{
    return !p->mode || p->mode[r] == UNROLL_RUN;
}

static size_t count_rows(const unroll_norm_pass *p)
{
    size_t m = 0;
    for (size_t r = 0; r < p->rows; r++)
        m += counts(p, r);
    return m;
}

static vec inverse_deviation(const unroll_norm_pass *p, size_t j)
{
    vec v = vec_load(p->variance + j) + vec_all(epsilon);
    for (size_t i = 0; i < LANES; i++)
        v[i] = (unroll_real)(1 / sqrt((double)v[i]));
    return v;
}

/* Mean and variance of columns j … j+LANES−1; 0 and 0 where no row counts. */
static void measure(const unroll_norm_pass *p, size_t j, size_t m)
{
    const vec share = vec_all(m ? 1 / (unroll_real)m : 0);
    vec mean = vec_all(0), variance = vec_all(0);
    for (size_t r = 0; r < p->rows; r++)
        if (counts(p, r))
            mean += vec_load(p->a + r * p->pitch_n + j);
    mean *= share;
    for (size_t r = 0; r < p->rows; r++)
        if (counts(p, r)) {
            const vec d = vec_load(p->a + r * p->pitch_n + j) - mean;
            variance += d * d;
        }
    vec_store(p->mean + j, mean);
    vec_store(p->variance + j, variance * share);
}

static void forward(const unroll_norm_pass *p)
{
    const size_t m = p->measure ? count_rows(p) : 0;
    for (size_t j = 0; j < p->gates * p->pitch; j += LANES) {
        if (p->measure)
            measure(p, j, m);
        const vec mean = vec_load(p->mean + j), scale = inverse_deviation(p, j);
        const vec gain = vec_load(p->gain + j);
        const vec bias = p->start == UNROLL_FROM_BIAS ? vec_load(p->bias + j) : vec_all(0);
        for (size_t r = 0; r < p->rows; r++) {
            unroll_real *a = p->a + r * p->pitch_n + j, *y = p->y + r * p->pitch_y + j;
            const vec x = (vec_load(a) - mean) * scale;
            vec_store(a, x);
            vec_store(y, (p->start == UNROLL_FROM_SELF ? vec_load(y) : bias) + gain * x);
        }
    }
}

static void backward(const unroll_norm_pass *p)
{
    const size_t m = p->through ? count_rows(p) : 0;
    const vec share = vec_all(m ? 1 / (unroll_real)m : 0);
    for (size_t j = 0; j < p->gates * p->pitch; j += LANES) {
        const vec factor = vec_load(p->gain + j) * inverse_deviation(p, j);
        vec total = vec_all(0), along = vec_all(0);
        for (size_t r = 0; r < p->rows; r++) {
            const vec dy = vec_load(p->dy + r * p->pitch_y + j);
            const vec dx = dy * vec_load(p->a + r * p->pitch_n + j);
            vec_store(p->dgain + r * p->pitch_n + j, dx);
            if (counts(p, r)) {
                total += dy;
                along += dx;
            }
        }
        total *= share;
        along *= share;
        for (size_t r = 0; r < p->rows; r++) {
            unroll_real *a = p->a + r * p->pitch_n + j;
            const vec dy = vec_load(p->dy + r * p->pitch_y + j);
            vec_store(a, counts(p, r) ? factor * (dy - total - vec_load(a) * along) : vec_all(0));
        }
    }
}

const unroll_norm UNROLL_K(norm_batch) = {
    .name = "batch",
    .summary = "the input's products over all steps and rows (Laurent et al. 2016)",
    .forward = forward,
    .backward = backward,
};

const unroll_norm UNROLL_K(norm_recurrent_batch) = {
    .name = "recurrent-batch",
    .summary = "every product over the rows, each step by itself (Cooijmans et al. 2016)",
    .recurrent = true,
    .forward = forward,
    .backward = backward,
};
