/* The windows of a text or of a batch that gradients are measured on. */
#include <check.h>
#include <math.h>

#include "probe/inject.h"
#include "probe/windows.h"
#include "probe_nets.h"
#include "runner.h"

START_TEST(windows_are_spread_evenly)
{
    uint32_t id[100];
    unroll_windows *windows;
    for (uint32_t i = 0; i < 100; i++)
        id[i] = i;
    OK(unroll_windows_of_tokens(id, 100,
                                &(unroll_windows_options){
                                    .size = sizeof(unroll_windows_options), .T = 10, .windows = 4},
                                &windows));
    const unroll_batch *b = unroll_windows_batch(windows);
    const uint32_t first[] = {0, 29, 59, 89};
    for (size_t r = 0; r < 4; r++)
        for (uint32_t t = 0; t < 10; t++) {
            ck_assert_uint_eq(b->input[t * 4 + r], first[r] + t);
            ck_assert_uint_eq(b->target[t * 4 + r], first[r] + t + 1);
        }
    unroll_windows_free(windows);
    const unroll_windows_options turn = {
        .size = sizeof turn, .T = 10, .windows = 4, .first = 2, .rows = 2};
    OK(unroll_windows_of_tokens(id, 100, &turn, &windows)); /* the same in turns */
    ck_assert_uint_eq(unroll_windows_batch(windows)->input[0], 59);
    unroll_windows_free(windows);
    const unroll_windows_options one = {.size = sizeof one, .T = 10, .windows = 1};
    OK(unroll_windows_of_tokens(id, 11, &one, &windows));
    ck_assert_uint_eq(unroll_windows_batch(windows)->target[9], 10);
    unroll_windows_free(windows);
    ck_assert_int_eq(unroll_windows_of_tokens(id, 10, &one, &windows), UNROLL_EUSAGE);
    ck_assert_str_eq(unroll_message(),
                     "a text of 10 tokens has no window of 10 steps, which needs 11");
}
END_TEST

START_TEST(rows_of_a_batch)
{
    unroll_windows *windows;
    const float feature[2 * 3 * 2] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    const float value[2 * 3] = {0, 1, 2, 3, 4, 5}, weight[6] = {0, 0, 0, 1, 1, 0};
    const unroll_batch from = {.T = 2, .B = 3, .feature = feature, .value = value, .weight = weight};
    OK(unroll_windows_of_batch(&from, 0, 2, 2, 1, &windows));
    const unroll_batch *b = unroll_windows_batch(windows);
    ck_assert(b->T == 2 && b->B == 2 && !b->input && !b->target && !b->mode);
    ck_assert(b->feature[3] == 3 && b->feature[4] == 6 && b->feature[7] == 9);
    ck_assert(b->value[1] == 1 && b->value[2] == 3 && b->weight[0] == 0 && b->weight[3] == 1);
    ck_assert_uint_eq(unroll_batch_reach(b), 2);
    unroll_windows_free(windows);
    OK(unroll_windows_of_batch(&from, 1, 2, 2, 1, &windows));
    b = unroll_windows_batch(windows);
    ck_assert(b->feature[0] == 2 && b->feature[7] == 11 && b->value[3] == 5);
    ck_assert_uint_eq(unroll_batch_reach(&from), 0);
    unroll_windows_free(windows);
}
END_TEST

/* Stacked rows: each chain is what a window that ends with its loss shows. */
START_TEST(stacked_rows_are_single_losses)
{
    enum { T = 40, DISTANCES = 30, SEQUENCES = 2, POSITIONS = 3 };
    static const size_t end[POSITIONS] = {29, 34, 39};
    const fresh f = {"lstm", NULL, "uniform", 2, 20, 7, T, 1, NAN, 1};
    uint32_t id[100];
    probed p;
    unroll_windows *windows;
    unroll_probe *probe;
    unroll_curve *stacked;
    for (uint32_t i = 0; i < 100; i++)
        id[i] = (i * i + i / 7) % 7;
    open_fresh(&p, &f);
    OK(unroll_windows_of_tokens(id, 100,
                                &(unroll_windows_options){.size = sizeof(unroll_windows_options),
                                                          .T = T,
                                                          .windows = SEQUENCES,
                                                          .copies = POSITIONS},
                                &windows));
    OK(unroll_probe_new(p.net,
                        &(unroll_probe_options){.size = sizeof(unroll_probe_options),
                                                .T = T,
                                                .B = SEQUENCES * POSITIONS,
                                                .threads = 1},
                        &probe));
    OK(unroll_curve_new(p.net,
                        &(unroll_curve_options){.size = sizeof(unroll_curve_options),
                                                .distances = DISTANCES,
                                                .losses = UNROLL_LOSSES_STACKED,
                                                .copies = POSITIONS},
                        &stacked));
    OK(unroll_curve_add(stacked, probe, unroll_windows_batch(windows)));
    ck_assert_uint_eq(unroll_curve_samples(stacked), SEQUENCES * POSITIONS);
    ck_assert_uint_eq(unroll_curve_distances(stacked), DISTANCES);
    for (size_t i = 0; i < SEQUENCES * POSITIONS; i++) { /* samples come in the order of their steps */
        const size_t sequence = i % SEQUENCES, length = end[i / SEQUENCES] + 1;
        for (size_t t = 0; t < length; t++) {
            p.input[t] = id[59 * sequence + t];
            p.target[t] = id[59 * sequence + t + 1];
        }
        p.batch.T = length;
        unroll_curve *one = last_curve(&p, DISTANCES);
        for (size_t l = 0; l < 2; l++)
            for (int c = 0; c < 2; c++)
                for (size_t k = 0; k < DISTANCES; k++) {
                    const enum unroll_state state = (enum unroll_state)c;
                    ck_assert_double_eq_tol(unroll_curve_sample(stacked, i, l, state)[k] /
                                                unroll_curve_sample(one, 0, l, state)[k],
                                            1, 1e-5);
                }
        unroll_curve_free(one);
    }
    unroll_curve_free(stacked);
    unroll_probe_free(probe);
    unroll_windows_free(windows);
    close_probed(&p);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("windows");
    TCase *tests = new_case(suite, "all");
    tcase_add_test(tests, windows_are_spread_evenly);
    tcase_add_test(tests, rows_of_a_batch);
    tcase_add_test(tests, stacked_rows_are_single_losses);
    return suite;
}
