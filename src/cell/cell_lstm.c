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
 * Blocks 0–3 keep i, f, g, o (math/kept.h) and become dz. tanh(c_t) is taken again: cheaper than its memory. */
/* Where c is normalised (Ba et al. 2016, Cooijmans et al. 2016):
 *   forward   u = norm(c_t) + b                  h_t = o tanh(u)
 *   backward  do = dh_t tanh(u)                  du = dh_t o (1 − tanh²(u)), and so dc_t through h_t
 * Its blocks of n: ĉ, which becomes that part; dy·x̂; u, which becomes du. */
enum { U_AFTER = 2 };

static void norm_output(const unroll_step *s)
{
    const unroll_layer *l = s->layer;
    const size_t H = l->pitch, row = l->norm_blocks * H;
    unroll_real *c = s->n + l->place[UNROLL_NORM_C].at * H, *u = c + U_AFTER * H;
    for (size_t r = 0; r < s->rows; r++)
        for (size_t j = 0; j < H; j += LANES)
            vec_store(c + r * row + j, vec_load(s->c + r * H + j));
    unroll_norm_pass pass = unroll_norm_of(s, UNROLL_NORM_C, 0, 1, u, row);
    pass.start = UNROLL_FROM_BIAS;
    pass.bias = l->shift;
    l->norm->forward(&pass);
    for (size_t r = 0; r < s->rows; r++)
        for (size_t j = 0; j < H; j += LANES) {
            const vec o = vec_kept_sigmoid(vec_load(s->z + (4 * r + 3) * H + j));
            vec_store(s->h + r * H + j, o * vec_tanh(vec_load(u + r * row + j)));
        }
}

static void norm_output_back(const unroll_step *s)
{
    const unroll_layer *l = s->layer;
    const size_t H = l->pitch, row = l->norm_blocks * H;
    unroll_real *u = s->n + (l->place[UNROLL_NORM_C].at + U_AFTER) * H;
    for (size_t r = 0; r < s->rows; r++)
        for (size_t j = 0; j < H; j += LANES) {
            unroll_real *zo = s->z + (4 * r + 3) * H + j, *du = u + r * row + j;
            const vec o = vec_load(zo), dh = vec_load(s->dh + r * H + j);
            vec slope;
            const vec tu = vec_tanh_slope(vec_load(du), &slope);
            vec_store(zo, dh * tu * vec_kept_sigmoid_slope(o));
            vec_store(du, dh * vec_kept_sigmoid(o) * slope);
        }
    const unroll_norm_pass pass = unroll_norm_of(s, UNROLL_NORM_C, 0, 1, u, row);
    l->norm->backward(&pass);
}

static inline void run_gates(const unroll_step *s, bool normed)
{
    const size_t H = s->layer->pitch;
    for (size_t r = 0; r < s->rows; r++) {
        unroll_real *z = s->z + r * 4 * H;
        const unroll_real *c0 = s->c0 + r * H;
        unroll_real *c = s->c + r * H, *h = s->h + r * H;
        for (size_t j = 0; j < H; j += LANES) {
            vec kept[4];
            const vec i = vec_keep_sigmoid(vec_load(z + j), &kept[0]);
            const vec f = vec_keep_sigmoid(vec_load(z + H + j), &kept[1]);
            const vec g = vec_keep_tanh(vec_load(z + 2 * H + j), &kept[2]);
            const vec o = vec_keep_sigmoid(vec_load(z + 3 * H + j), &kept[3]);
            const vec ct = f * vec_load(c0 + j) + i * g;
            for (size_t gate = 0; gate < 4; gate++)
                vec_store(z + gate * H + j, kept[gate]);
            vec_store(c + j, ct);
            if (!normed)
                vec_store(h + j, o * vec_tanh(ct));
        }
    }
}

static void forward(const unroll_step *s)
{
    unroll_recur(s, s->h0, s->layer->pitch, 0, 4, 0, UNROLL_FROM_SELF);
    if (s->layer->place[UNROLL_NORM_C].gain) {
        run_gates(s, true);
        norm_output(s);
    } else {
        run_gates(s, false);
    }
}

static inline void gates_back(const unroll_step *s, bool normed)
{
    const size_t H = s->layer->pitch;
    for (size_t r = 0; r < s->rows; r++) {
        unroll_real *z = s->z + r * 4 * H;
        const unroll_real *through_h =
            normed ? s->n + (r * s->layer->norm_blocks + s->layer->place[UNROLL_NORM_C].at) * H
                   : NULL;
        for (size_t j = 0; j < H; j += LANES) {
            const size_t k = r * H + j;
            const vec i = vec_load(z + j), f = vec_load(z + H + j);
            const vec g = vec_load(z + 2 * H + j), o = vec_load(z + 3 * H + j);
            vec dc;
            if (normed) {
                dc = vec_load(s->dc + k) + vec_load(through_h + j);
            } else {
                vec slope;
                const vec tc = vec_tanh_slope(vec_load(s->c + k), &slope);
                const vec dh = vec_load(s->dh + k);
                dc = vec_load(s->dc + k) + dh * vec_kept_sigmoid(o) * slope;
                vec_store(z + 3 * H + j, dh * tc * vec_kept_sigmoid_slope(o));
            }
            if (s->dc_total)
                vec_store(s->dc_total + k, dc);
            vec_store(s->dc0 + k, dc * vec_kept_sigmoid(f));
            vec_store(z + j, dc * vec_kept_tanh(g) * vec_kept_sigmoid_slope(i));
            vec_store(z + H + j, dc * vec_load(s->c0 + k) * vec_kept_sigmoid_slope(f));
            vec_store(z + 2 * H + j, dc * vec_kept_sigmoid(i) * vec_kept_tanh_slope(g));
        }
    }
}

static void backward(const unroll_step *s)
{
    if (s->layer->place[UNROLL_NORM_C].gain) {
        norm_output_back(s);
        gates_back(s, true);
    } else {
        gates_back(s, false);
    }
    unroll_recur_back(s, 0, 4, 0, s->dh0, s->layer->pitch, UNROLL_FROM_SELF);
}

/* clang-format off */
const unroll_cell UNROLL_K(cell_lstm) = {
    .name = "lstm",
    .variant = "",
    .summary = "long short-term memory with forget gate (Hochreiter and Schmidhuber 1997, Gers et al. "
               "2000)",
    .gates = 4,
    .blocks = 4,
    .states = 2,
    .gate = {{"i", UNROLL_GATE_SIGMOID, 0}, {"f", UNROLL_GATE_SIGMOID, 1}, {"g", UNROLL_GATE_TANH, 2},
             {"o", UNROLL_GATE_SIGMOID, 3}},
    .keep = {.name = "forget gates", .block = 1},
    .norm_gates = 4,
    .carry_gate = -1,
    .forget_gate = 1,
    .forget_bias = 1,
    .input_gate = 0,
    .input = {{.gate = 0, .count = 4, .block = 0}},
    .recurrent = {{.gate = 0, .count = 4, .block = 0, .source = UNROLL_SOURCE_H}},
    .vectors = {{"bias_ih", 0, 4, 0}},
    .forward = forward,
    .backward = backward,
};
/* clang-format on */
