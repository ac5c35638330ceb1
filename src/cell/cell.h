#ifndef UNROLL_CELL_CELL_H
#define UNROLL_CELL_CELL_H
#include "base/spec.h"
#include "math/kept.h"
#include "math/kernels.h"

/* A recurrent cell is one file that ends in a `const unroll_cell`, and one line in module.am; doc/design.md shows how.
 *
 * Shapes: H units; `pitch` = H padded to the kernels' width. Each step keeps `blocks` blocks of pitch
 * reals a row in z: forward leaves there what backward needs, backward leaves the gradients of the
 * pre-activations, from which net/stack_weights.c takes all weight gradients at once by the terms below.
 * Padding columns of z, h and c hold finite numbers that nothing reads; those of dz, dh and dc are 0.
 *
 * Gate order in the weights is PyTorch's. A `gate` indexes the weights' row blocks of H rows, a `block`
 * indexes z. */

enum { UNROLL_SOURCE_H = -1 }; /**< a term's factor is h_{t-1} */

/** z block `block`.. takes gates [gate, gate+count) of a weight matrix; so does its gradient:
 *  dW[gate..] = sum over steps and rows of dz[block..] (x) source. */
typedef struct unroll_term {
    size_t gate, count, block;
    int source; /**< recurrent terms: UNROLL_SOURCE_H, or the z block that is multiplied (kept as is) */
} unroll_term;

/** A bias or other per-unit vector whose gradient is the column sum of z block `block`. */
typedef struct unroll_vector_term {
    const char *name; /**< "bias_ih", "bias_hh", … */
    size_t gate, count, block;
} unroll_vector_term;

/** What a weight of a diagonal matrix multiplies: the state of its own unit. */
enum unroll_diagonal_source {
    UNROLL_DIAGONAL_C_BEFORE, /**< c_{t-1} */
    UNROLL_DIAGONAL_C         /**< c_t, which forward has made by then */
};

/** z block `block` takes p·source, unit by unit, with a weight p a unit, which the cell's own loops add. Its gradient is
 *  taken after them: dp = sum over steps and rows of dz[block]·source. */
typedef struct unroll_diagonal_term {
    size_t block;
    enum unroll_diagonal_source source;
} unroll_diagonal_term;

enum { UNROLL_TERMS_MAX = 4 };

/* Normalisations. a = h_{t-1}·Wh^T is normalised apart from x_t·Wx^T, each with gains of its own; the bias comes
 * after. A layer that normalises keeps `norm_blocks` blocks more a row, in n: x̂ of every product, which
 * becomes da, the gradient before it, and behind them dy·x̂, whose column sum is the gain's gradient. Padding columns of n are 0. */

/** `gates` blocks of `pitch` columns for some rows: y = start + gain·x̂(a). */
typedef struct unroll_norm_pass {
    size_t rows, gates, hidden, pitch;
    unroll_real *a; /**< [rows][pitch_n] forward: a becomes x̂; backward: x̂ becomes da */
    size_t pitch_n;
    const unroll_real *gain; /**< [gates·pitch] */
    unroll_real *y;          /**< forward: [rows][pitch_y] */
    size_t pitch_y;
    enum unroll_start start;
    const unroll_real *bias;      /**< [gates·pitch] for UNROLL_FROM_BIAS */
    const unroll_real *dy;        /**< backward: [rows][pitch_y] */
    unroll_real *dgain;           /**< backward: [rows][pitch_n] */
    unroll_real *scale;           /**< over units: 1/σ of each row, pitch_n apart */
    unroll_real *mean, *variance; /**< over rows: [gates·pitch] */
    bool measure;                 /**< forward: take them from these rows; else they are given */
    bool through;        /**< backward: they depend on these rows; else they are constants */
    const uint8_t *mode; /**< [rows] enum unroll_mode: only UNROLL_RUN is measured; NULL: all */
} unroll_norm_pass;

/** What is normalised over: one file, one line in module.am. */
typedef struct unroll_norm {
    const char *name;
    const char *summary;
    bool units;     /**< over the units of a row: layer normalisation; else over rows */
    bool recurrent; /**< also h_{t-1}·Wh^T, and the LSTM's c on its way to h */
    void (*forward)(const unroll_norm_pass *);
    void (*backward)(const unroll_norm_pass *);
} unroll_norm;

enum unroll_norm_part { UNROLL_NORM_X, UNROLL_NORM_H, UNROLL_NORM_C, UNROLL_NORM_PARTS };

