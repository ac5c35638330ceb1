#include "cell/cell.h"
#include "math/vec.h"

/* A cell with a number of its own, for the tests alone: leaky integrators, Jaeger et al. (2007), with any activation f
 * and the rate a.
 *   forward   z_t = x_t Wx^T + b + h_{t-1} Wh^T    n = f(z_t)      h_t = (1 − a) h_{t-1} + a n
 *   backward  dn = a dh_t    dz_t = dn · f'(z_t)                   dh_{t-1} = (1 − a) dh_t + dz_t Wh
 * Block 0 keeps z_t and becomes dz_t. A learned slope's gradient goes to the block behind the last. */
enum { Z, N, DN, BLOCKS };
enum { RATE };

static void forward(const unroll_step *s)
{
    const unroll_layer *l = s->layer;
    const size_t H = l->pitch;
    const vec a = vec_all((unroll_real)l->option[RATE]),
              rest = vec_all((unroll_real)(1 - l->option[RATE]));
    unroll_recur(s, s->h0, H, 0, 1, Z, UNROLL_FROM_SELF);
    for (size_t row = 0; row < s->rows; row++) {
        unroll_real *z = s->z + row * l->blocks * H, *n = z + N * H;
        l->activation->forward(H, z, l->slope, n);
        for (size_t j = 0; j < H; j += LANES) {
            const size_t k = row * H + j;
            vec_store(s->h + k, rest * vec_load(s->h0 + k) + a * vec_load(n + j));
        }
    }
}

static void backward(const unroll_step *s)
{
    const unroll_layer *l = s->layer;
    const size_t H = l->pitch;
    const vec a = vec_all((unroll_real)l->option[RATE]),
              rest = vec_all((unroll_real)(1 - l->option[RATE]));
    for (size_t row = 0; row < s->rows; row++) {
        unroll_real *z = s->z + row * l->blocks * H, *dn = z + DN * H;
        for (size_t j = 0; j < H; j += LANES) {
            const size_t k = row * H + j;
            const vec dh = vec_load(s->dh + k);
            vec_store(dn + j, a * dh);
            vec_store(s->dh0 + k, vec_load(s->dh0 + k) + rest * dh);
        }
        l->activation->backward(H, z, z + N * H, dn, l->slope, l->slope ? z + BLOCKS * H : NULL);
    }
    unroll_recur_back(s, 0, 1, Z, s->dh0, H, UNROLL_FROM_SELF);
}

const unroll_cell UNROLL_K(cell_leaky) = {
    .name = "leaky",
    .variant = "",
    .summary = "leaky integrators (Jaeger et al. 2007)",
    .keys = {[RATE] = {"rate", "share of the new state in a step", 0.5, 0, 1, true}},
    .gates = 1,
    .blocks = BLOCKS,
    .states = 1,
    .gate = {{"", UNROLL_GATE_ACTIVATION, Z}},
    .has_activation = true,
    .carry_gate = -1,
    .no_theory = "a share of the state goes on unchanged, beside the recurrent matrix.",
    .forget_gate = -1,
    .input_gate = -1,
    .input = {{.gate = 0, .count = 1, .block = Z}},
    .recurrent = {{.gate = 0, .count = 1, .block = Z, .source = UNROLL_SOURCE_H}},
    .vectors = {{"bias_ih", 0, 1, Z}},
    .forward = forward,
    .backward = backward,
};
