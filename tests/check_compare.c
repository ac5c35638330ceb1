/* What a comparison is made of: variants, sweeps, results as files, pages, shell
 * quoting. */
#include <check.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <unroll/status.h>

#include "align.h"
#include "base/input.h"
#include "base/memory.h"
#include "config/config.h"
#include "lab/compare.h"
#include "lab/compare_summary.h"
#include "own_directory.h"
#include "report/html.h"
#include "runner.h"
#include "store/model.h"

/* ---- a variant's seeds together ---- */

START_TEST(a_zero_makes_a_geometric_mean_zero)
{
    double value[] = {1e-2, 0, 1e-4, NAN}, none[] = {NAN}, gone[] = {0, 0}, two[] = {1e-2, 1e-4};
    unroll_mean m = compare_geometric_mean(value, 4);
    ck_assert(m.mean == 0 && m.low == 0);
    ck_assert_double_eq_tol(m.high, 1e-2, 1e-12);
    m = compare_geometric_mean(none, 1);
    ck_assert(isnan(m.mean) && isnan(m.low) && isnan(m.high));
    m = compare_geometric_mean(gone, 2);
    ck_assert(m.mean == 0 && m.low == 0 && m.high == 0);
    m = compare_geometric_mean(two, 2);
    ck_assert_double_eq_tol(m.mean, 1e-3, 1e-12);
}
END_TEST

/* The cell of a table, counted from 0 in rows of its columns. */
static const char *cell_at(const unroll_table *t, size_t row, size_t column)
{
    const char *cell = unroll_table_first(t);
    for (size_t i = 0; i < row * t->columns + column; i++)
        cell = unroll_table_next(cell);
    return cell;
}

/* Five seeds: two solve it, one uses its updates up, one diverges early, one late. */
START_TEST(what_is_missing_is_counted)
{
    compare_result r[] = {
        {.done = true, .solved = true, .steps = 1000, .steps_to_solve = 200, .loss = 0.1, .accuracy = 1},
        {.done = true, .solved = true, .steps = 1000, .steps_to_solve = 600, .loss = 0.2, .accuracy = 1},
        {.done = true, .steps = 1000, .loss = 0.6, .accuracy = 0.5},
        {.done = true, .diverged = true, .steps = 3, .loss = NAN, .accuracy = NAN},
        {.done = true, .diverged = true, .steps = 900, .loss = NAN, .accuracy = NAN},
        {.done = true, .steps = 800, .loss = 0.6, .accuracy = 0.5},
        {.done = true, .steps = 800, .loss = 0.6, .accuracy = 0.5},
        {.done = true, .steps = 800, .loss = 0.6, .accuracy = 0.5},
        {.done = true, .steps = 800, .loss = 0.7, .accuracy = 0.5},
        {.done = true, .steps = 800, .loss = 0.6, .accuracy = 0.5},
    };
    compare_variant v[] = {{.label = (char *)"a"}, {.label = (char *)"b"}};
    compare_study s = {.variant = v, .variants = 2, .seeds = 5, .result = r};
    compare_summary m;
    unroll_table table = {0};
    char words[COMPARE_WORDS];
    for (size_t i = 0; i < 10; i++)
        for (size_t k = 0; k < COMPARE_WHENS; k++)
            r[i].half_life[k] = NAN;
    ck_assert(compare_solve_horizon(&s) == 800); /* what the other variant had */
    compare_summarise(&s, 0, &m);
    ck_assert(m.done == 5 && m.solved == 2 && m.diverged == 2 && m.loss.n == 3);
    ck_assert_double_eq_tol(m.steps_to_solve.mean, (200 + 600 + 3 * 800) / 5.0, 1e-9);
    ck_assert(m.steps_to_solve.happened == 2 && isinf(m.steps_to_solve.median));
    ck_assert_ptr_nonnull(strstr(compare_means_words(&s, words), "restricted to 800 updates"));
    compare_means_table(&s, &table);
    ck_assert_str_eq(cell_at(&table, 1, 1), "0.3 (no interval), 2 diverged");
    ck_assert_str_eq(cell_at(&table, 1, 3), "2/5, 2 diverged");
    ck_assert_ptr_nonnull(strstr(cell_at(&table, 1, 4), "at least 640 ("));
    ck_assert_ptr_nonnull(strstr(cell_at(&table, 2, 1), "0.62 ("));
    ck_assert_str_eq(cell_at(&table, 2, 4), "not within 800");
    unroll_table_free(&table);
    s.variants = 1;
    ck_assert(compare_solve_horizon(&s) == 1000); /* those that diverged set no bound */
    s.seeds = 2;
    ck_assert(compare_solve_horizon(&s) == 1000);
    compare_summarise(&s, 0, &m);
    ck_assert(m.steps_to_solve.mean == 400 && isnan(m.steps_to_solve.interval.low));
}
END_TEST

