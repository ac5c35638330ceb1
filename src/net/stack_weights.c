#include "net/stack_weights.h"

#include <string.h>

#include "base/parallel.h"

/* The gradients of a stack's weights, from the gradients of pre-activations that its backward pass has
 * left in z and n. Each is one product over all steps and rows, in the order of unroll_stack_earlier(). */

/* The gradients of one layer, as far as they are this thread's part. */
typedef struct layer_weights {
    const unroll_stack *s;
    const unroll_stack_run *run;
    const unroll_gradient_part *part;
    size_t l;
    bool summed[UNROLL_TERMS_MAX]; /* vectors whose gradient was summed along with a product */
} layer_weights;

/* Where the gradient of a tensor begins. */
static unroll_real *gradient(const unroll_gradient_part *part, size_t parameter)
{
    return part->grad + part->list[parameter].offset;
}

/* Where the gradient of a cell's vector goes. */
static unroll_real *vector_gradient(const layer_weights *w, const unroll_vector_term *v)
{
    const unroll_stack_layer *a = &w->s->at[w->l];
    const size_t at = strcmp(v->name, "bias_hh") == 0 ? a->b_hh : a->b_ih;
    return gradient(w->part, at) + v->gate * w->s->hidden;
}

/* Where the column sum of A, the term's part of z, goes: the gradient of a vector that has not been summed
 * yet. NULL: no vector has this gradient. */
static unroll_real *vector_along(layer_weights *w, const unroll_term *term, const unroll_real *A)
{
    const unroll_vector_term *v = w->s->cell->vectors;
    for (size_t i = 0; i < UNROLL_TERMS_MAX && v[i].count; i++)
        if (!w->summed[i] && v[i].count == term->count &&
            w->run->at[w->l].z + v[i].block * w->s->pitch == A) {
            w->summed[i] = true;
            return vector_gradient(w, &v[i]);
        }
    return NULL;
}

/* Add the product over all rows, segment by segment. */
static void add_segments(const unroll_stack_run *run, const unroll_outer *all,
                         const unroll_kernels *kernels)
{
    for (unroll_span at = {run->steps, run->steps}; unroll_stack_earlier(run, &at);) {
        const size_t first = at.t0 * run->B;
        unroll_outer o = *all;
        o.rows = at.t1 * run->B - first;
        o.A += first * o.a_pitch;
        for (size_t i = 0; i < UNROLL_OUTER_RIGHTS; i++)
            if (o.right[i].N > 0)
                o.right[i].B += first * o.right[i].b_pitch;
        kernels->outer(&o);
    }
}

/* dW += A^T · B for the term's gates and each right-hand side. The C of a right-hand side is where all of
 * its dW begins. */
static void term_weights(layer_weights *w, const unroll_term *term, const unroll_real *A,
                         size_t a_pitch, const unroll_outer_right *right)
{
    const unroll_stack *s = w->s;
    const bool together = unroll_stack_gates_join(s);
    const size_t parts = together ? 1 : term->count;
    const size_t rows = together ? term->count * s->hidden : s->hidden;
    unroll_real *sum = vector_along(w, term, A);
    size_t m0, m1;
    unroll_share(rows, 12, w->part->threads, w->part->thread, &m0, &m1);
    for (size_t g = 0; m0 < m1 && g < parts; g++) {
        unroll_outer o = {
            .M = m1 - m0,
            .A = A + g * s->pitch + m0,
            .a_pitch = a_pitch,
            .sum = sum ? sum + g * s->hidden + m0 : NULL,
            .scratch = w->part->scratch,
        };
        for (size_t i = 0; i < UNROLL_OUTER_RIGHTS; i++) {
            o.right[i] = right[i];
            if (right[i].N > 0)
                o.right[i].C += ((term->gate + g) * s->hidden + m0) * right[i].c_pitch;
        }
        add_segments(w->run, &o, s->kernels);
    }
}

/* One-hot input: add to the rows of the transposed weights that were used, in columns [j0,j1) of each
 * gate, or of all gates together where they lie side by side. */
