/* Beam search on tables of log-probabilities whose best lines are known. */
#include <check.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "decode/beam.h"
#include "runner.h"

enum { BEGIN = 1, END = 2, SYMBOLS = 6, PITCH = 8, WIDTH_MAX = 64, LENGTH_MAX = 6, S = 3 };

/* What comes next depends on the last symbol and on how many there are. It also keeps each row's past,
 * as a decoder keeps states. */
typedef struct table {
    double p[LENGTH_MAX + 2][SYMBOLS][SYMBOLS]; /* after `t` symbols, the last of them, the next */
    uint32_t last[WIDTH_MAX], past[WIDTH_MAX];  /* past: a hash of all symbols */
    unroll_real logits[WIDTH_MAX * PITCH], attention[WIDTH_MAX * S];
    size_t t, steps;
} table;

static const unroll_real *step(void *self, const uint32_t *id, const uint32_t *from, size_t rows)
{
    table *m = self;
    uint32_t past[WIDTH_MAX];
    ck_assert_uint_le(rows, WIDTH_MAX);
    m->t = from ? m->t + 1 : 0;
    m->steps++;
    for (size_t r = 0; r < rows; r++)
        past[r] = from ? m->past[from[r]] * 31 + id[r] : 0;
    memcpy(m->past, past, sizeof past);
    for (size_t r = 0; r < rows; r++) {
        for (size_t i = 0; i < SYMBOLS; i++)
            m->logits[r * PITCH + i] = (unroll_real)(log(m->p[m->t][id[r]][i]) + 3);
        for (size_t s = 0; s < S; s++)
            m->attention[r * S + s] = (unroll_real)(m->past[r] % 1000 + s);
    }
    return m->logits;
}

static const unroll_real *attention(void *self)
{
    return ((table *)self)->attention;
}

static unroll_beam_decoder decoder_of(table *m)
{
    return (unroll_beam_decoder){m, SYMBOLS, PITCH, step, attention, S};
}

/* Rows of probabilities, drawn. */
static void draw(table *m, uint64_t seed)
{
    unroll_rng rng;
    unroll_rng_seed(&rng, seed, UNROLL_STREAM_DATA);
    for (size_t t = 0; t < LENGTH_MAX + 2; t++)
        for (size_t last = 0; last < SYMBOLS; last++) {
            double sum = 0, *p = m->p[t][last];
            for (size_t i = 0; i < SYMBOLS; i++)
                sum += p[i] = i == BEGIN ? 1e-9 : exp(3 * unroll_rng_uniform(&rng));
            for (size_t i = 0; i < SYMBOLS; i++)
                p[i] /= sum;
        }
}

static size_t search(table *m, size_t width, size_t best, double alpha, unroll_beam *beam,
                     unroll_hypothesis *list)
{
    size_t count;
    const unroll_beam_decoder decoder = decoder_of(m);
    const unroll_beam_options o = {width, best, alpha, LENGTH_MAX, BEGIN, END};
    ck_assert_int_eq(unroll_beam_search(beam, &decoder, &o, S, list, &count), UNROLL_OK);
    ck_assert_uint_ge(count, 1);
    ck_assert_uint_le(count, best);
    return count;
}

static unroll_beam *new_beam(void)
{
    unroll_beam *beam;
    ck_assert_int_eq(unroll_beam_new(&beam), UNROLL_OK);
    return beam;
}

