#include "cell/cell.h"
#include "math/vec.h"

/* The gated recurrent unit in both published forms; gate order r, z, n as PyTorch.
 *
 * reset-after: PyTorch's and cuDNN's, from the first version of Cho et al. (2014).
 *   forward   r, z = sigmoid(x_t Wx^T + b + h_{t-1} Wh^T)
 *             m = h_{t-1} Wh_n^T + bh_n          n = tanh(x_t Wx_n^T + b_n + r m)
 *             h_t = (1 − z) n + z h_{t-1}
 *   backward  dn = dh_t (1 − z)   da_n = dn (1 − n²)   dm = da_n r   dr = da_n m
 *             dz = dh_t (h_{t-1} − n)
 *             dh_{t-1} = dh_t z + (da_r, da_z) Wh_rz + dm Wh_n
 * Blocks: 0 r, 1 z, 2 n, as kept by math/kept.h, 3 m; they become da_r, da_z, da_n, dm. */
static void forward_after(const unroll_step *s)
{
    const size_t H = s->layer->pitch;
    unroll_recur(s, s->h0, H, 0, 2, 0, UNROLL_FROM_SELF);
    unroll_recur(s, s->h0, H, 2, 1, 3, UNROLL_FROM_BIAS);
    for (size_t row = 0; row < s->rows; row++) {
        unroll_real *b = s->z + row * 4 * H;
        for (size_t j = 0; j < H; j += LANES) {
            const size_t k = row * H + j;
            vec kept_r, kept_z, kept_n;
            const vec r = vec_keep_sigmoid(vec_load(b + j), &kept_r);
            const vec z = vec_keep_sigmoid(vec_load(b + H + j), &kept_z);
            const vec n =
                vec_keep_tanh(vec_load(b + 2 * H + j) + r * vec_load(b + 3 * H + j), &kept_n);
            vec_store(b + j, kept_r);
            vec_store(b + H + j, kept_z);
            vec_store(b + 2 * H + j, kept_n);
            vec_store(s->h + k, vec_kept_sigmoid_complement(kept_z) * n + z * vec_load(s->h0 + k));
        }
    }
}

static void backward_after(const unroll_step *s)
{
    const size_t H = s->layer->pitch;
    for (size_t row = 0; row < s->rows; row++) {
        unroll_real *b = s->z + row * 4 * H;
        for (size_t j = 0; j < H; j += LANES) {
            const size_t k = row * H + j;
            const vec r = vec_load(b + j), z = vec_load(b + H + j), n = vec_load(b + 2 * H + j);
            const vec m = vec_load(b + 3 * H + j), dh = vec_load(s->dh + k);
            const vec da = dh * vec_kept_sigmoid_complement(z) * vec_kept_tanh_slope(n);
            const vec dz = dh * (vec_load(s->h0 + k) - vec_kept_tanh(n));
            vec_store(b + j, da * m * vec_kept_sigmoid_slope(r));
            vec_store(b + H + j, dz * vec_kept_sigmoid_slope(z));
            vec_store(b + 2 * H + j, da);
            vec_store(b + 3 * H + j, da * vec_kept_sigmoid(r));
            vec_store(s->dh0 + k, vec_load(s->dh0 + k) + dh * vec_kept_sigmoid(z));
        }
    }
    unroll_recur_back(s, 0, 2, 0, s->dh0, H, UNROLL_FROM_SELF);
    unroll_recur_back(s, 2, 1, 3, s->dh0, H, UNROLL_FROM_SELF);
}

const unroll_cell UNROLL_K(cell_gru) = {
    .name = "gru",
    .variant = "reset-after",
    .summary = "gated recurrent unit, reset after the product (PyTorch, cuDNN)",
    .gates = 3,
    .blocks = 4,
    .states = 1,
    .gate = {{"r", UNROLL_GATE_SIGMOID, 0}, {"z", UNROLL_GATE_SIGMOID, 1}, {"n", UNROLL_GATE_TANH, 2}},
    .keep = {.name = "update gates", .block = 1},
    .norm_gates = 2,
    .carry_gate = -1,
    .forget_gate = 1,
    .input_gate = -1,
    .input = {{.gate = 0, .count = 3, .block = 0}},
    .recurrent = {{.gate = 0, .count = 2, .block = 0, .source = UNROLL_SOURCE_H},
                  {.gate = 2, .count = 1, .block = 3, .source = UNROLL_SOURCE_H}},
    .vectors = {{"bias_ih", 0, 3, 0}, {"bias_hh", 2, 1, 3}},
    .forward = forward_after,
    .backward = backward_after,
};

