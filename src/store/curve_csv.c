#include "store/curve_csv.h"

#include "base/buffer.h"
#include "base/memory.h"

static void state_rows(unroll_buffer *rows, uint64_t step, size_t layer, char state,
                       size_t distances, const unroll_curve_point *p)
{
    for (size_t k = 0; k < distances; k++, p++)
        unroll_buffer_printf(rows, "%llu,%zu,%c,%zu,%.9g,%.9g,%.9g,%.9g,%.9g,%zu\n",
                             (unsigned long long)step, layer, state, k, p->mean, p->gmean, p->q10,
                             p->median, p->q90, p->n);
}

void unroll_curve_csv_rows(unroll_buffer *rows, uint64_t step, const unroll_curve *c)
{
    const size_t distances = unroll_curve_distances(c);
    unroll_curve_point *point = unroll_alloc(distances, sizeof *point);
    rows->failed |= point == NULL;
    for (size_t l = 0; l < unroll_curve_layers(c) && point; l++)
        for (int s = 0; s <= unroll_curve_has_c(c); s++) {
            if (unroll_curve_points(c, l, (enum unroll_state)s, point) == UNROLL_OK)
                state_rows(rows, step, l, s ? 'c' : 'h', distances, point);
            else
                rows->failed = true;
        }
    unroll_free(point);
}

void unroll_histogram_csv_rows(unroll_buffer *rows, uint64_t step, const unroll_histograms *h)
{
    for (size_t i = 0; i < unroll_histograms_count(h); i++) {
        const unroll_histogram *one = unroll_histograms_at(h, i);
        if (one->zero)
            unroll_buffer_printf(rows, "%llu,%s,-inf,-inf,%llu\n", (unsigned long long)step,
                                 one->name, (unsigned long long)one->zero);
        for (size_t b = 0; b < UNROLL_BINS; b++)
            if (one->bin[b])
                unroll_buffer_printf(rows, "%llu,%s,%g,%g,%llu\n", (unsigned long long)step,
                                     one->name, unroll_histogram_low(b), unroll_histogram_low(b + 1),
                                     (unsigned long long)one->bin[b]);
    }
}