static void scatter_rows(const unroll_stack *s, const unroll_stack_run *run, size_t l,
                         const unroll_term *term, unroll_span at, unroll_real *dW, size_t j0,
                         size_t j1)
{
    const size_t H = s->hidden, parts = unroll_stack_gates_join(s) ? 1 : term->count;
    size_t row;
    const unroll_real *da = unroll_stack_input_part(s, run, l, term, &row) + j0;
    for (size_t i = at.t0 * run->B; i < at.t1 * run->B; i++) {
        unroll_real *w = dW + (run->input[i] * s->cell->gates + term->gate) * H + j0;
        for (size_t g = 0; g < parts; g++)
            s->kernels->add(j1 - j0, w + g * H, da + i * row + g * s->pitch, w + g * H);
    }
}

/* Add the gradients of the input's weights where the input is one-hot. */
static void scatter_weights(const layer_weights *w, unroll_real *dW)
{
    const unroll_stack *s = w->s;
    const unroll_stack_run *run = w->run;
    for (const unroll_term *term = s->cell->input; term->count; term++) {
        const size_t columns = unroll_stack_gates_join(s) ? term->count * s->hidden : s->hidden;
        size_t j0, j1;
        unroll_share(columns, 8, w->part->threads, w->part->thread, &j0, &j1);
        for (unroll_span at = {run->steps, run->steps}; j0 < j1 && unroll_stack_earlier(run, &at);)
            scatter_rows(s, run, w->l, term, at, dW, j0, j1);
    }
}

/* Add the column sums of `count` blocks, in rows that are `row` reals apart, to grad. */
static void vector_weights(const layer_weights *w, const unroll_real *block, size_t row,
                           size_t count, unroll_real *grad)
{
    const unroll_stack *s = w->s;
    const unroll_stack_run *run = w->run;
    size_t j0, j1;
    unroll_share(s->hidden, 8, w->part->threads, w->part->thread, &j0, &j1);
    for (unroll_span at = {run->steps, run->steps}; j0 < j1 && unroll_stack_earlier(run, &at);)
        for (size_t g = 0; g < count; g++)
            s->kernels->column_sum((at.t1 - at.t0) * run->B, j1 - j0,
                                   block + at.t0 * run->B * row + g * s->pitch + j0, row,
                                   grad + g * s->hidden + j0);
}

/* The gradients of weights from each unit to itself. */
static void diagonal_weights(const layer_weights *w)
{
    const unroll_stack *s = w->s;
    const unroll_stack_run *run = w->run;
    const unroll_layer_run *r = &run->at[w->l];
    const size_t z_row = s->at[w->l].layer.blocks * s->pitch, B = run->B;
    size_t j0, j1;
    unroll_share(s->hidden, 8, w->part->threads, w->part->thread, &j0, &j1);
    for (size_t i = 0; j0 < j1 && i < s->cell->diagonals; i++) {
        const unroll_diagonal_term *term = &s->cell->diagonal[i];
        const unroll_real *dz = r->z + term->block * s->pitch + j0;
        const unroll_real *x = r->c + (term->source == UNROLL_DIAGONAL_C ? B * s->pitch : 0) + j0;
        unroll_real *grad = gradient(w->part, s->at[w->l].diagonal) + i * s->hidden + j0;
        for (unroll_span at = {run->steps, run->steps}; unroll_stack_earlier(run, &at);)
            s->kernels->column_dot((at.t1 - at.t0) * B, j1 - j0, dz + at.t0 * B * z_row, z_row,
                                   x + at.t0 * B * s->pitch, s->pitch, grad);
    }
}

static void norm_weights(const layer_weights *w)
{
    const unroll_stack *s = w->s;
    const unroll_stack_layer *a = &s->at[w->l];
    const unroll_real *n = w->run->at[w->l].n;
    const size_t row = a->layer.norm_blocks * s->pitch;
    for (size_t i = 0; i < UNROLL_NORM_PARTS; i++)
        if (a->layer.place[i].gain)
            vector_weights(w, n + a->layer.place[i].dgain * s->pitch, row,
                           i == UNROLL_NORM_C ? 1 : s->cell->gates, gradient(w->part, a->gain[i]));
    if (a->shift_copy) /* the shift's gradient lies after the gain's */
        vector_weights(w, n + (a->layer.place[UNROLL_NORM_C].dgain + 1) * s->pitch, row, 1,
                       gradient(w->part, a->shift));
}

