#include "cell/cell.h"
#include "math/vec.h"

/* Long short-term memory, Hochreiter and Schmidhuber (1997), with the forget gate of Gers et al. (2000);
 * gate order i, f, g, o as PyTorch.
 *   forward   (zi, zf, zg, zo) = x_t Wx^T + b + h_{t-1} Wh^T
 *             i, f, o = sigmoid(zi, zf, zo)      g = tanh(zg)
 *             c_t = f c_{t-1} + i g              h_t = o tanh(c_t)
 *   backward  do = dh_t tanh(c_t)                dc_t = dc_t' + dh_t o (1 − tanh²(c_t))
 *             di = dc_t g   df = dc_t c_{t-1}    dg = dc_t i
 *             dzi = di i(1 − i)   dzf = df f(1 − f)   dzg = dg (1 − g²)   dzo = do o(1 − o)
 *             dc_{t-1} = dc_t f                  dh_{t-1} = dz_t Wh
 * Blocks 0–3 keep i, f, g, o and become dz. tanh(c_t) is taken again: cheaper than its memory. */
static void forward(const unroll_step *s)
{
    const size_t H = s->layer->pitch;
    unroll_recur(s, s->h0, H, 0, 4, 0, UNROLL_FROM_SELF);
    for (size_t r = 0; r < s->rows; r++) {
        unroll_real *z = s->z + r * 4 * H;
        const unroll_real *c0 = s->c0 + r * H;
        unroll_real *c = s->c + r * H, *h = s->h + r * H;
        for (size_t j = 0; j < H; j += LANES) {
            const vec i = vec_sigmoid(vec_load(z + j));
            const vec f = vec_sigmoid(vec_load(z + H + j));
            const vec g = vec_tanh(vec_load(z + 2 * H + j));
            const vec o = vec_sigmoid(vec_load(z + 3 * H + j));
            const vec ct = f * vec_load(c0 + j) + i * g;
            vec_store(z + j, i);
            vec_store(z + H + j, f);
            vec_store(z + 2 * H + j, g);
            vec_store(z + 3 * H + j, o);
            vec_store(c + j, ct);
            vec_store(h + j, o * vec_tanh(ct));
        }
    }
}

static void backward(const unroll_step *s)
{
    const size_t H = s->layer->pitch;
    const vec one = vec_all(1);
    for (size_t r = 0; r < s->rows; r++) {
        unroll_real *z = s->z + r * 4 * H;
        for (size_t j = 0; j < H; j += LANES) {
            const size_t k = r * H + j;
            const vec i = vec_load(z + j), f = vec_load(z + H + j);
            const vec g = vec_load(z + 2 * H + j), o = vec_load(z + 3 * H + j);
            const vec tc = vec_tanh(vec_load(s->c + k)), dh = vec_load(s->dh + k);
            const vec dc = vec_load(s->dc + k) + dh * o * (one - tc * tc);
            if (s->dc_total)
                vec_store(s->dc_total + k, dc);
            vec_store(s->dc0 + k, dc * f);
            vec_store(z + j, dc * g * i * (one - i));
            vec_store(z + H + j, dc * vec_load(s->c0 + k) * f * (one - f));
            vec_store(z + 2 * H + j, dc * i * (one - g * g));
            vec_store(z + 3 * H + j, dh * tc * o * (one - o));
        }
    }
    unroll_recur_back(s, 0, 4, 0, s->dh0, H, UNROLL_FROM_SELF);
}

const unroll_cell UNROLL_K(cell_lstm) = {
    .name = "lstm",
    .variant = "",
    .summary = "long short-term memory with forget gate (Hochreiter and Schmidhuber 1997, Gers et al. "
               "2000)",
    .gates = 4,
    .blocks = 4,
    .states = 2,
    .forget_gate = 1,
    .forget_bias = 1,
    .input_gate = 0,
    .input = {{.gate = 0, .count = 4, .block = 0}},
    .recurrent = {{.gate = 0, .count = 4, .block = 0, .source = UNROLL_SOURCE_H}},
    .vectors = {{"bias_ih", 0, 4, 0}},
    .forward = forward,
    .backward = backward,
};
