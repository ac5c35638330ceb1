/* Where batches come from: characters and synthetic tasks. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "runner.h"
#include "task/task.h"

/* ---- characters ---- */

static unroll_corpus *make_corpus(const char *text, size_t length, bool lines)
{
    unroll_corpus_options options;
    unroll_corpus_options_default(&options);
    options.rules.tokens = UNROLL_BYTE;
    options.lines = lines;
    unroll_corpus *c;
    ck_assert_int_eq(unroll_corpus_from_text(&options, "NAME", text, length, &c), UNROLL_OK);
    return c;
}

static unroll_task char_task(const unroll_corpus *c, size_t T, size_t B, bool no_carry)
{
    const unroll_task_char_options options = {T, B, no_carry, 7};
    unroll_task task;
    ck_assert_int_eq(unroll_task_char(c, &options, &task), UNROLL_OK);
    return task;
}

/* Text whose tokens tell where they are: any three bytes in a row are unique. */
static char *numbered_text(size_t length)
{
    char *text = malloc(length);
    for (size_t i = 0; i < length; i++)
        text[i] = (char)(i % 3 == 0 ? i / 3 % 251 : i % 3 == 1 ? 3 + i / 3 / 251 % 250 : 255);
    return text;
}

START_TEST(test_streams)
{
    enum { N = 5000, T = 7, B = 6 };
    char *text = numbered_text(N);
    unroll_corpus *c = make_corpus(text, N, false);
    unroll_task task = char_task(c, T, B, _i);
    const size_t train = N * 9 / 10, n = (train - 1) / B;
    ck_assert_uint_eq(task.batches_per_epoch, n / T);
    ck_assert_uint_eq(task.inputs, 256);
    ck_assert_double_eq(task.tokens_per_batch, T * B);
    const unsigned long allocations = unroll_alloc_count();
    for (int epoch = 0; epoch < 2; epoch++)
        for (size_t w = 0; w < n / T; w++) {
            unroll_batch batch;
            ck_assert_int_eq(task.next(task.self, &batch), UNROLL_OK);
            ck_assert_uint_eq(batch.T, T);
            ck_assert_uint_eq(batch.B, B);
            ck_assert_int_eq(batch.carry, w > 0 && !_i);
            ck_assert_ptr_null(batch.weight);
            ck_assert_ptr_null(batch.mode);
            for (size_t t = 0; t < T; t++)
                for (size_t b = 0; b < B; b++) { /* as the peer program cuts it */
                    const size_t at = b * n + w * T + t;
                    ck_assert_uint_eq(batch.input[t * B + b], (unsigned char)text[at]);
                    ck_assert_uint_eq(batch.target[t * B + b], (unsigned char)text[at + 1]);
                }
        }
    ck_assert_uint_eq(unroll_alloc_count(), allocations);
    task.free(task.self);
    unroll_corpus_free(c);
    free(text);
}
END_TEST

/* The sizes of tiny Shakespeare at 50 × 50. */
START_TEST(test_epoch_length)
{
    const size_t length = 1115394;
    char *text = calloc(length, 1);
    text[0] = 1;
    unroll_corpus *c = make_corpus(text, length, false);
    ck_assert_uint_eq(unroll_corpus_part(c, UNROLL_TRAIN)->count, 1003854);
    ck_assert_uint_eq(unroll_corpus_part(c, UNROLL_VALID)->count, 55769);
    unroll_task task = char_task(c, 50, 50, false);
    ck_assert_uint_eq(task.batches_per_epoch, 401);
    task.free(task.self);
    unroll_corpus_free(c);
    free(text);
}
END_TEST

static void check_pass(const unroll_task *task, enum unroll_split split, const unroll_part *p)
{
    size_t at = 0;
    unroll_batch batch;
    bool more;
    for (uint64_t i = 0;; i++) {
        ck_assert_int_eq(task->eval(task->self, split, i, &batch, &more), UNROLL_OK);
        if (!more)
            break;
        ck_assert_uint_eq(batch.B, 1);
        ck_assert_uint_ge(batch.T, 1);
        ck_assert_uint_le(batch.T, task->eval_T);
        ck_assert_int_eq(batch.carry, i > 0);
        ck_assert_mem_eq(batch.input, p->id + at, batch.T * sizeof *p->id);
        ck_assert_mem_eq(batch.target, p->id + at + 1, batch.T * sizeof *p->id);
        at += batch.T;
    }
    ck_assert_uint_eq(at, p->count ? p->count - 1 : 0);
}

