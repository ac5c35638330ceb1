/* Models, texts and translations as a program that embeds the library has them. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <unroll.h>

#include "runner.h"

static const char TEXT[] = "the cat sat on the mat, the dog sat on the log, the cat sat on the dog. ";
static const char PAIRS[] = "one\teins\ntwo\tzwei\nthree\tdrei\nfour\tvier\none two\teins zwei\n"
                            "two three\tzwei drei\nthree four\tdrei vier\nfour one\tvier eins\n";
static char path[] = "/tmp/check_embedded.XXXXXX";

static void make_path(void)
{
    const int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

static void remove_path(void)
{
    unlink(path);
}

static unroll_net *new_net(unroll_net_spec spec)
{
    const unroll_init init = UNROLL_INIT_DEFAULT;
    unroll_net *net;
    OK(unroll_net_new(&spec, &net));
    OK(unroll_net_init(net, &init));
    return net;
}

/* ---- a network becomes a model ---- */

static void same_weights(unroll_net *a, unroll_net *b)
{
    ck_assert_uint_eq(unroll_net_size(a), unroll_net_size(b));
    ck_assert_mem_eq(unroll_net_weights(a), unroll_net_weights(b),
                     unroll_net_size(a) * sizeof(unroll_real));
}

static void same_option(const unroll_model *a, const unroll_model *b, const char *name,
                        const char *value)
{
    char text[2][80];
    OK(unroll_config_get(unroll_model_config(a), name, text[0], sizeof text[0], NULL));
    OK(unroll_config_get(unroll_model_config(b), name, text[1], sizeof text[1], NULL));
    ck_assert_str_eq(text[0], value);
    ck_assert_str_eq(text[1], value);
}

/* Saved and loaded: the same network with the same options. */
static void goes_round(unroll_model *model, const char *const (*options)[2])
{
    unroll_model *loaded;
    OK(unroll_model_save(model, path));
    OK(unroll_model_load(path, &loaded));
    same_weights(unroll_model_net(model), unroll_model_net(loaded));
    for (; (*options)[0]; options++)
        same_option(model, loaded, (*options)[0], (*options)[1]);
    unroll_model_free(loaded);
}

START_TEST(a_texts_network_is_saved)
{
    const unroll_text_rules *rules;
    unroll_task *task;
    unroll_model *model;
    unroll_text_rules words = UNROLL_TEXT_RULES_INIT;
    words.tokens = UNROLL_WORD;
    words.casefold = true;
    const unroll_task_options o = {.size = sizeof o, .rules = &words, .seq_length = 3, .batch = 1};
    OK(unroll_task_new_text(TEXT, sizeof TEXT - 1, &o, &task));
    unroll_net_spec spec = {.size = sizeof spec,
                            .cell = "gru",
                            .gru = "reset-before",
                            .layers = 2,
                            .hidden = 6,
                            .embedding = 6,
                            .tie = true,
                            .residual = true,
                            .dropout = 0.25,
                            .norm = "layer",
                            .skip_input = true};
    unroll_task_set_spec(task, &spec);
    OK(unroll_model_new(new_net(spec), unroll_task_vocabulary(task), NULL, &model));
    unroll_task_free(task); /* the model has a vocabulary of its own */
    rules = unroll_vocabulary_rules(unroll_model_vocabulary(model));
    ck_assert(rules->tokens == UNROLL_WORD && rules->casefold);
    goes_round(model, (const char *const[][2]){{"task", "char"},
                                               {"cell", "gru"},
                                               {"gru", "reset-before"},
                                               {"layers", "2"},
                                               {"hidden", "6"},
                                               {"embedding", "6"},
                                               {"tie", "true"},
                                               {"residual", "true"},
                                               {"dropout", "0.25"},
                                               {"norm", "layer"},
                                               {"skip-input", "true"},
                                               {"tokens", "word"},
                                               {"casefold", "true"},
                                               {NULL, NULL}});
    unroll_model_free(model);
}
END_TEST

