/* The tasks of Hochreiter and Schmidhuber (1997): how long their sequences are, and what is marked in them. */
#include <check.h>
#include <math.h>

#include "probe/inject.h"
#include "runner.h"
#include "synthetic_examples.h"

enum { ROWS = 16, BATCHES = 250, SEQUENCES = ROWS * BATCHES };

/* Distractors beyond the least: geometric with mean 9, less what the bound of 60 cuts off. */
START_TEST(trigger_lengths)
{
    example e = make_example("trigger:lag=4,distractors=3", ROWS, 5);
    double sum = 0, mean = 0;
    for (int i = 0; i < BATCHES; i++) {
        const unroll_batch batch = next_batch(&e);
        for (size_t b = 0; b < ROWS; b++) {
            const size_t length = unroll_batch_length(&batch, b);
            ck_assert(length >= 7 && length <= 67);
            sum += (double)length - 7;
        }
    }
    for (int k = 1; k <= 60; k++)
        mean += pow(0.9, k);
    ck_assert_double_le(fabs(sum / SEQUENCES - mean), 5 * sqrt(90.0 / SEQUENCES));
    free_example(&e);
}
END_TEST

/* One of the first ten and one more of the first T/2 − 1; what is at the first step counts as 0. */
START_TEST(signed_sums)
{
    enum { T = 30, LONGEST = 33 };
    example e = make_example("signed-adding:length=30", ROWS, 5);
    int lengths[LONGEST + 1] = {0}, marked[LONGEST] = {0}, alone = 0;
    for (int i = 0; i < BATCHES; i++) {
        const unroll_batch batch = next_batch(&e);
        for (size_t b = 0; b < ROWS; b++) {
            const size_t length = unroll_batch_length(&batch, b);
            int marks = 0, early = 0;
            double sum = 0;
            ck_assert(length >= T && length <= LONGEST);
            lengths[length]++;
            for (size_t t = 0; t < length; t++) {
                const unroll_real *x = batch.feature + (t * ROWS + b) * 2;
                ck_assert(x[0] >= -1 && x[0] <= 1);
                ck_assert(t == 0 || t + 1 == length ? x[1] == -1 : x[1] == 0 || x[1] == 1);
                if (x[1] == 1) {
                    sum += (double)x[0];
                    marks++;
                    early += t < 10;
                    marked[t]++;
                    ck_assert_uint_lt(t, T / 2 - 1);
                }
            }
            ck_assert(marks == 1 || (marks == 2 && early > 0));
            alone += marks == 1;
            ck_assert_double_eq_tol((double)batch.value[(length - 1) * ROWS + b], 0.5 + sum / 4,
                                    1e-6);
            for (size_t t = 0; t < LONGEST; t++)
                ck_assert((batch.weight[t * ROWS + b] > 0) == (t == length - 1));
        }
    }
    for (size_t t = 1; t < T / 2 - 1; t++)
        ck_assert_int_gt(marked[t], 0);
    const double p = 0.1 + 0.9 / 13, sigma = sqrt(SEQUENCES * p * (1 - p));
    ck_assert_double_le(fabs(alone - SEQUENCES * p), 5 * sigma);
    for (int length = T; length <= LONGEST; length++)
        ck_assert_double_le(fabs(lengths[length] - SEQUENCES / 4.0), 5 * sqrt(SEQUENCES * 3 / 16.0));
    free_example(&e);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("lags");
    TCase *t = new_case(suite, "tasks");
    tcase_add_test(t, trigger_lengths);
    tcase_add_test(t, signed_sums);
    return suite;
}