START_TEST(test_evaluation)
{
    static const size_t lengths[] = {2, 30, 41, 5121, 5140, 5141, 20000};
    for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
        char *text = numbered_text(lengths[k]);
        unroll_corpus *c = make_corpus(text, lengths[k], false);
        unroll_task task = char_task(c, 0, 0, false);
        unroll_batch batch;
        ck_assert_int_eq(task.next(task.self, &batch), UNROLL_EDATA);
        for (int split = UNROLL_TRAIN; split <= UNROLL_TEST; split++)
            check_pass(&task, split, unroll_corpus_part(c, split));
        task.free(task.self);
        unroll_corpus_free(c);
        free(text);
    }
}
END_TEST

typedef struct fit_case {
    size_t length, T, B;
    bool user_T, user_B;
    size_t want_T, want_B;  /* 0: it does not fit */
} fit_case;

static const fit_case fits[] = {
    {10000, 50, 50, false, false, 50, 50},   {2779, 50, 50, false, false, 50, 50},
    {2778, 50, 50, false, false, 50, 49},    {112, 50, 50, false, false, 50, 1},
    {50, 50, 50, false, false, 44, 1},       {2, 50, 50, false, false, 1, 1},
    {1000, 50, 50, true, false, 50, 17},     {1000, 50, 50, false, true, 17, 50},
    {1000, 50, 50, true, true, 0, 0},        {40, 50, 50, true, false, 0, 0},
    {40, 50, 50, false, true, 0, 0},         {1000, SIZE_MAX, 2, true, true, 0, 0},
    {1000, SIZE_MAX, SIZE_MAX, true, true, 0, 0},
};

START_TEST(test_fit)
{
    const fit_case *f = &fits[_i];
    char *text = numbered_text(f->length);
    unroll_corpus *c = make_corpus(text, f->length, false);
    size_t T = f->T, B = f->B;
    const unroll_status status = unroll_task_char_fit(c, f->user_T, f->user_B, &T, &B);
    if (f->want_T) {
        ck_assert_int_eq(status, UNROLL_OK);
        ck_assert_uint_eq(T, f->want_T);
        ck_assert_uint_eq(B, f->want_B);
        unroll_task task = char_task(c, T, B, false);
        ck_assert_uint_ge(task.batches_per_epoch, 1);
        task.free(task.self);
    } else {
        ck_assert_int_eq(status, UNROLL_EDATA);
        ck_assert_uint_eq(T, f->T);
        ck_assert_ptr_nonnull(strstr(unroll_message(), "--batch"));
        ck_assert_ptr_nonnull(strstr(unroll_message(), "--seq-length"));
        ck_assert_ptr_nonnull(strstr(unroll_message(), "at least"));
        const unroll_task_char_options options = {f->T, f->B, false, 1};
        unroll_task task;
        ck_assert_int_eq(unroll_task_char(c, &options, &task), UNROLL_EDATA);
        ck_assert_ptr_null(task.self);
    }
    unroll_corpus_free(c);
    free(text);
}
END_TEST

/* ---- lines ---- */

enum { LINES = 100 };

/* Line k spells k in a two-byte code that is repeated 1 to 9 times. */
static size_t lines_text(char *text)
{
    size_t n = 0;
    for (int k = 0; k < LINES; k++) {
        for (int i = 0; i <= k * 7 % 9; i++) {
            text[n++] = (char)('a' + k / 10);
            text[n++] = (char)('A' + k % 10);
        }
        text[n++] = '\n';
    }
    return n;
}

static int code(uint32_t a, uint32_t b)
{
    return (int)((a - 'a') * 10 + b - 'A');
}

/* Follows one stream: inputs and targets must be whole lines, each from its newline to its
 * newline or to where the stream stops, with a reset between two. */
