/* The batches of characters: streams, lines, evaluation, sizes that fit, and a training that is resumed. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "resumed_task.h"
#include "runner.h"

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
        for (size_t t = 0; t < batch.T; t++) {
            ck_assert_uint_eq(batch.input[t], unroll_id_at(p->ids, at + t));
            ck_assert_uint_eq(batch.target[t], unroll_id_at(p->ids, at + t + 1));
        }
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
    size_t want_T, want_B; /* 0: it does not fit */
} fit_case;

/* clang-format off */
static const fit_case fits[] = {
    {10000, 50, 50, false, false, 50, 50},   {2779, 50, 50, false, false, 50, 50},
    {2778, 50, 50, false, false, 50, 49},    {112, 50, 50, false, false, 50, 1},
    {50, 50, 50, false, false, 44, 1},       {2, 50, 50, false, false, 1, 1},
    {1000, 50, 50, true, false, 50, 17},     {1000, 50, 50, false, true, 17, 50},
    {1000, 50, 50, true, true, 0, 0},        {40, 50, 50, true, false, 0, 0},
    {40, 50, 50, false, true, 0, 0},         {1000, SIZE_MAX, 2, true, true, 0, 0},
    {1000, SIZE_MAX, SIZE_MAX, true, true, 0, 0},
};
/* clang-format on */

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
        ck_assert_ptr_nonnull(strstr(program_message(), "--batch"));
        ck_assert_ptr_nonnull(strstr(program_message(), "--seq-length"));
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
    ck_assert_uint_eq(T, 5); /* one line of two is for training: 4 predictions and a reset */
    T = 2, B = 2;
    ck_assert_int_eq(unroll_task_char_fit(c, true, true, &T, &B), UNROLL_EDATA);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "lines"));
    unroll_corpus_free(c);
}
END_TEST

/* ---- resume ---- */

START_TEST(test_resume)
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

START_TEST(test_memory)
{
    unroll_corpus *c = make_corpus("ab\ncd\nef\n", 9, true);
    const unroll_task_char_options options = {2, 2, false, 1};
    unroll_status status = UNROLL_EMEMORY;
    for (long n = 0; status != UNROLL_OK; n++) {
        unroll_task task;
        unroll_alloc_fail_after(n);
        status = unroll_task_char(c, &options, &task);
        unroll_alloc_fail_after(-1);
        ck_assert(status == UNROLL_OK || status == UNROLL_EMEMORY);
        if (status == UNROLL_OK)
            task.free(task.self);
        ck_assert_int_lt(n, 50);
    }
    unroll_corpus_free(c);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("char task");
    TCase *t = new_case(suite, "char");
    tcase_add_loop_test(t, test_streams, 0, 2);
    tcase_add_test(t, test_epoch_length);
    tcase_add_test(t, test_evaluation);
    tcase_add_loop_test(t, test_fit, 0, sizeof fits / sizeof *fits);
    tcase_add_test(t, test_line_batches);
    tcase_add_test(t, test_line_evaluation);
    tcase_add_test(t, test_line_fit);
    tcase_add_loop_test(t, test_resume, 0, 2);
    tcase_add_test(t, test_memory);
    return suite;
}
