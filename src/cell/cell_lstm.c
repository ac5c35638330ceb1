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
 * Without forget gate, as in 1997, f = 1 and there is no zf. With peepholes, Gers and Schmidhuber (2000), the gates see
 * c by a weight a unit, the output gate that of its own step:
 *   forward   zi += p_i c_{t-1}   zf += p_f c_{t-1}   zo += p_o c_t
 *   backward  dc_t += dzo p_o     dc_{t-1} += dzi p_i + dzf p_f
 *             dp_i = Σ dzi c_{t-1}   dp_f = Σ dzf c_{t-1}   dp_o = Σ dzo c_t
 * A block for each gate keeps its value (math/kept.h) and becomes dz. tanh(c_t) is taken again: cheaper than its
 * memory. */
/* Where c is normalised (Ba et al. 2016, Cooijmans et al. 2016):
 *   forward   u = norm(c_t) + b                  h_t = o tanh(u)
 *   backward  do = dh_t tanh(u)                  du = dh_t o (1 − tanh²(u)), and so dc_t through h_t
 * Its blocks of n: ĉ, which becomes that part; dy·x̂; u, which becomes du. */
enum { U_AFTER = 2 };

/* What differs between the forms, known when the loops are compiled. Without forget gate F is the input gate's block,
 * which is there to be read, and what comes of it is not used. */
typedef struct lstm_form {
    bool forget, peephole;
} lstm_form;

static inline size_t gates_of(lstm_form form)
{
    return form.forget ? 4 : 3;
}

static void norm_output(const unroll_step *s, size_t gates)
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
            const vec o = vec_kept_sigmoid(vec_load(s->z + (gates * (r + 1) - 1) * H + j));
            vec_store(s->h + r * H + j, o * vec_tanh(vec_load(u + r * row + j)));
        }
}

static void norm_output_back(const unroll_step *s, size_t gates)
{
    const unroll_layer *l = s->layer;
    const size_t H = l->pitch, row = l->norm_blocks * H;
    unroll_real *u = s->n + (l->place[UNROLL_NORM_C].at + U_AFTER) * H;
    for (size_t r = 0; r < s->rows; r++)
        for (size_t j = 0; j < H; j += LANES) {
            unroll_real *zo = s->z + (gates * (r + 1) - 1) * H + j, *du = u + r * row + j;
            const vec o = vec_load(zo), dh = vec_load(s->dh + r * H + j);
            vec slope;
            const vec tu = vec_tanh_slope(vec_load(du), &slope);
            vec_store(zo, dh * tu * vec_kept_sigmoid_slope(o));
            vec_store(du, dh * vec_kept_sigmoid(o) * slope);
        }
    const unroll_norm_pass pass = unroll_norm_of(s, UNROLL_NORM_C, 0, 1, u, row);
    l->norm->backward(&pass);
}

static inline void run_gates(const unroll_step *s, lstm_form form, bool normed)
{
    const size_t H = s->layer->pitch, gates = gates_of(form);
    const size_t F = form.forget, G = gates - 2, O = gates - 1, PO = 1 + F;
    const unroll_real *p = s->layer->diagonal;
    for (size_t r = 0; r < s->rows; r++) {
        unroll_real *z = s->z + r * gates * H;
        const unroll_real *c0 = s->c0 + r * H;
        unroll_real *c = s->c + r * H, *h = s->h + r * H;
        for (size_t j = 0; j < H; j += LANES) {
            const vec c_before = vec_load(c0 + j);
            vec zi = vec_load(z + j), zf = vec_load(z + F * H + j), zo = vec_load(z + O * H + j);
            if (form.peephole) {
                zi += vec_load(p + j) * c_before;
                zf += vec_load(p + F * H + j) * c_before;
            }
            vec kept_i, kept_f, kept_g, kept_o;
            const vec i = vec_keep_sigmoid(zi, &kept_i), f = vec_keep_sigmoid(zf, &kept_f);
            const vec g = vec_keep_tanh(vec_load(z + G * H + j), &kept_g);
            const vec ct = form.forget ? f * c_before + i * g : c_before + i * g;
            if (form.peephole)
                zo += vec_load(p + PO * H + j) * ct;
            const vec o = vec_keep_sigmoid(zo, &kept_o);
            vec_store(z + j, kept_i);
            if (form.forget)
                vec_store(z + F * H + j, kept_f);
            vec_store(z + G * H + j, kept_g);
            vec_store(z + O * H + j, kept_o);
            vec_store(c + j, ct);
            if (!normed)
                vec_store(h + j, o * vec_tanh(ct));
        }
    }
}