START_TEST(a_translations_network_is_saved)
{
    unroll_task *task;
    unroll_model *model;
    const unroll_task_options o = {.size = sizeof o, .split = {1, 0, 0}};
    OK(unroll_task_new_pairs(PAIRS, sizeof PAIRS - 1, &o, &task));
    unroll_net_spec spec = {.size = sizeof spec,
                            .cell = "rnn",
                            .activation = "relu",
                            .layers = 1,
                            .hidden = 5,
                            .embedding = 4,
                            .attention = "additive",
                            .bidirectional = true,
                            .label_smoothing = 0.1};
    unroll_task_set_spec(task, &spec);
    const unroll_model_options with = {.size = sizeof with,
                                       .reverse_source = true,
                                       .source_vocabulary = unroll_task_source_vocabulary(task)};
    OK(unroll_model_new(new_net(spec), unroll_task_vocabulary(task), &with, &model));
    unroll_task_free(task);
    goes_round(model, (const char *const[][2]){{"task", "translate"},
                                               {"activation", "relu"},
                                               {"attention", "additive"},
                                               {"bidirectional", "true"},
                                               {"label-smoothing", "0.1"},
                                               {"reverse-source", "true"},
                                               {NULL, NULL}});
    unroll_model_free(model);
}
END_TEST

START_TEST(a_synthetic_tasks_network_is_saved)
{
    unroll_task *task;
    unroll_model *model;
    OK(unroll_task_new_synthetic("adding:length=20", NULL, &task));
    unroll_net_spec spec = {.size = sizeof spec,
                            .cell = "lstm",
                            .layers = 1,
                            .hidden = 4,
                            .norm = "recurrent-batch",
                            .norm_steps = 3};
    unroll_task_set_spec(task, &spec);
    unroll_task_free(task);
    const unroll_model_options with = {.size = sizeof with, .task = "adding:length=20"};
    OK(unroll_model_new(new_net(spec), NULL, &with, &model));
    ck_assert_ptr_null(unroll_model_vocabulary(model));
    goes_round(model, (const char *const[][2]){{"task", "adding:length=20"},
                                               {"norm", "recurrent-batch"},
                                               {"norm-steps", "3"},
                                               {NULL, NULL}});
    unroll_model_free(model);
}
END_TEST

START_TEST(what_does_not_fit_is_refused)
{
    unroll_task *text, *pairs;
    unroll_model *model;
    OK(unroll_task_new_text(TEXT, sizeof TEXT - 1, NULL, &text));
    OK(unroll_task_new_pairs(PAIRS, sizeof PAIRS - 1, NULL, &pairs));
    const unroll_vocabulary *v = unroll_task_vocabulary(text);
    unroll_net *net = new_net((unroll_net_spec){.size = sizeof(unroll_net_spec),
                                                .cell = "rnn",
                                                .layers = 1,
                                                .hidden = 3,
                                                .inputs = 4,
                                                .outputs = 4});
    const unroll_model_options bad[] = {
        {.size = sizeof *bad},                         /* 4 tokens, not the text's */
        {.size = sizeof *bad, .source_vocabulary = v}, /* no encoder, no </s> */
        {.size = sizeof *bad, .source_vocabulary = unroll_task_source_vocabulary(pairs)},
        {.size = sizeof *bad, .task = "copy"}, /* has no vocabulary */
        {.size = sizeof *bad, .task = "no such task"},
        {.size = sizeof *bad, .task = "translate"},
        {.size = 0},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_int_eq(unroll_model_new(net, v, &bad[i], &model), UNROLL_EUSAGE);
        ck_assert_ptr_null(model);
    }
    ck_assert_int_eq(unroll_model_new(net, NULL, NULL, &model), UNROLL_EUSAGE);
    const unroll_model_options latch = {.size = sizeof latch, .task = "adding"};
    ck_assert_int_eq(unroll_model_new(net, NULL, &latch, &model), UNROLL_EUSAGE);
    unroll_net_free(net); /* still the caller's */
    unroll_task_free(text);
    unroll_task_free(pairs);
}
END_TEST

/* ---- texts ---- */

typedef struct page {
    char text[400];
    size_t length, most;
} page;

static bool write_page(void *arg, const char *data, size_t length)
{
    page *p = arg;
    ck_assert(length > 0 && p->length + length < sizeof p->text);
    memcpy(p->text + p->length, data, length);
    p->length += length;
    p->text[p->length] = '\0';
    return !p->most || p->length < p->most;
}

static unroll_model *trained(const char *task, const char *text, size_t length, const char *steps)
{
    static const char *const set[][2] = {
        {"lr", "0.02"}, {"layers", "1"}, {"hidden", "32"}, {"split", "1,0,0"}, {"threads", "1"}};
    unroll_config *config;
    unroll_model *model;
    OK(unroll_config_new(&config));
    OK(unroll_config_set(config, "task", task));
    OK(unroll_config_set(config, "steps", steps));
    for (size_t i = 0; i < sizeof set / sizeof *set; i++)
        OK(unroll_config_set(config, set[i][0], set[i][1]));
    OK(unroll_model_train(config, text, length, NULL, &model));
    unroll_config_free(config);
    return model;
}