typedef struct follower {
    bool inside;
    uint32_t expect, first, second;
    size_t at;
} follower;

static void follow(follower *f, const unroll_batch *batch, size_t i, int *seen)
{
    const uint32_t x = batch->input[i], y = batch->target[i];
    if (batch->mode[i] == UNROLL_RESET) {
        ck_assert(!(batch->weight[i] > 0));
        ck_assert_uint_eq(f->expect, '\n'); /* never in the middle of a line */
        f->inside = false;
        return;
    }
    ck_assert_uint_eq(batch->mode[i], UNROLL_RUN);
    ck_assert(batch->weight[i] == 1);
    if (!f->inside) {
        ck_assert_uint_eq(x, '\n');
        ck_assert_uint_ne(y, '\n');
        f->inside = true;
        f->at = 0;
        f->first = y;
    } else {
        ck_assert_uint_eq(x, f->expect);
        if (f->at == 1) {
            f->second = y;
            seen[code(f->first, f->second)]++;
        } else if (y != '\n') {
            ck_assert_uint_eq(y, f->at % 2 ? f->second : f->first);
        } else {
            ck_assert_uint_eq(f->at, 2 * ((size_t)code(f->first, f->second) * 7 % 9 + 1));
        }
    }
    f->expect = y;
    f->at++;
}

START_TEST(test_line_batches)
{
    char text[LINES * 19];
    unroll_corpus *c = make_corpus(text, lines_text(text), true);
    enum { T = 10, B = 4, EPOCHS = 3 };
    unroll_task task = char_task(c, T, B, false);
    int first_line[EPOCHS];
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
        int seen[LINES] = {0}, total = 0;
        follower stream[B];
        for (size_t b = 0; b < B; b++)
            stream[b] = (follower){.expect = '\n'};
        for (uint64_t w = 0; w < task.batches_per_epoch; w++) {
            unroll_batch batch;
            ck_assert_int_eq(task.next(task.self, &batch), UNROLL_OK);
            ck_assert_int_eq(batch.carry, w > 0);
            for (size_t t = 0; t < T; t++)
                for (size_t b = 0; b < B; b++)
                    follow(&stream[b], &batch, t * B + b, seen);
            if (w == 0)
                first_line[epoch] = code(batch.target[0], batch.target[B]);
        }
        for (int k = 0; k < LINES; k++) {
            ck_assert_int_le(seen[k], k < LINES * 9 / 10);
            total += seen[k];
        }
        ck_assert_int_ge(total, LINES * 9 / 10 * 8 / 10); /* little is left over */
    }
    ck_assert(first_line[0] != first_line[1] || first_line[1] != first_line[2]);
    task.free(task.self);
    unroll_corpus_free(c);
}
END_TEST

START_TEST(test_line_evaluation)
{
    char text[LINES * 19];
    unroll_corpus *c = make_corpus(text, lines_text(text), true);
    unroll_task task = char_task(c, 0, 0, false);
    for (int split = UNROLL_TRAIN; split <= UNROLL_TEST; split++) {
        const unroll_part *p = unroll_corpus_part(c, split);
        int seen[LINES] = {0};
        follower stream = {.expect = '\n'};
        double weight = 0;
        unroll_batch batch;
        bool more = true;
        for (uint64_t i = 0; more; i++) {
            ck_assert_int_eq(task.eval(task.self, split, i, &batch, &more), UNROLL_OK);
            for (size_t t = 0; more && t < batch.T; t++) {
                follow(&stream, &batch, t, seen);
                weight += (double)batch.weight[t];
            }
        }
        ck_assert_double_eq(weight, (double)(p->count - 1));
        const int first = split == UNROLL_TRAIN ? 0 : split == UNROLL_VALID ? 90 : 95;
        for (int k = 0; k < LINES; k++)
            ck_assert_int_eq(seen[k], k >= first && k < first + (int)p->lines);
    }
    task.free(task.self);
    unroll_corpus_free(c);
}
END_TEST

