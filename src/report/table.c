#include "report/table.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"

void unroll_table_text(unroll_table *table, const char *text)
{
    unroll_buffer_add(&table->text, text, strlen(text) + 1);
    table->cells++;
}

void unroll_table_cell(unroll_table *table, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    if (unroll_vformat(text, sizeof text, format, args) < 0)
        *text = '\0';
    va_end(args);
    unroll_table_text(table, text);
}

void unroll_table_number(unroll_table *table, double x)
{
    if (isnan(x))
        unroll_table_text(table, "-");
    else
        unroll_table_cell(table, "%.3g", x);
}

void unroll_table_row(unroll_table *table, const char *const *cell)
{
    for (size_t i = 0; i < table->columns; i++)
        unroll_table_text(table, cell[i]);
}

void unroll_table_free(unroll_table *table)
{
    unroll_free(table->text.text);
    *table = (unroll_table){.columns = table->columns};
}

const char *unroll_table_first(const unroll_table *table)
{
    return table->text.text;
}

const char *unroll_table_next(const char *cell)
{
    return cell + strlen(cell) + 1;
}
