/* The synthetic tasks: what they show, what they ask for, and what a guess without memory gets. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runner.h"
#include "task/solved.h"
#include <unroll/net.h>

enum { ROWS = 16, BATCHES = 250, SEQUENCES = ROWS * BATCHES, CHANCE_BATCHES = 1000 };

typedef struct example {
    const unroll_task_row *row;
    double value[UNROLL_TASK_KEYS];
    unroll_task task;
} example;

static example make(const char *spec, size_t B, uint64_t seed)
{
    example e;
    ck_assert_int_eq(unroll_task_parse(spec, &e.row, e.value), UNROLL_OK);
    ck_assert_int_eq(unroll_task_synthetic(e.row, e.value, B, seed, &e.task), UNROLL_OK);
    return e;
}

static unroll_batch next(const example *e)
{
    unroll_batch batch;
    ck_assert_int_eq(e->task.next(e->task.self, &batch), UNROLL_OK);
    return batch;
}

/* Sequence b of a batch, one array each. */
typedef struct sequence {
    size_t T;
    uint32_t input[64], target[64];
    double feature[64], value[64][8], weight[64];
    uint8_t score[64];
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
        s.score[t] = batch->score[at];
    }
    return s;
}

/* ---- what each asks for, worked out from what it shows; the class, or -1 where it is wrong ---- */

static bool last_only(const sequence *s)
{
    for (size_t t = 0; t < s->T; t++)
        if (s->weight[t] != (t == s->T - 1) || s->score[t] != 1)
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
        if (s->weight[t] != 1 || s->score[t] != (t > 5))
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
            if (state == 7 || !asks(s, *t, state < 6 ? legal[state] : i + 1 < strings ? "B" : outer))
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
        if (s->weight[i] != (i <= t) || s->score[i] != 1)
            return -1;
    return *outer == 'P';
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
    {"reber:strings=2,longest=9", 21, 7, 7, false, true, reber, 2},
};
enum { SUBJECT_COUNT = sizeof SUBJECTS / sizeof *SUBJECTS };

START_TEST(labels)
{
    const struct subject *k = &SUBJECTS[_i];
    example e = make(k->spec, ROWS, 5);
    int count[8] = {0}, wrong = 0;
    ck_assert_uint_eq(e.task.inputs, k->inputs);
    ck_assert_uint_eq(e.task.outputs, k->outputs);
    ck_assert(e.task.features == k->features && e.task.squared == k->squared);
    for (int i = 0; i < BATCHES; i++) {
        const unroll_batch batch = next(&e);
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
    e.task.free(e.task.self);
}
END_TEST

/* Every step that may hold an important symbol does; the four others come equally often. */
START_TEST(temporal_order_places)
{
    example e = make("temporal-order:length=37", ROWS, 5);
    int at[37] = {0}, filler[6] = {0};
    for (int i = 0; i < BATCHES; i++) {
        const unroll_batch batch = next(&e);
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
    e.task.free(e.task.self);
}
END_TEST

START_TEST(products)
{
    example e = make("multiplication:length=9", ROWS, 5);
    for (int i = 0; i < 20; i++) {
        const unroll_batch batch = next(&e);
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
    e.task.free(e.task.self);
}
END_TEST

/* Strings from the literature are read by this test's own automaton, and others are not. */
START_TEST(reber_grammar)
{
    static const struct { const char *text; bool legal; } strings[] = {
        {"TXSE", true}, {"PVVE", true}, {"TSSXXTVPSE", true}, {"PTTTVPXVVE", true},
        {"TXXVPSE", true}, {"TVVE", false}, {"PXSE", false}, {"TSXSSE", false},
    };
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        int state = 0;
        for (const char *p = strings[i].text; *p; p++)
            state = reber_next(state, *p);
        ck_assert_msg((state == 6) == strings[i].legal, "%s", strings[i].text);
    }
}
END_TEST

/* ---- chance ---- */

static unroll_net *constant_net(const example *e, unroll_real bias)
{
    const unroll_net_spec spec = {.inputs = e->task.inputs, .outputs = e->task.outputs,
                                  .features = e->task.features, .squared = e->task.squared,
                                  .cell = "rnn", .layers = 1, .hidden = 2};
    const unroll_parameter *list;
    unroll_net *net;
    ck_assert_int_eq(unroll_net_new(&spec, &net), UNROLL_OK);
    memset(unroll_net_weights(net), 0, unroll_net_size(net) * sizeof(unroll_real));
    const size_t count = unroll_net_parameters(net, &list);
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].name, "decoder.bias") == 0)
            for (size_t j = 0; j < list[i].rows; j++)
                unroll_net_weights(net)[list[i].offset + j] = bias;
    unroll_net_pack(net, 1);
    return net;
}

