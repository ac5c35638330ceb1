/* What each synthetic task asks for, worked out anew from what it shows. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/inject.h"
#include "runner.h"
#include "synthetic_examples.h"

enum { ROWS = 16, BATCHES = 250, SEQUENCES = ROWS * BATCHES };

/* Sequence b of a batch, one array each. */
typedef struct sequence {
    size_t T;
    uint32_t input[64], target[64];
    double feature[64], value[64][8], weight[64];
    uint8_t counted[64];
} sequence;

static sequence column(const example *e, const unroll_batch *batch, size_t b)
{
    sequence s = {.T = batch->T};
    for (size_t t = 0; t < batch->T; t++) {
        const size_t at = t * batch->B + b;
        s.input[t] = batch->input ? batch->input[at] : 0;
        s.target[t] = batch->target ? batch->target[at] : 0;
        s.feature[t] = batch->feature ? (double)batch->feature[at * e->task.inputs] : 0;
        for (size_t j = 0; batch->value && j < e->task.outputs; j++)
            s.value[t][j] = (double)batch->value[at * e->task.outputs + j];
        s.weight[t] = (double)batch->weight[at];
        s.counted[t] = batch->counted[at];
    }
    return s;
}

/* ---- what each asks for, worked out from what it shows; the class, or -1 where it is wrong ---- */

static bool last_only(const sequence *s)
{
    for (size_t t = 0; t < s->T; t++)
        if (s->weight[t] != (t == s->T - 1) || s->counted[t] != 1)
            return false;
    return true;
}

static int temporal_order(const sequence *s) /* of length 40 */
{
    int first = -1, second = -1;
    for (size_t t = 0; t < s->T; t++) {
        if (s->input[t] >= 6)
            return -1;
        if (s->input[t] >= 2)
            continue;
        if (t >= 4 && t < 8 && first < 0)
            first = (int)s->input[t];
        else if (t >= 20 && t < 24 && second < 0)
            second = (int)s->input[t];
        else
            return -1;
    }
    if (first < 0 || second < 0 || !last_only(s) || s->target[s->T - 1] > 3)
        return -1;
    return s->target[s->T - 1] == (uint32_t)(first * 2 + second) ? first * 2 + second : -1;
}

static int latch(const sequence *s) /* of a cue of 3 */
{
    for (size_t t = 0; t < 3; t++)
        if (s->feature[t] != s->feature[0] || fabs(s->feature[t]) != 1)
            return -1;
    for (size_t t = 3; t < s->T; t++)
        if (fabs(s->feature[t]) == 1 || fabs(s->feature[t]) > 2)
            return -1;
    return last_only(s) && s->target[s->T - 1] == (s->feature[0] > 0) ? s->feature[0] > 0 : -1;
}

/* Within the noise of 0.1: starts of a class are 0.2 from each other at most, of two about 1. */
static int two_sequence(const sequence *s)
{
    static double start[2][3];
    static bool known[2];
    const uint32_t class = s->target[s->T - 1];
    if (!last_only(s) || class > 1)
        return -1;
    for (size_t t = 3; t < s->T; t++)
        if (fabs(s->feature[t]) > 0.1)
            return -1;
    for (size_t t = 0; t < 3; t++) {
        if (!known[class])
            start[class][t] = s->feature[t];
        if (fabs(start[class][t] - s->feature[t]) > 0.2 ||
            (known[!class] && fabs(fabs(start[!class][t] - s->feature[t]) - 1) > 0.2))
            return -1;
    }
    known[class] = true;
    return (int)class;
}

static int parity(const sequence *s)
{
    double product = 1;
    for (size_t t = 0; t < s->T; t++)
        product *= -s->feature[t];
    if (fabs(product) != 1 || !last_only(s))
        return -1;
    return s->target[s->T - 1] == (product < 0) ? product < 0 : -1;
}

static int reverse(const sequence *s) /* of 5 symbols, 4 different */
{
    for (size_t t = 0; t < s->T; t++) {
        const uint32_t x = s->input[t], y = s->target[t];
        if (s->weight[t] != 1 || s->counted[t] != (t > 5))
            return -1;
        if (t < 5 ? x < 1 || x > 4 : x != (t == 5 ? 5 : 0))
            return -1;
        if (y != (t > 5 ? s->input[10 - t] : 0))
            return -1;
    }
    return (int)s->input[0] - 1;
}

