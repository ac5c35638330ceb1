/* BLEU and chrF against sacrebleu: tests/golden/scores.txt, whose format and origin are at the head of
 * tests/golden/make_scores_golden.py. Values there have six decimals; all but the rounding must
 * agree, since both sides count whole n-grams. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/input.h"
#include "base/memory.h"
#include "runner.h"
#include "score/bleu.h"
#include "score/chrf.h"

static const double tolerance = 2e-6;

/* \\, \n and \r in place; the new length. */
static size_t unescape(char *text)
{
    size_t n = 0;
    for (size_t i = 0; text[i]; i++) {
        const char c = text[i] == '\\' ? text[++i] : '\0';
        text[n++] = c == 'n' ? '\n' : c == 'r' ? '\r' : text[i];
    }
    return n;
}

typedef struct sums {
    unroll_bleu bleu;
    unroll_chrf chrf;
} sums;

static char *next_line(unroll_lines *lines)
{
    char *line;
    size_t length;
    ck_assert_int_eq(unroll_lines_next(lines, &line, &length), UNROLL_OK);
    return line;
}

static void add_pair(unroll_lines *lines, sums *sum)
{
    char *text = next_line(lines);
    ck_assert_ptr_nonnull(text);
    const size_t length = unescape(text);
    char *kept = unroll_strndup(text, length);
    char *reference = next_line(lines);
    ck_assert_ptr_nonnull(kept);
    ck_assert_ptr_nonnull(reference);
    const size_t reference_length = unescape(reference);
    ck_assert_int_eq(unroll_bleu_add(&sum->bleu, kept, length, reference, reference_length),
                     UNROLL_OK);
    ck_assert_int_eq(unroll_chrf_add(&sum->chrf, kept, length, reference, reference_length),
                     UNROLL_OK);
    unroll_free(kept);
}

/* The file that SCORES names, else the one that comes with the tests. */
static unroll_lines *open_golden(void)
{
    const char *other = getenv("SCORES");
    unroll_lines *lines;
    OK(unroll_lines_open(other ? other : source_path("tests/golden/scores.txt"), &lines));
    return lines;
}

START_TEST(as_sacrebleu)
{
    unroll_lines *lines = open_golden();
    size_t cases = 0, right = 0;
    ck_assert_int_eq(strncmp(next_line(lines), "sacrebleu 2.", 12), 0);
    for (char *line; (line = next_line(lines)); cases++) {
        double bleu, chrf;
        size_t count;
        sums sum = {0};
        ck_assert_int_eq(sscanf(line, "%lf %lf %zu", &bleu, &chrf, &count), 3);
        for (size_t i = 0; i < count; i++)
            add_pair(lines, &sum);
        ck_assert_msg(fabs(unroll_bleu_score(&sum.bleu) - bleu) < tolerance,
                      "case %zu: BLEU %.6f, not %.6f", cases, unroll_bleu_score(&sum.bleu), bleu);
        ck_assert_msg(fabs(unroll_chrf_score(&sum.chrf) - chrf) < tolerance,
                      "case %zu: chrF %.6f, not %.6f", cases, unroll_chrf_score(&sum.chrf), chrf);
        right += bleu > 0;
    }
    unroll_lines_close(lines);
    ck_assert_uint_ge(cases, 1000);
    ck_assert_uint_ge(right, cases / 2); /* or nothing was put to the test */
}
END_TEST

static const struct {
    const char *text, *tokens;
} CUTS[] = {
    {"", ""},
    {" \t ", ""},
    {"Ja, er kam.", "Ja , er kam ."},
    {"3.5 1,000 5. .5 a.5", "3.5 1,000 5 . . 5 a . 5"},
    {"wait...", "wait . . ."},
    {"1-2 a-b -3", "1 - 2 a-b -3"},
    {"&quot;a&quot; &amp;lt;", "\" a \" <"},
    {"don't (no)", "don't ( no )"},
    {"a-\nb\nc", "ab c"},
};

