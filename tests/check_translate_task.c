/* The batches of a translation: what an epoch, an evaluation and a resumed training are given. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/pairs.h"
#include "runner.h"
#include "task/task.h"
#include "texts.h"

enum { PAIRS = 203, ROWS = 8 };

/* Which training pair a row is, by its target, which is unique; checks the row on the way. */
static size_t check_row(const unroll_pairs_part *part, const unroll_batch *b, size_t row, bool reverse)
{
    size_t S = 0, T = 0, found = part->count;
    for (size_t s = 0; s < b->S; s++) {
        const bool runs = b->source_mode[s * b->B + row] == UNROLL_RUN;
        ck_assert(runs ? s == S : b->source_mode[s * b->B + row] == UNROLL_HOLD);
        S += runs;
    }
    for (size_t t = 0; t < b->T; t++) {
        const bool runs = b->mode[t * b->B + row] == UNROLL_RUN;
        ck_assert(b->weight[t * b->B + row] == (runs ? 1 : 0));
        ck_assert(runs ? t == T : b->mode[t * b->B + row] == UNROLL_HOLD);
        T += runs;
    }
    for (size_t i = 0; i < part->count && found == part->count && T > 0; i++) {
        const unroll_pair *pair = &part->pair[i];
        bool same = pair->length[UNROLL_TARGET] == T && pair->length[UNROLL_SOURCE] == S;
        for (size_t t = 0; t < T && same; t++)
            same = b->target[t * b->B + row] == pair->id[UNROLL_TARGET][t];
        for (size_t s = 0; s < S && same; s++)
            same = b->source[s * b->B + row] == pair->id[UNROLL_SOURCE][reverse ? S - 1 - s : s];
        if (same)
            found = i;
    }
    if (T == 0)
        return SIZE_MAX;
    ck_assert_uint_lt(found, part->count);
    ck_assert_uint_eq(b->input[row], UNROLL_ID_BEGIN);
    for (size_t t = 1; t < T; t++)
        ck_assert_uint_eq(b->input[t * b->B + row], b->target[(t - 1) * b->B + row]);
    return found;
}

/* Counts the pairs of a batch; returns its empty rows. */
static size_t check_batch(const unroll_pairs_part *part, const unroll_batch *b, bool reverse,
                          unsigned *seen)
{
    size_t empty = 0;
    for (size_t row = 0; row < b->B; row++) {
        const size_t at = check_row(part, b, row, reverse);
        if (at == SIZE_MAX)
            empty++;
        else
            seen[at]++;
    }
    return empty;
}

static unroll_task task_of(const unroll_pairs *p, bool reverse, uint64_t seed)
{
    unroll_task task;
    const unroll_task_translate_options o = {.B = ROWS, .reverse = reverse, .seed = seed};
    ck_assert_int_eq(unroll_task_translate(p, &o, &task), UNROLL_OK);
    return task;
}

static unroll_pairs *some_pairs(void)
{
    unroll_pairs_options o = pair_options(UNROLL_WORD);
    char *text = many_pairs(PAIRS, 7);
    unroll_pairs *p = pairs_of(&o, text);
    free(text);
    return p;
}

START_TEST(test_epochs)
{
    const bool reverse = _i == 1;
    unroll_pairs *p = some_pairs();
    const unroll_pairs_part *part = unroll_pairs_get_part(p, UNROLL_TRAIN);
    unroll_task task = task_of(p, reverse, 1);
    uint32_t first[2] = {0};
    ck_assert_uint_eq(task.batches_per_epoch, (PAIRS + ROWS - 1) / ROWS);
    for (int epoch = 0; epoch < 3; epoch++) {
        unsigned seen[PAIRS] = {0};
        size_t empty = 0;
        for (uint64_t i = 0; i < task.batches_per_epoch; i++) {
            unroll_batch b;
            ck_assert_int_eq(task.next(task.self, &b), UNROLL_OK);
            ck_assert_uint_eq(b.B, ROWS);
            ck_assert_uint_le(b.T, task.train_T);
            ck_assert_uint_le(b.S, task.train_S);
            ck_assert_int_eq(b.carry, 0);
            empty += check_batch(part, &b, reverse, seen);
            if (i == 0 && epoch < 2)
                first[epoch] = b.target[0] * 1000 + b.target[1];
        }
        ck_assert_uint_eq(empty, ROWS * task.batches_per_epoch - PAIRS);
        for (size_t i = 0; i < PAIRS; i++)
            ck_assert_uint_eq(seen[i], 1);
    }
    ck_assert_uint_ne(first[0], first[1]);
    task.free(task.self);
    unroll_pairs_free(p);
}
END_TEST

/* Of pairs whose lengths differ ninefold, hardly anything is padding. */
START_TEST(test_padding)
{
    unroll_pairs_options o = pair_options(UNROLL_WORD);
    char *text = many_pairs(4000, 7);
    unroll_pairs *p = pairs_of(&o, text);
    unroll_task task = task_of(p, false, 1);
    double positions = 0, real = 0;
    for (uint64_t i = 0; i < task.batches_per_epoch; i++) {
        unroll_batch b;
        ck_assert_int_eq(task.next(task.self, &b), UNROLL_OK);
        positions += (double)((b.T + b.S) * b.B);
        for (size_t k = 0; k < b.T * b.B; k++)
            real += b.mode[k] == UNROLL_RUN;
        for (size_t k = 0; k < b.S * b.B; k++)
            real += b.source_mode[k] == UNROLL_RUN;
    }
    ck_assert_double_eq_tol(unroll_task_translate_padding(&task), 1 - real / positions, 1e-12);
    ck_assert_double_lt(unroll_task_translate_padding(&task), 0.03);
    task.free(task.self);
    unroll_pairs_free(p);
    free(text);
}
END_TEST