/* reset-before: the published form of Cho et al. (2014), with z's meaning as above.
 *   forward   r, z = sigmoid(x_t Wx^T + b + h_{t-1} Wh^T)      q = r h_{t-1}
 *             n = tanh(x_t Wx_n^T + b_n + q Wh_n^T)            h_t = (1 − z) n + z h_{t-1}
 *   backward  da_n = dh_t (1 − z)(1 − n²)    dq = da_n Wh_n    dr = dq h_{t-1}
 *             dz = dh_t (h_{t-1} − n)
 *             dh_{t-1} = dh_t z + dq r + (da_r, da_z) Wh_rz
 * Blocks: 0 r, 1 z, 2 n, as above, 3 q, 4 dq; the first three become da, q stays: it is dWh_n's factor. */
static void forward_before(const unroll_step *s)
{
    const size_t H = s->layer->pitch;
    unroll_recur(s, s->h0, H, 0, 2, 0, UNROLL_FROM_SELF);
    for (size_t row = 0; row < s->rows; row++) {
        unroll_real *b = s->z + row * 5 * H;
        for (size_t j = 0; j < H; j += LANES) {
            vec kept;
            const vec r = vec_keep_sigmoid(vec_load(b + j), &kept);
            vec_store(b + j, kept);
            vec_store(b + 3 * H + j, r * vec_load(s->h0 + row * H + j));
        }
    }
    unroll_recur(s, s->z + 3 * H, 5 * H, 2, 1, 2, UNROLL_FROM_SELF);
    for (size_t row = 0; row < s->rows; row++) {
        unroll_real *b = s->z + row * 5 * H;
        for (size_t j = 0; j < H; j += LANES) {
            const size_t k = row * H + j;
            vec kept_z, kept_n;
            const vec z = vec_keep_sigmoid(vec_load(b + H + j), &kept_z);
            const vec n = vec_keep_tanh(vec_load(b + 2 * H + j), &kept_n);
            vec_store(b + H + j, kept_z);
            vec_store(b + 2 * H + j, kept_n);
            vec_store(s->h + k, vec_kept_sigmoid_complement(kept_z) * n + z * vec_load(s->h0 + k));
        }
    }
}

static void backward_before(const unroll_step *s)
{
    const size_t H = s->layer->pitch;
    for (size_t row = 0; row < s->rows; row++) {
        unroll_real *b = s->z + row * 5 * H;
        for (size_t j = 0; j < H; j += LANES) {
            const size_t k = row * H + j;
            const vec z = vec_load(b + H + j), n = vec_load(b + 2 * H + j);
            const vec dh = vec_load(s->dh + k);
            const vec dz = dh * (vec_load(s->h0 + k) - vec_kept_tanh(n));
            vec_store(s->dh0 + k, vec_load(s->dh0 + k) + dh * vec_kept_sigmoid(z));
            vec_store(b + H + j, dz * vec_kept_sigmoid_slope(z));
            vec_store(b + 2 * H + j, dh * vec_kept_sigmoid_complement(z) * vec_kept_tanh_slope(n));
        }
    }
    unroll_recur_back(s, 2, 1, 2, s->z + 4 * H, 5 * H, UNROLL_FROM_ZERO);
    for (size_t row = 0; row < s->rows; row++) {
        unroll_real *b = s->z + row * 5 * H;
        for (size_t j = 0; j < H; j += LANES) {
            const size_t k = row * H + j;
            const vec r = vec_load(b + j), dq = vec_load(b + 4 * H + j);
            vec_store(s->dh0 + k, vec_load(s->dh0 + k) + dq * vec_kept_sigmoid(r));
            vec_store(b + j, dq * vec_load(s->h0 + k) * vec_kept_sigmoid_slope(r));
        }
    }
    unroll_recur_back(s, 0, 2, 0, s->dh0, H, UNROLL_FROM_SELF);
}

const unroll_cell UNROLL_K(cell_gru_before) = {
    .name = "gru",
    .variant = "reset-before",
    .summary = "gated recurrent unit, reset before the product (Cho et al. 2014)",
    .gates = 3,
    .blocks = 5,
    .states = 1,
    .gate = {{"r", UNROLL_GATE_SIGMOID, 0}, {"z", UNROLL_GATE_SIGMOID, 1}, {"n", UNROLL_GATE_TANH, 2}},
    .keep = {.name = "update gates", .block = 1},
    .norm_gates = 2,
    .carry_gate = -1,
    .forget_gate = 1,
    .input_gate = -1,
    .input = {{.gate = 0, .count = 3, .block = 0}},
    .recurrent = {{.gate = 0, .count = 2, .block = 0, .source = UNROLL_SOURCE_H},
                  {.gate = 2, .count = 1, .block = 2, .source = 3}},
    .vectors = {{"bias_ih", 0, 3, 0}},
    .forward = forward_before,
    .backward = backward_before,
};