/* ---- variants ---- */

static unroll_config *common;

static void setup(void)
{
    ck_assert_int_eq(unroll_config_new(&common), UNROLL_OK);
    ck_assert_int_eq(unroll_config_set(common, "task", "copy:delay=5,length=2"), UNROLL_OK);
}

static void teardown(void)
{
    unroll_config_free(common);
}

static void refuse(const char *text, const char *says)
{
    compare_variant v;
    ck_assert_int_eq(compare_variant_parse(text, common, &v), UNROLL_EUSAGE);
    ck_assert_msg(strstr(program_message(), says), "'%s' does not say '%s'", program_message(), says);
}

START_TEST(variants_set_options_by_any_name)
{
    compare_variant v;
    ck_assert_int_eq(compare_variant_parse(" cell=gru, rnn_size=17 ,no-carry", common, &v),
                     UNROLL_OK);
    ck_assert_str_eq(v.config->cell, "gru");
    ck_assert_uint_eq(v.config->hidden, 17);
    ck_assert(v.config->no_carry);
    ck_assert_str_eq(v.config->task, "copy:delay=5,length=2");
    ck_assert_str_eq(v.label, "cell=gru, rnn_size=17 ,no-carry");
    compare_variant_free(&v);
}
END_TEST

START_TEST(semicolons_leave_commas_alone)
{
    compare_variant v;
    ck_assert_int_eq(compare_variant_parse("label=x, y;task=copy:delay=9,length=1;", common, &v),
                     UNROLL_OK);
    ck_assert_str_eq(v.config->task, "copy:delay=9,length=1");
    ck_assert_str_eq(v.label, "x, y");
    compare_variant_free(&v);
}
END_TEST

START_TEST(bad_variants_are_refused)
{
    refuse("cel=rnn", "did you mean cell?");
    refuse("hidden=3x", "--hidden");
    refuse("hidden", "needs a value");
    refuse("seed=3", "the same for all");
    refuse("out=x", "the same for all");
    refuse("", "empty");
    refuse("cell=rnn,,hidden=3", "between two separators");
    refuse("label=,cell=rnn", "label needs");
    refuse("cell=lstm,activation=relu", "--activation");
}
END_TEST

START_TEST(sweeps_replace_one_key)
{
    char *a = compare_spec_set("copy:delay=5,length=2", "delay", "70");
    char *b = compare_spec_set("adding", "length", "30");
    char *c = compare_spec_set("copy:length=2", "delay", "3");
    ck_assert_str_eq(a, "copy:length=2,delay=70");
    ck_assert_str_eq(b, "adding:length=30");
    ck_assert_str_eq(c, "copy:length=2,delay=3");
    unroll_free(a);
    unroll_free(b);
    unroll_free(c);
}
END_TEST

