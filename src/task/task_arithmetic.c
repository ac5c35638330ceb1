/* Arithmetic: Jozefowicz, Zaremba and Sutskever (2015). Two numbers are read, and then their sum or their difference is
 * written, character by character; each is predicted from the right ones before it. Between the characters of the
 * question stand random letters that mean nothing.
 *
 *   input    3 e 3 6 d 9 - h 1 h 3 9 =   -   1   0  …
 *   target                           -   1   0   …  .
 *
 * Each number has 1 … D digits with the same chance, and the first one is negative in half of the cases. Symbols are the
 * digits, + - = . and 26 letters; the point ends the answer. Sequences end at different steps; what comes after has no
 * weight. */
#include <math.h>
#include <string.h>

#include "task/task.h"

enum { DIGITS, DISTRACTORS };
enum { PLUS = 10, MINUS, EQUALS, POINT, LETTER, LETTERS = 26, SYMBOLS = LETTER + LETTERS };
enum { MOST_DIGITS = 15, CHARACTERS = 2 * MOST_DIGITS + 3, ANSWER = MOST_DIGITS + 3 };
enum { DRAWS = 20000 }; /* for what a guess reaches */

/* Characters without the letters. */
typedef struct problem {
    uint32_t question[CHARACTERS], answer[ANSWER];
    size_t asked, answered;
} problem;

static void shape(const double *value, unroll_task_shape *s)
{
    const size_t digits = (size_t)value[DIGITS];
    *s = (unroll_task_shape){.T = (2 * digits + 3) + (2 * digits + 2) * (size_t)value[DISTRACTORS] +
                                  digits + 2,
                             .inputs = SYMBOLS,
                             .outputs = LETTER};
}

/* @return the number of digits */
static size_t write_number(uint64_t number, uint32_t *to)
{
    uint32_t reversed[MOST_DIGITS + 1];
    size_t n = 0;
    do {
        reversed[n++] = (uint32_t)(number % 10);
        number /= 10;
    } while (number);
    for (size_t i = 0; i < n; i++)
        to[i] = reversed[n - 1 - i];
    return n;
}

/* Without leading zeros. */
static int64_t draw_number(unroll_rng *rng, size_t digits)
{
    uint64_t below = 10;
    for (size_t n = 1 + (size_t)unroll_rng_below(rng, digits); n > 1; n--)
        below *= 10;
    const uint64_t least = below > 10 ? below / 10 : 0;
    return (int64_t)(least + unroll_rng_below(rng, below - least));
}

static void pose(unroll_rng *rng, size_t digits, problem *p)
{
    const bool negative = unroll_rng_below(rng, 2), minus = unroll_rng_below(rng, 2);
    const int64_t a = draw_number(rng, digits), b = draw_number(rng, digits);
    const int64_t sum = (negative ? -a : a) + (minus ? -b : b);
    *p = (problem){.asked = 0};
    if (negative)
        p->question[p->asked++] = MINUS;
    p->asked += write_number((uint64_t)a, p->question + p->asked);
    p->question[p->asked++] = minus ? MINUS : PLUS;
    p->asked += write_number((uint64_t)b, p->question + p->asked);
    p->question[p->asked++] = EQUALS;
    if (sum < 0)
        p->answer[p->answered++] = MINUS;
    p->answered += write_number((uint64_t)(sum < 0 ? -sum : sum), p->answer + p->answered);
    p->answer[p->answered++] = POINT;
}

static void draw(const double *value, unroll_rng *rng, const unroll_task_column *c)
{
    const uint64_t most = (uint64_t)value[DISTRACTORS];
    problem p;
    size_t t = 0;
    pose(rng, (size_t)value[DIGITS], &p);
    for (size_t i = 0; i < p.asked; i++) {
        for (uint64_t n = i ? unroll_rng_below(rng, most + 1) : 0; n > 0; n--)
            c->input[t++ * c->stride] = LETTER + (uint32_t)unroll_rng_below(rng, LETTERS);
        c->input[t++ * c->stride] = p.question[i];
    }
    t--; /* the equals sign asks for the first character */
    for (size_t i = 0; i < p.answered; i++, t++) {
        if (i)
            c->input[t * c->stride] = p.answer[i - 1];
        c->target[t * c->stride] = p.answer[i];
        c->weight[t * c->stride] = 1;
    }
}

/* How often each character of an answer follows each one before it, the equals sign or another of the answer. */
static void count(const double *value, double follows[LETTER][LETTER])
{
    unroll_rng rng;
    memset(follows, 0, LETTER * sizeof *follows);
    unroll_rng_seed(&rng, 1, UNROLL_STREAM_VALID);
    for (int i = 0; i < DRAWS; i++) {
        problem p;
        pose(&rng, (size_t)value[DIGITS], &p);
        for (size_t k = 0; k < p.answered; k++)
            follows[k ? p.answer[k - 1] : EQUALS][p.answer[k]]++;
    }
}

/* Of a guess that sees the character before, and remembers nothing: measured. */
static double baseline(const double *value)
{
    double follows[LETTER][LETTER], loss = 0, all = 0;
    count(value, follows);
    for (size_t i = 0; i < LETTER; i++) {
        double sum = 0;
        for (size_t k = 0; k < LETTER; k++)
            sum += follows[i][k];
        for (size_t k = 0; k < LETTER; k++)
            loss -= follows[i][k] > 0 ? follows[i][k] * log(follows[i][k] / sum) : 0;
        all += sum;
    }
    return loss / all;
}

static double chance(const double *value)
{
    double follows[LETTER][LETTER], right = 0, all = 0;
    count(value, follows);
    for (size_t i = 0; i < LETTER; i++) {
        double most = 0;
        for (size_t k = 0; k < LETTER; k++) {
            most = fmax(most, follows[i][k]);
            all += follows[i][k];
        }
        right += most;
    }
    return right / all;
}

const unroll_task_row unroll_task_arithmetic = {
    .name = "arithmetic",
    .summary = "write the sum or the difference of two numbers",
    .origin = "Jozefowicz, Zaremba and Sutskever (2015)",
    .keys = {[DIGITS] = {"digits", "most digits of a number", 3, 1, MOST_DIGITS, false},
             [DISTRACTORS] = {"distractors", "most letters between two characters of the question",
                              1, 0, 1e4, false}},
    .shape = shape,
    .draw = draw,
    .baseline = baseline,
    .measure = "share of the answer's characters that are right, each after the right ones before it",
    .chance = chance,
};
