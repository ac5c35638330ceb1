#include "net/stack_pass.h"

#include <string.h>

#include "net/dropout.h"
#include "net/norm.h"
#include "net/omega.h"

/* A band through a stack and back, layer by layer: in each the products with the input for some steps at
 * once, then the recurrence step by step. */

/* Dropout on one row of a layer's input, or on its gradient. */
static void drop_row(const unroll_stack *s, const unroll_stack_run *run, size_t layer, size_t t,
                     size_t r, const unroll_real *x, unroll_real *out)
{
    const uint64_t row = (layer * run->window + run->first + t) * run->B + r;
    unroll_drop(s->dropout, run->dropout_key, row * ((s->hidden + 3) / 4), s->hidden, x, out);
}

static void drop_input(const unroll_stack *s, unroll_stack_run *run, size_t l, size_t r0, size_t r1)
{
    for (size_t t = 0; t < run->steps; t++)
        for (size_t r = r0; r < r1; r++) {
            const size_t at = (t * run->B + r) * s->pitch;
            drop_row(s, run, l, t, r, run->at[l - 1].y + at, run->at[l].x + at);
        }
}

/* The right-hand and left-hand side of a layer's products with its own input, or with the stack's. */
typedef struct input_side {
    const unroll_real *x; /* [steps][B][pitch] of n inputs */
    size_t n, pitch;
    const unroll_real *panels;
    enum unroll_start start;
} input_side;

/* For each term of the input: its gates' products = start + x · W^T, for steps `at`. */
static void input_product(const unroll_stack *s, const unroll_stack_run *run, size_t l,
                          unroll_span at, const input_side *in, size_t r0, size_t r1)
{
    const unroll_stack_layer *a = &s->at[l];
    for (const unroll_term *term = s->cell->input; term->count; term++) {
        size_t row;
        unroll_real *to = unroll_stack_input_part(s, run, l, term, &row);
        s->kernels->product(&(unroll_product){
            .groups = at.t1 - at.t0,
            .rows = r1 - r0,
            .N = term->count * s->pitch,
            .K = in->n,
            .A = in->x + (at.t0 * run->B + r0) * in->pitch,
            .a_group = run->B * in->pitch,
            .a_pitch = in->pitch,
            .panels = in->panels + term->gate * s->pitch * in->n,
            .depth = in->n,
            .C = to + (at.t0 * run->B + r0) * row,
            .c_group = run->B * row,
            .c_pitch = row,
            .start = in->start,
            .bias = a->bias_ih + term->gate * s->pitch,
        });
    }
}

/* z = a + w for `count` gates; z and a [count][pitch], w [count][H] a row of a table of weights. */
static void add_row(const unroll_stack *s, size_t count, const unroll_real *a, const unroll_real *w,
                    unroll_real *z)
{
    const size_t H = s->hidden, parts = unroll_stack_gates_join(s) ? 1 : count;
    for (size_t g = 0; g < parts; g++)
        s->kernels->add(count / parts * H, w + g * H, a + g * s->pitch, z + g * s->pitch);
}

/* The products with one-hot tokens, each of which is a row of the transposed weights. */
static void input_gather(const unroll_stack *s, const unroll_stack_run *run,
                         const unroll_real *table, size_t t, size_t r0, size_t r1)
{
    const unroll_stack_layer *a = &s->at[0];
    const size_t H = s->hidden;
    for (size_t r = r0; r < r1; r++) {
        const unroll_real *row_of = table + run->input[t * run->B + r] * s->cell->gates * H;
        for (const unroll_term *term = s->cell->input; term->count; term++) {
            size_t row;
            const unroll_real *w = row_of + term->gate * H;
            unroll_real *z = unroll_stack_input_part(s, run, 0, term, &row) + (t * run->B + r) * row;
            if (!s->norm)
                add_row(s, term->count, a->bias_ih + term->gate * s->pitch, w, z);
            for (size_t g = 0; s->norm && g < term->count; g++)
                memcpy(z + g * s->pitch, w + g * H, H * sizeof *z);
        }
    }
}