/* Do two terms have the same gradients, in one place, so that one pass over them serves both? */
static bool one_pass(const layer_weights *w, const unroll_term *input, const unroll_term *recurrent)
{
    size_t row;
    return input->gate == recurrent->gate && input->count == recurrent->count &&
           unroll_stack_input_part(w->s, w->run, w->l, input, &row) ==
               unroll_stack_part(w->s, w->run, w->l, UNROLL_NORM_H, recurrent, &row);
}

/* dW_ih of the terms that did not share a pass with dW_hh, and dW_skip. */
static void input_weights(layer_weights *w, const unroll_outer_right *x)
{
    const unroll_stack_layer *a = &w->s->at[w->l];
    for (const unroll_term *t = w->s->cell->input; t->count; t++) {
        size_t row;
        const unroll_real *A = unroll_stack_input_part(w->s, w->run, w->l, t, &row);
        bool taken = x->N == 0;
        for (const unroll_term *r = w->s->cell->recurrent; r->count; r++)
            taken = taken || one_pass(w, t, r);
        if (!taken)
            term_weights(w, t, A, row, (const unroll_outer_right[UNROLL_OUTER_RIGHTS]){*x});
        if (a->skip_forward)
            term_weights(w, t, A, row,
                         (const unroll_outer_right[UNROLL_OUTER_RIGHTS]){
                             {.B = w->run->at[0].x,
                              .b_pitch = w->s->input_pitch,
                              .N = w->s->inputs,
                              .C = gradient(w->part, a->w_skip),
                              .c_pitch = w->s->inputs}});
    }
}

/* dW_hh, with dW_ih of the input x where both have the same gradients. */
static void recurrent_weights(layer_weights *w, const unroll_outer_right *x)
{
    const unroll_stack *s = w->s;
    const unroll_layer_run *r = &w->run->at[w->l];
    for (const unroll_term *t = s->cell->recurrent; t->count; t++) {
        const bool from_h = t->source == UNROLL_SOURCE_H;
        size_t row;
        const unroll_real *A = unroll_stack_part(s, w->run, w->l, UNROLL_NORM_H, t, &row);
        unroll_outer_right right[UNROLL_OUTER_RIGHTS] = {
            {.B = from_h ? r->h : r->z + (size_t)t->source * s->pitch,
             .b_pitch = from_h ? s->pitch : s->at[w->l].layer.blocks * s->pitch,
             .N = s->hidden,
             .C = gradient(w->part, s->at[w->l].w_hh),
             .c_pitch = s->hidden}};
        for (const unroll_term *i = s->cell->input; x->N > 0 && i->count; i++)
            if (one_pass(w, i, t))
                right[1] = *x;
        term_weights(w, t, A, row, right);
        if (s->omega > 0) {
            right[0].B = r->e;
            right[1].N = 0;
            term_weights(w, t, A, row, right);
        }
    }
}

static void layer_gradients(layer_weights *w)
{
    const unroll_stack *s = w->s;
    const unroll_stack_layer *a = &s->at[w->l];
    const unroll_layer_run *r = &w->run->at[w->l];
    const size_t z_row = a->layer.blocks * s->pitch;
    unroll_outer_right x = {.B = unroll_stack_input(w->run, w->l),
                            .b_pitch = a->input_pitch,
                            .C = gradient(w->part, a->w_ih),
                            .c_pitch = a->layer.inputs};
    x.N = x.B ? a->layer.inputs : 0;
    if (!x.B)
        scatter_weights(w, gradient(w->part, a->w_ih));
    if (s->skip_input && w->l > 0 && s->tokens)
        scatter_weights(w, gradient(w->part, a->w_skip));
    recurrent_weights(w, &x);
    input_weights(w, &x);
    for (size_t i = 0; i < UNROLL_TERMS_MAX && s->cell->vectors[i].count; i++) {
        const unroll_vector_term *v = &s->cell->vectors[i];
        if (!w->summed[i])
            vector_weights(w, r->z + v->block * s->pitch, z_row, v->count, vector_gradient(w, v));
    }
    diagonal_weights(w);
    if (a->slope_copy)
        vector_weights(w, r->z + s->cell->blocks * s->pitch, z_row, 1, gradient(w->part, a->slope));
    if (s->norm)
        norm_weights(w);
}

void unroll_stack_weights(const unroll_stack *s, const unroll_stack_run *run,
                          const unroll_gradient_part *part)
{
    for (size_t l = 0; l < s->layers; l++)
        layer_gradients(&(layer_weights){.s = s, .run = run, .part = part, .l = l});
}