/* A network that gives the same whatever it sees gets the baseline and the chance that the row states. */
static const struct guess {
    const char *spec;
    unroll_real bias;
    double spread; /* standard deviation of one sequence's loss */
} GUESSES[] = {
    {"temporal-order:length=10", 0, 0}, {"latch:delay=1,cue=1", 0, 0},
    {"two-sequence:delay=1,start=1", 0, 0}, {"parity:length=4", 0, 0},
    {"adding:length=4", 1, 0.198}, {"multiplication:length=4", 0.25, 0.0714},
};

START_TEST(chance)
{
    const struct guess *g = &GUESSES[_i];
    example e = make(g->spec, ROWS, 9);
    unroll_net *net = constant_net(&e, g->bias);
    unroll_work *work;
    ck_assert_int_eq(unroll_work_new(net, e.task.train_T, ROWS, false, 1, &work), UNROLL_OK);
    const double n = (double)CHANCE_BATCHES * ROWS;
    double loss = 0, correct = 0, scored = 0;
    for (int i = 0; i < CHANCE_BATCHES; i++) {
        const unroll_batch batch = next(&e);
        unroll_result r;
        ck_assert_int_eq(unroll_net_evaluate(net, &batch, work, &r, NULL), UNROLL_OK);
        loss += r.loss;
        correct += r.correct;
        scored += r.scored;
    }
    const double p = e.row->chance(e.value);
    ck_assert_double_eq(scored, n);
    ck_assert_double_eq_tol(loss / n, e.row->baseline(e.value),
                            5 * g->spread / sqrt(n) + 1e-6);
    ck_assert_double_eq_tol(correct / n, p, 5 * sqrt(p * (1 - p) / n));
    unroll_work_free(work);
    unroll_net_free(net);
    e.task.free(e.task.self);
}
END_TEST

/* Reversing: blanks for certain, each symbol with the same chance. */
START_TEST(reverse_chance)
{
    example e = make("reverse:length=6,symbols=5", ROWS, 9);
    double loss = 0, weight = 0, right = 0, scored = 0;
    for (int i = 0; i < BATCHES; i++) {
        const unroll_batch batch = next(&e);
        for (size_t k = 0; k < batch.T * ROWS; k++) {
            weight += (double)batch.weight[k];
            loss += batch.target[k] ? log(5) : 0;
            scored += batch.score[k];
            right += batch.score[k] && batch.target[k] == 1;
        }
    }
    ck_assert_double_eq_tol(loss / weight, e.row->baseline(e.value), 1e-9);
    ck_assert_double_eq_tol(right / scored, e.row->chance(e.value),
                            5 * sqrt(0.2 * 0.8 / scored));
    e.task.free(e.task.self);
}
END_TEST

/* Reber: all known but the last but one, where T and P are a half each. */
START_TEST(reber_chance)
{
    static const char *const specs[] = {"reber", "reber:strings=3,longest=7", "reber:longest=5",
                                        "reber:longest=60"};
    example e = make(specs[_i], ROWS, 9);
    const double mean = 0.5 / e.row->baseline(e.value);
    double sum = 0, squares = 0;
    for (int i = 0; i < BATCHES; i++) {
        const unroll_batch batch = next(&e);
        for (size_t b = 0; b < ROWS; b++) {
            double steps = 0;
            for (size_t t = 0; t < batch.T; t++)
                steps += (double)batch.weight[t * ROWS + b];
            sum += steps;
            squares += steps * steps;
        }
    }
    const double measured = sum / SEQUENCES;
    const double sigma = sqrt(fmax(0, squares / SEQUENCES - measured * measured));
    ck_assert_double_eq_tol(measured, mean, 5 * sigma / sqrt(SEQUENCES) + 1e-9);
    ck_assert_double_eq_tol(e.row->chance(e.value), 1 - 0.5 / mean, 1e-12);
    if (_i == 3) /* B x E and Reber's 8 symbols on average, from the grammar's equations */
        ck_assert_double_eq_tol(mean, 11, 1e-4);
    e.task.free(e.task.self);
}
END_TEST