START_TEST(a_sweep_multiplies_variants)
{
    compare_sweep sweep;
    size_t count = 2;
    compare_variant *v = unroll_alloc(2, sizeof *v);
    ck_assert_int_eq(compare_variant_parse("cell=rnn", common, &v[0]), UNROLL_OK);
    ck_assert_int_eq(compare_variant_parse("cell=gru", common, &v[1]), UNROLL_OK);
    ck_assert_int_eq(compare_sweep_parse("delay=3,10,20", &sweep), UNROLL_OK);
    ck_assert_int_eq(compare_sweep_apply(&sweep, &v, &count), UNROLL_OK);
    ck_assert_uint_eq(count, 6);
    ck_assert_str_eq(v[4].label, "cell=gru, delay=10");
    ck_assert_str_eq(v[4].config->task, "copy:length=2,delay=10");
    ck_assert_str_eq(v[4].config->cell, "gru");
    ck_assert(v[4].sweep == 10);
    compare_sweep_free(&sweep);
    ck_assert_int_eq(compare_sweep_parse("dealy=3", &sweep), UNROLL_OK);
    ck_assert_int_eq(compare_sweep_apply(&sweep, &v, &count), UNROLL_EUSAGE);
    ck_assert(strstr(unroll_message(), "did you mean 'delay'") != NULL);
    compare_sweep_free(&sweep);
    for (size_t i = 0; i < count; i++)
        compare_variant_free(&v[i]);
    unroll_free(v);
    ck_assert_int_eq(compare_sweep_parse("delay=3,x", &sweep), UNROLL_EUSAGE);
    ck_assert_int_eq(compare_sweep_parse("delay", &sweep), UNROLL_EUSAGE);
}
END_TEST

/* ---- results ---- */

static long allocations, failing;

static void *alloc_or_fail(size_t bytes)
{
    return allocations++ == failing ? NULL : malloc(bytes);
}

/* Sixty-nine rows of curves, or an error; never one row less. */
START_TEST(fault_06_a_result_is_whole_or_not_there)
{
    enum { ROWS = 69 };
    compare_variant v;
    compare_point point[ROWS];
    compare_distance distance[ROWS];
    compare_length length[] = {{1, 4, 10, 0.5, 25}, {5, 8, 20, 0.25, 12}};
    compare_gate gate[] = {{0, "i", 0.125, 0.5}, {0, "f", 0.25, 0.75}};
    double norm[] = {1, 2, 3, 4, 5, 6};
    for (size_t i = 0; i < ROWS; i++) {
        point[i] = (compare_point){i, 1.0 / (double)(i + 1), 0.5};
        distance[i] = (compare_distance){COMPARE_END, {20, 0, 'h', i, {1e-3, 0.1, 0, 0.3, 0.4, 32}}};
    }
    const compare_ask ask = {.probe = true};
    const compare_result r = {.done = true,
                              .steps = 20,
                              .point = point,
                              .points = ROWS,
                              .distance = distance,
                              .distances = ROWS,
                              .gate = gate,
                              .gates = 2,
                              .length = length,
                              .lengths = 2,
                              .map = {2, 3, norm}};
    char good[65536], now[65536];
    unroll_status status = UNROLL_EMEMORY;
    OK(compare_variant_parse("cell=lstm", common, &v));
    OK(compare_result_write("good", &v, 1, &ask, &r));
    const size_t n = get("good", good, sizeof good);
    json_set_alloc_funcs(alloc_or_fail, free);
    for (failing = 0, allocations = 1; allocations > failing; failing++) {
        allocations = 0;
        status = compare_result_write("now", &v, 1, &ask, &r);
        const bool written = access("now", F_OK) == 0;
        ck_assert_msg(status == (allocations > failing ? UNROLL_EMEMORY : UNROLL_OK),
                      "allocation %ld: %d %s", failing, status, unroll_message());
        ck_assert(written == (status == UNROLL_OK));
        ck_assert(!written || (get("now", now, sizeof now) == n && memcmp(good, now, n) == 0));
    }
    ck_assert_int_gt(failing, 1000);
    compare_variant_free(&v);
}
END_TEST

START_TEST(fault_06_no_memory_is_no_damage)
{
    compare_variant v;
    compare_point point[] = {{10, 0.1, 0.5}};
    compare_distance distance[] = {{COMPARE_END, {20, 0, 'h', 3, {1e-3, 0.1, 0, 0.3, 0.4, 32}}}};
    compare_length length[] = {{1, 4, 10, 0.5, 25}};
    compare_gate gate[] = {{0, "i", 0.125, 0.5}};
    double norm[] = {1, 2, 3, 4, 5, 6};
    const compare_ask ask = {.probe = true};
    const compare_result r = {.done = true,
                              .steps = 20,
                              .point = point,
                              .points = 1,
                              .distance = distance,
                              .distances = 1,
                              .gate = gate,
                              .gates = 1,
                              .length = length,
                              .lengths = 1,
                              .map = {2, 3, norm}};
    unroll_status status = UNROLL_EMEMORY;
    long n = 0;
    OK(compare_variant_parse("cell=lstm", common, &v));
    OK(compare_result_write("result", &v, 1, &ask, &r));
    for (; status != UNROLL_OK; n++) {
        compare_result back;
        unroll_alloc_fail_after(n);
        status = compare_result_read("result", &v, 1, &ask, &back);
        unroll_alloc_fail_after(-1);
        ck_assert_msg(status == UNROLL_OK || status == UNROLL_EMEMORY, "allocation %ld: %d %s", n,
                      status, unroll_message());
        ck_assert(back.done == (status == UNROLL_OK));
        compare_result_free(&back);
    }
    ck_assert_int_gt(n, 100);
    compare_variant_free(&v);
}
END_TEST

