#ifndef UNROLL_BASE_NUMBER_H
#define UNROLL_BASE_NUMBER_H
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers as text, the same in every locale. Parsers take the whole string or nothing: no spaces,
 * no trailing characters, no hexadecimal, no "nan" or "inf". They set no message: the caller knows
 * the option's name and range. Where they return false, *out is untouched. */

bool unroll_parse_size(const char *text, uint64_t *out); /**< digits only; no sign */
bool unroll_parse_int(const char *text, int64_t *out);   /**< digits, a sign before them allowed */
/** Finite decimal, exponent allowed. "1e999" is refused, and so is "1e-999", which would become 0. */
bool unroll_parse_double(const char *text, double *out);

/** Shortest decimal that reads back as the same double ("0.5", "1e-38", "nan", "inf"). */
const char *unroll_format_double(char buffer[32], double value);
/** `digits` significant digits (1 to 17), as %.{digits}g. */
const char *unroll_format_digits(char buffer[32], double value, int digits);

/** vsnprintf() with the numbers of the C locale: "0.5" where the host's locale says "0,5". */
int unroll_vformat(char *buffer, size_t room, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));
#endif
