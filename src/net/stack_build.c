#include "net/stack_build.h"

#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/place.h"
#include "net/norm.h"

/* What a cell says of the gradient of a named vector; NULL: it has none, and the vector is frozen at zero. */
static const unroll_vector_term *find_vector(const unroll_cell *cell, const char *name)
{
    for (size_t i = 0; i < UNROLL_TERMS_MAX && cell->vectors[i].count; i++)
        if (strcmp(cell->vectors[i].name, name) == 0)
            return &cell->vectors[i];
    return NULL;
}

static unroll_status add_vector(unroll_parameters *p, const unroll_tensor *like, const char *name,
                                size_t hidden, size_t *index)
{
    const unroll_cell *cell = like->cell;
    unroll_tensor bias = *like;
    bias.name = name;
    bias.kind = UNROLL_P_BIAS;
    UNROLL_TRY(unroll_parameters_add(p, &bias, index));
    const unroll_vector_term *v = find_vector(cell, name);
    const size_t trained = v ? v->count * hidden : 0;
    struct unroll_parameter_use *use = &p->use[*index];
    p->trainable -= use->trained - trained;
    use->first = v ? v->gate * hidden : 0;
    use->trained = trained;
    p->list[*index].frozen = trained == 0;
    return UNROLL_OK;
}

static unroll_status add_matrix(unroll_parameters *p, const unroll_tensor *like, const char *name,
                                size_t cols, enum unroll_parameter_kind kind, size_t *index)
{
    unroll_tensor matrix = *like;
    matrix.name = name;
    matrix.cols = cols;
    matrix.kind = kind;
    return unroll_parameters_add(p, &matrix, index);
}

static unroll_status add_layer(unroll_stack *s, unroll_parameters *p, const char *prefix, size_t l,
                               const unroll_activation *activation)
{
    const unroll_cell *cell = s->cell;
    const size_t inputs = l ? s->hidden : s->inputs;
    const unroll_tensor like = {
        .prefix = prefix, .layer = l, .rows = cell->gates * s->hidden, .cell = cell};
    unroll_stack_layer *a = &s->at[l];
    UNROLL_TRY(add_matrix(p, &like, "weight_ih", inputs, UNROLL_P_INPUT, &a->w_ih));
    p->list[a->w_ih].transposed = l == 0 && s->tokens;
    UNROLL_TRY(add_matrix(p, &like, "weight_hh", s->hidden, UNROLL_P_RECURRENT, &a->w_hh));
    UNROLL_TRY(add_vector(p, &like, "bias_ih", s->hidden, &a->b_ih));
    UNROLL_TRY(add_vector(p, &like, "bias_hh", s->hidden, &a->b_hh));
    unroll_tensor diagonal = like;
    diagonal.name = cell->diagonal_name;
    diagonal.rows = cell->diagonals * s->hidden;
    diagonal.kind = UNROLL_P_DIAGONAL;
    if (cell->diagonals > 0)
        UNROLL_TRY(unroll_parameters_add(p, &diagonal, &a->diagonal));
    const bool slopes = cell->has_activation && activation->slopes;
    const unroll_tensor slope = {.prefix = prefix,
                                 .name = "prelu",
                                 .layer = l,
                                 .rows = s->hidden,
                                 .kind = UNROLL_P_SLOPE,
                                 .cell = cell};
    if (slopes)
        UNROLL_TRY(unroll_parameters_add(p, &slope, &a->slope));
    if (s->skip_input && l > 0) {
        UNROLL_TRY(add_matrix(p, &like, "weight_skip", s->inputs, UNROLL_P_INPUT, &a->w_skip));
        p->list[a->w_skip].transposed = s->tokens;
    }
    a->input_pitch = l ? s->pitch : s->input_pitch;
    a->layer = (unroll_layer){
        .kernels = s->kernels,
        .cell = cell,
        .activation = activation,
        .inputs = inputs,
        .hidden = s->hidden,
        .pitch = s->pitch,
        .blocks = cell->blocks + slopes,
    };
    return s->norm ? unroll_norm_add(s, p, prefix, l) : UNROLL_OK;
}

/* Is the part normalised? Then its dgain is more than 0, because x̂ lies before it. */
static bool has_gain(const unroll_stack_layer *a, enum unroll_norm_part part)
{
    return a->layer.place[part].dgain > 0;
}

/* Place the packed copies of one layer in `block`, or where that is NULL count them.
 * @return reals used */
static size_t place_packed(const unroll_stack *s, size_t l, unroll_real *block)
{
    unroll_stack_layer *a = &s->at[l];
    const size_t columns = s->cell->gates * s->pitch, width = s->kernels->width;
    const bool skips = s->skip_input && l > 0 && !s->tokens;
    const bool dense = l > 0 || !s->tokens, slopes = a->layer.blocks > s->cell->blocks;
    const struct {
        unroll_real **to;
        size_t count;
    } parts[] = {
        {&a->x_forward, dense ? columns * a->layer.inputs : 0},
        {&a->x_backward, dense ? unroll_round_up(a->layer.inputs, width) * columns : 0},
        {&a->skip_forward, skips ? columns * s->inputs : 0},
        {&a->skip_backward, skips ? s->input_pitch * columns : 0},
        {&a->h_forward, columns * s->hidden},
        {&a->h_backward, s->pitch * columns},
        {&a->bias_ih, columns},
        {&a->bias_hh, columns},
        {&a->diagonal_copy, s->cell->diagonals * s->pitch},
        {&a->slope_copy, slopes ? s->pitch : 0},
        {&a->gain_copy[UNROLL_NORM_X], has_gain(a, UNROLL_NORM_X) ? columns : 0},
        {&a->gain_copy[UNROLL_NORM_H], has_gain(a, UNROLL_NORM_H) ? columns : 0},
        {&a->gain_copy[UNROLL_NORM_C], has_gain(a, UNROLL_NORM_C) ? s->pitch : 0},
        {&a->shift_copy, has_gain(a, UNROLL_NORM_C) ? s->pitch : 0},
        {&a->running, s->running_rows * s->statistics},
    };
    size_t at = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (block)
            *parts[i].to = parts[i].count ? block + at : NULL;
        at += unroll_round_up(parts[i].count, 64 / sizeof(unroll_real));
    }
    return at;
}

