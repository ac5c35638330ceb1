/* The synthetic tasks: their table and specs, what all of them promise, and the two oldest, copy and adding, in full. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "resumed_task.h"
#include "runner.h"
#include "synthetic_examples.h"

/* ---- the table ---- */

START_TEST(table)
{
    for (size_t i = 0; unroll_task_table[i]; i++) {
        const unroll_task_row *row = unroll_task_table[i], *found;
        double value[UNROLL_TASK_KEYS];
        ck_assert_int_eq(unroll_task_parse(row->name, &found, value), UNROLL_OK);
        ck_assert_ptr_eq(found, row);
        ck_assert(row->summary && row->origin && row->baseline(value) > 0);
        for (size_t k = 0; k < UNROLL_TASK_KEYS && row->keys[k].name; k++) {
            ck_assert_ptr_nonnull(row->keys[k].help);
            ck_assert(row->keys[k].min <= row->keys[k].preset);
            ck_assert(row->keys[k].preset <= row->keys[k].max);
            ck_assert(value[k] == row->keys[k].preset);
        }
    }
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

START_TEST(refused_specs)
{
    const unroll_task_row *row;
    double value[UNROLL_TASK_KEYS];
    ck_assert_int_eq(unroll_task_parse(bad_specs[_i][0], &row, value), UNROLL_EUSAGE);
    ck_assert_msg(strstr(unroll_message(), bad_specs[_i][1]) != NULL, "'%s' in '%s'",
                  bad_specs[_i][1], unroll_message());
}
END_TEST

/* What is not named is as in the other spec, where that is of the same task. */
START_TEST(keys_of_another_spec)
{
    static const struct {
        const char *spec, *like;
        double value[3];
    } cases[] = {
        {"copy:delay=200", "copy:delay=5,length=3,symbols=2", {200, 3, 2}},
        {"copy", "copy:delay=5,length=3", {5, 3, 8}},
        {"copy:length=4", "char", {100, 4, 8}},
        {"copy:symbols=4", "reverse:length=3,symbols=2", {100, 10, 4}},
    };
    const unroll_task_row *row;
    double value[UNROLL_TASK_KEYS];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        OK(unroll_task_parse_like(cases[i].spec, cases[i].like, &row, value));
        ck_assert_str_eq(row->name, "copy");
        ck_assert_mem_eq(value, cases[i].value, sizeof cases[i].value);
    }
    ck_assert_int_eq(unroll_task_parse_like("copy:delay=0", "copy:delay=5", &row, value),
                     UNROLL_EUSAGE);
    ck_assert_int_eq(unroll_task_parse_like("copi", "copy:delay=5", &row, value), UNROLL_EUSAGE);
}
END_TEST

/* The first key makes the sequences longer, and changes nothing of what a network must have. */
START_TEST(longer_by_the_first_key)
{
    const unroll_task_row *row = unroll_task_table[_i];
    unroll_task_shape one, two;
    double value[UNROLL_TASK_KEYS];
    OK(unroll_task_parse(row->name, &row, value));
    row->shape(value, &one);
    value[0] *= 2;
    row->shape(value, &two);
    ck_assert_uint_gt(two.T, one.T);
    ck_assert_uint_eq(two.inputs, one.inputs);
    ck_assert_uint_eq(two.outputs, one.outputs);
}
END_TEST

START_TEST(memory)
{
    const unroll_task_row *row;
    double value[UNROLL_TASK_KEYS];
    ck_assert_int_eq(unroll_task_parse("adding:length=5", &row, value), UNROLL_OK);
    unroll_status status = UNROLL_EMEMORY;
    for (long n = 0; status != UNROLL_OK; n++) {
        unroll_task task;
        unroll_alloc_fail_after(n);
        status = unroll_task_synthetic(row, value, 2, 1, &task);
        unroll_alloc_fail_after(-1);
        ck_assert(status == UNROLL_OK || status == UNROLL_EMEMORY);
        if (status == UNROLL_OK)
            task.free(task.self);
        ck_assert_int_lt(n, 50);
    }
    unroll_task task;
    ck_assert_int_eq(unroll_task_synthetic(row, value, SIZE_MAX / 4, 1, &task), UNROLL_EMEMORY);
}
END_TEST