/* Add the products with the stack's input, which skips the layers below. */
static void add_skipped(const unroll_stack *s, const unroll_stack_run *run, size_t l,
                        unroll_span at, const unroll_real *table, size_t r0, size_t r1)
{
    if (!s->tokens) {
        const input_side in = {.x = run->at[0].x,
                               .n = s->inputs,
                               .pitch = s->input_pitch,
                               .panels = s->at[l].skip_forward,
                               .start = UNROLL_FROM_SELF};
        input_product(s, run, l, at, &in, r0, r1);
        return;
    }
    for (size_t t = at.t0; t < at.t1; t++)
        for (size_t r = r0; r < r1; r++)
            for (const unroll_term *term = s->cell->input; term->count; term++) {
                const size_t i = t * run->B + r, first = run->input[i] * s->cell->gates + term->gate;
                size_t row;
                unroll_real *z = unroll_stack_input_part(s, run, l, term, &row) + i * row;
                add_row(s, term->count, z, table + first * s->hidden, z);
            }
}

/* Step t of layer l for a band. */
static unroll_step make_step(const unroll_stack *s, const unroll_stack_run *run, size_t l, size_t t,
                             size_t r0, size_t r1)
{
    const unroll_layer_run *r = &run->at[l];
    const size_t slot = run->B * s->pitch, at = t * slot + r0 * s->pitch;
    const unroll_layer *layer = &s->at[l].layer;
    return (unroll_step){
        .layer = layer,
        .rows = r1 - r0,
        .z = r->z + (t * run->B + r0) * layer->blocks * s->pitch,
        .h0 = r->h + at,
        .h = r->h + at + slot,
        .c0 = r->c ? r->c + at : NULL,
        .c = r->c ? r->c + at + slot : NULL,
        .n = r->n ? r->n + (t * run->B + r0) * layer->norm_blocks * s->pitch : NULL,
        .statistics = unroll_norm_statistics(s, run, l, t),
        .measure = run->use != UNROLL_STATISTICS_GIVEN,
        .through = run->use == UNROLL_STATISTICS_LEARNED,
        .mode = run->mode ? run->mode + t * run->B + r0 : NULL,
    };
}

/* At padding the state stays as it was, or becomes zero. */
static void mask_forward(const unroll_stack *s, const unroll_step *step, const uint8_t *mode)
{
    const size_t bytes = s->pitch * sizeof(unroll_real);
    for (size_t r = 0; r < step->rows; r++) {
        const size_t at = r * s->pitch;
        if (mode[r] == UNROLL_HOLD) {
            memcpy(step->h + at, step->h0 + at, bytes);
            if (step->c)
                memcpy(step->c + at, step->c0 + at, bytes);
        } else if (mode[r] == UNROLL_RESET) {
            memset(step->h + at, 0, bytes);
            if (step->c)
                memset(step->c + at, 0, bytes);
        }
    }
}

/* Are the products with the input normalised over all steps of the window at once? */
static bool norm_window(const unroll_stack *s)
{
    return unroll_stack_joins_rows(s) && !s->norm->recurrent;
}

/* Normalise the products with the input of all steps. */
static void norm_products(const unroll_stack *s, const unroll_stack_run *run, size_t l, size_t r0,
                          size_t r1)
{
    unroll_step step = make_step(s, run, l, 0, r0, r1);
    step.rows *= run->steps; /* the band is all rows, so that none of another lie between */
    unroll_norm_input(&step);
}

/* A residual layer's y = h + input. Dropout acts on what the cell reads, but not on this input. */
static void add_input(const unroll_stack *s, const unroll_stack_run *run, size_t l, size_t t,
                      size_t r0, size_t r1)
{
    const size_t at = (t * run->B + r0) * s->pitch;
    s->kernels->add((r1 - r0) * s->pitch, run->at[l].h + run->B * s->pitch + at,
                    run->at[l - 1].y + at, run->at[l].y + at);
}

/* For how many steps the products with the input are taken at once: as many as stay in the cache until the
 * recurrence has used them, but at least so many rows that reading the panels pays. */
static size_t block_steps(const unroll_stack *s, const unroll_stack_run *run, size_t l, size_t rows)
{
    enum { HOT = 1 << 18, ROWS = 64 }; /* bytes of z */
    const size_t fit = HOT / (s->at[l].layer.blocks * s->pitch * sizeof(unroll_real));
    return norm_window(s) ? run->steps : ((fit > ROWS ? fit : ROWS) + rows - 1) / rows;
}

/* The products with a layer's input, for steps `at`. */
static void input_forward(const unroll_stack *s, const unroll_stack_run *run, size_t l,
                          unroll_span at, const unroll_parameter *list, const unroll_real *weights,
                          size_t r0, size_t r1)
{
    const unroll_stack_layer *a = &s->at[l];
    const input_side in = {.x = unroll_stack_input(run, l),
                           .n = a->layer.inputs,
                           .pitch = a->input_pitch,
                           .panels = a->x_forward,
                           .start = s->norm ? UNROLL_FROM_ZERO : UNROLL_FROM_BIAS};
    if (in.x)
        input_product(s, run, l, at, &in, r0, r1);
    if (s->skip_input && l > 0)
        add_skipped(s, run, l, at, weights + list[a->w_skip].offset, r0, r1);
    for (size_t t = at.t0; !in.x && t < at.t1; t++)
        input_gather(s, run, weights + list[a->w_ih].offset, t, r0, r1);
    if (norm_window(s))
        norm_products(s, run, l, r0, r1);
}