START_TEST(a_model_writes)
{
    unroll_model *model = trained("char", TEXT, sizeof TEXT - 1, "200");
    unroll_text_generator *g;
    unroll_generated_text result;
    page p = {.length = 0}, q = {.length = 0};
    const unroll_choice greedy = {.size = sizeof greedy};
    OK(unroll_text_generator_new(model, &greedy, 1, &g));
    OK(unroll_text_generator_prime(g, NULL, "the cat", 7));
    OK(unroll_text_generator_stop_at(g, " the", 4));
    unroll_text_generator_write(g, 100, write_page, &p, &result);
    ck_assert(result.stopped);
    ck_assert_str_eq(p.text, "the cat sat on");
    ck_assert_uint_eq(result.tokens, strlen(" sat on the"));

    /* another prime text takes the place of the first, and no stop text that of the stop text */
    OK(unroll_text_generator_prime(g, NULL, "the dog", 7));
    OK(unroll_text_generator_stop_at(g, "", 0));
    unroll_text_generator_write(g, 12, write_page, &q, NULL);
    ck_assert(q.length == 7 + 12 && strncmp(q.text, "the dog", 7) == 0);
    ck_assert_int_eq(unroll_text_generator_prime(g, "my text", "QQ", 2), UNROLL_EDATA);
    ck_assert_ptr_nonnull(strstr(unroll_message(), "my text"));
    q = (page){.most = 10}; /* the refused one changed nothing; the sink ends it */
    unroll_text_generator_write(g, 0, write_page, &q, &result);
    ck_assert(q.length == 10 && strncmp(q.text, "the dog", 7) == 0);
    unroll_text_generator_free(g);
    unroll_model_free(model);
    unroll_text_generator_free(NULL);
}
END_TEST

/* ---- translations ---- */

START_TEST(a_model_translates)
{
    unroll_model *model = trained("translate", PAIRS, sizeof PAIRS - 1, "250");
    unroll_translator *t;
    unroll_translations out;
    unroll_translator_options o = UNROLL_TRANSLATOR_OPTIONS_INIT;
    OK(unroll_translator_new(model, NULL, &t));
    OK(unroll_translator_line(t, NULL, "two three", 9, &out));
    ck_assert_uint_eq(out.count, 1);
    ck_assert_str_eq(out.list[0].text, "zwei drei");
    ck_assert(out.list[0].ended && out.list[0].log_probability < 0);
    unroll_translations_free(&out);
    ck_assert_int_eq(unroll_translator_line(t, NULL, "\xff", 1, &out), UNROLL_EDATA);
    unroll_translations_free(&out);
    unroll_translator_free(t);

    o.beam = o.best = 3;
    OK(unroll_translator_new(model, &o, &t));
    OK(unroll_translator_line(t, "a line", "four", 4, &out));
    ck_assert_uint_eq(out.count, 3);
    ck_assert_str_eq(out.list[0].text, "vier");
    ck_assert(out.list[0].penalised >= out.list[1].penalised);
    unroll_translations_free(&out);
    unroll_translator_free(t);

    o.best = 4;
    ck_assert_int_eq(unroll_translator_new(model, &o, &t), UNROLL_EUSAGE);
    o.best = 1;
    o.length_penalty = -1;
    ck_assert_int_eq(unroll_translator_new(model, &o, &t), UNROLL_EUSAGE);
    unroll_text_generator *g;
    ck_assert_int_eq(unroll_text_generator_new(model, NULL, 1, &g), UNROLL_EUSAGE);
    unroll_model_free(model);
    model = trained("char", TEXT, sizeof TEXT - 1, "2");
    ck_assert_int_eq(unroll_translator_new(model, NULL, &t), UNROLL_EUSAGE);
    ck_assert_ptr_null(t);
    unroll_model_free(model);
}
END_TEST

Suite *make_suite(void)
{
    Suite *s = suite_create("embedded");
    TCase *t = new_case(s, "models");
    tcase_add_checked_fixture(t, make_path, remove_path);
    tcase_add_test(t, a_texts_network_is_saved);
    tcase_add_test(t, a_translations_network_is_saved);
    tcase_add_test(t, a_synthetic_tasks_network_is_saved);
    tcase_add_test(t, what_does_not_fit_is_refused);
    t = new_case(s, "use");
    tcase_add_test(t, a_model_writes);
    tcase_add_test(t, a_model_translates);
    return s;
}