/* ---- what all have in common ---- */

static size_t bytes_of(const unroll_batch *b, const example *e, unsigned char *to)
{
    const size_t n = b->T * b->B;
    size_t used = 0;
    const struct {
        const void *data;
        size_t size;
    } part[] = {
        {b->input, n * sizeof *b->input},
        {b->target, n * sizeof *b->target},
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
    example one = make_example(row->name, 4, 1), same = make_example(row->name, 4, 1),
            other = make_example(row->name, 4, 2);
    for (int i = 0; i < 3; i++) {
        unroll_batch x = next_batch(&one), y = next_batch(&same);
        const size_t n = bytes_of(&x, &one, a);
        ck_assert_uint_eq(n, bytes_of(&y, &same, b));
        ck_assert_mem_eq(a, b, n);
        y = next_batch(&other);
        bytes_of(&y, &other, b);
        ck_assert_int_ne(memcmp(a, b, n), 0);
    }
    free_example(&one);
    free_example(&same);
    free_example(&other);
}
END_TEST

static unroll_batch held_out(const example *e, enum unroll_split split, uint64_t i)
{
    unroll_batch batch;
    bool more;
    OK(e->task.eval(e->task.self, split, i, &batch, &more));
    ck_assert(more);
    return batch;
}

/* The samples of an evaluation do not depend on how far training is. Training, validation and test have samples of
 * their own, and count the same targets. */
START_TEST(evaluation)
{
    static unsigned char a[1 << 20], b[1 << 20];
    example e = make_example(unroll_task_table[_i]->name, 4, 1);
    unroll_batch batch = next_batch(&e);
    const size_t n = bytes_of(&batch, &e, b);
    for (int split = UNROLL_VALID; split <= UNROLL_TEST; split++) {
        batch = held_out(&e, (enum unroll_split)split, 2);
        ck_assert_uint_eq(n, bytes_of(&batch, &e, a));
        ck_assert_int_ne(memcmp(a, b, n), 0); /* not the last one's */
        for (int i = 0; i < 3; i++)
            next_batch(&e);
        batch = held_out(&e, (enum unroll_split)split, 2);
        bytes_of(&batch, &e, b);
        ck_assert_mem_eq(a, b, n);
    }
    free_example(&e);
}
END_TEST

/* Sequence `k` of a held-out set as text. */
static char *held_out_line(const example *e, enum unroll_split split, size_t k)
{
    const unroll_batch batch = held_out(e, split, k / e->task.eval_B);
    char *line;
    OK(unroll_task_line(&e->task, &batch, k % batch.B, &line));
    return line;
}

static size_t count_sequences(const example *e, enum unroll_split split)
{
    unroll_batch batch;
    bool more;
    size_t count = 0;
    for (uint64_t i = 0;; i++) {
        OK(e->task.eval(e->task.self, split, i, &batch, &more));
        if (!more)
            return count;
        for (size_t b = 0; b < batch.B; b++) {
            bool some = false;
            for (size_t t = 0; t < batch.T; t++)
                some |= batch.weight[t * batch.B + b] > 0;
            count += some;
        }
    }
}

/* The held-out sequences are the same ones whatever the batch, and as many. */
START_TEST(whatever_the_batch)
{
    static const size_t some[] = {0, 3, 6, 7, 20, 998, 999};
    const char *name = unroll_task_table[_i]->name;
    example few = make_example(name, 3, 1), many = make_example(name, 7, 1);
    for (int s = UNROLL_VALID; s <= UNROLL_TEST; s++) {
        const enum unroll_split split = (enum unroll_split)s;
        for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
            char *a = held_out_line(&few, split, some[i]), *b = held_out_line(&many, split, some[i]);
            ck_assert_str_eq(a, b);
            unroll_free(a);
            unroll_free(b);
        }
        ck_assert_uint_eq(count_sequences(&few, split), 1000);
        ck_assert_uint_eq(count_sequences(&many, split), 1000);
    }
    free_example(&few);
    free_example(&many);
}
END_TEST