static void step_forward(const unroll_stack *s, const unroll_stack_run *run, size_t l, size_t t,
                         size_t r0, size_t r1)
{
    const unroll_step step = make_step(s, run, l, t, r0, r1);
    if (s->at[l].layer.place[UNROLL_NORM_X].gain && !norm_window(s))
        unroll_norm_input(&step);
    s->cell->forward(&step);
    if (run->mode)
        mask_forward(s, &step, run->mode + t * run->B + r0);
    if (s->residual && l > 0)
        add_input(s, run, l, t, r0, r1);
}

void unroll_stack_forward(const unroll_stack *s, unroll_stack_run *run, const unroll_parameter *list,
                          const unroll_real *weights, size_t r0, size_t r1)
{
    for (size_t l = 0; l < s->layers; l++) {
        const size_t block = block_steps(s, run, l, r1 - r0);
        if (l > 0 && run->dropping)
            drop_input(s, run, l, r0, r1);
        for (unroll_span at = {0, 0}; at.t0 < run->steps; at.t0 = at.t1) {
            at.t1 = run->steps - at.t0 < block ? run->steps : at.t0 + block;
            input_forward(s, run, l, at, list, weights, r0, r1);
            for (size_t t = at.t0; t < at.t1; t++)
                step_forward(s, run, l, t, r0, r1);
        }
    }
}

/* At padding the cell sees no gradient. What a held state passes on is added to dh0 here, and to dc0 by
 * mask_after(). */
static void mask_before(const unroll_stack *s, const unroll_step *step, unroll_real *dh,
                        unroll_real *dc, unroll_real *spare, const uint8_t *mode)
{
    const size_t bytes = s->pitch * sizeof(unroll_real);
    for (size_t r = 0; r < step->rows; r++) {
        const size_t at = r * s->pitch;
        if (mode[r] == UNROLL_RUN)
            continue;
        if (mode[r] == UNROLL_HOLD)
            s->kernels->add(s->pitch, step->dh0 + at, dh + at, step->dh0 + at);
        memset(dh + at, 0, bytes);
        if (dc) {
            memcpy(spare + at, dc + at, bytes);
            memset(dc + at, 0, bytes);
        }
    }
}

static void mask_after(const unroll_stack *s, const unroll_step *step, const unroll_real *spare,
                       const uint8_t *mode)
{
    for (size_t r = 0; step->dc0 && r < step->rows; r++)
        if (mode[r] == UNROLL_HOLD)
            memcpy(step->dc0 + r * s->pitch, spare + r * s->pitch, s->pitch * sizeof *spare);
}

void unroll_stack_step_back(const unroll_stack *s, const unroll_stack_run *run, size_t l, size_t t,
                            size_t r0, size_t r1, const unroll_step_back *back)
{
    const uint8_t *mode = run->mode ? run->mode + t * run->B + r0 : NULL;
    unroll_step step = make_step(s, run, l, t, r0, r1);
    step.dh = back->dh;
    step.dh0 = back->dh0;
    step.dc = back->dc;
    step.dc0 = back->dc0;
    step.dc_total = back->dc_total;
    if (mode)
        mask_before(s, &step, back->dh, back->dc, back->spare, mode);
    s->cell->backward(&step);
    if (s->at[l].layer.place[UNROLL_NORM_X].gain && !(norm_window(s) && step.through))
        unroll_norm_input_back(&step);
    if (mode)
        mask_after(s, &step, back->spare, mode);
}

/* Ω of the pair t and t + 1, of which the latter has gone back. Step 0 has no e: nothing is counted before
 * the window. */
static void omega_back(const unroll_stack *s, const unroll_stack_run *run, size_t l, size_t t,
                       size_t r0, size_t r1)
{
    unroll_real *e = run->at[l].e + r0 * s->pitch;
    if (t == 0)
        memset(e, 0, (r1 - r0) * s->pitch * sizeof *e);
    if (t + 1 == run->steps)
        return;
    const unroll_step step = make_step(s, run, l, t, r0, r1);
    const unroll_step next = make_step(s, run, l, t + 1, r0, r1);
    unroll_omega_step(s, run, &step, &next, r0, e + (t + 1) * run->B * s->pitch);
    if (t == 0)
        unroll_omega_mean(s, run, l, r0, r1);
}

