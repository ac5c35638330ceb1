#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "probe/live.h"

static void add_text(unroll_rows *rows, const char *text, size_t length)
{
    if (length + 1 > rows->room - rows->length) {
        const size_t room = 2 * (rows->room + length + 1);
        char *more = rows->failed ? NULL : unroll_realloc(rows->text, room, 1);
        if (!more) {
            rows->failed = true;
            return;
        }
        rows->text = more;
        rows->room = room;
    }
    memcpy(rows->text + rows->length, text, length);
    rows->length += length;
    rows->text[rows->length] = '\0';
}

void unroll_rows_add(unroll_rows *rows, const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    const int length = unroll_vformat(line, sizeof line, format, args);
    va_end(args);
    add_text(rows, line, length < 0                       ? 0
                         : (size_t)length >= sizeof line ? sizeof line - 1
                                                         : (size_t)length);
}

void unroll_rows_curve(unroll_rows *rows, uint64_t step, const unroll_curve *c)
{
    double *scratch = unroll_alloc(c->samples, sizeof *scratch);
    rows->failed |= scratch == NULL;
    for (size_t l = 0; l < c->layers && scratch; l++)
        for (int s = 0; s <= c->has_c; s++)
            for (size_t k = 0; k < c->distances; k++) {
                const unroll_curve_point p =
                    unroll_curve_at(c, l, (enum unroll_probe_state)s, k, scratch);
                unroll_rows_add(rows, "%llu,%zu,%c,%zu,%.9g,%.9g,%.9g,%.9g,%.9g,%zu\n",
                                (unsigned long long)step, l, s ? 'c' : 'h', k, p.mean, p.gmean,
                                p.q10, p.median, p.q90, p.n);
            }
    unroll_free(scratch);
}

void unroll_rows_histograms(unroll_rows *rows, uint64_t step, const unroll_histograms *h)
{
    for (size_t i = 0; i < h->count; i++) {
        const unroll_histogram *one = &h->at[i];
        if (one->zero)
            unroll_rows_add(rows, "%llu,%s,-inf,-inf,%llu\n", (unsigned long long)step, one->name,
                            (unsigned long long)one->zero);
        for (size_t b = 0; b < UNROLL_BINS; b++)
            if (one->bin[b])
                unroll_rows_add(rows, "%llu,%s,%g,%g,%llu\n", (unsigned long long)step, one->name,
                                unroll_bin_low(b), unroll_bin_low(b + 1),
                                (unsigned long long)one->bin[b]);
    }
}
