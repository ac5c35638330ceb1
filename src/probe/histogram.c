#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "net/net.h"
#include "probe/measures.h"

struct unroll_histograms {
    unroll_histogram *at;
    size_t count, parameters;
    size_t *index;  /* [parameters] of the net's list */
    int16_t *table; /* [2048] lowest bin of each binary exponent */
    double *edge;   /* [2048] where the next bin begins */
    bool has_c;
};

/* log10 of a million numbers takes longer than their gradients. An octave holds at most one
 * bin's edge, so the binary exponent and one comparison give the bin. */
enum { EXPONENTS = 2048 };

static size_t bin_of(double log)
{
    const double at = floor(2 * (log - UNROLL_BINS_LOW));
    return at < 0 ? 0 : at >= UNROLL_BINS ? UNROLL_BINS - 1 : (size_t)at;
}

static void make_table(unroll_histograms *h)
{
    for (int e = 0; e < EXPONENTS; e++) {
        const double first = e ? ldexp(1, e - 1023) : 0;
        h->table[e] = (int16_t)(e ? bin_of(log10(first)) : 0);
        h->edge[e] = pow(10, unroll_histogram_low((size_t)h->table[e] + 1));
    }
}

static size_t trained_elements(const unroll_net *net, size_t i)
{
    return net->parameters.use[i].trained;
}

static unroll_status allocate(unroll_histograms *h, size_t parameters, size_t layers)
{
    h->at = unroll_alloc(parameters + 2 * layers, sizeof *h->at);
    h->index = unroll_alloc(parameters, sizeof *h->index);
    h->table = unroll_alloc(EXPONENTS, sizeof *h->table);
    h->edge = unroll_alloc(EXPONENTS, sizeof *h->edge);
    return h->at && h->index && h->table && h->edge ? UNROLL_OK : UNROLL_EMEMORY;
}

unroll_status unroll_histograms_new(const unroll_net *net, unroll_histograms **out)
{
    const unroll_parameter *list;
    const size_t n = unroll_net_parameters(net, &list), layers = net->stack.layers;
    unroll_histograms *h = unroll_alloc(1, sizeof *h);
    if (!h)
        return UNROLL_EMEMORY;
    h->has_c = net->stack.cell->states > 1;
    if (allocate(h, n, layers) != UNROLL_OK) {
        unroll_histograms_free(h);
        return UNROLL_EMEMORY;
    }
    for (size_t i = 0; i < n; i++)
        if (trained_elements(net, i)) {
            snprintf(h->at[h->count].name, sizeof h->at->name, "%s", list[i].name);
            h->index[h->count++] = i;
        }
    h->parameters = h->count;
    for (size_t l = 0; l < layers; l++)
        for (int c = 0; c <= h->has_c; c++)
            snprintf(h->at[h->count++].name, sizeof h->at->name, "%c_l%zu", c ? 'c' : 'h', l);
    make_table(h);
    *out = h;
    return UNROLL_OK;
}

void unroll_histograms_free(unroll_histograms *h)
{
    if (!h)
        return;
    unroll_free(h->edge);
    unroll_free(h->table);
    unroll_free(h->index);
    unroll_free(h->at);
    unroll_free(h);
}

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
            const size_t bin = (size_t)h->table[e] + (value >= h->edge[e]);
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

double unroll_histogram_low(size_t bin)
{
    return UNROLL_BINS_LOW + (double)bin / 2;
}

size_t unroll_histograms_count(const unroll_histograms *h)
{
    return h->count;
}

size_t unroll_histograms_parameters(const unroll_histograms *h)
{
    return h->parameters;
}

const unroll_histogram *unroll_histograms_at(const unroll_histograms *h, size_t i)
{
    return i < h->count ? &h->at[i] : NULL;
}