/* .6 · .3 against .4 · .9: the first step's best is not the best line's. */
START_TEST(finds_what_greedy_misses)
{
    table m = {0};
    unroll_hypothesis list[2];
    for (size_t t = 0; t < LENGTH_MAX + 2; t++)
        for (size_t last = 0; last < SYMBOLS; last++)
            for (size_t i = 0; i < SYMBOLS; i++)
                m.p[t][last][i] = i == END ? .95 : .01;
    const double first[SYMBOLS] = {1e-4, 1e-4, 1e-4, .6, .3996, 1e-4};
    const double after_3[SYMBOLS] = {.3, 1e-4, .2998, .1, .2, .1},
                 after_4[SYMBOLS] = {.02, .02, .02, .02, .02, .9};
    memcpy(m.p[0][BEGIN], first, sizeof first);
    memcpy(m.p[1][3], after_3, sizeof after_3);
    memcpy(m.p[1][4], after_4, sizeof after_4);
    unroll_beam *beam = new_beam();
    ck_assert_uint_eq(search(&m, 1, 1, 0, beam, list), 1);
    ck_assert_uint_eq(list[0].id[0], 3);
    const double greedy = list[0].log_probability;
    ck_assert_uint_eq(search(&m, 2, 2, 0, beam, list), 2);
    ck_assert_uint_eq(list[0].length, 2);
    ck_assert_uint_eq(list[0].id[0], 4);
    ck_assert_uint_eq(list[0].id[1], 5);
    ck_assert(list[0].ended);
    ck_assert_double_gt(list[0].log_probability, greedy);
    ck_assert_double_eq_tol(list[0].log_probability, log(.3996 * .9 * .95), 1e-4);
    unroll_beam_free(beam);
}
END_TEST

START_TEST(width_1_is_greedy)
{
    table m;
    unroll_hypothesis one;
    unroll_beam *beam = new_beam();
    draw(&m, (uint64_t)_i);
    search(&m, 1, 1, 0.7, beam, &one);
    uint32_t last = BEGIN;
    double sum = 0;
    size_t t = 0;
    for (; t < LENGTH_MAX; t++) {
        uint32_t best = 0;
        for (uint32_t i = 1; i < SYMBOLS; i++)
            if (m.p[t][last][i] > m.p[t][last][best])
                best = i;
        sum += log(m.p[t][last][best]);
        if (best == END)
            break;
        ck_assert_uint_eq(one.id[t], best);
        last = best;
    }
    ck_assert_uint_eq(one.length, t);
    ck_assert_int_eq(one.ended, t < LENGTH_MAX);
    ck_assert_double_eq_tol(one.log_probability, sum, 1e-5);
    unroll_beam_free(beam);
}
END_TEST

static double log_probability(const table *m, const unroll_hypothesis *h)
{
    double sum = 0;
    uint32_t last = BEGIN;
    for (size_t t = 0; t < h->length + h->ended; t++) {
        const uint32_t id = t < h->length ? h->id[t] : END;
        sum += log(m->p[t][last][id]);
        last = id;
    }
    return sum;
}

static bool same(const unroll_hypothesis *a, const unroll_hypothesis *b)
{
    return a->length == b->length && memcmp(a->id, b->id, a->length * sizeof *a->id) == 0;
}

/* The best of a wide beam: sorted, all different, scored as they should be, with their own attention. */
START_TEST(n_best)
{
    const double alpha = _i % 3 * 0.5;
    table m;
    unroll_hypothesis list[12];
    unroll_beam *beam = new_beam();
    draw(&m, (uint64_t)_i);
    const size_t count = search(&m, 12, 12, alpha, beam, list);
    ck_assert_uint_eq(count, 12);
    for (size_t i = 0; i < count; i++) {
        const unroll_hypothesis *h = &list[i];
        const double lp = pow((5.0 + (double)(h->length + h->ended)) / 6, alpha);
        ck_assert_double_eq_tol(h->log_probability, log_probability(&m, h), 1e-4);
        ck_assert_double_eq_tol(h->penalised, h->log_probability / lp, 1e-12);
        ck_assert(i == 0 || list[i - 1].penalised >= h->penalised);
        for (size_t k = 0; k < i; k++)
            ck_assert(!same(&list[k], h) || list[k].ended != h->ended);
        uint32_t past = 0;
        for (size_t t = 0; t < h->length + h->ended; t++) {
            ck_assert(h->attention[t * S + 1] == (unroll_real)(past % 1000 + 1));
            past = t < h->length ? past * 31 + h->id[t] : past;
        }
    }
    unroll_beam_free(beam);
}
END_TEST

/* The best line of all, by trying them. */
static void best_of_all(const table *m, double alpha, uint32_t *id, size_t t, double sum, double *best)
{
    const uint32_t last = t ? id[t - 1] : BEGIN;
    if (t == LENGTH_MAX) {
        *best = fmax(*best, sum / pow((5.0 + LENGTH_MAX) / 6, alpha));
        return;
    }
    *best = fmax(*best, (sum + log(m->p[t][last][END])) / pow((6.0 + (double)t) / 6, alpha));
    for (uint32_t i = 0; i < SYMBOLS; i++) {
        if (i == BEGIN || i == END)
            continue;
        id[t] = i;
        best_of_all(m, alpha, id, t + 1, sum + log(m->p[t][last][i]), best);
    }
}

