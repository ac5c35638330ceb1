/* Numbers in English words to digits, Roman numerals or German words, where the units stand before
 * the tens: to be read by character. */
#include <stdio.h>

#include "task/task.h"

enum { DIGITS = UNROLL_TOY_PAIRS + 1, TO };
enum target { TO_DIGITS, TO_ROMAN, TO_GERMAN };
enum { ROMAN_MAX = 3999 };

/* ---- English ---- */

static const char *const english_small[20] = {
    "zero",     "one",     "two",     "three",     "four",     "five",    "six",
    "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",  "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
static const char *const english_tens[10] = {"",      "",      "twenty",  "thirty", "forty",
                                             "fifty", "sixty", "seventy", "eighty", "ninety"};

/* 1 … 999 */
static void say_english_hundreds(unroll_buffer *s, unsigned n)
{
    if (n >= 100) {
        unroll_toy_word(s, english_small[n / 100]);
        unroll_toy_word(s, "hundred");
    }
    n %= 100;
    if (n >= 20) {
        unroll_toy_word(s, english_tens[n / 10]);
        if (n % 10) {
            unroll_buffer_text(s, "-");
            unroll_buffer_text(s, english_small[n % 10]);
        }
    } else if (n > 0) {
        unroll_toy_word(s, english_small[n]);
    }
}

static void say_english(unroll_buffer *s, unsigned n)
{
    static const struct {
        unsigned size;
        const char *name;
    } groups[] = {{1000000, "million"}, {1000, "thousand"}};
    if (n == 0)
        unroll_toy_word(s, english_small[0]);
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        if (n >= groups[i].size) {
            say_english_hundreds(s, n / groups[i].size);
            unroll_toy_word(s, groups[i].name);
        }
        n %= groups[i].size;
    }
    say_english_hundreds(s, n);
}

/* ---- German ---- */

static const char *const german_small[20] = {
    "null",     "ein",      "zwei",     "drei",     "vier",     "fünf",    "sechs",
    "sieben",   "acht",     "neun",     "zehn",     "elf",      "zwölf",   "dreizehn",
    "vierzehn", "fünfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn"};
/* clang-format off */
static const char *const german_tens[10] = {
    "", "", "zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig",
    "neunzig"};
/* clang-format on */

/* 0 … 999, one word. @param last  nothing follows: a one is "eins" */
static void say_german_hundreds(unroll_buffer *s, unsigned n, bool last)
{
    if (n >= 100) {
        unroll_buffer_text(s, german_small[n / 100]);
        unroll_buffer_text(s, "hundert");
    }
    n %= 100;
    if (n >= 20 && n % 10) {
        unroll_buffer_text(s, german_small[n % 10]);
        unroll_buffer_text(s, "und");
    }
    if (n >= 20)
        unroll_buffer_text(s, german_tens[n / 10]);
    else if (n > 0)
        unroll_buffer_text(s, n == 1 && last ? "eins" : german_small[n]);
}

static void say_german(unroll_buffer *s, unsigned n)
{
    if (n == 0)
        unroll_buffer_text(s, german_small[0]);
    if (n >= 1000000) { /* a feminine noun: eine Million */
        if (n / 1000000 == 1)
            unroll_buffer_text(s, "eine");
        else
            say_german_hundreds(s, n / 1000000, false);
        unroll_toy_word(s, n / 1000000 == 1 ? "Million" : "Millionen");
        n %= 1000000;
        if (n)
            unroll_buffer_text(s, " ");
    }
    if (n >= 1000) {
        say_german_hundreds(s, n / 1000, false);
        unroll_buffer_text(s, "tausend");
    }
    say_german_hundreds(s, n % 1000, true);
}

/* ---- digits and Roman numerals ---- */

static void say_digits(unroll_buffer *s, unsigned n)
{
    char text[16];
    snprintf(text, sizeof text, "%u", n);
    unroll_buffer_text(s, text);
}

static void say_roman(unroll_buffer *s, unsigned n)
{
    static const struct {
        unsigned size;
        const char *sign;
    } signs[] = {{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"},
                 {90, "XC"},  {50, "L"},   {40, "XL"}, {10, "X"},   {9, "IX"},
                 {5, "V"},    {4, "IV"},   {1, "I"}};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        for (; n >= signs[i].size; n -= signs[i].size)
            unroll_buffer_text(s, signs[i].sign);
}

/* First how many digits, then which: short numbers come as often as long ones. */
static unsigned draw_number(const double *value, unroll_rng *rng, enum target to)
{
    const unsigned digits = 1 + (unsigned)unroll_rng_below(rng, (uint64_t)value[DIGITS]);
    unsigned first = 1, end;
    for (unsigned i = 1; i < digits; i++)
        first *= 10;
    end = 10 * first;
    if (digits == 1 && to != TO_ROMAN)
        first = 0;
    if (to == TO_ROMAN && first > ROMAN_MAX)
        first = 1;
    if (to == TO_ROMAN && end > ROMAN_MAX)
        end = ROMAN_MAX + 1;
    return first + (unsigned)unroll_rng_below(rng, end - first);
}

static void draw(const double *value, unroll_rng *rng, unroll_buffer *source, unroll_buffer *target)
{
    const enum target to = (enum target)value[TO];
    const unsigned n = draw_number(value, rng, to);
    say_english(source, n);
    if (to == TO_ROMAN)
        say_roman(target, n);
    else if (to == TO_GERMAN)
        say_german(target, n);
    else
        say_digits(target, n);
}

/* clang-format off */
const unroll_toy_row unroll_toy_numbers = {
    .name = "numbers",
    .summary = "numbers in English words to digits, Roman numerals or German words, by character",
    .origin = "this project",
    .keys =
        {
            [UNROLL_TOY_PAIRS] = {"pairs", "pairs that training without FILE makes", 50000, 1, 1e7,
                                  false},
            [DIGITS] = {"digits", "most digits", 6, 1, 8, false},
            [TO] = {"to", "0: digits; 1: Roman numerals, up to 3999; 2: German words", 0, 0, 2,
                    false},
        },
    .tokens = UNROLL_CODEPOINT,
    .draw = draw,
};
/* clang-format on */