/** Where a part lies in a row of n: x̂ from block `at` on, dy·x̂ from `dgain` on, 1/σ in `scale`. */
typedef struct unroll_norm_place {
    const unroll_real *gain; /**< [gates·pitch]; NULL: this part is not normalised */
    size_t at, dgain;
    size_t scale;      /**< a real of the row, one for each group of gates */
    size_t statistics; /**< of a row of statistics: the mean, and the variance behind it */
} unroll_norm_place;

/** What a layer has ready for its steps; read only while a window runs. */
typedef struct unroll_layer {
    const unroll_kernels *kernels;
    const struct unroll_cell *cell;
    const struct unroll_activation *activation; /**< for cells that take one */
    double option[UNROLL_SPEC_KEYS]; /**< values of the cell's own keys, in their order */
    size_t inputs, hidden, pitch;
    size_t blocks; /**< z blocks a row: cell->blocks, +1 where the activation has slopes */
    const unroll_real *h_forward;  /**< panels [G·pitch columns][depth H]: h·Wh^T */
    const unroll_real *h_backward; /**< panels [pitch columns][depth G·pitch]: dz·Wh */
    const unroll_real *bias_hh;    /**< [G·pitch] padded by gate */
    const unroll_real *diagonal; /**< [terms][pitch] weights of cell->diagonal; NULL where there are none */
    const unroll_real *slope;       /**< [pitch], PReLU; else NULL */
    const struct unroll_norm *norm; /**< NULL: none */
    bool norm_sum; /**< both products are summed, then normalised: place[UNROLL_NORM_H] */
    unroll_norm_place place[UNROLL_NORM_PARTS];
    size_t norm_blocks;         /**< of a row of n */
    const unroll_real *bias_ih; /**< [G·pitch] */
    const unroll_real *shift;   /**< [pitch] added to the normalised c */
} unroll_layer;

/** One step of one layer for a band of rows. All arrays are this band's: [rows][…]. */
typedef struct unroll_step {
    const unroll_layer *layer;
    size_t rows;
    unroll_real *z; /**< [rows][blocks·pitch]; forward: input blocks hold x_t·Wx^T + b_ih */
    const unroll_real *h0, *c0; /**< [rows][pitch] h_{t-1}, c_{t-1} (c: NULL where states == 1) */
    unroll_real *h, *c;         /**< forward writes, backward reads */
    const unroll_real *dh;      /**< backward: dL/dh_t, complete */
    const unroll_real *dc;      /**< backward: dL/dc_t carried from step t+1 */
    unroll_real *dc_total;      /**< backward: NULL, or takes dL/dc_t with the path through h_t */
    unroll_real *dh0;        /**< backward adds dL/dh_{t-1} by way of this step to what is there */
    unroll_real *dc0;        /**< backward writes dL/dc_{t-1} */
    unroll_real *n;          /**< [rows][norm_blocks·pitch], where the layer normalises */
    unroll_real *statistics; /**< of this step, where rows are normalised */
    bool measure, through;   /**< as in unroll_norm_pass */
    const uint8_t *mode;     /**< [rows] or NULL */
} unroll_step;

/** What a gate's value is: the function of its pre-activation. Forward leaves of a sigmoid or a tanh what
 *  vec_keep_sigmoid() or vec_keep_tanh() keeps; unroll_gate_read() takes the value from it. */
enum unroll_gate_kind {
    UNROLL_GATE_LINEAR, /**< none: its size says nothing, and no share of it is taken */
    UNROLL_GATE_SIGMOID, /**< in (0,1): a gate proper, whose shares below 0.1 and above 0.9 are shown */
    UNROLL_GATE_TANH, /**< in (−1,1): a candidate, whose share of |x| above 0.9 is shown */
    UNROLL_GATE_ACTIVATION /**< --activation; its value is h_t, and its block keeps what f leaves there */
};

/** Value, complement and slope of a gate, from an element of its z block after forward. A linear gate has its value,
 *  the complement 1 − value and the slope 1; of an activation read h_t, and take the slope by its backward. */
static inline unroll_kept unroll_gate_read(enum unroll_gate_kind kind, unroll_real kept)
{
    switch (kind) {
    case UNROLL_GATE_SIGMOID: return unroll_kept_sigmoid(kept);
    case UNROLL_GATE_TANH: return unroll_kept_tanh(kept);
    case UNROLL_GATE_ACTIVATION:
    case UNROLL_GATE_LINEAR: break;
    }
    return (unroll_kept){(double)kept, 1 - (double)kept, 1};
}