/* ---- what all have in common ---- */

static size_t bytes_of(const unroll_batch *b, const example *e, unsigned char *to)
{
    const size_t n = b->T * b->B;
    size_t used = 0;
    const struct { const void *data; size_t size; } part[] = {
        {b->input, n * sizeof *b->input}, {b->target, n * sizeof *b->target},
        {b->feature, n * e->task.inputs * sizeof *b->feature},
        {b->value, n * e->task.outputs * sizeof *b->value},
    };
    for (size_t i = 0; i < 4; i++)
        if (part[i].data) {
            memcpy(to + used, part[i].data, part[i].size);
            used += part[i].size;
        }
    return used;
}

START_TEST(by_seed)
{
    static unsigned char a[1 << 20], b[1 << 20];
    const unroll_task_row *row = unroll_task_table[_i];
    example one = make(row->name, 4, 1), same = make(row->name, 4, 1), other = make(row->name, 4, 2);
    for (int i = 0; i < 3; i++) {
        unroll_batch x = next(&one), y = next(&same);
        const size_t n = bytes_of(&x, &one, a);
        ck_assert_uint_eq(n, bytes_of(&y, &same, b));
        ck_assert_mem_eq(a, b, n);
        y = next(&other);
        bytes_of(&y, &other, b);
        ck_assert_int_ne(memcmp(a, b, n), 0);
    }
    one.task.free(one.task.self);
    same.task.free(same.task.self);
    other.task.free(other.task.self);
}
END_TEST

/* The samples of an evaluation do not depend on how far training is, and are not those of training;
 * the test split counts a part of what validation counts, and only what the accuracy is about. */
START_TEST(evaluation)
{
    static unsigned char a[1 << 20], b[1 << 20];
    example e = make(unroll_task_table[_i]->name, 4, 1);
    unroll_batch batch = next(&e);
    bool more;
    size_t n = bytes_of(&batch, &e, b);
    ck_assert_int_eq(e.task.eval(e.task.self, UNROLL_VALID, 2, &batch, &more), UNROLL_OK);
    ck_assert(more);
    ck_assert_uint_eq(n, bytes_of(&batch, &e, a));
    ck_assert_int_ne(memcmp(a, b, n), 0);
    double valid[20000], some = 0;
    const size_t steps = batch.T * 4;
    ck_assert_uint_le(steps, 20000);
    for (size_t i = 0; i < steps; i++)
        valid[i] = (double)batch.weight[i];
    for (int i = 0; i < 3; i++)
        next(&e);
    ck_assert_int_eq(e.task.eval(e.task.self, UNROLL_TEST, 2, &batch, &more), UNROLL_OK);
    bytes_of(&batch, &e, b);
    ck_assert_mem_eq(a, b, n);
    bool part = true;
    for (size_t i = 0; i < steps; i++) {
        const double weight = (double)batch.weight[i];
        part &= weight <= valid[i] && (weight == 0 || batch.score[i] == 1);
        some += weight;
    }
    ck_assert(part && some > 0);
    e.task.free(e.task.self);
}
END_TEST

/* The long-range step of Reber's, and nothing else. */
START_TEST(reber_recall)
{
    example e = make("reber", ROWS, 1);
    unroll_batch batch;
    bool more;
    ck_assert_int_eq(e.task.eval(e.task.self, UNROLL_TEST, 0, &batch, &more), UNROLL_OK);
    for (size_t b = 0; b < ROWS; b++) {
        const sequence s = column(&e, &batch, b);
        size_t steps = 0, at = 0;
        for (size_t t = 0; t < s.T; t++)
            if (s.weight[t] > 0) {
                steps++;
                at = t;
            }
        ck_assert_uint_eq(steps, 1);
        ck_assert_uint_eq(s.input[at], 6);                  /* the inner E */
        ck_assert_uint_eq(s.input[at + 1], s.input[1]);     /* what it asks for */
        ck_assert_double_eq(s.value[at][s.input[1]], 1);
    }
    e.task.free(e.task.self);
}
END_TEST

START_TEST(smallest)
{
    static const char *const specs[] = {
        "temporal-order:length=10", "latch:delay=1,cue=1,noise=0", "two-sequence:delay=1,start=1",
        "parity:length=1", "reverse:length=1,symbols=1", "multiplication:length=2",
        "reber:strings=1,longest=5",
    };
    example e = make(specs[_i], 1, 1);
    for (int i = 0; i < 100; i++)
        next(&e);
    e.task.free(e.task.self);
}
END_TEST