static int multiplication(const sequence *s)
{
    return last_only(s) && s->value[s->T - 1][0] >= 0 && s->value[s->T - 1][0] <= 1 ? 0 : -1;
}

/* Where a symbol leads in Reber's grammar, as the figure draws it; 7: nowhere. */
static int reber_next(int state, char symbol)
{
    switch (state * 256 + symbol) {
    case 0 * 256 + 'T': return 1;
    case 0 * 256 + 'P': return 2;
    case 1 * 256 + 'S': return 1;
    case 1 * 256 + 'X': return 3;
    case 2 * 256 + 'T': return 2;
    case 2 * 256 + 'V': return 4;
    case 3 * 256 + 'X': return 2;
    case 3 * 256 + 'S': return 5;
    case 4 * 256 + 'P': return 3;
    case 4 * 256 + 'V': return 5;
    case 5 * 256 + 'E': return 6;
    default: return 7;
    }
}

static const char SYMBOLS[] = "BTPSXVE";

static bool asks(const sequence *s, size_t t, const char *legal)
{
    for (size_t j = 0; j < 7; j++)
        if (s->value[t][j] != (strchr(legal, SYMBOLS[j]) != NULL))
            return false;
    return true;
}

/* Reads `strings` strings from step *t on; what follows the last is `outer`. */
static bool read_strings(const sequence *s, size_t *t, int strings, const char *outer)
{
    static const char *const legal[] = {"TP", "SX", "TV", "XS", "PV", "E"};
    for (int i = 0; i < strings; i++) {
        int state = 0;
        if (SYMBOLS[s->input[*t]] != 'B' || !asks(s, (*t)++, legal[0]))
            return false;
        for (; state < 6; (*t)++) {
            state = reber_next(state, SYMBOLS[s->input[*t]]);
            if (state == 7 || !asks(s, *t,
                                    state < 6         ? legal[state]
                                    : i + 1 < strings ? "B"
                                                      : outer))
                return false;
        }
    }
    return true;
}

static int reber(const sequence *s) /* of two strings */
{
    const char outer[2] = {SYMBOLS[s->input[1]], '\0'};
    size_t t = 2;
    if (s->input[0] != 0 || !asks(s, 0, "TP") || !strpbrk(outer, "TP") || !asks(s, 1, "B"))
        return -1;
    if (!read_strings(s, &t, 2, outer) || t > 2 + 2 * 9)
        return -1;
    if (SYMBOLS[s->input[t]] != *outer || !asks(s, t, "E"))
        return -1;
    for (size_t i = 0; i < s->T; i++)
        if (s->weight[i] != (i <= t) || s->counted[i] != 1)
            return -1;
    return *outer == 'P';
}

/* Of numbers of up to 2 digits, with up to one letter between; whether the first is negative. */
static int arithmetic(const sequence *s)
{
    static const char character[] = "0123456789+-=.";
    char question[16] = "", answer[16], *end;
    size_t t = 0, n = 0, letters = 0;
    for (; n < 8 && (n == 0 || question[n - 1] != '='); t++) {
        letters = s->input[t] < 14 ? 0 : letters + 1;
        if (letters > 1 || (letters == 1 && n == 0) || s->input[t] >= 40 || s->weight[t - (t > 0)] > 0)
            return -1;
        if (letters == 0)
            question[n++] = character[s->input[t]];
    }
    const long a = strtol(question, &end, 10), b = strtol(end + 1, NULL, 10);
    if (labs(a) > 99 || b < 0 || b > 99 || (*end != '+' && *end != '-'))
        return -1;
    const int length = snprintf(answer, sizeof answer, "%ld.", *end == '+' ? a + b : a - b);
    for (size_t i = 0; i < (size_t)length; i++)
        if (s->target[t - 1 + i] >= 14 || character[s->target[t - 1 + i]] != answer[i] ||
            s->weight[t - 1 + i] != 1 || (i > 0 && s->input[t - 1 + i] != s->target[t - 2 + i]))
            return -1;
    for (size_t i = t - 1 + (size_t)length; i < s->T; i++)
        if (s->weight[i] != 0)
            return -1;
    return *question == '-';
}

