#include "probe/stack_flow.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "net/stack_pass.h"

enum { SCALE_AT = 20, SCALE_BY = 40 };

unroll_status unroll_stack_flow_new(unroll_stack_flow *f, const unroll_stack *s, size_t B)
{
    const size_t band = B * s->pitch, all = s->layers * band;
    const bool has_c = s->cell->states > 1;
    *f = (unroll_stack_flow){.stack = s};
    f->block = unroll_alloc((has_c ? 4 : 2) * all + 4 * band, sizeof *f->block);
    f->exponent = unroll_alloc((s->layers + 1) * B, sizeof *f->exponent);
    if (!f->block || !f->exponent)
        return UNROLL_EMEMORY;
    unroll_real *at = f->block;
    for (size_t i = 0; i < 2; i++, at += all)
        f->dh[i] = at;
    for (size_t i = 0; has_c && i < 2; i++, at += all)
        f->dc[i] = at;
    f->dc_total = at;
    f->spare = at + band;
    f->dy = at + 2 * band;
    f->dx = at + 3 * band;
    f->dy_exponent = f->exponent + s->layers * B;
    return UNROLL_OK;
}

void unroll_stack_flow_free(unroll_stack_flow *f)
{
    unroll_free(f->exponent);
    unroll_free(f->block);
}

/* ---- powers of two ---- */

static void scale_row(unroll_real *x, size_t n, int power)
{
    const unroll_real factor = (unroll_real)ldexp(1, power);
    for (size_t j = 0; j < n; j++)
        x[j] *= factor;
}

static bool all_zero(const unroll_real *x, size_t n)
{
    for (size_t j = 0; j < n; j++)
        if (x[j] != 0)
            return false;
    return true;
}

static unroll_real largest_of(const unroll_real *x, size_t n, unroll_real largest)
{
    for (size_t j = 0; j < n; j++)
        largest = x[j] > largest ? x[j] : -x[j] > largest ? -x[j] : largest;
    return largest;
}

/* By which power of two a row of that largest magnitude is to be multiplied. */
static int power_for(const unroll_stack_flow *f, unroll_real largest)
{
    return f->unscaled || largest == 0     ? 0
           : largest < ldexp(1, -SCALE_AT) ? SCALE_BY
           : largest > ldexp(1, SCALE_AT)  ? -SCALE_BY
                                           : 0;
}

void unroll_scaled_add(const unroll_kernels *k, size_t n, unroll_real *dh, unroll_real *dc,
                       int *own, unroll_real *x, int exponent)
{
    if (*own != exponent && all_zero(x, n))
        return;
    if (*own < exponent || (*own != exponent && all_zero(dh, n) && (!dc || all_zero(dc, n)))) {
        scale_row(dh, n, *own - exponent);
        if (dc)
            scale_row(dc, n, *own - exponent);
        *own = exponent;
    } else if (*own > exponent) {
        scale_row(x, n, exponent - *own);
    }
    k->add(n, dh, x, dh);
}

/* Add x·2^exponent to what travels in row r of layer l; x is spoilt. */
static void join(unroll_stack_flow *f, size_t l, size_t r, unroll_real *x, int exponent)
{
    const unroll_stack *s = f->stack;
    const size_t n = s->pitch, B = f->run->B, row = (l * B + r) * n;
    unroll_scaled_add(s->kernels, n, f->dh[0] + row, f->dc[0] ? f->dc[0] + row : NULL,
                      f->exponent + l * B + r, x, exponent);
}

/* ---- what is put in ---- */

void unroll_stack_flow_begin(unroll_stack_flow *f, size_t r0, size_t r1)
{
    memset(f->dy + r0 * f->stack->pitch, 0, (r1 - r0) * f->stack->pitch * sizeof *f->dy);
    memset(f->dy_exponent + r0, 0, (r1 - r0) * sizeof *f->dy_exponent);
}

void unroll_stack_flow_restart(unroll_stack_flow *f, size_t r)
{
    const size_t n = f->stack->pitch, B = f->run->B;
    for (size_t l = 0; l < f->stack->layers; l++) {
        memset(f->dh[0] + (l * B + r) * n, 0, n * sizeof(unroll_real));
        if (f->dc[0])
            memset(f->dc[0] + (l * B + r) * n, 0, n * sizeof(unroll_real));
        f->exponent[l * B + r] = 0;
    }
}

void unroll_stack_flow_put(unroll_stack_flow *f, size_t r, unroll_real *dy, int exponent)
{
    const size_t n = f->stack->pitch;
    const int power = power_for(f, largest_of(dy, n, 0));
    if (power != 0)
        scale_row(dy, n, power);
    exponent -= power;
    memcpy(f->dy + r * n, dy, n * sizeof *dy);
    f->dy_exponent[r] = exponent;
    join(f, f->stack->layers - 1, r, dy, exponent);
}

/* ---- a step ---- */

/* Residual layers: dx·2^exponent of one row becomes dL/dy of the layer below, which is that and
 * the dL/dy from above. @return its exponent */
static int pass_by(unroll_stack_flow *f, size_t r, int exponent)
{
    const unroll_stack *s = f->stack;
    const size_t n = s->pitch;
    unroll_real *dx = f->dx + r * n, *dy = f->dy + r * n;
    unroll_scaled_add(s->kernels, n, dx, NULL, &exponent, dy, f->dy_exponent[r]);
    memcpy(dy, dx, n * sizeof *dy);
    f->dy_exponent[r] = exponent;
    return exponent;
}

static double row_norm(unroll_stack_flow *f, const unroll_real *x, size_t row, int exponent)
{
    double sum = 0; /* a float's square needs a double */
    for (size_t j = 0; j < f->stack->hidden; j++)
        sum += (double)x[j] * (double)x[j];
    f->bad[row] |= isnan(sum);
    return ldexp(sqrt(sum), exponent);
}