START_TEST(test_line_fit)
{
    unroll_corpus *c = make_corpus("abc\nde", 6, true);
    size_t T = 50, B = 50;
    ck_assert_int_eq(unroll_task_char_fit(c, false, false, &T, &B), UNROLL_OK);
    ck_assert_uint_eq(B, 1);
    ck_assert_uint_eq(T, 5);  /* one line of two is for training: 4 predictions and a reset */
    T = 2, B = 2;
    ck_assert_int_eq(unroll_task_char_fit(c, true, true, &T, &B), UNROLL_EDATA);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "lines"));
    unroll_corpus_free(c);
}
END_TEST

/* ---- resume ---- */

typedef struct saved {
    uint64_t word[16];
    size_t count;
    bool restore;
} saved;

static void visit(void *arg, const char *name, enum unroll_field_kind kind, void *data,
                  size_t count)
{
    saved *s = arg;
    ck_assert_ptr_nonnull(name);
    ck_assert_int_eq(kind, UNROLL_FIELD_U64);
    if (s->restore)
        memcpy(data, s->word + s->count, count * sizeof(uint64_t));
    else
        memcpy(s->word + s->count, data, count * sizeof(uint64_t));
    s->count += count;
}

static void check_same_batch(const unroll_task *a, const unroll_task *b)
{
    unroll_batch x, y;
    ck_assert_int_eq(a->next(a->self, &x), UNROLL_OK);
    ck_assert_int_eq(b->next(b->self, &y), UNROLL_OK);
    ck_assert_int_eq(x.carry, y.carry);
    const size_t n = x.T * x.B;
    if (x.input)
        ck_assert_mem_eq(x.input, y.input, n * sizeof *x.input);
    if (x.target)
        ck_assert_mem_eq(x.target, y.target, n * sizeof *x.target);
    if (x.feature)
        ck_assert_mem_eq(x.feature, y.feature, n * a->inputs * sizeof *x.feature);
    if (x.value)
        ck_assert_mem_eq(x.value, y.value, n * a->outputs * sizeof *x.value);
    if (x.weight)
        ck_assert_mem_eq(x.weight, y.weight, n * sizeof *x.weight);
    if (x.mode)
        ck_assert_mem_eq(x.mode, y.mode, n);
}

/* Run `a` for some batches, evaluating in between, and put a fresh twin where it is. */
static void check_resume(unroll_task *a, unroll_task *b, int batches)
{
    unroll_batch batch;
    bool more;
    for (int i = 0; i < batches; i++)
        ck_assert_int_eq(a->next(a->self, &batch), UNROLL_OK);
    saved s = {.count = 0};
    a->state(a->self, visit, &s);
    for (uint64_t i = 0; i < 3; i++)
        ck_assert_int_eq(a->eval(a->self, UNROLL_VALID, i, &batch, &more), UNROLL_OK);
    const size_t count = s.count;
    s.count = 0;
    s.restore = true;
    b->state(b->self, visit, &s);
    ck_assert_uint_eq(s.count, count);
    for (int i = 0; i < 30; i++)
        check_same_batch(a, b);
    a->free(a->self);
    b->free(b->self);
}

START_TEST(test_resume_char)
{
    char text[LINES * 19];
    unroll_corpus *c = make_corpus(text, lines_text(text), _i);
    for (int batches = 0; batches < 60; batches += 7) {
        unroll_task a = char_task(c, 10, 4, false), b = char_task(c, 10, 4, false);
        check_resume(&a, &b, batches);
    }
    unroll_corpus_free(c);
}
END_TEST

/* ---- synthetic ---- */

static unroll_task synthetic(const char *spec, size_t B, double *value, const unroll_task_row **row)
{
    unroll_task task;
    ck_assert_int_eq(unroll_task_parse(spec, row, value), UNROLL_OK);
    ck_assert_int_eq(unroll_task_synthetic(*row, value, B, 3, &task), UNROLL_OK);
    return task;
}

START_TEST(test_resume_synthetic)
{
    double value[UNROLL_TASK_KEYS];
    const unroll_task_row *row;
    for (size_t i = 0; unroll_task_table[i]; i++) {
        unroll_task a = synthetic(unroll_task_table[i]->name, 3, value, &row);
        unroll_task b = synthetic(unroll_task_table[i]->name, 3, value, &row);
        check_resume(&a, &b, 5);
    }
}
END_TEST