START_TEST(a_result_reads_back_and_holds_its_options)
{
    static const char path[] = "result";
    compare_variant v, other;
    const compare_ask ask = {.probe = true}, another = {.probe = false};
    compare_point point[] = {{10, 0.1, 0.5}, {20, NAN, 1}};
    compare_distance distance[] = {{COMPARE_END, {20, 1, 'c', 3, {1e-300, 0.1, 0, 0.3, 0.4, 32}}}};
    compare_gate gate[] = {{1, "f", 0.125, 0.5}};
    compare_stretch stretch[] = {{4, 0.125, 0.25, 0.5, 0.75}, {8, INFINITY, 0, 0, 0}};
    const compare_result r = {.done = true,
                              .solved = true,
                              .steps = 20,
                              .steps_to_solve = 19,
                              .loss = 1.0 / 3,
                              .accuracy = 1,
                              .recall_loss = NAN,
                              .half_life = {2.5, NAN, INFINITY},
                              .seconds = 0.25,
                              .gate = gate,
                              .gates = 1,
                              .stretch = stretch,
                              .stretches = 2,
                              .point = point,
                              .points = 2,
                              .distance = distance,
                              .distances = 1};
    compare_result back;
    put_text(path, "");
    ck_assert_int_eq(compare_variant_parse("cell=rnn", common, &v), UNROLL_OK);
    ck_assert_int_eq(compare_variant_parse("cell=rnn,lr=0.5", common, &other), UNROLL_OK);
    ck_assert_int_eq(compare_result_write(path, &v, 3, &ask, &r), UNROLL_OK);
    ck_assert_int_eq(compare_result_read(path, &v, 3, &ask, &back), UNROLL_OK);
    ck_assert(back.done && back.solved && !back.diverged);
    ck_assert(back.loss == r.loss && isnan(back.recall_loss) && back.steps_to_solve == 19);
    ck_assert(back.half_life[0] == 2.5 && isnan(back.half_life[1]) && isinf(back.half_life[2]));
    ck_assert(back.points == 2 && back.point[0].loss == 0.1 && isnan(back.point[1].loss));
    ck_assert(back.distances == 1 && back.distance[0].row.point.mean == 1e-300);
    ck_assert(back.gates == 1 && strcmp(back.gate[0].name, "f") == 0 && back.gate[0].high == 0.5);
    ck_assert(back.distance[0].row.state == 'c' && back.distance[0].row.point.n == 32);
    ck_assert(back.stretches == 2 && back.stretch[1].value == 8 && isinf(back.stretch[1].loss));
    ck_assert(back.stretch[0].accuracy == 0.25 && back.stretch[0].recall_loss == 0.5);
    ck_assert(back.stretch[0].recall_accuracy == 0.75);
    compare_result_free(&back);

    ck_assert_int_eq(compare_result_read(path, &other, 3, &ask, &back), UNROLL_EMISMATCH);
    ck_assert(strstr(program_message(), "--lr '0.002', not '0.5'") != NULL);
    ck_assert_int_eq(compare_result_read(path, &v, 4, &ask, &back), UNROLL_EMISMATCH);
    ck_assert_int_eq(compare_result_read(path, &v, 3, &another, &back), UNROLL_EMISMATCH);
    ck_assert_int_eq(truncate(path, 40), 0);
    ck_assert_int_eq(compare_result_read(path, &v, 3, &ask, &back), UNROLL_EDATA);
    for (size_t i = 0; i < 3; i++) {
        stretch[1].value = (double[]){-1, NAN, 1e300}[i]; /* of which no size can be made */
        ck_assert_int_eq(compare_result_write(path, &v, 3, &ask, &r), UNROLL_OK);
        ck_assert_int_eq(compare_result_read(path, &v, 3, &ask, &back), UNROLL_EDATA);
        ck_assert_ptr_nonnull(strstr(program_message(), "'stretches'"));
    }
    unlink(path);
    ck_assert_int_eq(compare_result_read(path, &v, 3, &ask, &back), UNROLL_OK);
    ck_assert(!back.done);
    compare_variant_free(&v);
    compare_variant_free(&other);
}
END_TEST