/* Only these steps count for the loss, and of them the last for the accuracy. */
static bool counted_at(const sequence *s, size_t from, size_t last)
{
    for (size_t t = 0; t < s->T; t++)
        if (s->weight[t] != (t >= from && t <= last) ||
            (s->weight[t] != 0 && s->counted[t] != (t == last)))
            return false;
    return true;
}

/* Of a lag of 9: a_1 … a_8 are 0 … 7, x and y are 8 and 9. */
static int long_lag(const sequence *s)
{
    for (size_t t = 0; t + 1 < s->T; t++)
        if (s->target[t] != s->input[t + 1] || s->target[t] > 7)
            return -1;
    const uint32_t frame = s->input[0];
    return frame >= 8 && s->target[s->T - 1] == frame && counted_at(s, 0, s->T - 1) ? (int)frame - 8
                                                                                    : -1;
}

static int long_lag_regular(const sequence *s)
{
    size_t t = 0;
    while (t < 8 && s->target[t] == t)
        t++;
    return t == 8 ? long_lag(s) : -1;
}

static int trigger(const sequence *s) /* 1 distractor at least, of 5; e is 5, b 6, x 7, y 8 */
{
    size_t e = 2;
    while (e < s->T && s->input[e] < 5)
        e++;
    if (e < 3 || e == s->T || s->input[e] != 5 || s->input[0] != 6 || s->input[1] < 7 ||
        s->target[e] != s->input[1] - 7 || !counted_at(s, e, e))
        return -1;
    return (int)s->target[e];
}

static const struct subject {
    const char *spec;
    size_t T, inputs, outputs;
    bool features, squared;
    int (*class)(const sequence *s);
    int classes;
} SUBJECTS[] = {
    {"temporal-order:length=40", 40, 6, 4, false, false, temporal_order, 4},
    {"latch:delay=20,cue=3,noise=0.2", 23, 1, 2, true, false, latch, 2},
    {"two-sequence:delay=9,start=3,noise=0.1", 12, 1, 2, true, false, two_sequence, 2},
    {"parity:length=7", 7, 1, 2, true, false, parity, 2},
    {"reverse:length=5,symbols=4", 11, 6, 5, false, false, reverse, 4},
    {"multiplication:length=9", 9, 2, 1, true, true, multiplication, 1},
    {"long-lag:lag=9,symbols=8", 9, 10, 10, false, false, long_lag_regular, 2},
    {"long-lag:lag=9,symbols=8,regular=0", 9, 10, 10, false, false, long_lag, 2},
    {"trigger:lag=1,distractors=5", 64, 9, 2, false, false, trigger, 2},
    {"reber:strings=2,longest=9", 21, 7, 7, false, true, reber, 2},
    {"arithmetic:digits=2,distractors=1", 17, 40, 14, false, false, arithmetic, 2},
};
enum { SUBJECT_COUNT = sizeof SUBJECTS / sizeof *SUBJECTS };

START_TEST(labels)
{
    const struct subject *k = &SUBJECTS[_i];
    example e = make_example(k->spec, ROWS, 5);
    int count[8] = {0}, wrong = 0;
    ck_assert_uint_eq(e.task.inputs, k->inputs);
    ck_assert_uint_eq(e.task.outputs, k->outputs);
    ck_assert(e.task.features == k->features && e.task.squared == k->squared);
    for (int i = 0; i < BATCHES; i++) {
        const unroll_batch batch = next_batch(&e);
        ck_assert_uint_eq(batch.T, k->T);
        ck_assert(!batch.input == k->features && !batch.feature == !k->features);
        ck_assert(!batch.target == k->squared && !batch.value == !k->squared);
        ck_assert_double_eq((double)batch.tolerance, (double)(unroll_real)e.row->tolerance);
        for (size_t b = 0; b < ROWS; b++) {
            const sequence s = column(&e, &batch, b);
            const int class = k->class(&s);
            if (class < 0 || class >= k->classes)
                wrong++;
            else
                count[class]++;
        }
    }
    ck_assert_int_eq(wrong, 0);
    const double p = 1.0 / k->classes, sigma = sqrt(SEQUENCES * p * (1 - p));
    for (int c = 0; c < k->classes; c++)
        ck_assert_double_le(fabs(count[c] - SEQUENCES * p), 5 * sigma);
    free_example(&e);
}
END_TEST