static inline void run(const unroll_step *s, lstm_form form)
{
    const size_t gates = gates_of(form);
    unroll_recur(s, s->h0, s->layer->pitch, 0, gates, 0, UNROLL_FROM_SELF);
    if (s->layer->place[UNROLL_NORM_C].gain) {
        run_gates(s, form, true);
        norm_output(s, gates);
    } else {
        run_gates(s, form, false);
    }
}

static inline void gates_back(const unroll_step *s, lstm_form form, bool normed)
{
    const size_t H = s->layer->pitch, gates = gates_of(form);
    const size_t F = form.forget, G = gates - 2, O = gates - 1, PO = 1 + F;
    const unroll_real *p = s->layer->diagonal;
    for (size_t r = 0; r < s->rows; r++) {
        unroll_real *z = s->z + r * gates * H;
        const unroll_real *through_h =
            normed ? s->n + (r * s->layer->norm_blocks + s->layer->place[UNROLL_NORM_C].at) * H
                   : NULL;
        for (size_t j = 0; j < H; j += LANES) {
            const size_t k = r * H + j;
            const vec i = vec_load(z + j), g = vec_load(z + G * H + j), o = vec_load(z + O * H + j);
            vec dc;
            if (normed) {
                dc = vec_load(s->dc + k) + vec_load(through_h + j);
            } else {
                vec slope;
                const vec tc = vec_tanh_slope(vec_load(s->c + k), &slope);
                const vec dh = vec_load(s->dh + k);
                const vec dzo = dh * tc * vec_kept_sigmoid_slope(o);
                dc = vec_load(s->dc + k) + dh * vec_kept_sigmoid(o) * slope;
                if (form.peephole)
                    dc += dzo * vec_load(p + PO * H + j);
                vec_store(z + O * H + j, dzo);
            }
            if (s->dc_total)
                vec_store(s->dc_total + k, dc);
            const vec dzi = dc * vec_kept_tanh(g) * vec_kept_sigmoid_slope(i);
            vec dc0 = dc;
            if (form.forget) {
                const vec f = vec_load(z + F * H + j);
                const vec dzf = dc * vec_load(s->c0 + k) * vec_kept_sigmoid_slope(f);
                dc0 *= vec_kept_sigmoid(f);
                if (form.peephole)
                    dc0 += dzf * vec_load(p + F * H + j);
                vec_store(z + F * H + j, dzf);
            }
            if (form.peephole)
                dc0 += dzi * vec_load(p + j);
            vec_store(s->dc0 + k, dc0);
            vec_store(z + j, dzi);
            vec_store(z + G * H + j, dc * vec_kept_sigmoid(i) * vec_kept_tanh_slope(g));
        }
    }
}

static inline void run_back(const unroll_step *s, lstm_form form)
{
    const size_t gates = gates_of(form);
    if (s->layer->place[UNROLL_NORM_C].gain) {
        norm_output_back(s, gates);
        gates_back(s, form, true);
    } else {
        gates_back(s, form, false);
    }
    unroll_recur_back(s, 0, gates, 0, s->dh0, s->layer->pitch, UNROLL_FROM_SELF);
}

