#include "store/curve_csv.h"

#include "base/buffer.h"
#include "base/memory.h"

void unroll_curve_csv_rows(unroll_buffer *rows, uint64_t step, const unroll_curve *c)
{
    double *scratch = unroll_alloc(c->samples, sizeof *scratch);
    rows->failed |= scratch == NULL;
    for (size_t l = 0; l < c->layers && scratch; l++)
        for (int s = 0; s <= c->has_c; s++)
            for (size_t k = 0; k < c->distances; k++) {
                const unroll_curve_point p =
                    unroll_curve_at(c, l, (enum unroll_state)s, k, scratch);
                unroll_buffer_printf(rows, "%llu,%zu,%c,%zu,%.9g,%.9g,%.9g,%.9g,%.9g,%zu\n",
                                (unsigned long long)step, l, s ? 'c' : 'h', k, p.mean, p.gmean,
                                p.q10, p.median, p.q90, p.n);
            }
    unroll_free(scratch);
}

void unroll_histogram_csv_rows(unroll_buffer *rows, uint64_t step, const unroll_histograms *h)
{
    for (size_t i = 0; i < h->count; i++) {
        const unroll_histogram *one = &h->at[i];
        if (one->zero)
            unroll_buffer_printf(rows, "%llu,%s,-inf,-inf,%llu\n", (unsigned long long)step, one->name,
                            (unsigned long long)one->zero);
        for (size_t b = 0; b < UNROLL_BINS; b++)
            if (one->bin[b])
                unroll_buffer_printf(rows, "%llu,%s,%g,%g,%llu\n", (unsigned long long)step, one->name,
                                unroll_bin_low(b), unroll_bin_low(b + 1),
                                (unsigned long long)one->bin[b]);
    }
}
