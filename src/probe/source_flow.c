#include "probe/source_flow.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "net/bidirectional.h"

unroll_status unroll_source_flow_new(unroll_source_flow *p, const unroll_net *net, unroll_work *w,
                                     double *word_norm)
{
    const size_t positions = w->batch->S * w->B;
    *p = (unroll_source_flow){.net = net, .work = w, .word_norm = word_norm};
    p->exponent = unroll_alloc(3 * positions + w->B, sizeof *p->exponent);
    p->dx = unroll_alloc(2 * w->threads, net->encoder.stack->inputs * sizeof *p->dx);
    if (!p->exponent || !p->dx)
        return UNROLL_EMEMORY;
    p->x_exponent[0] = p->exponent;
    p->x_exponent[1] = p->exponent + positions;
    p->y_exponent = p->exponent + 2 * positions;
    p->first = p->exponent + 3 * positions;
    return UNROLL_OK;
}

void unroll_source_flow_free(unroll_source_flow *p)
{
    unroll_free(p->dx);
    unroll_free(p->exponent);
}

/* ---- one way ---- */

static void one_way(const unroll_source_flow *p, unroll_stack_flow *f, size_t r0, size_t r1)
{
    const unroll_work *w = p->work;
    const size_t n = p->net->encoder.pitch;
    f->stack = p->net->encoder.stack;
    f->run = w->encoder.run;
    f->dx_exponent = p->word_norm ? p->x_exponent[0] : NULL;
    for (size_t s = w->batch->S; s-- > 0;) {
        unroll_stack_flow_begin(f, r0, r1);
        for (size_t r = r0; p->net->attention.kind && r < r1; r++)
            unroll_stack_flow_put(f, r, w->encoder.doutput + (s * w->B + r) * n, 0);
        unroll_stack_flow_step(f, s, r0, r1);
    }
}

/* ---- both ways, layer by layer ---- */

/* Put the gradients of the decoder's first states through the bridge. Those of a layer's h and c, and so
 * those of both directions, have one power of two. */
static void cross_bridge(const unroll_source_flow *p, const unroll_stack_flow *f, size_t r0, size_t r1)
{
    unroll_work *w = p->work;
    const unroll_stack *s = &p->net->stack;
    const size_t n = s->pitch, states = s->cell->states, bytes = (r1 - r0) * n * sizeof(unroll_real);
    for (size_t l = 0; l < s->layers; l++) {
        const size_t from = (l * w->B + r0) * n, to = (l * states * w->B + r0) * n;
        memcpy(w->run.dfirst + to, f->dh[0] + from, bytes);
        if (f->dc[0])
            memcpy(w->run.dfirst + to + w->B * n, f->dc[0] + from, bytes);
        unroll_bidirectional_bridge_back(p->net, w, l, r0, r1);
    }
}

/* What travels in layer l alone, in a stack of one layer. */
static unroll_stack_flow layer_flow(const unroll_source_flow *p, const unroll_stack_flow *f,
                                    size_t l, size_t direction)
{
    unroll_stack_flow one = *f;
    const size_t at = l * p->work->B, i = 2 * l + direction;
    one.stack = &p->net->encoder.stack[i];
    one.run = &p->work->encoder.run[i];
    one.exponent += at;
    one.dx_exponent = l > 0 || p->word_norm ? p->x_exponent[direction] : NULL;
    for (size_t k = 0; k < 2; k++) {
        one.dh[k] += at * f->stack->pitch;
        if (one.dc[k])
            one.dc[k] += at * f->stack->pitch;
    }
    return one;
}

/* Begin with the gradients of a stack's last states. */
static void load_states(const unroll_source_flow *p, unroll_stack_flow *f, size_t r0, size_t r1)
{
    const size_t n = f->stack->pitch, bytes = (r1 - r0) * n * sizeof(unroll_real);
    const unroll_real *from = f->run->dlast + r0 * n;
    memcpy(f->dh[0] + r0 * n, from, bytes);
    if (f->dc[0])
        memcpy(f->dc[0] + r0 * n, from + p->work->B * n, bytes);
    memcpy(f->exponent + r0, p->first + r0, (r1 - r0) * sizeof *f->exponent);
}

/* Put this direction's half of dL/dy at step s into row r. */
static void put_half(const unroll_source_flow *p, unroll_stack_flow *f, size_t direction, size_t s,
                     size_t r)
{
    const size_t H = f->stack->hidden, n = f->stack->pitch, i = s * p->work->B + r;
    unroll_real *half = f->dx + r * n; /* a stack of one layer leaves it free */
    memset(half, 0, n * sizeof *half);
    memcpy(half, p->work->encoder.doutput + i * p->net->encoder.pitch + direction * H,
           H * sizeof *half);
    unroll_stack_flow_put(f, r, half, p->y_exponent[i]);
}

static void one_direction(const unroll_source_flow *p, unroll_stack_flow *f, size_t direction,
                          size_t r0, size_t r1)
{
    const size_t S = p->work->batch->S;
    load_states(p, f, r0, r1);
    for (size_t step = S; step-- > 0;) {
        unroll_stack_flow_begin(f, r0, r1);
        for (size_t r = r0; r < r1; r++)
            put_half(p, f, direction, direction ? S - 1 - step : step, r);
        unroll_stack_flow_step(f, step, r0, r1);
    }
}