/* Here a beam of 64 is wide enough not to lose it, and it must not stop too early. */
START_TEST(wide_beam_finds_the_best)
{
    const double alpha = _i % 3;
    table m;
    uint32_t id[LENGTH_MAX];
    double best = -INFINITY;
    unroll_hypothesis one;
    unroll_beam *beam = new_beam();
    draw(&m, 100 + (uint64_t)_i);
    best_of_all(&m, alpha, id, 0, 0, &best);
    search(&m, WIDTH_MAX, 1, alpha, beam, &one);
    ck_assert_double_eq_tol(one.penalised, best, 1e-5);
    unroll_beam_free(beam);
}
END_TEST

/* A beam is the same after another search, and ends as soon as nothing better can come. */
START_TEST(searches_are_independent)
{
    table a, b;
    unroll_hypothesis first[3], second[3];
    uint32_t id[LENGTH_MAX];
    unroll_beam *beam = new_beam();
    draw(&a, 1);
    draw(&b, 2);
    for (size_t last = 0; last < SYMBOLS; last++)
        b.p[0][last][END] = 1e6; /* unnormalised: the search does it */
    search(&a, 3, 3, 1, beam, first);
    const double score = first[2].penalised;
    const size_t length = first[0].length;
    memcpy(id, first[0].id, length * sizeof *id);
    b.steps = 0;
    search(&b, 1, 1, 0, beam, second);
    ck_assert_uint_eq(second[0].length, 0);
    ck_assert(second[0].ended);
    ck_assert_uint_eq(b.steps, 1);
    search(&a, 3, 3, 1, beam, first);
    ck_assert(first[2].penalised == score);
    ck_assert_uint_eq(first[0].length, length);
    ck_assert_int_eq(memcmp(first[0].id, id, length * sizeof *id), 0);
    unroll_beam_free(beam);
}
END_TEST

START_TEST(nothing_but_nan)
{
    table m;
    unroll_hypothesis list[2];
    unroll_beam *beam = new_beam();
    draw(&m, 1);
    for (size_t i = 0; i < SYMBOLS; i++)
        m.p[0][BEGIN][i] = NAN;
    ck_assert_uint_eq(search(&m, 2, 2, 0, beam, list), 1);
    ck_assert_uint_eq(list[0].length, 0);
    ck_assert(!list[0].ended);
    unroll_beam_free(beam);
}
END_TEST

START_TEST(out_of_memory)
{
    table m;
    unroll_hypothesis list[4];
    draw(&m, 1);
    const unroll_beam_decoder decoder = decoder_of(&m);
    const unroll_beam_options o = {4, 4, 1, LENGTH_MAX, BEGIN, END};
    unroll_status status = UNROLL_EMEMORY;
    for (long n = 0; status; n++) {
        size_t count;
        unroll_beam *beam = NULL;
        unroll_alloc_fail_after(n);
        status = unroll_beam_new(&beam);
        if (!status)
            status = unroll_beam_search(beam, &decoder, &o, S, list, &count);
        unroll_alloc_fail_after(-1);
        ck_assert(!status || status == UNROLL_EMEMORY);
        if (status && beam) { /* and it goes on after a failure */
            ck_assert_int_eq(unroll_beam_search(beam, &decoder, &o, S, list, &count), UNROLL_OK);
            ck_assert_uint_eq(count, 4);
        }
        unroll_beam_free(beam);
        ck_assert_int_lt(n, 1000);
    }
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("beam");
    TCase *t = new_case(suite, "all");
    tcase_add_test(t, finds_what_greedy_misses);
    tcase_add_loop_test(t, width_1_is_greedy, 0, 30);
    tcase_add_loop_test(t, n_best, 0, 30);
    tcase_add_loop_test(t, wide_beam_finds_the_best, 0, 30);
    tcase_add_test(t, searches_are_independent);
    tcase_add_test(t, nothing_but_nan);
    tcase_add_test(t, out_of_memory);
    return suite;
}
