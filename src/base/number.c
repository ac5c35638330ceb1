#include "base/number.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The calling thread's locale becomes "C" until leave_c(). newlocale() keeps one "C" for all, so
 * this neither allocates nor leaks. */
typedef struct locales {
    locale_t c, before;
} locales;

static locales enter_c(void)
{
    const locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return (locales){c, uselocale(c)};
}

static void leave_c(locales l)
{
    uselocale(l.before);
    if (l.c)
        freelocale(l.c);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool unroll_parse_size(const char *text, uint64_t *out)
{
    uint64_t value = 0;

    if (!*text)
        return false;
    for (; *text; text++) {
        if (!is_digit(*text) || __builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
            return false;
    }
    *out = value;
    return true;
}

bool unroll_parse_int(const char *text, int64_t *out)
{
    const bool negative = *text == '-';
    uint64_t value;

    if (!unroll_parse_size(text + (negative || *text == '+'), &value) ||
        value > (uint64_t)INT64_MAX + negative)
        return false;
    *out = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

/* Skip digits; *some and *nonzero become true where there are any. */
static const char *skip_digits(const char *s, bool *some, bool *nonzero)
{
    for (; is_digit(*s); s++) {
        *some = true;
        *nonzero |= *s != '0';
    }
    return s;
}

/* Is it [sign] digits [. digits] [e [sign] digits]? strtod() alone also takes spaces, hexadecimal,
 * "nan" and "inf". */
static bool is_decimal(const char *s, bool *nonzero)
{
    bool mantissa = false, exponent = true, ignored = false;

    *nonzero = false;
    s += *s == '-' || *s == '+';
    s = skip_digits(s, &mantissa, nonzero);
    if (*s == '.')
        s = skip_digits(s + 1, &mantissa, nonzero);
    if (*s == 'e' || *s == 'E') {
        s++;
        s += *s == '-' || *s == '+';
        exponent = false;
        s = skip_digits(s, &exponent, &ignored);
    }
    return mantissa && exponent && !*s;
}

static double read_c(const char *text)
{
    const locales l = enter_c();
    const double value = strtod(text, NULL);
    leave_c(l);
    return value;
}

bool unroll_parse_double(const char *text, double *out)
{
    bool nonzero;

    if (!is_decimal(text, &nonzero))
        return false;
    const double value = read_c(text);
    if (!isfinite(value) || (nonzero && value == 0))
        return false;
    *out = value;
    return true;
}

int unroll_vformat(char *buffer, size_t room, const char *format, va_list args)
{
    const locales l = enter_c();
    const int length = vsnprintf(buffer, room, format, args);
    leave_c(l);
    return length;
}

const char *unroll_format_digits(char buffer[32], double value, int digits)
{
    if (isnan(value)) /* printf would show its sign */
        return strcpy(buffer, "nan");
    const locales l = enter_c();
    snprintf(buffer, 32, "%.*g", digits < 1 ? 1 : digits > 17 ? 17 : digits, value);
    leave_c(l);
    return buffer;
}

/* A decimal of up to 15 digits survives the way through a double, so %.15g finds every shorter one;
 * denormal numbers have fewer bits, and there the search starts at one digit. */
const char *unroll_format_double(char buffer[32], double value)
{
    int digits = fabs(value) < DBL_MIN ? 1 : DBL_DIG;

    do
        unroll_format_digits(buffer, value, digits);
    while (isfinite(value) && digits++ < 17 && read_c(buffer) != value);
    return buffer;
}
