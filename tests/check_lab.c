/* What commands measure and lay out, beside comparisons: tensors and blocks of a model, the loss of a task, tables,
 * and who is told of what a study does. */
#include <check.h>
#include <math.h>
#include <string.h>

#include "lab/compare.h"
#include "lab/inspect.h"
#include "own_directory.h"
#include "parameter.h"
#include "report/html.h"
#include "report/table.h"
#include "runner.h"
#include "score/task_loss.h"
#include "small_models.h"
#include "task/task.h"

/* ---- a model's numbers ---- */

START_TEST(values_that_are_not_finite_are_counted_apart)
{
    unroll_model *model = model_of("task copy:delay=2 cell rnn layers 1 hidden 2");
    unroll_net *net = unroll_model_net(model);
    const float plain[4] = {3, -4, NAN, INFINITY};
    inspection found;
    unroll_parameter_set(parameter_of(net, "rnn.weight_hh_l0"), unroll_net_weights(net), plain);
    OK(inspect_model(model, &found));
    ck_assert_uint_eq(found.bad, 2);
    for (size_t i = 0; i < found.tensors; i++) {
        const inspect_tensor *t = &found.tensor[i];
        const bool here = strcmp(t->parameter->name, "rnn.weight_hh_l0") == 0;
        ck_assert_uint_eq(t->bad, here ? 2 : 0);
        if (here)
            ck_assert(t->norm == 5 && t->min == -4 && t->max == 3);
    }
    inspection_free(&found);
    unroll_model_free(model);
}
END_TEST

/* Diagonal blocks, whose radius and norm are their largest element. */
START_TEST(every_gate_is_a_block)
{
    enum { H = 2, GATES = 4 };
    static const char *const gates[GATES] = {"i", "f", "g", "o"};
    unroll_model *model = model_of("task copy:delay=2 cell lstm layers 1 hidden 2");
    unroll_net *net = unroll_model_net(model);
    float plain[GATES * H * H] = {0};
    inspection found;
    for (size_t g = 0; g < GATES; g++) {
        plain[g * H * H] = 0.25F;
        plain[g * H * H + H + 1] = -(float)(g + 1);
    }
    unroll_parameter_set(parameter_of(net, "rnn.weight_hh_l0"), unroll_net_weights(net), plain);
    OK(inspect_model(model, &found));
    ck_assert_uint_eq(found.blocks, GATES);
    for (size_t g = 0; g < GATES; g++) {
        const inspect_block *b = &found.block[g];
        ck_assert_str_eq(b->gate, gates[g]);
        ck_assert_str_eq(b->parameter->name, "rnn.weight_hh_l0");
        ck_assert_double_eq_tol(b->radius, (double)g + 1, 1e-4);
        ck_assert_double_eq_tol(b->norm, (double)g + 1, 1e-4);
    }
    inspection_free(&found);
    unroll_model_free(model);
}
END_TEST

/* ---- the loss of a task ---- */

typedef struct heard {
    size_t batches, most;
    double loss, weight; /* by the tokens */
} heard;

static bool count_batch(void *arg, const unroll_batch *batch, const unroll_result *sum,
                        const double *token_loss)
{
    heard *h = arg;
    for (size_t i = 0; i < batch->T * batch->B; i++) {
        const double weight = batch->weight ? (double)batch->weight[i] : 1;
        h->loss += weight * token_loss[i];
        h->weight += weight;
    }
    ck_assert_double_eq_tol(sum->weight, h->weight, 1e-9);
    ck_assert_double_eq_tol(sum->loss, h->loss, 1e-6 * h->loss);
    return ++h->batches < h->most;
}

START_TEST(a_loss_is_that_of_its_tokens)
{
    const unroll_task_row *row;
    double value[UNROLL_TASK_KEYS];
    unroll_task task;
    unroll_model *model = model_of("task copy:delay=2 cell gru layers 1 hidden 3");
    OK(unroll_task_parse("copy:delay=2", &row, value));
    OK(unroll_task_synthetic(row, value, 4, 1, &task));
    heard all = {.most = SIZE_MAX}, one = {.most = 1};
    unroll_result sum = {0}, first = {0}, plain = {0};
    OK(unroll_task_loss(unroll_model_net(model), &task, UNROLL_VALID, 1,
                        &(unroll_loss_listener){count_batch, &all}, &sum));
    OK(unroll_task_loss(unroll_model_net(model), &task, UNROLL_VALID, 1, NULL, &plain));
    ck_assert(all.batches > 1 && sum.loss > 0);
    ck_assert(plain.loss == sum.loss && plain.weight == sum.weight && plain.counted == sum.counted);
    OK(unroll_task_loss(unroll_model_net(model), &task, UNROLL_VALID, 1,
                        &(unroll_loss_listener){count_batch, &one}, &first));
    ck_assert_uint_eq(one.batches, 1);
    ck_assert(first.weight < sum.weight);
    OK(unroll_task_loss(unroll_model_net(model), &task, UNROLL_VALID, 1, NULL, &plain));
    ck_assert_double_eq_tol(plain.weight, 2 * sum.weight, 1e-9); /* it is added to */
    task.free(task.self);
    unroll_model_free(model);
}
END_TEST