/* ---- pages ---- */

START_TEST(html_is_escaped)
{
    char *text = unroll_html_escape("</script><b a=\"x\" b='y'>&\x1b\n");
    ck_assert_str_eq(text, "&lt;/script&gt;&lt;b a=&quot;x&quot; b=&#39;y&#39;&gt;&amp;&#xfffd;\n");
    unroll_free(text);
}
END_TEST

START_TEST(commands_are_quoted_for_a_shell)
{
    char *argv[] = {(char *)"unroll", (char *)"a b",  (char *)"it's",
                    (char *)"",       (char *)"$(x)", (char *)"--k=v,w"};
    char *text = unroll_shell_quote(6, argv);
    ck_assert_str_eq(text, "unroll 'a b' 'it'\\''s' '' '$(x)' --k=v,w");
    unroll_free(text);
}
END_TEST

START_TEST(a_page_is_whole_and_safe)
{
    static const char path[] = "report.html";
    unroll_page *page;
    char *text;
    size_t length;
    put_text("p.svg", "<?xml version=\"1.0\"?>\n<!DOCTYPE svg>\n<svg id=\"there\"></svg>");
    ck_assert_int_eq(unroll_page_begin(path, "<title>&", &page), UNROLL_OK);
    unroll_page_heading(page, "a<b");
    unroll_table table = {.columns = 1};
    unroll_table_text(&table, "<h>");
    unroll_table_text(&table, "</td><script>");
    unroll_page_table(page, &table);
    unroll_table_free(&table);
    unroll_page_picture(page, directory, "p", "<caption>");
    unroll_page_picture(page, directory, "missing", "none");
    unroll_page_made(page, 2, (char *[]){(char *)"unroll", (char *)"<x>"}, common);
    ck_assert_int_eq(unroll_page_end(page), UNROLL_OK);
    ck_assert_int_eq(unroll_input_slurp(path, 0, &text, &length), UNROLL_OK);
    ck_assert(strstr(text, "<title>&lt;title&gt;&amp;</title>") != NULL);
    ck_assert(strstr(text, "<script") == NULL && strstr(text, "&lt;script&gt;") != NULL);
    ck_assert(strstr(text, "<svg id=\"there\">") != NULL && strstr(text, "<?xml") == NULL);
    ck_assert(strstr(text, "There is no missing.svg") != NULL);
    ck_assert(strstr(text, "unroll &#39;&lt;x&gt;&#39;") != NULL);
    ck_assert(strstr(text, "prefers-color-scheme:dark") != NULL);
    ck_assert(strstr(text, "http://") == NULL && strstr(text, "https://") == NULL);
    ck_assert(strcmp(text + length - 8, "</html>\n") == 0);
    unroll_free(text);
}
END_TEST

/* ---- targets against sources ---- */

static const char PAIR[] = "a b c d e f g h i j k l m n\tv w x y z\n";