#define FORM(name, ...)                               \
    static void forward_##name(const unroll_step *s)  \
    {                                                 \
        run(s, (lstm_form){__VA_ARGS__});             \
    }                                                 \
    static void backward_##name(const unroll_step *s) \
    {                                                 \
        run_back(s, (lstm_form){__VA_ARGS__});        \
    }
FORM(forget, .forget = true)
FORM(no_forget, .forget = false)
FORM(peephole, .forget = true, .peephole = true)
FORM(no_forget_peephole, .forget = false, .peephole = true)

/* clang-format off */
#define FORGET_GATES                                                                            \
    .gates = 4, .blocks = 4, .states = 2,                                                       \
    .gate = {{"i", UNROLL_GATE_SIGMOID, 0}, {"f", UNROLL_GATE_SIGMOID, 1},                      \
             {"g", UNROLL_GATE_TANH, 2}, {"o", UNROLL_GATE_SIGMOID, 3}},                        \
    .keep = {.name = "forget gates", .block = 1},                                               \
    .carry_gate = -1, .forget_gate = 1, .forget_bias = 1, .input_gate = 0,                      \
    .input = {{.gate = 0, .count = 4, .block = 0}},                                             \
    .recurrent = {{.gate = 0, .count = 4, .block = 0, .source = UNROLL_SOURCE_H}},              \
    .vectors = {{"bias_ih", 0, 4, 0}}
#define NO_FORGET_GATES                                                                         \
    .gates = 3, .blocks = 3, .states = 2,                                                       \
    .gate = {{"i", UNROLL_GATE_SIGMOID, 0}, {"g", UNROLL_GATE_TANH, 1},                         \
             {"o", UNROLL_GATE_SIGMOID, 2}},                                                    \
    .carry_gate = -1, .forget_gate = -1, .input_gate = -1,                                      \
    .input = {{.gate = 0, .count = 3, .block = 0}},                                             \
    .recurrent = {{.gate = 0, .count = 3, .block = 0, .source = UNROLL_SOURCE_H}},              \
    .vectors = {{"bias_ih", 0, 3, 0}}

const unroll_cell UNROLL_K(cell_lstm) = {
    .name = "lstm",
    .variant = "forget",
    .summary = "long short-term memory with forget gate (Hochreiter and Schmidhuber 1997, Gers et al. "
               "2000)",
    FORGET_GATES,
    .norm_gates = 4,
    .forward = forward_forget,
    .backward = backward_forget,
};

const unroll_cell UNROLL_K(cell_lstm_no_forget) = {
    .name = "lstm",
    .variant = "no-forget",
    .summary = "long short-term memory without forget gate, c keeps all (Hochreiter and Schmidhuber 1997)",
    NO_FORGET_GATES,
    .norm_gates = 3,
    .forward = forward_no_forget,
    .backward = backward_no_forget,
};

const unroll_cell UNROLL_K(cell_lstm_peephole) = {
    .name = "lstm",
    .variant = "peephole",
    .summary = "with forget gate, and gates that see c (Gers and Schmidhuber 2000)",
    FORGET_GATES,
    .diagonal_name = "weight_peephole",
    .diagonals = 3,
    .diagonal = {{0, UNROLL_DIAGONAL_C_BEFORE}, {1, UNROLL_DIAGONAL_C_BEFORE}, {3, UNROLL_DIAGONAL_C}},
    .forward = forward_peephole,
    .backward = backward_peephole,
};

const unroll_cell UNROLL_K(cell_lstm_no_forget_peephole) = {
    .name = "lstm",
    .variant = "no-forget-peephole",
    .summary = "without forget gate, and gates that see c",
    NO_FORGET_GATES,
    .diagonal_name = "weight_peephole",
    .diagonals = 2,
    .diagonal = {{0, UNROLL_DIAGONAL_C_BEFORE}, {2, UNROLL_DIAGONAL_C}},
    .forward = forward_no_forget_peephole,
    .backward = backward_no_forget_peephole,
};
/* clang-format on */
