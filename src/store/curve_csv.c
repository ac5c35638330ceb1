#include "store/curve_csv.h"

#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/number.h"

enum { PLACE = 4, REALS = 5 }; /* fields: step, layer, state, distance; then the numbers, and n */

void unroll_curve_csv_put(unroll_buffer *rows, const unroll_curve_row *row, bool blank)
{
    const unroll_curve_point *p = &row->point;
    const double value[REALS] = {p->mean, p->gmean, p->q10, p->median, p->q90};
    char text[REALS][32];
    for (size_t i = 0; i < REALS; i++)
        if (blank && isnan(value[i]))
            text[i][0] = '\0';
        else
            unroll_format_double(text[i], value[i]);
    unroll_buffer_printf(rows, "%llu,%zu,%c,%zu,%s,%s,%s,%s,%s,%zu\n",
                         (unsigned long long)row->step, row->layer, row->state, row->distance,
                         text[0], text[1], text[2], text[3], text[4], p->n);
}

bool unroll_curve_csv_get(char *line, unroll_curve_row *out)
{
    char *save = NULL, *field[PLACE + REALS + 1];
    uint64_t layer, distance, n;
    size_t fields = 0;
    *out = (unroll_curve_row){0};
    for (char *next = strtok_r(line, ",", &save); next && fields < PLACE + REALS + 1;
         next = strtok_r(NULL, ",", &save))
        field[fields++] = next;
    if (fields < PLACE + REALS + 1 || !unroll_parse_size(field[0], &out->step) ||
        !unroll_parse_size(field[1], &layer) || !unroll_parse_size(field[3], &distance) ||
        !unroll_parse_size(field[PLACE + REALS], &n))
        return false;
    out->layer = (size_t)layer;
    out->state = *field[2];
    out->distance = (size_t)distance;
    out->point.n = (size_t)n;
    double *const value[REALS] = {&out->point.mean, &out->point.gmean, &out->point.q10,
                                  &out->point.median, &out->point.q90};
    for (size_t i = 0; i < REALS; i++)
        if (!unroll_parse_double(field[PLACE + i], value[i]))
            *value[i] = NAN;
    return true;
}

static void state_rows(unroll_buffer *rows, uint64_t step, size_t layer, char state,
                       size_t distances, const unroll_curve_point *p)
{
    for (size_t k = 0; k < distances; k++)
        unroll_curve_csv_put(rows, &(unroll_curve_row){step, layer, state, k, p[k]}, false);
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
                                     one->name, unroll_histogram_low(b),
                                     unroll_histogram_low(b + 1), (unsigned long long)one->bin[b]);
    }
}