START_TEST(smallest)
{
    static const char *const specs[] = {
        "temporal-order:length=10",  "latch:delay=1,cue=1,noise=0", "two-sequence:delay=1,start=1",
        "parity:length=1",           "reverse:length=1,symbols=1",  "multiplication:length=2",
        "reber:strings=1,longest=5",
    };
    example e = make_example(specs[_i], 1, 1);
    for (int i = 0; i < 100; i++)
        next_batch(&e);
    free_example(&e);
}
END_TEST

START_TEST(resume)
{
    for (size_t i = 0; unroll_task_table[i]; i++) {
        example a = make_example(unroll_task_table[i]->name, 3, 3);
        example b = make_example(unroll_task_table[i]->name, 3, 3);
        check_resume(&a.task, &b.task, 5);
    }
}
END_TEST

/* ---- copy and adding ---- */

START_TEST(copy)
{
    enum { DELAY = 7, LENGTH = 3, SYMBOLS = 4, T = DELAY + 2 * LENGTH, B = 5 };
    example e = make_example("copy:delay=7,length=3,symbols=4", B, 3);
    ck_assert_uint_eq(e.task.inputs, SYMBOLS + 2);
    ck_assert_uint_eq(e.task.outputs, SYMBOLS + 1);
    ck_assert_uint_eq(e.task.train_T, T);
    ck_assert_uint_eq(e.task.batches_per_epoch, 0);
    ck_assert_double_eq(e.task.tokens_per_batch, T * B);
    size_t drawn[SYMBOLS + 2] = {0};
    for (int i = 0; i < 100; i++) {
        unroll_batch batch;
        ck_assert_int_eq(e.task.next(e.task.self, &batch), UNROLL_OK);
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
    ck_assert_double_eq_tol(e.row->baseline(e.value), 3 * log(4) / 13, 1e-12);
    free_example(&e);

    static const struct {
        const char *spec;
        double loss;
    } published[] = {
        {"copy:delay=50", 0.297},   {"copy:delay=100", 0.173},   {"copy:delay=200", 0.0945},
        {"copy:delay=500", 0.0400}, {"copy:delay=1000", 0.0204},
    };
    for (size_t i = 0; i < 5; i++) {
        ck_assert_int_eq(unroll_task_parse(published[i].spec, &e.row, e.value), UNROLL_OK);
        ck_assert_double_eq_tol(e.row->baseline(e.value), published[i].loss, 6e-4);
    }
}
END_TEST

START_TEST(adding)
{
    enum { T = 11, B = 50, BATCHES = 200 };
    example e = make_example("adding:length=11", B, 3);
    ck_assert(e.task.features && e.task.squared);
    ck_assert_uint_eq(e.task.inputs, 2);
    ck_assert_uint_eq(e.task.outputs, 1);
    double error = 0;
    for (int i = 0; i < BATCHES; i++) {
        unroll_batch batch;
        ck_assert_int_eq(e.task.next(e.task.self, &batch), UNROLL_OK);
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
    ck_assert_double_eq_tol(error / (B * BATCHES), e.row->baseline(e.value), 0.0099);
    free_example(&e);
}
END_TEST

/* Evaluations come out the same each time, whatever training does; blanks have weight, but are no part of what is
 * recalled. */
START_TEST(copy_evaluation)
{
    example e = make_example("copy:delay=5,length=2,symbols=3", 8, 3);
    enum { T = 9, B = 8, N = T * B };
    uint32_t input[N], other[N];
    unroll_batch batch;
    bool more;
    ck_assert_int_eq(e.task.eval(e.task.self, UNROLL_VALID, 0, &batch, &more), UNROLL_OK);
    memcpy(input, batch.input, sizeof input);
    ck_assert_int_eq(e.task.next(e.task.self, &batch), UNROLL_OK);
    memcpy(other, batch.input, sizeof other);
    ck_assert_int_ne(memcmp(input, other, sizeof input), 0);
    ck_assert_int_eq(e.task.eval(e.task.self, UNROLL_VALID, 1, &batch, &more), UNROLL_OK);
    ck_assert_int_ne(memcmp(input, batch.input, sizeof input), 0);
    batch = held_out(&e, UNROLL_VALID, 0);
    ck_assert_mem_eq(input, batch.input, sizeof input);
    for (size_t i = 0; i < N; i++)
        ck_assert(batch.weight[i] == 1 && (batch.counted[i] && batch.recalled[i]) == (i / B >= 7));
    batch = held_out(&e, UNROLL_TEST, 0);
    ck_assert_int_ne(memcmp(input, batch.input, sizeof input), 0);
    for (size_t i = 0; i < N; i++)
        ck_assert(batch.weight[i] == 1 && (batch.counted[i] && batch.recalled[i]) == (i / B >= 7));
    uint64_t batches = 0;
    while (e.task.eval(e.task.self, UNROLL_VALID, batches, &batch, &more) == UNROLL_OK && more)
        batches++;
    ck_assert_uint_eq(batches, 125);
    free_example(&e);
}
END_TEST

START_TEST(lines_of_tsv)
{
    example e = make_example("copy:delay=2,length=1,symbols=1", 2, 3);
    unroll_batch batch;
    char *line;
    ck_assert_int_eq(e.task.next(e.task.self, &batch), UNROLL_OK);
    ck_assert_int_eq(unroll_task_line(&e.task, &batch, 1, &line), UNROLL_OK);
    ck_assert_str_eq(line, "1 0 2 0\t0 0 0 1");
    unroll_free(line);
    free_example(&e);

    e = make_example("adding:length=2", 1, 3);
    ck_assert_int_eq(e.task.next(e.task.self, &batch), UNROLL_OK);
    ck_assert_int_eq(unroll_task_line(&e.task, &batch, 0, &line), UNROLL_OK);
    double a, b, sum;
    int end = 0;
    ck_assert_int_eq(sscanf(line, "%lf,1 %lf,1\t- %lf%n", &a, &b, &sum, &end), 3);
    ck_assert_uint_eq((size_t)end, strlen(line));
    ck_assert_double_eq_tol(a + b, sum, 1e-5);
    unroll_free(line);
    free_example(&e);
}
END_TEST

Suite *make_suite(void)
{
    int tasks = 0;
    while (unroll_task_table[tasks])
        tasks++;
    Suite *suite = suite_create("synthetic tasks");
    TCase *t = new_case(suite, "table");
    tcase_add_test(t, table);
    tcase_add_loop_test(t, refused_specs, 0, sizeof bad_specs / sizeof *bad_specs);
    tcase_add_test(t, keys_of_another_spec);
    tcase_add_test(t, memory);
    t = new_case(suite, "all tasks");
    tcase_add_loop_test(t, by_seed, 0, tasks);
    tcase_add_loop_test(t, evaluation, 0, tasks);
    tcase_add_loop_test(t, longer_by_the_first_key, 0, tasks);
    tcase_add_loop_test(t, whatever_the_batch, 0, tasks);
    tcase_add_loop_test(t, smallest, 0, 7);
    tcase_add_test(t, resume);
    t = new_case(suite, "copy and adding");
    tcase_add_test(t, copy);
    tcase_add_test(t, adding);
    tcase_add_test(t, copy_evaluation);
    tcase_add_test(t, lines_of_tsv);
    return suite;
}