/* ---- near enough ---- */

START_TEST(tolerance)
{
    example like = {.task = {.inputs = 1, .outputs = 2, .squared = true}};
    unroll_net *net = constant_net(&like, 0.5);
    unroll_work *work;
    static const unroll_real value[][2] = {
        {0.5, 0.5}, {0.53125, 0.46875}, {0.5, 0.5625}, {0.4375, 0.5}, {0.5, 0.5}, {9, 9},
    };
    const uint32_t input[6] = {0};
    const unroll_real weight[6] = {1, 2, 4, 8, 0, 16};
    const uint8_t score[6] = {1, 1, 1, 1, 1, 0};
    unroll_batch batch = {.T = 6, .B = 1, .input = input, .value = value[0], .weight = weight,
                          .score = score, .tolerance = 0.0625};
    unroll_result r;
    ck_assert_int_eq(unroll_work_new(net, 6, 1, false, 1, &work), UNROLL_OK);
    ck_assert_int_eq(unroll_net_evaluate(net, &batch, work, &r, NULL), UNROLL_OK);
    ck_assert_double_eq(r.weight, 31);
    ck_assert_double_eq(r.scored, 15); /* the bound itself is too far; weight 0 counts nowhere */
    ck_assert_double_eq(r.correct, 3);
    batch.score = NULL;
    ck_assert_int_eq(unroll_net_evaluate(net, &batch, work, &r, NULL), UNROLL_OK);
    ck_assert_double_eq(r.scored, 31);
    ck_assert_double_eq(r.correct, 3);
    unroll_work_free(work);
    unroll_net_free(net);
}
END_TEST

/* ---- solved ---- */

START_TEST(solved_by_accuracy)
{
    const unroll_task_row row = {.solved_loss = 0};
    unroll_solved s;
    unroll_solved_start(&s, &row);
    ck_assert(isnan(unroll_solved_mean(&s)));
    for (uint64_t step = 1; step <= 100; step++)
        ck_assert(!unroll_solved_add(&s, step, 9, 0.5));
    /* each of the hundred that is left takes 0.001 off: 0.995 is passed where four are */
    uint64_t step = 101;
    while (!unroll_solved_add(&s, step, 9, 1))
        ck_assert_uint_lt(step++, 2000);
    ck_assert_uint_eq(s.step, 100 + 496);
    ck_assert(unroll_solved_add(&s, step + 1, 9, 0)); /* it stays so, and the mean goes on */
    ck_assert_uint_eq(s.step, 596);
    ck_assert_double_eq_tol(unroll_solved_mean(&s), (496 + 3 * 0.5) / 500, 1e-12);
}
END_TEST

START_TEST(solved_by_loss)
{
    example e = make("adding", 1, 1);
    unroll_solved s;
    unroll_solved_start(&s, e.row);
    for (uint64_t step = 1; step < 500; step++)
        ck_assert(!unroll_solved_add(&s, step, 0.009, 0)); /* not before 500 updates */
    ck_assert(unroll_solved_add(&s, 500, 0.009, 0));
    unroll_solved_start(&s, e.row);
    for (uint64_t step = 1; step < 2000; step++)
        ck_assert(!unroll_solved_add(&s, step, 0.0101, 1));
    e.task.free(e.task.self);
}
END_TEST

Suite *make_suite(void)
{
    int tasks = 0;
    while (unroll_task_table[tasks])
        tasks++;
    Suite *suite = suite_create("tasks");
    TCase *t = new_case(suite, "tasks");
    tcase_add_loop_test(t, labels, 0, SUBJECT_COUNT);
    tcase_add_test(t, temporal_order_places);
    tcase_add_test(t, products);
    tcase_add_test(t, reber_grammar);
    tcase_add_loop_test(t, chance, 0, sizeof GUESSES / sizeof *GUESSES);
    tcase_add_test(t, reverse_chance);
    tcase_add_loop_test(t, reber_chance, 0, 4);
    tcase_add_loop_test(t, by_seed, 0, tasks);
    tcase_add_loop_test(t, evaluation, 0, tasks);
    tcase_add_test(t, reber_recall);
    tcase_add_loop_test(t, smallest, 0, 7);
    tcase_add_test(t, tolerance);
    tcase_add_test(t, solved_by_accuracy);
    tcase_add_test(t, solved_by_loss);
    return suite;
}
