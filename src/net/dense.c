#include "net/dense.h"

#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/place.h"

unroll_status unroll_dense_new(unroll_dense *d, const unroll_kernels *k)
{
    d->input_pitch = unroll_round_up(d->inputs, k->width);
    d->output_pitch = unroll_round_up(d->outputs, k->width);
    d->forward = unroll_alloc(d->output_pitch * d->inputs, sizeof *d->forward);
    d->backward = unroll_alloc(d->input_pitch * d->output_pitch, sizeof *d->backward);
    if (!d->forward || !d->backward)
        return UNROLL_EMEMORY;
    if (d->bias == UNROLL_NO_BIAS)
        return UNROLL_OK;
    d->padded_bias = unroll_alloc(d->output_pitch, sizeof *d->padded_bias);
    return d->padded_bias ? UNROLL_OK : UNROLL_EMEMORY;
}

void unroll_dense_free(unroll_dense *d)
{
    unroll_free(d->padded_bias);
    unroll_free(d->backward);
    unroll_free(d->forward);
}

void unroll_dense_pack(const unroll_dense *d, const unroll_kernels *k, const unroll_parameter *list,
                       const unroll_real *weights)
{
    const unroll_real *W = weights + list[d->weight].offset + d->first;
    k->pack_transposed(d->outputs, d->inputs, W, d->cols, d->forward, d->inputs);
    k->pack(d->outputs, d->inputs, W, d->cols, d->backward, d->output_pitch);
    if (d->padded_bias)
        memcpy(d->padded_bias, weights + list[d->bias].offset, d->outputs * sizeof *W);
}

void unroll_dense_forward(const unroll_dense *d, const unroll_kernels *k, const unroll_band *rows,
                          const unroll_real *x, unroll_real *y, bool add)
{
    k->product(&(unroll_product){
        .groups = rows->steps,
        .rows = rows->r1 - rows->r0,
        .N = d->output_pitch,
        .K = d->inputs,
        .A = x + rows->r0 * d->input_pitch,
        .a_group = rows->B * d->input_pitch,
        .a_pitch = d->input_pitch,
        .panels = d->forward,
        .depth = d->inputs,
        .C = y + rows->r0 * d->output_pitch,
        .c_group = rows->B * d->output_pitch,
        .c_pitch = d->output_pitch,
        .bias = d->padded_bias,
        .start = add              ? UNROLL_FROM_SELF
                 : d->padded_bias ? UNROLL_FROM_BIAS
                                  : UNROLL_FROM_ZERO,
    });
}

void unroll_dense_backward(const unroll_dense *d, const unroll_kernels *k, const unroll_band *rows,
                           const unroll_real *dy, unroll_real *dx, bool add)
{
    k->product(&(unroll_product){
        .groups = rows->steps,
        .rows = rows->r1 - rows->r0,
        .N = d->input_pitch,
        .K = d->outputs,
        .A = dy + rows->r0 * d->output_pitch,
        .a_group = rows->B * d->output_pitch,
        .a_pitch = d->output_pitch,
        .panels = d->backward,
        .depth = d->output_pitch,
        .C = dx + rows->r0 * d->input_pitch,
        .c_group = rows->B * d->input_pitch,
        .c_pitch = d->input_pitch,
        .start = add ? UNROLL_FROM_SELF : UNROLL_FROM_ZERO,
    });
}

void unroll_dense_weights(const unroll_dense *d, const unroll_gradient_part *part, size_t rows,
                          const unroll_real *dy, const unroll_real *x)
{
    size_t m0, m1;
    unroll_share(d->outputs, 6, part->threads, part->thread, &m0, &m1);
    if (m0 == m1)
        return;
    unroll_real *dW = part->grad + part->list[d->weight].offset;
    part->kernels->outer(&(unroll_outer){
        .rows = rows,
        .M = m1 - m0,
        .A = dy + m0,
        .a_pitch = d->output_pitch,
        .right = {{.B = x,
                   .b_pitch = d->input_pitch,
                   .N = d->inputs,
                   .c_pitch = d->cols,
                   .C = dW + d->first + m0 * d->cols}},
        .sum = d->padded_bias ? part->grad + part->list[d->bias].offset + m0 : NULL,
        .scratch = part->scratch,
    });
}