/* Where layer l's states lie in an array like dfirst. */
static size_t state_at(const unroll_stack *s, const unroll_stack_run *run, size_t l, size_t r0)
{
    return (l * s->cell->states * run->B + r0) * s->pitch;
}

/* Add dlast, the gradient that comes to the last step's states from after the run. */
static void add_last(const unroll_stack *s, const unroll_stack_run *run, size_t l, unroll_real *dh,
                     unroll_real *dc, size_t r0, size_t r1)
{
    const unroll_real *from = run->dlast + state_at(s, run, l, r0);
    const size_t n = (r1 - r0) * s->pitch;
    s->kernels->add(n, dh, from, dh);
    if (dc)
        memcpy(dc, from + run->B * s->pitch, n * sizeof *dc);
}

/* Keep the gradient of the states before the run's first step in dfirst. */
static void keep_first(const unroll_stack *s, const unroll_stack_run *run, size_t l,
                       const unroll_real *dh, const unroll_real *dc, size_t r0, size_t r1)
{
    unroll_real *to = run->dfirst + state_at(s, run, l, r0);
    const size_t bytes = (r1 - r0) * s->pitch * sizeof *to;
    memcpy(to, dh, bytes);
    if (dc)
        memcpy(to + run->B * s->pitch, dc, bytes);
}

/* What takes the gradient of a layer's input, or of the stack's, and the panels that lead to it. */
typedef struct input_gradient {
    unroll_real *to; /* [t1−t0][B][pitch] */
    size_t pitch;
    const unroll_real *panels;
    enum unroll_start start;
} input_gradient;

/* to = start + the gradients of the input's products · their gates, for steps `at`. */
static void input_back(const unroll_stack *s, const unroll_stack_run *run, size_t l, unroll_span at,
                       const input_gradient *dx, size_t r0, size_t r1)
{
    for (const unroll_term *term = s->cell->input; term->count; term++) {
        size_t row;
        const unroll_real *da = unroll_stack_input_part(s, run, l, term, &row);
        s->kernels->product(&(unroll_product){
            .groups = at.t1 - at.t0,
            .rows = r1 - r0,
            .N = dx->pitch,
            .K = term->count * s->pitch,
            .A = da + (at.t0 * run->B + r0) * row,
            .a_group = run->B * row,
            .a_pitch = row,
            .panels = dx->panels + term->gate * s->pitch * s->kernels->width,
            .depth = s->cell->gates * s->pitch,
            .C = dx->to + r0 * dx->pitch,
            .c_group = run->B * dx->pitch,
            .c_pitch = dx->pitch,
            .start = term == s->cell->input ? dx->start : UNROLL_FROM_SELF,
        });
    }
}

void unroll_stack_input_back(const unroll_stack *s, const unroll_stack_run *run, size_t l,
                             unroll_span at, unroll_real *to, size_t r0, size_t r1)
{
    const size_t p = s->at[l].input_pitch;
    const input_gradient d = {
        .to = to, .pitch = p, .panels = s->at[l].x_backward, .start = UNROLL_FROM_ZERO};
    input_back(s, run, l, at, &d, r0, r1);
    for (size_t t = at.t0; l > 0 && run->dropping && t < at.t1; t++)
        for (size_t r = r0; r < r1; r++) {
            unroll_real *dx = to + ((t - at.t0) * run->B + r) * p;
            drop_row(s, run, l, t, r, dx, dx);
        }
}

/* Step t of a layer back, with hooks and Ω; d [T+1][B][pitch] has dL/dh in the steps' slots. */
static void one_step_back(const unroll_stack *s, const unroll_stack_run *run, size_t l, size_t t,
                          unroll_real *d, size_t r0, size_t r1, unroll_step_back *back)
{
    const size_t slot = run->B * s->pitch, band = r0 * s->pitch, rows = r1 - r0;
    const unroll_hook *hook = run->hook;
    const bool border = t > 0 && t % run->segment == 0;
    back->dh = d + (t + 1) * slot + band;
    back->dh0 = border ? run->border + band : d + t * slot + band;
    if (border)
        memset(back->dh0, 0, rows * s->pitch * sizeof *d);
    if (hook && hook->before)
        hook->before(hook->arg, l, run->first + t, r0, rows, s->pitch, back->dh, back->dc);
    if (s->omega > 0)
        omega_back(s, run, l, t, r0, r1);
    unroll_stack_step_back(s, run, l, t, r0, r1, back);
    if (hook && hook->after)
        hook->after(hook->arg, l, run->first + t, r0, rows, s->pitch, back->dh, back->dc_total);
    if (border)
        s->kernels->add(rows * s->pitch, d + t * slot + band, back->dh0, d + t * slot + band);
    unroll_real *swap = back->dc;
    back->dc = back->dc0;
    back->dc0 = swap;
}