/* PAIR alone, as validation, and a fresh rnn that reads it. */
static unroll_model *model_of_pair(bool reversed, unroll_pairs **pairs)
{
    unroll_pairs_options o;
    unroll_model *model;
    const char *const set[][2] = {
        {"task", "translate"}, {"tokens", "word"}, {"layers", "1"},
        {"hidden", "8"},       {"cell", "rnn"},    {"reverse-source", reversed ? "true" : "false"}};
    for (size_t i = 0; i < sizeof set / sizeof *set; i++)
        ck_assert_int_eq(unroll_config_set(common, set[i][0], set[i][1]), UNROLL_OK);
    unroll_pairs_options_default(&o);
    unroll_model_rules(common, &o.rules);
    o.split[UNROLL_TRAIN] = 1;
    o.split[UNROLL_VALID] = o.split[UNROLL_TEST] = 0;
    ck_assert_int_eq(unroll_pairs_from_text(&o, "pairs", PAIR, strlen(PAIR), pairs), UNROLL_OK);
    ck_assert_int_eq(unroll_model_create(common, unroll_pairs_take_vocabulary(*pairs, UNROLL_SOURCE),
                                         unroll_pairs_take_vocabulary(*pairs, UNROLL_TARGET), &model),
                     UNROLL_OK);
    ck_assert_int_eq(unroll_model_init(model), UNROLL_OK);
    unroll_pairs_free(*pairs);
    o.split[UNROLL_TRAIN] = 0;
    o.split[UNROLL_VALID] = 1;
    o.vocabulary[UNROLL_SOURCE] = unroll_model_source_vocabulary(model);
    o.vocabulary[UNROLL_TARGET] = unroll_model_vocabulary(model);
    ck_assert_int_eq(unroll_pairs_from_text(&o, "pairs", PAIR, strlen(PAIR), pairs), UNROLL_OK);
    return model;
}

/* Columns are source tokens in their own order, whichever way the encoder reads them: END, the last
 * column, is what it reads last, or with the source reversed first. */
START_TEST(a_map_has_the_order_of_the_source)
{
    enum { S = 15, T = 6 };
    const bool reversed = _i;
    unroll_pairs *pairs;
    unroll_model *model = model_of_pair(reversed, &pairs);
    const unroll_pair *pair = unroll_pairs_get_part(pairs, UNROLL_VALID)->pair;
    uint32_t source[S], input[T];
    double norm[T * S];
    compare_map map;
    for (size_t s = 0; s < S; s++)
        source[s] = pair->id[UNROLL_SOURCE][reversed ? S - 1 - s : s];
    for (size_t t = 0; t < T; t++)
        input[t] = t ? pair->id[UNROLL_TARGET][t - 1] : UNROLL_ID_BEGIN;
    ck_assert_int_eq(align(unroll_model_net(model), S, source, T, input, pair->id[UNROLL_TARGET],
                           norm, NULL),
                     UNROLL_OK);
    ck_assert_int_eq(compare_map_measure(unroll_model_net(model), pairs, reversed, &map), UNROLL_OK);
    ck_assert_uint_eq(map.sources, S);
    ck_assert_uint_eq(map.targets, T);
    for (size_t t = 0; t < T; t++)
        for (size_t s = 0; s < S; s++) {
            const double want = norm[t * S + (reversed ? S - 1 - s : s)];
            ck_assert_double_eq_tol(map.norm[t * S + s], want, 1e-9 * want);
        }
    const double first = map.norm[0], last = map.norm[S - 1];
    ck_assert_msg(reversed ? first > 10 * last : last > 10 * first, "%g, %g", first, last);
    unroll_free(map.norm);
    unroll_model_free(model);
    unroll_pairs_free(pairs);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("compare");
    TCase *plain = new_case(suite, "plain"), *config = new_case(suite, "config");
    tcase_add_test(plain, a_zero_makes_a_geometric_mean_zero);
    tcase_add_test(plain, what_is_missing_is_counted);
    tcase_add_test(plain, sweeps_replace_one_key);
    tcase_add_test(plain, html_is_escaped);
    tcase_add_test(plain, commands_are_quoted_for_a_shell);
    tcase_add_checked_fixture(config, enter_directory, leave_directory);
    tcase_add_checked_fixture(config, setup, teardown);
    tcase_add_test(config, variants_set_options_by_any_name);
    tcase_add_test(config, semicolons_leave_commas_alone);
    tcase_add_test(config, bad_variants_are_refused);
    tcase_add_test(config, a_sweep_multiplies_variants);
    tcase_add_test(config, a_result_reads_back_and_holds_its_options);
    tcase_add_test(config, fault_06_a_result_is_whole_or_not_there);
    tcase_add_test(config, fault_06_no_memory_is_no_damage);
    tcase_add_test(config, a_page_is_whole_and_safe);
    tcase_add_loop_test(config, a_map_has_the_order_of_the_source, 0, 2);
    return suite;
}