/** One gate, for people and for probes. */
typedef struct unroll_gate {
    const char *name; /**< the paper's letter, at most UNROLL_GATE_NAME − 1 bytes; "" for the only gate */
    enum unroll_gate_kind kind;
    size_t block; /**< z block that keeps it after forward */
} unroll_gate;

enum { UNROLL_GATES_MAX = 8, UNROLL_GATE_NAME = 4 };

/** The factor that a step multiplies the old state by, unit by unit: what a gradient is left with where no
 *  other path carries it. */
typedef struct unroll_keep {
    const char *name; /**< for reports, such as "forget gates"; NULL: there is no such factor */
    size_t block;     /**< z block of the gate that it is */
    bool complement; /**< the factor is 1 − that; then --forget-bias sets the bias to the negative */
} unroll_keep;

typedef struct unroll_cell {
    const char *name;    /**< as in --cell; with `variant` the key of the table */
    const char *variant; /**< "", or as in the option that has the cell's name, such as --gru */
    const char *summary; /**< one line with the source, for help */
    unroll_spec_key keys[UNROLL_SPEC_KEYS]; /**< the cell's own numbers, given as --cell NAME:key=value,… */
    size_t gates;                           /**< G: row blocks of the weights */
    size_t blocks;                          /**< z blocks kept a step */
    size_t states;                          /**< 1: h; 2: h and c */
    unroll_gate gate[UNROLL_GATES_MAX]; /**< [gates], in the order of the weights' row blocks */
    unroll_keep keep;
    /** Normalisations over units take gates [0,norm_gates) at once and those that follow one by one; at most
     *  one may follow. 0: the cell takes no --norm, as one with c must that does not normalise it. */
    size_t norm_gates;
    bool norm_sums;      /**< layer normalisation takes the sum of both products */
    bool has_activation; /**< does --activation apply? */
    /** h_t is a function of this gate alone, which h_{t-1} reaches by its recurrent rows alone: the mean-field rate,
     *  Pascanu's bound and Ω are about such cells. −1: they do not apply, and `no_theory` may say why, in a
     *  sentence for the report. */
    int carry_gate;
    const char *no_theory;
    int forget_gate;    /**< gate whose bias --forget-bias sets, −1: none */
    double forget_bias; /**< that bias where --forget-bias is not given; 0: as drawn */
    int input_gate;     /**< gate that chrono sets to the negative, −1: none */
    unroll_term input[UNROLL_TERMS_MAX]; /**< count 0 ends it */
    unroll_term recurrent[UNROLL_TERMS_MAX];
    unroll_vector_term vectors[UNROLL_TERMS_MAX];
    /** Weights from each unit to itself, in one tensor [terms·H] of that name; NULL: none. */
    const char *diagonal_name;
    size_t diagonals; /**< number of terms */
    unroll_diagonal_term diagonal[UNROLL_TERMS_MAX];
    void (*forward)(const unroll_step *);
    void (*backward)(const unroll_step *);
} unroll_cell;

/** An elementwise nonlinearity with its derivative: one file, one line in module.am. */
typedef struct unroll_activation {
    const char *name;
    const char *summary;
    bool slopes; /**< learns one slope a unit */
    bool corner; /**< f' jumps at 0 */
    bool dies;   /**< f(z) = 0 for all z below 0: a unit can be 0 at every step */
    double gain; /**< the bound on |f'|, for Pascanu's bound */
    /** h = f(z) for a row of n (a multiple of lanes), which may leave in z what backward needs in its place.
     *  slope: [n] or NULL. */
    void (*forward)(size_t n, unroll_real *z, const unroll_real *slope, unroll_real *h);
    /** dz = dh·f'(z), in place over what forward left in z; dslope (NULL unless slopes) gets dL/dslope of this row. */
    void (*backward)(size_t n, unroll_real *z, const unroll_real *h, const unroll_real *dh,
                     const unroll_real *slope, unroll_real *dslope);
} unroll_activation;