static void record(unroll_stack_flow *f, size_t l, size_t t, size_t r0, size_t r1)
{
    const unroll_stack *s = f->stack;
    const size_t n = s->pitch, B = f->run->B;
    const int *exponent = f->exponent + l * B;
    const unroll_real *dh = f->dh[0] + l * B * n, *dc = f->dc[0] ? f->dc_total : NULL;
    for (size_t r = r0; f->norm && r < r1; r++) {
        const size_t at = unroll_flow_at(s->layers, B, t, l, UNROLL_STATE_H, r);
        f->norm[at] = row_norm(f, dh + r * n, r, exponent[r]);
        f->norm[at + B] = dc ? row_norm(f, dc + r * n, r, exponent[r]) : 0;
    }
    if (f->visit)
        f->visit(f->arg, &(unroll_flow_step){.layer = l,
                                             .t = t,
                                             .row0 = r0,
                                             .rows = r1 - r0,
                                             .pitch = n,
                                             .dh = dh + r0 * n,
                                             .dc = dc ? dc + r0 * n : NULL,
                                             .exponent = exponent + r0,
                                             .source = f->source});
}

/* Rows that meet in a step's statistics need one power of two: the largest of those that hold something. */
static void align(unroll_stack_flow *f, size_t l, size_t r0, size_t r1)
{
    const size_t B = f->run->B, n = f->stack->pitch;
    int *exponent = f->exponent + l * B, largest = INT_MIN;
    for (size_t r = r0; r < r1; r++) {
        const size_t at = (l * B + r) * n;
        if (!all_zero(f->dh[0] + at, n) || (f->dc[0] && !all_zero(f->dc[0] + at, n)))
            largest = exponent[r] > largest ? exponent[r] : largest;
    }
    for (size_t r = r0; largest != INT_MIN && r < r1; r++) {
        const size_t at = (l * B + r) * n;
        if (exponent[r] != largest) { /* greater: the row is zero */
            const int power = exponent[r] < largest ? exponent[r] - largest : 0;
            scale_row(f->dh[0] + at, n, power);
            if (f->dc[0])
                scale_row(f->dc[0] + at, n, power);
            exponent[r] = largest;
        }
    }
}

/* What is left of a row becomes what is carried; its power of two follows its largest magnitude. */
static void carry_row(unroll_stack_flow *f, size_t l, size_t r)
{
    const unroll_stack *s = f->stack;
    const size_t at = (l * f->run->B + r) * s->pitch, bytes = s->pitch * sizeof(unroll_real);
    unroll_real largest = largest_of(f->dh[1] + at, s->hidden, 0);
    if (f->dc[1])
        largest = largest_of(f->dc[1] + at, s->hidden, largest);
    f->bad[r] |= !isfinite(largest);
    memcpy(f->dh[0] + at, f->dh[1] + at, bytes);
    if (f->dc[0])
        memcpy(f->dc[0] + at, f->dc[1] + at, bytes);
    const int power = power_for(f, largest);
    if (power == 0)
        return;
    scale_row(f->dh[0] + at, s->pitch, power);
    if (f->dc[0])
        scale_row(f->dc[0] + at, s->pitch, power);
    f->exponent[l * f->run->B + r] -= power;
}

/* The gradient of the stack's own input, for the caller. */
static void keep_input(unroll_stack_flow *f, size_t t, size_t r0, size_t r1)
{
    const unroll_stack *s = f->stack;
    const size_t B = f->run->B;
    memcpy(f->dx_exponent + t * B + r0, f->exponent + r0, (r1 - r0) * sizeof *f->exponent);
    if (!s->tokens)
        unroll_stack_input_back(s, f->run, 0, (unroll_span){t, t + 1},
                                f->run->dx + t * B * s->input_pitch, r0, r1);
}

static void layer_back(unroll_stack_flow *f, size_t l, size_t t, size_t r0, size_t r1)
{
    const unroll_stack *s = f->stack;
    const size_t B = f->run->B, at = (l * B + r0) * s->pitch, band = (r1 - r0) * s->pitch;
    unroll_step_back back = {.dh = f->dh[0] + at, .dh0 = f->dh[1] + at};
    memset(back.dh0, 0, band * sizeof *back.dh0);
    if (f->dc[0]) {
        back.dc = f->dc[0] + at;
        back.dc0 = f->dc[1] + at;
        back.dc_total = f->dc_total + r0 * s->pitch;
        back.spare = f->spare + r0 * s->pitch;
    }
    if (f->through)
        align(f, l, r0, r1);
    unroll_stack_step_back(s, f->run, l, t, r0, r1, &back);
    record(f, l, t, r0, r1);
}

void unroll_stack_flow_step(unroll_stack_flow *f, size_t t, size_t r0, size_t r1)
{
    const unroll_stack *s = f->stack;
    for (size_t l = s->layers; l-- > 0;) {
        layer_back(f, l, t, r0, r1);
        if (l == 0)
            break;
        unroll_stack_input_back(s, f->run, l, (unroll_span){t, t + 1}, f->dx, r0, r1);
        for (size_t r = r0; r < r1; r++) {
            const int exponent = f->exponent[l * f->run->B + r];
            join(f, l - 1, r, f->dx + r * s->pitch, s->residual ? pass_by(f, r, exponent) : exponent);
        }
    }
    if (f->dx_exponent)
        keep_input(f, t, r0, r1);
    for (size_t l = 0; l < s->layers; l++)
        for (size_t r = r0; r < r1; r++)
            carry_row(f, l, r);
}