START_TEST(test_copy)
{
    double value[UNROLL_TASK_KEYS];
    const unroll_task_row *row;
    enum { DELAY = 7, LENGTH = 3, SYMBOLS = 4, T = DELAY + 2 * LENGTH, B = 5 };
    unroll_task task = synthetic("copy:delay=7,length=3,symbols=4", B, value, &row);
    ck_assert_uint_eq(task.inputs, SYMBOLS + 2);
    ck_assert_uint_eq(task.outputs, SYMBOLS + 1);
    ck_assert_uint_eq(task.train_T, T);
    ck_assert_uint_eq(task.batches_per_epoch, 0);
    ck_assert_double_eq(task.tokens_per_batch, T * B);
    size_t drawn[SYMBOLS + 2] = {0};
    for (int i = 0; i < 100; i++) {
        unroll_batch batch;
        ck_assert_int_eq(task.next(task.self, &batch), UNROLL_OK);
        ck_assert_int_eq(batch.carry, 0);
        for (size_t b = 0; b < B; b++)
            for (size_t t = 0; t < T; t++) {
                const uint32_t x = batch.input[t * B + b], y = batch.target[t * B + b];
                if (t < LENGTH) {
                    ck_assert(x >= 1 && x <= SYMBOLS);
                    ck_assert_uint_eq(x, batch.target[(DELAY + LENGTH + t) * B + b]);
                    drawn[x]++;
                } else {
                    ck_assert_uint_eq(x, t == DELAY + LENGTH - 1 ? SYMBOLS + 1 : 0);
                }
                if (t < DELAY + LENGTH)
                    ck_assert_uint_eq(y, 0);
                ck_assert(batch.weight[t * B + b] == 1);
            }
    }
    for (size_t s = 1; s <= SYMBOLS; s++) /* 1500 draws of 4: five standard deviations are 84 */
        ck_assert_msg(drawn[s] > 291 && drawn[s] < 459, "symbol %zu: %zu", s, drawn[s]);
    ck_assert_double_eq_tol(row->baseline(value), 3 * log(4) / 13, 1e-12);
    task.free(task.self);

    static const struct { const char *spec; double loss; } published[] = {
        {"copy:delay=50", 0.297}, {"copy:delay=100", 0.173}, {"copy:delay=200", 0.0945},
        {"copy:delay=500", 0.0400}, {"copy:delay=1000", 0.0204},
    };
    for (size_t i = 0; i < 5; i++) {
        ck_assert_int_eq(unroll_task_parse(published[i].spec, &row, value), UNROLL_OK);
        ck_assert_double_eq_tol(row->baseline(value), published[i].loss, 6e-4);
    }
}
END_TEST

START_TEST(test_adding)
{
    double value[UNROLL_TASK_KEYS];
    const unroll_task_row *row;
    enum { T = 11, B = 50, BATCHES = 200 };
    unroll_task task = synthetic("adding:length=11", B, value, &row);
    ck_assert(task.features && task.squared);
    ck_assert_uint_eq(task.inputs, 2);
    ck_assert_uint_eq(task.outputs, 1);
    double error = 0;
    for (int i = 0; i < BATCHES; i++) {
        unroll_batch batch;
        ck_assert_int_eq(task.next(task.self, &batch), UNROLL_OK);
        ck_assert_ptr_null(batch.input);
        for (size_t b = 0; b < B; b++) {
            double sum = 0;
            int marked[2] = {0, 0};
            bool fine = true; /* one assertion a sequence: each costs a message to the runner */
            for (size_t t = 0; t < T; t++) {
                const unroll_real *x = batch.feature + (t * B + b) * 2;
                fine &= x[0] >= 0 && x[0] <= 1 && (x[1] == 0 || x[1] == 1);
                fine &= batch.weight[t * B + b] == (t == T - 1);
                marked[t >= T / 2] += x[1] == 1;
                sum += x[1] == 1 ? (double)x[0] : 0;
            }
            ck_assert(fine);
            ck_assert(marked[0] == 1 && marked[1] == 1);
            const double y = (double)batch.value[(T - 1) * B + b];
            ck_assert_double_eq_tol(y, sum, 1e-6);
            error += (y - 1) * (y - 1);
        }
    }
    /* 10,000 draws of variance 7/180: five standard errors are 0.0099 */
    ck_assert_double_eq_tol(error / (B * BATCHES), row->baseline(value), 0.0099);
    task.free(task.self);
}
END_TEST

