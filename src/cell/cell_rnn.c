#include "cell/cell.h"

/* The simple recurrent network, Elman (1990), with any activation f.
 *   forward   z_t = x_t Wx^T + b + h_{t-1} Wh^T      h_t = f(z_t)
 *   backward  dz_t = dh_t · f'(z_t)                  dh_{t-1} = dz_t Wh
 * Block 0 keeps z_t, or what f leaves there for f', and becomes dz_t. A learned slope's gradient goes to block 1. */
static void forward(const unroll_step *s)
{
    const unroll_layer *l = s->layer;
    unroll_recur(s, s->h0, l->pitch, 0, 1, 0, UNROLL_FROM_SELF);
    for (size_t r = 0; r < s->rows; r++)
        l->activation->forward(l->pitch, s->z + r * l->blocks * l->pitch, l->slope,
                               s->h + r * l->pitch);
}

static void backward(const unroll_step *s)
{
    const unroll_layer *l = s->layer;
    for (size_t r = 0; r < s->rows; r++) {
        unroll_real *z = s->z + r * l->blocks * l->pitch;
        l->activation->backward(l->pitch, z, s->h + r * l->pitch, s->dh + r * l->pitch, l->slope,
                                l->slope ? z + l->pitch : NULL);
    }
    unroll_recur_back(s, 0, 1, 0, s->dh0, l->pitch, UNROLL_FROM_SELF);
}

const unroll_cell UNROLL_K(cell_rnn) = {
    .name = "rnn",
    .variant = "",
    .summary = "simple recurrent network (Elman 1990)",
    .gates = 1,
    .blocks = 1,
    .states = 1,
    .gate = {{"", UNROLL_GATE_ACTIVATION, 0}},
    .norm_gates = 1,
    .norm_sums = true,
    .has_activation = true,
    .carry_gate = 0,
    .forget_gate = -1,
    .input_gate = -1,
    .input = {{.gate = 0, .count = 1, .block = 0}},
    .recurrent = {{.gate = 0, .count = 1, .block = 0, .source = UNROLL_SOURCE_H}},
    .vectors = {{"bias_ih", 0, 1, 0}},
    .forward = forward,
    .backward = backward,
};
