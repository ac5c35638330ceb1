#include "net/readout.h"

/* The output layer and the losses.
 *   forward   y = h W^T + b
 *   cross-entropy, target k, weight w:  L = w (log Σ exp y_j − y_k)     dL/dy = w (softmax(y) − e_k)
 *   squared error, target v:            L = w Σ (y_j − v_j)²            dL/dy = 2 w (y − v)
 *   backward  dh = dy W     dW = dy^T h     db = Σ dy
 * Losses are summed in doubles, one position after the other; gradients are those of the mean, Σ L / Σ w. */

enum { CHUNK = 1 << 22 }; /* logits in memory at a time: 16 MB */

size_t unroll_readout_steps(const unroll_net *net, size_t T, size_t B)
{
    const size_t row = B * net->decoder.output_pitch, steps = CHUNK / (row ? row : 1);
    return steps < 1 ? 1 : steps < T ? steps : T;
}

/* What the output layer reads, from step t on. */
static const unroll_real *top(const unroll_net *net, const unroll_work *w, size_t t)
{
    return unroll_readout_input(w) + t * w->B * net->stack.pitch;
}

/* The logits of step t. */
static unroll_real *logits(const unroll_work *w, size_t t)
{
    return w->logits + (t - w->logits_from) * w->B * w->net->decoder.output_pitch;
}

void unroll_readout_logits(const unroll_net *net, unroll_work *w, size_t t0, size_t t1, size_t r0,
                           size_t r1)
{
    const unroll_band rows = {t1 - t0, w->B, r0, r1};
    unroll_dense_forward(&net->decoder, net->kernels, &rows, top(net, w, t0), logits(w, t0), false);
}

/* Cross-entropy against the target with 1 − ε + ε/V and each other with ε/V, Szegedy et al. (2016):
 *   L = (1 − ε) (−ln p_k) + ε mean over j of −ln p_j       dL/dy = p − (1 − ε) e_k − ε/V
 * y, scale and best are as for kernels->softmax, which this calls. */
static double smooth(const unroll_net *net, double epsilon, unroll_real *y, uint32_t target,
                     unroll_real scale, uint32_t *best)
{
    enum { SUMS = 8 };
    const size_t V = net->spec.outputs;
    const double score = (double)y[target];
    double sum[SUMS] = {0}, total = 0;
    for (size_t j = 0; j < V; j++)
        sum[j % SUMS] += (double)y[j];
    for (size_t i = 0; i < SUMS; i++)
        total += sum[i];
    const double loss = net->kernels->softmax(V, net->decoder.output_pitch, y, target, scale, best);
    const unroll_real each = (unroll_real)(epsilon * (double)scale / (double)V);
    for (size_t j = 0; j < V; j++)
        y[j] -= each;
    y[target] += (unroll_real)epsilon * scale;
    return (1 - epsilon) * loss + epsilon * (loss + score - total / (double)V);
}

double unroll_squared_error(size_t n, size_t pitch, unroll_real *y, const unroll_real *v,
                            unroll_real scale)
{
    double sum = 0;
    for (size_t j = 0; j < n; j++) {
        const unroll_real e = y[j] - v[j];
        sum += (double)e * (double)e;
        y[j] = 2 * scale * e;
    }
    for (size_t j = n; j < pitch; j++)
        y[j] = 0;
    return sum;
}

/* Is every output closer than `tolerance` to its value? */
static bool all_near(size_t n, const unroll_real *y, const unroll_real *v, unroll_real tolerance)
{
    bool near = true;
    for (size_t j = 0; j < n; j++)
        near &= y[j] - v[j] < tolerance && v[j] - y[j] < tolerance;
    return near;
}

void unroll_readout_loss(const unroll_net *net, unroll_work *w, size_t t0, size_t t1, size_t r0,
                         size_t r1)
{
    const size_t V = net->spec.outputs, pitch = net->decoder.output_pitch;
    const unroll_batch *b = w->batch;
    for (size_t t = t0; t < t1; t++)
        for (size_t r = r0; r < r1; r++) {
            const size_t i = (w->run.first + t) * b->B + r;
            unroll_real *y = logits(w, t) + r * pitch;
            const unroll_real weight = unroll_batch_weight(b, i);
            const unroll_real scale =
                w->total_weight > 0 ? (unroll_real)((double)weight / w->total_weight) : 0;
            if (net->spec.squared) {
                const unroll_real *v = b->value + i * V;
                w->correct[i] = weight > 0 && all_near(V, y, v, b->tolerance);
                const double loss = unroll_squared_error(V, pitch, y, v, scale);
                w->loss[i] = weight > 0 ? loss : 0;
            } else if (weight > 0) {
                uint32_t best;
                w->loss[i] = w->smoothing > 0
                                 ? smooth(net, w->smoothing, y, b->target[i], scale, &best)
                                 : net->kernels->softmax(V, pitch, y, b->target[i], scale, &best);
                w->correct[i] = best == b->target[i];
            } else {
                for (size_t j = 0; j < pitch; j++)
                    y[j] = 0;
                w->loss[i] = 0;
                w->correct[i] = 0;
            }
        }
}

void unroll_readout_backward(const unroll_net *net, unroll_work *w, size_t t0, size_t t1, size_t r0,
                             size_t r1)
{
    const unroll_band rows = {t1 - t0, w->B, r0, r1};
    unroll_dense_backward(&net->decoder, net->kernels, &rows, logits(w, t0),
                          w->run.d[0] + (t0 + 1) * w->B * net->stack.pitch, false);
}

void unroll_readout_weights(const unroll_net *net, unroll_work *w, size_t t0, size_t t1, size_t thread)
{
    const unroll_gradient_part part = unroll_work_part(w, thread);
    unroll_dense_weights(&net->decoder, &part, (t1 - t0) * w->B, logits(w, t0), top(net, w, t0));
}