/* Every step that may hold an important symbol does; the four others come equally often. */
START_TEST(temporal_order_places)
{
    example e = make_example("temporal-order:length=37", ROWS, 5);
    int at[37] = {0}, filler[6] = {0};
    for (int i = 0; i < BATCHES; i++) {
        const unroll_batch batch = next_batch(&e);
        for (size_t k = 0; k < 37 * ROWS; k++) {
            at[k / ROWS] += batch.input[k] < 2;
            filler[batch.input[k]]++;
        }
    }
    for (int t = 0; t < 37; t++) /* 3.7 to 7.4 and 18.5 to 22.2 */
        ck_assert((at[t] > 0) == ((t >= 3 && t < 7) || (t >= 18 && t < 22)));
    const double n = SEQUENCES * 35, sigma = sqrt(n * 0.25 * 0.75);
    for (int x = 2; x < 6; x++)
        ck_assert_double_le(fabs(filler[x] - n / 4), 5 * sigma);
    free_example(&e);
}
END_TEST

/* Lengths between two: each comes about equally often, its target at its end and its symbols where they belong. */
START_TEST(temporal_order_lengths)
{
    enum { LONGEST = 24, SHORTEST = 20 };
    example e = make_example("temporal-order:length=24,shortest=20", ROWS, 5);
    int count[LONGEST + 1] = {0};
    for (int i = 0; i < BATCHES; i++) {
        const unroll_batch batch = next_batch(&e);
        for (size_t b = 0; b < ROWS; b++) {
            const size_t length = unroll_batch_length(&batch, b);
            uint32_t symbol[2] = {0};
            int symbols = 0;
            ck_assert(length >= SHORTEST && length <= LONGEST);
            count[length]++;
            for (size_t t = 0; t < length; t++)
                if (batch.input[t * ROWS + b] < 2) {
                    ck_assert(symbols < 2 && t >= length * (symbols ? 5u : 1u) / 10 &&
                              t < length * (symbols ? 6u : 2u) / 10);
                    symbol[symbols++] = batch.input[t * ROWS + b];
                }
            ck_assert_int_eq(symbols, 2);
            ck_assert_uint_eq(batch.target[(length - 1) * ROWS + b], 2 * symbol[0] + symbol[1]);
            for (size_t t = 0; t < LONGEST; t++)
                ck_assert((batch.weight[t * ROWS + b] > 0) == (t == length - 1));
        }
    }
    const double p = 1.0 / (LONGEST - SHORTEST + 1), sigma = sqrt(SEQUENCES * p * (1 - p));
    for (int length = SHORTEST; length <= LONGEST; length++)
        ck_assert_double_le(fabs(count[length] - SEQUENCES * p), 5 * sigma);
    free_example(&e);
}
END_TEST

/* Delays between two: each comes about equally often; behind the recalled symbols nothing counts. */
START_TEST(copy_delays)
{
    enum { LONGEST = 9, SHORTEST = 5, LENGTH = 2, MARKER = 9 };
    example e = make_example("copy:delay=9,length=2,shortest=5", ROWS, 5);
    int count[LONGEST + 1] = {0};
    double loss = 0, weight = 0;
    for (int i = 0; i < BATCHES; i++) {
        const unroll_batch batch = next_batch(&e);
        for (size_t b = 0; b < ROWS; b++) {
            const sequence s = column(&e, &batch, b);
            size_t delay = 0;
            while (delay + LENGTH < s.T && s.input[delay + LENGTH - 1] != MARKER)
                delay++;
            ck_assert(delay >= SHORTEST && delay <= LONGEST);
            count[delay]++;
            for (size_t t = 0; t < s.T; t++) {
                const bool recall = t >= delay + LENGTH && t < delay + 2 * LENGTH;
                ck_assert(s.weight[t] == (t < delay + 2 * LENGTH));
                ck_assert_uint_eq(s.target[t], recall ? s.input[t - delay - LENGTH] : 0);
                ck_assert(!(s.weight[t] > 0) || s.counted[t] == recall);
                loss += recall ? log(8) : 0;
                weight += s.weight[t];
            }
        }
    }
    const double p = 1.0 / (LONGEST - SHORTEST + 1), sigma = sqrt(SEQUENCES * p * (1 - p));
    for (int delay = SHORTEST; delay <= LONGEST; delay++)
        ck_assert_double_le(fabs(count[delay] - SEQUENCES * p), 5 * sigma);
    ck_assert_double_eq_tol(loss / weight, e.row->baseline(e.value), 5e-3);
    free_example(&e);
}
END_TEST