/** `gates` gates of a part of the step, from `gate` on; y in z from `block` on. */
static inline unroll_norm_pass unroll_norm_of(const unroll_step *s, enum unroll_norm_part part,
                                              size_t gate, size_t gates, unroll_real *y,
                                              size_t pitch_y)
{
    const unroll_layer *l = s->layer;
    const unroll_norm_place *place = &l->place[part];
    const size_t H = l->pitch, all = part == UNROLL_NORM_C ? 1 : l->cell->gates;
    unroll_real *mean = s->statistics ? s->statistics + place->statistics : NULL;
    return (unroll_norm_pass){
        .rows = s->rows,
        .gates = gates,
        .hidden = l->hidden,
        .pitch = H,
        .a = s->n + (place->at + gate) * H,
        .pitch_n = l->norm_blocks * H,
        .gain = place->gain + gate * H,
        .y = y,
        .pitch_y = pitch_y,
        .dy = y,
        .dgain = s->n + (place->dgain + gate) * H,
        .scale = s->n + place->scale + (gate > 0),
        .mean = mean ? mean + gate * H : NULL,
        .variance = mean ? mean + (all + gate) * H : NULL,
        .measure = s->measure,
        .through = s->through,
        .mode = s->mode,
    };
}

/** unroll_recur() where the product is normalised. */
static inline void unroll_recur_norm(const unroll_step *s, const unroll_real *from,
                                     size_t from_pitch, size_t gate, size_t count, size_t block,
                                     enum unroll_start start)
{
    const unroll_layer *l = s->layer;
    unroll_norm_pass pass =
        unroll_norm_of(s, UNROLL_NORM_H, gate, count, s->z + block * l->pitch, l->blocks * l->pitch);
    const unroll_product p = {
        .groups = 1,
        .rows = s->rows,
        .N = count * l->pitch,
        .K = l->hidden,
        .A = from,
        .a_pitch = from_pitch,
        .panels = l->h_forward + gate * l->pitch * l->hidden,
        .depth = l->hidden,
        .C = pass.a,
        .c_pitch = pass.pitch_n,
        .start = l->norm_sum ? UNROLL_FROM_SELF : UNROLL_FROM_ZERO,
    };
    l->kernels->product(&p);
    pass.start = l->norm_sum ? UNROLL_FROM_BIAS : start;
    pass.bias = (l->norm_sum ? l->bias_ih : l->bias_hh) + gate * l->pitch;
    l->norm->forward(&pass);
}

/** z blocks [block, block+count) of the step = start + from · (recurrent gates)^T; from is [rows][from_pitch]. */
static inline void unroll_recur(const unroll_step *s, const unroll_real *from, size_t from_pitch,
                                size_t gate, size_t count, size_t block, enum unroll_start start)
{
    const unroll_layer *l = s->layer;
    if (l->place[UNROLL_NORM_H].gain) {
        unroll_recur_norm(s, from, from_pitch, gate, count, block, start);
        return;
    }
    const unroll_product p = {
        .groups = 1,
        .rows = s->rows,
        .N = count * l->pitch,
        .K = l->hidden,
        .A = from,
        .a_pitch = from_pitch,
        .panels = l->h_forward + gate * l->pitch * l->hidden,
        .depth = l->hidden,
        .C = s->z + block * l->pitch,
        .c_pitch = l->blocks * l->pitch,
        .start = start,
        .bias = l->bias_hh + gate * l->pitch,
    };
    l->kernels->product(&p);
}

/** into[rows][into_pitch] = start + dz blocks [block, block+count) · (recurrent gates). */
static inline void unroll_recur_back(const unroll_step *s, size_t gate, size_t count, size_t block,
                                     unroll_real *into, size_t into_pitch, enum unroll_start start)
{
    const unroll_layer *l = s->layer;
    const unroll_real *da = s->z + block * l->pitch;
    size_t pitch = l->blocks * l->pitch;
    if (l->place[UNROLL_NORM_H].gain) {
        const unroll_norm_pass pass =
            unroll_norm_of(s, UNROLL_NORM_H, gate, count, s->z + block * l->pitch, pitch);
        l->norm->backward(&pass);
        da = pass.a;
        pitch = pass.pitch_n;
    }
    const unroll_product p = {
        .groups = 1,
        .rows = s->rows,
        .N = l->pitch,
        .K = count * l->pitch,
        .A = da,
        .a_pitch = pitch,
        .panels = l->h_backward + gate * l->pitch * l->kernels->width,
        .depth = l->cell->gates * l->pitch,
        .C = into,
        .c_pitch = into_pitch,
        .start = start,
    };
    l->kernels->product(&p);
}
#endif