/* ---- tables ---- */

START_TEST(a_table_keeps_its_cells)
{
    static const char *const head[] = {"name", "", "value"};
    static const char *const want[] = {"name", "", "value", "a\tb", "-", "0.333"};
    unroll_table t = {.columns = 3};
    unroll_table_row(&t, head);
    unroll_table_text(&t, "a\tb");
    unroll_table_number(&t, NAN);
    unroll_table_number(&t, 1.0 / 3);
    ck_assert_uint_eq(t.cells, sizeof want / sizeof *want);
    const char *cell = unroll_table_first(&t);
    for (size_t i = 0; i < t.cells; i++, cell = unroll_table_next(cell))
        ck_assert_str_eq(cell, want[i]);
    unroll_table_free(&t);
    ck_assert(t.columns == 3 && t.cells == 0);
}
END_TEST

/* A page whose table has lost cells does not appear. */
START_TEST(half_a_table_is_no_page)
{
    unroll_table t = {.columns = 1};
    unroll_page *page;
    unroll_table_text(&t, "head");
    t.text.failed = true;
    OK(unroll_page_begin("page.html", "title", &page));
    unroll_page_table(page, &t);
    ck_assert_int_eq(unroll_page_end(page), UNROLL_EMEMORY);
    ck_assert(!there("page.html"));
    unroll_table_free(&t);
}
END_TEST

/* ---- studies ---- */

static void count_event(void *arg, enum compare_event event, const char *text)
{
    size_t *count = arg;
    count[event]++;
    ck_assert_msg(*text && !strchr(text, '\n'), "'%s'", text);
}

START_TEST(a_study_has_a_bound_on_its_seeds)
{
    unroll_config *common = config_of("task copy:delay=2");
    compare_study s = {.seeds = COMPARE_SEEDS_MAX + 1};
    OK(compare_study_add(&s, "cell=rnn", common));
    ck_assert_int_eq(compare_check(&s), UNROLL_EUSAGE);
    s.seeds = 0;
    ck_assert_int_eq(compare_check(&s), UNROLL_EUSAGE);
    s.seeds = COMPARE_SEEDS_MAX;
    OK(compare_check(&s));
    compare_study_free(&s);
    unroll_config_free(common);
}
END_TEST

START_TEST(a_study_tells_its_listener)
{
    unroll_config *common = config_of("task copy:delay=2 layers 1 hidden 3 batch 4 steps 3");
    size_t count[COMPARE_PROGRESS + 1] = {0};
    compare_study s = {.seed = 1,
                       .seeds = 2,
                       .directory = "study",
                       .jobs = 1,
                       .listener = count_event,
                       .listener_arg = count};
    OK(compare_study_add(&s, "cell=rnn", common));
    OK(compare_check(&s));
    OK(compare_train_all(&s));
    ck_assert_uint_eq(count[COMPARE_NEWS], 2); /* a job each */
    ck_assert_uint_eq(count[COMPARE_FAILED], 0);
    ck_assert(compare_at(&s, 0, 1)->done && compare_at(&s, 0, 1)->steps == 3);
    compare_study_free(&s);

    s = (compare_study){
        .seed = 1, .seeds = 2, .directory = "study", .listener = count_event, .listener_arg = count};
    OK(compare_study_add(&s, "cell=rnn", common));
    OK(compare_check(&s));
    OK(compare_train_all(&s));
    ck_assert_uint_eq(s.reused, 2);
    ck_assert_uint_eq(count[COMPARE_NEWS], 3); /* that both are there */
    compare_study_free(&s);
    unroll_config_free(common);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("lab");
    TCase *model = new_case(suite, "model"), *loss = new_case(suite, "loss");
    tcase_add_test(model, values_that_are_not_finite_are_counted_apart);
    tcase_add_test(model, every_gate_is_a_block);
    tcase_add_test(loss, a_loss_is_that_of_its_tokens);
    TCase *table = new_case(suite, "table"), *study = new_case(suite, "study");
    tcase_add_checked_fixture(table, enter_directory, leave_directory);
    tcase_add_test(table, a_table_keeps_its_cells);
    tcase_add_test(table, half_a_table_is_no_page);
    tcase_add_checked_fixture(study, enter_directory, leave_directory);
    tcase_add_test(study, a_study_has_a_bound_on_its_seeds);
    tcase_add_test(study, a_study_tells_its_listener);
    return suite;
}
