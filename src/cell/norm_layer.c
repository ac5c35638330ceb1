#include "cell/cell.h"
#include "math/vec.h"

/* Layer normalisation, Ba et al. (2016), over the n = gates·hidden units of a row:
 *   forward   μ = mean a   σ² = mean (a − μ)²   x̂ = (a − μ) / √(σ² + ε)   y = start + g x̂
 *   backward  dx̂ = g dy    da = (dx̂ − mean dx̂ − x̂ mean(dx̂ x̂)) / √(σ² + ε)    dg = Σ dy x̂
 * Rows stay independent. The LSTM's products are normalised over all four gates at once, a GRU's r and z
 * together and n apart, as in the paper's supplement. */

static const unroll_real epsilon = (unroll_real)1e-5;

static unroll_real sum(vec v)
{
    unroll_real s = 0;
    for (size_t i = 0; i < LANES; i++)
        s += v[i];
    return s;
}

static void clear_padding(const unroll_norm_pass *p, unroll_real *a)
{
    for (size_t g = 0; g < p->gates; g++)
        for (size_t j = p->hidden; j < p->pitch; j++)
            a[g * p->pitch + j] = 0;
}

/* y of a row from its x̂. */
static void apply(const unroll_norm_pass *p, const unroll_real *x, unroll_real *y)
{
    for (size_t j = 0; j < p->gates * p->pitch; j += LANES) {
        const vec gx = vec_load(p->gain + j) * vec_load(x + j);
        vec_store(y + j, p->start == UNROLL_FROM_SELF   ? vec_load(y + j) + gx
                         : p->start == UNROLL_FROM_BIAS ? vec_load(p->bias + j) + gx
                                                        : gx);
    }
}

static void forward(const unroll_norm_pass *p)
{
    const size_t N = p->gates * p->pitch;
    const unroll_real share = 1 / (unroll_real)(p->gates * p->hidden);
    for (size_t r = 0; r < p->rows; r++) {
        unroll_real *a = p->a + r * p->pitch_n;
        vec total = vec_all(0), squares = vec_all(0);
        clear_padding(p, a);
        for (size_t j = 0; j < N; j += LANES)
            total += vec_load(a + j);
        const vec mean = vec_all(sum(total) * share);
        for (size_t j = 0; j < N; j += LANES)
            vec_store(a + j, vec_load(a + j) - mean);
        clear_padding(p, a);
        for (size_t j = 0; j < N; j += LANES)
            squares += vec_load(a + j) * vec_load(a + j);
        const double variance = (double)(sum(squares) * share + epsilon);
        const unroll_real scale = (unroll_real)(1 / sqrt(variance));
        for (size_t j = 0; j < N; j += LANES)
            vec_store(a + j, vec_load(a + j) * vec_all(scale));
        p->scale[r * p->pitch_n] = scale;
        apply(p, a, p->y + r * p->pitch_y);
    }
}

static void backward(const unroll_norm_pass *p)
{
    const size_t N = p->gates * p->pitch;
    const unroll_real share = 1 / (unroll_real)(p->gates * p->hidden);
    for (size_t r = 0; r < p->rows; r++) {
        unroll_real *a = p->a + r * p->pitch_n, *dgain = p->dgain + r * p->pitch_n;
        const unroll_real *dy = p->dy + r * p->pitch_y;
        vec total = vec_all(0), along = vec_all(0);
        for (size_t j = 0; j < N; j += LANES) {
            const vec d = vec_load(dy + j), x = vec_load(a + j), dx = vec_load(p->gain + j) * d;
            vec_store(dgain + j, d * x);
            total += dx;
            along += dx * x;
        }
        const vec mean = vec_all(sum(total) * share), slope = vec_all(sum(along) * share);
        const vec scale = vec_all(p->scale[r * p->pitch_n]);
        for (size_t j = 0; j < N; j += LANES) {
            const vec dx = vec_load(p->gain + j) * vec_load(dy + j);
            vec_store(a + j, scale * (dx - mean - slope * vec_load(a + j)));
        }
        clear_padding(p, a);
    }
}

const unroll_norm UNROLL_K(norm_layer) = {
    .name = "layer",
    .summary = "each row over its units (Ba et al. 2016)",
    .units = true,
    .recurrent = true,
    .forward = forward,
    .backward = backward,
};