typedef struct memory_of_place {
    uint64_t place[2];
    bool restore;
} memory_of_place;

static void visit(void *arg, const char *name, enum unroll_field_kind kind, void *data, size_t count)
{
    memory_of_place *m = arg;
    ck_assert_str_eq(name, "task.place");
    ck_assert_int_eq(kind, UNROLL_FIELD_U64);
    ck_assert_uint_eq(count, 2);
    memcpy(m->restore ? data : m->place, m->restore ? m->place : data, sizeof m->place);
}

/* Resumed in the middle of an epoch or at its end, the same batches follow; evaluation is no step. */
START_TEST(test_resume)
{
    unroll_pairs_options o = pair_options(UNROLL_WORD);
    char *text = many_pairs(PAIRS, 7);
    o.split[0] = 0.7, o.split[1] = o.split[2] = 0.15;
    unroll_pairs *p = pairs_of(&o, text);
    unroll_task a = task_of(p, false, 5), b = task_of(p, false, 5);
    const uint64_t steps = _i == 0 ? 7 : a.batches_per_epoch;
    unroll_batch x, y;
    memory_of_place m = {0};
    bool more;
    for (uint64_t i = 0; i < steps; i++)
        ck_assert_int_eq(a.next(a.self, &x), UNROLL_OK);
    a.state(a.self, visit, &m);
    m.restore = true;
    b.state(b.self, visit, &m);
    for (uint64_t i = 0; i < 2 * a.batches_per_epoch; i++) {
        ck_assert_int_eq(a.next(a.self, &x), UNROLL_OK);
        ck_assert_int_eq(b.eval(b.self, UNROLL_VALID, i % 3, &y, &more), UNROLL_OK);
        ck_assert_int_eq(b.next(b.self, &y), UNROLL_OK);
        ck_assert_uint_eq(x.T, y.T);
        ck_assert_uint_eq(x.S, y.S);
        ck_assert_int_eq(memcmp(x.source, y.source, x.S * x.B * sizeof *x.source), 0);
        ck_assert_int_eq(memcmp(x.target, y.target, x.T * x.B * sizeof *x.target), 0);
    }
    a.free(a.self);
    b.free(b.self);
    unroll_pairs_free(p);
    free(text);
}
END_TEST

START_TEST(test_evaluation)
{
    unroll_pairs_options o = pair_options(UNROLL_WORD);
    char *text = many_pairs(PAIRS, 7);
    unroll_pairs *whole = pairs_of(&o, text);
    o.split[0] = 0.5, o.split[1] = 0.4, o.split[2] = 0.1;
    o.vocabulary[0] = unroll_pairs_vocabulary(whole, UNROLL_SOURCE);
    o.vocabulary[1] = unroll_pairs_vocabulary(whole, UNROLL_TARGET);
    unroll_pairs *p = pairs_of(&o, text);
    unroll_task task = task_of(p, false, 5);
    for (int split = UNROLL_VALID; split <= UNROLL_TEST; split++) {
        const unroll_pairs_part *part = unroll_pairs_get_part(p, (enum unroll_split)split);
        unsigned seen[PAIRS] = {0};
        bool more = true;
        for (uint64_t i = 0; more; i++) {
            unroll_batch b;
            ck_assert_int_eq(task.eval(task.self, (enum unroll_split)split, i, &b, &more), UNROLL_OK);
            if (more) {
                ck_assert_uint_le(b.T, task.eval_T);
                ck_assert_uint_le(b.S, task.eval_S);
                check_batch(part, &b, false, seen);
            }
        }
        for (size_t i = 0; i < part->count; i++)
            ck_assert_uint_eq(seen[i], 1);
    }
    task.free(task.self);
    unroll_pairs_free(p);
    unroll_pairs_free(whole);
    free(text);
}
END_TEST

/* Every allocation that fails is UNROLL_EMEMORY and leaks nothing. */
START_TEST(test_memory)
{
    unroll_pairs_options o = pair_options(UNROLL_GRAPHEME);
    o.keep_text = true;
    char *text = many_pairs(60, 7);
    unroll_status status = UNROLL_EMEMORY;
    for (long n = 0; status != UNROLL_OK; n++) {
        unroll_pairs *p = NULL;
        unroll_task task = {0};
        char *out = NULL;
        size_t length;
        ck_assert_int_lt(n, 400);
        unroll_alloc_fail_after(n);
        status = unroll_pairs_from_text(&o, "NAME", text, strlen(text), &p);
        if (status == UNROLL_OK) {
            const unroll_task_translate_options to = {.B = ROWS, .seed = 1};
            status = unroll_task_translate(p, &to, &task);
        }
        if (status == UNROLL_OK) {
            unroll_source s;
            status = unroll_source_encode(unroll_pairs_vocabulary(p, UNROLL_SOURCE), "NAME", "ab",
                                          2, false, &s);
            if (status == UNROLL_OK) {
                status = unroll_target_text(unroll_pairs_vocabulary(p, UNROLL_SOURCE), s.id,
                                            s.length, NULL, NULL, &out, &length);
                unroll_source_free(&s);
            }
        }
        unroll_alloc_fail_after(-1);
        ck_assert(status == UNROLL_OK || status == UNROLL_EMEMORY);
        unroll_free(out);
        if (task.free)
            task.free(task.self);
        unroll_pairs_free(p);
    }
    free(text);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("translate task");
    TCase *t = new_case(suite, "batches");
    tcase_add_loop_test(t, test_epochs, 0, 2);
    tcase_add_test(t, test_padding);
    tcase_add_loop_test(t, test_resume, 0, 2);
    tcase_add_test(t, test_evaluation);
    tcase_add_test(t, test_memory);
    return suite;
}