START_TEST(cuts_as_mteval)
{
    char *tokens;
    size_t length;
    ck_assert_int_eq(unroll_bleu_tokens(CUTS[_i].text, strlen(CUTS[_i].text), &tokens, &length),
                     UNROLL_OK);
    ck_assert_msg(length == strlen(CUTS[_i].tokens) && memcmp(tokens, CUTS[_i].tokens, length) == 0,
                  "'%.*s', not '%s'", (int)length, tokens, CUTS[_i].tokens);
    unroll_free(tokens);
}
END_TEST

/* A corpus is the sum of its parts, not the mean of their scores. */
START_TEST(parts_join)
{
    static const char *const text[] = {"a b c d e", "x y"}, *const reference[] = {"a b c d e f",
                                                                                  "x z"};
    sums whole = {0}, part[2] = {{{0}, {{0}, {0}, {0}}}};
    for (size_t i = 0; i < 2; i++) {
        const size_t n = strlen(text[i]), m = strlen(reference[i]);
        ck_assert_int_eq(unroll_bleu_add(&whole.bleu, text[i], n, reference[i], m), UNROLL_OK);
        ck_assert_int_eq(unroll_chrf_add(&whole.chrf, text[i], n, reference[i], m), UNROLL_OK);
        ck_assert_int_eq(unroll_bleu_add(&part[i].bleu, text[i], n, reference[i], m), UNROLL_OK);
        ck_assert_int_eq(unroll_chrf_add(&part[i].chrf, text[i], n, reference[i], m), UNROLL_OK);
    }
    unroll_bleu_join(&part[0].bleu, &part[1].bleu);
    unroll_chrf_join(&part[0].chrf, &part[1].chrf);
    ck_assert_int_eq(memcmp(&part[0].bleu, &whole.bleu, sizeof whole.bleu), 0);
    ck_assert_int_eq(memcmp(&part[0].chrf, &whole.chrf, sizeof whole.chrf), 0);
}
END_TEST

/* Bytes that are no UTF-8 are symbols of their own. */
START_TEST(takes_any_bytes)
{
    static const char bytes[] = "\xff\xc3 \xe2\x82 a\0b";
    sums sum = {0};
    ck_assert_int_eq(unroll_bleu_add(&sum.bleu, bytes, sizeof bytes, bytes, sizeof bytes), UNROLL_OK);
    ck_assert_int_eq(unroll_chrf_add(&sum.chrf, bytes, sizeof bytes, bytes, sizeof bytes), UNROLL_OK);
    ck_assert_double_eq_tol(unroll_chrf_score(&sum.chrf), 100, 1e-9);
    ck_assert_uint_eq(sum.bleu.correct[0], sum.bleu.length);
}
END_TEST

START_TEST(out_of_memory)
{
    unroll_status bleu, chrf;
    for (long n = 0;; n++) {
        sums sum = {0};
        unroll_alloc_fail_after(n);
        bleu = unroll_bleu_add(&sum.bleu, "a b.", 4, "a c", 3);
        unroll_alloc_fail_after(n);
        chrf = unroll_chrf_add(&sum.chrf, "a b.", 4, "a c", 3);
        unroll_alloc_fail_after(-1);
        if (!bleu && !chrf)
            break;
        ck_assert(bleu == UNROLL_EMEMORY || !bleu);
        ck_assert(chrf == UNROLL_EMEMORY || !chrf);
        ck_assert_int_lt(n, 100);
    }
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("scores");
    TCase *t = new_case(suite, "all");
    tcase_add_test(t, as_sacrebleu);
    tcase_add_loop_test(t, cuts_as_mteval, 0, sizeof CUTS / sizeof *CUTS);
    tcase_add_test(t, parts_join);
    tcase_add_test(t, takes_any_bytes);
    tcase_add_test(t, out_of_memory);
    return suite;
}