/* After steps `at` of layer l have gone back: their dL/dx into their slots of `below`, and that of the
 * stack's input. */
static void layer_input_back(const unroll_stack *s, const unroll_stack_run *run, size_t l,
                             unroll_span at, unroll_real *below, bool want_dx, size_t r0, size_t r1)
{
    if (l > 0)
        unroll_stack_input_back(s, run, l, at, below + (at.t0 + 1) * run->B * s->pitch, r0, r1);
    if (!want_dx || (l > 0 && !s->skip_input))
        return;
    const bool adds = s->skip_input && l + 1 < s->layers; /* the top layer comes first, layer 0 last */
    const input_gradient dx = {
        .to = run->dx + at.t0 * run->B * s->input_pitch,
        .pitch = s->input_pitch,
        .panels = l > 0 ? s->at[l].skip_backward : s->at[l].x_backward,
        .start = adds ? UNROLL_FROM_SELF : UNROLL_FROM_ZERO,
    };
    input_back(s, run, l, at, &dx, r0, r1);
}

static void layer_backward(const unroll_stack *s, unroll_stack_run *run, size_t l, unroll_real *d,
                           unroll_real *below, bool want_dx, size_t r0, size_t r1)
{
    const size_t band = r0 * s->pitch, bytes = (r1 - r0) * s->pitch * sizeof *d;
    const size_t block = block_steps(s, run, l, r1 - r0);
    unroll_step_back back = {0};
    memset(d + band, 0, bytes);
    if (run->dc[0]) {
        back.dc = run->dc[0] + band;
        back.dc0 = run->dc[1] + band;
        back.spare = run->spare + band;
        back.dc_total = run->hook && run->hook->after ? run->dc_total + band : NULL;
        memset(back.dc, 0, bytes);
    }
    if (run->dlast)
        add_last(s, run, l, d + run->steps * run->B * s->pitch + band, back.dc, r0, r1);
    for (unroll_span at = {run->steps, run->steps}; at.t0 > 0;) {
        at.t1 = at.t0;
        at.t0 = at.t1 > block ? at.t1 - block : 0;
        for (size_t t = at.t1; t-- > at.t0;)
            one_step_back(s, run, l, t, d, r0, r1, &back);
        if (norm_window(s) && run->use == UNROLL_STATISTICS_LEARNED) { /* the block is all steps */
            unroll_step step = make_step(s, run, l, 0, r0, r1);
            step.rows *= run->steps;
            unroll_norm_input_back(&step);
        }
        layer_input_back(s, run, l, at, below, want_dx, r0, r1);
    }
    if (run->dfirst)
        keep_first(s, run, l, d + band, back.dc, r0, r1);
}

/* What passes by the cells of a residual layer: keep dL/dy of all steps in run->dy, or add it to dL/dx. */
static void pass_by(const unroll_stack *s, const unroll_stack_run *run, unroll_real *d, bool keep,
                    size_t r0, size_t r1)
{
    const size_t n = (r1 - r0) * s->pitch;
    for (size_t t = 0; t < run->steps; t++) {
        const size_t at = (t * run->B + r0) * s->pitch;
        unroll_real *step = d + run->B * s->pitch + at;
        if (keep)
            memcpy(run->dy + at, step, n * sizeof *step);
        else
            s->kernels->add(n, step, run->dy + at, step);
    }
}

void unroll_stack_backward(const unroll_stack *s, unroll_stack_run *run, bool want_dx, size_t r0,
                           size_t r1)
{
    unroll_real *d = run->d[0], *below = run->d[1];
    if (s->omega > 0)
        for (size_t r = r0; r < r1; r++)
            run->omega[r] = run->omega_layer[r] = run->omega_steps[r] = 0;
    for (size_t l = s->layers; l-- > 0;) {
        const bool residual = s->residual && l > 0;
        if (residual)
            pass_by(s, run, d, true, r0, r1);
        layer_backward(s, run, l, d, below, want_dx, r0, r1);
        if (residual)
            pass_by(s, run, below, false, r0, r1);
        unroll_real *swap = d;
        d = below;
        below = swap;
    }
}