/* Evaluations come out the same each time, whatever training does, and the test split counts only
 * what needs memory. */
START_TEST(test_synthetic_evaluation)
{
    double value[UNROLL_TASK_KEYS];
    const unroll_task_row *row;
    unroll_task task = synthetic("copy:delay=5,length=2,symbols=3", 8, value, &row);
    enum { T = 9, B = 8, N = T * B };
    uint32_t input[N], other[N];
    unroll_batch batch;
    bool more;
    ck_assert_int_eq(task.eval(task.self, UNROLL_VALID, 0, &batch, &more), UNROLL_OK);
    memcpy(input, batch.input, sizeof input);
    ck_assert_int_eq(task.next(task.self, &batch), UNROLL_OK);
    memcpy(other, batch.input, sizeof other);
    ck_assert_int_ne(memcmp(input, other, sizeof input), 0);
    ck_assert_int_eq(task.eval(task.self, UNROLL_VALID, 1, &batch, &more), UNROLL_OK);
    ck_assert_int_ne(memcmp(input, batch.input, sizeof input), 0);
    ck_assert_int_eq(task.eval(task.self, UNROLL_TEST, 0, &batch, &more), UNROLL_OK);
    ck_assert_mem_eq(input, batch.input, sizeof input);
    for (size_t i = 0; i < N; i++)
        ck_assert(batch.weight[i] == (i / B >= 7));
    uint64_t batches = 0;
    while (task.eval(task.self, UNROLL_VALID, batches, &batch, &more) == UNROLL_OK && more)
        batches++;
    ck_assert_uint_eq(batches, 125);
    task.free(task.self);
}
END_TEST

START_TEST(test_lines_of_tsv)
{
    double value[UNROLL_TASK_KEYS];
    const unroll_task_row *row;
    unroll_task task = synthetic("copy:delay=2,length=1,symbols=1", 2, value, &row);
    unroll_batch batch;
    bool more;
    char *line;
    ck_assert_int_eq(task.next(task.self, &batch), UNROLL_OK);
    ck_assert_int_eq(unroll_task_line(&task, &batch, 1, &line), UNROLL_OK);
    ck_assert_str_eq(line, "1 0 2 0\t0 0 0 1");
    unroll_free(line);
    ck_assert_int_eq(task.eval(task.self, UNROLL_TEST, 0, &batch, &more), UNROLL_OK);
    ck_assert_int_eq(unroll_task_line(&task, &batch, 0, &line), UNROLL_OK);
    ck_assert_str_eq(line, "1 0 2 0\t- - - 1");
    unroll_free(line);
    task.free(task.self);

    task = synthetic("adding:length=2", 1, value, &row);
    ck_assert_int_eq(task.next(task.self, &batch), UNROLL_OK);
    ck_assert_int_eq(unroll_task_line(&task, &batch, 0, &line), UNROLL_OK);
    double a, b, sum;
    int end = 0;
    ck_assert_int_eq(sscanf(line, "%lf,1 %lf,1\t- %lf%n", &a, &b, &sum, &end), 3);
    ck_assert_uint_eq((size_t)end, strlen(line));
    ck_assert_double_eq_tol(a + b, sum, 1e-5);
    unroll_free(line);
    task.free(task.self);
}
END_TEST

