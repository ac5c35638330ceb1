#include "report/chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/number.h"

enum { MARGIN = 9 }; /* columns left of the axis */
static const char marks[] = "*+ox#%@&";

typedef struct chart {
    const unroll_plot *plot;
    size_t columns, rows, width, height; /* of the whole; of the field */
    double x0, x1, y0, y1;
    char *text;
} chart;

static double scaled(const chart *c, double y)
{
    return !c->plot->log_y ? y : y > 0 ? log10(y) : NAN;
}

/* The range of all that can be shown; references do not stretch y. */
static void find_range(chart *c)
{
    c->x0 = c->y0 = INFINITY;
    c->x1 = c->y1 = -INFINITY;
    for (size_t s = 0; s < c->plot->count; s++) {
        const unroll_series *one = &c->plot->series[s];
        for (size_t i = 0; i < one->count && !one->reference; i++) {
            const double y = scaled(c, one->y[i]);
            if (!isfinite(y) || !isfinite(one->x[i]))
                continue;
            c->x0 = fmin(c->x0, one->x[i]);
            c->x1 = fmax(c->x1, one->x[i]);
            c->y0 = fmin(c->y0, y);
            c->y1 = fmax(c->y1, y);
        }
    }
    if (!(c->x0 <= c->x1))
        c->x0 = c->y0 = 0, c->x1 = c->y1 = 1;
    if (c->x0 == c->x1)
        c->x1++;
    if (c->plot->log_y) {
        c->y0 = floor(c->y0);
        c->y1 = ceil(c->y1);
    }
    if (c->y0 == c->y1)
        c->y1++;
}

static char *cell(const chart *c, size_t row, size_t column)
{
    return c->text + row * (c->columns + 1) + column;
}

static void put(const chart *c, size_t row, size_t column, const char *text)
{
    const size_t room = column < c->columns ? c->columns - column : 0, length = strlen(text);
    memcpy(cell(c, row, column), text, length < room ? length : room);
}

static double value_at(const chart *c, const unroll_series *one, double x)
{
    for (size_t i = 0; i + 1 < one->count; i++)
        if (one->x[i] <= x && x <= one->x[i + 1]) {
            const double a = scaled(c, one->y[i]), b = scaled(c, one->y[i + 1]);
            const double width = one->x[i + 1] - one->x[i];
            return width > 0 ? a + (b - a) * (x - one->x[i]) / width : a;
        }
    return one->count == 1 && fabs(one->x[0] - x) < (c->x1 - c->x0) / (double)c->width
               ? scaled(c, one->y[0])
               : NAN;
}

static void put_series(const chart *c, const unroll_series *one, char mark)
{
    for (size_t k = 0; k < c->width; k++) {
        const double x = c->x0 + (c->x1 - c->x0) * (double)k / (double)(c->width - 1);
        const double y = (value_at(c, one, x) - c->y0) / (c->y1 - c->y0);
        if (!(y >= 0 && y <= 1) || (one->reference && k % 2))
            continue;
        char *at = cell(c, 1 + (size_t)lround((1 - y) * (double)(c->height - 1)), MARGIN + 1 + k);
        if (*at == ' ' || !one->reference)
            *at = mark;
    }
}

static void put_axes(const chart *c)
{
    char number[64];
    for (size_t r = 0; r < c->height; r++) {
        *cell(c, 1 + r, MARGIN) = '|';
        if (r % 4 && r + 1 < c->height)
            continue;
        const double y = c->y1 - (c->y1 - c->y0) * (double)r / (double)(c->height - 1);
        char text[32];
        if (c->plot->log_y)
            snprintf(number, sizeof number, "1e%d", (int)lround(y));
        else
            snprintf(number, sizeof number, "%s", unroll_format_digits(text, y, 3));
        const size_t length = strlen(number);
        put(c, 1 + r, length < MARGIN ? MARGIN - 1 - length : 0, number);
    }
    for (size_t k = 0; k <= c->width; k++)
        *cell(c, 1 + c->height, MARGIN + k) = k ? '-' : '+';
    snprintf(number, sizeof number, "%g", c->x0);
    put(c, 2 + c->height, MARGIN + 1, number);
    snprintf(number, sizeof number, "%g", c->x1);
    put(c, 2 + c->height, c->columns - strlen(number), number);
    const size_t length = strlen(c->plot->x_label);
    put(c, 2 + c->height, length + MARGIN < c->columns ? (c->columns + MARGIN - length) / 2 : MARGIN,
        c->plot->x_label);
}

/* "* h of layer 1   + h of layer 0", in as many lines as there are. */
static void put_legend(const chart *c)
{
    size_t row = 3 + c->height, column = 1;
    for (size_t s = 0; s < c->plot->count && row < c->rows; s++) {
        char entry[96];
        const unroll_series *one = &c->plot->series[s];
        snprintf(entry, sizeof entry, "%c %s", one->reference ? '.' : marks[s % (sizeof marks - 1)],
                 one->label);
        if (column > 1 && column + strlen(entry) > c->columns) {
            row++;
            column = 1;
        }
        if (row < c->rows)
            put(c, row, column, entry);
        column += strlen(entry) + 3;
    }
}

char *unroll_chart(const unroll_plot *plot, size_t columns, size_t rows)
{
    chart c = {.plot = plot, .columns = columns, .rows = rows};
    const size_t around = 5; /* title, axis, its numbers, two lines of legend */
    if (columns < 40 || rows < 10 || columns > 1000 || rows > 1000) {
        unroll_fail(UNROLL_EBUG, "a chart of %zu by %zu characters", columns, rows);
        return NULL;
    }
    c.width = columns - MARGIN - 1;
    c.height = rows - around;
    c.text = unroll_alloc(rows * (columns + 1) + 1, 1);
    if (!c.text)
        return NULL;
    memset(c.text, ' ', rows * (columns + 1));
    for (size_t r = 0; r < rows; r++)
        *cell(&c, r, columns) = '\n';
    find_range(&c);
    put(&c, 0, 1, plot->title);
    put_axes(&c);
    for (size_t s = plot->count; s-- > 0;)
        put_series(&c, &plot->series[s],
                   plot->series[s].reference ? '.' : marks[s % (sizeof marks - 1)]);
    put_legend(&c);
    char *to = c.text; /* trailing spaces go */
    for (size_t r = 0; r < rows; r++) {
        size_t length = columns;
        while (length > 0 && *cell(&c, r, length - 1) == ' ')
            length--;
        memmove(to, cell(&c, r, 0), length);
        to += length;
        *to++ = '\n';
    }
    *to = '\0';
    return c.text;
}
