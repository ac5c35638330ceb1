#include <math.h>
#include <stdio.h>

#include "base/memory.h"
#include "net/net.h"
#include "probe/histogram.h"

/* log10 of a million numbers takes longer than their gradients. An octave holds at most one
 * bin's edge, so the binary exponent and one comparison give the bin. */
enum { EXPONENTS = 2048 };

size_t unroll_histogram_bin(double value)
{
    const double at = floor(2 * (log10(value) - UNROLL_BINS_LOW));
    return at < 0 ? 0 : at >= UNROLL_BINS ? UNROLL_BINS - 1 : (size_t)at;
}

static void make_table(unroll_histograms *h)
{
    for (int e = 0; e < EXPONENTS; e++) {
        const double first = e ? ldexp(1, e - 1023) : 0;
        h->table[e] = (int16_t)(e ? unroll_histogram_bin(first) : 0);
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