/* dL/dx of both stacks of layer l becomes dL/dy of the layer below. */
static void gather(const unroll_source_flow *p, size_t l, size_t r0, size_t r1)
{
    const unroll_work *w = p->work;
    const unroll_kernels *k = p->net->kernels;
    const size_t n = p->net->encoder.outputs, pitch = p->net->encoder.pitch, S = w->batch->S;
    for (size_t s = 0; s < S; s++)
        for (size_t r = r0; r < r1; r++) {
            const size_t i = s * w->B + r, j = (S - 1 - s) * w->B + r;
            unroll_real *dx = w->encoder.run[2 * l].dx + i * pitch;
            unroll_real *dy = w->encoder.doutput + i * pitch;
            int exponent = p->x_exponent[0][i];
            unroll_scaled_add(k, n, dx, NULL, &exponent, w->encoder.run[2 * l + 1].dx + j * pitch,
                              p->x_exponent[1][j]);
            if (p->net->spec.residual)
                unroll_scaled_add(k, n, dx, NULL, &exponent, dy, p->y_exponent[i]);
            memcpy(dy, dx, n * sizeof *dy);
            p->y_exponent[i] = exponent;
        }
}

static void both_ways(const unroll_source_flow *p, const unroll_stack_flow *f, size_t r0, size_t r1)
{
    const unroll_work *w = p->work;
    const size_t pitch = p->net->encoder.pitch;
    for (size_t s = 0; s < w->batch->S; s++) {
        const size_t at = s * w->B + r0;
        if (!p->net->attention.kind)
            memset(w->encoder.doutput + at * pitch, 0,
                   (r1 - r0) * pitch * sizeof *w->encoder.doutput);
        memset(p->y_exponent + at, 0, (r1 - r0) * sizeof *p->y_exponent);
    }
    cross_bridge(p, f, r0, r1);
    for (size_t l = p->net->spec.layers; l-- > 0;) {
        memcpy(p->first + r0, f->exponent + l * w->B + r0, (r1 - r0) * sizeof *p->first);
        for (size_t direction = 0; direction < 2; direction++) {
            unroll_stack_flow one = layer_flow(p, f, l, direction);
            one_direction(p, &one, direction, r0, r1);
        }
        if (l > 0)
            gather(p, l, r0, r1);
    }
}

/* ---- the words ---- */

/* dL/dx of position i of one stack: what the run kept, or of a one-hot vector dz W.
 * @return is it 0? */
static bool find_word(const unroll_source_flow *p, size_t stack, size_t i, double *dx)
{
    const unroll_net *net = p->net;
    const unroll_stack *s = &net->encoder.stack[stack];
    const unroll_stack_run *run = &p->work->encoder.run[stack];
    const unroll_real *table = net->weights + net->parameters.list[s->at[0].w_ih].offset;
    bool zero = true;
    for (size_t j = 0; j < s->inputs; j++)
        dx[j] = s->tokens ? 0 : (double)run->dx[i * s->input_pitch + j];
    for (const unroll_term *term = s->cell->input; s->tokens && term->count; term++) {
        size_t row;
        const unroll_real *dz = unroll_stack_input_part(s, run, 0, term, &row) + i * row;
        for (size_t j = 0; j < s->inputs; j++)
            for (size_t g = 0; g < term->count; g++) {
                const unroll_real *w = table + (j * s->cell->gates + term->gate + g) * s->hidden;
                for (size_t k = 0; k < s->hidden; k++)
                    dx[j] += (double)dz[g * s->pitch + k] * (double)w[k];
            }
    }
    for (size_t j = 0; j < s->inputs; j++)
        zero &= dx[j] == 0;
    return zero;
}

/* ‖dL/dx_s‖ of row r; where both directions read the word, of the sum of both parts.
 * @param dx  [2][inputs] */
static double word_norm(const unroll_source_flow *p, size_t s, size_t r, double *dx)
{
    const unroll_work *w = p->work;
    const size_t n = p->net->encoder.stack->inputs, i = s * w->B + r;
    const size_t from_end = (w->batch->S - 1 - s) * w->B + r;
    const bool both = p->net->spec.bidirectional;
    const int a = p->x_exponent[0][i], b = both ? p->x_exponent[1][from_end] : a;
    const bool a_zero = find_word(p, 0, i, dx);
    const bool b_zero = !both || find_word(p, 1, from_end, dx + n);
    const int common = a_zero ? b : b_zero || a > b ? a : b;
    double sum = 0;
    for (size_t j = 0; j < n; j++) {
        const double x =
            (a_zero ? 0 : ldexp(dx[j], a - common)) + (b_zero ? 0 : ldexp(dx[n + j], b - common));
        sum += x * x;
    }
    return ldexp(sqrt(sum), common);
}

void unroll_source_flow_run(const unroll_source_flow *p, const unroll_stack_flow *flow,
                            double *norm, size_t thread, size_t r0, size_t r1)
{
    unroll_stack_flow f = *flow;
    double *dx = p->dx + 2 * thread * p->net->encoder.stack->inputs;
    f.source = true;
    f.norm = norm;
    if (p->net->spec.bidirectional) {
        f.norm = NULL;
        f.visit = NULL;
        both_ways(p, &f, r0, r1);
    } else {
        one_way(p, &f, r0, r1);
    }
    for (size_t s = 0; p->word_norm && s < p->work->batch->S; s++)
        for (size_t r = r0; r < r1; r++) {
            double *to = p->word_norm + s * p->work->B + r;
            *to = word_norm(p, s, r, dx);
            f.bad[r] |= !isfinite(*to);
        }
}