/* A bit that is learned: one of two inputs at each of its steps, then noise through an input of its own. */
START_TEST(latch_learned)
{
    enum { CUE = 3, INPUTS = 1 + 2 * CUE, T = CUE + 4 };
    example e = make_example("latch:delay=4,cue=3,learned=1", ROWS, 5);
    ck_assert_uint_eq(e.task.inputs, INPUTS);
    for (int i = 0; i < 20; i++) {
        const unroll_batch batch = next_batch(&e);
        for (size_t k = 0; k < T * ROWS; k++) {
            const size_t t = k / ROWS, class = batch.target[(T - 1) * ROWS + k % ROWS];
            const unroll_real *x = batch.feature + k * INPUTS;
            ck_assert((x[0] != 0) == (t >= CUE));
            for (size_t j = 1; j < INPUTS; j++)
                ck_assert(x[j] == (t < CUE && j == 1 + 2 * t + class));
        }
    }
    free_example(&e);
}
END_TEST

START_TEST(products)
{
    example e = make_example("multiplication:length=9", ROWS, 5);
    for (int i = 0; i < 20; i++) {
        const unroll_batch batch = next_batch(&e);
        for (size_t b = 0; b < ROWS; b++) {
            double product = 1;
            int marked[2] = {0, 0};
            for (size_t t = 0; t < 9; t++) {
                const unroll_real *x = batch.feature + (t * ROWS + b) * 2;
                if (x[1] > 0) {
                    product *= (double)x[0];
                    marked[t >= 4]++;
                }
            }
            ck_assert(marked[0] == 1 && marked[1] == 1);
            ck_assert_double_eq_tol((double)batch.value[8 * ROWS + b], product, 1e-6);
        }
    }
    free_example(&e);
}
END_TEST

/* Strings from the literature are read by this test's own automaton, and others are not. */
START_TEST(reber_grammar)
{
    static const struct {
        const char *text;
        bool legal;
    } strings[] = {
        {"TXSE", true},    {"PVVE", true},  {"TSSXXTVPSE", true}, {"PTTTVPXVVE", true},
        {"TXXVPSE", true}, {"TVVE", false}, {"PXSE", false},      {"TSXSSE", false},
    };
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        int state = 0;
        for (const char *p = strings[i].text; *p; p++)
            state = reber_next(state, *p);
        ck_assert_msg((state == 6) == strings[i].legal, "%s", strings[i].text);
    }
}
END_TEST

/* The long-range step of Reber's, and nothing else. */
START_TEST(reber_recall)
{
    example e = make_example("reber", ROWS, 1);
    const unroll_batch batch = next_batch(&e);
    for (size_t b = 0; b < ROWS; b++) {
        const sequence s = column(&e, &batch, b);
        size_t steps = 0, at = 0;
        for (size_t t = 0; t < s.T; t++)
            if (s.weight[t] > 0 && batch.recalled[t * ROWS + b]) {
                steps++;
                at = t;
            }
        ck_assert_uint_eq(steps, 1);
        ck_assert_uint_eq(s.input[at], 6);              /* the inner E */
        ck_assert_uint_eq(s.input[at + 1], s.input[1]); /* what it asks for */
        ck_assert_double_eq(s.value[at][s.input[1]], 1);
    }
    free_example(&e);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("labels");
    TCase *t = new_case(suite, "tasks");
    tcase_add_loop_test(t, labels, 0, SUBJECT_COUNT);
    tcase_add_test(t, temporal_order_places);
    tcase_add_test(t, temporal_order_lengths);
    tcase_add_test(t, copy_delays);
    tcase_add_test(t, latch_learned);
    tcase_add_test(t, products);
    tcase_add_test(t, reber_grammar);
    tcase_add_test(t, reber_recall);
    return suite;
}
