#include <string.h>

#include "base/parallel.h"
#include "net/net.h"

/* The weight gradients of a stack, from what its backward pass left: products over all steps and rows. */

/* dW[gate rows] += A^T · B for gates [term], this thread's share of each gate's rows. */
static void term_weights(const unroll_stack *s, const unroll_stack_run *run,
                         const unroll_term *term, const unroll_real *A, size_t a_pitch,
                         const unroll_real *B, size_t b_pitch, size_t N, unroll_real *dW,
                         unroll_real *scratch, size_t thread, size_t threads)
{
    const bool together = s->hidden == s->pitch; /* gates stand side by side: one product */
    const size_t parts = together ? 1 : term->count;
    const size_t rows = together ? term->count * s->hidden : s->hidden;
    for (size_t g = 0; g < parts; g++) {
        size_t m0, m1;
        unroll_share(rows, 12, threads, thread, &m0, &m1);
        if (m0 < m1)
            s->kernels->outer(&(unroll_outer){
                .rows = run->steps * run->B, .M = m1 - m0, .N = N,
                .A = A + g * s->pitch + m0, .a_pitch = a_pitch, .B = B, .b_pitch = b_pitch,
                .C = dW + ((term->gate + g) * s->hidden + m0) * N, .c_pitch = N, .scratch = scratch,
            });
    }
}

/* One-hot input: the rows of the table that were used, this thread's share of the columns. */
static void scatter_weights(const unroll_stack *s, const unroll_stack_run *run, size_t l,
                            unroll_real *dW, size_t thread, size_t threads)
{
    const size_t H = s->hidden;
    size_t j0, j1;
    unroll_share(H, 8, threads, thread, &j0, &j1);
    if (j0 == j1)
        return;
    for (size_t i = 0; i < run->steps * run->B; i++) {
        unroll_real *w = dW + run->input[i] * s->cell->gates * H + j0;
        for (const unroll_term *term = s->cell->input; term->count; term++) {
            size_t row;
            const unroll_real *da = unroll_stack_input_part(s, run, l, term, &row) + i * row + j0;
            for (size_t g = 0; g < term->count; g++) {
                unroll_real *to = w + (term->gate + g) * H;
                s->kernels->add(j1 - j0, to, da + g * s->pitch, to);
            }
        }
    }
}

/* The column sums of `count` blocks of rows that are `row` apart. */
static void vector_weights(const unroll_stack *s, const unroll_stack_run *run,
                           const unroll_real *block, size_t row, size_t count, unroll_real *grad,
                           size_t thread, size_t threads)
{
    size_t j0, j1;
    unroll_share(s->hidden, 8, threads, thread, &j0, &j1);
    for (size_t g = 0; j0 < j1 && g < count; g++)
        s->kernels->column_sum(run->steps * run->B, j1 - j0, block + g * s->pitch + j0, row,
                               grad + g * s->hidden + j0);
}

static void norm_weights(const unroll_stack *s, const unroll_stack_run *run, size_t l,
                         const unroll_parameter *list, unroll_real *grad, size_t thread,
                         size_t threads)
{
    const unroll_stack_layer *a = &s->at[l];
    const unroll_real *n = run->at[l].n;
    const size_t row = a->layer.norm_blocks * s->pitch;
    for (size_t i = 0; i < UNROLL_NORM_PARTS; i++)
        if (a->layer.place[i].gain)
            vector_weights(s, run, n + a->layer.place[i].dgain * s->pitch, row,
                           i == UNROLL_NORM_C ? 1 : s->cell->gates,
                           grad + list[a->gain[i]].offset, thread, threads);
    if (a->shift_copy) /* du lies behind dy·x̂ */
        vector_weights(s, run, n + (a->layer.place[UNROLL_NORM_C].dgain + 1) * s->pitch, row, 1,
                       grad + list[a->shift].offset, thread, threads);
}

void unroll_stack_weights(const unroll_stack *s, const unroll_stack_run *run,
                          const unroll_parameter *list, unroll_real *grad, unroll_real *scratch,
                          size_t thread, size_t threads)
{
    for (size_t l = 0; l < s->layers; l++) {
        const unroll_stack_layer *a = &s->at[l];
        const unroll_layer_run *r = &run->at[l];
        const unroll_real *x = unroll_stack_input(run, l);
        const size_t z_row = a->layer.blocks * s->pitch;
        size_t row;
        if (!x)
            scatter_weights(s, run, l, grad + list[a->w_ih].offset, thread, threads);
        if (s->skip_input && l > 0 && s->tokens)
            scatter_weights(s, run, l, grad + list[a->w_skip].offset, thread, threads);
        for (const unroll_term *t = s->cell->input; t->count; t++) {
            const unroll_real *A = unroll_stack_input_part(s, run, l, t, &row);
            if (x)
                term_weights(s, run, t, A, row, x, a->input_pitch, a->layer.inputs,
                             grad + list[a->w_ih].offset, scratch, thread, threads);
            if (a->skip_forward)
                term_weights(s, run, t, A, row, run->at[0].x, s->input_pitch, s->inputs,
                             grad + list[a->w_skip].offset, scratch, thread, threads);
        }
        for (const unroll_term *t = s->cell->recurrent; t->count; t++) {
            const bool from_h = t->source == UNROLL_SOURCE_H;
            const unroll_real *B = from_h ? r->h : r->z + (size_t)t->source * s->pitch;
            const unroll_real *A = unroll_stack_part(s, run, l, UNROLL_NORM_H, t, &row);
            term_weights(s, run, t, A, row, B, from_h ? s->pitch : z_row, s->hidden,
                         grad + list[a->w_hh].offset, scratch, thread, threads);
            if (s->omega > 0)
                term_weights(s, run, t, A, row, r->e, s->pitch, s->hidden,
                             grad + list[a->w_hh].offset, scratch, thread, threads);
        }
        for (const unroll_vector_term *v = s->cell->vectors; v->count; v++) {
            const size_t at = strcmp(v->name, "bias_hh") == 0 ? a->b_hh : a->b_ih;
            vector_weights(s, run, r->z + v->block * s->pitch, z_row, v->count,
                           grad + list[at].offset + v->gate * s->hidden, thread, threads);
        }
        if (a->slope_copy)
            vector_weights(s, run, r->z + s->cell->blocks * s->pitch, z_row, 1,
                           grad + list[a->slope].offset, thread, threads);
        if (s->norm)
            norm_weights(s, run, l, list, grad, thread, threads);
    }
}
