#include <math.h>
#include <string.h>

#include "base/fail.h"
#include "net/net.h"
#include "probe/histogram.h"
#include "probe/measures.h"

/* How gradients come to histograms. */

/* Rows of n elements into `to`; other threads may do so too. */
static void count_rows(const unroll_histograms *h, unroll_histogram *to, const unroll_real *x,
                       size_t rows, size_t n, size_t pitch)
{
    uint32_t count[UNROLL_BINS + 1] = {0}, zero = 0;
    size_t low = UNROLL_BINS, high = 0;
    for (size_t r = 0; r < rows; r++, x += pitch)
        for (size_t j = 0; j < n; j++) {
            const double value = fabs((double)x[j]);
            uint64_t bits;
            memcpy(&bits, &value, sizeof bits);
            const size_t e = bits >> 52;
            const size_t bin = e || !bits ? (size_t)h->table[e] + (value >= h->edge[e])
                                          : unroll_histogram_bin(value);
            zero += bits == 0;
            count[bits ? bin : UNROLL_BINS]++;
            low = bits && bin < low ? bin : low;
            high = bits && bin > high ? bin : high;
        }
    __atomic_fetch_add(&to->zero, zero, __ATOMIC_RELAXED);
    for (size_t b = low; b <= high; b++)
        if (count[b])
            __atomic_fetch_add(&to->bin[b], count[b], __ATOMIC_RELAXED);
}

struct seen {
    const unroll_histograms *h;
    const unroll_net *net;
    const unroll_batch *batch;
};

static void see(void *arg, size_t layer, size_t t, size_t row0, size_t rows, size_t pitch,
                const unroll_real *dh, const unroll_real *dc)
{
    const struct seen *s = arg;
    const unroll_histograms *h = s->h;
    const size_t H = s->net->stack.hidden;
    unroll_histogram *to = h->at + h->parameters + layer * (1 + h->has_c);
    for (size_t r = 0; r < rows; r++) {
        if (s->batch->mode && s->batch->mode[t * s->batch->B + row0 + r] != UNROLL_RUN)
            continue; /* padding */
        const size_t many = s->batch->mode ? 1 : rows;
        count_rows(h, to, dh + r * pitch, many, H, pitch);
        if (dc)
            count_rows(h, to + 1, dc + r * pitch, many, H, pitch);
        r += many - 1;
    }
}

unroll_status unroll_measure_histograms(unroll_histograms *h, unroll_probe *p)
{
    const unroll_net *net = p->net;
    unroll_result result;
    struct seen seen = {h, net, p->batch};
    for (size_t i = 0; i < h->count; i++) {
        memset(h->at[i].bin, 0, sizeof h->at[i].bin);
        h->at[i].zero = 0;
    }
    unroll_work_set_hook(p->work, &(unroll_hook){.after = see, .arg = &seen});
    const unroll_status status = unroll_net_gradient(net, p->batch, p->work, p->grad, &result);
    unroll_work_set_hook(p->work, NULL);
    UNROLL_TRY(status);
    if (!result.finite)
        return unroll_fail(UNROLL_ENUMERIC, "the loss is not finite; the model has diverged");
    for (size_t i = 0; i < h->parameters; i++) {
        const unroll_parameter *parameter = &net->parameters.list[h->index[i]];
        const struct unroll_parameter_use *use = &net->parameters.use[h->index[i]];
        count_rows(h, &h->at[i], p->grad + parameter->offset + use->first, 1, use->trained, 0);
    }
    return UNROLL_OK;
}