unroll_status unroll_stack_new(unroll_stack *s, unroll_parameters *p, const char *prefix,
                               const unroll_stack_spec *spec)
{
    const unroll_kernels *k = unroll_kernels_get();
    if (!k)
        return UNROLL_EUSAGE;
    *s = (unroll_stack){
        .kernels = k,
        .cell = spec->cell,
        .layers = spec->layers,
        .inputs = spec->inputs,
        .hidden = spec->hidden,
        .pitch = unroll_round_up(spec->hidden, k->width),
        .input_pitch = unroll_round_up(spec->inputs, k->width),
        .tokens = spec->tokens,
        .dropout = spec->dropout,
        .residual = spec->residual,
        .norm = spec->norm,
        .omega = spec->omega,
        .skip_input = spec->skip_input,
    };
    if (unroll_stack_joins_rows(s)) {
        s->running_rows = s->norm->recurrent ? spec->norm_steps : 1;
        s->statistics = 2 * (2 * s->cell->gates + 1) * s->pitch;
    }
    s->at = unroll_alloc(s->layers, sizeof *s->at);
    if (!s->at)
        return UNROLL_EMEMORY;
    size_t reals = 0;
    for (size_t l = 0; l < s->layers; l++) {
        UNROLL_TRY(add_layer(s, p, prefix, l, spec->activation));
        memcpy(s->at[l].layer.option, spec->option, sizeof s->at[l].layer.option);
        reals += place_packed(s, l, NULL);
    }
    s->packed = unroll_alloc(reals, sizeof *s->packed);
    if (!s->packed)
        return UNROLL_EMEMORY;
    unroll_real *block = s->packed;
    for (size_t l = 0; l < s->layers; l++) {
        block += place_packed(s, l, block);
        unroll_stack_layer *a = &s->at[l];
        a->layer.h_forward = a->h_forward;
        a->layer.h_backward = a->h_backward;
        a->layer.bias_hh = a->bias_hh;
        a->layer.diagonal = a->diagonal_copy;
        a->layer.slope = a->slope_copy;
        a->layer.bias_ih = a->bias_ih;
        a->layer.shift = a->shift_copy;
        for (size_t i = 0; i < UNROLL_NORM_PARTS; i++)
            a->layer.place[i].gain = a->gain_copy[i];
    }
    return UNROLL_OK;
}

void unroll_stack_free(unroll_stack *s)
{
    unroll_free(s->packed);
    unroll_free(s->at);
}

/* Pack one gate of W [G·H][K] into the panels of both directions. */
static void pack_gate(const unroll_stack *s, const unroll_real *W, size_t K, size_t gate,
                      unroll_real *forward, unroll_real *backward)
{
    const unroll_kernels *k = s->kernels;
    const unroll_real *rows = W + gate * s->hidden * K;
    k->pack_transposed(s->hidden, K, rows, K, forward + gate * s->pitch * K, K);
    k->pack(s->hidden, K, rows, K, backward + gate * s->pitch * k->width, s->cell->gates * s->pitch);
}

void unroll_stack_pack(const unroll_stack *s, const unroll_parameter *list,
                       const unroll_real *weights, size_t thread, size_t threads)
{
    size_t turn = 0;
    for (size_t l = 0; l < s->layers; l++) {
        const unroll_stack_layer *a = &s->at[l];
        for (size_t g = 0; g < s->cell->gates; g++) {
            if (turn++ % threads != thread)
                continue;
            const size_t H = s->hidden;
            if (a->x_forward)
                pack_gate(s, weights + list[a->w_ih].offset, a->layer.inputs, g, a->x_forward,
                          a->x_backward);
            if (a->skip_forward)
                pack_gate(s, weights + list[a->w_skip].offset, s->inputs, g, a->skip_forward,
                          a->skip_backward);
            pack_gate(s, weights + list[a->w_hh].offset, H, g, a->h_forward, a->h_backward);
            memcpy(a->bias_ih + g * s->pitch, weights + list[a->b_ih].offset + g * H,
                   H * sizeof *weights);
            memcpy(a->bias_hh + g * s->pitch, weights + list[a->b_hh].offset + g * H,
                   H * sizeof *weights);
        }
        if (s->norm && thread == 0)
            unroll_norm_pack(s, l, list, weights);
        for (size_t i = 0; i < s->cell->diagonals && thread == 0; i++)
            memcpy(a->diagonal_copy + i * s->pitch,
                   weights + list[a->diagonal].offset + i * s->hidden, s->hidden * sizeof *weights);
        if (a->slope_copy && thread == 0)
            memcpy(a->slope_copy, weights + list[a->slope].offset, s->hidden * sizeof *weights);
    }
}
