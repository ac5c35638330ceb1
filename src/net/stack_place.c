#include "net/stack_place.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/place.h"

/* Place an array [a][b][c]. */
static size_t place(unroll_real **to, size_t a, size_t b, size_t c, char *base, size_t at)
{
    return unroll_place(to, sizeof **to, a, b, c, base, at);
}

size_t unroll_stack_segment(size_t T, size_t B)
{
    enum { STEPS = 64, ROWS = 256 };
    size_t segment = (size_t)ceil(sqrt((double)T));
    if (segment < STEPS)
        segment = STEPS;
    if (segment < ROWS / B)
        segment = ROWS / B;
    return segment < T ? segment : T;
}

size_t unroll_stack_place(const unroll_stack *s, unroll_stack_run *run, size_t T, size_t B,
                          bool training, char *base, size_t at)
{
    unroll_layer_run none;
    size_t slots;
    if (!unroll_add(T, 1, &slots))
        return SIZE_MAX;
    run->T = run->window = T;
    run->B = B;
    run->segment = unroll_stack_segment(T, B);
    for (size_t l = 0; l < s->layers; l++) {
        const unroll_stack_layer *a = &s->at[l];
        unroll_layer_run *r = base ? &run->at[l] : &none;
        const bool own_x = l ? training && s->dropout > 0 : !s->tokens;
        at = place(&r->x, T, B, own_x ? a->input_pitch : 0, base, at);
        at = place(&r->z, T, B, a->layer.blocks * s->pitch, base, at);
        at = place(&r->h, slots, B, s->pitch, base, at);
        at = place(&r->c, slots, B, s->cell->states > 1 ? s->pitch : 0, base, at);
        at = place(&r->e, T, B, training && s->omega > 0 ? s->pitch : 0, base, at);
        at = place(&r->n, T, B, a->layer.norm_blocks * s->pitch, base, at);
        at = place(&r->statistics, training ? 1 : 0,
                   unroll_stack_joins_rows(s) && s->norm->recurrent ? T : 1, s->statistics, base, at);
        r->y = base ? r->h + B * s->pitch : NULL;
        if (l > 0 && s->residual)
            at = place(&r->y, T, B, s->pitch, base, at);
    }
    for (size_t i = 0; i < 2; i++)
        at = place(&run->d[i], slots, B, training && i < s->layers ? s->pitch : 0, base, at);
    at = place(&run->dx, T, B, training && !s->tokens ? s->input_pitch : 0, base, at);
    at = place(&run->omega_spare, 3, B, training && s->omega > 0 ? s->pitch : 0, base, at);
    at = place(&run->dy, T, B, training && s->residual ? s->pitch : 0, base, at);
    const size_t dc = training && s->cell->states > 1 ? s->pitch : 0;
    at = place(&run->border, 1, B, training ? s->pitch : 0, base, at);
    at = place(&run->dc[0], 1, B, dc, base, at);
    at = place(&run->dc[1], 1, B, dc, base, at);
    at = place(&run->dc_total, 1, B, dc, base, at);
    return place(&run->spare, 1, B, dc, base, at);
}

size_t unroll_stack_place_kept(const unroll_stack *s, unroll_stack_run *run, size_t window,
                               char *base, size_t at)
{
    unroll_layer_run none;
    run->window = window;
    run->segment = run->T;
    const size_t slots = (window - 1) / run->segment + 1;
    for (size_t l = 0; l < s->layers; l++) {
        unroll_layer_run *r = base ? &run->at[l] : &none;
        at = place(&r->kept_h, slots, run->B, s->pitch, base, at);
        at = place(&r->kept_c, slots, run->B, s->cell->states > 1 ? s->pitch : 0, base, at);
    }
    return place(&run->between, s->layers * s->cell->states, run->B, s->pitch, base, at);
}

void unroll_stack_keep(const unroll_stack *s, const unroll_stack_run *run, size_t i, bool back)
{
    const size_t slot = run->B * s->pitch, bytes = slot * sizeof(unroll_real);
    for (size_t l = 0; l < s->layers; l++) {
        const unroll_layer_run *r = &run->at[l];
        unroll_real *h = r->kept_h + i * slot, *c = r->c ? r->kept_c + i * slot : NULL;
        memcpy(back ? r->h : h, back ? h : r->h, bytes);
        if (c)
            memcpy(back ? r->c : c, back ? c : r->c, bytes);
    }
}

void unroll_stack_carry(const unroll_stack *s, const unroll_stack_run *run)
{
    const size_t slot = run->B * s->pitch;
    for (size_t l = 0; l < s->layers; l++) {
        const unroll_layer_run *r = &run->at[l];
        memcpy(r->h, r->h + run->steps * slot, slot * sizeof *r->h);
        if (r->c)
            memcpy(r->c, r->c + run->steps * slot, slot * sizeof *r->c);
    }
}