static const char *const bad_specs[][2] = {
    {"copi", "did you mean 'copy'"},
    {"", "does not exist"},
    {"xyzzyxyzzy", "does not exist"},
    {"copy:dely=5", "did you mean 'delay'"},
    {"copy:", "key=value"},
    {"copy:delay", "key=value"},
    {"copy:delay=", "delay: '' is not a whole number from 1 to 1"},
    {"copy:delay=3x", "'3x'"},
    {"copy:delay=-1", "'-1'"},
    {"copy:delay=0", "from 1"},
    {"copy:delay=1.5", "whole number"},
    {"copy:delay=nan", "'nan'"},
    {"copy:delay=1e99", "'1e99'"},
    {"copy:delay=99999999999999999999", "from 1"},
    {"copy:delay=5,delay=6", "twice"},
    {"copy:delay=5,,length=1", "key=value"},
    {"adding:length=1", "from 2"},
    {"adding: length=5", "did you mean 'length'"},
};

START_TEST(test_bad_specs)
{
    const unroll_task_row *row;
    double value[UNROLL_TASK_KEYS];
    ck_assert_int_eq(unroll_task_parse(bad_specs[_i][0], &row, value), UNROLL_EUSAGE);
    ck_assert_msg(strstr(unroll_message(), bad_specs[_i][1]) != NULL, "'%s' in '%s'",
                  bad_specs[_i][1], unroll_message());
}
END_TEST

START_TEST(test_table)
{
    for (size_t i = 0; unroll_task_table[i]; i++) {
        const unroll_task_row *row = unroll_task_table[i], *found;
        double value[UNROLL_TASK_KEYS];
        ck_assert_int_eq(unroll_task_parse(row->name, &found, value), UNROLL_OK);
        ck_assert_ptr_eq(found, row);
        ck_assert(row->summary && row->source && row->baseline(value) > 0);
        for (size_t k = 0; k < UNROLL_TASK_KEYS && row->keys[k].name; k++) {
            ck_assert_ptr_nonnull(row->keys[k].help);
            ck_assert(row->keys[k].min <= row->keys[k].preset);
            ck_assert(row->keys[k].preset <= row->keys[k].max);
            ck_assert(value[k] == row->keys[k].preset);
        }
    }
}
END_TEST

START_TEST(test_memory)
{
    unroll_corpus *c = make_corpus("ab\ncd\nef\n", 9, true);
    const unroll_task_char_options options = {2, 2, false, 1};
    const unroll_task_row *row;
    double value[UNROLL_TASK_KEYS];
    ck_assert_int_eq(unroll_task_parse("adding:length=5", &row, value), UNROLL_OK);
    for (int kind = 0; kind < 2; kind++) {
        unroll_status status = UNROLL_EMEMORY;
        for (long n = 0; status != UNROLL_OK; n++) {
            unroll_task task;
            unroll_alloc_fail_after(n);
            status = kind ? unroll_task_char(c, &options, &task)
                          : unroll_task_synthetic(row, value, 2, 1, &task);
            unroll_alloc_fail_after(-1);
            ck_assert(status == UNROLL_OK || status == UNROLL_EMEMORY);
            if (status == UNROLL_OK)
                task.free(task.self);
            ck_assert_int_lt(n, 50);
        }
    }
    unroll_task task;
    ck_assert_int_eq(unroll_task_synthetic(row, value, SIZE_MAX / 4, 1, &task), UNROLL_EMEMORY);
    unroll_corpus_free(c);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("task");
    TCase *t = new_case(suite, "char");
    tcase_add_loop_test(t, test_streams, 0, 2);
    tcase_add_test(t, test_epoch_length);
    tcase_add_test(t, test_evaluation);
    tcase_add_loop_test(t, test_fit, 0, sizeof fits / sizeof *fits);
    tcase_add_test(t, test_line_batches);
    tcase_add_test(t, test_line_evaluation);
    tcase_add_test(t, test_line_fit);
    tcase_add_loop_test(t, test_resume_char, 0, 2);
    t = new_case(suite, "synthetic");
    tcase_add_test(t, test_resume_synthetic);
    tcase_add_test(t, test_copy);
    tcase_add_test(t, test_adding);
    tcase_add_test(t, test_synthetic_evaluation);
    tcase_add_test(t, test_lines_of_tsv);
    tcase_add_loop_test(t, test_bad_specs, 0, sizeof bad_specs / sizeof *bad_specs);
    tcase_add_test(t, test_table);
    tcase_add_test(t, test_memory);
    return suite;
}
